#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/baselines.h"
#include "bench/load/bench_run.h"
#include "bench/load/resolve_client.h"
#include "bench/load/resolve_faces.h"

namespace idnode::bench {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;

Result<void> RunResolve(BenchRun& run, const std::string& name, const Face& face,
                        std::uint64_t rows) {
  auto node = run.StoredNode(rows);
  if (!node.ok()) return node.error();
  NodeProcess& process = *(*node)->process;
  ResolvePlan plan;
  plan.data = BenchRun::StoredData();
  plan.rows = rows;
  plan.warm_up = run.sizes().warm_up;
  plan.time = run.sizes().resolve_time;
  IDNODE_RETURN_IF_ERROR(WarmUpResolution(process, plan));
  ResolveRuns runs;
  ResolveRuns bare_runs;
  BareServer bare;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    plan.seed = static_cast<std::uint64_t>(i) + 1;
    plan.check = true;
    auto tally = AskNode(face, plan, process);
    if (!tally.ok()) return tally.error();
    runs.Add(*tally);
    if (bare.child == nullptr) {
      const auto answer_bytes = static_cast<std::size_t>(std::lround(runs.answer_bytes));
      auto started = face.http ? StartBareBeast(run.options().program)
                               : StartBareEcho(run.options().program, answer_bytes);
      if (!started.ok()) return started.error();
      bare = std::move(*started);
    }
    plan.check = false;
    auto bare_tally = AskServer(face, plan, *bare.child, bare.port);
    if (!bare_tally.ok()) return Prefix("baseline", bare_tally.error());
    bare_runs.Add(*bare_tally);
  }
  AddResolveFigures(run, name, {face.floor, face.aim}, runs, bare_runs);
  return {};
}

Figure Plain(std::string name, double value, std::string unit) {
  Figure figure;
  figure.name = std::move(name);
  figure.value = value;
  figure.unit = std::move(unit);
  figure.lower_is_better = true;
  return figure;
}

Result<void> RunDisk(BenchRun& run, const std::string& name, std::uint64_t rows) {
  auto node = run.StoredNode(rows);
  if (!node.ok()) return node.error();
  auto bytes = run.Settle((*node)->data_dir());
  if (!bytes.ok()) return bytes.error();
  Figure figure =
      Plain(name, static_cast<double>(*bytes) / static_cast<double>(rows), "bytes/registration");
  figure.baseline = static_cast<double>(kOwnBytes);
  figure.floor = 2;
  figure.goal_of_ratio = true;
  run.Add(figure);
  return {};
}

Result<void> RunMemory(BenchRun& run, const std::string& name, std::uint64_t rows) {
  auto node = run.StoredNode(rows);
  if (!node.ok()) return node.error();
  const ProcessMemory memory = (*node)->process->child().Memory();
  Figure resident = Plain(name + "/resident", memory.resident_bytes / kGib, "GiB");
  resident.floor = 2;
  resident.aim = 1;
  run.Add(resident);
  run.Add(Plain(name + "/resident-max", memory.resident_max_bytes / kGib, "GiB"));
  run.Add(Plain(name + "/anonymous", memory.anonymous_bytes / kGib, "GiB"));
  return {};
}

Result<void> RunStart(BenchRun& run, const std::string& name, std::uint64_t rows) {
  auto node = run.StoredNode(rows);
  if (!node.ok()) return node.error();
  std::vector<double> after_stop;
  std::vector<double> after_kill;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    IDNODE_RETURN_IF_ERROR((*node)->process->Stop());
    IDNODE_RETURN_IF_ERROR(run.Restart(**node));
    after_stop.push_back((*node)->process->start_seconds());
    (*node)->process->Kill();
    IDNODE_RETURN_IF_ERROR(run.Restart(**node));
    after_kill.push_back((*node)->process->start_seconds());
  }
  Figure ready = Plain(name + "/until-ready", Median(after_stop), "s");
  ready.floor = 5;
  ready.aim = 1;
  run.Add(ready);
  run.Add(Plain(name + "/until-ready-after-kill", Median(after_kill), "s"));
  return {};
}

}  // namespace

void AddStoredScenarios(const Sizes& /*sizes*/, std::uint64_t rows,
                        std::vector<Scenario>& scenarios) {
  const std::string count = CountName(rows);
  using Body = Result<void> (*)(BenchRun&, const std::string&, std::uint64_t);
  const auto add = [&](const std::string& name, const std::string& what, Body body) {
    scenarios.push_back(
        {name, what, [name, rows, body](BenchRun& run) { return body(run, name, rows); }});
  };
  const auto add_face = [&](const std::string& name, const std::string& what, const Face& face) {
    scenarios.push_back({name, what, [name, rows, face](BenchRun& run) {
                           return RunResolve(run, name, face, rows);
                         }});
  };
  add("disk/" + count, "bytes at rest; baseline: the record's own bytes", &RunDisk);
  add_face("resolve-http/" + count + "/depth-1", "random hits; baseline: a bare Beast server",
           kHttpFace);
  add_face("resolve-http/" + count + "/depth-16", "the same, 16 requests pipelined",
           kHttpPipelinedFace);
  add_face("resolve-grpc/" + count, "random hits, unary; baseline: a bare callback echo",
           kGrpcFace);
  add("memory/" + count, "resident memory after load and resolution", &RunMemory);
  add("start/" + count, "from start until ready, files in the page cache", &RunStart);
}

void AddResolveScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  for (const std::uint64_t rows : sizes.stored) AddStoredScenarios(sizes, rows, scenarios);
}

}  // namespace idnode::bench
