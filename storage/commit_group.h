#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "node/base/time_zone.h"
#include "storage/committer.h"
#include "storage/counters.h"
#include "storage/engine.h"

namespace idnode::storage {

/// What the preparation of a group starts from: the shard as it will be once every group prepared
/// before is committed. One a shard, guarded by that shard's preparation lock.
struct ShardChain {
  bool known = false;
  Version version = 0;
  std::int64_t last_commit_ms = 0;
  bool shard_row_exists = false;
  std::map<CounterId, CounterRow> counters;  ///< rows read or written so far; a cache
  std::shared_ptr<class CommitGroup> last;   ///< the newest prepared group

  void Forget() { *this = ShardChain(); }
};

/// Transactions that become one commit: reads what they need, applies them in order, and holds
/// the resulting writes. Internal to the committer; not thread-safe.
class CommitGroup : public KeyCollector, public GroupContext {
 public:
  CommitGroup(ShardId shard, const TimeZone& zone) : shard_(shard), zone_(zone) {}

  void Adopt(std::shared_ptr<Transaction> transaction) {
    transactions_.push_back(std::move(transaction));
  }
  const std::vector<std::shared_ptr<Transaction>>& transactions() const { return transactions_; }
  std::size_t items() const;

  /// Reads and applies on top of `chain`, and moves `chain` past this group. On an error the
  /// chain is forgotten. May be called again, after a conflict.
  Result<void> Prepare(Engine& engine, const Clock& clock, ShardChain& chain, Deadline deadline);

  const WriteSet& writes() const { return writes_; }
  Version expected() const { return expected_; }
  const std::string& nonce() const { return nonce_; }
  const std::string& feed_key() const { return feed_key_; }

  /// Calls every transaction's Done and lets go of the group before.
  void Finish(const Result<void>& result);
  bool finished() const { return finished_.load(std::memory_order_acquire); }

  std::uint64_t epoch = 0;  ///< of the shard when prepared

  // KeyCollector
  Slot Add(std::string_view key) override;
  // GroupContext
  std::int64_t commit_ms() const override { return commit_ms_; }
  Version version() const override { return expected_ + 1; }
  const std::string_view* Find(Slot slot) const override;
  void Put(Slot slot, std::string_view value) override;
  void Erase(Slot slot) override;
  void Insert(std::string_view key, std::string_view value) override;
  void EraseRange(std::string_view from, std::string_view to) override;
  void Count(const Event& event) override;
  void Feed(const FeedEntry& entry) override { feed_.Add(entry); }
  std::string_view Hold(std::string bytes) override;

 private:
  struct SlotState {
    std::string_view key;
    std::string_view value;
    bool existed = false;  ///< before this group
    bool exists = false;
    bool written = false;
  };
  // Equal events are counted together: a batch has few kinds of them.
  struct Run {
    Event event;
    std::int64_t count = 0;
  };

  void Reset();
  Result<void> ReadSlots(Engine& engine, ShardChain& chain, Deadline deadline);
  void Overlay(const CommitGroup& previous);
  void FlushRuns();
  Result<void> WriteCounters(Engine& engine, ShardChain& chain, Deadline deadline);
  void WriteShardAndFeed(ShardChain& chain);
  void CollectWrites();

  const ShardId shard_;
  const TimeZone& zone_;
  std::vector<std::shared_ptr<Transaction>> transactions_;
  bool collected_ = false;
  std::vector<SlotState> slots_;
  absl::flat_hash_map<std::string_view, Slot> by_key_;
  std::vector<std::optional<std::string>> base_values_;
  std::deque<std::string> held_;
  std::vector<Row> blind_inserts_;
  std::vector<Run> runs_;
  std::map<CounterId, Figures> deltas_;
  FeedRowBuilder feed_;
  WriteSet writes_;
  Version expected_ = 0;
  std::int64_t commit_ms_ = 0;
  std::string nonce_;
  std::string feed_key_;
  std::shared_ptr<CommitGroup> previous_;  ///< its bytes may be seen through slots
  std::atomic<bool> finished_{false};
};

}  // namespace idnode::storage
