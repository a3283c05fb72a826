// Clients that show a certificate (mutual TLS): what they are, and what they are not.
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tests/node/frontend/grpc/test_certificate.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

class ClientCertificateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("server.pem", server_.certificate);
    Write("server.key", server_.key);
    Write("clients.pem", authority_.certificate + other_authority_.certificate);
    node_ = std::make_unique<HttpNode>(Options());
    service::NewApplication auditor;
    auditor.name = "auditor";
    auditor.role = service::Role::kAuditor;
    auto& access = node_->services().access;
    const service::Actor actor = node_->node().Operator();
    const Deadline soon = node_->node().Soon();
    ASSERT_TRUE(access.CreateApplication(actor, auditor, soon).ok());
    ASSERT_TRUE(access.BindCertificate(actor, "auditor", FingerprintOf(bound_), soon).ok());
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path(name)) << text;
  }
  HttpOptions Options() const {
    HttpOptions options;
    options.listen.tls_certificate = directory_.path("server.pem");
    options.listen.tls_key = directory_.path("server.key");
    options.listen.tls_client_ca = directory_.path("clients.pem");
    return options;
  }
  /// Status of a request that auditors may make; 0 where there was no answer.
  static int Ask(Client& client, const std::string& headers = {}) {
    if (!client.Send(RequestText("GET", "/v1/applications", headers))) return 0;
    const auto answer = client.Read();
    return answer ? answer->status : 0;
  }
  /// The same on a connection of its own.
  int AskShowing(const TestCertificate* certificate, const std::string& headers = {},
                 int version = 0) {
    Client client(node_->port());
    if (certificate != nullptr) client.ShowCertificate(certificate->certificate, certificate->key);
    if (!client.StartTls(version, version)) return 0;
    return Ask(client, headers);
  }

  const TestCertificate server_ = MakeTestCertificate();
  const TestCertificate authority_ = MakeTestCertificate();
  const TestCertificate other_authority_ = MakeTestCertificate();
  const TestCertificate bound_ = MakeTestClientCertificate(authority_);
  const TestCertificate unbound_ = MakeTestClientCertificate(other_authority_);
  TemporaryDirectory directory_;
  std::unique_ptr<HttpNode> node_;
};

TEST_F(ClientCertificateTest, StandsForItsApplication) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(AskShowing(&bound_, "", version), 200) << version;
    EXPECT_EQ(AskShowing(&unbound_, "", version), 401) << version;
  }
}

TEST_F(ClientCertificateTest, CountsForOldClientsToo) {
  const auto status = [&](const TestCertificate* certificate) -> std::string {
    Client client(node_->port());
    if (certificate != nullptr) client.ShowCertificate(certificate->certificate, certificate->key);
    if (!client.StartTls() ||
        !client.Send(RequestText("GET", "/snms/api/prefix/page?page=0&size=1"))) {
      return "no answer";
    }
    const auto answer = client.Read();
    return answer ? answer->body.substr(0, answer->body.find(',')) : "no answer";
  };
  EXPECT_EQ(status(nullptr), status(&unbound_)) << "neither is anybody";
  EXPECT_NE(status(&bound_), status(nullptr));
}

TEST_F(ClientCertificateTest, IsNotRequired) {
  EXPECT_EQ(AskShowing(nullptr), 401);
  EXPECT_EQ(AskShowing(nullptr, "Authorization: Bearer " + node_->operator_token() + "\r\n"), 200);
}

TEST_F(ClientCertificateTest, ATokenCountsMoreThanTheCertificate) {
  EXPECT_EQ(AskShowing(&bound_, "Authorization: Bearer wrong\r\n"), 401);
  const std::string token = node_->NewApplication("erp", "88.108.1001");
  EXPECT_EQ(AskShowing(&bound_, "Authorization: Bearer " + token + "\r\n"), 403);
}

TEST_F(ClientCertificateTest, OfAnotherAuthorityIsRefused) {
  const TestCertificate stranger = MakeTestClientCertificate(MakeTestCertificate());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(AskShowing(&stranger, "", version), 0) << version;
  }
}

TEST_F(ClientCertificateTest, UnbindingHoldsOnOpenConnections) {
  Client client(node_->port());
  client.ShowCertificate(bound_.certificate, bound_.key);
  ASSERT_TRUE(client.StartTls());
  EXPECT_EQ(Ask(client), 200);
  ASSERT_TRUE(node_->services()
                  .access
                  .UnbindCertificate(node_->node().Operator(), "auditor", FingerprintOf(bound_),
                                     node_->node().Soon())
                  .ok());
  EXPECT_EQ(Ask(client), 401);
}

TEST_F(ClientCertificateTest, IsKnownAfterResumption) {
  std::unique_ptr<SSL_SESSION, SslDeleter> session;
  {
    Client first(node_->port());
    first.ShowCertificate(bound_.certificate, bound_.key);
    ASSERT_TRUE(first.StartTls(TLS1_2_VERSION, TLS1_2_VERSION));
    EXPECT_EQ(Ask(first), 200);
    session.reset(SSL_get1_session(first.ssl()));
    SSL_shutdown(first.ssl());
  }
  Client second(node_->port());
  second.ShowCertificate(bound_.certificate, bound_.key);
  ASSERT_TRUE(second.StartTls(TLS1_2_VERSION, TLS1_2_VERSION, session.get()));
  EXPECT_EQ(SSL_session_reused(second.ssl()), 1);
  EXPECT_EQ(Ask(second), 200);
}

TEST_F(ClientCertificateTest, AReloadTakesOtherAuthorities) {
  Write("clients.pem", other_authority_.certificate);
  EXPECT_EQ(AskShowing(&bound_), 200) << "not before it is told";
  ASSERT_TRUE(node_->frontend().ReloadTls().ok());
  EXPECT_EQ(AskShowing(&bound_), 0);
  EXPECT_EQ(AskShowing(&unbound_), 401);
  Write("clients.pem", "rubbish");
  const auto reloaded = node_->frontend().ReloadTls();
  ASSERT_EQ(reloaded.code(), Errc::kInvalidRequest);
  EXPECT_NE(reloaded.error().detail.find("[http] tls_client_ca"), std::string::npos);
  EXPECT_EQ(AskShowing(&unbound_), 401);
}

TEST_F(ClientCertificateTest, NoneIsAskedForWhereThereIsNoAuthority) {
  HttpOptions options = Options();
  options.listen.tls_client_ca.clear();
  node_ = std::make_unique<HttpNode>(options);
  EXPECT_EQ(AskShowing(&bound_), 401);
  const TestCertificate stranger = MakeTestClientCertificate(MakeTestCertificate());
  EXPECT_EQ(AskShowing(&stranger), 401) << "it was not looked at";
}

}  // namespace
}  // namespace idnode::frontend::http::testing
