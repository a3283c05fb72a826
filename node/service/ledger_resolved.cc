#include "node/service/ledger_resolved.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xxhash.h>

#include "node/base/log.h"
#include "node/service/ledger_commit.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr int kWriteTries = 8;

Result<ledger::Sketch> StoredSketch(const std::optional<std::string>& row) {
  if (!row.has_value()) return ledger::Sketch();
  return ledger::Sketch::Parse(*row);
}

}  // namespace

ResolvedMarks::ResolvedMarks(const TimeZone& zone, Month month) : zone_(zone) { SetMonth(month); }

void ResolvedMarks::SetMonth(Month month) {
  month_ = month;
  first_ms_.store(zone_.StartMs(month));
  turn_ms_.store(zone_.StartMs(Month{month.number + 1}));
  end_ms_.store(zone_.StartMs(Month{month.number + 2}));
}

void ResolvedMarks::Mark(std::string_view folded, std::int64_t first_registered_ms) {
  if (first_registered_ms < first_ms_.load(std::memory_order_relaxed) ||
      first_registered_ms >= end_ms_.load(std::memory_order_relaxed)) {
    return;
  }
  // Stored sketches hold these hashes: the function is fixed. The part is chosen by the lowest
  // bits, which a sketch uses last.
  const std::uint64_t hash = XXH64(folded.data(), folded.size(), 0);
  Part& part = parts_[hash % kParts];
  std::lock_guard lock(part.mutex);
  const bool next = first_registered_ms >= turn_ms_.load(std::memory_order_relaxed);
  part.months[next ? 1 : 0].Add(hash);
}

ledger::Sketch ResolvedMarks::Merged(std::size_t slot) {
  ledger::Sketch merged;
  for (auto& part : parts_) {
    std::lock_guard lock(part.mutex);
    IDNODE_CHECK(merged.Merge(part.months[slot]).ok());
  }
  return merged;
}

Result<void> ResolvedMarks::Flush(const storage::LedgerStore& store, storage::Committer& committer,
                                  std::optional<Month> present, Deadline deadline) {
  std::lock_guard lock(flush_mutex_);
  for (std::size_t slot = 0; slot < written_.size(); ++slot) {
    const ledger::Sketch marked = Merged(slot);
    if (marked == written_[slot]) continue;
    const std::string key =
        storage::LedgerResolvedKey(Month{month_.number + static_cast<std::int32_t>(slot)});
    bool written = false;
    for (int tries = 0; tries < kWriteTries && !written; ++tries) {
      auto row = store.Row(key, deadline);
      if (!row.ok()) return row.error();
      auto merged = StoredSketch(*row);
      if (!merged.ok()) return merged.error();
      IDNODE_RETURN_IF_ERROR(merged->Merge(marked));
      LedgerWrite write;
      write.puts.emplace_back(key, merged->Serialize());
      if (*row == write.puts.back().second) break;
      write.expected.emplace_back(key, *std::move(row));
      const auto outcome = WriteLedger(committer, std::move(write), deadline);
      if (!outcome.ok()) return outcome.error();
      written = *outcome;
    }
    written_[slot] = marked;
  }
  if (!present || *present <= month_) return {};
  const bool follows = present->number == month_.number + 1;
  for (auto& part : parts_) part.mutex.lock();
  for (auto& part : parts_) {
    part.months[0] = follows ? std::move(part.months[1]) : ledger::Sketch();
    part.months[1] = ledger::Sketch();
  }
  SetMonth(*present);
  for (auto& part : parts_) part.mutex.unlock();
  written_[0] = follows ? std::move(written_[1]) : ledger::Sketch();
  written_[1] = ledger::Sketch();
  return {};
}

Result<std::optional<std::uint64_t>> ResolvedIn(const storage::LedgerStore& store, Month month,
                                                Deadline deadline) {
  const auto row = store.Row(storage::LedgerResolvedKey(month), deadline);
  if (!row.ok()) return row.error();
  const auto sketch = StoredSketch(*row);
  if (!sketch.ok()) {
    LogError("it is not known how many identifiers were resolved: the row cannot be read",
             {{"month", month.Text()}, {"detail", sketch.error().detail}});
    return std::optional<std::uint64_t>();
  }
  return std::optional(static_cast<std::uint64_t>(std::llround(std::max(sketch->Estimate(), 0.0))));
}

}  // namespace idnode::service
