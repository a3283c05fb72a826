#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "bench/load/data_set.h"
#include "bench/load/latency.h"
#include "node/base/result.h"

namespace idnode::bench {

/// Random lookups of the rows [0, rows) of a data set.
struct ResolvePlan {
  DataSet data;
  std::uint64_t rows = 1;
  std::uint64_t seed = 1;                  ///< which rows, in which order
  std::chrono::milliseconds warm_up{500};  ///< not measured
  std::chrono::milliseconds time{2'000};   ///< measured
  std::uint32_t connections = 32;          ///< HTTP: keep-alive connections; gRPC: channels
  std::uint32_t depth = 1;                 ///< requests under way on each of them
  std::string token = {};                  ///< of the application that asks; empty: anonymous
  /// The answer must name what was asked for. Off for baselines, whose answer is constant; the
  /// answer is looked through all the same, so that the client's work is alike.
  bool check = true;
  /// CPU seconds the server has used so far; sampled where the measured time begins and ends.
  std::function<double()> server_cpu_seconds = [] { return 0.0; };
};

struct ResolveTally {
  std::uint64_t answers = 0;  ///< in the measured time
  double seconds = 0;
  double client_cpu_seconds = 0;  ///< of this program in the measured time
  double server_cpu_seconds = 0;  ///< of the server, likewise
  double answer_bytes = 0;        ///< mean size of an answer as received
  LatencyHistogram latency;
  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
};

/// GET /prefix/suffix with Accept: application/json from 127.0.0.1:`port`, on this thread. Blocks.
/// Errors: kUnavailable (connection refused or closed), kInternal (an answer that is not 200, or
/// for something else), kShuttingDown (interrupted).
Result<ResolveTally> ResolveOverHttp(const ResolvePlan& plan, std::uint16_t port);

/// idnode.v1.ResolutionService/Resolve at `target`, asynchronously. Blocks. Errors: as above.
Result<ResolveTally> ResolveOverGrpc(const ResolvePlan& plan, const std::string& target);

/// Picks rows at random; the same seed picks the same rows.
class RowPicker {
 public:
  RowPicker(std::uint64_t seed, std::uint64_t rows) : state_(seed * 2 + 1), rows_(rows) {}
  std::uint64_t Next() {
    // xorshift64*: cheap, and good enough to touch all rows alike.
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    const std::uint64_t random = (state_ * 0x2545f4914f6cdd1dULL) >> 32;
    return (random * rows_) >> 32;
  }

 private:
  std::uint64_t state_;
  std::uint64_t rows_;  ///< at most 2^32
};

}  // namespace idnode::bench
