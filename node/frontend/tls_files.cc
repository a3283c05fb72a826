#include "node/frontend/tls_files.h"

#include <fstream>
#include <memory>
#include <utility>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "node/base/log.h"

namespace idnode::frontend {
namespace {

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

// One of the two files: the key that names it, and its path.
struct Source {
  std::string key;
  const std::string& file;

  Error Fault(const std::string& what) const {
    return Error(Errc::kInvalidRequest, key + ": cannot use \"" + file + "\": " + what);
  }
};

std::string OpensslReason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string() : " (" + std::string(reason) + ")";
}

Result<void> ReadPem(const Source& source, std::string& out) {
  std::ifstream stream(source.file, std::ios::binary);
  if (!stream) return source.Fault("it cannot be read");
  out.resize(kPemBytesMax + 1);
  stream.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (stream.bad()) return source.Fault("it cannot be read");
  out.resize(static_cast<std::size_t>(stream.gcount()));
  if (out.size() > kPemBytesMax) return source.Fault("it is longer than 1 MiB");
  return {};
}

// Asks for no passphrase: a node starts without anyone at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

BioPtr BioOf(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL compares with the time of the machine where none is given.
bool HasBegun(const X509* certificate) {
  return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0;
}
bool HasExpired(const X509* certificate) {
  return X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

// Reads every certificate, at most `at_most`, to see that it can be read. Returns the first; logs
// those after it that have expired.
Result<X509Ptr> ReadCertificates(const Source& source, const std::string& text,
                                 std::size_t at_most) {
  ERR_clear_error();
  const BioPtr bio = BioOf(text);
  X509Ptr leaf;
  for (std::size_t i = 0;; ++i) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (certificate == nullptr) {
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      if (i == 0) return source.Fault("it is not a PEM certificate" + OpensslReason());
      if (!at_end) {
        return source.Fault("certificate " + std::to_string(i + 1) + " of its chain is damaged" +
                            OpensslReason());
      }
      ERR_clear_error();
      return leaf;
    }
    if (i == at_most) {
      return source.Fault("its chain is longer than " + std::to_string(at_most) + " certificates");
    }
    if (i > 0 && HasExpired(certificate.get())) {
      LogWarning("a certificate of the chain has expired",
                 {{"file", source.file}, {"number", i + 1}});
    }
    if (i == 0) leaf = std::move(certificate);
  }
}

}  // namespace

TlsPair::~TlsPair() { OPENSSL_cleanse(key.data(), key.size()); }

Result<TlsPair> LoadTlsFiles(const ListenOptions& listen, std::string_view section) {
  const std::string start = "[" + std::string(section) + "] ";
  if (listen.tls_certificate.empty() || listen.tls_key.empty()) {
    return Error(Errc::kInvalidRequest,
                 start + "tls_certificate and tls_key belong together: give both");
  }
  const Source certificate_source{start + "tls_certificate", listen.tls_certificate};
  const Source key_source{start + "tls_key", listen.tls_key};
  TlsPair pair;
  IDNODE_RETURN_IF_ERROR(ReadPem(certificate_source, pair.certificate));
  IDNODE_RETURN_IF_ERROR(ReadPem(key_source, pair.key));

  const auto leaf = ReadCertificates(certificate_source, pair.certificate, kChainCertificatesMax);
  if (!leaf.ok()) return leaf.error();
  const BioPtr bio = BioOf(pair.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return key_source.Fault("it is not a PEM private key without passphrase" + OpensslReason());
  }
  if (X509_check_private_key(leaf->get(), key.get()) != 1) {
    ERR_clear_error();
    return key_source.Fault("it is not the key of \"" + listen.tls_certificate + "\"");
  }
  if (HasExpired(leaf->get())) return certificate_source.Fault("the certificate has expired");
  if (!HasBegun(leaf->get())) return certificate_source.Fault("the certificate is not valid yet");
  if (!listen.tls_client_ca.empty()) {
    const Source ca_source{start + "tls_client_ca", listen.tls_client_ca};
    IDNODE_RETURN_IF_ERROR(ReadPem(ca_source, pair.client_ca));
    const auto first = ReadCertificates(ca_source, pair.client_ca, kClientAuthoritiesMax);
    if (!first.ok()) return first.error();
  }
  return pair;
}

}  // namespace idnode::frontend
