#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/baselines.h"
#include "bench/load/bench_run.h"
#include "bench/load/latency_client.h"

namespace idnode::bench {
namespace {

struct Load {
  std::uint32_t batch_items;
  double batches_per_second;
};
constexpr Load kLoads[] = {{1, 100}, {1, 1'000}, {1'000, 10}, {1'000, 50}};

/// Latency of a percentile, beside that of raw RocksDB.
Figure LatencyFigure(const std::string& name, double ms, double raw_ms) {
  Figure figure;
  figure.name = name;
  figure.value = ms;
  figure.unit = "ms";
  figure.baseline = raw_ms;
  figure.lower_is_better = true;
  return figure;
}

Result<void> RunLatency(BenchRun& run, const std::string& name, const Load& load) {
  LatencyPlan plan;
  plan.data = {Order::kRandom, 16, load.batch_items, 1};
  plan.batch_items = load.batch_items;
  plan.batches_per_second = load.batches_per_second;
  plan.time = run.sizes().latency_time;
  Result<LatencyTally> tally = LatencyTally{};
  {
    auto node = run.NewNode();
    if (!node.ok()) return node.error();
    tally = MeasureCommitLatency(plan, node->process->grpc_target(), node->process->token());
    if (!tally.ok()) return tally.error();
  }
  auto dir = run.NewDir();
  if (!dir.ok()) return dir.error();
  RawPlan raw;
  raw.dir = (*dir)->path() + "/db";
  raw.data = plan.data;
  raw.rows = tally->rows;
  raw.sync_rows = load.batch_items;
  raw.seconds_max = std::chrono::duration<double>(plan.time).count();
  auto bare = RunRawRocksDb(run.options().program, raw);
  if (!bare.ok()) return bare.error();
  run.Add(LatencyFigure(name + "/p50", tally->latency.PercentileMs(50), bare->group_p50_ms));
  run.Add(LatencyFigure(name + "/p99", tally->latency.PercentileMs(99), bare->group_p99_ms));
  return {};
}

}  // namespace

void AddLatencyScenarios(const Sizes& /*sizes*/, std::vector<Scenario>& scenarios) {
  for (const Load& load : kLoads) {
    std::string name = "commit-latency/batch-" + std::to_string(load.batch_items) + "/rate-" +
                       std::to_string(std::lround(load.batches_per_second));
    auto body = [name, load](BenchRun& run) { return RunLatency(run, name, load); };
    scenarios.push_back({std::move(name),
                         "open loop of BatchRegister calls; baseline: raw RocksDB, group by group",
                         std::move(body)});
  }
}

}  // namespace idnode::bench
