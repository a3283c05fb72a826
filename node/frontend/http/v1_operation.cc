// What operators and auditors ask of a running node over /v1: a recount, its state.
#include "idnode/v1/operation.pb.h"
#include "idnode/v1/volume.pb.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/http/proto_json.h"
#include "node/frontend/http/v1_handler.h"

namespace idnode::frontend::http {
namespace {

// One at a time: a recount reads the whole store and takes a worker for as long.
constexpr int kRecountsMax = 1;

// Gives the place of a recount back.
class RecountPlace {
 public:
  explicit RecountPlace(std::atomic<int>& recounts) : recounts_(recounts) {
    taken_ = recounts_.fetch_add(1) < kRecountsMax;
  }
  ~RecountPlace() { recounts_.fetch_sub(1); }
  RecountPlace(const RecountPlace&) = delete;
  RecountPlace& operator=(const RecountPlace&) = delete;
  bool taken() const { return taken_; }

 private:
  std::atomic<int>& recounts_;
  bool taken_ = false;
};

// A body says nothing that the path does not; none, or "{}", will do.
Result<void> ReadOptionalJson(const V1Call& call, google::protobuf::Message& message) {
  if (call.request->body.empty()) return call.query.Only({});
  return ReadJson(call, message);
}

}  // namespace

Response V1Handler::Recount(const V1Call& call) {
  const Request& request = *call.request;
  const service::Actor actor{call.caller, std::string(request.source)};
  if (const auto may = services_.admin.audit.Permit(actor, service::Action::kRecount, false,
                                                    call.match.parameters[0]);
      !may.ok()) {
    return Problem(request, may.error());
  }
  v1::RecountRequest message;
  if (const auto read = ReadOptionalJson(call, message); !read.ok()) {
    return Problem(request, read.error());
  }
  const auto month = PathText(call.match.parameters[0], "month");
  if (!month.ok()) return Problem(request, month.error());
  if (!message.month().empty() && message.month() != *month) {
    return Problem(request, Error(Errc::kInvalidRequest,
                                  "the path names another month; leave the field out", "month"));
  }
  const RecountPlace place(recounts_);
  if (!place.taken()) {
    return Problem(request,
                   Error(Errc::kOverloaded, "another recount is under way; retry once it is done"));
  }
  // Longer than other requests: this answer is worth a wait. A client may ask for less.
  const Deadline deadline = request.Get(Header::kRequestTimeout).empty()
                                ? call.start + options_.recount_max
                                : call.deadline;
  const auto report = services_.volume.Recount(
      *call.caller, *month, [&](std::uint32_t, std::uint32_t, std::int64_t) {
        return !draining_.load() && services_.clock.Monotonic() < deadline;
      });
  if (draining_.load()) {
    return Problem(request, Error(Errc::kShuttingDown, "the node is shutting down"));
  }
  if (services_.clock.Monotonic() >= deadline) {
    return Problem(request,
                   Error(Errc::kDeadlineExceeded, "the recount was not done by the deadline"));
  }
  if (!report.ok()) return Problem(request, report.error());
  v1::RecountReport answer;
  FillRecount(*report, answer);
  return JsonResponse(ToJson(answer, JsonFields::kAll));
}

Response V1Handler::GetStatus(const V1Call& call) const {
  const Request& request = *call.request;
  if (const auto known = service::RequireOperator(*call.caller); !known.ok()) {
    return Problem(request, known.error());
  }
  if (const auto known = call.query.Only({}); !known.ok()) return Problem(request, known.error());
  v1::Status answer;
  FillStatus(services_, answer);
  return JsonResponse(ToJson(answer, JsonFields::kAll));
}

}  // namespace idnode::frontend::http
