#include "node/service/clock_guard.h"

#include <future>

#include <gtest/gtest.h>

#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;

TEST(ClockGuardTest, TrustsAClockThatRunsOn) {
  FakeClock clock(kTestNowMs);
  ClockGuard guard(clock, {});
  guard.Start(kTestNowMs - 30 * kDayMs);
  EXPECT_TRUE(guard.Check().ok());
  clock.AdvanceMs(400 * kDayMs);
  EXPECT_TRUE(guard.Check().ok());
}

TEST(ClockGuardTest, DriftOfMoreThanFiveMinutesStops) {
  for (const std::int64_t sign : {1, -1}) {
    FakeClock clock(kTestNowMs);
    ClockGuard guard(clock, {});
    guard.Start(0);
    clock.SetWallMs(kTestNowMs + sign * 5 * kMinuteMs);
    EXPECT_TRUE(guard.Check().ok());
    clock.SetWallMs(kTestNowMs + sign * (5 * kMinuteMs + 1));
    EXPECT_EQ(guard.Check().code(), Errc::kClockUntrusted);
    clock.SetWallMs(kTestNowMs);
    EXPECT_TRUE(guard.Check().ok()) << "it agrees again";
  }
}

TEST(ClockGuardTest, StartComparesWithTheStoresTime) {
  FakeClock clock(kTestNowMs);
  ClockGuard guard(clock, {});
  guard.Start(kTestNowMs - 31 * kDayMs);
  EXPECT_TRUE(guard.Check().ok());
  guard.Start(kTestNowMs - 31 * kDayMs - 1);
  EXPECT_EQ(guard.Check().code(), Errc::kClockUntrusted);
  guard.Start(kTestNowMs + 5 * kMinuteMs);
  EXPECT_TRUE(guard.Check().ok());
  guard.Start(kTestNowMs + 5 * kMinuteMs + 1);
  const auto checked = guard.Check();
  ASSERT_EQ(checked.code(), Errc::kClockUntrusted);
  EXPECT_NE(checked.error().detail.find("idnode clock accept"), std::string::npos);
}

TEST(ClockGuardTest, TheOperatorsWordIsTaken) {
  FakeClock clock(kTestNowMs);
  ClockGuard guard(clock, {});
  guard.Start(kTestNowMs - 365 * kDayMs);
  ASSERT_FALSE(guard.Check().ok());
  guard.Accept();
  EXPECT_TRUE(guard.Check().ok());
  clock.SetWallMs(kTestNowMs + kDayMs);
  EXPECT_FALSE(guard.Check().ok()) << "what was accepted is that clock, not any";
}

constexpr std::int64_t kYearMs = 365 * kDayMs;

TEST(ClockGuardTest, GivesTheTimeItChecked) {
  FakeClock clock(kTestNowMs);
  ClockGuard guard(clock, {});
  guard.Start(0);
  EXPECT_EQ(*guard.TrustedMs(), kTestNowMs);
  clock.SetWallMs(kTestNowMs + kDayMs);
  EXPECT_EQ(guard.TrustedMs().code(), Errc::kClockUntrusted);
}

// Whatever commits, not registration alone.
TEST(ClockGuardTest, NoCommitCarriesAWrongClockIntoTheStore) {
  TestNode node;
  ASSERT_EQ(node.Register("88.108.1/a").outcome, Outcome::kRegistered);
  node.clock.SetWallMs(kTestNowMs + kYearMs);
  EXPECT_TRUE(node.writer->Put("mnote", "x", node.Soon()).ok()) << "the operator can work";
  EXPECT_TRUE(
      node.access
          ->CreateApplication(node.Operator(), AnApplication("erp", {"88.108.1"}), node.Soon())
          .ok());
  EXPECT_EQ(node.volume->Recount(*node.operator_caller(), "2026-11", nullptr).code(),
            Errc::kClockUntrusted);
  EXPECT_EQ(node.committer->Nudge(0, node.Soon()).code(), Errc::kClockUntrusted);
  EXPECT_EQ(*node.committer->LastCommitMs(node.Soon()), kTestNowMs);
  node.clock_guard->Accept();
  node.ExpectRecountEqual("2026-11");
  EXPECT_EQ(node.Register("88.108.1/b").outcome, Outcome::kRegistered);
  EXPECT_EQ(node.Volume("2027-11").first_ever, 1);
}

// The clock goes wrong between the check of a batch and the choice of its commit's time.
TEST(ClockGuardTest, ABatchThatWasTakenBeforeTheClockWentWrongIsRefused) {
  TestNodeOptions options;
  auto faulty = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(1));
  auto& engine = *faulty;
  options.given_engine = std::move(faulty);
  TestNode node(std::move(options));
  std::vector<std::future<Result<BatchResult>>> answers;
  const auto submit = [&](const std::string& identifier) {
    auto batch = node.registration->NewBatch(node.operator_caller(), {}, 1, 1);
    (*batch)->AddRegister({identifier, {}});
    auto promise = std::make_shared<std::promise<Result<BatchResult>>>();
    answers.push_back(promise->get_future());
    node.registration->Submit(
        std::move(*batch), node.Soon(),
        [promise](Result<BatchResult> result) { promise->set_value(std::move(result)); });
  };
  engine.ScriptCommits({storage::CommitFault::kConflict});
  engine.HoldCommits();
  submit("88.108.1/a");
  engine.WaitForHeldCommits(1);
  node.clock.SetWallMs(kTestNowMs + kYearMs);
  engine.ReleaseCommits();
  EXPECT_EQ(answers[0].get().code(), Errc::kClockUntrusted);
  node.clock.SetWallMs(kTestNowMs);
  EXPECT_EQ(node.Volume("2027-11").registrations, 0);
  EXPECT_EQ(node.Register("88.108.1/a").outcome, Outcome::kRegistered);
}

}  // namespace
}  // namespace idnode::service
