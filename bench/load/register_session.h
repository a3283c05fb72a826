#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "bench/load/register_client.h"

namespace idnode::bench {

/// What the connections of one call of RegisterOverGrpc share: the source, the first error, and
/// how many connections are still open. Thread-safe.
class SharedRun {
 public:
  SharedRun(BatchSource& source, std::string token) : source_(source), token_(std::move(token)) {}

  BatchSource& source() { return source_; }
  const std::string& token() const { return token_; }

  void Fail(Error error);
  bool failed() const;
  std::optional<Error> error() const;
  void Opened();
  void Closed();
  /// True once every connection is closed; waits for it a tenth of a second at most.
  bool WaitClosed();

 private:
  BatchSource& source_;
  const std::string token_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
  std::optional<Error> error_;
};

/// One connection that sends batches. Thread-safe.
class RegisterSession {
 public:
  virtual ~RegisterSession() = default;
  virtual void Start() = 0;
  /// Sends what may be sent now: called now and then, so that what was refused is tried again.
  virtual void Pump() = 0;
  /// Gives up what is under way.
  virtual void Cancel() = 0;
};

std::unique_ptr<RegisterSession> MakeStreamSession(SharedRun& run, grpc::GenericStub& stub);
std::unique_ptr<RegisterSession> MakeUnarySession(SharedRun& run, grpc::GenericStub& stub);

/// Bytes of a buffer in one piece: the buffer's own where they are, else copied to `copy`.
/// `slice` keeps them alive.
std::string_view Contiguous(const grpc::ByteBuffer& buffer, grpc::Slice& slice);

grpc::ByteBuffer ToByteBuffer(std::string_view bytes);

/// A channel that shares its connection with no other.
std::shared_ptr<grpc::Channel> OwnChannel(const std::string& target);

}  // namespace idnode::bench
