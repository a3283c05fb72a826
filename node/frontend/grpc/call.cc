#include "node/frontend/grpc/call.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <arpa/inet.h>
#include <grpc/support/time.h>

#include "node/frontend/admission.h"
#include "node/frontend/error_map.h"
#include "node/frontend/grpc/tls_credentials.h"
#include "node/frontend/guard.h"
#include "node/frontend/source_address.h"

namespace idnode::frontend::rpc {
namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr std::size_t kWorkerThreadsMin = 2;  // a recount takes one for long
constexpr std::size_t kLoginThreads = 1;
constexpr std::size_t kLoginQueueMax = 16;  // some two seconds of waiting

bool StartsWithScheme(std::string_view text) {
  if (text.size() < kScheme.size()) return false;
  return std::equal(kScheme.begin(), kScheme.end(), text.begin(), [](char expected, char c) {
    return expected == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  });
}

}  // namespace

Face::Face(const service::Services& node, const GrpcOptions& grpc_options)
    : services(node),
      options(grpc_options),
      workers("grpc-worker", std::max(grpc_options.worker_threads, kWorkerThreadsMin),
              grpc_options.worker_queue_max),
      logins("grpc-login", kLoginThreads, kLoginQueueMax) {}

Result<void> Face::Enter() {
  if (!gate.Enter()) return Error(Errc::kShuttingDown, "the node is shutting down");
  if (gate.Inside() > static_cast<std::int64_t>(options.calls_max)) {
    gate.Leave();
    return Error(Errc::kOverloaded, "more than " + std::to_string(options.calls_max) +
                                        " calls are under way; retry after a moment");
  }
  return {};
}

void Face::AddStream(const std::shared_ptr<Stream>& stream) {
  bool draining = false;
  {
    std::lock_guard lock(mutex_);
    draining = draining_;
    std::erase_if(streams_, [](const std::weak_ptr<Stream>& known) { return known.expired(); });
    streams_.push_back(stream);
  }
  if (draining) stream->Drain();
}

void Face::DrainStreams() {
  std::vector<std::weak_ptr<Stream>> streams;
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
    streams = streams_;
  }
  // Without the lock: a stream may end on this very thread.
  for (const auto& known : streams) {
    if (auto stream = known.lock()) stream->Drain();
  }
}

Operation::Operation(Metrics& metrics, std::string name)
    : metrics_(metrics),
      name_(std::move(name)),
      seconds_(metrics.GetHistogram("idnode_request_seconds", "Time from request to answer",
                                    {{"face", "grpc"}, {"operation", name_}})) {}

void Operation::Record(std::chrono::steady_clock::time_point start, Errc code) {
  seconds_.ObserveSince(start);
  CounterOf(code).Add();
}

Counter& Operation::CounterOf(Errc code) {
  auto& slot = by_code_[static_cast<std::size_t>(code)];
  if (Counter* counter = slot.load(std::memory_order_acquire); counter != nullptr) return *counter;
  std::lock_guard lock(mutex_);
  if (Counter* counter = slot.load(std::memory_order_acquire); counter != nullptr) return *counter;
  Counter& counter = metrics_.GetCounter(
      "idnode_requests_total", "Requests answered",
      {{"face", "grpc"}, {"operation", name_}, {"code", std::string(ToWire(code).slug)}});
  slot.store(&counter, std::memory_order_release);
  return counter;
}

namespace {

// The token of the call's metadata; empty where there is none. Errors: kUnauthenticated.
Result<std::string_view> TokenOf(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  if (first == last) return std::string_view();
  if (std::next(first) != last) {
    return Error(Errc::kUnauthenticated, "the metadata has several \"authorization\"; send one");
  }
  const std::string_view text(first->second.data(), first->second.size());
  if (!StartsWithScheme(text) || text.size() == kScheme.size()) {
    return Error(Errc::kUnauthenticated,
                 "the metadata \"authorization\" is not understood; send \"Bearer TOKEN\"");
  }
  return text.substr(kScheme.size());
}

}  // namespace

Result<service::CallerRef> Authenticate(const Face& face,
                                        const grpc::CallbackServerContext& context) {
  const auto source = [&] { return SourceOf(context.peer()); };
  IDNODE_RETURN_IF_ERROR(AdmitAddress(face.services, source));
  const auto token = TokenOf(context);
  if (!token.ok()) return token.error();
  if (!token->empty() || face.options.listen.tls_client_ca.empty()) {
    return Identify(face.services, {*token, {}}, source);
  }
  return Identify(face.services, {{}, ClientCertificateOf(context)}, source);
}

std::string SourceOf(std::string_view peer) {
  const bool is_v4 = peer.starts_with("ipv4:");
  if (!is_v4 && !peer.starts_with("ipv6:")) return {};
  peer.remove_prefix(5);
  peer = peer.substr(0, peer.rfind(':'));  // the port
  std::array<std::uint8_t, 16> v6{};
  std::array<std::uint8_t, 4> v4{};
  if (is_v4) {
    return ::inet_pton(AF_INET, std::string(peer).c_str(), v4.data()) == 1 ? SourceAddress(v4)
                                                                           : std::string();
  }
  // The brackets come as they are, or percent-encoded as in a URI.
  for (const std::string_view open : {"%5B", "["}) {
    if (peer.starts_with(open)) peer.remove_prefix(open.size());
  }
  peer = peer.substr(0, peer.find_first_of("]%"));  // and the zone of a link-local address
  return ::inet_pton(AF_INET6, std::string(peer).c_str(), v6.data()) == 1 ? SourceAddress(v6)
                                                                          : std::string();
}

std::chrono::milliseconds DeadlineLeft(const grpc::CallbackServerContext& context,
                                       std::chrono::milliseconds unset,
                                       std::chrono::milliseconds left_max) {
  const gpr_timespec deadline = context.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
    return std::min(unset, left_max);
  }
  const std::chrono::milliseconds left(
      gpr_time_to_millis(gpr_time_sub(deadline, gpr_now(deadline.clock_type))));
  return std::clamp(left, std::chrono::milliseconds(0), left_max);
}

std::string PublicDetail(const Error& error) {
  std::string detail(IsSecretDetail(error.code) ? ToWire(error.code).title
                                                : std::string_view(error.detail));
  if (detail.size() <= kDetailBytesMax) return detail;
  std::size_t end = kDetailBytesMax;
  while (end > 0 && (static_cast<unsigned char>(detail[end]) & 0xc0) == 0x80) --end;
  detail.resize(end);
  return detail;
}

std::string MetadataText(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '%';
    if (out.size() + (plain ? 1 : 3) > kFieldBytesMax) break;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  return out;
}

grpc::Status ToStatus(const Error& error, grpc::CallbackServerContext& context) {
  const auto wire = ToWire(error.code);
  if (IsSecretDetail(error.code)) LogSecretDetail(error);
  context.AddTrailingMetadata(kErrorKey, std::string(wire.slug));
  if (!error.field.empty()) context.AddTrailingMetadata(kFieldKey, MetadataText(error.field));
  if (IsRetryable(error.code)) {
    context.AddTrailingMetadata(kRetryAfterKey, std::to_string(kRetryAfterSeconds * 1000));
  }
  return {static_cast<grpc::StatusCode>(wire.grpc), PublicDetail(error)};
}

bool UnaryCall::Begin() {
  Error refusal;
  if (auto entered = face_->Enter(); !entered.ok()) {
    refusal = entered.error();
  } else if (auto caller = Authenticate(*face_, *context_); caller.ok()) {
    caller_ = *std::move(caller);
    deadline_ = face_->services.clock.After(
        DeadlineLeft(*context_, std::chrono::milliseconds(face_->options.default_deadline_ms),
                     std::chrono::milliseconds(face_->options.deadline_max_ms)));
    return true;
  } else {
    face_->Leave();
    refusal = caller.error();
  }
  operation_->Record(start_, refusal.code);
  reactor_->Finish(ToStatus(refusal, *context_));
  return false;
}

void UnaryCall::Finish(const Result<void>& result) const {
  operation_->Record(start_, result.code());
  Face* face = face_;
  reactor_->Finish(result.ok() ? grpc::Status::OK : ToStatus(result.error(), *context_));
  face->Leave();
}

service::Actor UnaryCall::actor() const { return {caller_, SourceOf(context_->peer())}; }

void UnaryCall::Run(bool here, std::function<Result<void>()> work) const {
  if (here) {
    Finish(Guarded(work));
    return;
  }
  RunOn(face_->workers, std::move(work));
}

void UnaryCall::RunOn(WorkerPool& pool, std::function<Result<void>()> work) const {
  const bool queued = pool.TrySubmit([call = *this, work = std::move(work)] {
    // Whoever has given up is spared the work.
    if (call.context_->IsCancelled() || call.face_->services.clock.Monotonic() >= call.deadline_) {
      call.Finish(Error(Errc::kDeadlineExceeded, "the deadline passed before work began"));
      return;
    }
    call.Finish(Guarded(work));
  });
  if (!queued) Finish(Error(Errc::kOverloaded, "all workers are busy; retry after a moment"));
}

}  // namespace idnode::frontend::rpc
