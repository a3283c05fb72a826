#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/load/bench_run.h"
#include "bench/load/progress.h"
#include "bench/load/report.h"
#include "node/base/clock.h"
#include "node/base/time_zone.h"

namespace idnode::bench {
namespace {

constexpr double kFloorOfOff = 0.8;
constexpr double kLagSecondsMax = 1;
constexpr double kMicrosecondsPerSecond = 1e6;
// A run with the ledger beside one without: long enough for flushes and compaction to have their
// share, short enough to be repeated.
constexpr std::uint64_t kRunsInOneGo = 5;
constexpr std::chrono::seconds kCatchUpMax{120};
constexpr std::chrono::seconds kCloseMax{300};
constexpr std::chrono::minutes kVerifyMax{30};
constexpr std::chrono::milliseconds kStep{2};
constexpr std::int64_t kHourMs = 3'600'000;

RegisterPlan PlanOf(std::uint64_t rows) {
  RegisterPlan plan;
  plan.data = {Order::kSequential, 16, 1'000, 1};
  plan.rows = rows;
  plan.batch_items = 1'000;
  plan.streams = 4;
  return plan;
}

Figure Make(std::string name, double value, std::string unit) {
  Figure figure;
  figure.name = std::move(name);
  figure.value = value;
  figure.unit = std::move(unit);
  return figure;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The size that the node's newest checkpoint states; its second line.
std::uint64_t TreeSize(NodeProcess& node) {
  const std::string note = HttpBody(node.http_port(), "/ledger/checkpoint", "text/plain");
  const std::size_t line = note.find('\n');
  if (line == std::string::npos) return 0;
  return std::strtoull(note.c_str() + line + 1, nullptr, 10);
}

// Seconds until the log has all `rows`.
Result<double> CatchUp(NodeProcess& node, std::uint64_t rows) {
  const auto start = std::chrono::steady_clock::now();
  while (TreeSize(node) != rows) {
    if (Interrupted()) return InterruptedError();
    if (SecondsSince(start) > std::chrono::duration<double>(kCatchUpMax).count()) {
      return Error(Errc::kInternal, "the log has " + std::to_string(TreeSize(node)) + " of " +
                                        std::to_string(rows) + " registrations");
    }
    std::this_thread::sleep_for(kStep);
  }
  return SecondsSince(start);
}

struct OnAndOff {
  std::vector<double> rates;
  std::vector<double> cpu_us;
  std::vector<double> lag_seconds;
};

Result<void> RunOnce(BenchRun& run, const RegisterPlan& plan, bool ledger, const std::string& name,
                     OnAndOff& figures) {
  auto node = run.NewNode({{"IDNODE_LEDGER_ENABLED", ledger ? "true" : "false"}});
  if (!node.ok()) return node.error();
  auto result = RegisterAll(plan, *node->process, name + (ledger ? ", on" : ", off"));
  if (!result.ok()) return result.error();
  if (ledger) {
    auto lag = CatchUp(*node->process, plan.rows);
    if (!lag.ok()) return lag.error();
    figures.lag_seconds.push_back(*lag);
  }
  figures.rates.push_back(result->rate());
  figures.cpu_us.push_back(result->node_cpu_seconds * kMicrosecondsPerSecond /
                           static_cast<double>(plan.rows));
  return {};
}

Result<void> RunOnAndOff(BenchRun& run, const std::string& name, const RegisterPlan& plan) {
  OnAndOff on;
  OnAndOff off;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    IDNODE_RETURN_IF_ERROR(RunOnce(run, plan, true, name, on));
    IDNODE_RETURN_IF_ERROR(RunOnce(run, plan, false, name, off));
  }
  Figure rate = Make(name + "/rate", Median(on.rates), "registrations/s");
  rate.baseline = Median(off.rates);
  rate.floor = kFloorOfOff;
  rate.goal_of_ratio = true;
  run.Add(rate);
  Figure cpu = Make(name + "/node-cpu", Median(on.cpu_us), "us/registration");
  cpu.baseline = Median(off.cpu_us);
  cpu.lower_is_better = true;
  run.Add(cpu);
  Figure lag = Make(name + "/lag", Median(on.lag_seconds), "s");
  lag.lower_is_better = true;
  lag.floor = kLagSecondsMax;
  run.Add(lag);
  return {};
}

// Starts the node again with a clock that is an hour into the next month, and waits for the signed
// final statement of `month`.
Result<double> CloseMonth(BenchRun& run, BenchRun::Node& node, const std::string& month) {
  const auto zone = TimeZone::Load("Asia/Shanghai");
  const auto parsed = Month::Parse(month);
  if (!zone.ok()) return zone.error();
  if (!parsed.ok()) return parsed.error();
  const std::int64_t ahead_ms =
      zone->StartMs(Month{parsed->number + 1}) + kHourMs - SystemClock().WallMs();
  IDNODE_RETURN_IF_ERROR(node.process->Stop());
  const std::string ahead_hours = std::to_string((ahead_ms + kHourMs - 1) / kHourMs);
  IDNODE_RETURN_IF_ERROR(run.Restart(node, {{"IDNODE_CLOCK_AHEAD_HOURS", ahead_hours}}));
  const auto start = std::chrono::steady_clock::now();
  while (true) {
    if (Interrupted()) return InterruptedError();
    const std::string note =
        HttpBody(node.process->http_port(), "/ledger/statement/" + month, "text/plain");
    if (note.find("\nstatus: final\n") != std::string::npos) return SecondsSince(start);
    if (SecondsSince(start) > std::chrono::duration<double>(kCloseMax).count()) {
      return Error(Errc::kInternal,
                   month + " has no final statement; the node answers: " + note.substr(0, 500));
    }
    std::this_thread::sleep_for(kStep);
  }
}

Result<double> Verify(BenchRun& run, BenchRun::Node& node, const std::string& month) {
  const std::string url = "http://127.0.0.1:" + std::to_string(node.process->http_port());
  Child::Command command;
  const auto beside = std::filesystem::path(run.options().node_program).parent_path() / "idnode";
  command.argv = {beside.string(),
                  "ledger",
                  "verify",
                  "--url",
                  url,
                  "--month",
                  month,
                  "--vkey",
                  HttpBody(node.process->http_port(), "/ledger/vkey", "text/plain"),
                  "--token-file",
                  node.data_dir() + "/operator.token"};
  if (!command.argv[8].empty() && command.argv[8].back() == '\n') command.argv[8].pop_back();
  command.log_path = node.dir->path() + "/verify.log";
  const auto start = std::chrono::steady_clock::now();
  auto child = Child::Start(command);
  if (!child.ok()) return child.error();
  const auto ended = (*child)->Wait(kVerifyMax);
  if (!ended.ok()) return Prefix("idnode ledger verify", ended.error());
  return SecondsSince(start);
}

Result<void> RunWholeMonth(BenchRun& run, const std::string& name, const RegisterPlan& plan) {
  auto node = run.NewNode();
  if (!node.ok()) return node.error();
  std::string month;
  if (auto empty = FirstEverVolume(*node->process, month); !empty.ok()) return empty.error();
  auto result = RegisterAll(plan, *node->process, name);
  if (!result.ok()) return result.error();
  Figure seconds = Make(name + "/seconds", result->seconds, "s");
  seconds.lower_is_better = true;
  run.Add(seconds);
  auto lag = CatchUp(*node->process, plan.rows);
  if (!lag.ok()) return lag.error();
  run.Add(Make(name + "/lag", *lag, "s"));
  auto settled = run.Settle(node->data_dir());
  if (!settled.ok()) return settled.error();
  run.Add(Make(name + "/disk", static_cast<double>(*settled) / static_cast<double>(plan.rows),
               "bytes/registration"));
  auto closed = CloseMonth(run, *node, month);
  if (!closed.ok()) return closed.error();
  run.Add(Make(name + "/close-and-statement", *closed, "s"));
  auto verified = Verify(run, *node, month);
  if (!verified.ok()) return verified.error();
  run.Add(Make(name + "/verify", *verified, "s"));
  return {};
}

}  // namespace

void AddLedgerScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  const RegisterPlan part = PlanOf(sizes.all_in_one_go / kRunsInOneGo);
  const std::string on_and_off = "ledger-" + CountName(part.rows);
  scenarios.push_back(
      {on_and_off, "registration with the ledger on; baseline: the same with it off",
       [on_and_off, part](BenchRun& run) { return RunOnAndOff(run, on_and_off, part); }});
  const RegisterPlan whole = PlanOf(sizes.all_in_one_go);
  const std::string month = "ledger-month-" + CountName(whole.rows);
  scenarios.push_back({month,
                       "registration, month close, final statement, full verification over HTTP",
                       [month, whole](BenchRun& run) { return RunWholeMonth(run, month, whole); }});
}

}  // namespace idnode::bench
