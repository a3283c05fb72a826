#pragma once

#include <memory>
#include <string>

#include "node/base/result.h"
#include "node/frontend/beast_util/asio.h"
#include "node/frontend/frontend.h"

namespace idnode::frontend::http {

/// TLS 1.2 and 1.3 with forward secrecy, session resumption, ALPN http/1.1, from the files that
/// `listen` names; with `tls_client_ca` clients may show a certificate of these authorities, and
/// one that shows another is refused. Immutable once made; shared by the connections that began
/// with it. Errors: kInvalidRequest, naming `[section] tls_certificate`, `tls_key` or
/// `tls_client_ca`.
Result<std::shared_ptr<asio::ssl::context>> LoadTlsContext(const ListenOptions& listen,
                                                           const std::string& section);

/// SHA-256 of the certificate (DER) that the connection's client showed, lower-case hexadecimal;
/// empty where it showed none. Once the handshake is over: a certificate is a verified one then.
std::string PeerFingerprint(asio::ssl::stream<Socket>& stream);

}  // namespace idnode::frontend::http
