// The time of commits while the wall clock is not trusted (design §6, Clock).

#include <atomic>

#include <gtest/gtest.h>

#include "tests/storage/committer_fixture.h"

namespace idnode::storage {
namespace {

constexpr std::int64_t kYearMs = 365LL * 86'400'000;

class CommitterTimeTest : public CommitterTest {
 protected:
  CommitterTimeTest() {
    CommitterOptions options;
    options.trusted_time = [this]() -> Result<std::int64_t> {
      if (!trusted_) return Error(Errc::kClockUntrusted, "the clock is wrong");
      return clock_.WallMs();
    };
    Restart(options);
  }
  ~CommitterTimeTest() override { committer_.reset(); }  // it asks `trusted_`

  void BreakClock() {
    clock_.SetWallMs(kNowMs + kYearMs);
    trusted_ = false;
  }

  std::shared_ptr<Claim> SubmitAnyTime(const std::string& key) {
    auto claim = std::make_shared<Claim>(key, "");
    claim->any_time = true;
    EXPECT_EQ(SubmitCode(claim), Errc::kOk);
    return claim;
  }

  std::int64_t Last() { return *committer_->LastCommitMs(Deadline::max()); }

  std::atomic<bool> trusted_ = true;
};

TEST_F(CommitterTimeTest, NothingMovesTimeWhileTheClockIsWrong) {
  ASSERT_TRUE(Submit("rA", "")->Wait().ok());
  BreakClock();
  auto refused = Submit("rB", "");
  EXPECT_EQ(refused->Wait().code(), Errc::kClockUntrusted);
  EXPECT_EQ(refused->applied, 0);
  EXPECT_EQ(committer_->Nudge(0, clock_.After(std::chrono::seconds(30))).code(),
            Errc::kClockUntrusted);
  EXPECT_EQ(Head(), 1u) << "what is refused commits nothing";
  auto any = SubmitAnyTime("rC");
  ASSERT_TRUE(any->Wait().ok());
  EXPECT_EQ(any->commit_ms, kNowMs) << "the shard's last time";
  EXPECT_EQ(Last(), kNowMs);
}

TEST_F(CommitterTimeTest, TimeGoesOnOnceTheClockIsTrusted) {
  ASSERT_TRUE(Submit("rA", "")->Wait().ok());
  BreakClock();
  ASSERT_TRUE(SubmitAnyTime("rB")->Wait().ok());
  trusted_ = true;  // the operator accepted it
  auto after = Submit("rC", "");
  ASSERT_TRUE(after->Wait().ok());
  EXPECT_EQ(after->commit_ms, kNowMs + kYearMs);
}

TEST_F(CommitterTimeTest, InOneGroupOnlyThoseThatNeedTimeAreRefused) {
  Occupy();
  auto plain = Submit("rA", "");
  auto any = SubmitAnyTime("rB");
  auto advancing = std::make_shared<Claim>("rC", "");
  advancing->advance_time = advancing->any_time = true;
  ASSERT_EQ(SubmitCode(advancing), Errc::kOk);
  BreakClock();
  engine_.ReleaseCommits();
  EXPECT_EQ(plain->Wait().code(), Errc::kClockUntrusted);
  EXPECT_EQ(advancing->Wait().code(), Errc::kClockUntrusted) << "nothing advances, asked or not";
  ASSERT_TRUE(any->Wait().ok());
  EXPECT_EQ(any->commit_ms, kNowMs);
  for (auto& claim : occupied_) EXPECT_TRUE(claim->Wait().ok()) << "prepared in time";
  EXPECT_EQ(FeedKeys(), (std::set<std::string>{"roccupy1", "roccupy2", "rB"}));
}

TEST_F(CommitterTimeTest, TimeIsAskedAgainWhenAGroupIsPreparedAgain) {
  engine_.ScriptCommits({CommitFault::kConflict});
  engine_.HoldCommits();
  auto claim = Submit("rA", "");
  engine_.WaitForHeldCommits(1);
  BreakClock();
  engine_.ReleaseCommits();
  EXPECT_EQ(claim->Wait().code(), Errc::kClockUntrusted);
  EXPECT_EQ(Head(), 0u);
  trusted_ = true;
  EXPECT_TRUE(Submit("rA", "")->Wait().ok()) << "the shard goes on";
}

TEST_F(CommitterTimeTest, AnEmptyShardHasNoTimeToGoOnFrom) {
  BreakClock();
  auto any = SubmitAnyTime("rA");
  ASSERT_TRUE(any->Wait().ok());
  EXPECT_EQ(any->commit_ms, 0);
  EXPECT_EQ(Last(), 0);
}

}  // namespace
}  // namespace idnode::storage
