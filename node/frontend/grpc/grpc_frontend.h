#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "node/base/result.h"
#include "node/frontend/frontend.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// Section [grpc] and its bounds. Everything that can grow has one.
struct GrpcOptions {
  ListenOptions listen;
  /// Longest message received. Twice the batch limit: a batch a little over the limit then gets
  /// "batch-too-large" with a sentence, and only a far larger one a bare RESOURCE_EXHAUSTED.
  std::size_t message_bytes_max = 2 * (16U << 20);
  std::uint32_t default_deadline_ms =
      30'000;                                ///< where the client sets none; each batch of a stream
  std::uint32_t deadline_max_ms = 300'000;   ///< a later deadline of the client counts as this
  std::uint32_t recount_ms_max = 3'600'000;  ///< longest recount, whatever the client's deadline
  /// Batches of one stream under way; the server reads no further until one is answered.
  std::size_t stream_batches_in_flight_max = 8;
  std::uint32_t stream_idle_ms_max = 600'000;  ///< a stream without a batch for so long is ended
  std::size_t concurrent_streams_max = 1'000;  ///< calls and streams of one connection
  std::size_t calls_max = 10'000;              ///< calls and streams in all; past it: overloaded
  std::size_t recounts_max = 1;                ///< at once; fewer than worker_threads
  std::size_t metadata_bytes_max = 16U << 10;
  std::size_t memory_bytes_max = 512U << 20;  ///< gRPC's own buffers
  std::size_t threads_max = 64;               ///< gRPC's own threads
  std::size_t worker_threads = 2;             ///< for what may wait: at least 2
  std::size_t worker_queue_max = 64;          ///< past it: overloaded
  std::uint32_t handshake_timeout_ms = 10'000;
  std::uint32_t keepalive_time_ms = 60'000;        ///< ping a silent peer after
  std::uint32_t keepalive_timeout_ms = 20'000;     ///< and drop it when it does not answer within
  std::uint32_t ping_interval_ms_min = 10'000;     ///< a client that pings more often is dropped
  std::uint32_t connection_idle_ms_max = 600'000;  ///< a connection without calls is closed after
  bool local_reads = true;                         ///< reads of the engine may run on an I/O thread
};

/// The gRPC face (`idnode.v1`): callback services over one server, with health
/// (grpc.health.v1) and server reflection. Holds no rules: it translates.
///
/// Errors of unary calls are the call's status, with the trailing metadata `idnode-error` (slug),
/// `idnode-field` and, where a repeat may do, `retry-after-ms`. Tokens come as metadata
/// `authorization: Bearer TOKEN` and are looked up anew for every call and every batch of a
/// stream, so a revoked token stops at once.
///
/// Start, Drain, Stop and ReloadTls are called from one control thread.
class GrpcFrontend : public Frontend {
 public:
  GrpcFrontend(const service::Services& services, const GrpcOptions& options);
  /// Stops, if that has not been done.
  ~GrpcFrontend() override;

  /// Errors: kInvalidRequest (address, certificate, or plain text off loopback; names the key of
  /// section [grpc]), kUnavailable (the port is in use; names address and port).
  Result<void> Start() override;
  std::uint16_t Port() const override;
  /// Health turns to NOT_SERVING, new calls are refused with "shutting-down", streams end after
  /// the answers to what they had accepted.
  void Drain(Deadline deadline) override;
  void Stop() override;
  /// Reads certificate and key again; new connections use them. Errors: kInvalidRequest, and the
  /// old ones stay in use.
  Result<void> ReloadTls() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::frontend
