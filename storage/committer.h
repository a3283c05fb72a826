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
#include "storage/feed_row.h"

namespace idnode::storage {

using Slot = std::uint32_t;

/// The wall clock, Unix ms, for as long as it is trusted. Errors: kClockUntrusted. Thread-safe;
/// asked once a group, on the commit path, so it must be quick.
using TrustedTimeFn = std::function<Result<std::int64_t>()>;

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
  /// Commit time of the group, Unix ms: max(now, the shard's last); the shard's last while the
  /// clock is not trusted.
  virtual std::int64_t commit_ms() const = 0;
  /// The shard's version once the group is committed.
  virtual Version version() const = 0;
  /// Present bytes of a slot, with the writes of earlier transactions; nullptr if absent.
  virtual const std::string_view* Find(Slot slot) const = 0;
  virtual void Put(Slot slot, std::string_view value) = 0;
  virtual void Erase(Slot slot) = 0;
  /// A slot for a key that became known only while applying, read now: what CollectKeys reads for
  /// many at once this reads alone, so it is for rare keys. Seen and written like any other slot,
  /// until the next Apply. Where the read fails the slot is empty, and the group is not committed
  /// as it is.
  virtual Slot AddLate(std::string key) = 0;
  /// Writes a key that no one reads and that is not there (history, feed).
  virtual void Insert(std::string_view key, std::string_view value) = 0;
  /// Counts one event in every dimension.
  virtual void Count(const Event& event) = 0;
  /// Adds one entry to the commit's feed row.
  virtual void Feed(const FeedEntry& entry) = 0;
  /// First-ever registrations fed so far: the place among them that the next one will have.
  virtual std::uint64_t first_ever() const = 0;
  /// Keeps `bytes` alive until the group is done and returns where they are.
  virtual std::string_view Hold(std::string bytes) = 0;
};

/// One shard's part of a request. The committer calls CollectKeys and Apply once or more, in turn,
/// and then Done once. Each call starts anew, after a conflict or when the group became smaller:
/// the slots of the last CollectKeys hold, Apply must give the same answer for the same state and
/// keep nothing from before.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual void CollectKeys(KeyCollector& keys) = 0;
  virtual void Apply(GroupContext& group) = 0;
  /// Success: the group is durable. Errors: kUndetermined (the outcome could not be learned),
  /// kClockUntrusted (see `any_time`), kBatchTooLarge (it alone is more than a commit may hold:
  /// CommitterOptions::group_held_bytes_max, or the engine's own bound), or any other: nothing of
  /// it was written. Called on a committer thread; must not block.
  virtual void Done(const Result<void>& result) = 0;

  std::size_t items = 1;      ///< for the bounds of queues and groups
  std::size_t bytes = 0;      ///< likewise
  Deadline deadline{};        ///< not started after this
  bool advance_time = false;  ///< its commit time is later than that of every commit before
  /// It may commit while the clock is not trusted, at the shard's last time, which then does not
  /// move. All others, and those that advance time, fail with kClockUntrusted meanwhile.
  bool any_time = false;
  /// It goes before all that wait and past the bounds of queues, so that load does not hold it up.
  /// For the node's own rare transactions.
  bool ahead = false;
};

struct CommitterOptions {
  std::size_t group_items_max = 4096;
  std::size_t group_bytes_max = 4U << 20;
  std::size_t queue_items_max = 64 * 1024;            ///< per shard
  std::size_t queue_bytes_max = 64U << 20;            ///< per shard
  std::chrono::milliseconds commit_wait_max{30'000};  ///< until an outcome is called undetermined
  int threads = 0;                                    ///< 0: two per shard, at most 32
  /// Key and value bytes that a group reads and writes: its memory, whatever its requests look
  /// like (a short request may change large records). A group is closed before the part that would
  /// pass it; a part that passes it alone is refused. What is written is held to the engine's
  /// Capabilities besides.
  std::size_t group_held_bytes_max = 64U << 20;
  /// Asked whenever the time of a commit is chosen, so that no commit carries a wrong wall clock
  /// into the store (design §6, Clock). Empty: the injected clock is always trusted.
  TrustedTimeFn trusted_time;
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
  /// On success every transaction's Done will be called. Parts come in the order of their shards,
  /// at most one a shard.
  Result<void> Submit(std::span<const std::pair<ShardId, std::shared_ptr<Transaction>>> parts);

  /// Commits an empty group whose time is later than all before, and returns that commit's version
  /// and time: every later commit of the shard has a time >= that. Blocks.
  /// Errors: kClockUntrusted (nothing advances under a wrong clock); those of Submit and Done.
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
