#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "storage/counters.h"
#include "storage/engine.h"

namespace idnode::storage {

using Slot = std::uint32_t;

/// Collects the keys a transaction wants to read; equal keys of one group share a slot.
class KeyCollector {
 public:
  virtual ~KeyCollector() = default;
  /// `key` must stay valid until the transaction is done.
  virtual Slot Add(std::string_view key) = 0;
};

/// What a transaction sees and writes while its group is prepared. Bytes handed over as views
/// must stay valid until the transaction is done; `Hold` keeps bytes made on the way.
class GroupContext {
 public:
  virtual ~GroupContext() = default;
  /// Commit time of the group, Unix ms: max(now, the shard's last).
  virtual std::int64_t commit_ms() const = 0;
  /// The shard's version once the group is committed.
  virtual Version version() const = 0;
  /// Present bytes of a slot, with the writes of earlier transactions; nullptr if absent.
  virtual const std::string_view* Find(Slot slot) const = 0;
  virtual void Put(Slot slot, std::string_view value) = 0;
  virtual void Erase(Slot slot) = 0;
  /// Writes a key that no one reads and that is not there (history, feed).
  virtual void Insert(std::string_view key, std::string_view value) = 0;
  /// Drops the keys [from, to) in the same commit.
  virtual void EraseRange(std::string_view from, std::string_view to) = 0;
  /// Counts one event in every dimension.
  virtual void Count(const Event& event) = 0;
  /// Adds one entry to the commit's feed row.
  virtual void Feed(const FeedEntry& entry) = 0;
  /// Keeps `bytes` alive until the group is done and returns where they are.
  virtual std::string_view Hold(std::string bytes) = 0;
};

/// One shard's part of a request. The committer calls CollectKeys once, Apply once or more
/// (again after a conflict: it must give the same answer for the same state and keep nothing from
/// before), and then Done once.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual void CollectKeys(KeyCollector& keys) = 0;
  virtual void Apply(GroupContext& group) = 0;
  /// Success: the group is durable. Errors: kUndetermined (the outcome could not be learned),
  /// or any other: nothing of it was written. Called on a committer thread; must not block.
  virtual void Done(const Result<void>& result) = 0;

  std::size_t items = 1;      ///< for the bounds of queues and groups
  std::size_t bytes = 0;      ///< likewise
  Deadline deadline{};        ///< not started after this
  bool advance_time = false;  ///< its commit time is later than that of every commit before
};

struct CommitterOptions {
  std::size_t group_items_max = 4096;
  std::size_t group_bytes_max = 4U << 20;
  std::size_t queue_items_max = 64 * 1024;            ///< per shard
  std::size_t queue_bytes_max = 64U << 20;            ///< per shard
  std::chrono::milliseconds commit_wait_max{30'000};  ///< until an outcome is called undetermined
  int threads = 0;                                    ///< 0: two per shard, at most 32
};

/// Group commit over the seam, once for all engines (design §4). Concurrent transactions of a
/// shard become one commit; the next group is prepared, on top of the last one's writes, while
/// that is being made durable. Resolves Conflict by preparing again and Unknown by looking at the
/// feed row, whose nonce tells whose commit it is. Thread-safe.
class Committer {
 public:
  Committer(Engine& engine, const Clock& clock, const TimeZone& zone, Metrics& metrics,
            CommitterOptions options);
  ~Committer();

  /// Reserves room for all parts or for none. Errors: kOverloaded, kShuttingDown, kStorageFull.
  /// On success every transaction's Done will be called.
  Result<void> Submit(std::span<const std::pair<ShardId, std::shared_ptr<Transaction>>> parts);

  /// Commits an empty group whose time is later than all before, and returns that commit's version
  /// and time: every later commit of the shard has a time >= that. Blocks.
  Result<std::pair<Version, std::int64_t>> Nudge(ShardId shard, Deadline deadline);

  /// Latest commit time of all shards, Unix ms; 0 for an empty store.
  Result<std::int64_t> LastCommitMs(Deadline deadline);
  std::size_t QueuedItems() const;

  /// Takes nothing new; finishes what is queued, at most until `deadline`; then fails the rest.
  void Drain(Deadline deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::storage
