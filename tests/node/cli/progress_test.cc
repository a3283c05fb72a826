#include "node/cli/progress.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace idnode::cli {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kAnyWallMs = 1'790'000'000'000;

TEST(ProgressTest, SecondsReadAsPeopleSayThem) {
  EXPECT_EQ(FormatSeconds(-3, Language::kEnglish), "0 s");
  EXPECT_EQ(FormatSeconds(59, Language::kEnglish), "59 s");
  EXPECT_EQ(FormatSeconds(60, Language::kEnglish), "1 min 00 s");
  EXPECT_EQ(FormatSeconds(3599, Language::kEnglish), "59 min 59 s");
  EXPECT_EQ(FormatSeconds(3600, Language::kEnglish), "1 h 00 min");
  EXPECT_EQ(FormatSeconds(7830, Language::kChinese), "2 小时 10 分");
}

TEST(ProgressTest, BarIsFullAtTheEndOnly) {
  EXPECT_EQ(Bar(0, 10, 4), "[....]");
  EXPECT_EQ(Bar(5, 10, 4), "[##..]");
  EXPECT_EQ(Bar(999'999, 1'000'000, 4), "[###.]");
  EXPECT_EQ(Bar(10, 10, 4), "[####]");
  EXPECT_EQ(Bar(20, 10, 4), "[####]");
  EXPECT_EQ(Bar(1, 0, 4), "[....]");
}

TEST(ProgressTest, RateAndRemainingTimeAreOfThisRun) {
  ProgressState state;
  state.units_total = 1000;
  state.units_start = 200;
  state.units_done = 400;
  state.rows_start = 1'000;
  state.rows_done = 3'000;
  state.elapsed_s = 2;
  EXPECT_EQ(ProgressText(state, false, Language::kEnglish),
            "40 %  3,000 rows, 1,000 rows/s, 7 s left");
  EXPECT_THAT(ProgressText(state, true, Language::kEnglish),
              HasSubstr("[#########...............] 40 %"));
  EXPECT_EQ(ProgressText(state, false, Language::kChinese),
            "40 %  3,000 行，1,000 行/秒，剩余 7 秒");
  state.units_done = 1000;
  EXPECT_THAT(ProgressText(state, false, Language::kEnglish), HasSubstr("100 %"));
  EXPECT_THAT(ProgressText(state, false, Language::kEnglish), HasSubstr(", 0 s left"));
}

TEST(ProgressTest, WithoutAnEndThereIsNoRemainingTime) {
  ProgressState state;
  state.rows_done = 10;
  state.elapsed_s = 1;
  EXPECT_EQ(ProgressText(state, true, Language::kEnglish), "10 rows, 10 rows/s");
}

TEST(ProgressTest, LinesEveryTenSecondsBesideTerminals) {
  FakeClock clock(kAnyWallMs);
  std::ostringstream err;
  Progress progress(err, false, Language::kEnglish, clock);
  ProgressState start;
  start.units_total = 100;
  progress.Start(start);
  progress.Update(10, 1);
  clock.AdvanceMs(9'999);
  progress.Update(20, 2);
  EXPECT_EQ(err.str(), "");
  clock.AdvanceMs(1);
  progress.Update(50, 5);
  EXPECT_EQ(err.str(), "50 %  5 rows, 0 rows/s, 11 s left\n");
  progress.Update(60, 6);
  EXPECT_EQ(err.str(), "50 %  5 rows, 0 rows/s, 11 s left\n");
}

TEST(ProgressTest, TerminalLineIsRewrittenAndClearedForTalk) {
  FakeClock clock(kAnyWallMs);
  std::ostringstream err;
  Progress progress(err, true, Language::kEnglish, clock);
  clock.AdvanceMs(200);
  progress.Update(0, 5);
  EXPECT_EQ(err.str(), "\r5 rows, 10 rows/s\x1b[K");
  progress.Say("hello");
  EXPECT_EQ(err.str(), "\r5 rows, 10 rows/s\x1b[K\r\x1b[Khello\n");
}

}  // namespace
}  // namespace idnode::cli
