#include "node/service/retention.h"

#include <string>

#include "node/base/varint.h"
#include "storage/counters.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::chrono::seconds kStepMax{30};
constexpr std::int64_t kDayMs = 86'400'000;
// A row is found under its own day and the next; one more day covers a clock set back.
constexpr std::int64_t kRequestDays = 3;

}  // namespace

Result<void> Retention::Run() {
  for (storage::ShardId shard = 0; shard < engine_.ShardCount(); ++shard) {
    IDNODE_RETURN_IF_ERROR(TrimFeed(shard));
    IDNODE_RETURN_IF_ERROR(TrimRequests(shard));
  }
  return {};
}

// Commit times do not fall as versions rise, so the first row that is young enough is found by
// halving.
Result<void> Retention::TrimFeed(storage::ShardId shard) {
  const std::int64_t oldest_ms =
      clock_.WallMs() -
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.feed).count();
  const Deadline deadline = clock_.After(kStepMax);
  const std::string end = storage::FeedKey(UINT64_MAX);
  auto first = engine_.Scan(shard, storage::FeedKey(0), end, 1, false, deadline);
  if (!first.ok()) return first.error();
  auto last = engine_.Scan(shard, storage::FeedKey(0), end, 1, true, deadline);
  if (!last.ok()) return last.error();
  if (first->empty() || last->empty()) return {};
  const auto version_of = [](const storage::ScanRow& row) {
    return ReadBigEndian(std::string_view(row.key).substr(1));
  };
  std::uint64_t low = version_of(first->front());
  std::uint64_t high = version_of(last->front());  // the newest row always stays
  const std::uint64_t begin = low;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto row = engine_.Get(shard, storage::FeedKey(middle), deadline);
    if (!row.ok()) return row.error();
    auto feed = storage::DecodeFeedRow(*row, false);
    if (!feed.ok()) return feed.error();
    if (feed->commit_ms < oldest_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == begin) return {};
  return engine_.Trim(shard, storage::FeedKey(begin), storage::FeedKey(low), deadline);
}

Result<void> Retention::TrimRequests(storage::ShardId shard) {
  const std::int64_t day = clock_.WallMs() / kDayMs - kRequestDays;
  if (day <= 0) return {};
  const char space = static_cast<char>(storage::Space::kRequest);
  std::string to(1, space);
  AppendBigEndian(static_cast<std::uint32_t>(day), 4, to);
  return engine_.Trim(shard, std::string(1, space), to, clock_.After(kStepMax));
}

}  // namespace idnode::service
