#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "node/base/clock.h"
#include "node/cli/text.h"

namespace idnode::cli {

/// Options that every subcommand takes.
struct GlobalOptions {
  std::string server = "127.0.0.1:50051";
  std::string token_file;
  std::string token;  ///< from IDNODE_TOKEN; never printed
  std::string ca_file;
  std::string certificate_file;  ///< of this client (mutual TLS), with its key
  std::string key_file;
  bool tls = false;
  bool plaintext = false;
  bool json = false;
  double timeout_s = 30;
};

/// What a command runs in: its streams, its language, its time.
struct Environment {
  std::istream& in;
  std::ostream& out;  ///< data
  std::ostream& err;  ///< talk
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  Language language = Language::kEnglish;
  const Clock& clock;
  std::vector<std::string> arguments;  ///< as typed, program first: to print how to resume
  GlobalOptions options;
};

}  // namespace idnode::cli
