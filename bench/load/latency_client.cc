#include "bench/load/latency_client.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "bench/load/child.h"
#include "bench/load/register_client.h"
#include "bench/load/register_session.h"
#include "bench/load/wire_scan.h"

namespace idnode::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kMethod = "/idnode.v1.RegistrationService/BatchRegister";
constexpr std::chrono::seconds kCallDeadline{30};

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  Clock::time_point due;
};

class LatencyRun {
 public:
  LatencyRun(const LatencyPlan& plan, const std::string& target, const std::string& token)
      : plan_(plan), token_(token), stub_(OwnChannel(target)) {}

  Result<LatencyTally> Run() {
    const auto step = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(1.0 / plan_.batches_per_second));
    const auto batches = static_cast<std::uint64_t>(
        std::chrono::duration<double>(plan_.time).count() * plan_.batches_per_second);
    RegisterPlan rows;
    rows.data = plan_.data;
    rows.batch_items = plan_.batch_items;
    rows.rows = batches * plan_.batch_items;
    BatchBuilder builder(rows);
    const auto start = Clock::now();
    for (std::uint64_t i = 0; i < batches && !Failed(); ++i) {
      // Built before it is due: the client's work is no part of the latency.
      auto call = std::make_unique<Call>();
      call->due = start + step * static_cast<Clock::rep>(i);
      call->request = ToByteBuffer(builder.Build(i));
      call->context.AddMetadata("authorization", "Bearer " + token_);
      std::this_thread::sleep_until(call->due);
      Send(std::move(call));
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ == 0; });
    if (error_.has_value()) return *error_;
    tally_.batches_per_second = static_cast<double>(tally_.latency.count()) /
                                std::chrono::duration<double>(Clock::now() - start).count();
    return tally_;
  }

 private:
  void Send(std::unique_ptr<Call> call) {
    call->context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
    {
      std::lock_guard lock(mutex_);
      ++under_way_;
    }
    Call* raw = call.release();  // Done owns it
    stub_.UnaryCall(
        &raw->context, kMethod, {}, &raw->request, &raw->response,
        [this, raw](const grpc::Status& status) { Done(std::unique_ptr<Call>(raw), status); });
  }

  void Done(std::unique_ptr<Call> call, const grpc::Status& status) {
    const auto took = Clock::now() - call->due;
    BatchAnswer answer;
    grpc::Slice slice;
    const bool read = status.ok() && ScanBatchResponse(Contiguous(call->response, slice), answer);
    const std::uint64_t registered = answer.outcomes[static_cast<std::size_t>(v1::REGISTERED)];
    // The call's context holds the channel. Were it the last to hold it, the channel would end on
    // this thread, which is one of those that its end waits for.
    call.reset();
    std::lock_guard lock(mutex_);
    if (!status.ok()) {
      Fail(Error(Errc::kUnavailable, "BatchRegister answered " +
                                         std::to_string(status.error_code()) + " " +
                                         status.error_message()));
    } else if (!read || registered != plan_.batch_items) {
      Fail(Error(Errc::kInternal, "not every item is REGISTERED: " + answer.detail));
    } else {
      tally_.latency.Add(took);
      tally_.rows += registered;
    }
    --under_way_;
    changed_.notify_all();
  }

  void Fail(Error error) {
    if (!error_.has_value()) error_ = std::move(error);
  }

  bool Failed() {
    std::lock_guard lock(mutex_);
    if (Interrupted()) Fail(InterruptedError());
    if (under_way_ >= kUnderWayMax) {
      Fail(Error(Errc::kUnavailable, "the node does not keep up with the rate"));
    }
    return error_.has_value();
  }

  const LatencyPlan& plan_;
  const std::string token_;
  grpc::GenericStub stub_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  std::optional<Error> error_;
  LatencyTally tally_;
};

}  // namespace

Result<LatencyTally> MeasureCommitLatency(const LatencyPlan& plan, const std::string& target,
                                          const std::string& token) {
  return LatencyRun(plan, target, token).Run();
}

}  // namespace idnode::bench
