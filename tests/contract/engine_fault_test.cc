// FaultyEngine does what its faults say, and a client that follows the contract survives them all.

#include <atomic>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "engine_under_test.h"
#include "storage/testing/faulty_engine.h"

namespace idnode::storage {
namespace {

class FaultyEngineTest : public testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    engine_ = std::make_unique<FaultyEngine>(GetParam().open(dir_.path() + "/store", 2));
  }
  Result<CommitStatus> Commit(Version expected, const Writes& writes) {
    return engine_->Commit(0, expected, writes.set(), kNoDeadline);
  }
  // Without side effects: Get does not start what was put off.
  std::string Value(std::string_view key) { return GetText(*engine_, 0, key); }

  TempDir dir_;
  std::unique_ptr<FaultyEngine> engine_;
};

TEST_P(FaultyEngineTest, ErrorsAndConflictsWriteNothing) {
  engine_->ScriptCommits(
      {CommitFault::kUnavailable, CommitFault::kStorageFull, CommitFault::kConflict});
  const Writes writes = Writes().Insert("r1", "one");
  EXPECT_EQ(Commit(0, writes).code(), Errc::kUnavailable);
  EXPECT_EQ(Commit(0, writes).code(), Errc::kStorageFull);
  const auto conflict = Commit(0, writes);
  ASSERT_TRUE(conflict.ok());
  EXPECT_EQ(*conflict, CommitStatus::kConflict);
  EXPECT_EQ(Value("r1"), "-");
  EXPECT_EQ(HeadOf(*engine_, 0), 0U);
  MustCommit(*engine_, 0, 0, writes);  // the script is at its end
  EXPECT_EQ(engine_->commits(), 4U);
  EXPECT_EQ(engine_->faulted_commits(), 3U);
}

TEST_P(FaultyEngineTest, UnknownIsWrittenOrLost) {
  engine_->ScriptCommits({CommitFault::kUnknownLost, CommitFault::kUnknownApplied});
  const auto lost = Commit(0, Writes().Insert("r1", "one"));
  ASSERT_TRUE(lost.ok());
  EXPECT_EQ(*lost, CommitStatus::kUnknown);
  EXPECT_EQ(Value("r1"), "-");
  const auto applied = Commit(0, Writes().Insert("r1", "one"));
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(*applied, CommitStatus::kUnknown);
  EXPECT_EQ(Value("r1"), "one");
  EXPECT_EQ(HeadOf(*engine_, 0), 1U);
}

TEST_P(FaultyEngineTest, LateCommitComesAfterTheNextRead) {
  engine_->ScriptCommits({CommitFault::kUnknownAppliedLater});
  {
    // The bytes are the caller's only until Commit returns.
    const Writes writes = Writes().Insert("r1", std::string(200, 'x')).DeleteRange("q", "r");
    ASSERT_EQ(*Commit(0, writes), CommitStatus::kUnknown);
  }
  EXPECT_EQ(Value("r1"), "-");
  const std::vector<std::string_view> keys = {"r1"};
  const auto other = engine_->Read(1, keys, kNoDeadline);  // of another shard: does not count
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(Value("r1"), "-");
  const auto before = engine_->Read(0, keys, kNoDeadline);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before->version, 0U);
  EXPECT_FALSE(before->values[0].has_value());
  const auto after = engine_->Read(0, keys, kNoDeadline);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->version, 1U);
  EXPECT_EQ(after->values[0], std::string(200, 'x'));
}

TEST_P(FaultyEngineTest, LateCommitMeetsTheCommitThatCameBetween) {
  engine_->ScriptCommits({CommitFault::kUnknownAppliedLater});
  ASSERT_EQ(*Commit(0, Writes().Insert("r1", "late")), CommitStatus::kUnknown);
  MustCommit(*engine_, 0, 0, Writes().Insert("r2", "between"));
  EXPECT_EQ(Value("r1"), "-");  // its version was taken
  EXPECT_EQ(HeadOf(*engine_, 0), 1U);
}

TEST_P(FaultyEngineTest, LateCommitsCanBeAppliedByHand) {
  engine_->ScriptCommits({CommitFault::kUnknownAppliedLater});
  ASSERT_EQ(*Commit(0, Writes().Insert("r1", "late")), CommitStatus::kUnknown);
  engine_->ApplyLateCommits();
  EXPECT_EQ(Value("r1"), "late");
}

TEST_P(FaultyEngineTest, ReadFaultsMeetEveryKindOfRead) {
  MustCommit(*engine_, 0, 0, Writes().Insert("r1", "one"));
  engine_->ScriptReads({ReadFault::kUnavailable, ReadFault::kDeadlineExceeded,
                        ReadFault::kCorruption, ReadFault::kUnavailable, ReadFault::kUnavailable,
                        ReadFault::kNone});
  const std::vector<std::string_view> keys = {"r1"};
  const std::vector<ShardId> shards = {0};
  std::string value;
  EXPECT_EQ(engine_->Read(0, keys, kNoDeadline).code(), Errc::kUnavailable);
  EXPECT_EQ(engine_->GetInto(0, "r1", value, kNoDeadline).code(), Errc::kDeadlineExceeded);
  EXPECT_EQ(engine_->MultiGet(0, keys, kNoDeadline).code(), Errc::kCorruption);
  EXPECT_EQ(engine_->Scan(0, "", "", 1, false, kNoDeadline).code(), Errc::kUnavailable);
  EXPECT_EQ(engine_->Heads(shards, kNoDeadline).code(), Errc::kUnavailable);
  EXPECT_EQ(Value("r1"), "one");
}

TEST_P(FaultyEngineTest, StorageFullStopsCommitsAndNotReads) {
  MustCommit(*engine_, 0, 0, Writes().Insert("r1", "one"));
  engine_->SetStorageFull(true);
  EXPECT_EQ(Commit(1, Writes().Insert("r2", "two")).code(), Errc::kStorageFull);
  EXPECT_FALSE(engine_->Health().writable);
  EXPECT_NE(engine_->Health().detail, "");
  EXPECT_EQ(Value("r1"), "one");
  engine_->SetStorageFull(false);
  EXPECT_TRUE(engine_->Health().writable);
  MustCommit(*engine_, 0, 1, Writes().Insert("r2", "two"));
}

TEST_P(FaultyEngineTest, HeldCommitsWaitForTheLatch) {
  engine_->HoldCommits();
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (ShardId shard = 0; shard < 2; ++shard) {
    threads.emplace_back([&, shard] {
      MustCommit(*engine_, shard, 0, Writes().Insert("r1", "one"));
      ++done;
    });
  }
  engine_->WaitForHeldCommits(2);
  EXPECT_EQ(done, 0);
  EXPECT_EQ(Value("r1"), "-");
  engine_->ReleaseCommits();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Value("r1"), "one");
}

TEST_P(FaultyEngineTest, EqualSeedsGiveEqualFaults) {
  FaultRates rates;
  rates.commit_unavailable = 0.3;
  rates.commit_conflict = 0.2;
  rates.commit_unknown_lost = 0.2;
  const auto run = [&] {
    engine_->Randomize(99, rates);
    std::string outcomes;
    for (int i = 0; i < 50; ++i) {
      const auto status = Commit(HeadOf(*engine_, 0), Writes());
      outcomes += status.ok() ? static_cast<char>('0' + static_cast<int>(*status)) : 'e';
    }
    return outcomes;
  };
  const std::string first = run();
  EXPECT_EQ(run(), first);
  for (const char kind : {'0', '1', '2', 'e'}) {
    EXPECT_NE(first.find(kind), std::string::npos) << first;
  }
  engine_->StopFaults();
  MustCommit(*engine_, 0, HeadOf(*engine_, 0), Writes());
}

// The client of the contract, at its simplest: add one to a counter, with a feed row at the new
// version that tells by its nonce whose commit that was.
class CountingClient {
 public:
  CountingClient(Engine& engine, int number) : engine_(engine), number_(number) {}

  // Adds one, whatever it takes.
  void AddOne() {
    const std::string nonce = std::to_string(number_) + "/" + std::to_string(added_);
    for (;;) {
      const std::vector<std::string_view> keys = {"ccount"};
      const auto read = engine_.Read(0, keys, kNoDeadline);
      if (!read.ok()) continue;
      const int count = read->values[0].has_value() ? std::stoi(*read->values[0]) : 0;
      const Writes writes = Writes()
                                .Update("ccount", std::to_string(count + 1))
                                .Insert(FeedKeyOf(read->version + 1), nonce);
      if (CommitOrLearn(read->version, writes, nonce)) break;
    }
    ++added_;
  }

 private:
  static std::string FeedKeyOf(Version version) {
    std::string digits = std::to_string(version);
    return "f" + std::string(20 - digits.size(), '0') + digits;
  }

  // True when the commit is in; false when another one has its place.
  bool CommitOrLearn(Version expected, const Writes& writes, const std::string& nonce) {
    const std::string feed_key = FeedKeyOf(expected + 1);
    bool open = false;  // a try of ours may still come in
    for (;;) {
      const auto status = engine_.Commit(0, expected, writes.set(), kNoDeadline);
      if (!status.ok()) {
        if (!open) return false;
        continue;
      }
      if (*status == CommitStatus::kCommitted) return true;
      if (*status == CommitStatus::kConflict && !open) return false;
      open = true;
      const auto row = engine_.Get(0, feed_key, kNoDeadline);
      if (row.ok()) return *row == nonce;
    }
  }

  Engine& engine_;
  const int number_;
  int added_ = 0;
};

TEST_P(FaultyEngineTest, ACountStaysExactUnderEveryFault) {
  constexpr std::uint64_t kSeed = 4242;
  constexpr int kClients = 3;
  constexpr int kAddsEach = 60;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  FaultRates rates;
  rates.commit_unavailable = 0.1;
  rates.commit_conflict = 0.1;
  rates.commit_unknown_applied = 0.15;
  rates.commit_unknown_lost = 0.1;
  rates.commit_unknown_applied_later = 0.15;
  rates.read_unavailable = 0.1;
  engine_->Randomize(kSeed, rates);
  std::vector<std::thread> threads;
  for (int number = 0; number < kClients; ++number) {
    threads.emplace_back([&, number] {
      CountingClient client(*engine_, number);
      for (int i = 0; i < kAddsEach; ++i) client.AddOne();
    });
  }
  for (auto& thread : threads) thread.join();
  engine_->StopFaults();
  engine_->ApplyLateCommits();
  EXPECT_EQ(Value("ccount"), std::to_string(kClients * kAddsEach));
  EXPECT_EQ(HeadOf(*engine_, 0), Version{kClients * kAddsEach});
  const auto feed = engine_->Scan(0, "f", "g", 10'000, false, kNoDeadline);
  ASSERT_TRUE(feed.ok());
  EXPECT_EQ(feed->size(), std::size_t{kClients * kAddsEach});
  EXPECT_GT(engine_->faulted_commits(), 0U);
}

INSTANTIATE_TEST_SUITE_P(OverEngines, FaultyEngineTest, testing::Values(Memory(), RocksDb()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace idnode::storage
