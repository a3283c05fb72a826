#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/baselines.h"
#include "bench/load/bench_run.h"
#include "bench/load/progress.h"

namespace idnode::bench {
namespace {

// Design §11.
constexpr std::uint64_t kGoalRows = 15'000'000;
constexpr double kGoalSeconds = 100;
constexpr double kAimSeconds = 50;
constexpr double kFloorOfRaw = 0.5;
constexpr double kAimOfRaw = 0.9;
constexpr double kDiskRatioMax = 2;
constexpr std::uint32_t kRawSyncRows = 2'000;
constexpr double kMicrosecondsPerSecond = 1e6;

RegisterPlan AllInOneGo(const Sizes& sizes) {
  RegisterPlan plan;
  plan.data = {Order::kSequential, 16, 1'000, 1};
  plan.rows = sizes.all_in_one_go;
  plan.batch_items = 1'000;
  plan.streams = 4;
  return plan;
}

Figure Make(std::string name, double value, std::string unit,
            std::optional<double> baseline = std::nullopt) {
  Figure figure;
  figure.name = std::move(name);
  figure.value = value;
  figure.unit = std::move(unit);
  figure.baseline = baseline;
  return figure;
}

/// The one thing that must be right at any speed.
Result<void> CheckVolume(NodeProcess& node, std::string month, std::uint64_t rows) {
  auto volume = FirstEverVolume(node, month);
  if (!volume.ok()) return volume.error();
  if (*volume != static_cast<std::int64_t>(rows)) {
    return Error(Errc::kInternal,
                 "the volume reads " + std::to_string(*volume) + ", not " + std::to_string(rows));
  }
  return {};
}

Result<RawResult> RunRaw(BenchRun& run, const RegisterPlan& plan) {
  auto dir = run.NewDir();
  if (!dir.ok()) return dir.error();
  RawPlan raw;
  raw.dir = (*dir)->path() + "/db";
  raw.data = plan.data;
  raw.rows = plan.rows;
  raw.sync_rows = kRawSyncRows;
  Say("raw RocksDB, " + CountName(plan.rows) + " rows");
  return RunRawRocksDb(run.options().program, raw);
}

void AddRateFigures(BenchRun& run, const std::string& name, const RegisterPlan& plan,
                    const RegisterRunResult& result, const RawResult& raw) {
  const auto rows = static_cast<double>(plan.rows);
  Figure seconds = Make(name + "/seconds", result.seconds, "s", raw.seconds);
  seconds.lower_is_better = true;
  if (plan.rows == kGoalRows) {
    seconds.floor = kGoalSeconds;
    seconds.aim = kAimSeconds;
  }
  run.Add(seconds);
  Figure rate = Make(name + "/rate", result.rate(), "registrations/s", rows / raw.seconds);
  rate.floor = kFloorOfRaw;
  rate.aim = kAimOfRaw;
  rate.goal_of_ratio = true;
  run.Add(rate);
  run.Add(Make(name + "/node-cpu", result.node_cpu_seconds * kMicrosecondsPerSecond / rows,
               "us/registration", raw.cpu_seconds * kMicrosecondsPerSecond / rows));
  run.Add(Make(name + "/client-cpu", result.client_cpu_seconds * kMicrosecondsPerSecond / rows,
               "us/registration"));
}

Result<void> RunAllInOneGo(BenchRun& run, const std::string& name, const RegisterPlan& plan) {
  Result<RegisterRunResult> result = RegisterRunResult{};
  std::uint64_t disk_bytes = 0;
  {
    auto node = run.NewNode();
    if (!node.ok()) return node.error();
    std::string month;
    if (auto empty = FirstEverVolume(*node->process, month); !empty.ok()) return empty.error();
    result = RegisterAll(plan, *node->process, name);
    if (!result.ok()) return result.error();
    IDNODE_RETURN_IF_ERROR(CheckVolume(*node->process, month, plan.rows));
    auto settled = run.Settle(node->data_dir());
    if (!settled.ok()) return settled.error();
    IDNODE_RETURN_IF_ERROR(node->process->Stop());
    disk_bytes = DiskBytes(node->data_dir());
  }
  auto raw = RunRaw(run, plan);
  if (!raw.ok()) return raw.error();
  AddRateFigures(run, name, plan, *result, *raw);
  run.Add(Make(name + "/volume", static_cast<double>(plan.rows), "first-ever registrations"));
  const auto rows = static_cast<double>(plan.rows);
  run.Add(Make(name + "/disk-of-rocksdb", static_cast<double>(disk_bytes) / rows,
               "bytes/registration", static_cast<double>(raw->disk_bytes) / rows));
  Figure disk = Make(name + "/disk-of-own-bytes", static_cast<double>(disk_bytes) / rows,
                     "bytes/registration", static_cast<double>(kOwnBytes));
  disk.floor = kDiskRatioMax;
  disk.goal_of_ratio = true;
  disk.lower_is_better = true;
  run.Add(disk);
  return {};
}

/// Registers until half is answered and kills the node there; starts it again and sends what had no
/// answer, with the request_id it had.
Result<void> RegisterThroughKill(BenchRun& run, BenchRun::Node& node, const std::string& name,
                                 BatchSource& source) {
  const std::uint64_t rows = source.plan().rows;
  Progress progress(name, rows);
  bool killed = false;
  const auto first = RegisterOverGrpc(source, node.process->grpc_target(), node.process->token(),
                                      [&](std::uint64_t answered) {
                                        progress.Update(answered);
                                        if (!killed && answered >= rows / 2) {
                                          node.process->Kill();
                                          killed = true;
                                        }
                                        return true;
                                      });
  if (!killed) return first.ok() ? Error(Errc::kInternal, "too quick to be killed") : first.error();
  if (Interrupted()) return InterruptedError();
  if (first.ok()) return Error(Errc::kInternal, "all was answered before the node was killed");
  IDNODE_RETURN_IF_ERROR(run.Restart(node));
  run.Add(Make(name + "/recovery", node.process->start_seconds(), "s"));
  return RegisterOverGrpc(source, node.process->grpc_target(), node.process->token(),
                          [&](std::uint64_t answered) {
                            progress.Update(answered);
                            return true;
                          });
}

Result<void> RunKilled(BenchRun& run, const std::string& name, RegisterPlan plan) {
  plan.request_ids = true;
  auto node = run.NewNode();
  if (!node.ok()) return node.error();
  std::string month;
  if (auto empty = FirstEverVolume(*node->process, month); !empty.ok()) return empty.error();
  BatchSource source(plan);
  const auto start = std::chrono::steady_clock::now();
  IDNODE_RETURN_IF_ERROR(RegisterThroughKill(run, *node, name, source));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const RegisterTally tally = source.tally();
  // A batch sent again gets its stored answer; UNCHANGED would be as safe, and nothing else is.
  if (tally.count(v1::REGISTERED) + tally.count(v1::UNCHANGED) != plan.rows) {
    return Error(Errc::kInternal,
                 "items are neither REGISTERED nor UNCHANGED: " + tally.first_detail);
  }
  IDNODE_RETURN_IF_ERROR(CheckVolume(*node->process, month, plan.rows));
  run.Add(Make(name + "/seconds", seconds, "s"));
  run.Add(Make(name + "/volume", static_cast<double>(plan.rows), "first-ever registrations"));
  run.Add(Make(name + "/resent", static_cast<double>(tally.resent_batches), "batches"));
  run.Add(Make(name + "/unchanged", static_cast<double>(tally.count(v1::UNCHANGED)), "items"));
  return {};
}

}  // namespace

void AddVolumeScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  const RegisterPlan plan = AllInOneGo(sizes);
  const std::string name = "register-" + CountName(plan.rows);
  scenarios.push_back({name,
                       "registrations in one go, exactly counted; baseline: raw RocksDB, synced "
                       "every 2,000 rows",
                       [name, plan](BenchRun& run) { return RunAllInOneGo(run, name, plan); }});
  const std::string killed = name + "-kill";
  scenarios.push_back({killed, "the same with the node killed once in the middle",
                       [killed, plan](BenchRun& run) { return RunKilled(run, killed, plan); }});
}

}  // namespace idnode::bench
