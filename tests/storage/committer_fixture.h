#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/committer.h"
#include "storage/key_codec.h"
#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"

namespace idnode::storage {

inline constexpr std::int64_t kNowMs = 1'795'312'800'000;

/// Writes one key with the number of the transaction that got there first.
class Claim : public Transaction {
 public:
  Claim(std::string key, std::string value) : key_(std::move(key)), value_(std::move(value)) {
    deadline = Deadline::max();
    bytes = key_.size() + value_.size();
  }
  void CollectKeys(KeyCollector& keys) override { slot_ = keys.Add(key_); }
  void Apply(GroupContext& group) override {
    ++applied;
    const std::string_view* present = group.Find(slot_);
    won = present == nullptr;
    seen = present == nullptr ? std::string() : std::string(*present);
    version = group.version();
    commit_ms = group.commit_ms();
    if (!won) return;
    group.Put(slot_, value_);
    Event event;
    event.prefix = "88.108.1";
    group.Count(event);
    FeedEntry entry;
    entry.identifier = key_;
    group.Feed(entry);
  }
  void Done(const Result<void>& outcome) override {
    std::lock_guard lock(mutex_);
    result = outcome;
    done_ = true;
    ready_.notify_all();
  }
  Result<void> Wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return done_; });
    return result;
  }
  bool done() {
    std::lock_guard lock(mutex_);
    return done_;
  }

  bool won = false;
  std::string seen;
  std::atomic<int> applied = 0;
  Version version = 0;
  std::int64_t commit_ms = 0;
  Result<void> result;

 private:
  const std::string key_;
  const std::string value_;
  Slot slot_ = 0;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool done_ = false;
};

/// A committer on the memory engine behind faults, on a fake clock.
class CommitterTest : public testing::Test {
 protected:
  explicit CommitterTest(const MemoryEngineBounds& bounds = {})
      : engine_(MakeMemoryEngine(2, bounds)), zone_(*TimeZone::Load("Asia/Shanghai")) {
    Restart({});
  }

  void Restart(CommitterOptions options) {
    committer_ = std::make_unique<Committer>(engine_, clock_, zone_, metrics_, std::move(options));
  }

  std::shared_ptr<Claim> Submit(const std::string& key, const std::string& value,
                                ShardId shard = 0) {
    auto claim = std::make_shared<Claim>(key, value);
    const std::pair<ShardId, std::shared_ptr<Transaction>> part{shard, claim};
    const auto submitted = committer_->Submit({&part, 1});
    EXPECT_TRUE(submitted.ok()) << submitted.error().detail;
    return claim;
  }

  Errc SubmitCode(const std::shared_ptr<Transaction>& transaction) {
    const std::pair<ShardId, std::shared_ptr<Transaction>> part{0, transaction};
    return committer_->Submit({&part, 1}).code();
  }

  Version Head(ShardId shard = 0) {
    const std::array<ShardId, 1> shards = {shard};
    return (*engine_.Heads(shards, Deadline::max()))[0];
  }

  std::int64_t FirstEver() {
    auto counters = CounterStore(engine_).Load(*Month::Parse("2026-11"), Deadline::max());
    EXPECT_TRUE(counters.ok());
    return (*counters)[{*Month::Parse("2026-11"), Dimension::kTotal, ""}].first_ever;
  }

  // Holds one commit and has the next group prepared behind it: what is submitted from here until
  // ReleaseCommits is taken as one group, as far as it fits.
  void Occupy() {
    engine_.HoldCommits();
    occupied_.push_back(Submit("roccupy1", ""));
    engine_.WaitForHeldCommits(1);
    occupied_.push_back(Submit("roccupy2", ""));
    while (occupied_.back()->applied == 0) std::this_thread::yield();
  }

  // Keys told by the feed, which must have no gap; a key told twice is a failure.
  std::set<std::string> FeedKeys() {
    std::set<std::string> keys;
    for (ShardId shard = 0; shard < 2; ++shard) {
      for (Version version = 1; version <= Head(shard); ++version) {
        auto bytes = engine_.Get(shard, FeedKey(version), Deadline::max());
        EXPECT_TRUE(bytes.ok()) << "no feed row " << version;
        if (!bytes.ok()) continue;
        const auto feed = DecodeFeedRow(*bytes);
        for (const auto& entry : feed->entries) EXPECT_TRUE(keys.insert(entry.identifier).second);
      }
    }
    return keys;
  }

  FakeClock clock_{kNowMs};
  Metrics metrics_;
  FaultyEngine engine_;
  TimeZone zone_;
  std::vector<std::shared_ptr<Claim>> occupied_;
  std::unique_ptr<Committer> committer_;
};

}  // namespace idnode::storage
