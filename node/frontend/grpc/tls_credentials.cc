#include "node/frontend/grpc/tls_credentials.h"

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace idnode::frontend::rpc {
namespace {

// A chain of a dozen certificates has some 30 KiB.
constexpr std::size_t kPemBytesMax = 1U << 20;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

Error TlsError(std::string_view key, const std::string& file, const std::string& what) {
  return Error(Errc::kInvalidRequest,
               "[grpc] " + std::string(key) + ": cannot use \"" + file + "\": " + what);
}

std::string OpensslReason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string() : " (" + std::string(reason) + ")";
}

Result<void> ReadPem(std::string_view key, const std::string& file, std::string& out) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return TlsError(key, file, "it cannot be read");
  out.resize(kPemBytesMax + 1);
  stream.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (stream.bad()) return TlsError(key, file, "it cannot be read");
  out.resize(static_cast<std::size_t>(stream.gcount()));
  if (out.size() > kPemBytesMax) return TlsError(key, file, "it is longer than 1 MiB");
  return {};
}

// Asks for no passphrase: a node starts without anyone at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

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

TlsPair::~TlsPair() { OPENSSL_cleanse(key.data(), key.size()); }

Result<std::shared_ptr<const TlsPair>> LoadTlsPair(const std::string& certificate_file,
                                                   const std::string& key_file) {
  if (certificate_file.empty() || key_file.empty()) {
    return Error(Errc::kInvalidRequest,
                 "[grpc] tls_certificate and tls_key belong together: give both");
  }
  auto pair = std::make_shared<TlsPair>();
  IDNODE_RETURN_IF_ERROR(ReadPem("tls_certificate", certificate_file, pair->certificate));
  IDNODE_RETURN_IF_ERROR(ReadPem("tls_key", key_file, pair->key));

  BioPtr bio(BIO_new_mem_buf(pair->certificate.data(), static_cast<int>(pair->certificate.size())));
  const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (certificate == nullptr) {
    return TlsError("tls_certificate", certificate_file,
                    "it is not a PEM certificate" + OpensslReason());
  }
  bio.reset(BIO_new_mem_buf(pair->key.data(), static_cast<int>(pair->key.size())));
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return TlsError("tls_key", key_file,
                    "it is not a PEM private key without passphrase" + OpensslReason());
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return TlsError("tls_key", key_file, "it is not the key of \"" + certificate_file + "\"");
  }
  return std::shared_ptr<const TlsPair>(std::move(pair));
}

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
