#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::service {

struct RetentionOptions {
  std::chrono::hours feed = std::chrono::hours(24 * 7);  ///< how long feed rows stay
  /// What now is: nothing is dropped while it is an error, since under a wrong clock everything
  /// looks old. Empty: the injected clock is always trusted.
  storage::TrustedTimeFn trusted_time = {};
  /// Up to which version of a shard the slowest follower of the feed is done with its rows; those
  /// after it stay, however old. 0: all stay, the answer of a follower that does not know yet.
  /// Called on the thread of Run. Empty: nothing follows.
  std::function<storage::Version(storage::ShardId)> followed_up_to = {};
  /// True ends a run between two pages. Empty: never.
  std::function<bool()> stopping = {};
  /// Writes how far the feeds were examined, so that the next start need not read them again;
  /// nullptr: it reads them again.
  storage::Committer* committer = nullptr;
  /// Rows that are read at most of a shard in one run; the next run goes on.
  std::size_t rows_max = 20'000;
  /// Old rows between two that stay are dropped if they are so many. Each such gap costs the engine
  /// a mark that reads pass over, so fewer stay with their neighbours.
  std::size_t gap_rows_min = 8;
};

/// Drops what is past its retention: old feed rows that every follower is done with, and stored
/// answers of requests that can no longer be repeated. Feed rows with first-ever registrations are
/// the ledger's entries and stay for ever, and so do a shard's newest row and a few rows between
/// two that stay (`gap_rows_min`). Safe
/// to run at any time, on one thread.
class Retention {
 public:
  Retention(storage::Engine& engine, const Clock& clock, RetentionOptions options)
      : engine_(engine), clock_(clock), options_(std::move(options)) {}
  /// Errors: kClockUntrusted; those of the engine. What is not dropped now is dropped next time.
  Result<void> Run();

 private:
  Result<void> LoadExamined();
  Result<void> SaveExamined();
  bool Stopping() const { return options_.stopping && options_.stopping(); }
  Result<void> TrimOldRows(storage::ShardId shard, storage::Version from, storage::Version to);
  Result<void> TrimFeed(storage::ShardId shard, std::int64_t now_ms);
  Result<void> TrimRequests(storage::ShardId shard, std::int64_t now_ms);

  storage::Engine& engine_;
  const Clock& clock_;
  const RetentionOptions options_;
  std::vector<storage::Version> examined_;  ///< by shard: what is before is done with
  std::vector<storage::Version> saved_;     ///< the same, as written
};

}  // namespace idnode::service
