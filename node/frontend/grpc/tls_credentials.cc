#include "node/frontend/grpc/tls_credentials.h"

#include <array>
#include <string_view>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "node/base/text.h"

namespace idnode::frontend::rpc {
namespace {

grpc_ssl_certificate_config_reload_status FetchCertificate(
    void* source, grpc_ssl_server_certificate_config** config) {
  const auto pair = static_cast<TlsSource*>(source)->TakeNew();
  if (pair == nullptr) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pem{pair->key.c_str(), pair->certificate.c_str()};
  // gRPC 1.51 insists on roots for clients' certificates also where none is asked for; these are
  // never used then.
  const std::string& roots = pair->client_ca.empty() ? pair->certificate : pair->client_ca;
  *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pem, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

std::string FingerprintOf(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (certificate == nullptr ||
      X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    ERR_clear_error();
    return {};
  }
  return Hex({reinterpret_cast<const char*>(digest.data()), size});
}

// gRPC's C++ interface has no certificate fetcher, its C interface has.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  TlsCredentials(TlsSource& source, bool ask_clients)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                ask_clients ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                            : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
                FetchCertificate, &source))) {}
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  // The face authenticates calls itself.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

void TlsSource::Set(std::shared_ptr<const TlsPair> pair) {
  std::lock_guard lock(mutex_);
  pair_ = std::move(pair);
  fresh_ = true;
}

std::shared_ptr<const TlsPair> TlsSource::TakeNew() {
  std::lock_guard lock(mutex_);
  if (!fresh_) return nullptr;
  fresh_ = false;
  return pair_;
}

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(TlsSource& source, bool ask_clients) {
  return std::make_shared<TlsCredentials>(source, ask_clients);
}

std::string ClientCertificateOf(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (auth == nullptr) return {};
  const auto found = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (found.empty()) return {};
  const std::string_view pem(found.front().data(), found.front().size());
  // The calls of a connection show the same text.
  thread_local std::string last_pem;
  thread_local std::string last_fingerprint;
  if (pem != last_pem) {
    last_fingerprint = FingerprintOf(pem);
    last_pem = pem;
  }
  return last_fingerprint;
}

}  // namespace idnode::frontend::rpc
