#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/load/child.h"
#include "bench/load/data_set.h"
#include "node/base/result.h"

namespace idnode::bench {

/// What the bare Beast server answers, and about what Resolve answers.
inline constexpr std::size_t kBaselineBodyBytes = 300;

/// Threads of the bare servers: one a core, as the node's.
int BaselineThreads();

// The baselines run in processes of their own, as the node does; these are the bodies of those
// processes. They print "port N" on stdout once they serve, and serve until they are killed.
int ServeBareBeast();
/// Answers Resolve with the `answer_bytes` of a constant ResolveResponse.
int ServeBareEcho(std::size_t answer_bytes);

/// What the raw RocksDB baseline writes.
struct RawPlan {
  std::string dir;  ///< empty at the start
  DataSet data;
  std::uint64_t rows = 0;
  std::uint32_t sync_rows = 2'000;  ///< rows of a group: existence check, batch put, sync
  double seconds_max = 0;           ///< stops early; 0: never
};
struct RawResult {
  std::uint64_t rows = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  double group_p50_ms = 0;
  double group_p99_ms = 0;
  std::uint64_t disk_bytes = 0;  ///< after flush, and after compaction has come to rest
  double settle_seconds = 0;     ///< how long that took
};
/// Prints the result on stdout as one line that `RunRawRocksDb` reads.
int RawRocksDbMain(const RawPlan& plan);

/// A bare server in a process of its own.
struct BareServer {
  std::unique_ptr<Child> child;
  std::uint16_t port = 0;
};
/// `program` is this program. Errors: kUnavailable.
Result<BareServer> StartBareBeast(const std::string& program);
Result<BareServer> StartBareEcho(const std::string& program, std::size_t answer_bytes);
/// Runs the baseline in a process of its own and waits for it. Errors: kUnavailable, kShuttingDown.
Result<RawResult> RunRawRocksDb(const std::string& program, const RawPlan& plan);

}  // namespace idnode::bench
