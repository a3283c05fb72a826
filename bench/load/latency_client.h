#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "bench/load/data_set.h"
#include "bench/load/latency.h"
#include "node/base/result.h"

namespace idnode::bench {

/// Batches sent at a steady rate, whatever the answers do: an open loop. A batch's latency counts
/// from the moment it was due, so that a pause of the server shows in all that it delayed.
struct LatencyPlan {
  DataSet data;
  std::uint32_t batch_items = 1;
  double batches_per_second = 100;
  std::chrono::milliseconds time{5'000};
};

struct LatencyTally {
  LatencyHistogram latency;
  std::uint64_t rows = 0;         ///< all REGISTERED, or the run fails
  double batches_per_second = 0;  ///< answered
};

/// Blocks. Errors: kUnavailable (a call failed, or kUnderWayMax were waiting: the server does not
/// keep up with the rate), kInternal (an item that is not REGISTERED), kShuttingDown.
Result<LatencyTally> MeasureCommitLatency(const LatencyPlan& plan, const std::string& target,
                                          const std::string& token);

/// Most calls waiting for their answer.
inline constexpr std::size_t kUnderWayMax = 4'096;

}  // namespace idnode::bench
