#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/baselines.h"
#include "bench/load/bench_run.h"
#include "bench/load/resolve_client.h"

namespace idnode::bench {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;
constexpr double kGib = 1024.0 * 1024 * 1024;

/// Which face is asked, how, and what was set out to reach (design §11).
struct Face {
  bool http;
  std::uint32_t connections;
  std::uint32_t depth;
  double floor;
  double aim;
};
constexpr Face kHttp{true, 32, 1, 0.6, 0.9};
constexpr Face kHttpPipelined{true, 32, 16, 0.6, 0.9};
constexpr Face kGrpc{false, 2, 32, 0.7, 0.95};

/// What repeated runs gave; the figures are their medians.
struct Runs {
  std::vector<double> rates;
  std::vector<double> p99_ms;
  std::vector<double> server_cpu_us;
  std::vector<double> client_cpu_us;
  double answer_bytes = 0;

  void Add(const ResolveTally& tally) {
    const auto answers = static_cast<double>(tally.answers);
    rates.push_back(tally.rate());
    p99_ms.push_back(tally.latency.PercentileMs(99));
    server_cpu_us.push_back(tally.server_cpu_seconds * kMicrosecondsPerSecond / answers);
    client_cpu_us.push_back(tally.client_cpu_seconds * kMicrosecondsPerSecond / answers);
    answer_bytes = tally.answer_bytes;
  }
};

Result<ResolveTally> Ask(const Face& face, ResolvePlan plan, Child& server, std::uint16_t port) {
  plan.server_cpu_seconds = [&server] { return server.CpuSeconds(); };
  return face.http ? ResolveOverHttp(plan, port)
                   : ResolveOverGrpc(plan, "127.0.0.1:" + std::to_string(port));
}

void AddFigures(BenchRun& run, const std::string& name, const Face& face, const Runs& node,
                const Runs& bare) {
  const auto add = [&](const std::string& part, const std::vector<double>& values,
                       const std::vector<double>& baselines, const std::string& unit) {
    Figure figure;
    figure.name = name + "/" + part;
    figure.value = Median(values);
    figure.unit = unit;
    figure.baseline = Median(baselines);
    figure.lower_is_better = part != "rate";
    if (part == "rate") {
      figure.floor = face.floor;
      figure.aim = face.aim;
      figure.goal_of_ratio = true;
    }
    run.Add(figure);
  };
  add("rate", node.rates, bare.rates, "answers/s");
  add("p99", node.p99_ms, bare.p99_ms, "ms");
  add("server-cpu", node.server_cpu_us, bare.server_cpu_us, "us/answer");
  add("client-cpu", node.client_cpu_us, bare.client_cpu_us, "us/answer");
  add("answer", {node.answer_bytes}, {bare.answer_bytes}, "bytes");
}

// Asks at random until the rate no longer rises: the caches then hold what they will hold. What is
// measured is a node in service, not its first seconds.
Result<void> WarmUp(NodeProcess& process, ResolvePlan plan) {
  constexpr int kRoundsMax = 40;
  constexpr int kRoundsWithoutGain = 4;
  constexpr double kGain = 1.02;
  plan.connections = kHttpPipelined.connections;
  plan.depth = kHttpPipelined.depth;
  plan.check = false;
  double best = 0;
  for (int round = 0, without_gain = 0; round < kRoundsMax; ++round) {
    plan.seed = 1'000 + static_cast<std::uint64_t>(round);
    auto tally = ResolveOverHttp(plan, process.http_port());
    if (!tally.ok()) return Prefix("warming up", tally.error());
    without_gain = tally->rate() > best * kGain ? 0 : without_gain + 1;
    best = std::max(best, tally->rate());
    if (without_gain == kRoundsWithoutGain) return {};
  }
  return {};
}

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
  plan.connections = face.connections;
  plan.depth = face.depth;
  IDNODE_RETURN_IF_ERROR(WarmUp(process, plan));
  Runs runs;
  Runs bare_runs;
  BareServer bare;
  for (int i = 0; i < run.sizes().repeats; ++i) {
    plan.seed = static_cast<std::uint64_t>(i) + 1;
    plan.check = true;
    const std::string target = process.grpc_target();
    const auto grpc_port =
        static_cast<std::uint16_t>(std::stoi(target.substr(target.find(':') + 1)));
    auto tally = Ask(face, plan, process.child(), face.http ? process.http_port() : grpc_port);
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
    auto bare_tally = Ask(face, plan, *bare.child, bare.port);
    if (!bare_tally.ok()) return Prefix("baseline", bare_tally.error());
    bare_runs.Add(*bare_tally);
  }
  AddFigures(run, name, face, runs, bare_runs);
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
           kHttp);
  add_face("resolve-http/" + count + "/depth-16", "the same, 16 requests pipelined",
           kHttpPipelined);
  add_face("resolve-grpc/" + count, "random hits, unary; baseline: a bare callback echo", kGrpc);
  add("memory/" + count, "resident memory after load and resolution", &RunMemory);
  add("start/" + count, "from start until ready, files in the page cache", &RunStart);
}

void AddResolveScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios) {
  for (const std::uint64_t rows : sizes.stored) AddStoredScenarios(sizes, rows, scenarios);
}

}  // namespace idnode::bench
