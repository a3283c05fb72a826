#include "bench/load/wire_scan.h"

#include <string>

#include <gtest/gtest.h>

#include "idnode/v1/registration.pb.h"
#include "idnode/v1/resolution.pb.h"

namespace idnode::bench {
namespace {

v1::BatchRegisterResponse Sample() {
  v1::BatchRegisterResponse response;
  response.set_request_id("bench-1-2");
  for (int outcome = 0; outcome < v1::Outcome_ARRAYSIZE; ++outcome) {
    for (int i = 0; i <= outcome; ++i) {
      v1::ItemResult* result = response.add_results();
      result->set_identifier("88.108.1001/SN" + std::to_string(i));
      result->set_outcome(static_cast<v1::Outcome>(outcome));
    }
  }
  response.mutable_results(3)->set_detail("why");
  return response;
}

TEST(WireScanTest, CountsEveryOutcome) {
  const v1::BatchRegisterResponse response = Sample();
  BatchAnswer answer;
  ASSERT_TRUE(ScanBatchResponse(response.SerializeAsString(), answer));
  EXPECT_FALSE(answer.refused);
  EXPECT_EQ(answer.items, static_cast<std::uint64_t>(response.results_size()));
  for (std::size_t outcome = 0; outcome < v1::Outcome_ARRAYSIZE; ++outcome) {
    EXPECT_EQ(answer.outcomes[outcome], outcome + 1);
  }
  EXPECT_EQ(answer.detail, "why");
}

TEST(WireScanTest, CountsOutcomesItDoesNotKnowApart) {
  v1::BatchRegisterResponse response;
  response.add_results()->set_outcome(static_cast<v1::Outcome>(99));
  BatchAnswer answer;
  ASSERT_TRUE(ScanBatchResponse(response.SerializeAsString(), answer));
  EXPECT_EQ(answer.outcomes.back(), 1U);
}

TEST(WireScanTest, ReadsRefusals) {
  v1::BatchRegisterResponse response;
  response.mutable_error()->set_slug("overloaded");
  response.mutable_error()->set_detail("the queue is full");
  response.mutable_error()->set_retry_after_ms(1'000);
  BatchAnswer answer;
  ASSERT_TRUE(ScanBatchResponse(response.SerializeAsString(), answer));
  EXPECT_TRUE(answer.refused);
  EXPECT_EQ(answer.slug, "overloaded");
  EXPECT_EQ(answer.detail, "the queue is full");
  EXPECT_EQ(answer.retry_after_ms, 1'000U);
}

TEST(WireScanTest, AgreesWithProtobufOnEveryCut) {
  const std::string bytes = Sample().SerializeAsString();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    v1::BatchRegisterResponse parsed;
    BatchAnswer answer;
    const bool whole = parsed.ParseFromString(cut);
    EXPECT_EQ(ScanBatchResponse(cut, answer), whole) << size;
    if (whole) {
      EXPECT_EQ(answer.items, static_cast<std::uint64_t>(parsed.results_size()));
    }
  }
}

TEST(WireScanTest, FindsTheResolvedIdentifier) {
  v1::ResolveResponse response;
  EXPECT_TRUE(ScanResolvedIdentifier(response.SerializeAsString()).empty());
  response.mutable_record()->set_identifier("88.108.1001/SN1");
  response.mutable_record()->set_object_class("product");
  const std::string bytes = response.SerializeAsString();
  EXPECT_EQ(ScanResolvedIdentifier(bytes), "88.108.1001/SN1");
  EXPECT_TRUE(ScanResolvedIdentifier("\xff\xff").empty());
}

}  // namespace
}  // namespace idnode::bench
