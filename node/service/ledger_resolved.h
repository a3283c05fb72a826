#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/ledger/sketch.h"
#include "storage/committer.h"
#include "storage/ledger_store.h"

namespace idnode::service {

/// Notes which identifiers registered in the running month were resolved, for the statement's share
/// of those that never were. Marks are sketched, so the room is fixed, and written now and then; a
/// crash loses those of the last minute. Several nodes may write to one store. Thread-safe; Mark
/// takes about 30 ns.
class ResolvedMarks {
 public:
  /// Marks those of `month` and of the next.
  ResolvedMarks(const TimeZone& zone, Month month);

  /// `folded`: the identifier; `first_registered_ms`: the month it counts in.
  void Mark(std::string_view folded, std::int64_t first_registered_ms);

  /// Adds what was marked to what the store has, if that is anything new, and moves on to
  /// `present`, the running month as the ledger or a trusted clock has it: a month once left is not
  /// come back to. Nothing, or a month before: stays. Blocks. Errors: those of engine and
  /// committer; what was not written is written next time.
  Result<void> Flush(const storage::LedgerStore& store, storage::Committer& committer,
                     std::optional<Month> present, Deadline deadline);

 private:
  static constexpr std::size_t kParts = 16;
  /// A part of all hashes. Two months: what is registered after the turn is marked at once.
  struct alignas(64) Part {
    std::mutex mutex;
    std::array<ledger::Sketch, 2> months;
  };

  void SetMonth(Month month);
  ledger::Sketch Merged(std::size_t slot);

  const TimeZone& zone_;
  std::array<Part, kParts> parts_;
  std::mutex flush_mutex_;  // guards `month_` and `written_`
  Month month_;             ///< that of slot 0; slot 1 is the next
  std::array<ledger::Sketch, 2> written_;
  std::atomic<std::int64_t> first_ms_{0};  ///< slot 0 begins
  std::atomic<std::int64_t> turn_ms_{0};   ///< slot 1 begins
  std::atomic<std::int64_t> end_ms_{0};
};

/// Estimate of how many identifiers of the month were resolved, as far as it is written; nothing
/// where the row cannot be read (the log is told). Errors: those of the engine.
Result<std::optional<std::uint64_t>> ResolvedIn(const storage::LedgerStore& store, Month month,
                                                Deadline deadline);

}  // namespace idnode::service
