#include "node/base/time_zone.h"

#include <gtest/gtest.h>

namespace idnode {
namespace {

// 2026-11-30T16:00:00Z is the first instant of December in Shanghai.
constexpr std::int64_t kDecemberInShanghaiMs = 1'796'054'400'000;

TEST(TimeZoneTest, MonthChangesAtLocalMidnight) {
  const auto zone = TimeZone::Load("Asia/Shanghai");
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(FormatUtcMs(kDecemberInShanghaiMs), "2026-11-30T16:00:00.000Z");
  EXPECT_EQ(zone->MonthOf(kDecemberInShanghaiMs - 1).Text(), "2026-11");
  EXPECT_EQ(zone->MonthOf(kDecemberInShanghaiMs).Text(), "2026-12");
  EXPECT_EQ(zone->DayOf(kDecemberInShanghaiMs - 1).Text(), "2026-11-30");
  EXPECT_EQ(zone->DayOf(kDecemberInShanghaiMs).Text(), "2026-12-01");
  EXPECT_EQ(zone->StartMs(*Month::Parse("2026-12")), kDecemberInShanghaiMs);
}

TEST(TimeZoneTest, StartAndMonthAgreeForEveryMonthOfACentury) {
  for (const char* name : {"Asia/Shanghai", "UTC", "America/Sao_Paulo", "Pacific/Apia"}) {
    const auto zone = TimeZone::Load(name);
    ASSERT_TRUE(zone.ok()) << name;
    for (int number = 1970 * 12 + 1; number < 2070 * 12; ++number) {
      const std::int64_t start = zone->StartMs(Month{number});
      EXPECT_EQ(zone->MonthOf(start).number, number) << name;
      EXPECT_EQ(zone->MonthOf(start - 1).number, number - 1) << name;
    }
  }
}

TEST(TimeZoneTest, RefusesUnknownZone) {
  const auto zone = TimeZone::Load("Asia/Atlantis");
  ASSERT_FALSE(zone.ok());
  EXPECT_NE(zone.error().detail.find("Asia/Atlantis"), std::string::npos);
}

TEST(TimeZoneTest, ParsesMonths) {
  EXPECT_EQ(Month::Parse("2026-11")->Text(), "2026-11");
  EXPECT_EQ(Month::Parse("1970-01")->number, 1970 * 12);
  for (const char* bad : {"", "2026", "2026-00", "2026-13", "26-11", "2026-1", "2026/11", "1969-12",
                          "2026-11 ", "２０２６-11"}) {
    EXPECT_EQ(Month::Parse(bad).code(), Errc::kInvalidRequest) << bad;
  }
}

TEST(TimeZoneTest, FormatsUtcLikeTheLibrary) {
  for (const std::int64_t second :
       {0L, 951'782'400L, 951'868'799L, 4'102'444'799L, 1'795'000'000L}) {
    const time_t time = second;
    tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.123Z", &parts);
    EXPECT_EQ(FormatUtcMs(second * 1000 + 123), text);
  }
}

}  // namespace
}  // namespace idnode
