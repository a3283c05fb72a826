// Registration against a data template, beside the same registrations that no template checks.
#include <string>
#include <utility>
#include <vector>

#include "bench/load/bench_run.h"
#include "bench/load/publish_template.h"
#include "bench/load/report.h"

namespace idnode::bench {
namespace {

// Checking may cost less than a fifth.
constexpr double kFloorOfUnchecked = 0.8;
constexpr double kMicrosecondsPerSecond = 1e6;
// Long enough for flushes and compaction to have their share, short enough to be repeated.
constexpr std::uint64_t kRunsInOneGo = 15;

// Ten items, of which every one has rules: lengths, and patterns, a list of values, required ones.
DataTemplate RuledTemplate() {
  DataTemplate content;
  for (int i = 0; i < kAttributesOfRow; ++i) {
    TemplateItem item;
    item.name = AttributeName(i);
    item.index = kTemplateIndexMin + static_cast<std::uint32_t>(i);
    item.required = i % 2 == 0;
    if (i == 3) {
      item.type = ItemType::kEnum;
      for (int k = 0; k < kAttributesOfRow; ++k) {
        item.values.push_back("value of item " + std::to_string(k));
      }
    } else {
      item.length_min = 1;
      item.length_max = 20;
      if (i == 5 || i == 8) item.pattern = "^[a-z ]+ [0-9]$";
    }
    content.items.push_back(std::move(item));
  }
  return content;
}

RegisterPlan PlanOf(const Sizes& sizes) {
  RegisterPlan plan;
  plan.data = {Order::kSequential, 16, 1'000, 1, RowContent::kTemplate};
  plan.rows = sizes.all_in_one_go / kRunsInOneGo;
  plan.batch_items = 1'000;
  plan.streams = 4;
  return plan;
}

struct Runs {
  std::vector<double> rates;
  std::vector<double> cpu_us;
};

// Without a template of that name the node (which is started with --dev) checks nothing.
Result<void> RunOnce(BenchRun& run, const RegisterPlan& plan, bool checked, const std::string& name,
                     Runs& runs) {
  auto node = run.NewNode();
  if (!node.ok()) return node.error();
  if (checked) IDNODE_RETURN_IF_ERROR(PublishTemplate(*node->process, RuledTemplate()));
  auto result = RegisterAll(plan, *node->process, name + (checked ? ", checked" : ", unchecked"));
  if (!result.ok()) return result.error();
  runs.rates.push_back(result->rate());
  runs.cpu_us.push_back(result->node_cpu_seconds * kMicrosecondsPerSecond /
                        static_cast<double>(plan.rows));
  return {};
}

Result<void> RunTemplate(BenchRun& run, const std::string& name, const RegisterPlan& plan) {
  Runs checked;
  Runs unchecked;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    IDNODE_RETURN_IF_ERROR(RunOnce(run, plan, true, name, checked));
    IDNODE_RETURN_IF_ERROR(RunOnce(run, plan, false, name, unchecked));
  }
  Figure rate;
  rate.name = name + "/rate";
  rate.value = Median(checked.rates);
  rate.unit = "registrations/s";
  rate.baseline = Median(unchecked.rates);
  rate.floor = kFloorOfUnchecked;
  rate.goal_of_ratio = true;
  run.Add(rate);
  Figure cpu;
  cpu.name = name + "/node-cpu";
  cpu.value = Median(checked.cpu_us);
  cpu.unit = "us/registration";
  cpu.baseline = Median(unchecked.cpu_us);
  cpu.lower_is_better = true;
  run.Add(cpu);
  return {};
}

}  // namespace

void AddTemplateScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  const RegisterPlan plan = PlanOf(sizes);
  const std::string name = "register-template-" + CountName(plan.rows);
  scenarios.push_back({name,
                       "registration checked against a ten-item template; baseline: the same "
                       "content, unchecked",
                       [name, plan](BenchRun& run) { return RunTemplate(run, name, plan); }});
}

}  // namespace idnode::bench
