#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/bench_run.h"
#include "bench/load/child.h"
#include "bench/load/node_process.h"
#include "bench/load/resolve_client.h"
#include "node/base/result.h"

namespace idnode::bench {

/// Which face is asked, how, and what was set out to reach beside a bare server (design §11).
struct Face {
  bool http;
  std::uint32_t connections;
  std::uint32_t depth;
  double floor;
  double aim;
};
inline constexpr Face kHttpFace{true, 32, 1, 0.6, 0.9};
inline constexpr Face kHttpPipelinedFace{true, 32, 16, 0.6, 0.9};
inline constexpr Face kGrpcFace{false, 2, 32, 0.7, 0.95};

/// What repeated runs gave; the figures are their medians.
struct ResolveRuns {
  std::vector<double> rates;
  std::vector<double> p99_ms;
  std::vector<double> server_cpu_us;
  std::vector<double> client_cpu_us;
  double answer_bytes = 0;

  void Add(const ResolveTally& tally);
};

/// Asks a server by the plan, through the face. Errors: those of ResolveOverHttp, ResolveOverGrpc.
Result<ResolveTally> AskServer(const Face& face, ResolvePlan plan, Child& server,
                               std::uint16_t port);
Result<ResolveTally> AskNode(const Face& face, ResolvePlan plan, NodeProcess& node);

/// Adds `name`/rate, /p99, /server-cpu, /client-cpu and /answer, each beside the baseline. The goal
/// is of the ratio of rates.
struct RatioGoal {
  double floor;
  double aim;
};
void AddResolveFigures(BenchRun& run, const std::string& name, RatioGoal goal,
                       const ResolveRuns& runs, const ResolveRuns& baseline);

/// Asks at random until the rate no longer rises: the caches then hold what they will hold. What is
/// measured is a node in service, not its first seconds.
Result<void> WarmUpResolution(NodeProcess& node, ResolvePlan plan);

}  // namespace idnode::bench
