#include "node/app/command_line.h"

#include <CLI/CLI.hpp>

#include "node/app/exit_code.h"

#ifndef IDNODE_VERSION
#error "the build defines IDNODE_VERSION"
#endif

namespace idnode::app {
namespace {

constexpr const char* kAbout =
    R"(idnoded: a secondary node (二级节点) of the industrial internet identifier system.

Examples
  Try it, on this machine only, without any configuration:
    idnoded --dev --data-dir ./node-data
  See every key with its meaning, and make a file of it:
    idnoded --dev --print-config > idnode.toml
  Check a configuration, then serve:
    idnoded --config idnode.toml --check-config
    idnoded --config idnode.toml
  Override one key for one run:
    IDNODE_HTTP_PORT=0 idnoded --config idnode.toml
)";

constexpr const char* kFooter = R"(
Every key `[section] key` can be overridden by the variable IDNODE_SECTION_KEY; lists are separated
by commas. Weakest first: built-in values, --dev, file, environment, flags.
The operator's token is in DATA_DIR/operator.token, the ports in use are in DATA_DIR/ports.json.
Signals: SIGTERM and SIGINT drain and stop, a second one stops at once, SIGHUP reloads certificates.
Exit codes: 0 stopped as asked, 1 failed, 2 command line or configuration.)";

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kAbout, "idnoded");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("idnoded ") + IDNODE_VERSION);
  app.add_option("--config", line.sources.file, "Configuration file (TOML)")->option_text("FILE");
  app.add_option("--data-dir", line.sources.data_dir, "Directory of everything that lasts")
      ->option_text("DIR");
  app.add_flag("--dev", line.sources.dev,
               "For a trial: loopback only, plain text, secondary prefix 88.108, enterprise "
               "prefixes under it admitted on first use");
  auto* check = app.add_flag("--check-config", line.check_config,
                             "Report every fault of the configuration, and stop");
  app.add_flag("--print-config", line.print_config,
               "Print the configuration in effect as TOML, and stop")
      ->excludes(check);
  // A foreign library's exceptions end where it is called.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error);
    line.exit_code = asked ? kExitOk : kExitUsage;
  }
  return line;
}

}  // namespace idnode::app
