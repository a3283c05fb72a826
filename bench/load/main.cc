// idnode-bench: measures a real node beside its baselines, on this machine.
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <absl/synchronization/mutex.h>

#include "bench/load/baselines.h"
#include "bench/load/bench_run.h"
#include "bench/load/child.h"
#include "bench/load/progress.h"
#include "bench/load/report.h"

namespace idnode::bench {
namespace {

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 130 };

constexpr const char* kExamples = R"(Examples:
  idnode-bench                                   everything; about half an hour
  idnode-bench --quick --json figures.json       small counts, within a minute
  idnode-bench --list                            what there is
  idnode-bench --filter '^register-15m$'         15,000,000 registrations in one go
  idnode-bench --filter '^resolve-http/10m'      HTTP resolution over 10 M identifiers

The table goes to stdout, progress to stderr. Exit status: 0 all measured, 1 a scenario failed (a
volume that is not exact is a failure; a figure below its floor is not), 2 usage, 130 interrupted.)";

struct Arguments {
  bool quick = false;
  bool list = false;
  std::string json;
  std::string filter;
  std::string node;
  std::string dir;
  // How this program starts its baselines.
  bool serve_beast = false;
  std::size_t serve_echo = 0;
  std::vector<std::string> raw_rocksdb;
};

/// Where data directories go: a disk, so that "durable" means something.
std::string DefaultDir() {
  std::error_code error;
  std::string dir = std::filesystem::temp_directory_path(error).string();
  return error || FileSystemOf(dir) == "tmpfs" ? "/var/tmp" : dir;
}

int RawRocksDbFromText(const std::vector<std::string>& text) {
  RawPlan plan;
  plan.dir = text[0];
  plan.rows = std::stoull(text[1]);
  plan.sync_rows = static_cast<std::uint32_t>(std::stoul(text[2]));
  plan.seconds_max = std::stod(text[3]);
  plan.data.prefixes = static_cast<std::uint32_t>(std::stoul(text[4]));
  plan.data.rows_per_prefix = std::stoull(text[5]);
  plan.data.order = text[6] == OrderName(Order::kRandom) ? Order::kRandom : Order::kSequential;
  plan.data.run = 1;
  return RawRocksDbMain(plan);
}

std::vector<Scenario> Chosen(const Arguments& arguments, const Sizes& sizes) {
  const std::regex filter(arguments.filter.empty() ? "." : arguments.filter);
  std::vector<Scenario> chosen;
  for (Scenario& scenario : AllScenarios(sizes)) {
    if (std::regex_search(scenario.name, filter)) chosen.push_back(std::move(scenario));
  }
  return chosen;
}

int RunScenarios(const Arguments& arguments, const Sizes& sizes,
                 const std::vector<Scenario>& scenarios) {
  BenchRun::Options options;
  options.program = ProgramDir() + "/idnode-bench";
  options.node_program = arguments.node.empty() ? ProgramDir() + "/idnoded" : arguments.node;
  options.sizes = sizes;
  if (!std::filesystem::exists(options.node_program)) {
    Say("there is no " + options.node_program +
        ": build the target idnoded, or name it with --node");
    return kFailed;
  }
  auto dir = TempDir::Make(arguments.dir.empty() ? DefaultDir() : arguments.dir);
  if (!dir.ok()) {
    Say(dir.error().detail);
    return kFailed;
  }
  options.work_dir = (*dir)->path();
  std::string machine = MachineLine(options.work_dir);
  Say(machine);
  BenchRun run(options);
  int exit_code = kDone;
  for (std::size_t i = 0; i < scenarios.size() && !Interrupted(); ++i) {
    const Scenario& scenario = scenarios[i];
    Say("[" + std::to_string(i + 1) + "/" + std::to_string(scenarios.size()) + "] " +
        scenario.name);
    if (auto ran = scenario.run(run); !ran.ok()) {
      Say(scenario.name + " FAILED: " + ran.error().detail);
      exit_code = kFailed;
    }
  }
  run.DropStoredNode();
  std::printf("%s\n\n%s", machine.c_str(), FiguresTable(run.figures()).c_str());
  if (!arguments.json.empty()) {
    if (auto written = WriteFile(arguments.json, FiguresJson(run.figures())); !written.ok()) {
      Say(written.error().detail);
      exit_code = kFailed;
    }
  }
  return Interrupted() ? kInterrupted : exit_code;
}

int Measure(const Arguments& arguments) {
  const Sizes sizes = arguments.quick ? Sizes::Quick() : Sizes();
  std::vector<Scenario> scenarios;
  try {
    scenarios = Chosen(arguments, sizes);
  } catch (const std::regex_error&) {
    Say("--filter: not a regular expression: " + arguments.filter);
    return kUsage;
  }
  if (scenarios.empty()) {
    Say("--filter: no scenario matches " + arguments.filter + "; see --list");
    return kUsage;
  }
  if (arguments.list) {
    for (const Scenario& scenario : scenarios) {
      std::printf("%-50s %s\n", scenario.name.c_str(), scenario.what.c_str());
    }
    return kDone;
  }
  WatchInterrupt();
  return RunScenarios(arguments, sizes, scenarios);
}

}  // namespace
}  // namespace idnode::bench

int main(int argc, char** argv) {
  using namespace idnode::bench;  // NOLINT: this program's own
  // As idnoded does, so that its baselines have the same.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("Measures a real idnoded beside its baselines, on this machine.", "idnode-bench");
  app.footer(kExamples);
  Arguments arguments;
  app.add_flag("--quick", arguments.quick, "Small counts, within a minute");
  app.add_option("--json", arguments.json, "Also write the figures to this file as JSON")
      ->type_name("FILE");
  app.add_option("--filter", arguments.filter, "Only scenarios whose name matches")
      ->type_name("REGEX");
  app.add_flag("--list", arguments.list, "List the scenarios and what they measure");
  app.add_option("--node", arguments.node, "The idnoded to measure (default: the one beside this)")
      ->type_name("FILE");
  app.add_option("--dir", arguments.dir, "Where data directories go (default: TMPDIR or /tmp)")
      ->type_name("DIR");
  // The baselines' own processes; an empty group hides them from --help.
  app.add_flag("--serve-beast", arguments.serve_beast)->group("");
  app.add_option("--serve-echo", arguments.serve_echo)->group("");
  app.add_option("--raw-rocksdb", arguments.raw_rocksdb)->expected(7)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (arguments.serve_beast) return ServeBareBeast();
  if (arguments.serve_echo > 0) return ServeBareEcho(arguments.serve_echo);
  if (!arguments.raw_rocksdb.empty()) return RawRocksDbFromText(arguments.raw_rocksdb);
  return Measure(arguments);
}
