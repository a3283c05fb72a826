#include "node/frontend/grpc/tls_credentials.h"

#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

namespace idnode::frontend::rpc {
namespace {

grpc_ssl_certificate_config_reload_status FetchCertificate(
    void* source, grpc_ssl_server_certificate_config** config) {
  const auto pair = static_cast<TlsSource*>(source)->TakeNew();
  if (pair == nullptr) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pem{pair->key.c_str(), pair->certificate.c_str()};
  // gRPC 1.51 insists on roots for clients' certificates although none is asked for; these are
  // never used.
  *config = grpc_ssl_server_certificate_config_create(pair->certificate.c_str(), &pem, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

// gRPC's C++ interface has no certificate fetcher, its C interface has.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(TlsSource& source)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE, FetchCertificate, &source))) {}
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

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(TlsSource& source) {
  return std::make_shared<TlsCredentials>(source);
}

}  // namespace idnode::frontend::rpc
