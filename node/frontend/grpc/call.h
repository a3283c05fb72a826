#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "node/base/gate.h"
#include "node/base/metrics.h"
#include "node/base/worker_pool.h"
#include "node/frontend/grpc/grpc_frontend.h"
#include "node/service/services.h"

namespace idnode::frontend::rpc {

/// Trailing metadata of a failed call.
inline constexpr const char* kErrorKey = "idnode-error";
inline constexpr const char* kFieldKey = "idnode-field";
inline constexpr const char* kRetryAfterKey = "retry-after-ms";
/// Longest detail and field that are sent: a client's metadata has a bound of 8 KiB.
inline constexpr std::size_t kDetailBytesMax = 1024;
inline constexpr std::size_t kFieldBytesMax = 256;

/// A stream under way, as the drain sees it.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Takes nothing new and ends after the answers to what was accepted.
  virtual void Drain() = 0;
};

/// What all services of the face share. Thread-safe.
struct Face {
  Face(const service::Services& node, const GrpcOptions& grpc_options);

  /// Enters a call. Errors: kShuttingDown, kOverloaded; no Leave then.
  Result<void> Enter();
  void Leave() { gate.Leave(); }

  /// Drains the stream with the others; at once, where the drain has begun.
  void AddStream(const std::shared_ptr<Stream>& stream);
  void DrainStreams();

  const service::Services services;
  const GrpcOptions options;
  Gate gate;
  std::atomic<std::size_t> recounts{0};

 private:
  std::mutex mutex_;
  bool draining_ = false;
  std::vector<std::weak_ptr<Stream>> streams_;

 public:
  // Last: their work uses everything above.
  WorkerPool workers;
  /// Checking a password takes long, and anybody may ask for it: on a thread of its own, so that
  /// nobody else waits for it.
  WorkerPool logins;
};

/// One row of the operation table: name, latency, outcomes. Thread-safe.
class Operation {
 public:
  Operation(Metrics& metrics, std::string name);
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  void Record(std::chrono::steady_clock::time_point start, Errc code);

 private:
  Counter& CounterOf(Errc code);

  Metrics& metrics_;
  const std::string name_;
  Histogram& seconds_;
  std::mutex mutex_;
  // Made when first used: most codes never occur with most operations.
  std::array<std::atomic<Counter*>, 64> by_code_{};
};

/// Whether the peer is listened to, and who it is: by the call's `authorization`, else by its
/// client certificate; anonymous without either.
/// Errors: kPermissionDenied, kRateLimited, kUnauthenticated.
Result<service::CallerRef> Authenticate(const Face& face,
                                        const grpc::CallbackServerContext& context);

/// Whence a call came, as SourceAddress writes it, out of gRPC's name of the peer
/// ("ipv4:192.0.2.1:4711", "ipv6:%5B::1%5D:4711"); empty where it is no IP address.
std::string SourceOf(std::string_view peer);

/// What is left of the client's deadline, at most `left_max`; `unset` where it set none.
std::chrono::milliseconds DeadlineLeft(const grpc::CallbackServerContext& context,
                                       std::chrono::milliseconds unset,
                                       std::chrono::milliseconds left_max);

/// The status for `error`; adds the trailing metadata. Details that are the log's alone are
/// logged and replaced.
grpc::Status ToStatus(const Error& error, grpc::CallbackServerContext& context);

/// The detail as the wire may have it: secret ones replaced, long ones cut between characters.
std::string PublicDetail(const Error& error);
/// `text` as a metadata value: printable ASCII, the rest and "%" percent-encoded, cut to
/// kFieldBytesMax.
std::string MetadataText(std::string_view text);

/// One unary call. Small and copyable: what finishes it later carries a copy. Request, response
/// and context live until Finish, whether or not the client cancels meanwhile.
class UnaryCall {
 public:
  UnaryCall(Face& face, Operation& operation, grpc::CallbackServerContext& context)
      : face_(&face),
        operation_(&operation),
        context_(&context),
        start_(std::chrono::steady_clock::now()),
        reactor_(context.DefaultReactor()) {}

  /// Admits the call and learns who calls. False: it is refused and finished.
  [[nodiscard]] bool Begin();

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  const service::CallerRef& caller() const { return caller_; }
  /// The caller, and whence the call came.
  service::Actor actor() const;
  Deadline deadline() const { return deadline_; }

  /// Answers: with the response as filled, or with the error. Once; nothing of the call is
  /// touched after.
  void Finish(const Result<void>& result) const;

  /// Runs `work` here, or on a worker, and finishes with its result; with kInternal where a library
  /// below throws.
  void Run(bool here, std::function<Result<void>()> work) const;
  /// The same, on a thread of `pool`.
  void RunOn(WorkerPool& pool, std::function<Result<void>()> work) const;

 private:
  Face* face_;
  Operation* operation_;
  grpc::CallbackServerContext* context_;
  std::chrono::steady_clock::time_point start_;
  grpc::ServerUnaryReactor* reactor_;
  service::CallerRef caller_;
  Deadline deadline_{};
};

}  // namespace idnode::frontend::rpc
