#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/frontend/error_map.h"
#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

grpc::Status Resolve(GrpcNode& node, const std::string& identifier, v1::ResolveResponse& response,
                     ErrorMetadata* error = nullptr) {
  grpc::ClientContext context;
  v1::ResolveRequest request;
  request.set_identifier(identifier);
  const auto status = node.resolution->Resolve(&context, request, &response);
  if (error != nullptr) *error = ErrorOf(context);
  return status;
}

TEST(ResolutionRpcTest, ResolvesForAnyone) {
  GrpcNode node;
  ASSERT_EQ(node.Register("88.108.1001/SN1"), v1::REGISTERED);
  v1::ResolveResponse response;
  ASSERT_TRUE(Resolve(node, "88.108.1001/sn1", response).ok());
  EXPECT_EQ(response.record().identifier(), "88.108.1001/SN1");
  EXPECT_EQ(response.record().state(), v1::ACTIVE);
  ASSERT_EQ(response.record().values_size(), 1);
  EXPECT_EQ(response.record().values(0).data(), "https://maker.example/");
}

TEST(ResolutionRpcTest, SaysWhyThereIsNoRecord) {
  GrpcNode node;
  v1::ResolveResponse response;
  ErrorMetadata error;
  EXPECT_EQ(Resolve(node, "88.108.1001/NONE", response, &error).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(error.slug, "identifier-not-found");
  EXPECT_EQ(error.field, "identifier");
  EXPECT_EQ(Resolve(node, "nonsense", response, &error).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.slug, "invalid-identifier");
  EXPECT_EQ(Resolve(node, "88.999.1/A", response, &error).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(error.slug, "not-responsible");
}

TEST(ResolutionRpcTest, RefersToTheNodeThatASelfHostedPrefixNames) {
  GrpcNode node;
  service::TestNode& of_node = node.node;
  ASSERT_TRUE(of_node.prefixes->Admit(of_node.Operator(), "88.108.3001", "", of_node.Soon()).ok());
  ASSERT_TRUE(of_node.prefixes
                  ->SetRoute(of_node.Operator(), "88.108.3001", service::Hosting::kSelfHosted,
                             {"192.0.2.7", 2641, 0, 8081}, of_node.Soon())
                  .ok());
  grpc::ClientContext context;
  v1::ResolveRequest request;
  request.set_identifier("88.108.3001/SN1");
  v1::ResolveResponse response;
  const auto status = node.resolution->Resolve(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ErrorOf(context).slug, "self-hosted");
  EXPECT_NE(status.error_message().find("192.0.2.7"), std::string::npos) << status.error_message();
  EXPECT_NE(status.error_message().find("8081"), std::string::npos) << status.error_message();
}

TEST(ResolutionRpcTest, DeniedIdentifiersAreShownToNobodyButTheWatchers) {
  service::TestNodeOptions options;
  options.throttle.deny_identifiers = {"88.108.1001/BAD"};
  GrpcNode node({}, std::move(options));
  ASSERT_EQ(node.Register("88.108.1001/bad"), v1::REGISTERED);
  ASSERT_EQ(node.Register("88.108.1001/good"), v1::REGISTERED);
  v1::ResolveResponse response;
  ErrorMetadata error;
  EXPECT_EQ(Resolve(node, "88.108.1001/Bad", response, &error).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(Resolve(node, "88.108.1001/good", response).ok());
  grpc::ClientContext as_operator;
  node.Authorize(as_operator);
  v1::ResolveRequest request;
  request.set_identifier("88.108.1001/bad");
  EXPECT_TRUE(node.resolution->Resolve(&as_operator, request, &response).ok());

  grpc::ClientContext context;
  v1::BatchResolveRequest batch;
  batch.add_identifiers("88.108.1001/bad");
  batch.add_identifiers("88.108.1001/good");
  v1::BatchResolveResponse results;
  ASSERT_TRUE(node.resolution->BatchResolve(&context, batch, &results).ok());
  EXPECT_EQ(results.results(0).reason(), "permission-denied");
  EXPECT_TRUE(results.results(1).has_record());
}

TEST(ResolutionRpcTest, ShowsGrantedPartiesWhatIsGranted) {
  GrpcNode node;
  v1::BatchRegisterRequest request;
  auto& item = *request.add_items();
  item.set_identifier("88.108.1001/SN1");
  item.add_values()->set_type("NAME");
  item.mutable_values(0)->set_data("shoe");
  auto& hidden = *item.add_values();
  hidden.set_type("COST");
  hidden.set_data("17");
  hidden.set_permissions(12);
  v1::BatchRegisterResponse registered;
  ASSERT_TRUE(node.Register(request, registered).ok());
  const std::string partner = node.CreateApplication("shop", {"88.108.1002"});
  const auto values_for = [&](const std::string& token) {
    grpc::ClientContext one_context;
    if (!token.empty()) GrpcNode::Authorize(one_context, token);
    v1::ResolveRequest one;
    one.set_identifier("88.108.1001/SN1");
    v1::ResolveResponse response;
    EXPECT_TRUE(node.resolution->Resolve(&one_context, one, &response).ok());
    grpc::ClientContext list_context;
    if (!token.empty()) GrpcNode::Authorize(list_context, token);
    v1::ListIdentifiersRequest list;
    list.set_prefix("88.108.1001");
    v1::ListIdentifiersResponse listed;
    EXPECT_TRUE(node.resolution->ListIdentifiers(&list_context, list, &listed).ok());
    EXPECT_EQ(listed.identifiers(0).values_size(), response.record().values_size());
    return response.record().values_size();
  };
  EXPECT_EQ(values_for(""), 1);
  EXPECT_EQ(values_for(partner), 1);
  service::GrantInfo grant;
  grant.prefix = "88.108.1001";
  grant.identifier = "88.108.1001/SN1";
  grant.to_application = "shop";
  ASSERT_TRUE(node.node.grants->Create(node.node.Operator(), grant, node.node.Soon()).ok());
  EXPECT_EQ(values_for(""), 1);
  EXPECT_EQ(values_for(partner), 2);
  EXPECT_EQ(values_for(node.operator_token), 2);
}

TEST(ResolutionRpcTest, ResolvesOnAWorkerWhereReadsAreNotLocal) {
  GrpcOptions options;
  options.local_reads = false;
  GrpcNode node(options);
  ASSERT_EQ(node.Register("88.108.1001/SN1"), v1::REGISTERED);
  v1::ResolveResponse response;
  ASSERT_TRUE(Resolve(node, "88.108.1001/SN1", response).ok());
  EXPECT_EQ(response.record().identifier(), "88.108.1001/SN1");
}

TEST(ResolutionRpcTest, HidesWhatDamagedStoresSay) {
  GrpcNode node;
  node.engine.ScriptReads({storage::ReadFault::kCorruption});
  v1::ResolveResponse response;
  ErrorMetadata error;
  const auto status = Resolve(node, "88.108.1001/SN1", response, &error);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(status.error_message(), ToWire(Errc::kCorruption).title);
  EXPECT_EQ(error.slug, "corruption");
}

TEST(ResolutionRpcTest, RefusesATokenThatIsNotValid) {
  GrpcNode node;
  grpc::ClientContext context;
  GrpcNode::Authorize(context, "wrong");
  v1::ResolveRequest request;
  request.set_identifier("88.108.1001/A");
  v1::ResolveResponse response;
  EXPECT_EQ(node.resolution->Resolve(&context, request, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST(ResolutionRpcTest, ResolvesBatchesSmallAndLarge) {
  GrpcNode node;
  std::vector<std::string> identifiers;
  for (int i = 0; i < 200; ++i) identifiers.push_back("88.108.1001/SN" + std::to_string(i));
  v1::BatchRegisterResponse registered;
  ASSERT_TRUE(node.Register(RegisterRequest(identifiers), registered).ok());
  for (const std::size_t count : {1U, 64U, 65U, 200U}) {
    v1::BatchResolveRequest request;
    for (std::size_t i = 0; i < count; ++i) request.add_identifiers(identifiers[i]);
    request.add_identifiers("88.108.1001/NONE");
    request.add_identifiers("nonsense");
    grpc::ClientContext context;
    v1::BatchResolveResponse response;
    ASSERT_TRUE(node.resolution->BatchResolve(&context, request, &response).ok());
    ASSERT_EQ(response.results_size(), static_cast<int>(count) + 2);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& result = response.results(static_cast<int>(i));
      ASSERT_EQ(result.record().identifier(), identifiers[i]);
      ASSERT_EQ(result.reason(), "");
    }
    const auto& missing = response.results(static_cast<int>(count));
    EXPECT_EQ(missing.identifier(), "88.108.1001/NONE");
    EXPECT_EQ(missing.reason(), "identifier-not-found");
    EXPECT_FALSE(missing.has_record());
    EXPECT_EQ(response.results(static_cast<int>(count) + 1).reason(), "invalid-identifier");
  }
}

TEST(ResolutionRpcTest, RefusesTooManyIdentifiers) {
  GrpcNode node;
  v1::BatchResolveRequest request;
  for (int i = 0; i < 10'001; ++i) request.add_identifiers("88.108.1001/A");
  grpc::ClientContext context;
  v1::BatchResolveResponse response;
  EXPECT_EQ(node.resolution->BatchResolve(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorOf(context).slug, "batch-too-large");
  EXPECT_EQ(ErrorOf(context).field, "identifiers");
}

TEST(ResolutionRpcTest, ListsPageByPage) {
  GrpcNode node;
  std::vector<std::string> identifiers;
  for (int i = 10; i < 35; ++i) identifiers.push_back("88.108.1001/SN" + std::to_string(i));
  v1::BatchRegisterResponse registered;
  ASSERT_TRUE(node.Register(RegisterRequest(identifiers), registered).ok());
  v1::ListIdentifiersRequest request;
  request.set_prefix("88.108.1001");
  request.set_page_size(10);
  std::vector<std::string> listed;
  do {
    grpc::ClientContext context;
    v1::ListIdentifiersResponse response;
    ASSERT_TRUE(node.resolution->ListIdentifiers(&context, request, &response).ok());
    for (const auto& record : response.identifiers()) listed.push_back(record.identifier());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, identifiers);

  request.set_page_token("!");
  grpc::ClientContext context;
  v1::ListIdentifiersResponse response;
  EXPECT_EQ(node.resolution->ListIdentifiers(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorOf(context).slug, "invalid-page-token");
}

TEST(ResolutionRpcTest, ShowsHistoryToItsOwnerOnly) {
  GrpcNode node;
  const std::string owner = node.CreateApplication("owner", {"88.108.1001"});
  const std::string other = node.CreateApplication("other", {"88.108.1002"});
  ASSERT_EQ(node.Register("88.108.1001/SN1"), v1::REGISTERED);
  node.node.Delete("88.108.1001/SN1");
  v1::GetHistoryRequest request;
  request.set_identifier("88.108.1001/SN1");
  {
    grpc::ClientContext context;
    GrpcNode::Authorize(context, owner);
    v1::GetHistoryResponse response;
    ASSERT_TRUE(node.resolution->GetHistory(&context, request, &response).ok());
    ASSERT_EQ(response.revisions_size(), 2);
    EXPECT_EQ(response.revisions(0).change(), v1::CHANGE_DELETED);
  }
  {
    grpc::ClientContext context;
    GrpcNode::Authorize(context, other);
    v1::GetHistoryResponse response;
    EXPECT_EQ(node.resolution->GetHistory(&context, request, &response).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(ErrorOf(context).slug, "permission-denied");
  }
  grpc::ClientContext context;
  v1::GetHistoryResponse response;
  EXPECT_EQ(node.resolution->GetHistory(&context, request, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace idnode::frontend
