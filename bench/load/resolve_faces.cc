#include "bench/load/resolve_faces.h"

#include <algorithm>

#include "bench/load/report.h"

namespace idnode::bench {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

}  // namespace

void ResolveRuns::Add(const ResolveTally& tally) {
  const auto answers = static_cast<double>(tally.answers);
  rates.push_back(tally.rate());
  p99_ms.push_back(tally.latency.PercentileMs(99));
  server_cpu_us.push_back(tally.server_cpu_seconds * kMicrosecondsPerSecond / answers);
  client_cpu_us.push_back(tally.client_cpu_seconds * kMicrosecondsPerSecond / answers);
  answer_bytes = tally.answer_bytes;
}

Result<ResolveTally> AskServer(const Face& face, ResolvePlan plan, Child& server,
                               std::uint16_t port) {
  plan.connections = face.connections;
  plan.depth = face.depth;
  plan.server_cpu_seconds = [&server] { return server.CpuSeconds(); };
  return face.http ? ResolveOverHttp(plan, port)
                   : ResolveOverGrpc(plan, "127.0.0.1:" + std::to_string(port));
}

Result<ResolveTally> AskNode(const Face& face, ResolvePlan plan, NodeProcess& node) {
  const std::string target = node.grpc_target();
  const auto grpc_port = static_cast<std::uint16_t>(std::stoi(target.substr(target.find(':') + 1)));
  return AskServer(face, std::move(plan), node.child(), face.http ? node.http_port() : grpc_port);
}

void AddResolveFigures(BenchRun& run, const std::string& name, RatioGoal goal,
                       const ResolveRuns& runs, const ResolveRuns& baseline) {
  const auto add = [&](const std::string& part, const std::vector<double>& values,
                       const std::vector<double>& baselines, const std::string& unit) {
    Figure figure;
    figure.name = name + "/" + part;
    figure.value = Median(values);
    figure.unit = unit;
    figure.baseline = Median(baselines);
    figure.lower_is_better = part != "rate";
    if (part == "rate") {
      figure.floor = goal.floor;
      figure.aim = goal.aim;
      figure.goal_of_ratio = true;
    }
    run.Add(figure);
  };
  add("rate", runs.rates, baseline.rates, "answers/s");
  add("p99", runs.p99_ms, baseline.p99_ms, "ms");
  add("server-cpu", runs.server_cpu_us, baseline.server_cpu_us, "us/answer");
  add("client-cpu", runs.client_cpu_us, baseline.client_cpu_us, "us/answer");
  add("answer", {runs.answer_bytes}, {baseline.answer_bytes}, "bytes");
}

Result<void> WarmUpResolution(NodeProcess& node, ResolvePlan plan) {
  constexpr int kRoundsMax = 40;
  constexpr int kRoundsWithoutGain = 4;
  constexpr double kGain = 1.02;
  plan.check = false;
  double best = 0;
  for (int round = 0, without_gain = 0; round < kRoundsMax; ++round) {
    plan.seed = 1'000 + static_cast<std::uint64_t>(round);
    auto tally = AskNode(kHttpPipelinedFace, plan, node);
    if (!tally.ok()) return Prefix("warming up", tally.error());
    without_gain = tally->rate() > best * kGain ? 0 : without_gain + 1;
    best = std::max(best, tally->rate());
    if (without_gain == kRoundsWithoutGain) return {};
  }
  return {};
}

}  // namespace idnode::bench
