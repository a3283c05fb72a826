#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

using std::chrono::hours;
using std::chrono::system_clock;

// A BatchRegister on a thread of its own.
struct PendingCall {
  grpc::ClientContext context;
  v1::BatchRegisterResponse response;
  std::future<grpc::Status> status;

  PendingCall(GrpcNode& node, const v1::BatchRegisterRequest& request,
              std::optional<system_clock::time_point> deadline = std::nullopt) {
    node.Authorize(context);
    if (deadline.has_value()) context.set_deadline(*deadline);
    status = std::async(std::launch::async, [this, &node, request] {
      return node.registration->BatchRegister(&context, request, &response);
    });
  }
};

TEST(RegistrationRpcTest, AnswersEachItemInOrder) {
  GrpcNode node;
  v1::BatchRegisterResponse response;
  auto request =
      RegisterRequest({"88.108.1001/A", "88.108.1002/B", "nonsense", "88.108.1001/a"}, "r1");
  request.mutable_items(3)->set_object_class("other");
  ASSERT_TRUE(node.Register(request, response).ok());
  EXPECT_EQ(response.request_id(), "r1");
  ASSERT_EQ(response.results_size(), 4);
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  EXPECT_EQ(response.results(1).outcome(), v1::REGISTERED);
  EXPECT_EQ(response.results(2).outcome(), v1::REJECTED);
  EXPECT_EQ(response.results(2).reason(), "invalid-identifier");
  EXPECT_EQ(response.results(3).outcome(), v1::CONFLICT);
  EXPECT_EQ(response.results(3).identifier(), "88.108.1001/a");
  EXPECT_FALSE(response.has_error());
}

TEST(RegistrationRpcTest, UpdatesDeletesAndSetsStates) {
  GrpcNode node;
  ASSERT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);

  v1::UpdateRequest update;
  update.set_request_id("u1");
  update.add_items()->set_identifier("88.108.1001/A");
  update.mutable_items(0)->set_object_class("part");
  v1::UpdateResponse updated;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.registration->Update(&context, update, &updated).ok());
  }
  EXPECT_EQ(updated.request_id(), "u1");
  EXPECT_EQ(updated.results(0).outcome(), v1::UPDATED);

  v1::SetStateRequest freeze;
  freeze.add_items()->set_identifier("88.108.1001/A");
  freeze.mutable_items(0)->set_state(v1::FROZEN);
  v1::SetStateResponse frozen;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.registration->SetState(&context, freeze, &frozen).ok());
  }
  EXPECT_EQ(frozen.results(0).outcome(), v1::STATE_CHANGED);

  freeze.mutable_items(0)->set_state(v1::ACTIVE);
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.registration->SetState(&context, freeze, &frozen).ok());
  }
  v1::DeleteRequest request;
  request.add_items()->set_identifier("88.108.1001/A");
  request.add_items()->set_identifier("88.108.1001/NONE");
  v1::DeleteResponse deleted;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.registration->Delete(&context, request, &deleted).ok());
  }
  EXPECT_EQ(deleted.results(0).outcome(), v1::DELETED);
  EXPECT_EQ(deleted.results(1).outcome(), v1::NOT_FOUND);
  EXPECT_EQ(node.Register("88.108.1001/A"), v1::RE_REGISTERED);
}

TEST(RegistrationRpcTest, RepeatsTheStoredAnswerOfARequestId) {
  GrpcNode node;
  v1::BatchRegisterResponse first;
  v1::BatchRegisterResponse second;
  ASSERT_TRUE(node.Register(RegisterRequest({"88.108.1001/A"}, "once"), first).ok());
  ASSERT_TRUE(node.Register(RegisterRequest({"88.108.1001/A"}, "once"), second).ok());
  EXPECT_EQ(first.results(0).outcome(), v1::REGISTERED);
  EXPECT_EQ(second.results(0).outcome(), v1::REGISTERED);

  grpc::ClientContext context;
  node.Authorize(context);
  v1::BatchRegisterResponse third;
  const auto status = node.registration->BatchRegister(
      &context, RegisterRequest({"88.108.1001/B"}, "once"), &third);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ErrorOf(context).slug, "request-id-reused");
  EXPECT_EQ(ErrorOf(context).field, "requestId");
}

TEST(RegistrationRpcTest, RefusesWhoeverShowsNoToken) {
  GrpcNode node;
  grpc::ClientContext context;
  v1::BatchRegisterResponse response;
  const auto status =
      node.registration->BatchRegister(&context, RegisterRequest({"88.108.1001/A"}), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_FALSE(status.error_message().empty());
  EXPECT_EQ(ErrorOf(context).slug, "unauthenticated");
  EXPECT_EQ(ErrorOf(context).retry_after_ms, "");
}

TEST(RegistrationRpcTest, RefusesTokensThatAreNotUnderstood) {
  GrpcNode node;
  for (const char* text : {"Bearer wrong", "Bearer ", "Bearer", "Basic abc", "x"}) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", text);
    v1::BatchRegisterResponse response;
    const auto status =
        node.registration->BatchRegister(&context, RegisterRequest({"88.108.1001/A"}), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << text;
    EXPECT_EQ(ErrorOf(context).slug, "unauthenticated") << text;
  }
  grpc::ClientContext twice;
  node.Authorize(twice);
  node.Authorize(twice);
  v1::BatchRegisterResponse response;
  EXPECT_EQ(node.registration->BatchRegister(&twice, RegisterRequest({"88.108.1001/A"}), &response)
                .error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST(RegistrationRpcTest, TakesTheSchemeInAnyCase) {
  GrpcNode node;
  grpc::ClientContext context;
  context.AddMetadata("authorization", "bEARER " + node.operator_token);
  v1::BatchRegisterResponse response;
  EXPECT_TRUE(
      node.registration->BatchRegister(&context, RegisterRequest({"88.108.1001/A"}), &response)
          .ok());
}

TEST(RegistrationRpcTest, LetsAnApplicationWriteUnderItsOwnPrefixOnly) {
  GrpcNode node;
  const std::string token = node.CreateApplication("maker", {"88.108.1001"});
  grpc::ClientContext context;
  GrpcNode::Authorize(context, token);
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(
      node.registration
          ->BatchRegister(&context, RegisterRequest({"88.108.1001/A", "88.108.1002/B"}), &response)
          .ok());
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  EXPECT_EQ(response.results(1).outcome(), v1::REJECTED);
  EXPECT_EQ(response.results(1).reason(), "permission-denied");
  EXPECT_EQ(response.results(1).field(), "identifier");
}

TEST(RegistrationRpcTest, TakesAsManyItemsAsTheLimitSays) {
  service::TestNodeOptions options;
  options.limits.batch_items_max = 3;
  GrpcNode node({}, std::move(options));
  v1::BatchRegisterResponse response;
  EXPECT_TRUE(
      node.Register(RegisterRequest({"88.108.1001/A", "88.108.1001/B", "88.108.1001/C"}), response)
          .ok());
  grpc::ClientContext context;
  node.Authorize(context);
  const auto status = node.registration->BatchRegister(
      &context,
      RegisterRequest({"88.108.1001/A", "88.108.1001/B", "88.108.1001/C", "88.108.1001/D"}),
      &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorOf(context).slug, "batch-too-large");
  EXPECT_EQ(ErrorOf(context).field, "items");
}

TEST(RegistrationRpcTest, TakesAsManyBytesAsTheLimitSays) {
  const auto request = RegisterRequest({"88.108.1001/A"});
  for (const std::size_t short_by : {0U, 1U}) {
    service::TestNodeOptions options;
    options.limits.batch_bytes_max = request.ByteSizeLong() - short_by;
    GrpcNode node({}, std::move(options));
    grpc::ClientContext context;
    node.Authorize(context);
    v1::BatchRegisterResponse response;
    const auto status = node.registration->BatchRegister(&context, request, &response);
    EXPECT_EQ(status.ok(), short_by == 0);
    EXPECT_EQ(ErrorOf(context).slug, short_by == 0 ? "" : "batch-too-large");
  }
}

TEST(RegistrationRpcTest, RefusesAnEmptyBatch) {
  GrpcNode node;
  grpc::ClientContext context;
  node.Authorize(context);
  v1::BatchRegisterResponse response;
  EXPECT_EQ(node.registration->BatchRegister(&context, {}, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorOf(context).slug, "invalid-request");
  EXPECT_EQ(ErrorOf(context).field, "items");
}

TEST(RegistrationRpcTest, RefusesMessagesOverTheLimit) {
  const auto request = RegisterRequest({"88.108.1001/A"});
  for (const std::size_t short_by : {0U, 1U}) {
    GrpcOptions options;
    options.message_bytes_max = request.ByteSizeLong() - short_by;
    GrpcNode node(options);
    v1::BatchRegisterResponse response;
    const auto status = node.Register(request, response);
    EXPECT_EQ(status.error_code(),
              short_by == 0 ? grpc::StatusCode::OK : grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
}

TEST(RegistrationRpcTest, RefusesBytesThatAreNoMessage) {
  GrpcNode node;
  // A truncated item; an item whose identifier is not UTF-8.
  for (const std::string& bytes :
       {std::string("\x12\x05\x0a", 3), std::string("\x12\x03\x0a\x01\xff", 5)}) {
    grpc::ClientContext context;
    node.Authorize(context);
    std::string response;
    const auto status = CallRaw(node.channel, context,
                                "/idnode.v1.RegistrationService/BatchRegister", bytes, response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ErrorOf(context).slug, "invalid-request");
  }
}

TEST(RegistrationRpcTest, AnswersUndeterminedAfterTheDefaultDeadline) {
  GrpcOptions options;
  options.default_deadline_ms = 5'000;
  GrpcNode node(options);
  node.engine.HoldCommits();
  PendingCall call(node, RegisterRequest({"88.108.1001/A"}));
  node.engine.WaitForHeldCommits(1);
  node.node.clock.AdvanceMs(5'001);
  ASSERT_TRUE(call.status.get().ok());
  EXPECT_EQ(call.response.results(0).outcome(), v1::UNDETERMINED);
  EXPECT_EQ(call.response.results(0).reason(), "undetermined");
}

TEST(RegistrationRpcTest, BoundsTheClientsDeadline) {
  GrpcOptions options;
  options.deadline_max_ms = 7'000;
  GrpcNode node(options);
  node.engine.HoldCommits();
  PendingCall call(node, RegisterRequest({"88.108.1001/A"}), system_clock::now() + hours(1));
  node.engine.WaitForHeldCommits(1);
  node.node.clock.AdvanceMs(7'001);
  ASSERT_TRUE(call.status.get().ok());
  EXPECT_EQ(call.response.results(0).outcome(), v1::UNDETERMINED);
}

TEST(RegistrationRpcTest, KeepsTheClientsDeadline) {
  GrpcNode node;  // the default would be 30 s, the longest 300 s
  node.engine.HoldCommits();
  PendingCall call(node, RegisterRequest({"88.108.1001/A"}),
                   system_clock::now() + std::chrono::seconds(120));
  node.engine.WaitForHeldCommits(1);
  node.node.clock.AdvanceMs(31'000);
  node.engine.ReleaseCommits();
  ASSERT_TRUE(call.status.get().ok());
  EXPECT_EQ(call.response.results(0).outcome(), v1::REGISTERED);
}

TEST(RegistrationRpcTest, FinishesWhatACancelledCallBegan) {
  GrpcNode node;
  node.engine.HoldCommits();
  PendingCall call(node, RegisterRequest({"88.108.1001/A"}));
  node.engine.WaitForHeldCommits(1);
  call.context.TryCancel();
  EXPECT_EQ(call.status.get().error_code(), grpc::StatusCode::CANCELLED);
  node.engine.ReleaseCommits();
  GrpcNode::Await([&] { return node.node.committer->QueuedItems() == 0; });
  EXPECT_EQ(node.Register("88.108.1001/A"), v1::UNCHANGED);
}

TEST(RegistrationRpcTest, SaysWhenToRepeatWhatAFullQueueRefused) {
  service::TestNodeOptions options;
  options.shards = 1;
  options.committer.queue_items_max = 1;
  GrpcNode node({}, std::move(options));
  node.engine.HoldCommits();
  PendingCall first(node, RegisterRequest({"88.108.1001/A"}));
  node.engine.WaitForHeldCommits(1);
  // How much a committer takes beyond its bound while a group is under way is its own matter.
  std::vector<std::unique_ptr<PendingCall>> more;
  bool refused = false;
  for (int i = 0; i < 8 && !refused; ++i) {
    more.push_back(std::make_unique<PendingCall>(
        node, RegisterRequest({"88.108.1001/B" + std::to_string(i)})));
    GrpcNode::Await([&] {
      return more.back()->status.wait_for(std::chrono::seconds(0)) == std::future_status::ready ||
             node.node.committer->QueuedItems() >= more.size() + 1;
    });
    refused = more.back()->status.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(more.back()->status.get().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorOf(more.back()->context).slug, "overloaded");
  EXPECT_EQ(ErrorOf(more.back()->context).retry_after_ms, "1000");
  node.engine.ReleaseCommits();
  EXPECT_TRUE(first.status.get().ok());
}

TEST(RegistrationRpcTest, RefusesCallsPastTheBound) {
  GrpcOptions options;
  options.calls_max = 1;
  GrpcNode node(options);
  node.engine.HoldCommits();
  PendingCall first(node, RegisterRequest({"88.108.1001/A"}));
  node.engine.WaitForHeldCommits(1);
  grpc::ClientContext context;
  v1::ResolveRequest request;
  request.set_identifier("88.108.1001/A");
  v1::ResolveResponse response;
  EXPECT_EQ(node.resolution->Resolve(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorOf(context).slug, "overloaded");
  node.engine.ReleaseCommits();
  EXPECT_TRUE(first.status.get().ok());
  GrpcNode::Await([&] {
    grpc::ClientContext again;
    return node.resolution->Resolve(&again, request, &response).ok();
  });
}

TEST(RegistrationRpcTest, RefusesTheWholeBatchWhereTheDiskIsFull) {
  GrpcNode node;
  node.engine.SetStorageFull(true);
  grpc::ClientContext context;
  node.Authorize(context);
  v1::BatchRegisterResponse response;
  const auto status =
      node.registration->BatchRegister(&context, RegisterRequest({"88.108.1001/A"}), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorOf(context).slug, "storage-full");
  EXPECT_EQ(ErrorOf(context).retry_after_ms, "1000");
}

TEST(RegistrationRpcTest, RegistersAWholeLargeBatch) {
  GrpcNode node;
  std::vector<std::string> identifiers;
  for (int i = 0; i < 10'000; ++i) identifiers.push_back("88.108.1001/SN" + std::to_string(i));
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(node.Register(RegisterRequest(identifiers), response).ok());
  ASSERT_EQ(response.results_size(), 10'000);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(response.results(i).identifier(), identifiers[static_cast<std::size_t>(i)]);
    ASSERT_EQ(response.results(i).outcome(), v1::REGISTERED);
  }
  EXPECT_EQ(node.node.Volume().first_ever, 10'000);
}

}  // namespace
}  // namespace idnode::frontend
