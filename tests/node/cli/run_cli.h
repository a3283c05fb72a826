#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "node/base/clock.h"
#include "node/cli/command_line.h"
#include "node/cli/environment.h"

namespace idnode::cli {

/// What one run of the command gave.
struct CliResult {
  ExitCode code = kExitDone;
  std::string out;
  std::string err;
};

struct CliSetup {
  std::string in;
  std::string token;
  Language language = Language::kEnglish;
  bool terminal = false;  ///< somebody sits there and types `in`
};

/// Runs `idnode ARGUMENTS…` in this process.
inline CliResult RunCli(std::vector<std::string> arguments, const CliSetup& setup = {}) {
  arguments.insert(arguments.begin(), "idnode");
  const SystemClock clock;
  std::istringstream in(setup.in);
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{.in = in,
                          .out = out,
                          .err = err,
                          .in_is_terminal = setup.terminal,
                          .err_is_terminal = setup.terminal,
                          .language = setup.language,
                          .clock = clock,
                          .arguments = arguments,
                          .options = {}};
  environment.options.token = setup.token;
  CommandLine line(environment);
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const ExitCode code = line.Run(static_cast<int>(argv.size()), argv.data());
  return {code, out.str(), err.str()};
}

}  // namespace idnode::cli
