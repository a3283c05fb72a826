#include <string>
#include <utility>
#include <vector>

#include "bench/load/baselines.h"
#include "bench/load/bench_run.h"

namespace idnode::bench {
namespace {

constexpr std::uint32_t kBatchSizes[] = {1, 100, 1'000};
constexpr std::uint32_t kPrefixCounts[] = {1, 16};
constexpr double kMicrosecondsPerSecond = 1e6;

std::uint64_t RowsOf(const Sizes& sizes, std::uint32_t batch_items) {
  if (batch_items == 1) return sizes.rows_of_batch_1;
  return batch_items == 100 ? sizes.rows_of_batch_100 : sizes.rows_of_batch_1000;
}

RegisterPlan PlanOf(const Sizes& sizes, bool stream, std::uint32_t batch_items, Order order,
                    std::uint32_t prefixes) {
  RegisterPlan plan;
  plan.data = {order, prefixes, batch_items, 1};
  plan.rows = RowsOf(sizes, batch_items);
  plan.batch_items = batch_items;
  plan.stream = stream;
  plan.streams = 4;
  return plan;
}

/// Node and raw RocksDB in turn, each time on an empty store.
Result<void> RunRegister(BenchRun& run, const std::string& name, const RegisterPlan& plan) {
  std::vector<double> rates;
  std::vector<double> cpu_us;
  std::vector<double> raw_rates;
  std::vector<double> raw_cpu_us;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    {
      auto node = run.NewNode();
      if (!node.ok()) return node.error();
      auto result = RegisterAll(plan, *node->process, name);
      if (!result.ok()) return result.error();
      rates.push_back(result->rate());
      cpu_us.push_back(result->node_cpu_seconds * kMicrosecondsPerSecond /
                       static_cast<double>(plan.rows));
    }
    auto dir = run.NewDir();
    if (!dir.ok()) return dir.error();
    RawPlan raw;
    raw.dir = (*dir)->path() + "/db";
    raw.data = plan.data;
    raw.rows = plan.rows;
    raw.sync_rows = plan.batch_items;
    raw.seconds_max = run.sizes().raw_seconds_max;
    auto result = RunRawRocksDb(run.options().program, raw);
    if (!result.ok()) return result.error();
    raw_rates.push_back(static_cast<double>(result->rows) / result->seconds);
    raw_cpu_us.push_back(result->cpu_seconds * kMicrosecondsPerSecond /
                         static_cast<double>(result->rows));
  }
  Figure rate;
  rate.name = name;
  rate.value = Median(rates);
  rate.unit = "registrations/s";
  rate.baseline = Median(raw_rates);
  run.Add(rate);
  Figure cpu;
  cpu.name = name + "/cpu";
  cpu.value = Median(cpu_us);
  cpu.unit = "us/registration";
  cpu.baseline = Median(raw_cpu_us);
  cpu.lower_is_better = true;
  run.Add(cpu);
  return {};
}

}  // namespace

void AddRegisterScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  for (const bool stream : {true, false}) {
    for (const std::uint32_t batch_items : kBatchSizes) {
      for (const Order order : {Order::kSequential, Order::kRandom}) {
        for (const std::uint32_t prefixes : kPrefixCounts) {
          const RegisterPlan plan = PlanOf(sizes, stream, batch_items, order, prefixes);
          std::string name = std::string("register/") + (stream ? "stream" : "unary") + "/batch-" +
                             std::to_string(batch_items) + "/" + std::string(OrderName(order)) +
                             "/prefixes-" + std::to_string(prefixes);
          std::string what = std::to_string(plan.rows) + " rows in " +
                             (stream ? "RegisterStream" : "BatchRegister") +
                             "; baseline: raw RocksDB, synced as often as a batch ends";
          auto body = [name, plan](BenchRun& run) { return RunRegister(run, name, plan); };
          scenarios.push_back({std::move(name), std::move(what), std::move(body)});
        }
      }
    }
  }
}

}  // namespace idnode::bench
