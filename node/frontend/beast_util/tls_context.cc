#include "node/frontend/beast_util/tls_context.h"

#include <array>
#include <string_view>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "node/base/text.h"
#include "node/frontend/tls_files.h"

namespace idnode::frontend::http {
namespace {

// TLS 1.2 suites; those of TLS 1.3 are all fit.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::string_view kSessionIdContext = "idnode";
// RFC 7301 wire form: length, name.
constexpr std::string_view kAlpnHttp11 = "\x08http/1.1";

int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
               unsigned int in_length, void*) {
  unsigned char* selected = nullptr;
  const int outcome = SSL_select_next_proto(
      &selected, out_length, reinterpret_cast<const unsigned char*>(kAlpnHttp11.data()),
      static_cast<unsigned int>(kAlpnHttp11.size()), in, in_length);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

// What the checks of LoadTlsFiles let pass and OpenSSL does not, such as a key that is too short.
Error TlsError(const std::string& section, std::string_view key, const std::string& file,
               const error_code& ec) {
  return Error(Errc::kInvalidRequest, "[" + section + "] " + std::string(key) + ": cannot use \"" +
                                          file + "\": " + ec.message());
}

// Asks clients for certificates of these authorities, and requires none.
Result<void> AskForClientCertificates(asio::ssl::context& context, const std::string& pem) {
  SSL_CTX* native = context.native_handle();
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  X509_STORE* store = SSL_CTX_get_cert_store(native);
  // Each was read before; one that is there twice is no fault.
  for (;;) {
    const std::unique_ptr<X509, decltype(&X509_free)> authority(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    if (authority == nullptr) break;
    if (X509_STORE_add_cert(store, authority.get()) != 1 ||
        SSL_CTX_add_client_CA(native, authority.get()) != 1) {
      ERR_clear_error();
      return Error(Errc::kInvalidRequest, "an authority's certificate cannot be used");
    }
  }
  ERR_clear_error();  // the end of the file is one to OpenSSL
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  return {};
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> LoadTlsContext(const ListenOptions& listen,
                                                           const std::string& section) {
  const auto pair = LoadTlsFiles(listen, section);
  if (!pair.ok()) return pair.error();
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(native, kCiphers);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_id_context(native,
                                 reinterpret_cast<const unsigned char*>(kSessionIdContext.data()),
                                 static_cast<unsigned int>(kSessionIdContext.size()));
  SSL_CTX_set_alpn_select_cb(native, SelectAlpn, nullptr);
  // From what was read and checked, not from the files again: they may change meanwhile.
  error_code ec;
  context->use_certificate_chain(asio::buffer(pair->certificate), ec);
  if (ec) return TlsError(section, "tls_certificate", listen.tls_certificate, ec);
  context->use_private_key(asio::buffer(pair->key), asio::ssl::context::pem, ec);
  if (ec) return TlsError(section, "tls_key", listen.tls_key, ec);
  if (!pair->client_ca.empty()) {
    if (auto asked = AskForClientCertificates(*context, pair->client_ca); !asked.ok()) {
      return Prefix("[" + section + "] tls_client_ca", asked.error());
    }
  }
  return context;
}

std::string PeerFingerprint(asio::ssl::stream<Socket>& stream) {
  const X509* certificate = SSL_get0_peer_certificate(stream.native_handle());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) {
    return {};
  }
  return Hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace idnode::frontend::http
