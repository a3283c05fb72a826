// Clients that show a certificate (mutual TLS), over gRPC.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/node/frontend/grpc/grpc_node.h"
#include "tests/node/frontend/grpc/test_certificate.h"

namespace idnode::frontend {
namespace {

class ClientCertificateTest : public testing::Test {
 protected:
  ClientCertificateTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "idnode-mtls-XXXXXX").string();
    IDNODE_CHECK(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    Write("server.pem", server_.certificate);
    Write("server.key", server_.key);
    Write("clients.pem", authority_.certificate);
  }
  ~ClientCertificateTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
  }
  GrpcOptions Options() const {
    GrpcOptions options;
    options.listen.tls_certificate = directory_ + "/server.pem";
    options.listen.tls_key = directory_ + "/server.key";
    options.listen.tls_client_ca = directory_ + "/clients.pem";
    return options;
  }
  void Bind(GrpcNode& node) {
    service::NewApplication auditor;
    auditor.name = "auditor";
    auditor.role = service::Role::kAuditor;
    const service::Actor actor = node.node.Operator();
    auto& access = *node.node.access;
    ASSERT_TRUE(access.CreateApplication(actor, auditor, node.node.Soon()).ok());
    ASSERT_TRUE(
        access.BindCertificate(actor, "auditor", FingerprintOf(bound_), node.node.Soon()).ok());
  }
  /// The outcome of a call that auditors may make, over a connection of its own.
  grpc::StatusCode Ask(const GrpcNode& node, const TestCertificate* shown,
                       const std::string& token = {}) const {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = server_.certificate;
    if (shown != nullptr) {
      tls.pem_cert_chain = shown->certificate;
      tls.pem_private_key = shown->key;
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub = v1::AccessService::NewStub(
        grpc::CreateCustomChannel(node.Target(), grpc::SslCredentials(tls), arguments));
    grpc::ClientContext context;
    if (!token.empty()) GrpcNode::Authorize(context, token);
    v1::ListApplicationsRequest request;
    v1::ListApplicationsResponse response;
    return stub->ListApplications(&context, request, &response).error_code();
  }

  std::string directory_;
  const TestCertificate server_ = MakeTestCertificate();
  const TestCertificate authority_ = MakeTestCertificate();
  const TestCertificate bound_ = MakeTestClientCertificate(authority_);
  const TestCertificate unbound_ = MakeTestClientCertificate(authority_);
};

TEST_F(ClientCertificateTest, StandsForItsApplicationAndIsNotRequired) {
  GrpcNode node(Options());
  Bind(node);
  EXPECT_EQ(Ask(node, &bound_), grpc::StatusCode::OK);
  EXPECT_EQ(Ask(node, &unbound_), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Ask(node, nullptr), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Ask(node, nullptr, node.operator_token), grpc::StatusCode::OK);
  EXPECT_EQ(Ask(node, &bound_, "wrong"), grpc::StatusCode::UNAUTHENTICATED);
  ASSERT_TRUE(node.node.access
                  ->UnbindCertificate(node.node.Operator(), "auditor", FingerprintOf(bound_),
                                      node.node.Soon())
                  .ok());
  EXPECT_EQ(Ask(node, &bound_), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ClientCertificateTest, OfAnotherAuthorityIsRefused) {
  GrpcNode node(Options());
  const TestCertificate other = MakeTestCertificate();
  const TestCertificate stranger = MakeTestClientCertificate(other);
  EXPECT_EQ(Ask(node, &stranger), grpc::StatusCode::UNAVAILABLE);
  Write("clients.pem", other.certificate);
  ASSERT_TRUE(node.face->ReloadTls().ok());
  EXPECT_EQ(Ask(node, &stranger), grpc::StatusCode::UNAUTHENTICATED) << "bound to nobody";
  EXPECT_EQ(Ask(node, &bound_), grpc::StatusCode::UNAVAILABLE);
  Write("clients.pem", "rubbish");
  const auto reloaded = node.face->ReloadTls();
  ASSERT_EQ(reloaded.code(), Errc::kInvalidRequest);
  EXPECT_NE(reloaded.error().detail.find("[grpc] tls_client_ca"), std::string::npos);
}

TEST_F(ClientCertificateTest, NoneIsAskedForWhereThereIsNoAuthority) {
  GrpcOptions options = Options();
  options.listen.tls_client_ca.clear();
  GrpcNode node(options);
  Bind(node);
  EXPECT_EQ(Ask(node, &bound_), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Ask(node, nullptr, node.operator_token), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace idnode::frontend
