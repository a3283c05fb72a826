// The clients against a small server of the same contract, and against the baselines.
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "bench/load/latency_client.h"
#include "bench/load/register_client.h"
#include "bench/load/register_session.h"
#include "idnode/v1/registration.grpc.pb.h"

namespace idnode::bench {
namespace {

constexpr const char* kToken = "secret";

/// Registers in memory; can refuse or drop batches now and then.
class FakeNode : public v1::RegistrationService::Service {
 public:
  FakeNode() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeNode() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  std::size_t registered() {
    std::lock_guard lock(mutex_);
    return identifiers_.size();
  }

  int refuse_every = 0;     ///< every so many batches: "overloaded"
  int drop_at = 0;          ///< the stream breaks at this batch, once
  bool wrong_size = false;  ///< one result too few

  grpc::Status BatchRegister(grpc::ServerContext* context, const v1::BatchRegisterRequest* request,
                             v1::BatchRegisterResponse* response) override {
    if (!Authorised(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "no token"};
    bool drop = false;
    if (!Answer(*request, *response, drop)) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "overloaded"};
    }
    return grpc::Status::OK;
  }

  grpc::Status RegisterStream(grpc::ServerContext* context,
                              grpc::ServerReaderWriter<v1::BatchRegisterResponse,
                                                       v1::BatchRegisterRequest>* stream) override {
    if (!Authorised(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "no token"};
    v1::BatchRegisterRequest request;
    while (stream->Read(&request)) {
      v1::BatchRegisterResponse response;
      bool drop = false;
      if (!Answer(request, response, drop)) response.mutable_error()->set_slug("overloaded");
      // Registered, but the answer is lost.
      if (drop) return {grpc::StatusCode::UNAVAILABLE, "broken"};
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

 private:
  static bool Authorised(const grpc::ServerContext& context) {
    const auto found = context.client_metadata().find("authorization");
    return found != context.client_metadata().end() &&
           found->second == std::string("Bearer ") + kToken;
  }

  bool Answer(const v1::BatchRegisterRequest& request, v1::BatchRegisterResponse& response,
              bool& drop) {
    std::lock_guard lock(mutex_);
    ++seen_;
    drop = seen_ == drop_at;
    if (refuse_every > 0 && seen_ % refuse_every == 0) return false;
    for (const v1::RegisterItem& item : request.items()) {
      v1::ItemResult* result = response.add_results();
      result->set_identifier(item.identifier());
      const bool is_new = identifiers_.insert(item.identifier()).second;
      result->set_outcome(is_new ? v1::REGISTERED : v1::UNCHANGED);
    }
    if (wrong_size) response.mutable_results()->RemoveLast();
    return true;
  }

  std::mutex mutex_;
  std::set<std::string> identifiers_;
  int seen_ = 0;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

RegisterPlan SmallPlan(bool stream) {
  RegisterPlan plan;
  plan.rows = 2'345;
  plan.batch_items = 100;
  plan.data.rows_per_prefix = 100;
  plan.stream = stream;
  plan.streams = 3;
  plan.in_flight = 4;
  return plan;
}

bool Always(std::uint64_t /*answered*/) { return true; }

class RegisterClientTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(StreamAndUnary, RegisterClientTest, testing::Bool());

TEST_P(RegisterClientTest, RegistersEveryRowOnce) {
  FakeNode node;
  BatchSource source(SmallPlan(GetParam()));
  ASSERT_TRUE(RegisterOverGrpc(source, node.target(), kToken, Always).ok());
  EXPECT_TRUE(source.complete());
  EXPECT_EQ(source.tally().count(v1::REGISTERED), 2'345U);
  EXPECT_EQ(source.tally().refused_batches, 0U);
  EXPECT_EQ(node.registered(), 2'345U);
}

TEST_P(RegisterClientTest, SendsRefusedBatchesAgain) {
  FakeNode node;
  node.refuse_every = 5;
  BatchSource source(SmallPlan(GetParam()));
  ASSERT_TRUE(RegisterOverGrpc(source, node.target(), kToken, Always).ok());
  EXPECT_EQ(source.tally().count(v1::REGISTERED), 2'345U);
  EXPECT_GE(source.tally().refused_batches, 4U);
  EXPECT_EQ(node.registered(), 2'345U);
}

TEST_P(RegisterClientTest, TellsOfARefusedToken) {
  FakeNode node;
  BatchSource source(SmallPlan(GetParam()));
  const auto result = RegisterOverGrpc(source, node.target(), "wrong", Always);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().detail.find("no token"), std::string::npos);
  EXPECT_EQ(source.answered(), 0U);
}

TEST_P(RegisterClientTest, TellsOfAnAnswerOfTheWrongSize) {
  FakeNode node;
  node.wrong_size = true;
  BatchSource source(SmallPlan(GetParam()));
  EXPECT_EQ(RegisterOverGrpc(source, node.target(), kToken, Always).code(), Errc::kInternal);
}

TEST_P(RegisterClientTest, StopsWhereTickSaysSo) {
  FakeNode node;
  RegisterPlan plan = SmallPlan(GetParam());
  plan.rows = 1'000'000'000;
  BatchSource source(plan);
  const auto result = RegisterOverGrpc(source, node.target(), kToken,
                                       [](std::uint64_t answered) { return answered < 1'000; });
  EXPECT_EQ(result.code(), Errc::kShuttingDown);
  EXPECT_FALSE(source.complete());
}

TEST(RegisterClientTest, ResumesWhatALostConnectionLeft) {
  FakeNode node;
  node.drop_at = 11;
  BatchSource source(SmallPlan(true));
  EXPECT_EQ(RegisterOverGrpc(source, node.target(), kToken, Always).code(), Errc::kUnavailable);
  EXPECT_FALSE(source.complete());
  ASSERT_TRUE(RegisterOverGrpc(source, node.target(), kToken, Always).ok());
  const RegisterTally tally = source.tally();
  EXPECT_GE(tally.resent_batches, 1U);
  EXPECT_EQ(tally.count(v1::REGISTERED) + tally.count(v1::UNCHANGED), 2'345U);
  EXPECT_GE(tally.count(v1::UNCHANGED), 100U);  // the batch whose answer was lost
  EXPECT_EQ(node.registered(), 2'345U);
}

TEST(LatencyClientTest, SendsAtTheRateAndCountsAll) {
  FakeNode node;
  LatencyPlan plan;
  plan.batch_items = 10;
  plan.batches_per_second = 1'000;
  plan.time = std::chrono::milliseconds(100);
  const auto tally = MeasureCommitLatency(plan, node.target(), kToken);
  ASSERT_TRUE(tally.ok());
  EXPECT_EQ(tally->latency.count(), 100U);
  EXPECT_EQ(tally->rows, 1'000U);
  EXPECT_EQ(node.registered(), 1'000U);
}

TEST(LatencyClientTest, FailsWhereAnItemIsNotNew) {
  FakeNode node;
  LatencyPlan plan;
  plan.time = std::chrono::milliseconds(50);
  ASSERT_TRUE(MeasureCommitLatency(plan, node.target(), kToken).ok());
  EXPECT_EQ(MeasureCommitLatency(plan, node.target(), kToken).code(), Errc::kInternal);
}

}  // namespace
}  // namespace idnode::bench
