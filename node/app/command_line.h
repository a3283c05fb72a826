#pragma once

#include <optional>
#include <string>

#include "node/app/config.h"

namespace idnode::app {

/// What the command line of idnoded asks for.
struct CommandLine {
  ConfigSources sources;
  bool check_config = false;
  bool print_config = false;
  /// Set where the program is done already (--help, --version, a usage error): its exit code. What
  /// is to be said was printed.
  std::optional<int> exit_code;
};

/// Parses; prints help and version on standard output, errors on standard error.
CommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace idnode::app
