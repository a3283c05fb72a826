#include <functional>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "node/frontend/admin_calls/admin_calls.h"
#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

TEST(AccessRpcTest, CreatesListsAndRevokesApplications) {
  GrpcNode node;
  v1::CreateApplicationRequest create;
  create.set_name("maker");
  create.add_prefixes("88.108.1001");
  v1::CreateApplicationResponse created;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.access->CreateApplication(&context, create, &created).ok());
  }
  EXPECT_EQ(created.application().name(), "maker");
  EXPECT_EQ(created.application().prefixes(0), "88.108.1001");
  EXPECT_TRUE(created.application().has_created_at());
  ASSERT_FALSE(created.token().empty());

  const auto register_as_maker = [&](const std::string& identifier) {
    grpc::ClientContext context;
    GrpcNode::Authorize(context, created.token());
    v1::BatchRegisterResponse response;
    return node.registration->BatchRegister(&context, RegisterRequest({identifier}), &response);
  };
  EXPECT_TRUE(register_as_maker("88.108.1001/A").ok());

  v1::ListApplicationsResponse listed;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.access->ListApplications(&context, {}, &listed).ok());
  }
  ASSERT_EQ(listed.applications_size(), 1);
  EXPECT_FALSE(listed.applications(0).revoked());

  v1::RevokeApplicationRequest revoke;
  revoke.set_name("maker");
  v1::RevokeApplicationResponse revoked;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.access->RevokeApplication(&context, revoke, &revoked).ok());
  }
  EXPECT_TRUE(revoked.application().revoked());
  EXPECT_EQ(register_as_maker("88.108.1001/B").error_code(), grpc::StatusCode::UNAUTHENTICATED);

  create.set_name("Not A Name");
  grpc::ClientContext context;
  node.Authorize(context);
  EXPECT_EQ(node.access->CreateApplication(&context, create, &created).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorOf(context).field, "name");
}

TEST(AccessRpcTest, AdmitsAndListsPrefixes) {
  service::TestNodeOptions options;
  options.prefixes = {{"88.108"}, false, {}};
  GrpcNode node({}, std::move(options));
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(node.Register(RegisterRequest({"88.108.1001/A"}), response).ok());
  EXPECT_EQ(response.results(0).reason(), "prefix-not-admitted");
  v1::AdmitPrefixRequest admit;
  admit.set_prefix("88.108.1001");
  v1::AdmitPrefixResponse admitted;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.access->AdmitPrefix(&context, admit, &admitted).ok());
  }
  EXPECT_EQ(admitted.prefix().prefix(), "88.108.1001");
  EXPECT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
  {
    grpc::ClientContext context;
    node.Authorize(context);
    v1::ListPrefixesResponse listed;
    ASSERT_TRUE(node.access->ListPrefixes(&context, {}, &listed).ok());
    ASSERT_EQ(listed.prefixes_size(), 1);
    EXPECT_EQ(listed.prefixes(0).prefix(), "88.108.1001");
  }
  grpc::ClientContext context;
  node.Authorize(context);
  EXPECT_EQ(node.access->AdmitPrefix(&context, admit, &admitted).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ErrorOf(context).slug, "already-exists");
}

// The slug that a call with these bytes ends with.
std::string SlugOfBytes(GrpcNode& node, const std::string& method, bool authorized,
                        const std::string& bytes) {
  grpc::ClientContext context;
  if (authorized) node.Authorize(context);
  std::string response;
  (void)CallRaw(node.channel, context, "/idnode.v1." + method, bytes, response);
  return ErrorOf(context).slug;
}

TEST(AccessRpcTest, ParsesNothingForStrangersAndNothingLong) {
  GrpcNode node;
  const std::string rubbish("\x12\x05\x0a", 3);
  const std::string longest(admin_calls::kRequestBytesMax, '\x2a');
  for (const char* method : {"AccessService/CreateApplication", "AccessService/RevokeApplication",
                             "AccessService/AdmitPrefix", "EnterpriseService/CreateEnterprise",
                             "PrefixService/SetPrefixState", "TemplateService/PutTemplate",
                             "AuditService/ListAuditEntries"}) {
    const auto slug = [&](bool authorized, const std::string& bytes) {
      return SlugOfBytes(node, method, authorized, bytes);
    };
    EXPECT_EQ(slug(false, rubbish), "unauthenticated") << method;
    EXPECT_EQ(slug(true, rubbish), "invalid-request") << method;
    EXPECT_EQ(slug(true, longest), "invalid-request") << method;
    EXPECT_EQ(slug(true, longest + "*"), "payload-too-large") << method;
  }
}

TEST(AccessRpcTest, StrangersRequestsAreShort) {
  GrpcNode node;
  // One unknown field, whose length takes two bytes beside its tag.
  const auto field_of = [](std::size_t bytes) {
    const std::size_t content = bytes - 3;
    return std::string("\x7a") + static_cast<char>(content % 128 + 128) +
           static_cast<char>(content / 128) + std::string(content, 'x');
  };
  const std::string longest = field_of(admin_calls::kStrangersRequestBytesMax);
  ASSERT_EQ(longest.size(), admin_calls::kStrangersRequestBytesMax);
  EXPECT_EQ(SlugOfBytes(node, "TemplateService/ListTemplates", false, longest), "");
  EXPECT_EQ(SlugOfBytes(node, "AccessService/Login", false, longest), "unauthenticated");
  for (const char* method :
       {"TemplateService/ListTemplates", "TemplateService/GetTemplate", "AccessService/Login"}) {
    EXPECT_EQ(
        SlugOfBytes(node, method, false, field_of(admin_calls::kStrangersRequestBytesMax + 1)),
        "payload-too-large")
        << method;
  }
}

// The slug that `call` ends with, whose commit is applied while the store tells nobody.
std::string LoseOutcome(GrpcNode& node, const std::function<std::string()>& call) {
  node.engine.ScriptCommits({storage::CommitFault::kUnknownApplied});
  node.engine.HoldCommits();
  auto slug = std::async(std::launch::async, call);
  node.engine.WaitForHeldCommits(1);
  storage::FaultRates blind;
  blind.read_unavailable = 1;
  node.engine.Randomize(1, blind);
  node.engine.ReleaseCommits();
  node.node.clock.AdvanceMs(60'000);  // beyond the wait for a commit
  std::string lost = slug.get();
  node.engine.StopFaults();
  return lost;
}

// A creation whose outcome was not known leaves nothing that only a restart would show.
TEST(AccessRpcTest, AnApplicationOfUnknownOutcomeIsListedAndRevocable) {
  GrpcNode node;
  v1::CreateApplicationRequest create;
  create.set_name("maker");
  create.add_prefixes("88.108.1001");
  const auto try_to_create = [&] {
    grpc::ClientContext context;
    node.Authorize(context);
    v1::CreateApplicationResponse created;
    EXPECT_FALSE(node.access->CreateApplication(&context, create, &created).ok());
    return ErrorOf(context).slug;
  };
  ASSERT_EQ(LoseOutcome(node, try_to_create), "undetermined");
  {
    grpc::ClientContext context;
    node.Authorize(context);
    v1::ListApplicationsResponse listed;
    ASSERT_TRUE(node.access->ListApplications(&context, {}, &listed).ok());
    ASSERT_EQ(listed.applications_size(), 1);
    EXPECT_EQ(listed.applications(0).name(), "maker");
  }
  EXPECT_EQ(try_to_create(), "already-exists");
  grpc::ClientContext context;
  node.Authorize(context);
  v1::RevokeApplicationRequest revoke;
  revoke.set_name("maker");
  v1::RevokeApplicationResponse revoked;
  EXPECT_TRUE(node.access->RevokeApplication(&context, revoke, &revoked).ok());
}

TEST(AccessRpcTest, APrefixOfUnknownOutcomeCountsOnceItIsAskedForAgain) {
  service::TestNodeOptions options;
  options.prefixes = {{"88.108"}, false, {}};
  GrpcNode node({}, std::move(options));
  v1::AdmitPrefixRequest admit;
  admit.set_prefix("88.108.1001");
  const auto try_to_admit = [&] {
    grpc::ClientContext context;
    node.Authorize(context);
    v1::AdmitPrefixResponse admitted;
    EXPECT_FALSE(node.access->AdmitPrefix(&context, admit, &admitted).ok());
    return ErrorOf(context).slug;
  };
  ASSERT_EQ(LoseOutcome(node, try_to_admit), "undetermined");
  EXPECT_EQ(try_to_admit(), "already-exists");
  EXPECT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
}

// Every method for operators refuses an application and whoever shows no token.
template <typename Stub, typename Request, typename Response>
void ExpectForOperators(GrpcNode& node, const std::string& application_token, Stub& stub,
                        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*)) {
  for (const bool anonymous : {true, false}) {
    grpc::ClientContext context;
    if (!anonymous) GrpcNode::Authorize(context, application_token);
    Response response;
    const auto status = (stub.*method)(&context, Request(), &response);
    EXPECT_EQ(status.error_code(),
              anonymous ? grpc::StatusCode::UNAUTHENTICATED : grpc::StatusCode::PERMISSION_DENIED)
        << Request().GetTypeName();
    EXPECT_EQ(ErrorOf(context).slug, anonymous ? "unauthenticated" : "permission-denied");
  }
  EXPECT_EQ(node.node.Volume().first_ever, 0);
}

TEST(AccessRpcTest, IsForOperators) {
  GrpcNode node;
  const std::string token = node.CreateApplication("maker", {"88.108.1001"});
  using Access = v1::AccessService::Stub;
  using Operation = v1::OperationService::Stub;
  ExpectForOperators(node, token, *node.access, &Access::CreateApplication);
  ExpectForOperators(node, token, *node.access, &Access::ListApplications);
  ExpectForOperators(node, token, *node.access, &Access::RevokeApplication);
  ExpectForOperators(node, token, *node.access, &Access::AdmitPrefix);
  ExpectForOperators(node, token, *node.operation, &Operation::GetStatus);
  ExpectForOperators(node, token, *node.operation, &Operation::AcceptClock);
}

TEST(ThrottleRpcTest, AnAddressThatFailsTooOftenWaits) {
  service::TestNodeOptions options;
  options.throttle.failures_free = 2;
  GrpcNode node({}, std::move(options));
  const auto slug = [&](const std::string& token) {
    grpc::ClientContext context;
    if (!token.empty()) GrpcNode::Authorize(context, token);
    v1::ListPrefixesResponse response;
    const auto status = node.access->ListPrefixes(&context, {}, &response);
    if (ErrorOf(context).slug == "rate-limited") {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_FALSE(ErrorOf(context).retry_after_ms.empty());
    }
    return ErrorOf(context).slug;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(slug("guess" + std::to_string(i)), "unauthenticated");
  EXPECT_EQ(slug("guess"), "rate-limited");
  EXPECT_EQ(slug(node.operator_token), "rate-limited") << "nothing is looked at meanwhile";
  EXPECT_EQ(slug(""), "rate-limited");
  node.node.clock.AdvanceMs(60'000);
  EXPECT_EQ(slug(node.operator_token), "");
  EXPECT_EQ(slug("guess"), "unauthenticated") << "what failed before is forgotten";
}

TEST(ThrottleRpcTest, IdentitiesAreBoundedAndStrangersAreNot) {
  service::TestNodeOptions options;
  options.throttle.per_identity = 1;
  options.throttle.burst_seconds = 2;
  GrpcNode node({}, std::move(options));
  const auto slug = [&](bool known) {
    grpc::ClientContext context;
    if (known) node.Authorize(context);
    v1::Volume volume;
    (void)node.volume->GetVolume(&context, {}, &volume);
    return ErrorOf(context).slug;
  };
  EXPECT_EQ(slug(true), "");
  EXPECT_EQ(slug(true), "");
  EXPECT_EQ(slug(true), "rate-limited");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(slug(false), "");
  node.node.clock.AdvanceMs(1'000);
  EXPECT_EQ(slug(true), "");
}

TEST(ThrottleRpcTest, ListedAddressesGetNoAnswer) {
  service::TestNodeOptions options;
  options.throttle.deny_addresses = {"127.0.0.0/8"};
  GrpcNode node({}, std::move(options));
  grpc::ClientContext context;
  v1::Volume volume;
  EXPECT_EQ(node.volume->GetVolume(&context, {}, &volume).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST(OperationRpcTest, AcceptsAClockThatStoppedRegistration) {
  GrpcNode node;
  node.node.clock.SetWallMs(service::kTestNowMs + 3'600'000);
  grpc::ClientContext refused;
  node.Authorize(refused);
  v1::BatchRegisterResponse response;
  EXPECT_EQ(
      node.registration->BatchRegister(&refused, RegisterRequest({"88.108.1001/A"}), &response)
          .error_code(),
      grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ErrorOf(refused).slug, "clock-untrusted");

  v1::Status status;
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.operation->GetStatus(&context, {}, &status).ok());
  }
  EXPECT_FALSE(status.registering());
  EXPECT_EQ(status.stopped_by(), "clock-untrusted");
  EXPECT_EQ(status.engine(), "memory");
  {
    grpc::ClientContext context;
    node.Authorize(context);
    ASSERT_TRUE(node.operation->AcceptClock(&context, {}, &status).ok());
  }
  EXPECT_TRUE(status.registering());
  EXPECT_EQ(node.Register("88.108.1001/A"), v1::REGISTERED);
}

}  // namespace
}  // namespace idnode::frontend
