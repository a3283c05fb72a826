#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/call.h"
#include "node/frontend/grpc/message_pool.h"

namespace idnode::frontend::rpc {

using RegisterPool = MessagePool<v1::BatchRegisterRequest, v1::BatchRegisterResponse>;

/// One RegisterStream call: batches in, answers out in the order of the requests.
///
/// Batches are submitted in order, so that of two with the same identifier the first comes first;
/// up to a bound of them are under way, and the stream is read no further meanwhile, which is
/// what holds a fast client back. A batch that is refused as a whole is answered with `error`, and
/// the stream goes on. It ends after the last answer when the client closes its side, when the
/// node drains, and when no batch came for long.
///
/// Lives until gRPC is done with it: it owns itself. Callbacks come on any thread; `mutex_` guards
/// the state, and one thread at a time issues gRPC operations (Advance), so that Finish is the
/// last of them.
class RegisterStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                             public Stream,
                             public std::enable_shared_from_this<RegisterStream> {
 public:
  /// The reactor of a new call. All references outlive it.
  static RegisterStream* Start(Face& face, Operation& operation, RegisterPool& pool,
                               grpc::CallbackServerContext& context);

  RegisterStream(Face& face, Operation& operation, RegisterPool& pool,
                 grpc::CallbackServerContext& context);

  void Drain() override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // One batch under way.
  struct Slot {
    grpc::ByteBuffer answer;
    bool ready = false;
  };

  void Take(Slot& slot);
  void Answer(Slot& slot, std::unique_ptr<RegisterPool::Pair> messages, std::size_t request_bytes,
              std::chrono::steady_clock::time_point start,
              const Result<service::BatchResult>& result);
  void End(Error reason);
  void Advance();
  grpc::Status EndStatus() const;
  void ArmIdleAlarm(std::chrono::milliseconds wait);
  void OnIdleAlarm();

  Face& face_;
  Operation& operation_;
  RegisterPool& pool_;
  grpc::CallbackServerContext& context_;
  const std::string source_;                  // whence its batches come
  const std::chrono::milliseconds idle_max_;  // a copy: its alarm may outlive the face
  std::shared_ptr<RegisterStream> self_;
  bool entered_ = false;
  grpc::ByteBuffer read_;  // of the read under way, then of the thread that took it
  grpc::Alarm idle_alarm_;

  std::mutex mutex_;
  std::deque<std::unique_ptr<Slot>> under_way_;  // oldest first
  bool advancing_ = false;
  bool reading_ = false;  // until what was read is submitted
  bool writing_ = false;  // the answer of the oldest
  bool half_closed_ = false;
  bool finished_ = false;
  std::optional<Error> end_;  // why nothing more is taken
  std::chrono::steady_clock::time_point last_batch_;
};

}  // namespace idnode::frontend::rpc
