#include "node/frontend/beast_util/tls_context.h"

#include <string_view>

#include <openssl/ssl.h>

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
  return context;
}

}  // namespace idnode::frontend::http
