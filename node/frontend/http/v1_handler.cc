#include "node/frontend/http/v1_handler.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>
#include <vector>

#include "idnode/v1/resolution.pb.h"
#include "idnode/v1/volume.pb.h"
#include "node/frontend/admission.h"
#include "node/frontend/admit_identifier.h"
#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/http/json_writer.h"
#include "node/frontend/http/proto_json.h"
#include "node/frontend/http/v1_admin.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http {
namespace {

// Smaller bodies are parsed on the I/O thread: changing threads would cost more.
constexpr std::size_t kInlineBodyBytesMax = 16 * 1024;

constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";

bool IsRegistration(Operation operation) {
  switch (operation) {
    case Operation::kBatchRegister:
    case Operation::kBatchUpdate:
    case Operation::kBatchDelete:
    case Operation::kBatchSetState:
    case Operation::kUpdateIdentifier:
    case Operation::kDeleteIdentifier:
      return true;
    default:
      return false;
  }
}

}  // namespace

Response JsonResponse(std::string body) {
  Response response;
  response.headers = kNoStore;
  response.body = std::move(body);
  return response;
}

Result<std::chrono::milliseconds> TimeoutOf(const Request& request,
                                            std::chrono::milliseconds most) {
  const std::string_view text = request.Get(Header::kRequestTimeout);
  if (text.empty()) return most;
  std::uint32_t asked = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), asked);
  if (ec != std::errc() || end != text.data() + text.size() || asked == 0) {
    return Error(Errc::kInvalidRequest, "give a number of milliseconds above 0",
                 "X-Request-Timeout-Ms");
  }
  return std::min(most, std::chrono::milliseconds(asked));
}

Result<std::string> PathText(std::string_view text, std::string_view field) {
  std::string scratch;
  const auto decoded = PercentDecode(text, scratch);
  if (!decoded) {
    return Error(Errc::kInvalidRequest, "the path holds a malformed percent escape; write % as %25",
                 std::string(field));
  }
  return std::string(*decoded);
}

Result<void> CheckJsonBody(const Request& request) {
  const std::string_view encoding = request.Get(Header::kContentEncoding);
  if (!encoding.empty() && !EqualsIgnoringCase(encoding, "identity")) {
    return Error(Errc::kUnsupportedMedia, "send the body without a content coding",
                 "Content-Encoding");
  }
  std::string_view type = request.Get(Header::kContentType);
  if (!type.empty() && !EqualsIgnoringCase(NextPart(type, ';'), kJsonType)) {
    return Error(Errc::kUnsupportedMedia, "send application/json", "Content-Type");
  }
  return {};
}

Result<std::string> IdentifierOf(const Match& match) {
  auto decoded = PathText(IdentifierText(match), "identifier");
  if (!decoded.ok()) {
    return Error(Errc::kInvalidIdentifier, decoded.error().detail, "identifier");
  }
  return decoded;
}

std::string_view IdentifierText(const Match& match) {
  const char* begin = match.parameters[0].data();
  const char* end = match.parameters[1].data() + match.parameters[1].size();
  return {begin, static_cast<std::size_t>(end - begin)};
}

namespace {

// The token of the Authorization field; empty where there is none. Errors: kUnauthenticated.
Result<std::string_view> TokenOf(const Request& request) {
  const std::string_view authorization = request.Get(Header::kAuthorization);
  if (authorization.empty()) return std::string_view();
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() > kScheme.size() &&
      EqualsIgnoringCase(authorization.substr(0, kScheme.size()), kScheme)) {
    const std::string_view token = Trim(authorization.substr(kScheme.size()));
    if (!token.empty()) return token;
  }
  return Error(Errc::kUnauthenticated, "send Authorization: Bearer TOKEN");
}

}  // namespace

Result<service::CallerRef> V1Handler::Authenticate(const Request& request) const {
  const auto token = TokenOf(request);
  if (!token.ok()) return token.error();
  return Identify(services_, {*token, request.client_certificate}, [&] { return request.source; });
}

Result<V1CallRef> V1Handler::NewCall(const Request& request, const Match& match,
                                     std::string_view query,
                                     std::chrono::steady_clock::time_point start) const {
  auto call = std::make_shared<V1Call>();
  call->request = &request;
  call->match = match;
  call->query_text = query;
  call->start = start;
  const auto timeout = TimeoutOf(request, options_.request_timeout);
  if (!timeout.ok()) return timeout.error();
  call->deadline = start + *timeout;
  auto caller = Authenticate(request);
  if (!caller.ok()) return caller.error();
  call->caller = *std::move(caller);
  auto parsed = Query::Parse(query);
  if (!parsed.ok()) return parsed.error();
  call->query = *std::move(parsed);
  return call;
}

void V1Handler::Handle(Exchange& exchange, const Match& match, std::string_view query,
                       std::chrono::steady_clock::time_point start) {
  const Request& request = exchange.request();
  auto made = NewCall(request, match, query, start);
  if (!made.ok()) {
    const Response response = Problem(request, made.error());
    AppendResponse(request, response, exchange.out());
    metrics_.Observe(match.operation, response.status, services_.clock.Monotonic() - start);
    return;
  }
  const V1CallRef& call = *made;
  if (match.operation == Operation::kGetIdentifier && options_.local_reads && query.empty()) {
    const ResolutionCall resolution{IdentifierText(match), {}, false, call->caller, call->deadline};
    const int status = resolution_.Answer(request, resolution, exchange.out());
    metrics_.Observe(match.operation, status, services_.clock.Monotonic() - start);
    return;
  }
  call->completion = exchange.Defer();
  const bool reads_first = !request.Get(Header::kIfMatch).empty() && !options_.local_reads;
  if (IsRegistration(match.operation) && request.body.size() <= kInlineBodyBytesMax &&
      !reads_first) {
    RunDeferred(call);
  } else {
    OnWorker(ChecksPassword(match.operation) ? logins_ : workers_, call,
             [this, call] { RunDeferred(call); });
  }
}

void V1Handler::Finish(V1Call& call, const Response& response) {
  std::string answer;
  answer.reserve(response.body.size() + 512);
  AppendResponse(*call.request, response, answer);
  FinishAnswer(call, response.status, std::move(answer));
}

void V1Handler::FinishAnswer(V1Call& call, int status, std::string answer) {
  metrics_.Observe(call.match.operation, status, services_.clock.Monotonic() - call.start);
  call.claimed.store(true);
  call.completion->Finish(std::move(answer));
}

void V1Handler::OnWorker(WorkerPool& pool, const V1CallRef& call, std::function<void()> work) {
  if (pool.TrySubmit(std::move(work))) return;
  Finish(*call, Problem(*call->request,
                        Error(Errc::kOverloaded, "the queue of waiting requests is full")));
}

void V1Handler::RunDeferred(const V1CallRef& call) {
  try {
    if (const AdminRoute* route = FindAdminRoute(call->match.operation); route != nullptr) {
      return Finish(*call, route->answer(*route, services_, *call));
    }
    switch (call->match.operation) {
      case Operation::kGetIdentifier:
        return GetIdentifier(*call);
      case Operation::kUpdateIdentifier:
        return SubmitUpdate(call);
      case Operation::kDeleteIdentifier:
        return SubmitDelete(call);
      case Operation::kBatchRegister:
      case Operation::kBatchUpdate:
      case Operation::kBatchDelete:
      case Operation::kBatchSetState:
        return SubmitBatchOperation(call);
      case Operation::kBatchResolve:
        return Finish(*call, BatchResolve(*call));
      case Operation::kListIdentifiers:
        return Finish(*call, ListIdentifiers(*call));
      case Operation::kGetVolume:
        return Finish(*call, GetVolume(*call));
      case Operation::kRecount:
        return Finish(*call, Recount(*call));
      case Operation::kGetStatus:
        return Finish(*call, GetStatus(*call));
      default:  // administration is above, the rest other handlers'; a test asks every route
        break;
    }
    Finish(*call, Problem(*call->request, Error(Errc::kInternal, "not an operation of /v1")));
  } catch (const std::exception& exception) {
    // The committer may be about to answer what was submitted before.
    if (!call->Claim()) return;
    Finish(*call, Problem(*call->request, Error(Errc::kInternal, exception.what())));
  }
}

void V1Handler::GetIdentifier(V1Call& call) {
  const Request& request = *call.request;
  Result<void> usable = call.query.Only({"history", "pageSize", "pageToken"});
  const auto history = call.query.Flag("history");
  if (usable.ok() && !history.ok()) usable = history.error();
  if (usable.ok() && !*history && !call.query.Only({"history"}).ok()) {
    usable = Error(Errc::kInvalidRequest, "pages are of the history: add history=true", "history");
  }
  if (!usable.ok()) return Finish(call, Problem(request, usable.error()));
  if (*history) return Finish(call, History(call));
  std::string answer;
  const ResolutionCall resolution{
      IdentifierText(call.match), {}, false, call.caller, call.deadline};
  const int status = resolution_.Answer(request, resolution, answer);
  FinishAnswer(call, status, std::move(answer));
}

Response V1Handler::History(const V1Call& call) const {
  const Request& request = *call.request;
  const auto identifier = IdentifierOf(call.match);
  if (!identifier.ok()) return Problem(request, identifier.error());
  if (const auto admitted = AdmitIdentifier(services_, *call.caller, *identifier); !admitted.ok()) {
    return Problem(request, admitted.error());
  }
  const auto page_size = call.query.Number("pageSize");
  if (!page_size.ok()) return Problem(request, page_size.error());
  const std::string* token = call.query.Find("pageToken");
  const auto page = services_.resolution.History(*identifier, *page_size,
                                                 token == nullptr ? std::string_view() : *token,
                                                 *call.caller, call.deadline);
  if (!page.ok()) return Problem(request, page.error());
  std::string body;
  const auto written = AppendHistory(*page, body);
  return written.ok() ? JsonResponse(std::move(body)) : Problem(request, written.error());
}

Response V1Handler::ListIdentifiers(const V1Call& call) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({"pageSize", "pageToken"}); !known.ok()) {
    return Problem(request, known.error());
  }
  const auto prefix = PathText(call.match.parameters[0], "prefix");
  if (!prefix.ok()) return Problem(request, prefix.error());
  const auto page_size = call.query.Number("pageSize");
  if (!page_size.ok()) return Problem(request, page_size.error());
  const std::string* token = call.query.Find("pageToken");
  auto page =
      services_.resolution.List(*prefix, *page_size, token == nullptr ? std::string_view() : *token,
                                *call.caller, call.deadline);
  if (!page.ok()) return Problem(request, page.error());
  AdmitIdentifiers(services_, *call.caller, *page);
  std::string body;
  const auto written =
      AppendList(*page, service::Viewer(services_.admin.disclosure, *call.caller), body);
  return written.ok() ? JsonResponse(std::move(body)) : Problem(request, written.error());
}

Response V1Handler::BatchResolve(const V1Call& call) const {
  const Request& request = *call.request;
  v1::BatchResolveRequest message;
  if (const auto read = ReadJson(call, message); !read.ok()) return Problem(request, read.error());
  const std::vector<std::string_view> identifiers(message.identifiers().begin(),
                                                  message.identifiers().end());
  auto results = services_.resolution.BatchResolve(identifiers, *call.caller, call.deadline);
  if (!results.ok()) return Problem(request, results.error());
  AdmitIdentifiers(services_, *call.caller, identifiers, *results);
  const service::Viewer viewer(services_.admin.disclosure, *call.caller);
  std::string body = "{\"results\":[";
  for (std::size_t i = 0; i < results->size(); ++i) {
    if (i > 0) body.push_back(',');
    AppendResolveResult((*results)[i], identifiers[i], viewer, body);
  }
  body.append("]}");
  return JsonResponse(std::move(body));
}

Response V1Handler::GetVolume(const V1Call& call) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({"groupBy"}); !known.ok()) {
    return Problem(request, known.error());
  }
  const auto month = PathText(call.match.parameters[0], "month");
  if (!month.ok()) return Problem(request, month.error());
  const std::string* group_by = call.query.Find("groupBy");
  const auto report = services_.volume.GetVolume(
      *call.caller, *month, group_by == nullptr ? std::string_view() : *group_by, call.deadline);
  if (!report.ok()) return Problem(request, report.error());
  v1::Volume volume;
  FillVolume(*report, volume);
  return JsonResponse(ToJson(volume, JsonFields::kAll));
}

Result<void> ReadJson(const V1Call& call, google::protobuf::Message& message) {
  IDNODE_RETURN_IF_ERROR(call.query.Only({}));
  IDNODE_RETURN_IF_ERROR(CheckJsonBody(*call.request));
  return ParseJson(call.request->body, message);
}

}  // namespace idnode::frontend::http
