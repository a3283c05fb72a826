// Spans and points in time as people write them.
#include "node/cli/time_option.h"

#include <gtest/gtest.h>

namespace idnode::cli {
namespace {

constexpr std::int64_t kNow = 1'795'000'000'000;

TEST(ParseSpanTest, UnitsAndBounds) {
  EXPECT_EQ(ParseSpan("0")->count(), 0);
  EXPECT_EQ(ParseSpan("45s")->count(), 45);
  EXPECT_EQ(ParseSpan("30m")->count(), 1'800);
  EXPECT_EQ(ParseSpan("12h")->count(), 43'200);
  EXPECT_EQ(ParseSpan("90d")->count(), 7'776'000);
  EXPECT_EQ(ParseSpan("2w")->count(), 1'209'600);
  EXPECT_EQ(ParseSpan("36500d")->count(), kSpanMax.count());
  for (const char* bad : {"", "d", "90", "-1d", "1.5h", "9y", "90 d", "36501d",
                          "9223372036854775807w", "99999999999999999999s"}) {
    EXPECT_EQ(ParseSpan(bad).code(), Errc::kInvalidRequest) << bad;
  }
}

TEST(ParseInstantTest, DatesAreOfBeijing) {
  EXPECT_EQ(*ParseInstant("1970-01-02", kNow), 16 * 3'600'000);
  EXPECT_EQ(*ParseInstant("2027-01-31", kNow), 1'801'324'800'000);
  EXPECT_EQ(*ParseInstant("2024-02-29", kNow), 1'709'136'000'000);
  EXPECT_EQ(ParseInstant("2023-02-29", kNow).code(), Errc::kInvalidRequest);
  EXPECT_EQ(ParseInstant("1969-12-31", kNow).code(), Errc::kInvalidRequest);
}

TEST(ParseInstantTest, TimesCarryTheirZone) {
  EXPECT_EQ(*ParseInstant("2027-01-31T00:00:00+08:00", kNow), 1'801'324'800'000);
  EXPECT_EQ(*ParseInstant("2027-01-30T16:00:00Z", kNow), 1'801'324'800'000);
  EXPECT_EQ(*ParseInstant("2027-01-30t16:00:00.1234Z", kNow), 1'801'324'800'123);
  EXPECT_EQ(*ParseInstant("2027-01-30 11:30:00-04:30", kNow), 1'801'324'800'000);
  for (const char* bad :
       {"2027-01-30T16:00:00", "2027-01-30T24:00:00Z", "2027-01-30T16:60:00Z",
        "2027-1-30T16:00:00Z", "2027-01-30T16:00:00.Z", "2027-01-30T16:00:00+8:00",
        "2027-01-30X16:00:00Z", "tomorrow", "2027-01-30T16:00:00ZZ", "2027/01/30"}) {
    EXPECT_EQ(ParseInstant(bad, kNow).code(), Errc::kInvalidRequest) << bad;
  }
}

TEST(ParseInstantTest, SpansAreFromNowOnOrAgo) {
  EXPECT_EQ(*ParseInstant("1h", kNow), kNow + 3'600'000);
  EXPECT_EQ(*ParseInstant("1h", kNow, true), kNow - 3'600'000);
}

}  // namespace
}  // namespace idnode::cli
