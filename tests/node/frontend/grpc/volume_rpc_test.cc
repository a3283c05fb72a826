#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

TEST(VolumeRpcTest, ShowsTheVolumeToAnyone) {
  GrpcNode node;
  v1::BatchRegisterResponse registered;
  ASSERT_TRUE(node.Register(RegisterRequest({"88.108.1001/A", "88.108.1001/B", "88.108.1002/C"}),
                            registered)
                  .ok());
  node.node.Delete("88.108.1001/A");
  v1::GetVolumeRequest request;
  request.set_group_by("enterprise-prefix");
  grpc::ClientContext context;
  v1::Volume volume;
  ASSERT_TRUE(node.volume->GetVolume(&context, request, &volume).ok());
  EXPECT_EQ(volume.month(), "2026-11");
  EXPECT_EQ(volume.time_zone(), "Asia/Shanghai");
  EXPECT_EQ(volume.first_ever(), 3);
  EXPECT_EQ(volume.deletions(), 1);
  EXPECT_EQ(volume.net(), 2);
  EXPECT_EQ(volume.target(), 15'000'000);
  EXPECT_FALSE(volume.target_met());
  ASSERT_EQ(volume.groups_size(), 2);
  EXPECT_EQ(volume.groups(0).key(), "88.108.1001");
  EXPECT_EQ(volume.groups(0).first_ever(), 2);
}

TEST(VolumeRpcTest, NamesTheFieldThatIsWrong) {
  GrpcNode node;
  for (const bool month : {true, false}) {
    v1::GetVolumeRequest request;
    if (month) {
      request.set_month("2026-13");
    } else {
      request.set_group_by("colour");
    }
    grpc::ClientContext context;
    v1::Volume volume;
    EXPECT_EQ(node.volume->GetVolume(&context, request, &volume).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ErrorOf(context).slug, "invalid-request");
    EXPECT_EQ(ErrorOf(context).field, month ? "month" : "groupBy");
  }
}

TEST(VolumeRpcTest, RecountsWithProgressAndOneReport) {
  GrpcNode node;
  std::vector<std::string> identifiers;
  for (int i = 0; i < 1'000; ++i) identifiers.push_back("88.108.1001/SN" + std::to_string(i));
  v1::BatchRegisterResponse registered;
  ASSERT_TRUE(node.Register(RegisterRequest(identifiers), registered).ok());
  grpc::ClientContext context;
  node.Authorize(context);
  v1::RecountRequest request;
  request.set_month("2026-11");
  auto reader = node.volume->Recount(&context, request);
  v1::RecountProgress progress;
  v1::RecountProgress last;
  int reports = 0;
  while (reader->Read(&progress)) {
    EXPECT_EQ(reports, 0) << "the report is the last message";
    reports += progress.has_report() ? 1 : 0;
    EXPECT_GE(progress.shards_done(), last.shards_done());
    last = progress;
  }
  ASSERT_TRUE(reader->Finish().ok());
  ASSERT_EQ(reports, 1);
  EXPECT_TRUE(last.report().equal());
  EXPECT_EQ(last.report().month(), "2026-11");
  EXPECT_EQ(last.report().counters().first_ever(), 1'000);
  EXPECT_EQ(last.report().recounted().first_ever(), 1'000);
  EXPECT_EQ(last.shards_done(), last.shards());
}

grpc::Status Recount(GrpcNode& node, const std::string& token, const std::string& month,
                     std::string& slug) {
  grpc::ClientContext context;
  if (!token.empty()) GrpcNode::Authorize(context, token);
  v1::RecountRequest request;
  request.set_month(month);
  auto reader = node.volume->Recount(&context, request);
  v1::RecountProgress progress;
  while (reader->Read(&progress)) {
  }
  const auto status = reader->Finish();
  slug = ErrorOf(context).slug;
  return status;
}

TEST(VolumeRpcTest, RecountsForOperatorsOnly) {
  GrpcNode node;
  std::string slug;
  EXPECT_EQ(Recount(node, "", "2026-11", slug).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(slug, "unauthenticated");
  const std::string token = node.CreateApplication("maker", {"88.108.1001"});
  EXPECT_EQ(Recount(node, token, "2026-11", slug).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(slug, "permission-denied");
  EXPECT_EQ(Recount(node, "wrong", "2026-11", slug).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Recount(node, node.operator_token, "november", slug).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(slug, "invalid-request");
  EXPECT_TRUE(Recount(node, node.operator_token, "", slug).ok()) << "the running month";
}

TEST(VolumeRpcTest, RunsOneRecountAtATime) {
  GrpcNode node;
  ASSERT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
  // A recount commits in each shard first, so held commits hold it.
  node.engine.HoldCommits();
  std::string first_slug;
  grpc::Status first;
  std::thread running([&] { first = Recount(node, node.operator_token, "2026-11", first_slug); });
  node.engine.WaitForHeldCommits(1);
  std::string slug;
  EXPECT_EQ(Recount(node, node.operator_token, "2026-11", slug).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(slug, "overloaded");
  node.engine.ReleaseCommits();
  running.join();
  EXPECT_TRUE(first.ok()) << first.error_message();
  GrpcNode::Await([&] { return Recount(node, node.operator_token, "2026-11", slug).ok(); });
}

TEST(VolumeRpcTest, StopsARecountThatIsCancelled) {
  GrpcNode node;
  ASSERT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
  node.engine.HoldCommits();
  {
    grpc::ClientContext context;
    node.Authorize(context);
    v1::RecountRequest request;
    request.set_month("2026-11");
    auto reader = node.volume->Recount(&context, request);
    node.engine.WaitForHeldCommits(1);
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  node.engine.ReleaseCommits();
  // The place is free again once the worker has noticed.
  std::string slug;
  GrpcNode::Await([&] { return Recount(node, node.operator_token, "2026-11", slug).ok(); });
}

TEST(VolumeRpcTest, StopsARecountAtItsBound) {
  GrpcOptions options;
  options.recount_ms_max = 1'000;
  GrpcNode node(options);
  ASSERT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
  node.engine.HoldCommits();
  std::string slug;
  grpc::Status status;
  std::thread running([&] { status = Recount(node, node.operator_token, "2026-11", slug); });
  node.engine.WaitForHeldCommits(1);
  node.node.clock.AdvanceMs(1'000);
  node.engine.ReleaseCommits();
  running.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(slug, "deadline-exceeded");
}

}  // namespace
}  // namespace idnode::frontend
