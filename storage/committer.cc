#include "storage/committer.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>

#include "node/base/log.h"
#include "node/base/varint.h"
#include "node/base/worker_pool.h"
#include "storage/commit_group.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryPauseFirst{2};
constexpr milliseconds kRetryPauseMax{500};
constexpr int kThreadsMax = 32;
constexpr int kPrepareTriesMax = 100;

}  // namespace

// Each shard has two roles, held by at most one thread each: the preparer turns queued
// transactions into a group, the committer makes groups durable. A prepared group waits in
// `prepared` until the one before it is durable, so at most two groups of a shard are under way.
class Committer::Impl {
 public:
  Impl(Engine& engine, const Clock& clock, const TimeZone& zone, Metrics& metrics,
       const CommitterOptions& options)
      : engine_(engine),
        clock_(clock),
        zone_(zone),
        options_(options),
        time_(options.trusted_time ? options.trusted_time
                                   : [&clock] { return Result<std::int64_t>(clock.WallMs()); }),
        bounds_(GroupBounds::Of(options, engine.GetCapabilities())),
        shards_(engine.ShardCount()),
        prepare_seconds_(metrics.GetHistogram("idnode_group_prepare_seconds",
                                              "Time to read and apply one commit group")),
        commit_seconds_(metrics.GetHistogram("idnode_group_commit_seconds",
                                             "Time to make one commit group durable")),
        groups_(metrics.GetCounter("idnode_groups_total", "Commit groups made durable")),
        items_(metrics.GetCounter("idnode_group_items_total", "Items in durable commit groups")),
        conflicts_(metrics.GetCounter("idnode_commit_conflicts_total",
                                      "Commits that met another version and were prepared again")),
        unknowns_(metrics.GetCounter("idnode_commit_unknowns_total",
                                     "Commits whose outcome had to be looked up")),
        pool_("commit", Threads(engine, options), 4 * std::size_t{engine.ShardCount()}) {}

  ~Impl() { Drain(clock_.Monotonic()); }

  Result<void> Submit(std::span<const std::pair<ShardId, std::shared_ptr<Transaction>>> parts);
  std::size_t QueuedItems() const { return pending_items_.load(std::memory_order_relaxed); }
  void Drain(Deadline deadline);
  Result<std::int64_t> LastCommitMs(Deadline deadline);

 private:
  struct Shard {
    std::mutex mutex;  // guards what follows, down to `preparing`
    std::deque<std::shared_ptr<Transaction>> queue;
    std::size_t pending_items = 0;  // queued and under way
    std::size_t pending_bytes = 0;
    std::shared_ptr<CommitGroup> prepared;
    bool committing = false;
    bool preparing = false;
    std::uint64_t epoch = 0;  // moves when a commit failed: groups prepared before are stale

    std::mutex prepare_mutex;  // guards `chain`; taken before `mutex`
    ShardChain chain;
  };

  static std::size_t Threads(const Engine& engine, const CommitterOptions& options) {
    if (options.threads > 0) return static_cast<std::size_t>(options.threads);
    return std::min<std::size_t>(2 * std::size_t{engine.ShardCount()}, kThreadsMax);
  }

  bool HasRoom(const Shard& shard, const Transaction& part) const {
    return part.ahead || shard.pending_items == 0 ||
           (shard.pending_items + part.items <= options_.queue_items_max &&
            shard.pending_bytes + part.bytes <= options_.queue_bytes_max);
  }

  void StartPreparing(ShardId id, Shard& shard);
  void PrepareNext(ShardId id);
  std::shared_ptr<CommitGroup> TakeGroup(ShardId id, Shard& shard);
  Result<void> PrepareGroup(ShardId id, CommitGroup& group, std::uint64_t epoch);
  void CommitFrom(ShardId id, std::shared_ptr<CommitGroup> group);
  Result<void> CommitOne(ShardId id, const std::shared_ptr<CommitGroup>& group);
  Result<CommitStatus> Learn(ShardId id, const CommitGroup& group, Deadline deadline);
  Result<void> PrepareAgain(ShardId id, const std::shared_ptr<CommitGroup>& group);
  void Settle(ShardId id, CommitGroup& group);
  void Release(Shard& shard, const Transaction& transaction);
  void FinishGroup(Shard& shard, CommitGroup& group, const Result<void>& result);
  bool Pause(milliseconds pause, Deadline deadline);

  Engine& engine_;
  const Clock& clock_;
  const TimeZone& zone_;
  const CommitterOptions options_;
  const TrustedTimeFn time_;
  const GroupBounds bounds_;
  std::vector<Shard> shards_;
  std::atomic<std::size_t> pending_items_{0};
  std::mutex state_mutex_;  // with `idle_`: drain and pauses
  std::condition_variable idle_;
  std::size_t pending_parts_ = 0;
  bool closed_ = false;
  bool hurry_ = false;  // drain is over: outcomes not learned by now stay undetermined
  Histogram& prepare_seconds_;
  Histogram& commit_seconds_;
  Counter& groups_;
  Counter& items_;
  Counter& conflicts_;
  Counter& unknowns_;
  WorkerPool pool_;  // last: its threads use everything above
};

Result<void> Committer::Impl::Submit(
    std::span<const std::pair<ShardId, std::shared_ptr<Transaction>>> parts) {
  // All locks in shard order, so that a batch gets all its room or none; parts come sorted.
  std::vector<std::unique_lock<std::mutex>> locks;
  locks.reserve(parts.size());
  for (const auto& [id, part] : parts) {
    IDNODE_CHECK(id < shards_.size());
    locks.emplace_back(shards_[id].mutex);
    if (!HasRoom(shards_[id], *part)) {
      return Error(Errc::kOverloaded, "the registration queue is full; retry after a moment");
    }
  }
  {
    std::lock_guard lock(state_mutex_);
    if (closed_) return Error(Errc::kShuttingDown, "the node is shutting down");
    pending_parts_ += parts.size();
  }
  for (const auto& [id, part] : parts) {
    Shard& shard = shards_[id];
    shard.pending_items += part->items;
    shard.pending_bytes += part->bytes;
    pending_items_.fetch_add(part->items, std::memory_order_relaxed);
    shard.queue.insert(part->ahead ? shard.queue.begin() : shard.queue.end(), part);
    StartPreparing(id, shard);
  }
  return {};
}

// With the shard's mutex held.
void Committer::Impl::StartPreparing(ShardId id, Shard& shard) {
  if (shard.preparing || shard.prepared != nullptr || shard.queue.empty()) return;
  shard.preparing = true;
  // At most two tasks a shard are in the pool, so its queue never refuses one.
  IDNODE_CHECK(pool_.TrySubmit([this, id] { PrepareNext(id); }));
}

std::shared_ptr<CommitGroup> Committer::Impl::TakeGroup(ShardId id, Shard& shard) {
  auto group = std::make_shared<CommitGroup>(id, zone_, bounds_);
  std::vector<std::shared_ptr<Transaction>> late;
  {
    std::lock_guard lock(shard.mutex);
    std::size_t items = 0;
    std::size_t bytes = 0;
    const auto now = clock_.Monotonic();
    while (!shard.queue.empty()) {
      auto& next = shard.queue.front();
      if (next->deadline < now) {
        late.push_back(std::move(next));
        shard.queue.pop_front();
        continue;
      }
      if (items != 0 && (items + next->items > options_.group_items_max ||
                         bytes + next->bytes > options_.group_bytes_max)) {
        break;
      }
      items += next->items;
      bytes += next->bytes;
      group->Adopt(std::move(next));
      shard.queue.pop_front();
    }
    group->epoch = shard.epoch;
    if (group->transactions().empty()) shard.preparing = false;
  }
  for (const auto& transaction : late) {
    transaction->Done(Error(Errc::kDeadlineExceeded, "the deadline passed while queued"));
    Release(shard, *transaction);
  }
  return group;
}

void Committer::Impl::PrepareNext(ShardId id) {
  Shard& shard = shards_[id];
  auto group = TakeGroup(id, shard);
  if (group->transactions().empty()) {
    std::lock_guard lock(shard.mutex);
    StartPreparing(id, shard);
    return;
  }
  Result<void> prepared;
  {
    std::lock_guard prepare_lock(shard.prepare_mutex);
    prepared = PrepareGroup(id, *group, group->epoch);
    if (prepared.ok() && !group->transactions().empty()) shard.chain.last = group;
  }
  Settle(id, *group);
  if (!prepared.ok()) FinishGroup(shard, *group, prepared);
  {
    std::lock_guard lock(shard.mutex);
    shard.preparing = false;
    if (!prepared.ok() || group->transactions().empty()) {
      StartPreparing(id, shard);
      return;
    }
    if (shard.committing) {
      shard.prepared = std::move(group);  // the thread that commits now takes it next
      return;
    }
    shard.committing = true;
    StartPreparing(id, shard);
  }
  CommitFrom(id, std::move(group));
}

// With the shard's prepare_mutex held.
Result<void> Committer::Impl::PrepareGroup(ShardId id, CommitGroup& group, std::uint64_t epoch) {
  const auto start = std::chrono::steady_clock::now();
  const Deadline deadline = clock_.After(options_.commit_wait_max);
  group.epoch = epoch;
  Result<void> result;
  for (int tries = 0; tries < kPrepareTriesMax; ++tries) {
    result = group.Prepare(engine_, time_, shards_[id].chain, deadline);
    if (result.code() != Errc::kConflict) break;
    conflicts_.Add();
  }
  prepare_seconds_.ObserveSince(start);
  if (result.code() == Errc::kConflict) {
    return Error(Errc::kUnavailable, "other writers changed the shard again and again");
  }
  return result;
}

// Commits `group` and then, on the same thread, whatever has been prepared meanwhile.
void Committer::Impl::CommitFrom(ShardId id, std::shared_ptr<CommitGroup> group) {
  Shard& shard = shards_[id];
  while (group != nullptr) {
    Result<void> result;
    bool stale = false;
    {
      std::lock_guard lock(shard.mutex);
      stale = group->epoch != shard.epoch;
    }
    if (stale) result = PrepareAgain(id, group);
    if (result.ok()) {
      std::lock_guard lock(shard.mutex);
      StartPreparing(id, shard);
    }
    if (result.ok()) result = CommitOne(id, group);
    if (!result.ok()) {
      // Whatever was prepared on top of this group stands on nothing now.
      std::lock_guard prepare_lock(shard.prepare_mutex);
      std::lock_guard lock(shard.mutex);
      ++shard.epoch;
      shard.chain.Forget();
    }
    FinishGroup(shard, *group, result);
    if (std::unique_lock prepare_lock(shard.prepare_mutex, std::try_to_lock);
        prepare_lock.owns_lock() && shard.chain.last == group) {
      // Nothing builds on it: an idle shard must not keep its last group's bytes. Where the lock
      // is taken, a newer group takes its place right now.
      shard.chain.last.reset();
    }
    std::lock_guard lock(shard.mutex);
    group = std::move(shard.prepared);
    shard.prepared = nullptr;
    if (group == nullptr) {
      shard.committing = false;
      StartPreparing(id, shard);
    }
  }
}

Result<void> Committer::Impl::CommitOne(ShardId id, const std::shared_ptr<CommitGroup>& group) {
  const auto start = std::chrono::steady_clock::now();
  const Deadline deadline = clock_.After(options_.commit_wait_max);
  for (;;) {
    if (group->transactions().empty()) return {};  // all left it when it was prepared again
    auto status = engine_.Commit(id, group->expected(), group->writes(), deadline);
    if (status.code() == Errc::kBatchTooLarge && group->transactions().size() > 1) {
      // The bounds should have prevented it; halving ends at the part that is too large alone, so
      // that the others do not fail with it.
      group->Halve();
      IDNODE_RETURN_IF_ERROR(PrepareAgain(id, group));
      continue;
    }
    if (!status.ok()) return status.error();
    if (*status == CommitStatus::kUnknown) {
      unknowns_.Add();
      status = Learn(id, *group, deadline);
      if (!status.ok()) return status.error();
    }
    if (*status == CommitStatus::kCommitted) {
      commit_seconds_.ObserveSince(start);
      groups_.Add();
      items_.Add(static_cast<double>(group->items()));
      return {};
    }
    conflicts_.Add();
    IDNODE_RETURN_IF_ERROR(PrepareAgain(id, group));
    if (clock_.Monotonic() >= deadline) {
      return Error(Errc::kUnavailable, "other writers changed the shard again and again");
    }
  }
}

// A commit answered Unknown: it may be durable, may still become so, or never happened. Sending
// the very same commit again is safe, since the shard's version lets only one of them through;
// the feed row at that version tells by its nonce whose it is.
Result<CommitStatus> Committer::Impl::Learn(ShardId id, const CommitGroup& group,
                                            Deadline deadline) {
  const std::vector<std::string_view> keys = {group.feed_key()};
  milliseconds pause = kRetryPauseFirst;
  for (;;) {
    auto read = engine_.Read(id, keys, deadline);
    if (read.ok()) {
      if (const auto& row = read->values[0]; row.has_value()) {
        const auto nonce = FeedNonce(*row);
        if (!nonce.ok()) return Error(Errc::kUndetermined, nonce.error().detail);
        return *nonce == group.nonce() ? CommitStatus::kCommitted : CommitStatus::kConflict;
      }
      if (read->version == group.expected()) {
        auto again = engine_.Commit(id, group.expected(), group.writes(), deadline);
        if (again.ok() && *again == CommitStatus::kCommitted) return again;
        // A conflict: some commit took the place, and the next look at the feed row tells whose.
        // An error: this second try wrote nothing; the first one is still open.
      } else if (read->version > group.expected()) {
        // Another commit took the place and its feed row is gone already: not possible within the
        // retention time, so the store was changed from outside.
        return Error(Errc::kUndetermined, "the feed row of a commit is missing");
      }
    }
    if (!Pause(pause, deadline)) {
      return Error(Errc::kUndetermined, "the store did not tell whether the commit is durable");
    }
    pause = std::min(pause * 2, kRetryPauseMax);
  }
}

// After a conflict, or when the group before failed: from what the store holds now. What was
// prepared on top of this group before is stale; what comes next builds on it again.
Result<void> Committer::Impl::PrepareAgain(ShardId id, const std::shared_ptr<CommitGroup>& group) {
  Shard& shard = shards_[id];
  Result<void> result;
  {
    std::lock_guard prepare_lock(shard.prepare_mutex);
    std::uint64_t epoch = 0;
    {
      std::lock_guard lock(shard.mutex);
      epoch = ++shard.epoch;
    }
    shard.chain.Forget();
    result = PrepareGroup(id, *group, epoch);
    if (result.ok() && !group->transactions().empty()) shard.chain.last = group;
  }
  Settle(id, *group);
  return result;
}

// Sees to the transactions that left the group: those without room go back to the front of the
// queue, those that failed by themselves are told so.
void Committer::Impl::Settle(ShardId id, CommitGroup& group) {
  Shard& shard = shards_[id];
  if (auto left = group.TakeLeft(); !left.empty()) {
    std::lock_guard lock(shard.mutex);
    shard.queue.insert(shard.queue.begin(), std::make_move_iterator(left.begin()),
                       std::make_move_iterator(left.end()));
    StartPreparing(id, shard);
  }
  for (const auto& [transaction, error] : group.TakeRefused()) {
    transaction->Done(error);
    Release(shard, *transaction);
  }
}

void Committer::Impl::Release(Shard& shard, const Transaction& transaction) {
  {
    std::lock_guard lock(shard.mutex);
    shard.pending_items -= transaction.items;
    shard.pending_bytes -= transaction.bytes;
  }
  pending_items_.fetch_sub(transaction.items, std::memory_order_relaxed);
  std::lock_guard lock(state_mutex_);
  if (--pending_parts_ == 0) idle_.notify_all();
}

void Committer::Impl::FinishGroup(Shard& shard, CommitGroup& group, const Result<void>& result) {
  if (!result.ok()) {
    LogWarning("commit failed",
               {{"error", ErrcName(result.code())}, {"detail", result.error().detail}});
  }
  group.Finish(result);
  for (const auto& transaction : group.transactions()) Release(shard, *transaction);
}

// False when it is time to give up.
bool Committer::Impl::Pause(milliseconds pause, Deadline deadline) {
  std::unique_lock lock(state_mutex_);
  idle_.wait_for(lock, pause, [this] { return hurry_; });
  return !hurry_ && clock_.Monotonic() < deadline;
}

void Committer::Impl::Drain(Deadline deadline) {
  {
    std::unique_lock lock(state_mutex_);
    closed_ = true;
    while (pending_parts_ > 0 && clock_.Monotonic() < deadline) {
      idle_.wait_for(lock, milliseconds(50));
    }
    hurry_ = true;
    idle_.notify_all();
  }
  for (auto& shard : shards_) {
    std::deque<std::shared_ptr<Transaction>> rest;
    {
      std::lock_guard lock(shard.mutex);
      rest.swap(shard.queue);
    }
    for (const auto& transaction : rest) {
      transaction->Done(Error(Errc::kShuttingDown, "the node is shutting down"));
      Release(shard, *transaction);
    }
  }
  // What is being prepared or committed ends by itself: every wait in it has a bound.
  std::unique_lock lock(state_mutex_);
  idle_.wait(lock, [this] { return pending_parts_ == 0; });
  lock.unlock();
  pool_.Stop();
}

Result<std::int64_t> Committer::Impl::LastCommitMs(Deadline deadline) {
  std::int64_t last = 0;
  for (ShardId id = 0; id < engine_.ShardCount(); ++id) {
    auto row = engine_.Get(id, ShardKey(), deadline);
    if (row.code() == Errc::kNotFound) continue;
    if (!row.ok()) return row.error();
    std::string_view bytes = *row;
    std::uint64_t ms = 0;
    if (!TakeVarint(bytes, ms)) return Error(Errc::kCorruption, "a shard row is damaged");
    last = std::max(last, static_cast<std::int64_t>(ms));
  }
  return last;
}

Committer::Committer(Engine& engine, const Clock& clock, const TimeZone& zone, Metrics& metrics,
                     CommitterOptions options)
    : impl_(std::make_unique<Impl>(engine, clock, zone, metrics, options)) {}

Committer::~Committer() = default;

Result<void> Committer::Submit(
    std::span<const std::pair<ShardId, std::shared_ptr<Transaction>>> parts) {
  return impl_->Submit(parts);
}

Result<std::pair<Version, std::int64_t>> Committer::Nudge(ShardId shard, Deadline deadline) {
  struct NudgeTransaction : Transaction {
    void CollectKeys(KeyCollector&) override {}
    void Apply(GroupContext& group) override {
      version = group.version();
      commit_ms = group.commit_ms();
    }
    void Done(const Result<void>& outcome) override {
      std::lock_guard lock(mutex);
      result = outcome;
      done = true;
      ready.notify_all();
    }
    std::mutex mutex;
    std::condition_variable ready;
    bool done = false;
    Result<void> result;
    Version version = 0;
    std::int64_t commit_ms = 0;
  };
  auto nudge = std::make_shared<NudgeTransaction>();
  nudge->deadline = deadline;
  nudge->advance_time = true;
  const std::pair<ShardId, std::shared_ptr<Transaction>> part{shard, nudge};
  IDNODE_RETURN_IF_ERROR(impl_->Submit({&part, 1}));
  std::unique_lock lock(nudge->mutex);
  nudge->ready.wait(lock, [&] { return nudge->done; });
  if (!nudge->result.ok()) return nudge->result.error();
  return std::pair{nudge->version, nudge->commit_ms};
}

Result<std::int64_t> Committer::LastCommitMs(Deadline deadline) {
  return impl_->LastCommitMs(deadline);
}

std::size_t Committer::QueuedItems() const { return impl_->QueuedItems(); }

void Committer::Drain(Deadline deadline) { impl_->Drain(deadline); }

}  // namespace idnode::storage
