#pragma once

#include <cstdint>
#include <string>

#include "node/ledger/leaf.h"
#include "node/ledger/run_tracker.h"
#include "node/ledger/sketch.h"

namespace idnode::cli {

/// Recomputes from leaves the evidence of a statement that leaves tell: the longest run of bare
/// numbers, and how many contents are distinct. Both are functions of the leaves in their order,
/// whoever computes them. About 60 KB; not thread-safe.
class EvidenceCounter {
 public:
  void Add(const ledger::Leaf& leaf) {
    ++leaves_;
    run_.Add(leaf.identifier);
    contents_.Add(ledger::SketchHash(leaf.content.value_or(Digest{})));
  }

  /// As "longest-sequence-run" has it: how many identifiers.
  std::string LongestRun() const;
  /// The estimate in front of "distinct-content".
  std::string DistinctContent() const;

 private:
  std::uint64_t leaves_ = 0;
  ledger::RunTracker run_;
  ledger::Sketch contents_;
};

}  // namespace idnode::cli
