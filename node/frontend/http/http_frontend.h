#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "node/frontend/frontend.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// Section [http]. Every bound has a test at its boundary.
struct HttpOptions {
  ListenOptions listen;
  int io_threads = 0;                    ///< 0: one per hardware thread
  std::size_t connections_max = 10'000;  ///< further ones are answered 503 and closed
  /// Connections of one peer: an IPv4 address, or the /64 of an IPv6 one. Further ones are answered
  /// 503 and closed. 0: no bound, for a node behind a proxy, whose address is everybody's.
  std::size_t connections_per_address_max = 256;
  std::size_t header_bytes_max = 16 * 1024;   ///< request line and header section
  std::size_t body_bytes_max = 32U << 20;     ///< one request's body
  std::size_t bodies_bytes_max = 256U << 20;  ///< all bodies held at once
  std::uint32_t idle_timeout_ms = 60'000;     ///< between two requests of a connection
  std::uint32_t request_timeout_ms = 30'000;  ///< reading one request; answering; writing
  std::size_t pipeline_max = 64;              ///< answers gathered before they are written
  int redirect_status = 302;                  ///< 302 or 307: redirect to the URL value
  /// Reads of the engine may run on an I/O thread (Capabilities::local_reads).
  bool local_reads = true;
  int worker_threads = 4;               ///< for what may wait; at least 2, as a recount takes one
  std::size_t worker_queue_max = 1024;  ///< past it: overloaded
  std::uint32_t recount_ms_max = 3'600'000;  ///< longest recount
  /// The SNMS-compatible face refuses values over 255 characters, as its documents do.
  bool snms_value_bytes_strict = false;
  /// Where uploads to the SNMS-compatible face go; empty: there are none.
  std::string snms_files_directory;
};

/// The HTTP face: `/v1/…`, `/ledger/…`, `/{prefix}/{suffix}`, `/openapi.json` and the SNMS API. One
/// I/O context a thread; a connection stays on its thread. Lifecycle and threads as in `Frontend`.
class HttpFrontend : public Frontend {
 public:
  HttpFrontend(HttpOptions options, const service::Services& services);
  ~HttpFrontend() override;

  /// Errors: kInvalidRequest (an option, named as [http] key), kUnavailable (port in use).
  Result<void> Start() override;
  std::uint16_t Port() const override;
  void Drain(Deadline deadline) override;
  void Stop() override;
  Result<void> ReloadTls() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::frontend
