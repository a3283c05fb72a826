#include "node/frontend/http/snms/snms_handler.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "node/base/log.h"
#include "node/frontend/admission.h"
#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/guard.h"
#include "node/frontend/http/snms/call.h"

namespace idnode::frontend::http::snms {
namespace {

// Changes in bodies up to this are read on the I/O thread; others, and all that may wait, on a
// worker's.
constexpr std::size_t kInlineBodyBytesMax = 16 * 1024;
// Answers of up to so many items are written on the committer's thread.
constexpr std::size_t kInlineAnswerItemsMax = 256;

constexpr std::array<std::string_view, 4> kPaths = {"/identity/", "/identityv2/", "/snms/api/",
                                                    "/resolve/"};

Response ToResponse(const Reply& reply) {
  Response response;
  response.status = reply.http;
  response.headers = "Cache-Control: no-store\r\n";
  response.headers.append(reply.headers);
  response.body = EnvelopeJson(reply);
  return response;
}

// The token of the Authorization field; empty where there is none. Clients that have not logged in
// yet send the scheme alone.
Result<std::string_view> TokenOf(const Request& request) {
  const std::string_view authorization = Trim(request.Get(Header::kAuthorization));
  constexpr std::string_view kScheme = "Bearer";
  if (authorization.empty()) return std::string_view();
  const std::string_view token =
      authorization.substr(std::min(kScheme.size(), authorization.size()));
  if (!EqualsIgnoringCase(authorization.substr(0, kScheme.size()), kScheme) ||
      (!token.empty() && token.front() != ' ')) {
    return Error(Errc::kUnauthenticated, "send Authorization: Bearer TOKEN");
  }
  return Trim(token);
}

// Tokens of sessions are JWTs, three parts with dots between them; applications' have none.
bool IsSession(std::string_view token) { return token.find('.') != std::string_view::npos; }

std::unique_ptr<FileStore> OpenFiles(const SnmsOptions& options, const Clock& clock) {
  if (options.files_directory.empty()) return nullptr;
  auto store = DirectoryFileStore::Open(options.files_directory, clock);
  if (store.ok()) return *std::move(store);
  Log(LogLevel::kWarning, "uploads are switched off", {{"detail", store.error().detail}});
  return nullptr;
}

// Also OPTIONS, which says what a path knows.
Reply UnknownPath(const EndpointMatch& match, Method method, std::string_view path) {
  Reply reply;
  reply.status = Status::kFailed;
  if (match.path_known && method == Method::kOptions) {
    reply.status = Status::kSuccess;
    reply.http = 204;
    reply.headers = "Allow: " + AllowedOf(path) + ", OPTIONS\r\n";
  } else if (match.path_known) {
    reply.http = 405;
    reply.message = "不支持该请求方法";
    reply.headers = "Allow: " + AllowedOf(path) + "\r\n";
  } else {
    reply.http = 404;
    reply.message = "请求的接口不存在";
  }
  return reply;
}

}  // namespace

std::string Call::Parameter(std::string_view name) const {
  const std::string* value = query.Find(name);
  return value == nullptr ? std::string() : *value;
}

class SnmsHandler::Impl {
 public:
  Impl(SnmsOptions options, const service::Services& services, WorkerPool& workers,
       WorkerPool& logins)
      : options_(std::move(options)),
        services_(services),
        workers_(workers),
        logins_(logins),
        files_(OpenFiles(options_, services_.clock)),
        context_{options_, services_, files_.get()} {
    for (std::size_t i = 0; i < kEndpoints; ++i) {
      seconds_[i] = &services_.metrics.GetHistogram(
          "idnode_request_seconds", "Time to answer a request",
          {{"face", "snms"}, {"operation", std::string(EndpointLabel(static_cast<Endpoint>(i)))}});
    }
  }

  void Handle(Exchange& exchange, std::string_view path, std::string_view query,
              std::chrono::steady_clock::time_point start) {
    const Request& request = exchange.request();
    const EndpointMatch match = MatchEndpoint(request.method, path);
    const CallRef call = std::make_shared<Call>();
    call->request = &request;
    call->endpoint = match.endpoint;
    call->path = path;
    call->start = start;
    call->deadline = start + options_.request_timeout;
    if (match.endpoint == Endpoint::kNone) {
      return AnswerNow(exchange, *call, UnknownPath(match, request.method, path));
    }
    if (const auto admitted = Admit(*call, query); !admitted.ok()) {
      return AnswerNow(exchange, *call, Refused(*call, admitted.error()));
    }
    const bool reads = match.endpoint == Endpoint::kDetail || match.endpoint == Endpoint::kResolve;
    if (reads && options_.local_reads) return AnswerNow(exchange, *call, Run(*call));
    call->completion = exchange.Defer();
    if (IsRegistration(call->endpoint)) {
      if (request.body.size() <= kInlineBodyBytesMax) return Submit(call);
      return OnPool(workers_, call, [this, call] { Submit(call); });
    }
    OnPool(IsLogin(call->endpoint) ? logins_ : workers_, call,
           [this, call] { Finish(*call, Run(*call)); });
  }

 private:
  // Who asks, and whether they may at all just now.
  Result<void> Admit(Call& call, std::string_view query) const {
    const auto source = [&] { return call.request->source; };
    call.caller = service::Anonymous();
    IDNODE_RETURN_IF_ERROR(AdmitAddress(services_, source));
    const std::string_view encoding = call.request->Get(Header::kContentEncoding);
    if (!encoding.empty() && !EqualsIgnoringCase(encoding, "identity")) {
      return Refusal("不支持压缩的请求体", Errc::kUnsupportedMedia);
    }
    auto parsed = Query::Parse(query);
    if (!parsed.ok()) return Refusal("请求参数无效", Errc::kInvalidRequest);
    call.query = *std::move(parsed);
    // A login needs no token; one that has ended, and is sent along, must not stand in its way.
    if (IsLogin(call.endpoint)) return {};
    const auto token = TokenOf(*call.request);
    if (!token.ok()) return token.error();
    auto caller = IsSession(*token)
                      ? IdentifySession(*token, source())
                      : Identify(services_, {*token, call.request->client_certificate}, source);
    if (!caller.ok()) return caller.error();
    call.caller = *std::move(caller);
    const bool known = call.caller->role != service::Role::kAnonymous;
    if (known || IsForAnybody(call.endpoint)) return {};
    return Error(Errc::kUnauthenticated, {});
  }

  // A session that has ended is no attempt at anything: clients learn of it so, every day, on all
  // their threads at once, and must not be kept from logging in again for it.
  Result<service::CallerRef> IdentifySession(std::string_view token,
                                             std::string_view source) const {
    service::Throttle& throttle = services_.admin.throttle;
    auto caller = services_.access.Authenticate(token);
    if (!caller.ok()) return caller;
    if (throttle.WatchesAddresses()) throttle.Succeeded(source);
    if (throttle.WatchesIdentities()) {
      IDNODE_RETURN_IF_ERROR(throttle.AdmitIdentity(service::WhoIs(**caller)));
    }
    return caller;
  }

  // Resolution answers by a response code instead of the envelope.
  static Reply Refused(const Call& call, const Error& error);

  Reply Run(const Call& call) const {
    const auto reply = Guarded([&]() -> Result<Reply> { return Answer(call); });
    return reply.ok() ? *reply : Refused(call, reply.error());
  }

  Result<Reply> Answer(const Call& call) const;
  void Submit(const CallRef& call);
  void Committed(const CallRef& call, std::shared_ptr<const Change> change,
                 Result<service::BatchResult> result);

  void OnPool(WorkerPool& pool, const CallRef& call, std::function<void()> work) {
    if (pool.TrySubmit(std::move(work))) return;
    Finish(*call, Refused(*call, Error(Errc::kOverloaded, "the queue of requests is full")));
  }

  void AnswerNow(Exchange& exchange, const Call& call, const Reply& reply) {
    AppendResponse(*call.request, ToResponse(reply), exchange.out());
    Observe(call, reply);
  }

  void Finish(Call& call, const Reply& reply) {
    std::string answer;
    answer.reserve(reply.data.size() + 512);
    AppendResponse(*call.request, ToResponse(reply), answer);
    Observe(call, reply);
    call.claimed.store(true);
    call.completion->Finish(std::move(answer));
  }

  void Observe(const Call& call, const Reply& reply) {
    const auto slot = static_cast<std::size_t>(call.endpoint);
    seconds_[slot]->Observe(
        std::chrono::duration<double>(services_.clock.Monotonic() - call.start).count());
    CounterOf(call.endpoint, reply.status).Add();
  }

  // By status, and not by HTTP code, which is 200 throughout.
  Counter& CounterOf(Endpoint endpoint, Status status) {
    std::atomic<Counter*>& slot =
        counters_[static_cast<std::size_t>(endpoint)][static_cast<std::size_t>(
            static_cast<int>(status) - static_cast<int>(Status::kInternal))];
    Counter* known = slot.load(std::memory_order_acquire);
    if (known == nullptr) {
      // Two threads may both look it up: they get the same one.
      known = &services_.metrics.GetCounter("idnode_requests_total", "Requests answered",
                                            {{"face", "snms"},
                                             {"operation", std::string(EndpointLabel(endpoint))},
                                             {"code", std::to_string(static_cast<int>(status))}});
      slot.store(known, std::memory_order_release);
    }
    return *known;
  }

  static constexpr std::size_t kStatuses =
      static_cast<std::size_t>(static_cast<int>(Status::kSuccess) -
                               static_cast<int>(Status::kInternal)) +
      1;

  const SnmsOptions options_;
  const service::Services& services_;
  WorkerPool& workers_;
  WorkerPool& logins_;
  const std::unique_ptr<FileStore> files_;
  const Context context_;
  std::array<Histogram*, kEndpoints> seconds_{};
  std::array<std::array<std::atomic<Counter*>, kStatuses>, kEndpoints> counters_{};
};

Reply SnmsHandler::Impl::Refused(const Call& call, const Error& error) {
  Reply reply = Reply::Refused(error);
  if (call.endpoint == Endpoint::kResolve) {
    ObjectJson object(reply.body);
    object.Number("responseCode", ToWire(error.code).handle).Text("msg", reply.message);
    object.End();
  }
  reply.with_code = call.endpoint == Endpoint::kDelete;
  return reply;
}

Result<Reply> SnmsHandler::Impl::Answer(const Call& call) const {
  switch (call.endpoint) {
    case Endpoint::kToken:
      return Login(context_, call);
    case Endpoint::kTokenDaily:
      return LoginDaily(context_, call);
    case Endpoint::kDetail:
      return Detail(context_, call);
    case Endpoint::kResolve:
      return Resolve(context_, call);
    case Endpoint::kTemplateGet:
      return GetTemplate(context_, call);
    case Endpoint::kTemplateCreate:
      return CreateTemplate(context_, call);
    case Endpoint::kTemplateUpdate:
      return UpdateTemplate(context_, call);
    case Endpoint::kTemplateDelete:
      return DeleteTemplate(context_, call);
    case Endpoint::kEnterpriseApply:
      return ApplyEnterprise(context_, call);
    case Endpoint::kEnterpriseUpgrade:
      return UpgradeEnterprise(context_, call);
    case Endpoint::kEnterprisePage:
      return PageEnterprises(context_, call);
    case Endpoint::kEnterpriseDetail:
      return EnterpriseDetail(context_, call);
    case Endpoint::kEnterpriseConfig:
      return ConfigureEnterprise(context_, call);
    case Endpoint::kPrefixQuery:
      return QueryPrefix(context_, call);
    case Endpoint::kPrefixPage:
      return PagePrefixes(context_, call);
    case Endpoint::kFileUpload:
      return UploadFile(context_, call);
    case Endpoint::kCreate:
    case Endpoint::kUpdate:
    case Endpoint::kDelete:
    case Endpoint::kBatchCreate:
    case Endpoint::kBatchUpdate:
    case Endpoint::kBatchDelete:
    case Endpoint::kNone:
      break;
  }
  return Error(Errc::kInternal, "not an endpoint that is answered here");
}

void SnmsHandler::Impl::Submit(const CallRef& call) {
  try {
    auto read = ReadChange(context_, *call);
    if (!read.ok()) return Finish(*call, Refused(*call, read.error()));
    auto batch = std::move(read->batch);
    auto change = std::make_shared<const Change>(*std::move(read));
    services_.registration.Submit(std::move(batch), call->deadline,
                                  [this, call, change](Result<service::BatchResult> result) {
                                    if (call->Claim()) Committed(call, change, std::move(result));
                                  });
  } catch (const std::exception& exception) {
    // The committer may be about to answer what was submitted before.
    if (!call->Claim()) return;
    Finish(*call, Refused(*call, Error(Errc::kInternal, exception.what())));
  }
}

// On a committer's thread: it must not wait, and the answer must not be lost.
void SnmsHandler::Impl::Committed(const CallRef& call, std::shared_ptr<const Change> change,
                                  Result<service::BatchResult> result) {
  const bool reads = NeedsReading(*call, *change, result);
  const std::size_t items = result.ok() ? result->results.size() : 0;
  auto shared = std::make_shared<const Result<service::BatchResult>>(std::move(result));
  const auto answer = [this, call, change, shared](bool may_read) {
    const auto reply = Guarded([&]() -> Result<Reply> {
      return ChangeReply(context_, *call, *change, *shared, may_read);
    });
    Finish(*call, reply.ok() ? *reply : Refused(*call, reply.error()));
  };
  const bool elsewhere = reads || items > kInlineAnswerItemsMax;
  if (elsewhere && workers_.TrySubmit([answer] { answer(true); })) return;
  answer(false);
}

SnmsHandler::SnmsHandler(SnmsOptions options, const service::Services& services,
                         WorkerPool& workers, WorkerPool& logins)
    : impl_(std::make_unique<Impl>(std::move(options), services, workers, logins)) {}
SnmsHandler::~SnmsHandler() = default;

bool SnmsHandler::Serves(std::string_view path) {
  for (const std::string_view start : kPaths) {
    if (path.substr(0, start.size()) == start) return true;
  }
  return false;
}

void SnmsHandler::Handle(Exchange& exchange, std::string_view path, std::string_view query,
                         std::chrono::steady_clock::time_point start) {
  impl_->Handle(exchange, path, query, start);
}

}  // namespace idnode::frontend::http::snms
