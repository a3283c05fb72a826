#pragma once

#include <cstdint>
#include <string_view>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/text.h"
#include "node/base/time_zone.h"
#include "node/ledger/run_tracker.h"
#include "node/ledger/sketch.h"
#include "node/service/ledger_entries.h"
#include "storage/ledger_store.h"

namespace idnode::service {

/// What is counted of a month's leaves while they are appended, for the statement's evidence: how
/// many contents differ, and the longest run of bare sequence numbers. Not thread-safe.
class MonthSketches {
 public:
  /// None seen of `month`, whose first leaf is `first_leaf`.
  MonthSketches(Month month, std::uint64_t first_leaf) : month_(month), leaves_end_(first_leaf) {}

  /// What the store knows of the open month, brought up to the tree by reading the leaves that came
  /// since. A row that cannot be read is said in the log and counted anew. Errors: those of the
  /// engine; kCorruption.
  static Result<MonthSketches> Load(const storage::LedgerStore& store, const LedgerEntries& entries,
                                    const storage::LedgerState& state, const Clock& clock);

  /// Takes the next leaf.
  void Add(std::string_view identifier, const Digest& content) {
    contents_.Add(ledger::SketchHash(content));
    runs_.Add(identifier);
    ++leaves_end_;
  }

  Month month() const { return month_; }
  std::uint64_t leaves_end() const { return leaves_end_; }
  storage::LedgerEvidence Evidence() const;
  storage::LedgerSketches ToRow() const;

 private:
  static Result<MonthSketches> FromRow(const storage::LedgerSketches& row);

  Month month_;
  std::uint64_t leaves_end_ = 0;
  ledger::Sketch contents_;
  ledger::RunTracker runs_;
};

}  // namespace idnode::service
