#include "node/service/clock_guard.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace idnode::service
