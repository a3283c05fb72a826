#include "node/cli/ledger/evidence_counter.h"

#include <algorithm>
#include <cmath>

namespace idnode::cli {

std::string EvidenceCounter::LongestRun() const { return std::to_string(run_.longest()); }

std::string EvidenceCounter::DistinctContent() const {
  const auto estimate =
      static_cast<std::uint64_t>(std::llround(std::max(contents_.Estimate(), 0.0)));
  return std::to_string(std::min(estimate, leaves_));
}

}  // namespace idnode::cli
