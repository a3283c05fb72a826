#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include "node/frontend/tls_files.h"

namespace idnode::frontend::rpc {

/// The certificate that new connections get. Thread-safe.
///
/// gRPC asks for it at each handshake, so a new one holds from the next connection on, and the
/// files are read only when told: a half-replaced pair on disk is never used.
class TlsSource {
 public:
  explicit TlsSource(std::shared_ptr<const TlsPair> pair) : pair_(std::move(pair)) {}
  void Set(std::shared_ptr<const TlsPair> pair);

  /// The pair, where it is another than at the call before; nullptr where it is the same.
  std::shared_ptr<const TlsPair> TakeNew();

 private:
  std::mutex mutex_;
  std::shared_ptr<const TlsPair> pair_;
  bool fresh_ = true;
};

/// TLS 1.2 and 1.3 with the source's certificate; clients need none. For one listening port.
/// `source` outlives the server. `ask_clients`: they may show a certificate of the pair's
/// authorities, and one that shows another is refused.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(TlsSource& source, bool ask_clients);

/// SHA-256 of the certificate (DER) that the call's client showed, lower-case hexadecimal; empty
/// where it showed none. Costs a look at the call's context, and once a connection and thread some
/// microseconds: to be asked only where the face has `tls_client_ca`.
std::string ClientCertificateOf(const grpc::ServerContextBase& context);

}  // namespace idnode::frontend::rpc
