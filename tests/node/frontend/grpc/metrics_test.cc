#include <string>

#include <gtest/gtest.h>

#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

// The value of the sample whose line starts with `sample`; -1 where there is none.
double SampleOf(Metrics& metrics, const std::string& sample) {
  const std::string text = metrics.Expose();
  const auto at = text.find("\n" + sample + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size() + 2));
}

std::string Requests(const std::string& operation, const std::string& code) {
  return "idnode_requests_total{code=\"" + code + "\",face=\"grpc\",operation=\"" + operation +
         "\"}";
}

std::string Seconds(const std::string& operation) {
  return "idnode_request_seconds_count{face=\"grpc\",operation=\"" + operation + "\"}";
}

TEST(GrpcMetricsTest, CountsCallsByOperationAndCode) {
  GrpcNode node;
  EXPECT_EQ(SampleOf(*node.metrics, Seconds("BatchRegister")), 0);
  ASSERT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
  ASSERT_EQ(node.Register("88.108.1001/B"), v1::REGISTERED);
  grpc::ClientContext context;
  v1::BatchRegisterResponse response;
  EXPECT_FALSE(
      node.registration->BatchRegister(&context, RegisterRequest({"88.108.1001/A"}), &response)
          .ok());
  EXPECT_EQ(SampleOf(*node.metrics, Requests("BatchRegister", "ok")), 2);
  EXPECT_EQ(SampleOf(*node.metrics, Requests("BatchRegister", "unauthenticated")), 1);
  EXPECT_EQ(SampleOf(*node.metrics, Seconds("BatchRegister")), 3);
}

TEST(GrpcMetricsTest, CountsEachBatchOfAStream) {
  GrpcNode node;
  grpc::ClientContext context;
  node.Authorize(context);
  auto stream = node.registration->RegisterStream(&context);
  v1::BatchRegisterResponse response;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->Write(RegisterRequest({"88.108.1001/" + std::to_string(i)})));
    ASSERT_TRUE(stream->Read(&response));
  }
  ASSERT_TRUE(stream->Write(v1::BatchRegisterRequest()));
  ASSERT_TRUE(stream->Read(&response));
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(SampleOf(*node.metrics, Requests("RegisterStream", "ok")), 3);
  EXPECT_EQ(SampleOf(*node.metrics, Requests("RegisterStream", "invalid-request")), 1);
}

}  // namespace
}  // namespace idnode::frontend
