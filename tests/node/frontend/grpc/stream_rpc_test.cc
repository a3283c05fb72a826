#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

using Stream = grpc::ClientReaderWriter<v1::BatchRegisterRequest, v1::BatchRegisterResponse>;

// One RegisterStream call of the operator, or of whom `token` names.
struct OpenStream {
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream;

  explicit OpenStream(GrpcNode& node, const std::string& token = {}) {
    GrpcNode::Authorize(context, token.empty() ? node.operator_token : token);
    stream = node.registration->RegisterStream(&context);
  }
  Stream* operator->() { return stream.get(); }
};

std::string Name(int number) { return "88.108.1001/SN" + std::to_string(number); }

TEST(StreamRpcTest, AnswersBatchesInTheirOrder) {
  GrpcNode node;
  OpenStream stream(node);
  constexpr int kBatches = 200;
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) {
      EXPECT_TRUE(
          stream->Write(RegisterRequest({Name(2 * i), Name(2 * i + 1)}, "r" + std::to_string(i))));
    }
    stream->WritesDone();
  });
  v1::BatchRegisterResponse response;
  int answers = 0;
  while (stream->Read(&response)) {
    EXPECT_EQ(response.request_id(), "r" + std::to_string(answers));
    ASSERT_EQ(response.results_size(), 2);
    EXPECT_EQ(response.results(0).identifier(), Name(2 * answers));
    EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
    EXPECT_EQ(response.results(1).outcome(), v1::REGISTERED);
    ++answers;
  }
  writer.join();
  EXPECT_EQ(answers, kBatches);
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(node.node.Volume().first_ever, 2 * kBatches);
}

TEST(StreamRpcTest, ACallerWithoutATokenHoldsNoStream) {
  GrpcNode node;
  grpc::ClientContext context;
  auto stream = node.registration->RegisterStream(&context);
  v1::BatchRegisterResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(StreamRpcTest, TakesBatchesOfOneIdentifierInTheirOrder) {
  GrpcNode node;
  OpenStream stream(node);
  for (int i = 0; i < 50; ++i) {
    auto request = RegisterRequest({Name(i)});
    ASSERT_TRUE(stream->Write(request));
    request.mutable_items(0)->set_object_class("other");
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  v1::BatchRegisterResponse response;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.results(0).outcome(), v1::CONFLICT);
  }
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, HoldsBackAnAnswerForTheBatchBefore) {
  GrpcNode node;
  OpenStream stream(node);
  node.engine.HoldCommits();
  ASSERT_TRUE(stream->Write(RegisterRequest({"88.108.1001/A"}, "first")));
  ASSERT_TRUE(stream->Write(RegisterRequest({"nonsense"}, "second")));  // needs no commit
  node.engine.WaitForHeldCommits(1);
  node.engine.ReleaseCommits();
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.request_id(), "first");
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.request_id(), "second");
  EXPECT_EQ(response.results(0).outcome(), v1::REJECTED);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, ReadsNoFurtherThanItsBound) {
  GrpcOptions options;
  options.stream_batches_in_flight_max = 2;
  GrpcNode node(options);
  node.engine.HoldCommits();
  OpenStream stream(node);
  constexpr int kBatches = 6;
  for (int i = 0; i < kBatches; ++i) ASSERT_TRUE(stream->Write(RegisterRequest({Name(i)})));
  stream->WritesDone();
  GrpcNode::Await([&] { return node.node.committer->QueuedItems() == 2; });
  // What was written before this call, on the same connection, has arrived when it is answered.
  for (int i = 0; i < 100; ++i) {
    grpc::ClientContext context;
    v1::ResolveRequest request;
    request.set_identifier("88.108.1001/NONE");
    v1::ResolveResponse response;
    EXPECT_EQ(node.resolution->Resolve(&context, request, &response).error_code(),
              grpc::StatusCode::NOT_FOUND);
    ASSERT_LE(node.node.committer->QueuedItems(), 2U);
  }
  node.engine.ReleaseCommits();
  v1::BatchRegisterResponse response;
  for (int i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.results(0).identifier(), Name(i));
  }
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, AnswersARefusedBatchAndGoesOn) {
  service::TestNodeOptions node_options;
  node_options.limits.batch_items_max = 1;
  GrpcNode node({}, std::move(node_options));
  OpenStream stream(node);
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1), Name(2)})));
  ASSERT_TRUE(stream->Write(v1::BatchRegisterRequest()));
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1)}, "has space ")));
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1)}, "fine")));
  stream->WritesDone();
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.error().slug(), "batch-too-large");
  EXPECT_EQ(response.error().field(), "items");
  EXPECT_FALSE(response.error().detail().empty());
  EXPECT_EQ(response.error().retry_after_ms(), 0U);
  EXPECT_EQ(response.results_size(), 0);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.error().slug(), "invalid-request");
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.error().slug(), "invalid-request");
  EXPECT_EQ(response.error().field(), "requestId");
  EXPECT_EQ(response.request_id(), "has space ");
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_FALSE(response.has_error());
  EXPECT_EQ(response.request_id(), "fine");
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, SaysWhenToRepeat) {
  GrpcNode node;
  node.engine.SetStorageFull(true);
  OpenStream stream(node);
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1)})));
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.error().slug(), "storage-full");
  EXPECT_EQ(response.error().retry_after_ms(), 1000U);
  node.engine.SetStorageFull(false);
  GrpcNode::Await([&] {
    EXPECT_TRUE(stream->Write(RegisterRequest({Name(1)})));
    EXPECT_TRUE(stream->Read(&response));
    return !response.has_error();
  });
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, RefusesBatchesOfARevokedToken) {
  GrpcNode node;
  const std::string token = node.CreateApplication("maker", {"88.108.1001"});
  OpenStream stream(node, token);
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1)})));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  ASSERT_TRUE(
      node.node.access->RevokeApplication(node.node.Operator(), "maker", node.node.Soon()).ok());
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(2)})));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.error().slug(), "unauthenticated");
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(node.node.Volume().first_ever, 1);
}

TEST(StreamRpcTest, RefusesATokenThatIsNotValid) {
  GrpcNode node;
  OpenStream stream(node, "wrong");
  v1::BatchRegisterResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ErrorOf(stream.context).slug, "unauthenticated");
}

TEST(StreamRpcTest, FinishesAfterTheLastAnswer) {
  GrpcNode node;
  node.engine.HoldCommits();
  OpenStream stream(node);
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1)})));
  stream->WritesDone();
  node.engine.WaitForHeldCommits(1);
  node.engine.ReleaseCommits();
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, EndsEmptyStreams) {
  GrpcNode node;
  OpenStream stream(node);
  stream->WritesDone();
  v1::BatchRegisterResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, SurvivesClientsThatVanish) {
  GrpcNode node;
  for (int round = 0; round < 30; ++round) {
    node.engine.HoldCommits();
    {
      OpenStream stream(node);
      for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(stream->Write(RegisterRequest({Name(round * 4 + i)})));
      // Even rounds have batches under way when the client goes, odd ones may.
      if (round % 2 == 0) node.engine.WaitForHeldCommits(1);
      stream.context.TryCancel();
      EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
    }
    node.engine.ReleaseCommits();
  }
  GrpcNode::Await([&] { return node.node.committer->QueuedItems() == 0; });
  EXPECT_EQ(node.Register("88.108.1001/AFTER"), v1::REGISTERED);
}

TEST(StreamRpcTest, AnswersUndeterminedAtTheDeadlineOfABatch) {
  GrpcOptions options;
  options.default_deadline_ms = 5'000;
  GrpcNode node(options);
  node.engine.HoldCommits();
  OpenStream stream(node);
  ASSERT_TRUE(stream->Write(RegisterRequest({Name(1)})));
  node.engine.WaitForHeldCommits(1);
  node.node.clock.AdvanceMs(5'001);
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.results(0).outcome(), v1::UNDETERMINED);
  node.engine.ReleaseCommits();
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(StreamRpcTest, EndsStreamsThatNobodyUses) {
  GrpcOptions options;
  options.stream_idle_ms_max = 20;
  GrpcNode node(options);
  OpenStream stream(node);
  v1::BatchRegisterResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ErrorOf(stream.context).slug, "deadline-exceeded");
}

TEST(StreamRpcTest, DrainAnswersWhatWasTaken) {
  GrpcOptions options;
  options.stream_batches_in_flight_max = 2;
  GrpcNode node(options);
  OpenStream stream(node);
  node.engine.HoldCommits();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(stream->Write(RegisterRequest({Name(i)})));
  GrpcNode::Await([&] { return node.node.committer->QueuedItems() == 2; });
  std::thread drain([&] { node.face->Drain(node.node.clock.After(std::chrono::seconds(20))); });
  // Refused calls tell that the drain has begun.
  GrpcNode::Await([&] {
    grpc::ClientContext context;
    v1::ResolveRequest request;
    request.set_identifier(Name(0));
    v1::ResolveResponse response;
    return node.resolution->Resolve(&context, request, &response).error_code() ==
           grpc::StatusCode::UNAVAILABLE;
  });
  node.engine.ReleaseCommits();
  v1::BatchRegisterResponse response;
  int answered = 0;
  while (stream->Read(&response)) {
    EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
    EXPECT_EQ(response.results(0).identifier(), Name(answered));
    ++answered;
  }
  drain.join();
  const auto status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorOf(stream.context).slug, "shutting-down");
  // Every commit was answered, and nothing was taken after the drain began.
  EXPECT_EQ(node.node.Volume().first_ever, answered);
  EXPECT_EQ(answered, 2);
}

TEST(StreamRpcTest, ServesManyStreamsAtOnce) {
  GrpcNode node;
  static constexpr int kStreams = 8;
  static constexpr int kBatches = 50;
  std::vector<std::thread> clients;
  for (int s = 0; s < kStreams; ++s) {
    clients.emplace_back([&node, s] {
      OpenStream stream(node);
      int answered = 0;
      v1::BatchRegisterResponse response;
      for (int i = 0; i < kBatches; ++i) {
        ASSERT_TRUE(stream->Write(
            RegisterRequest({"88.108.100" + std::to_string(s) + "/" + std::to_string(i)})));
        if (i < 4) continue;  // four ahead
        ASSERT_TRUE(stream->Read(&response));
        ++answered;
      }
      stream->WritesDone();
      while (stream->Read(&response)) ++answered;
      EXPECT_EQ(answered, kBatches);
      EXPECT_TRUE(stream->Finish().ok());
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(node.node.Volume().first_ever, kStreams * kBatches);
}

}  // namespace
}  // namespace idnode::frontend
