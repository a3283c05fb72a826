#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "node/base/clock.h"
#include "node/cli/command_line.h"

int main(int argc, char** argv) {
  const idnode::SystemClock clock;
  const char* token = std::getenv("IDNODE_TOKEN");
  idnode::cli::Environment environment{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
      .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
      .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
      .language = idnode::cli::LanguageOf(std::getenv("LC_ALL"), std::getenv("LC_MESSAGES"),
                                          std::getenv("LANG")),
      .clock = clock,
      .arguments = {argv, argv + argc},
      .options = {},
  };
  if (token != nullptr) environment.options.token = token;
  idnode::cli::CommandLine line(environment);
  return line.Run(argc, argv);
}
