// What one group may hold, whatever its requests look like.

#include <map>

#include <gtest/gtest.h>

#include "tests/storage/committer_fixture.h"

namespace idnode::storage {
namespace {

constexpr std::size_t kHeldMax = 50'000;
constexpr std::size_t kLargeBytes = 10'000;

// Reads some keys and writes a value of so many bytes to each: a request of a few bytes.
class Rewrite : public Transaction {
 public:
  Rewrite(std::vector<std::string> keys, std::size_t value_bytes)
      : keys_(std::move(keys)), value_bytes_(value_bytes) {
    deadline = Deadline::max();
  }
  void CollectKeys(KeyCollector& keys) override {
    slots_.clear();
    for (const auto& key : keys_) slots_.push_back(keys.Add(key));
  }
  void Apply(GroupContext& group) override {
    ++applied;
    version = group.version();
    for (const auto slot : slots_) group.Put(slot, group.Hold(std::string(value_bytes_, 'x')));
  }
  void Done(const Result<void>& outcome) override {
    std::lock_guard lock(mutex_);
    result_ = outcome;
    done_ = true;
    ready_.notify_all();
  }
  Result<void> Wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return done_; });
    return result_;
  }

  std::atomic<int> applied = 0;
  Version version = 0;

 private:
  const std::vector<std::string> keys_;
  const std::size_t value_bytes_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool done_ = false;
  Result<void> result_;
};

std::vector<std::string> Keys(const std::string& stem, int count) {
  std::vector<std::string> keys;
  for (int n = 0; n < count; ++n) keys.push_back(stem + std::to_string(n));
  return keys;
}

class CommitterBoundsTest : public CommitterTest {
 protected:
  explicit CommitterBoundsTest(const MemoryEngineBounds& bounds = {}) : CommitterTest(bounds) {
    CommitterOptions options;
    options.group_held_bytes_max = kHeldMax;
    Restart(options);
  }

  std::shared_ptr<Rewrite> Change(std::vector<std::string> keys, std::size_t value_bytes) {
    auto change = std::make_shared<Rewrite>(std::move(keys), value_bytes);
    EXPECT_EQ(SubmitCode(change), Errc::kOk);
    return change;
  }

  // Stores large rows, a few a commit.
  void StoreLarge(const std::string& stem, int count) {
    for (const auto& key : Keys(stem, count)) {
      ASSERT_TRUE(Change({key}, kLargeBytes)->Wait().ok());
    }
  }
};

TEST_F(CommitterBoundsTest, APartThatReadsTooMuchIsRefusedAlone) {
  StoreLarge("rL", 6);
  Occupy();
  auto before = Submit("rA", "");
  auto too_large = Change(Keys("rL", 6), 1);
  auto after = Submit("rB", "");
  engine_.ReleaseCommits();
  const auto refused = too_large->Wait();
  ASSERT_EQ(refused.code(), Errc::kBatchTooLarge);
  EXPECT_EQ(refused.error().field, "items");
  EXPECT_NE(refused.error().detail.find("50000 bytes"), std::string::npos)
      << refused.error().detail;
  EXPECT_EQ(too_large->applied, 0);
  EXPECT_TRUE(before->Wait().ok());
  EXPECT_TRUE(after->Wait().ok());
  EXPECT_EQ(engine_.Get(0, "rL0", Deadline::max())->size(), kLargeBytes);
  ASSERT_TRUE(Change(Keys("rL", 4), 1)->Wait().ok()) << "one that fits";
}

TEST_F(CommitterBoundsTest, APartThatWritesTooMuchIsRefusedAlone) {
  Occupy();
  auto before = Submit("rA", "");
  auto too_large = Change(Keys("rL", 5), kLargeBytes);  // with their keys over the bound
  auto after = Submit("rB", "");
  engine_.ReleaseCommits();
  EXPECT_EQ(too_large->Wait().code(), Errc::kBatchTooLarge);
  EXPECT_TRUE(before->Wait().ok());
  EXPECT_TRUE(after->Wait().ok());
  EXPECT_EQ(engine_.Get(0, "rL0", Deadline::max()).code(), Errc::kNotFound);
}

TEST_F(CommitterBoundsTest, AGroupIsClosedBeforeItHoldsTooMuch) {
  StoreLarge("rL", 10);
  const Version head = Head();
  Occupy();
  std::vector<std::shared_ptr<Rewrite>> reading;
  for (int n = 0; n < 10; n += 2) {
    reading.push_back(Change({"rL" + std::to_string(n), "rL" + std::to_string(n + 1)}, 1));
  }
  std::vector<std::shared_ptr<Rewrite>> writing;
  for (const auto& key : Keys("rW", 9)) writing.push_back(Change({key}, kLargeBytes));
  engine_.ReleaseCommits();
  std::map<Version, int> large_rows;
  for (auto& change : reading) {
    ASSERT_TRUE(change->Wait().ok());
    large_rows[change->version] += 2;
  }
  for (auto& change : writing) {
    ASSERT_TRUE(change->Wait().ok());
    large_rows[change->version] += 1;
  }
  for (const auto& [version, rows] : large_rows) EXPECT_LE(rows, 4) << version;
  EXPECT_LE(Head(), head + 8) << "groups are as full as they may be";
  for (std::size_t n = 1; n < writing.size(); ++n) {
    EXPECT_LE(writing[n - 1]->version, writing[n]->version) << "what was left keeps its turn";
  }
}

class SmallEngineTest : public CommitterBoundsTest {
 protected:
  SmallEngineTest() : CommitterBoundsTest({.batch_rows_max = 20, .batch_bytes_max = 30'000}) {}
};

TEST_F(SmallEngineTest, GroupsKeepToTheEnginesRows) {
  Occupy();
  std::vector<std::shared_ptr<Rewrite>> changes;
  for (int n = 0; n < 8; ++n) changes.push_back(Change(Keys("r" + std::to_string(n), 5), 1));
  auto too_large = Change(Keys("rL", 21), 1);
  std::vector<std::shared_ptr<Claim>> claims;  // with counters
  for (const auto& key : Keys("rC", 40)) claims.push_back(Submit(key, ""));
  engine_.ReleaseCommits();
  for (auto& change : changes) EXPECT_TRUE(change->Wait().ok());
  for (auto& claim : claims) EXPECT_TRUE(claim->Wait().ok());
  EXPECT_EQ(too_large->Wait().code(), Errc::kBatchTooLarge);
  EXPECT_EQ(FirstEver(), 42);
}

TEST_F(SmallEngineTest, GroupsKeepToTheEnginesBytes) {
  Occupy();
  std::vector<std::shared_ptr<Rewrite>> changes;
  for (const auto& key : Keys("r", 10)) changes.push_back(Change({key}, kLargeBytes));
  auto too_large = Change(Keys("rL", 3), kLargeBytes);
  engine_.ReleaseCommits();
  for (auto& change : changes) EXPECT_TRUE(change->Wait().ok());
  EXPECT_EQ(too_large->Wait().code(), Errc::kBatchTooLarge);
}

TEST_F(CommitterBoundsTest, WhatTheEngineCallsTooLargeIsHalvedUntilItFits) {
  Occupy();
  engine_.ScriptCommits({CommitFault::kNone, CommitFault::kNone, CommitFault::kBatchTooLarge,
                         CommitFault::kBatchTooLarge, CommitFault::kBatchTooLarge});
  std::vector<std::shared_ptr<Claim>> claims;
  for (const auto& key : Keys("r", 4)) claims.push_back(Submit(key, "1"));
  engine_.ReleaseCommits();
  EXPECT_EQ(claims[0]->Wait().code(), Errc::kBatchTooLarge) << "too large even alone";
  for (std::size_t n = 1; n < claims.size(); ++n) {
    ASSERT_TRUE(claims[n]->Wait().ok()) << n;
    EXPECT_TRUE(claims[n]->won);
  }
  EXPECT_EQ(FirstEver(), 5);
  EXPECT_EQ(FeedKeys().size(), 5u);
}

}  // namespace
}  // namespace idnode::storage
