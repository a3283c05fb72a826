#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "bench/load/child.h"
#include "bench/load/register_session.h"
#include "bench/load/resolve_client.h"
#include "bench/load/wire_scan.h"

namespace idnode::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kMethod = "/idnode.v1.ResolutionService/Resolve";
constexpr std::chrono::milliseconds kTick{50};
constexpr std::chrono::seconds kCallDeadline{10};

/// Keeps so many calls under way on each channel. Every call slot belongs to one call at a time,
/// so that it needs no lock of its own.
class GrpcRun {
 public:
  GrpcRun(const ResolvePlan& plan, const std::string& target) : plan_(plan) {
    for (std::uint32_t i = 0; i < plan.connections; ++i) {
      stubs_.push_back(std::make_unique<grpc::GenericStub>(OwnChannel(target)));
      for (std::uint32_t k = 0; k < plan.depth; ++k) {
        slots_.push_back(std::make_unique<Slot>(plan, slots_.size(), *stubs_.back()));
      }
    }
  }

  Result<ResolveTally> Run() {
    open_ = slots_.size();
    const auto begin = Clock::now() + plan_.warm_up;
    for (auto& slot : slots_) Ask(*slot);
    if (!WaitUntil(begin)) return Finish();
    const double cpu = OwnCpuSeconds();
    const double server_cpu = plan_.server_cpu_seconds();
    const auto measured_from = Clock::now();
    SetPhase(Phase::kMeasuring);
    WaitUntil(measured_from + plan_.time);
    SetPhase(Phase::kEnding);
    tally_.seconds = std::chrono::duration<double>(Clock::now() - measured_from).count();
    tally_.client_cpu_seconds = OwnCpuSeconds() - cpu;
    tally_.server_cpu_seconds = plan_.server_cpu_seconds() - server_cpu;
    return Finish();
  }

 private:
  enum class Phase : std::uint8_t { kWarmUp, kMeasuring, kEnding };

  struct Slot {
    Slot(const ResolvePlan& plan, std::size_t number, grpc::GenericStub& to)
        : stub(to), rows(plan.data), picker(plan.seed + number * 7919, plan.rows) {}
    grpc::GenericStub& stub;
    RowWriter rows;
    RowPicker picker;
    std::string request_bytes;
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    Clock::time_point asked_at;
  };

  void SetPhase(Phase phase) {
    std::lock_guard lock(mutex_);
    phase_ = phase;
  }

  void Ask(Slot& slot) {
    const std::string_view identifier = slot.rows.Identifier(slot.picker.Next());
    // ResolveRequest: field 1, a text of less than 128 bytes.
    slot.request_bytes.assign(1, static_cast<char>(1 << 3 | 2));
    slot.request_bytes += static_cast<char>(identifier.size());
    slot.request_bytes += identifier;
    slot.context = std::make_unique<grpc::ClientContext>();
    slot.context->set_deadline(std::chrono::system_clock::now() + kCallDeadline);
    if (!plan_.token.empty()) slot.context->AddMetadata("authorization", authorization_);
    slot.request = ToByteBuffer(slot.request_bytes);
    slot.response.Clear();
    slot.asked_at = Clock::now();
    slot.stub.UnaryCall(slot.context.get(), kMethod, {}, &slot.request, &slot.response,
                        [this, &slot](const grpc::Status& status) { Done(slot, status); });
  }

  void Done(Slot& slot, const grpc::Status& status) {
    std::optional<Error> error;
    std::size_t bytes = 0;
    if (!status.ok()) {
      error = Error(Errc::kUnavailable, "Resolve answered " + std::to_string(status.error_code()) +
                                            " " + status.error_message());
    } else {
      grpc::Slice slice;
      const std::string_view answer = Contiguous(slot.response, slice);
      bytes = answer.size();
      const bool found =
          ScanResolvedIdentifier(answer) == std::string_view(slot.request_bytes).substr(2);
      if (plan_.check && !found) {
        error = Error(Errc::kInternal, "the answer is not of the identifier asked for");
      }
    }
    const auto took = Clock::now() - slot.asked_at;
    bool goes_on = false;
    {
      std::lock_guard lock(mutex_);
      if (error.has_value() && !error_.has_value()) error_ = std::move(error);
      goes_on = phase_ != Phase::kEnding && !error_.has_value();
      if (phase_ == Phase::kMeasuring) {
        ++tally_.answers;
        bytes_ += bytes;
        tally_.latency.Add(took);
      }
      if (!goes_on) {
        --open_;
        changed_.notify_all();
        return;
      }
    }
    Ask(slot);
  }

  /// False if something failed meanwhile.
  bool WaitUntil(Clock::time_point time) {
    std::unique_lock lock(mutex_);
    while (Clock::now() < time && !error_.has_value()) {
      changed_.wait_for(lock, kTick);
      if (Interrupted()) error_ = InterruptedError();
    }
    return !error_.has_value();
  }

  Result<ResolveTally> Finish() {
    std::unique_lock lock(mutex_);
    phase_ = Phase::kEnding;
    changed_.wait(lock, [this] { return open_ == 0; });
    if (error_.has_value()) return *error_;
    if (tally_.answers == 0) return Error(Errc::kUnavailable, "no answer in the measured time");
    tally_.answer_bytes = static_cast<double>(bytes_) / static_cast<double>(tally_.answers);
    return tally_;
  }

  const ResolvePlan& plan_;
  const std::string authorization_ = "Bearer " + plan_.token;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kWarmUp;
  std::size_t open_ = 0;
  std::optional<Error> error_;
  std::uint64_t bytes_ = 0;
  ResolveTally tally_;
};

}  // namespace

Result<ResolveTally> ResolveOverGrpc(const ResolvePlan& plan, const std::string& target) {
  return GrpcRun(plan, target).Run();
}

}  // namespace idnode::bench
