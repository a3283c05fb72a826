#include <chrono>
#include <future>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

constexpr char kServing = 1;
constexpr char kNotServing = 2;
const std::string kHealthCheck = "/grpc.health.v1.Health/Check";
const std::string kReflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
const std::string kServices[] = {"idnode.v1.RegistrationService", "idnode.v1.ResolutionService",
                                 "idnode.v1.VolumeService",       "idnode.v1.AccessService",
                                 "idnode.v1.EnterpriseService",   "idnode.v1.PrefixService",
                                 "idnode.v1.TemplateService",     "idnode.v1.AuditService",
                                 "idnode.v1.OperationService",    "idnode.v1.LedgerService"};

// A message whose field `number` is `text`.
std::string TextField(int number, const std::string& text) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(text.size()) + text;
}

// Serving status by grpc.health.v1: HealthCheckResponse has the status in field 1.
char Health(GrpcNode& node, const std::string& service) {
  grpc::ClientContext context;
  std::string response;
  const auto status = CallRaw(node.channel, context, kHealthCheck, TextField(1, service), response);
  EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
  return response.size() == 2 ? response[1] : '\0';
}

TEST(GrpcLifecycleTest, TellsHealthOfEveryService) {
  GrpcNode node;
  EXPECT_EQ(Health(node, ""), kServing);
  for (const auto& service : kServices) EXPECT_EQ(Health(node, service), kServing) << service;
  grpc::ClientContext context;
  std::string response;
  EXPECT_EQ(
      CallRaw(node.channel, context, kHealthCheck, TextField(1, "none"), response).error_code(),
      grpc::StatusCode::NOT_FOUND);
}

TEST(GrpcLifecycleTest, ReflectsItsServices) {
  GrpcNode node;
  grpc::ClientContext context;
  std::string response;
  // ServerReflectionRequest.list_services is field 7.
  ASSERT_TRUE(StreamRaw(node.channel, context, kReflection, TextField(7, "*"), response).ok());
  for (const auto& service : kServices) {
    EXPECT_NE(response.find(service), std::string::npos) << service;
  }
  grpc::ClientContext symbol_context;
  // file_containing_symbol is field 4: the answer holds the file's descriptor.
  ASSERT_TRUE(StreamRaw(node.channel, symbol_context, kReflection,
                        TextField(4, "idnode.v1.RegistrationService"), response)
                  .ok());
  EXPECT_NE(response.find("BatchRegisterRequest"), std::string::npos);
}

TEST(GrpcLifecycleTest, DrainAnswersWhatIsUnderWayAndRefusesTheRest) {
  GrpcNode node;
  node.engine.HoldCommits();
  v1::BatchRegisterResponse response;
  auto call = std::async(std::launch::async, [&] {
    return node.Register(RegisterRequest({"88.108.1001/A"}), response);
  });
  node.engine.WaitForHeldCommits(1);
  std::thread drain([&] { node.face->Drain(node.node.clock.After(std::chrono::seconds(20))); });
  GrpcNode::Await([&] { return Health(node, "") == kNotServing; });
  for (const auto& service : kServices) {
    GrpcNode::Await([&] { return Health(node, service) == kNotServing; });
  }
  ErrorMetadata error;
  GrpcNode::Await([&] {
    grpc::ClientContext context;
    v1::ResolveRequest request;
    request.set_identifier("88.108.1001/A");
    v1::ResolveResponse resolved;
    const auto status = node.resolution->Resolve(&context, request, &resolved);
    error = ErrorOf(context);
    return status.error_code() == grpc::StatusCode::UNAVAILABLE;
  });
  EXPECT_EQ(error.slug, "shutting-down");
  EXPECT_EQ(error.retry_after_ms, "1000");
  node.engine.ReleaseCommits();
  ASSERT_TRUE(call.get().ok());
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  drain.join();
  node.face->Stop();
  node.face->Stop();  // does nothing
}

TEST(GrpcLifecycleTest, DrainGivesUpAtItsDeadline) {
  GrpcNode node;
  node.engine.HoldCommits();
  v1::BatchRegisterResponse response;
  auto call = std::async(std::launch::async, [&] {
    return node.Register(RegisterRequest({"88.108.1001/A"}), response);
  });
  node.engine.WaitForHeldCommits(1);
  node.face->Drain(node.node.clock.After(std::chrono::milliseconds(1)));
  EXPECT_EQ(call.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  std::thread stop([&] { node.face->Stop(); });
  // Stop cancels the client's call; the node's part ends when its commit does.
  EXPECT_FALSE(call.get().ok());
  node.engine.ReleaseCommits();
  stop.join();
}

TEST(GrpcLifecycleTest, StopsWithStreamsOpen) {
  auto node = std::make_unique<GrpcNode>();
  grpc::ClientContext context;
  node->Authorize(context);
  auto stream = node->registration->RegisterStream(&context);
  ASSERT_TRUE(stream->Write(RegisterRequest({"88.108.1001/A"})));
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(stream->Read(&response));
  node->face->Stop();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(GrpcLifecycleTest, NeedsNoDrainBeforeItIsDestroyed) {
  service::TestNode node;
  {
    GrpcFrontend never_started(node.services(), GrpcOptions());
    EXPECT_EQ(never_started.Port(), 0);
    never_started.Drain(node.Soon());
    never_started.Stop();
    EXPECT_TRUE(never_started.ReloadTls().ok());
  }
  GrpcFrontend face(node.services(), GrpcOptions());
  ASSERT_TRUE(face.Start().ok());
  EXPECT_NE(face.Port(), 0);
}

TEST(GrpcLifecycleTest, RefusesAPortThatIsTaken) {
  GrpcNode node;
  service::TestNode other;
  GrpcOptions options;
  options.listen.port = node.face->Port();
  GrpcFrontend face(other.services(), options);
  const auto started = face.Start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.code(), Errc::kUnavailable);
  EXPECT_NE(started.error().detail.find(node.Target()), std::string::npos)
      << started.error().detail;
  EXPECT_NE(started.error().detail.find("in use"), std::string::npos) << started.error().detail;
  EXPECT_EQ(face.Port(), 0);
}

TEST(GrpcLifecycleTest, RefusesAddressesThatAreNotItsOwn) {
  service::TestNode node;
  GrpcOptions options;
  options.listen.allow_plaintext = true;
  options.listen.address = "192.0.2.1";  // RFC 5737: nobody's
  GrpcFrontend face(node.services(), options);
  const auto started = face.Start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.code(), Errc::kInvalidRequest);
  EXPECT_NE(started.error().detail.find("192.0.2.1"), std::string::npos);
}

TEST(GrpcLifecycleTest, RefusesPlainTextOffLoopback) {
  service::TestNode node;
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "node.example"}) {
    GrpcOptions options;
    options.listen.address = address;
    GrpcFrontend face(node.services(), options);
    const auto started = face.Start();
    ASSERT_FALSE(started.ok()) << address;
    EXPECT_EQ(started.code(), Errc::kInvalidRequest);
    for (const char* key : {"[grpc]", "tls_certificate", "tls_key", "allow_plaintext"}) {
      EXPECT_NE(started.error().detail.find(key), std::string::npos) << key;
    }
  }
}

TEST(GrpcLifecycleTest, TakesPlainTextWhereItIsAllowed) {
  service::TestNode node;
  for (const auto& [address, allowed] : {std::pair<std::string, bool>{"0.0.0.0", true},
                                         {"127.0.0.2", false},
                                         {"localhost", false}}) {
    GrpcOptions options;
    options.listen.address = address;
    options.listen.allow_plaintext = allowed;
    GrpcFrontend face(node.services(), options);
    const auto started = face.Start();
    EXPECT_TRUE(started.ok()) << address << ": " << (started.ok() ? "" : started.error().detail);
  }
}

}  // namespace
}  // namespace idnode::frontend
