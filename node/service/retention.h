#pragma once

#include <chrono>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "storage/engine.h"

namespace idnode::service {

struct RetentionOptions {
  std::chrono::hours feed = std::chrono::hours(24 * 7);  ///< how long feed rows stay
};

/// Drops what is past its retention: old feed rows, and stored answers of requests that can no
/// longer be repeated. Safe to run at any time, on one thread.
class Retention {
 public:
  Retention(storage::Engine& engine, const Clock& clock, RetentionOptions options)
      : engine_(engine), clock_(clock), options_(options) {}
  Result<void> Run();

 private:
  Result<void> TrimFeed(storage::ShardId shard);
  Result<void> TrimRequests(storage::ShardId shard);

  storage::Engine& engine_;
  const Clock& clock_;
  const RetentionOptions options_;
};

}  // namespace idnode::service
