#include "bench/load/register_session.h"

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace idnode::bench {
namespace {

constexpr const char* kStreamMethod = "/idnode.v1.RegistrationService/RegisterStream";
constexpr const char* kUnaryMethod = "/idnode.v1.RegistrationService/BatchRegister";
constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::seconds kUnaryDeadline{60};

Error CallError(const grpc::Status& status) {
  return {Errc::kUnavailable,
          "the call ended: " + std::to_string(status.error_code()) + " " + status.error_message()};
}

/// RegisterStream: answers come in the order of the requests.
class StreamSession : public RegisterSession,
                      public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  StreamSession(SharedRun& run, grpc::GenericStub& stub)
      : run_(run), builder_(run.source().plan()) {
    context_.AddMetadata("authorization", "Bearer " + run.token());
    stub.PrepareBidiStreamingCall(&context_, kStreamMethod, {}, this);
  }

  void Start() override {
    run_.Opened();
    AddHold();  // for Pump from outside; let go when nothing more is to be written
    StartRead(&response_);
    StartCall();
    Pump();
  }

  void Cancel() override { context_.TryCancel(); }

  void Pump() override {
    bool ends = false;
    {
      std::lock_guard lock(mutex_);
      if (closing_ || writing_) return;
      std::uint64_t batch = 0;
      if (in_flight_.size() >= run_.source().plan().in_flight) return;
      // Once another connection failed this one only waits for its answers.
      if (!run_.failed() && run_.source().Next(batch)) {
        in_flight_.push_back(batch);
        request_ = ToByteBuffer(builder_.Build(batch));
        writing_ = true;
      } else if (in_flight_.empty()) {
        closing_ = true;
        ends = true;
      } else {
        return;
      }
      AddHold();  // the call may end on another thread before the next line is through
    }
    ends ? StartWritesDone() : StartWrite(&request_);
    RemoveHold();
    if (ends) RemoveHold();
  }

  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
    }
    ok ? Pump() : Close();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Close();
    std::uint64_t batch = 0;
    {
      std::lock_guard lock(mutex_);
      if (in_flight_.empty()) {
        run_.Fail(Error(Errc::kInternal, "the stream holds more answers than requests"));
        context_.TryCancel();
        return Close();
      }
      batch = in_flight_.front();
      in_flight_.pop_front();
    }
    grpc::Slice slice;
    const auto taken = run_.source().Answered(batch, Contiguous(response_, slice));
    if (!taken.ok()) {
      run_.Fail(taken.error());
      context_.TryCancel();
    } else if (*taken) {
      Pump();  // after a refusal the next tick goes on
    }
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    // In this order: no other connection takes what was lost here.
    if (!status.ok()) {
      run_.Fail(CallError(status));
    } else if (!in_flight_.empty()) {
      run_.Fail(Error(Errc::kUnavailable, "the stream ended before its last answer"));
    }
    for (const std::uint64_t batch : in_flight_) run_.source().Lost(batch);
    run_.Closed();  // nothing of this object may be used after this
  }

 private:
  void Close() {
    {
      std::lock_guard lock(mutex_);
      if (closing_) return;
      closing_ = true;
    }
    RemoveHold();
  }

  SharedRun& run_;
  grpc::ClientContext context_;
  std::mutex mutex_;
  BatchBuilder builder_;
  std::deque<std::uint64_t> in_flight_;
  bool writing_ = false;
  bool closing_ = false;  ///< the hold of Start is, or is about to be, let go
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

/// BatchRegister: so many calls at a time.
class UnarySession : public RegisterSession {
 public:
  UnarySession(SharedRun& run, grpc::GenericStub& stub)
      : run_(run), stub_(stub), builder_(run.source().plan()) {}

  void Start() override {
    run_.Opened();
    Pump();
  }

  void Cancel() override {
    {
      std::lock_guard lock(mutex_);
      for (auto& slot : slots_) {
        if (slot->busy) slot->context->TryCancel();
      }
    }
    Pump();
  }

  void Pump() override {
    Send();
    {
      std::lock_guard lock(mutex_);
      if (closed_ || busy_ > 0 || finishing_ > 0) return;
      closed_ = true;
    }
    run_.Closed();
  }

 private:
  struct Slot {
    std::uint64_t batch = 0;
    bool busy = false;
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };

  /// Starts calls until so many as the plan allows are under way or nothing is left to send.
  void Send() {
    while (Slot* slot = NextCall()) {
      stub_.UnaryCall(slot->context.get(), kUnaryMethod, {}, &slot->request, &slot->response,
                      [this, slot](const grpc::Status& status) { Done(*slot, status); });
    }
  }

  Slot* NextCall() {
    std::lock_guard lock(mutex_);
    std::uint64_t batch = 0;
    if (closed_ || busy_ >= run_.source().plan().in_flight || run_.failed() ||
        !run_.source().Next(batch)) {
      return nullptr;
    }
    Slot* slot = FreeSlot();
    slot->batch = batch;
    slot->busy = true;
    ++busy_;
    slot->context = std::make_unique<grpc::ClientContext>();
    slot->context->AddMetadata("authorization", "Bearer " + run_.token());
    slot->context->set_deadline(std::chrono::system_clock::now() + kUnaryDeadline);
    slot->request = ToByteBuffer(builder_.Build(batch));
    slot->response.Clear();
    return slot;
  }

  Slot* FreeSlot() {
    for (auto& slot : slots_) {
      if (!slot->busy) return slot.get();
    }
    slots_.push_back(std::make_unique<Slot>());
    return slots_.back().get();
  }

  void Done(Slot& slot, const grpc::Status& status) {
    bool goes_on = false;
    if (status.ok()) {
      grpc::Slice slice;
      const auto taken = run_.source().Answered(slot.batch, Contiguous(slot.response, slice));
      if (!taken.ok()) run_.Fail(taken.error());
      goes_on = taken.ok() && *taken;
    } else if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
      run_.source().Refused(slot.batch);  // the next tick goes on
    } else {
      run_.Fail(CallError(status));  // first: no other connection takes what was lost here
      run_.source().Lost(slot.batch);
    }
    {
      std::lock_guard lock(mutex_);
      slot.busy = false;
      --busy_;
      ++finishing_;
    }
    if (goes_on) Send();
    // The last use of this object: Pump, on the caller's thread, closes it no sooner.
    std::lock_guard lock(mutex_);
    --finishing_;
  }

  SharedRun& run_;
  grpc::GenericStub& stub_;
  std::mutex mutex_;
  BatchBuilder builder_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::uint32_t busy_ = 0;       ///< calls under way
  std::uint32_t finishing_ = 0;  ///< calls answered whose Done has not returned
  bool closed_ = false;
};

}  // namespace

void SharedRun::Fail(Error error) {
  std::lock_guard lock(mutex_);
  if (!error_.has_value()) error_ = std::move(error);
}

bool SharedRun::failed() const {
  std::lock_guard lock(mutex_);
  return error_.has_value();
}

std::optional<Error> SharedRun::error() const {
  std::lock_guard lock(mutex_);
  return error_;
}

void SharedRun::Opened() {
  std::lock_guard lock(mutex_);
  ++open_;
}

void SharedRun::Closed() {
  std::lock_guard lock(mutex_);
  --open_;
  changed_.notify_all();
}

bool SharedRun::WaitClosed() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kTick, [this] { return open_ == 0; });
}

std::unique_ptr<RegisterSession> MakeStreamSession(SharedRun& run, grpc::GenericStub& stub) {
  return std::make_unique<StreamSession>(run, stub);
}

std::unique_ptr<RegisterSession> MakeUnarySession(SharedRun& run, grpc::GenericStub& stub) {
  return std::make_unique<UnarySession>(run, stub);
}

std::string_view Contiguous(const grpc::ByteBuffer& buffer, grpc::Slice& slice) {
  // Takes the one slice there is, or joins several.
  if (!buffer.TrySingleSlice(&slice).ok() && !buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

grpc::ByteBuffer ToByteBuffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

std::shared_ptr<grpc::Channel> OwnChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace idnode::bench
