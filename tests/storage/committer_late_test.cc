// Keys that become known only while a transaction is applied.
#include <gtest/gtest.h>

#include "tests/storage/committer_fixture.h"

namespace idnode::storage {
namespace {

// As Claim, but names its key only when it is applied.
class LateClaim : public Claim {
 public:
  LateClaim(std::string key, std::string value)
      : Claim("runused", ""), late_key_(std::move(key)), late_value_(std::move(value)) {}
  void CollectKeys(KeyCollector&) override {}
  void Apply(GroupContext& group) override {
    ++applied;
    const Slot slot = group.AddLate(late_key_);
    const std::string_view* present = group.Find(slot);
    won = present == nullptr;
    seen = present == nullptr ? std::string() : std::string(*present);
    if (won) group.Put(slot, late_value_);
    EXPECT_EQ(group.AddLate(late_key_), slot);
  }

 private:
  const std::string late_key_;
  const std::string late_value_;
};

class CommitterLateTest : public CommitterTest {
 protected:
  std::shared_ptr<LateClaim> SubmitLate(const std::string& key, const std::string& value) {
    auto claim = std::make_shared<LateClaim>(key, value);
    EXPECT_EQ(SubmitCode(claim), Errc::kOk);
    return claim;
  }
};

TEST_F(CommitterLateTest, ReadsWhatIsStoredAndWrites) {
  ASSERT_TRUE(Submit("xA", "stored")->Wait().ok());
  auto taken = SubmitLate("xA", "late");
  auto free = SubmitLate("xB", "late");
  ASSERT_TRUE(taken->Wait().ok());
  ASSERT_TRUE(free->Wait().ok());
  EXPECT_FALSE(taken->won);
  EXPECT_EQ(taken->seen, "stored");
  EXPECT_TRUE(free->won);
  EXPECT_EQ(*engine_.Get(0, "xB", Deadline::max()), "late");
}

TEST_F(CommitterLateTest, ATransactionOfTheGroupSeesThoseBefore) {
  Occupy();
  auto first = Submit("xA", "collected");
  auto second = SubmitLate("xA", "late");
  auto third = SubmitLate("xB", "first");
  auto fourth = SubmitLate("xB", "second");
  engine_.ReleaseCommits();
  for (const auto& claim : {first, std::shared_ptr<Claim>(second), std::shared_ptr<Claim>(third),
                            std::shared_ptr<Claim>(fourth)}) {
    ASSERT_TRUE(claim->Wait().ok());
  }
  EXPECT_EQ(second->seen, "collected");
  EXPECT_TRUE(third->won);
  EXPECT_EQ(fourth->seen, "first");
  EXPECT_EQ(*engine_.Get(0, "xB", Deadline::max()), "first");
}

TEST_F(CommitterLateTest, AGroupSeesTheOneThatIsBeingMadeDurable) {
  ASSERT_TRUE(Submit("xwarm", "")->Wait().ok());
  engine_.HoldCommits();
  auto first = SubmitLate("xA", "first");
  engine_.WaitForHeldCommits(1);
  auto second = SubmitLate("xA", "second");
  while (second->applied == 0) std::this_thread::yield();
  engine_.ReleaseCommits();
  ASSERT_TRUE(first->Wait().ok());
  ASSERT_TRUE(second->Wait().ok());
  EXPECT_TRUE(first->won);
  EXPECT_EQ(second->seen, "first");
}

TEST_F(CommitterLateTest, AConflictIsPreparedAgain) {
  ASSERT_TRUE(Submit("xwarm", "")->Wait().ok());
  engine_.ScriptCommits({CommitFault::kConflict, CommitFault::kConflict});
  auto claim = SubmitLate("xA", "1");
  ASSERT_TRUE(claim->Wait().ok());
  EXPECT_EQ(claim->applied, 3);
  EXPECT_TRUE(claim->won);
  EXPECT_EQ(*engine_.Get(0, "xA", Deadline::max()), "1");
}

TEST_F(CommitterLateTest, AnotherWriterIsFoundOutAndRespected) {
  ASSERT_TRUE(Submit("xwarm", "")->Wait().ok());
  Committer other(engine_, clock_, zone_, metrics_, {});
  auto theirs = std::make_shared<Claim>("xA", "theirs");
  const std::pair<ShardId, std::shared_ptr<Transaction>> part{0, theirs};
  ASSERT_TRUE(other.Submit({&part, 1}).ok());
  ASSERT_TRUE(theirs->Wait().ok());
  auto ours = SubmitLate("xA", "ours");
  ASSERT_TRUE(ours->Wait().ok());
  EXPECT_EQ(ours->seen, "theirs");
  EXPECT_EQ(*engine_.Get(0, "xA", Deadline::max()), "theirs");
}

TEST_F(CommitterLateTest, WhatCannotBeReadIsNotCommitted) {
  ASSERT_TRUE(Submit("xwarm", "")->Wait().ok());
  ASSERT_TRUE(Submit("xA", "stored")->Wait().ok());
  engine_.ScriptReads({ReadFault::kUnavailable});
  auto claim = SubmitLate("xA", "late");
  EXPECT_EQ(claim->Wait().code(), Errc::kUnavailable);
  EXPECT_EQ(*engine_.Get(0, "xA", Deadline::max()), "stored");
  auto again = SubmitLate("xA", "late");
  ASSERT_TRUE(again->Wait().ok());
  EXPECT_EQ(again->seen, "stored");
}

// The group is lost with the first read that fails: no other is tried, and holds up the shard.
class LateClaims : public Claim {
 public:
  LateClaims() : Claim("runused", "") {}
  void CollectKeys(KeyCollector&) override {}
  void Apply(GroupContext& group) override {
    for (const char* key : {"xA", "xB", "xC"}) group.Put(group.AddLate(key), "late");
  }
};

TEST_F(CommitterLateTest, AfterAReadThatFailedNoneIsTried) {
  ASSERT_TRUE(Submit("xwarm", "")->Wait().ok());
  engine_.ScriptReads({ReadFault::kUnavailable, ReadFault::kCorruption});
  auto claims = std::make_shared<LateClaims>();
  EXPECT_EQ(SubmitCode(claims), Errc::kOk);
  EXPECT_EQ(claims->Wait().code(), Errc::kUnavailable);
  EXPECT_EQ(engine_.Get(0, "xA", Deadline::max()).code(), Errc::kCorruption) << "not yet met";
}

}  // namespace
}  // namespace idnode::storage
