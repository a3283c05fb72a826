#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "node/base/time_zone.h"
#include "storage/committer.h"
#include "storage/counters.h"
#include "storage/engine.h"
#include "storage/feed_row.h"

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

/// What one group may hold, from CommitterOptions and the engine's Capabilities.
struct GroupBounds {
  std::size_t held_bytes_max = 0;     ///< keys and values, read and written
  std::size_t written_bytes_max = 0;  ///< keys and values in the WriteSet
  std::size_t written_rows_max = 0;

  static GroupBounds Of(const CommitterOptions& options, const Capabilities& capabilities);
};

/// Transactions that become one commit: reads what they need, applies them in order, and holds
/// the resulting writes. Internal to the committer; not thread-safe.
class CommitGroup : public KeyCollector, public GroupContext {
 public:
  CommitGroup(ShardId shard, const TimeZone& zone, const GroupBounds& bounds)
      : shard_(shard), zone_(zone), bounds_(bounds) {}

  void Adopt(std::shared_ptr<Transaction> transaction) {
    transactions_.push_back(std::move(transaction));
  }
  const std::vector<std::shared_ptr<Transaction>>& transactions() const { return transactions_; }
  std::size_t items() const;

  /// Reads and applies on top of `chain`, and moves `chain` past this group. On an error the
  /// chain is forgotten. May be called again, after a conflict. Transactions that cannot be part
  /// of it leave the group (TakeRefused, TakeLeft); where none stays, nothing is to be committed
  /// and the chain is where it was.
  Result<void> Prepare(Engine& engine, const TrustedTimeFn& time, ShardChain& chain,
                       Deadline deadline);

  /// Keeps the first half of the transactions; the others leave the group. Prepare again after.
  void Halve();

  struct Refusal {
    std::shared_ptr<Transaction> transaction;
    Error error;
  };
  /// Transactions that failed by themselves since the last call: the clock is not trusted, or too
  /// large alone.
  std::vector<Refusal> TakeRefused() { return std::exchange(refused_, {}); }
  /// Transactions, in their order, that found no room in this group since the last call.
  std::vector<std::shared_ptr<Transaction>> TakeLeft() { return std::exchange(left_, {}); }

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
  Slot AddLate(std::string key) override;
  void Insert(std::string_view key, std::string_view value) override;
  void Count(const Event& event) override;
  void Feed(const FeedEntry& entry) override;
  std::uint64_t first_ever() const override { return first_ever_; }
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
  void DropLateSlots();
  void RefuseForTime(const Error& error);
  void Keep(std::size_t count);
  bool Fits() const;
  Result<std::size_t> PrepareFitting(Engine& engine, const Result<std::int64_t>& now,
                                     ShardChain& chain, Deadline deadline);
  Result<std::size_t> ReadSlots(Engine& engine, ShardChain& chain, Deadline deadline);
  Result<void> ReadChain(Engine& engine, ShardChain& chain, Deadline deadline);
  void Overlay(const CommitGroup& previous);
  static void Overlay(const CommitGroup& previous, SlotState& slot);
  void ReadLate(SlotState& slot);
  void FlushRuns();
  Result<void> WriteCounters(Engine& engine, ShardChain& chain, Deadline deadline);
  void WriteShardAndFeed(ShardChain& chain);
  void CollectWrites();

  const ShardId shard_;
  const TimeZone& zone_;
  const GroupBounds bounds_;
  std::vector<std::shared_ptr<Transaction>> transactions_;
  std::vector<Refusal> refused_;
  std::vector<std::shared_ptr<Transaction>> left_;
  bool collected_ = false;
  std::vector<std::size_t> slot_ends_;  ///< slots there were after each transaction's CollectKeys
  std::size_t read_bytes_ = 0;
  std::size_t written_bytes_ = 0;  ///< records, history and feed entries; counters not yet
  std::size_t written_rows_ = 0;
  std::vector<SlotState> slots_;
  absl::flat_hash_map<std::string_view, Slot> by_key_;
  std::vector<std::optional<std::string>> base_values_;
  // Of slots that were added while applying. They stay where they are: slots point into them.
  std::deque<std::string> late_values_;
  std::optional<Error> late_error_;
  Engine* reading_ = nullptr;  ///< while transactions apply
  Version read_version_max_ = 0;
  Deadline read_deadline_{};
  std::deque<std::string> held_;
  std::vector<Row> blind_inserts_;
  std::vector<Run> runs_;
  std::map<CounterId, Figures> deltas_;
  FeedRowBuilder feed_;
  std::uint64_t first_ever_ = 0;
  WriteSet writes_;
  Version expected_ = 0;
  std::int64_t commit_ms_ = 0;
  std::string nonce_;
  std::string feed_key_;
  std::shared_ptr<CommitGroup> previous_;  ///< its bytes may be seen through slots
  std::atomic<bool> finished_{false};
};

}  // namespace idnode::storage
