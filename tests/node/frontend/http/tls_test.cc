// TLS: versions, resumption, reload of certificates.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

// Writes a self-signed certificate for `name` and its key, valid from and to so many seconds from
// now.
void WriteCertificate(const std::string& name, const std::string& certificate_file,
                      const std::string& key_file, long from_s = -60, long to_s = 3600) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to_s);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::unique_ptr<FILE, int (*)(FILE*)> out(std::fopen(certificate_file.c_str(), "w"),
                                                  std::fclose);
  PEM_write_X509(out.get(), certificate.get());
  const std::unique_ptr<FILE, int (*)(FILE*)> key_out(std::fopen(key_file.c_str(), "w"),
                                                      std::fclose);
  PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

std::string PeerName(Client& client) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(client.ssl()), X509_free);
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof(name));
  return name;
}

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteCertificate("first.example", certificate(), key());
    node_ = std::make_unique<HttpNode>(Options());
  }
  HttpOptions Options() const {
    HttpOptions options;
    options.listen.tls_certificate = certificate();
    options.listen.tls_key = key();
    return options;
  }
  std::string certificate() const { return directory_.path("certificate.pem"); }
  std::string key() const { return directory_.path("key.pem"); }

  TemporaryDirectory directory_;
  std::unique_ptr<HttpNode> node_;
};

TEST_F(TlsTest, ServesRequests) {
  Client client(node_->port());
  ASSERT_TRUE(client.StartTls());
  EXPECT_EQ(PeerName(client), "first.example");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        client.Send(RequestText("GET", "/v1/volume") + RequestText("GET", "/openapi.json")));
    EXPECT_EQ(client.Read()->status, 200);
    const auto document = client.Read();
    ASSERT_TRUE(document);
    EXPECT_GT(document->body.size(), 20'000U);
  }
  ASSERT_TRUE(client.Send(
      RequestText("POST", "/v1/identifiers:batchResolve", "", std::string(100'000, ' '))));
  EXPECT_EQ(client.Read()->status, 400);
  ASSERT_TRUE(client.Send(RequestText("GET", "/v1/volume", "Connection: close\r\n")));
  EXPECT_EQ(client.Read()->Get("connection"), "close");
  EXPECT_TRUE(client.Closed());
}

TEST_F(TlsTest, SpeaksHttp11WithForwardSecrecy) {
  Client client(node_->port());
  ASSERT_TRUE(client.StartTls(TLS1_2_VERSION, TLS1_2_VERSION));
  EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.2");
  const std::string cipher = SSL_get_cipher_name(client.ssl());
  EXPECT_TRUE(cipher.starts_with("ECDHE-")) << cipher;
  const unsigned char* protocol = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(client.ssl(), &protocol, &length);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), length), "http/1.1");
}

TEST_F(TlsTest, RefusesOldVersionsAndPlainText) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    Client old(node_->port());
    EXPECT_FALSE(old.StartTls(version, version)) << version;
  }
  Client plain(node_->port());
  ASSERT_TRUE(plain.Send(RequestText("GET", "/v1/volume")));
  EXPECT_EQ(plain.ReadAll().find("HTTP/"), std::string::npos);
}

TEST_F(TlsTest, ResumesSessions) {
  std::unique_ptr<SSL_SESSION, SslDeleter> session;
  {
    Client first(node_->port());
    ASSERT_TRUE(first.StartTls(TLS1_2_VERSION, TLS1_2_VERSION));
    ASSERT_TRUE(first.Send(RequestText("GET", "/v1/volume")));
    EXPECT_EQ(first.Read()->status, 200);
    EXPECT_EQ(SSL_session_reused(first.ssl()), 0);
    session.reset(SSL_get1_session(first.ssl()));
    SSL_shutdown(first.ssl());  // a session that was cut off may not be resumed
  }
  Client second(node_->port());
  ASSERT_TRUE(second.StartTls(TLS1_2_VERSION, TLS1_2_VERSION, session.get()));
  EXPECT_EQ(SSL_session_reused(second.ssl()), 1);
}

TEST_F(TlsTest, ReloadServesTheNewCertificateToNewConnections) {
  Client before(node_->port());
  ASSERT_TRUE(before.StartTls());
  WriteCertificate("second.example", certificate(), key());
  ASSERT_TRUE(node_->frontend().ReloadTls().ok());
  Client after(node_->port());
  ASSERT_TRUE(after.StartTls());
  EXPECT_EQ(PeerName(after), "second.example");
  ASSERT_TRUE(before.Send(RequestText("GET", "/v1/volume")));  // goes on with the old one
  EXPECT_EQ(before.Read()->status, 200);
}

TEST_F(TlsTest, AFailedReloadKeepsTheOldCertificate) {
  std::ofstream(certificate()) << "not a certificate";
  const auto reloaded = node_->frontend().ReloadTls();
  ASSERT_EQ(reloaded.code(), Errc::kInvalidRequest);
  EXPECT_NE(reloaded.error().detail.find("[http] tls_certificate"), std::string::npos);
  Client client(node_->port());
  ASSERT_TRUE(client.StartTls());
  EXPECT_EQ(PeerName(client), "first.example");
}

TEST_F(TlsTest, AReloadTakesNoCertificateThatPeersWouldRefuse) {
  const auto expect_kept = [&](const std::string& why) {
    const auto reloaded = node_->frontend().ReloadTls();
    ASSERT_EQ(reloaded.code(), Errc::kInvalidRequest) << why;
    EXPECT_NE(reloaded.error().detail.find(why), std::string::npos) << reloaded.error().detail;
    Client client(node_->port());
    ASSERT_TRUE(client.StartTls());
    EXPECT_EQ(PeerName(client), "first.example");
  };
  WriteCertificate("expired.example", certificate(), key(), -7200, -3600);
  expect_kept("has expired");
  WriteCertificate("early.example", certificate(), key(), 3600, 7200);
  expect_kept("is not valid yet");
  WriteCertificate("chain.example", certificate(), key());
  std::ofstream(certificate(), std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  expect_kept("certificate 2 of its chain is damaged");
  WriteCertificate("other.example", certificate(), directory_.path("elsewhere.pem"));
  expect_kept("is not the key of");
  WriteCertificate("good.example", certificate(), key());
  ASSERT_TRUE(node_->frontend().ReloadTls().ok());
  Client client(node_->port());
  ASSERT_TRUE(client.StartTls());
  EXPECT_EQ(PeerName(client), "good.example");
}

TEST_F(TlsTest, FaultsOfFilesAreNamed) {
  const auto fault = [&](const HttpOptions& options) {
    HttpFrontend frontend(options, node_->services());
    const auto started = frontend.Start();
    return started.ok() ? "started" : started.error().detail;
  };
  HttpOptions no_key = Options();
  no_key.listen.tls_key.clear();
  EXPECT_NE(fault(no_key).find("tls_certificate and tls_key belong together"), std::string::npos);
  HttpOptions missing = Options();
  missing.listen.tls_key = directory_.path("none.pem");
  EXPECT_NE(fault(missing).find("[http] tls_key"), std::string::npos);
  HttpOptions wrong = Options();
  WriteCertificate("other.example", directory_.path("other.pem"), directory_.path("other-key.pem"));
  wrong.listen.tls_key = directory_.path("other-key.pem");
  EXPECT_NE(fault(wrong).find("[http] tls_key"), std::string::npos);
}

TEST_F(TlsTest, DrainClosesIdleConnections) {
  Client client(node_->port());
  ASSERT_TRUE(client.StartTls());
  ASSERT_TRUE(client.Send(RequestText("GET", "/v1/volume")));
  EXPECT_EQ(client.Read()->status, 200);
  node_->frontend().Drain(node_->clock().After(std::chrono::seconds(20)));
  EXPECT_TRUE(client.Closed());
}

}  // namespace
}  // namespace idnode::frontend::http::testing
