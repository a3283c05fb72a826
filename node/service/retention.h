#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

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
};

/// Drops what is past its retention: old feed rows that every follower is done with, and stored
/// answers of requests that can no longer be repeated. Feed rows with first-ever registrations are
/// the ledger's entries and stay for ever, and so does a shard's newest row. Safe
/// to run at any time, on one thread.
class Retention {
 public:
  Retention(storage::Engine& engine, const Clock& clock, RetentionOptions options)
      : engine_(engine), clock_(clock), options_(std::move(options)) {}
  /// Errors: kClockUntrusted; those of the engine. What is not dropped now is dropped next time.
  Result<void> Run();

 private:
  Result<void> TrimOldRows(storage::ShardId shard, storage::Version from, storage::Version to);
  Result<void> TrimFeed(storage::ShardId shard, std::int64_t now_ms);
  Result<void> TrimRequests(storage::ShardId shard, std::int64_t now_ms);

  storage::Engine& engine_;
  const Clock& clock_;
  const RetentionOptions options_;
  std::map<storage::ShardId, storage::Version> examined_;  ///< what is before is done with
};

}  // namespace idnode::service
