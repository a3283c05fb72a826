#include "bench/load/baselines.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace idnode::bench {
namespace {

constexpr std::chrono::seconds kServeMax{30};
constexpr std::chrono::minutes kRawMax{60};

Result<BareServer> StartServer(std::vector<std::string> argv) {
  auto child = Child::Start({std::move(argv), {}, {}});
  if (!child.ok()) return child.error();
  auto line = (*child)->ReadLine(kServeMax);
  if (!line.ok()) return Prefix("starting a bare server", line.error());
  BareServer server;
  unsigned port = 0;
  if (std::sscanf(line->c_str(), "port %u", &port) != 1 || port == 0 || port > 65'535) {
    return Error(Errc::kUnavailable, "a bare server told no port");
  }
  server.port = static_cast<std::uint16_t>(port);
  server.child = std::move(*child);
  return server;
}

}  // namespace

int BaselineThreads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

Result<BareServer> StartBareBeast(const std::string& program) {
  return StartServer({program, "--serve-beast"});
}

Result<BareServer> StartBareEcho(const std::string& program, std::size_t answer_bytes) {
  return StartServer({program, "--serve-echo", std::to_string(answer_bytes)});
}

Result<RawResult> RunRawRocksDb(const std::string& program, const RawPlan& plan) {
  auto child =
      Child::Start({{program, "--raw-rocksdb", plan.dir, std::to_string(plan.rows),
                     std::to_string(plan.sync_rows), std::to_string(plan.seconds_max),
                     std::to_string(plan.data.prefixes), std::to_string(plan.data.rows_per_prefix),
                     std::string(OrderName(plan.data.order))},
                    {},
                    plan.dir + ".log"});
  if (!child.ok()) return child.error();
  auto line = (*child)->ReadLine(kRawMax);
  if (!line.ok()) return Prefix("raw RocksDB", line.error());
  RawResult result;
  unsigned long long rows = 0;
  unsigned long long disk = 0;
  if (std::sscanf(line->c_str(), "%llu %lf %lf %lf %lf %llu %lf", &rows, &result.seconds,
                  &result.cpu_seconds, &result.group_p50_ms, &result.group_p99_ms, &disk,
                  &result.settle_seconds) != 7) {
    return Error(Errc::kUnavailable, "raw RocksDB printed: " + *line);
  }
  result.rows = rows;
  result.disk_bytes = disk;
  IDNODE_RETURN_IF_ERROR((*child)->Wait(kServeMax));
  return result;
}

}  // namespace idnode::bench
