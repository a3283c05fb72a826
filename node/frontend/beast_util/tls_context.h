#pragma once

#include <memory>
#include <string>

#include "node/base/result.h"
#include "node/frontend/beast_util/asio.h"
#include "node/frontend/frontend.h"

namespace idnode::frontend::http {

/// TLS 1.2 and 1.3 with forward secrecy, session resumption, ALPN http/1.1, from the files that
/// `listen` names. Immutable once made; shared by the connections that began with it.
/// Errors: kInvalidRequest, naming `[section] tls_certificate` or `tls_key`.
Result<std::shared_ptr<asio::ssl::context>> LoadTlsContext(const ListenOptions& listen,
                                                           const std::string& section);

}  // namespace idnode::frontend::http
