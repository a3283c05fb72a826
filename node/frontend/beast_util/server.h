#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "node/frontend/beast_util/handler.h"
#include "node/frontend/frontend.h"

namespace idnode::frontend::http {

/// Bounds of an HTTP/1.1 server; their meaning is that of HttpOptions.
struct ServerOptions {
  ListenOptions listen;
  std::string section = "http";  ///< configuration section, for errors and thread names
  int io_threads = 1;            ///< 0: one per hardware thread
  std::size_t connections_max = 10'000;
  std::size_t connections_per_address_max = 256;  ///< 0: no bound
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 32U << 20;
  std::size_t bodies_bytes_max = 256U << 20;
  std::uint32_t idle_timeout_ms = 60'000;
  std::uint32_t request_timeout_ms = 30'000;
  std::size_t pipeline_max = 64;
};

/// HTTP/1.1 over TCP or TLS: keep-alive, pipelining, limits, timeouts, drain. One io_context a
/// thread; one acceptor hands connections out in turn. Control methods are called from one thread.
class Server {
 public:
  /// `handler`, `clock` and `metrics` outlive the server.
  Server(ServerOptions options, Handler& handler, const Clock& clock, Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Errors: kInvalidRequest (address, certificate, plain text where it is not allowed; the
  /// detail names the key), kUnavailable (port in use).
  Result<void> Start();
  std::uint16_t Port() const;
  /// Stops accepting, closes idle connections, waits until the others are answered, at most until
  /// `deadline` of the injected clock.
  void Drain(Deadline deadline);
  /// Aborts what is left and joins the threads. Waits for completions that handlers still hold:
  /// they are answered by their services' own deadlines. Idempotent.
  void Stop();
  /// New connections use the files as they are now. Errors: kInvalidRequest; the old stay in use.
  Result<void> ReloadTls();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::frontend::http
