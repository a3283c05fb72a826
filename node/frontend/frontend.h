#pragma once

#include <cstdint>
#include <string>

#include "node/base/clock.h"
#include "node/base/result.h"

namespace idnode::frontend {

/// One face of the node. Start binds and serves; Drain takes no new work and lets what is under
/// way finish; Stop cancels the rest. Called from the control thread, in this order.
class Frontend {
 public:
  virtual ~Frontend() = default;
  /// Errors: kInvalidRequest (bad address, certificate), kUnavailable (port in use).
  virtual Result<void> Start() = 0;
  /// Port in use; known after Start, also where port 0 was asked.
  virtual std::uint16_t Port() const = 0;
  /// Stops accepting; returns when all that was under way is answered, or at `deadline`.
  virtual void Drain(Deadline deadline) = 0;
  virtual void Stop() = 0;
  /// Reads certificates again. Errors: kInvalidRequest; the old ones stay in use.
  virtual Result<void> ReloadTls() { return {}; }
};

/// Where a face listens. Plain text is allowed on loopback addresses only, unless
/// `allow_plaintext`.
struct ListenOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string tls_certificate;  ///< PEM file, chain; empty: plain text
  std::string tls_key;          ///< PEM file
  /// PEM file of authorities whose certificates clients may show (mutual TLS); one that shows none
  /// is served all the same. Empty: none is asked for.
  std::string tls_client_ca;
  bool allow_plaintext = false;
};

}  // namespace idnode::frontend
