#include "node/frontend/grpc/register_stream.h"

#include <utility>

#include <grpc/support/time.h>

#include "node/frontend/error_map.h"
#include "node/frontend/grpc/batch_message.h"
#include "node/frontend/guard.h"

namespace idnode::frontend::rpc {
namespace {

void FillError(const Error& error, v1::Error& out) {
  const auto wire = ToWire(error.code);
  if (IsSecretDetail(error.code)) LogSecretDetail(error);
  out.set_slug(wire.slug.data(), wire.slug.size());
  out.set_detail(PublicDetail(error));
  out.set_field(error.field);
  if (IsRetryable(error.code)) out.set_retry_after_ms(kRetryAfterSeconds * 1000);
}

}  // namespace

RegisterStream* RegisterStream::Start(Face& face, Operation& operation, RegisterPool& pool,
                                      grpc::CallbackServerContext& context) {
  auto stream = std::make_shared<RegisterStream>(face, operation, pool, context);
  stream->self_ = stream;
  auto admitted = face.Enter();
  stream->entered_ = admitted.ok();
  if (admitted.ok()) {
    // A token that is not valid ends the stream at once; each batch looks it up again.
    auto caller = Authenticate(face, context);
    if (!caller.ok()) {
      admitted = caller.error();
    } else if ((*caller)->role == service::Role::kAnonymous) {
      // A stream holds a call for minutes: not for whoever may not register anyway.
      admitted = Error(Errc::kUnauthenticated, "registration needs a token");
    }
  }
  if (!admitted.ok()) {
    operation.Record(stream->last_batch_, admitted.code());
    stream->End(admitted.error());
    return stream.get();
  }
  stream->ArmIdleAlarm(stream->idle_max_);
  face.AddStream(stream);
  stream->Advance();
  return stream.get();
}

RegisterStream::RegisterStream(Face& face, Operation& operation, RegisterPool& pool,
                               grpc::CallbackServerContext& context)
    : face_(face),
      operation_(operation),
      pool_(pool),
      context_(context),
      source_(SourceOf(context.peer())),
      idle_max_(face.options.stream_idle_ms_max),
      last_batch_(std::chrono::steady_clock::now()) {}

void RegisterStream::OnReadDone(bool ok) {
  Slot* slot = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (!ok) half_closed_ = true;
    // What arrives after the end was decided is not taken: the status tells the client to repeat.
    if (ok && !end_.has_value()) {
      slot = under_way_.emplace_back(std::make_unique<Slot>()).get();
      last_batch_ = std::chrono::steady_clock::now();
    }
  }
  if (slot != nullptr) Take(*slot);
  {
    // Only now: the next read would overwrite `read_`, and its batch overtake this one.
    std::lock_guard lock(mutex_);
    reading_ = false;
  }
  Advance();
}

// Submits the batch in `read_`. The slot holds the stream open until it is answered.
void RegisterStream::Take(Slot& slot) {
  const auto start = std::chrono::steady_clock::now();
  const std::size_t request_bytes = read_.Length();
  auto messages = pool_.Take();
  const auto caller = Authenticate(face_, context_);
  if (!caller.ok()) {
    read_.Clear();
    Answer(slot, std::move(messages), request_bytes, start, caller.error());
    return;
  }
  auto batch = Guarded([&] {
    return ParseBatch(face_.services.registration, *caller, read_, messages->request, source_);
  });
  if (!batch.ok()) {
    Answer(slot, std::move(messages), request_bytes, start, batch.error());
    return;
  }
  const std::chrono::milliseconds batch_ms(face_.options.default_deadline_ms);
  const Deadline deadline = face_.services.clock.After(DeadlineLeft(context_, batch_ms, batch_ms));
  // Held by pointer, since a std::function is copyable; `done` is called exactly once.
  auto* held = messages.release();
  face_.services.registration.Submit(*std::move(batch), deadline,
                                     [self = shared_from_this(), &slot, held, request_bytes,
                                      start](const Result<service::BatchResult>& result) {
                                       self->Answer(slot, std::unique_ptr<RegisterPool::Pair>(held),
                                                    request_bytes, start, result);
                                       self->Advance();
                                     });
}

void RegisterStream::Answer(Slot& slot, std::unique_ptr<RegisterPool::Pair> messages,
                            std::size_t request_bytes, std::chrono::steady_clock::time_point start,
                            const Result<service::BatchResult>& result) {
  auto& response = messages->response;
  if (result.ok()) {
    FillResponse(*result, messages->request, response);
  } else {
    response.set_request_id(messages->request.request_id());
    FillError(result.error(), *response.mutable_error());
  }
  operation_.Record(start, result.code());
  const auto encoded = Encode(response, slot.answer);
  pool_.Give(std::move(messages), request_bytes);
  std::lock_guard lock(mutex_);
  slot.ready = true;
  if (!encoded.ok() && !end_.has_value()) end_ = encoded.error();
}

void RegisterStream::OnWriteDone(bool ok) {
  {
    std::lock_guard lock(mutex_);
    writing_ = false;
    under_way_.pop_front();
    if (!ok && !end_.has_value()) end_ = Error(Errc::kUnavailable, "the client is gone");
  }
  Advance();
}

void RegisterStream::OnCancel() { End(Error(Errc::kUnavailable, "the client is gone")); }

void RegisterStream::OnDone() {
  if (entered_) face_.Leave();
  self_.reset();  // `this` is gone once the last callback lets go of it
}

void RegisterStream::Drain() {
  End(Error(Errc::kShuttingDown, "the node is shutting down; repeat what was not answered"));
}

void RegisterStream::End(Error reason) {
  {
    std::lock_guard lock(mutex_);
    if (!end_.has_value()) end_ = std::move(reason);
  }
  Advance();
}

// Issues what the state allows. Only one thread is in the loop; the others leave the work to it.
// After Finish `this` may be gone, and `advancing_` stays set: nothing is issued any more.
void RegisterStream::Advance() {
  std::unique_lock lock(mutex_);
  if (advancing_ || finished_) return;
  advancing_ = true;
  for (;;) {
    const bool idle = under_way_.empty() && !writing_;
    if (idle && (half_closed_ || end_.has_value())) {
      finished_ = true;
      const grpc::Status status = EndStatus();
      lock.unlock();
      Finish(status);
      return;
    }
    const bool write = !writing_ && !under_way_.empty() && under_way_.front()->ready;
    const bool read = !reading_ && !half_closed_ && !end_.has_value() &&
                      under_way_.size() < face_.options.stream_batches_in_flight_max;
    if (!write && !read) break;
    const grpc::ByteBuffer* answer = write ? &under_way_.front()->answer : nullptr;
    writing_ = writing_ || write;
    reading_ = reading_ || read;
    lock.unlock();
    if (write) StartWrite(answer);
    if (read) StartRead(&read_);
    lock.lock();
  }
  advancing_ = false;
}

grpc::Status RegisterStream::EndStatus() const {
  if (context_.IsCancelled()) return grpc::Status::CANCELLED;  // nobody reads it any more
  // Whoever closed its side has all its answers, whatever else happens.
  if (half_closed_) return grpc::Status::OK;
  if (!end_.has_value()) return grpc::Status::CANCELLED;
  return ToStatus(*end_, context_);
}

void RegisterStream::ArmIdleAlarm(std::chrono::milliseconds wait) {
  idle_alarm_.Set(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(wait.count(), GPR_TIMESPAN)),
      [weak = weak_from_this()](bool expired) {
        if (!expired) return;
        if (auto stream = weak.lock()) stream->OnIdleAlarm();
      });
}

// May come when the call is over and the face gone: until `finished_` is known to be false, only
// what is this object's own is touched.
void RegisterStream::OnIdleAlarm() {
  std::chrono::milliseconds left = idle_max_;
  {
    std::lock_guard lock(mutex_);
    if (finished_) return;
    if (under_way_.empty()) {
      left = idle_max_ - std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::steady_clock::now() - last_batch_);
    }
  }
  if (left > std::chrono::milliseconds(0)) {
    ArmIdleAlarm(left);
    return;
  }
  End(Error(Errc::kDeadlineExceeded, "no batch came for " + std::to_string(idle_max_.count()) +
                                         " ms; open the stream anew"));
}

}  // namespace idnode::frontend::rpc
