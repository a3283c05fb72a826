#include "node/service/retention.h"

#include <algorithm>
#include <string>
#include <utility>

#include "node/base/varint.h"
#include "storage/counters.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::chrono::seconds kStepMax{30};
constexpr std::int64_t kDayMs = 86'400'000;
// A row is looked for on its own day, the next, and, with the clock set back, the one before.
constexpr std::int64_t kRequestDays = 3;
constexpr std::size_t kRowsAtOnce = 16;  // a full group's row is a few MiB

// True if the feed row holds first-ever registrations; its deltas tell without its entries.
Result<bool> HasEntries(std::string_view bytes) {
  storage::FeedRowReader reader;
  IDNODE_RETURN_IF_ERROR(reader.Open(bytes));
  bool found = false;
  for (storage::FeedDelta delta; reader.NextDelta(delta);) {
    found = found || delta.figures.first_ever > 0;
  }
  if (reader.damaged()) return Error(Errc::kCorruption, "a feed row is damaged");
  return found;
}

}  // namespace

Result<void> Retention::Run() {
  std::int64_t now_ms = clock_.WallMs();
  if (options_.trusted_time) {
    const auto trusted = options_.trusted_time();
    if (!trusted.ok()) return trusted.error();
    now_ms = *trusted;
  }
  for (storage::ShardId shard = 0; shard < engine_.ShardCount(); ++shard) {
    IDNODE_RETURN_IF_ERROR(TrimFeed(shard, now_ms));
    IDNODE_RETURN_IF_ERROR(TrimRequests(shard, now_ms));
  }
  return {};
}

// Commit times do not fall as versions rise, so the first row that is young enough is found by
// halving. Versions may be missing: each step looks at the first row from the middle on.
Result<void> Retention::TrimFeed(storage::ShardId shard, std::int64_t now_ms) {
  const std::int64_t oldest_ms =
      now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(options_.feed).count();
  const Deadline deadline = clock_.After(kStepMax);
  const std::string end = storage::FeedKey(UINT64_MAX);
  auto first = engine_.Scan(shard, storage::FeedKey(0), end, 1, false, deadline);
  if (!first.ok()) return first.error();
  auto last = engine_.Scan(shard, storage::FeedKey(0), end, 1, true, deadline);
  if (!last.ok()) return last.error();
  if (first->empty() || last->empty()) return {};
  const auto version_of = [](const storage::ScanRow& row) {
    return storage::Version{ReadBigEndian(std::string_view(row.key).substr(1))};
  };
  // Rows before `low` are old, rows from `high` on stay.
  storage::Version low = std::max(version_of(first->front()), examined_[shard]);
  storage::Version high = version_of(last->front());
  if (options_.followed_up_to) {
    const storage::Version followed = options_.followed_up_to(shard);
    if (followed < high) high = followed + 1;
  }
  const storage::Version begin = low;
  while (low < high) {
    const storage::Version middle = low + (high - low) / 2;
    auto row =
        engine_.Scan(shard, storage::FeedKey(middle), storage::FeedKey(high), 1, false, deadline);
    if (!row.ok()) return row.error();
    bool old = false;
    if (!row->empty()) {
      auto feed = storage::DecodeFeedRow(row->front().value, false);
      if (!feed.ok()) return feed.error();
      old = feed->commit_ms < oldest_ms;
    }
    if (old) {
      low = version_of(row->front()) + 1;
    } else {
      high = middle;
    }
  }
  return TrimOldRows(shard, begin, low);
}

// Of the old rows [from, to) those with first-ever registrations stay for ever: they are the
// ledger's entries. The others go, range by range. What was looked at once is not looked at again.
Result<void> Retention::TrimOldRows(storage::ShardId shard, storage::Version from,
                                    storage::Version to) {
  storage::Version trim_from = from;
  bool found = false;  // a row to drop, since `trim_from`
  const auto trim_to = [&](storage::Version end) -> Result<void> {
    if (!std::exchange(found, false)) return {};
    return engine_.Trim(shard, storage::FeedKey(trim_from), storage::FeedKey(end),
                        clock_.After(kStepMax));
  };
  for (storage::Version next = from; next < to;) {
    const auto rows = engine_.Scan(shard, storage::FeedKey(next), storage::FeedKey(to), kRowsAtOnce,
                                   false, clock_.After(kStepMax));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      const storage::Version version = ReadBigEndian(std::string_view(row.key).substr(1));
      const auto entries = HasEntries(row.value);
      if (!entries.ok()) return entries.error();
      if (!*entries) {
        found = true;
        continue;
      }
      IDNODE_RETURN_IF_ERROR(trim_to(version));
      trim_from = version + 1;
    }
    next = rows->size() < kRowsAtOnce
               ? to
               : ReadBigEndian(std::string_view(rows->back().key).substr(1)) + 1;
    IDNODE_RETURN_IF_ERROR(trim_to(next));
    trim_from = next;
    examined_[shard] = next;
  }
  return {};
}

Result<void> Retention::TrimRequests(storage::ShardId shard, std::int64_t now_ms) {
  const std::int64_t day = now_ms / kDayMs - kRequestDays;
  if (day <= 0) return {};
  const char space = static_cast<char>(storage::Space::kRequest);
  std::string to(1, space);
  AppendBigEndian(static_cast<std::uint32_t>(day), 4, to);
  return engine_.Trim(shard, std::string(1, space), to, clock_.After(kStepMax));
}

}  // namespace idnode::service
