#include "storage/committer.h"

#include <array>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/storage/committer_fixture.h"

namespace idnode::storage {
namespace {

TEST_F(CommitterTest, OneTransactionBecomesDurableWithItsCounterAndFeed) {
  auto claim = Submit("rA", "1");
  ASSERT_TRUE(claim->Wait().ok());
  EXPECT_TRUE(claim->won);
  EXPECT_EQ(claim->version, 1u);
  EXPECT_EQ(claim->commit_ms, kNowMs);
  EXPECT_EQ(*engine_.Get(0, "rA", Deadline::max()), "1");
  EXPECT_EQ(FirstEver(), 1);
  EXPECT_EQ(FeedKeys(), std::set<std::string>{"rA"});
  EXPECT_EQ(*committer_->LastCommitMs(Deadline::max()), kNowMs);
}

TEST_F(CommitterTest, WhatQueuesBehindACommitBecomesOneGroupAndSeesIt) {
  engine_.HoldCommits();
  auto first = Submit("rA", "first");
  engine_.WaitForHeldCommits(1);
  // Prepared while the first is being made durable, on top of its writes.
  auto second = Submit("rA", "second");
  std::vector<std::shared_ptr<Claim>> more;
  for (int n = 0; n < 50; ++n) more.push_back(Submit("rB" + std::to_string(n % 10), "x"));
  EXPECT_FALSE(first->done());
  EXPECT_FALSE(second->done()) << "acknowledged before it is durable";
  engine_.ReleaseCommits();
  ASSERT_TRUE(first->Wait().ok());
  ASSERT_TRUE(second->Wait().ok());
  EXPECT_TRUE(first->won);
  EXPECT_FALSE(second->won);
  EXPECT_EQ(second->seen, "first");
  int won = 0;
  for (auto& claim : more) {
    ASSERT_TRUE(claim->Wait().ok());
    won += claim->won ? 1 : 0;
  }
  EXPECT_EQ(won, 10);
  EXPECT_EQ(FirstEver(), 11);
  EXPECT_LE(Head(), 4u) << "52 transactions took few commits";
}

TEST_F(CommitterTest, AConflictIsPreparedAgain) {
  engine_.ScriptCommits({CommitFault::kConflict, CommitFault::kConflict});
  auto claim = Submit("rA", "1");
  ASSERT_TRUE(claim->Wait().ok());
  EXPECT_EQ(claim->applied, 3);
  EXPECT_EQ(FirstEver(), 1);
}

TEST_F(CommitterTest, AnotherWriterIsFoundOutAndRespected) {
  ASSERT_TRUE(Submit("rA", "1")->Wait().ok());
  // Another node on the same store, with a committer of its own.
  Committer other(engine_, clock_, zone_, metrics_, {});
  auto theirs = std::make_shared<Claim>("rB", "theirs");
  const std::pair<ShardId, std::shared_ptr<Transaction>> part{0, theirs};
  ASSERT_TRUE(other.Submit({&part, 1}).ok());
  ASSERT_TRUE(theirs->Wait().ok());
  auto ours = Submit("rB", "ours");
  ASSERT_TRUE(ours->Wait().ok());
  EXPECT_FALSE(ours->won);
  EXPECT_EQ(ours->seen, "theirs");
  EXPECT_EQ(FirstEver(), 2);
}

TEST_F(CommitterTest, UnknownIsLookedUpAndCountedOnce) {
  for (const auto fault : {CommitFault::kUnknownApplied, CommitFault::kUnknownLost,
                           CommitFault::kUnknownAppliedLater}) {
    engine_.ScriptCommits({fault});
    const std::string key = "r" + std::to_string(static_cast<int>(fault));
    auto claim = Submit(key, "1");
    ASSERT_TRUE(claim->Wait().ok()) << key;
    engine_.ApplyLateCommits();
    EXPECT_TRUE(claim->won) << key;
  }
  EXPECT_EQ(FirstEver(), 3);
  EXPECT_EQ(FeedKeys().size(), 3u);
  EXPECT_EQ(Head(), 3u);
}

TEST_F(CommitterTest, AnErrorWritesNothingAndTheNextOneWorks) {
  engine_.ScriptCommits({CommitFault::kUnavailable, CommitFault::kStorageFull});
  EXPECT_EQ(Submit("rA", "1")->Wait().code(), Errc::kUnavailable);
  EXPECT_EQ(Submit("rA", "2")->Wait().code(), Errc::kStorageFull);
  auto third = Submit("rA", "3");
  ASSERT_TRUE(third->Wait().ok());
  EXPECT_TRUE(third->won);
  EXPECT_EQ(FirstEver(), 1);
}

TEST_F(CommitterTest, AGroupPreparedOnAFailedOneIsPreparedAgain) {
  engine_.HoldCommits();
  engine_.ScriptCommits({CommitFault::kUnavailable});
  auto first = Submit("rA", "first");
  engine_.WaitForHeldCommits(1);
  auto second = Submit("rA", "second");
  while (second->applied == 0) std::this_thread::yield();
  engine_.ReleaseCommits();
  EXPECT_EQ(first->Wait().code(), Errc::kUnavailable);
  ASSERT_TRUE(second->Wait().ok());
  EXPECT_TRUE(second->won) << "what it saw was never committed";
  EXPECT_EQ(*engine_.Get(0, "rA", Deadline::max()), "second");
  EXPECT_EQ(FirstEver(), 1);
}

TEST_F(CommitterTest, AReadThatFailsFailsItsGroupOnly) {
  engine_.ScriptReads({ReadFault::kUnavailable});
  EXPECT_EQ(Submit("rA", "1")->Wait().code(), Errc::kUnavailable);
  EXPECT_TRUE(Submit("rA", "1")->Wait().ok());
}

TEST_F(CommitterTest, QueueBoundsHoldAtTheUnit) {
  CommitterOptions options;
  options.queue_items_max = 5;
  options.queue_bytes_max = 1000;
  Restart(options);
  engine_.HoldCommits();
  auto large = std::make_shared<Claim>("rlarge", "");
  large->items = 50;  // alone it may pass any bound
  EXPECT_EQ(SubmitCode(large), Errc::kOk);
  EXPECT_EQ(SubmitCode(std::make_shared<Claim>("rx", "")), Errc::kOverloaded);
  engine_.ReleaseCommits();
  ASSERT_TRUE(large->Wait().ok());
  while (committer_->QueuedItems() != 0) std::this_thread::yield();
  engine_.HoldCommits();
  std::vector<std::shared_ptr<Claim>> accepted;
  for (int n = 0; n < 5; ++n) {
    accepted.push_back(std::make_shared<Claim>("r" + std::to_string(n), ""));
    accepted.back()->bytes = 200;
    EXPECT_EQ(SubmitCode(accepted.back()), Errc::kOk) << n;
  }
  EXPECT_EQ(SubmitCode(std::make_shared<Claim>("r6", "")), Errc::kOverloaded);
  EXPECT_EQ(committer_->QueuedItems(), 5u);
  engine_.ReleaseCommits();
  for (auto& claim : accepted) EXPECT_TRUE(claim->Wait().ok());
  while (committer_->QueuedItems() != 0) std::this_thread::yield();
  engine_.HoldCommits();
  auto heavy = std::make_shared<Claim>("rheavy", "");
  heavy->bytes = 1000;
  EXPECT_EQ(SubmitCode(heavy), Errc::kOk);
  EXPECT_EQ(SubmitCode(std::make_shared<Claim>("r7", "")), Errc::kOverloaded) << "bytes count too";
  engine_.ReleaseCommits();
  EXPECT_TRUE(heavy->Wait().ok());
}

TEST_F(CommitterTest, ABatchGetsRoomInAllItsShardsOrInNone) {
  CommitterOptions options;
  options.queue_items_max = 1;
  Restart(options);
  engine_.HoldCommits();
  auto blocking = Submit("rA", "", 1);
  auto in_free = std::make_shared<Claim>("rB", "");
  auto in_full = std::make_shared<Claim>("rC", "");
  const std::array<std::pair<ShardId, std::shared_ptr<Transaction>>, 2> parts = {
      {{0, in_free}, {1, in_full}}};
  EXPECT_EQ(committer_->Submit(parts).code(), Errc::kOverloaded);
  EXPECT_EQ(committer_->QueuedItems(), 1u);
  engine_.ReleaseCommits();
  ASSERT_TRUE(blocking->Wait().ok());
  EXPECT_EQ(in_free->applied, 0);
}

TEST_F(CommitterTest, WhatIsLateInTheQueueIsNotStarted) {
  engine_.HoldCommits();
  auto first = Submit("rA", "");
  engine_.WaitForHeldCommits(1);
  auto second = Submit("rB", "");  // occupies the preparer
  while (second->applied == 0) std::this_thread::yield();
  auto late = std::make_shared<Claim>("rC", "");
  late->deadline = clock_.Monotonic() + std::chrono::milliseconds(5);
  ASSERT_EQ(SubmitCode(late), Errc::kOk);
  clock_.AdvanceMs(6);
  engine_.ReleaseCommits();
  EXPECT_EQ(late->Wait().code(), Errc::kDeadlineExceeded);
  EXPECT_EQ(late->applied, 0);
  EXPECT_TRUE(second->Wait().ok());
}

TEST_F(CommitterTest, NudgeMovesTimeOn) {
  ASSERT_TRUE(Submit("rA", "")->Wait().ok());
  const auto first = committer_->Nudge(0, clock_.After(std::chrono::seconds(30)));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->first, 2u);
  EXPECT_EQ(first->second, kNowMs + 1) << "later than every commit before it";
  const auto second = committer_->Nudge(0, clock_.After(std::chrono::seconds(30)));
  EXPECT_EQ(second->second, kNowMs + 2);
  auto after = Submit("rB", "");
  ASSERT_TRUE(after->Wait().ok());
  EXPECT_EQ(after->commit_ms, kNowMs + 2);
}

TEST_F(CommitterTest, DrainFinishesWhatIsQueuedAndTakesNothingNew) {
  std::vector<std::shared_ptr<Claim>> claims;
  for (int n = 0; n < 100; ++n) claims.push_back(Submit("r" + std::to_string(n), ""));
  committer_->Drain(clock_.After(std::chrono::seconds(60)));
  for (auto& claim : claims) EXPECT_TRUE(claim->result.ok());
  EXPECT_EQ(FirstEver(), 100);
  EXPECT_EQ(SubmitCode(std::make_shared<Claim>("rlate", "")), Errc::kShuttingDown);
}

TEST_F(CommitterTest, GroupsKeepTheirBounds) {
  CommitterOptions options;
  options.group_items_max = 10;
  Restart(options);
  engine_.HoldCommits();
  std::vector<std::shared_ptr<Claim>> claims;
  for (int n = 0; n < 100; ++n) claims.push_back(Submit("r" + std::to_string(n), ""));
  engine_.ReleaseCommits();
  std::map<Version, int> per_group;
  for (auto& claim : claims) {
    ASSERT_TRUE(claim->Wait().ok());
    ++per_group[claim->version];
  }
  for (const auto& [version, count] : per_group) EXPECT_LE(count, 10);
  EXPECT_GE(per_group.size(), 10u);
}

// While the outcome of a commit is looked up, a store that answers "conflict" and shows no other
// commit is asked at intervals and not for ever.
TEST_F(CommitterTest, ALookUpThatMeetsConflictsEndsInTime) {
  engine_.ScriptCommits({CommitFault::kUnknownLost});
  FaultRates rates;
  rates.commit_conflict = 1;
  engine_.Randomize(1, rates);
  auto claim = Submit("rA", "1");
  while (engine_.commits() < 3) std::this_thread::yield();
  clock_.AdvanceMs(31'000);
  EXPECT_EQ(claim->Wait().code(), Errc::kUndetermined);
  engine_.StopFaults();
  EXPECT_TRUE(Submit("rA", "2")->Wait().ok());
}

TEST_F(CommitterTest, AnIdleShardKeepsNothingOfItsLastGroup) {
  auto claim = Submit("rA", "1");
  ASSERT_TRUE(claim->Wait().ok());
  const std::weak_ptr<Claim> kept = claim;
  claim.reset();
  committer_->Drain(clock_.After(std::chrono::seconds(60)));  // its threads are done after this
  EXPECT_TRUE(kept.expired());
}

// Everything at once: two committers on one store, several threads, random faults. Every key is
// won at most once over all, and exactly once where anyone was told so.
TEST_F(CommitterTest, ExactUnderRandomFaultsAndTwoWriters) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  FaultRates rates;
  rates.commit_unavailable = 0.02;
  rates.commit_conflict = 0.05;
  rates.commit_unknown_applied = 0.05;
  rates.commit_unknown_lost = 0.05;
  rates.commit_unknown_applied_later = 0.05;
  rates.read_unavailable = 0.02;
  engine_.Randomize(seed, rates);
  Committer other(engine_, clock_, zone_, metrics_, {});
  std::mutex mutex;
  std::map<std::string, int> won;
  std::set<std::string> undetermined;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(static_cast<unsigned>(seed) + static_cast<unsigned>(thread));
      Committer& committer = thread % 2 == 0 ? *committer_ : other;
      for (int n = 0; n < 400; ++n) {
        const std::string key = "r" + std::to_string(random() % 300);
        const ShardId shard = static_cast<ShardId>(key.size() % 2);
        auto claim = std::make_shared<Claim>(key, std::to_string(thread));
        const std::pair<ShardId, std::shared_ptr<Transaction>> part{shard, claim};
        ASSERT_TRUE(committer.Submit({&part, 1}).ok());
        const auto result = claim->Wait();
        clock_.AdvanceMs(1);
        std::lock_guard lock(mutex);
        if (result.ok() && claim->won) ++won[key];
        if (result.code() == Errc::kUndetermined) undetermined.insert(key);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  engine_.StopFaults();
  engine_.ApplyLateCommits();
  EXPECT_GT(engine_.faulted_commits(), 0u);
  const auto keys = FeedKeys();
  EXPECT_EQ(FirstEver(), static_cast<std::int64_t>(keys.size()));
  for (const auto& [key, times] : won) {
    EXPECT_EQ(times, 1) << key;
    EXPECT_TRUE(keys.contains(key)) << key << " was acknowledged and is not there";
  }
  for (const auto& key : keys) {
    EXPECT_TRUE(won.contains(key) || undetermined.contains(key)) << key << " appeared from nowhere";
  }
}

// Counts what it is told to.
class Counting : public Claim {
 public:
  explicit Counting(std::vector<Event> events)
      : Claim("rcounting", ""), events_(std::move(events)) {}
  void Apply(GroupContext& group) override {
    Claim::Apply(group);
    for (const Event& event : events_) group.Count(event);
  }

 private:
  const std::vector<Event> events_;
};

// Events are counted in runs of equal ones: a field that a run overlooked would count its events
// under the value of another.
TEST_F(CommitterTest, EventsThatDifferInOneFieldCountApart) {
  Event plain;
  plain.prefix = "88.108.1";
  std::vector<Event> events(9, plain);
  events[1].prefix = "88.108.2";
  events[2].application = "erp";
  events[3].object_class = "product";
  events[4].template_ref = "shoe@2";
  events[5].source_address = "192.0.2.1";
  events[6].industry = "C1952";
  events[7].region = "440100";
  events[8].has_attributes = true;
  for (int i = 0; i < 8; ++i) {  // again, so that each finds its run behind others
    const Event again = events[static_cast<std::size_t>(i)];
    events.push_back(again);
  }
  const auto counting = std::make_shared<Counting>(events);
  ASSERT_EQ(SubmitCode(counting), Errc::kOk);
  ASSERT_TRUE(counting->Wait().ok());
  const Month month = *Month::Parse("2026-11");
  auto counters = *CounterStore(engine_).Load(month, Deadline::max());
  const auto count = [&](Dimension dimension, const char* value) {
    return counters[{month, dimension, value}].first_ever;
  };
  EXPECT_EQ(count(Dimension::kEnterprisePrefix, "88.108.2"), 2);
  EXPECT_EQ(count(Dimension::kApplication, "erp"), 2);
  EXPECT_EQ(count(Dimension::kObjectClass, "product"), 2);
  EXPECT_EQ(count(Dimension::kTemplate, "shoe@2"), 2);
  EXPECT_EQ(count(Dimension::kSourceAddress, "192.0.2.1"), 2);
  EXPECT_EQ(count(Dimension::kIndustry, "C1952"), 2);
  EXPECT_EQ(count(Dimension::kRegion, "440100"), 2);
  EXPECT_EQ(count(Dimension::kAttributes, "with"), 1);
  const auto all = static_cast<std::int64_t>(events.size()) + 1;  // with the claim's own
  std::map<Dimension, std::int64_t> sums;
  for (const auto& [id, figures] : counters) sums[id.dimension] += figures.first_ever;
  for (const auto& row : Dimensions()) EXPECT_EQ(sums[row.dimension], all) << row.name;
}

}  // namespace
}  // namespace idnode::storage
