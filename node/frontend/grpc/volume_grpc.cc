#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "idnode/v1/volume.grpc.pb.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/rpc_services.h"
#include "node/frontend/guard.h"

namespace idnode::frontend::rpc {
namespace {

// One Recount call. The recount runs on a worker; progress that comes while the message before is
// still being sent is passed over, the report never is. Lives until gRPC is done with it and the
// worker has left: it owns itself.
class RecountStream final : public grpc::ServerWriteReactor<v1::RecountProgress>,
                            public Stream,
                            public std::enable_shared_from_this<RecountStream> {
 public:
  static RecountStream* Start(Face& face, Operation& operation,
                              grpc::CallbackServerContext& context, const std::string& month) {
    auto stream = std::make_shared<RecountStream>(face, operation, context);
    stream->self_ = stream;
    if (auto begun = stream->Begin(month); !begun.ok()) stream->End(begun.error());
    return stream.get();
  }

  RecountStream(Face& face, Operation& operation, grpc::CallbackServerContext& context)
      : face_(face), operation_(operation), context_(context) {}

  // A recount changes nothing and may be repeated: a drain does not wait for it.
  void Drain() override { draining_.store(true); }
  void OnCancel() override { cancelled_.store(true); }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    if (!ok) cancelled_.store(true);
    if (ended_) Close(lock);
  }

  void OnDone() override {
    if (counted_) face_.recounts.fetch_sub(1);
    if (entered_) face_.Leave();
    self_.reset();
  }

 private:
  Result<void> Begin(const std::string& month) {
    IDNODE_RETURN_IF_ERROR(face_.Enter());
    entered_ = true;
    auto caller = Authenticate(face_, context_);
    if (!caller.ok()) return caller.error();
    const service::Actor actor{*caller, SourceOf(context_.peer())};
    IDNODE_RETURN_IF_ERROR(
        face_.services.admin.audit.Permit(actor, service::Action::kRecount, false, month));
    counted_ = true;
    if (face_.recounts.fetch_add(1) >= face_.options.recounts_max) {
      return Error(Errc::kOverloaded, "another recount is under way; retry once it is done");
    }
    const std::chrono::milliseconds recount_ms(face_.options.recount_ms_max);
    deadline_ = face_.services.clock.After(DeadlineLeft(context_, recount_ms, recount_ms));
    face_.AddStream(shared_from_this());
    const bool queued =
        face_.workers.TrySubmit([self = shared_from_this(), caller = *std::move(caller), month] {
          self->Run(*caller, month);
        });
    if (!queued) return Error(Errc::kOverloaded, "all workers are busy; retry after a moment");
    return {};
  }

  void Run(const service::Caller& caller, const std::string& month) {
    auto report = Guarded([&] {
      return face_.services.volume.Recount(
          caller, month,
          [this](std::uint32_t shards_done, std::uint32_t shards, std::int64_t records) {
            if (Stopped()) return false;
            Progress(shards_done, shards, records);
            return true;
          });
    });
    if (auto stopped = StopReason(); stopped.has_value()) {
      End(*std::move(stopped));
    } else if (!report.ok()) {
      End(report.error());
    } else {
      FillRecount(*report, *last_.mutable_report());
      End({});
    }
  }

  bool Stopped() const { return StopReason().has_value(); }

  std::optional<Error> StopReason() const {
    if (draining_.load()) return Error(Errc::kShuttingDown, "the node is shutting down");
    if (cancelled_.load()) return Error(Errc::kUnavailable, "the client is gone");
    if (face_.services.clock.Monotonic() >= deadline_) {
      return Error(Errc::kDeadlineExceeded, "the recount was not done by the deadline");
    }
    return std::nullopt;
  }

  void Progress(std::uint32_t shards_done, std::uint32_t shards, std::int64_t records) {
    last_.set_shards_done(shards_done);
    last_.set_shards(shards);
    last_.set_records(records);
    {
      std::lock_guard lock(mutex_);
      if (writing_) return;
      writing_ = true;
    }
    sending_ = last_;
    StartWrite(&sending_);
  }

  void End(const Result<void>& result) {
    operation_.Record(start_, result.code());
    std::unique_lock lock(mutex_);
    ended_ = true;
    status_ = result.ok() ? grpc::Status::OK : ToStatus(result.error(), context_);
    if (!writing_) Close(lock);
  }

  // Sends the end. Nothing of this object is touched after.
  void Close(std::unique_lock<std::mutex>& lock) {
    const grpc::Status status = status_;
    // Before the client knows: it may ask for the next one at once.
    if (std::exchange(counted_, false)) face_.recounts.fetch_sub(1);
    lock.unlock();
    if (status.ok()) {
      StartWriteAndFinish(&last_, grpc::WriteOptions(), status);
    } else {
      Finish(status);
    }
  }

  Face& face_;
  Operation& operation_;
  grpc::CallbackServerContext& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::shared_ptr<RecountStream> self_;
  Deadline deadline_{};
  bool entered_ = false;
  bool counted_ = false;
  std::atomic<bool> draining_{false};
  std::atomic<bool> cancelled_{false};
  v1::RecountProgress last_;     // the worker's, until it has ended
  v1::RecountProgress sending_;  // gRPC's while `writing_`

  std::mutex mutex_;
  bool writing_ = false;
  bool ended_ = false;
  grpc::Status status_;
};

class VolumeGrpc final : public v1::VolumeService::CallbackService {
 public:
  explicit VolumeGrpc(Face& face)
      : face_(face),
        get_volume_(face.services.metrics, "GetVolume"),
        recount_(face.services.metrics, "Recount") {}

  grpc::ServerUnaryReactor* GetVolume(grpc::CallbackServerContext* context,
                                      const v1::GetVolumeRequest* request,
                                      v1::Volume* response) override {
    UnaryCall call(face_, get_volume_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response]() -> Result<void> {
      auto report = face_.services.volume.GetVolume(*call.caller(), request->month(),
                                                    request->group_by(), call.deadline());
      if (!report.ok()) return report.error();
      FillVolume(*report, *response);
      return {};
    });
    return call.reactor();
  }

  grpc::ServerWriteReactor<v1::RecountProgress>* Recount(
      grpc::CallbackServerContext* context, const v1::RecountRequest* request) override {
    return RecountStream::Start(face_, recount_, *context, request->month());
  }

 private:
  Face& face_;
  Operation get_volume_;
  Operation recount_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeVolumeGrpc(Face& face) {
  return std::make_unique<VolumeGrpc>(face);
}

}  // namespace idnode::frontend::rpc
