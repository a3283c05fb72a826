#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "node/cli/environment.h"
#include "node/cli/exit_code.h"
#include "node/cli/text.h"

namespace idnode::cli {

/// The tree of subcommands: declared by the Add… functions of commands.h, parsed and run here.
class CommandLine {
 public:
  using RunFn = std::function<ExitCode(Environment&)>;

  explicit CommandLine(Environment& environment);

  /// Declares a subcommand of `parent` (null: of idnode). `examples` is one command a line; they
  /// stand first in its help.
  CLI::App* Add(CLI::App* parent, const std::string& name, const Text& description,
                const std::string& examples);
  /// What a subcommand does once its options are read.
  static void OnRun(CLI::App* command, CommandLine& line, RunFn run);

  /// A help text in the language of the environment.
  std::string T(const Text& text) const { return std::string(text.In(environment_.language)); }

  /// Parses the arguments and runs the command they name.
  ExitCode Run(int argc, const char* const* argv);

  CLI::App& app() { return app_; }

 private:
  void AddGlobalOptions();
  ExitCode ReportUsage(const CLI::ParseError& error, int argc, const char* const* argv);

  Environment& environment_;
  CLI::App app_;
  RunFn run_;
};

/// Option that takes one value each time it is given.
template <typename T>
CLI::Option* AddRepeated(CLI::App* command, const std::string& name, std::vector<T>& values,
                         const std::string& description) {
  return command->add_option(name, values, description)->allow_extra_args(false);
}

}  // namespace idnode::cli
