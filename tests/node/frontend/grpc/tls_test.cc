#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/frontend/tls_files.h"
#include "tests/node/frontend/grpc/grpc_node.h"
#include "tests/node/frontend/grpc/test_certificate.h"

namespace idnode::frontend {
namespace {

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "idnode-tls-XXXXXX").string();
    IDNODE_CHECK(mkdtemp(pattern.data()) != nullptr);
    dir_ = pattern;
    first_ = MakeTestCertificate();
    Write(first_.certificate, first_.key);
  }
  ~TlsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  void Write(const std::string& certificate, const std::string& key) {
    std::ofstream(CertificateFile()) << certificate;
    std::ofstream(KeyFile()) << key;
  }
  std::string CertificateFile() const { return dir_ + "/node.crt"; }
  std::string KeyFile() const { return dir_ + "/node.key"; }

  GrpcOptions Options() const {
    GrpcOptions options;
    options.listen.tls_certificate = CertificateFile();
    options.listen.tls_key = KeyFile();
    return options;
  }

  // Status of one call over a new connection that trusts `root` alone.
  static grpc::Status CallTrusting(const GrpcNode& node, const std::string& root) {
    grpc::SslCredentialsOptions trust;
    trust.pem_root_certs = root;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub = v1::ResolutionService::NewStub(
        grpc::CreateCustomChannel(node.Target(), grpc::SslCredentials(trust), arguments));
    grpc::ClientContext context;
    v1::ResolveRequest request;
    request.set_identifier("88.108.1001/NONE");
    v1::ResolveResponse response;
    return stub->Resolve(&context, request, &response);
  }

  static void ExpectTrusted(const GrpcNode& node, const std::string& root) {
    EXPECT_EQ(CallTrusting(node, root).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  static void ExpectNotTrusted(const GrpcNode& node, const std::string& root) {
    EXPECT_EQ(CallTrusting(node, root).error_code(), grpc::StatusCode::UNAVAILABLE);
  }

  std::string dir_;
  TestCertificate first_;
};

TEST_F(TlsTest, ServesWithItsCertificate) {
  GrpcNode node(Options());
  ExpectTrusted(node, first_.certificate);
  ExpectNotTrusted(node, MakeTestCertificate().certificate);
}

TEST_F(TlsTest, RefusesPlainText) {
  GrpcNode node(Options());
  grpc::ClientContext context;
  v1::ResolveRequest request;
  v1::ResolveResponse response;
  EXPECT_EQ(node.resolution->Resolve(&context, request, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, GivesNewConnectionsTheReloadedCertificate) {
  GrpcNode node(Options());
  ExpectTrusted(node, first_.certificate);
  const auto second = MakeTestCertificate();
  Write(second.certificate, second.key);
  ExpectTrusted(node, first_.certificate);  // not before it is told
  ASSERT_TRUE(node.face->ReloadTls().ok());
  ExpectTrusted(node, second.certificate);
  ExpectNotTrusted(node, first_.certificate);
}

TEST_F(TlsTest, KeepsTheOldCertificateWhereTheNewOneIsBad) {
  GrpcNode node(Options());
  ExpectTrusted(node, first_.certificate);
  const auto second = MakeTestCertificate();
  Write(second.certificate, first_.key);  // half replaced
  const auto mismatch = node.face->ReloadTls();
  ASSERT_FALSE(mismatch.ok());
  EXPECT_EQ(mismatch.code(), Errc::kInvalidRequest);
  EXPECT_NE(mismatch.error().detail.find("[grpc] tls_key"), std::string::npos);
  EXPECT_NE(mismatch.error().detail.find("is not the key of"), std::string::npos);
  ExpectTrusted(node, first_.certificate);
  Write(second.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        second.key);
  EXPECT_NE(node.face->ReloadTls().error().detail.find("certificate 2 of its chain is damaged"),
            std::string::npos);
  ExpectTrusted(node, first_.certificate);
  Write("rubbish", second.key);
  EXPECT_NE(node.face->ReloadTls().error().detail.find("[grpc] tls_certificate"),
            std::string::npos);
  ExpectTrusted(node, first_.certificate);
  Write(second.certificate, second.key);
  EXPECT_TRUE(node.face->ReloadTls().ok());
  ExpectTrusted(node, second.certificate);
}

TEST_F(TlsTest, NamesTheFileThatIsWrong) {
  const auto detail = [](const std::string& certificate, const std::string& key) {
    ListenOptions listen;
    listen.tls_certificate = certificate;
    listen.tls_key = key;
    const auto pair = LoadTlsFiles(listen, "grpc");
    EXPECT_FALSE(pair.ok());
    return pair.ok() ? std::string() : pair.error().detail;
  };
  EXPECT_NE(detail(CertificateFile(), "").find("belong together"), std::string::npos);
  EXPECT_NE(detail("", KeyFile()).find("belong together"), std::string::npos);
  EXPECT_NE(
      detail(dir_ + "/none", KeyFile()).find("tls_certificate: cannot use \"" + dir_ + "/none\""),
      std::string::npos);
  EXPECT_NE(detail(CertificateFile(), dir_ + "/none").find("tls_key: cannot use"),
            std::string::npos);
  EXPECT_NE(detail(KeyFile(), KeyFile()).find("it is not a PEM certificate"), std::string::npos);
  EXPECT_NE(detail(CertificateFile(), CertificateFile()).find("it is not a PEM private key"),
            std::string::npos);
  Write(first_.certificate + std::string(1U << 20, '\n'), first_.key);
  EXPECT_NE(detail(CertificateFile(), KeyFile()).find("longer than 1 MiB"), std::string::npos);
}

TEST_F(TlsTest, DoesNotStartWithABadPair) {
  Write(MakeTestCertificate().certificate, first_.key);
  service::TestNode node;
  GrpcFrontend face(node.services(), Options());
  EXPECT_EQ(face.Start().code(), Errc::kInvalidRequest);
}

// True if a handshake with the highest version `version` succeeds.
bool HandshakeAt(std::uint16_t port, int version) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");  // the client must not be what refuses
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, version);
  SSL* ssl = SSL_new(context);
  constexpr unsigned char kAlpn[] = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl, kAlpn, sizeof kAlpn);
  SSL_set_fd(ssl, socket);
  const bool connected = SSL_connect(ssl) == 1;
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(socket);
  return connected;
}

TEST_F(TlsTest, SpeaksNoVersionBefore12) {
  GrpcNode node(Options());
  EXPECT_FALSE(HandshakeAt(node.face->Port(), TLS1_1_VERSION));
  EXPECT_TRUE(HandshakeAt(node.face->Port(), TLS1_2_VERSION));
  EXPECT_TRUE(HandshakeAt(node.face->Port(), TLS1_3_VERSION));
}

}  // namespace
}  // namespace idnode::frontend
