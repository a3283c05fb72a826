#include "node/base/metrics.h"

#include <gtest/gtest.h>

namespace idnode {
namespace {

TEST(MetricsTest, ExposesWhatWasObserved) {
  const auto metrics = MakePrometheusMetrics();
  metrics->GetCounter("idnode_test_total", "Tests", {{"kind", "a"}}).Add(3);
  metrics->GetHistogram("idnode_test_seconds", "Durations").Observe(0.001);
  metrics->AddGauge("idnode_test_depth", "Depth", {}, [] { return 7.0; });
  const std::string text = metrics->Expose();
  EXPECT_NE(text.find("idnode_test_total{kind=\"a\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("idnode_test_seconds_count 1"), std::string::npos) << text;
  EXPECT_NE(text.find("idnode_test_depth 7"), std::string::npos) << text;
}

TEST(MetricsTest, TheSameNameAndLabelsAreOneCounter) {
  const auto metrics = MakePrometheusMetrics();
  metrics->GetCounter("idnode_test_total", "Tests").Add();
  metrics->GetCounter("idnode_test_total", "Tests").Add();
  EXPECT_NE(metrics->Expose().find("idnode_test_total 2"), std::string::npos);
}

TEST(MetricsTest, TheBaseIsInert) {
  Metrics inert;
  inert.GetCounter("a", "b").Add();
  inert.GetHistogram("a", "b").Observe(1);
  EXPECT_EQ(inert.Expose(), "");
}

}  // namespace
}  // namespace idnode
