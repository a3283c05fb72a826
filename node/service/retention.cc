#include "node/service/retention.h"

#include <algorithm>
#include <string>
#include <utility>

#include "node/base/varint.h"
#include "node/service/ledger_commit.h"
#include "storage/counters.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"
#include "storage/ledger_store.h"

namespace idnode::service {
namespace {

constexpr std::chrono::seconds kStepMax{30};
constexpr std::int64_t kDayMs = 86'400'000;
// A row is looked for on its own day, the next, and, with the clock set back, the one before.
constexpr std::int64_t kRequestDays = 3;
constexpr std::size_t kRowsAtOnce = 16;  // a full group's row is a few MiB

// Rows that a shard is examined further before that is written.
constexpr storage::Version kUnsavedRows = 4096;

std::string ExaminedKey() {
  return std::string(1, static_cast<char>(storage::Space::kMeta)) + "feed-examined";
}

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
  if (examined_.empty()) IDNODE_RETURN_IF_ERROR(LoadExamined());
  for (storage::ShardId shard = 0; shard < engine_.ShardCount() && !Stopping(); ++shard) {
    IDNODE_RETURN_IF_ERROR(TrimFeed(shard, now_ms));
    IDNODE_RETURN_IF_ERROR(TrimRequests(shard, now_ms));
  }
  return SaveExamined();
}

// A row that is missing or cannot be read costs time only: the feeds are read from their beginning.
Result<void> Retention::LoadExamined() {
  std::vector<storage::Version> examined(engine_.ShardCount());
  const auto bytes = engine_.Get(storage::kLedgerShard, ExaminedKey(), clock_.After(kStepMax));
  if (!bytes.ok() && bytes.code() != Errc::kNotFound) return bytes.error();
  if (bytes.ok()) {
    std::string_view rest = *bytes;
    for (auto& version : examined) {
      if (!TakeVarint(rest, version)) {
        examined.assign(examined.size(), 0);
        break;
      }
    }
  }
  examined_ = saved_ = std::move(examined);
  return {};
}

// Written only now and then: an idle node commits nothing.
Result<void> Retention::SaveExamined() {
  if (options_.committer == nullptr) return {};
  bool far = false;
  std::string bytes;
  for (std::size_t shard = 0; shard < examined_.size(); ++shard) {
    far = far || examined_[shard] >= saved_[shard] + kUnsavedRows;
    AppendVarint(examined_[shard], bytes);
  }
  if (!far) return {};
  LedgerWrite write;
  write.puts.emplace_back(ExaminedKey(), std::move(bytes));
  const auto written = WriteLedger(*options_.committer, std::move(write), clock_.After(kStepMax));
  if (!written.ok()) return written.error();
  saved_ = examined_;
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
// ledger's entries. Those between them go, gap by gap. What was looked at once is not looked at
// again, but for a last gap that is too small yet.
Result<void> Retention::TrimOldRows(storage::ShardId shard, storage::Version from,
                                    storage::Version to) {
  storage::Version gap_from = from;
  std::size_t gap_rows = 0;
  const auto end_gap = [&](storage::Version end) -> Result<void> {
    if (gap_rows < std::max<std::size_t>(options_.gap_rows_min, 1)) return {};
    gap_rows = 0;
    return engine_.Trim(shard, storage::FeedKey(std::exchange(gap_from, end)),
                        storage::FeedKey(end), clock_.After(kStepMax));
  };
  storage::Version next = from;
  for (std::size_t read = 0; next < to && read < options_.rows_max && !Stopping();) {
    const std::size_t at_once = std::min(kRowsAtOnce, options_.rows_max - read);
    const auto rows = engine_.Scan(shard, storage::FeedKey(next), storage::FeedKey(to), at_once,
                                   false, clock_.After(kStepMax));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      const storage::Version version = ReadBigEndian(std::string_view(row.key).substr(1));
      const auto entries = HasEntries(row.value);
      if (!entries.ok()) return entries.error();
      if (!*entries) {
        ++gap_rows;
        continue;
      }
      IDNODE_RETURN_IF_ERROR(end_gap(version));
      gap_from = version + 1;
      gap_rows = 0;
    }
    read += rows->size();
    next = rows->size() < at_once ? to
                                  : ReadBigEndian(std::string_view(rows->back().key).substr(1)) + 1;
  }
  IDNODE_RETURN_IF_ERROR(end_gap(next));
  examined_[shard] = gap_rows == 0 ? next : gap_from;
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
