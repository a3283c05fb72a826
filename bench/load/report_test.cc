#include "bench/load/report.h"

#include <chrono>
#include <set>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "bench/load/bench_run.h"
#include "bench/load/latency.h"
#include "bench/load/progress.h"

namespace idnode::bench {
namespace {

Figure Sample() {
  Figure figure;
  figure.name = "register/\"quoted\"";
  figure.value = 150'000;
  figure.unit = "registrations/s";
  figure.baseline = 300'000;
  figure.floor = 0.5;
  figure.aim = 0.9;
  figure.goal_of_ratio = true;
  return figure;
}

TEST(ReportTest, JsonHasExactlyThePromisedKeys) {
  Figure bare;
  bare.name = "start";
  bare.value = 0.0125;
  bare.unit = "s";
  const auto json = boost::json::parse(FiguresJson({Sample(), bare})).as_array();
  ASSERT_EQ(json.size(), 2U);
  for (const auto& entry : json) {
    EXPECT_EQ(entry.as_object().size(), 5U);
    for (const char* key : {"name", "value", "unit", "baseline", "ratio"}) {
      EXPECT_TRUE(entry.as_object().contains(key)) << key;
    }
  }
  EXPECT_EQ(json[0].at("name").as_string(), "register/\"quoted\"");
  EXPECT_EQ(json[0].at("ratio").to_number<double>(), 0.5);
  EXPECT_EQ(json[1].at("value").to_number<double>(), 0.0125);
  EXPECT_TRUE(json[1].at("baseline").is_null());
  EXPECT_TRUE(json[1].at("ratio").is_null());
  EXPECT_TRUE(boost::json::parse(FiguresJson({})).as_array().empty());
}

TEST(ReportTest, MetComparesAtTheBoundary) {
  Figure figure = Sample();
  EXPECT_EQ(figure.Met(), "floor");
  figure.value = 149'999;
  EXPECT_EQ(figure.Met(), "no");
  figure.value = 270'000;
  EXPECT_EQ(figure.Met(), "aim");
  figure.lower_is_better = true;
  EXPECT_EQ(figure.Met(), "aim");  // 0.9 is as low as asked for
  figure.baseline.reset();
  EXPECT_EQ(figure.Met(), "");
}

TEST(ReportTest, NumbersHaveNoExponent) {
  EXPECT_EQ(FormatNumber(15'000'000), "15000000");
  EXPECT_EQ(FormatNumber(302'417.6), "302418");
  EXPECT_EQ(FormatNumber(0), "0");
  EXPECT_EQ(FormatNumber(4.7123), "4.712");
  EXPECT_EQ(FormatNumber(0.000123456), "0.0001235");
}

TEST(ReportTest, MedianIsTheMiddle) {
  EXPECT_EQ(Median({3}), 3);
  EXPECT_EQ(Median({9, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
}

TEST(ReportTest, TableSaysWhatWasMet) {
  const std::string table = FiguresTable({Sample()});
  EXPECT_NE(table.find("registrations/s"), std::string::npos);
  EXPECT_NE(table.find("0.5000"), std::string::npos);
  EXPECT_NE(table.find("floor"), std::string::npos);
}

TEST(LatencyHistogramTest, PercentilesAreExactToASixtyFourth) {
  using std::chrono::microseconds;
  LatencyHistogram latency;
  EXPECT_EQ(latency.PercentileMs(50), 0);
  for (int us = 1; us <= 100'000; ++us) latency.Add(microseconds(us));
  EXPECT_NEAR(latency.PercentileMs(50), 50.0, 50.0 / 64);
  EXPECT_NEAR(latency.PercentileMs(99), 99.0, 99.0 / 64);
  LatencyHistogram other;
  other.Add(microseconds(63));
  EXPECT_EQ(other.PercentileMs(100), 0.063);
  other.Add(std::chrono::hours(10));  // beyond its range: counts as the longest
  EXPECT_GT(other.PercentileMs(100), 60.0 * 60 * 1000);
  other.Merge(latency);
  EXPECT_EQ(other.count(), 100'002U);
}

TEST(ProgressTest, LineHasRateAndRemainingTime) {
  EXPECT_EQ(Progress::Line("load", 500, 1'000, 2.0),
            "load [###############...............] 50% 500, 250/s, 2 s left");
  EXPECT_EQ(Progress::Line("load", 1'000, 1'000, 2.0),
            "load [##############################] 100% 1000, 500/s");
  EXPECT_EQ(Progress::Line("load", 7, 0, 0), "load 7, 0/s");
}

TEST(CountNameTest, IsShortWhereItCanBe) {
  EXPECT_EQ(CountName(15'000'000), "15m");
  EXPECT_EQ(CountName(300'000), "300k");
  EXPECT_EQ(CountName(1'234), "1234");
  EXPECT_EQ(CountName(999), "999");
}

TEST(ScenariosTest, NamesAreDistinctInBothSizes) {
  for (const Sizes& sizes : {Sizes(), Sizes::Quick()}) {
    std::set<std::string> names;
    for (const Scenario& scenario : AllScenarios(sizes)) {
      EXPECT_TRUE(names.insert(scenario.name).second) << scenario.name;
    }
    EXPECT_GE(names.size(), 30U);
  }
}

}  // namespace
}  // namespace idnode::bench
