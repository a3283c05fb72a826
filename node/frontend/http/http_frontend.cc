#include "node/frontend/http/http_frontend.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "node/base/worker_pool.h"
#include "node/frontend/admission.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/beast_util/server.h"
#include "node/frontend/error_map.h"
#include "node/frontend/guard.h"
#include "node/frontend/http/ledger_handler.h"
#include "node/frontend/http/openapi.h"
#include "node/frontend/http/operation_metrics.h"
#include "node/frontend/http/resolution_handler.h"
#include "node/frontend/http/router.h"
#include "node/frontend/http/snms/snms_handler.h"
#include "node/frontend/http/url.h"
#include "node/frontend/http/v1_handler.h"

namespace idnode::frontend {
namespace {

using namespace http;  // NOLINT: this folder's own names

ServerOptions ServerOptionsOf(const HttpOptions& options) {
  ServerOptions server;
  server.listen = options.listen;
  server.section = "http";
  server.io_threads = options.io_threads;
  server.connections_max = options.connections_max;
  server.connections_per_address_max = options.connections_per_address_max;
  server.header_bytes_max = options.header_bytes_max;
  server.body_bytes_max = options.body_bytes_max;
  server.bodies_bytes_max = options.bodies_bytes_max;
  server.idle_timeout_ms = options.idle_timeout_ms;
  server.request_timeout_ms = options.request_timeout_ms;
  server.pipeline_max = options.pipeline_max;
  return server;
}

snms::SnmsOptions SnmsOptionsOf(const HttpOptions& options) {
  snms::SnmsOptions snms;
  snms.request_timeout = std::chrono::milliseconds(options.request_timeout_ms);
  snms.local_reads = options.local_reads;
  snms.value_bytes_strict = options.snms_value_bytes_strict;
  snms.files_directory = options.snms_files_directory;
  return snms;
}

// A recount takes one for long.
constexpr int kWorkerThreadsMin = 2;
constexpr std::size_t kLoginThreads = 1;
constexpr std::size_t kLoginQueueMax = 16;  // some two seconds of waiting

// A path that may name an identifier: "/prefix/suffix", the slash between maybe escaped.
bool MayBeIdentifier(std::string_view path) {
  return path.size() > 1 && path[0] == '/' &&
         (path.find('/', 1) != std::string_view::npos || path.find('%') != std::string_view::npos);
}

constexpr std::string_view kPreflightHeaders =
    "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
    "Access-Control-Allow-Headers: Accept, Accept-Language, Authorization, If-None-Match, "
    "X-Request-Timeout-Ms\r\n"
    "Access-Control-Max-Age: 86400\r\n";

}  // namespace

class HttpFrontend::Impl : public Handler {
 public:
  Impl(HttpOptions options, const service::Services& services)
      : options_(std::move(options)),
        services_(services),
        metrics_(services.metrics),
        resolution_(services_, options_.redirect_status),
        workers_("http-worker",
                 static_cast<std::size_t>(std::max(kWorkerThreadsMin, options_.worker_threads)),
                 options_.worker_queue_max),
        logins_("http-login", kLoginThreads, kLoginQueueMax),
        v1_({std::chrono::milliseconds(options_.request_timeout_ms),
             std::chrono::milliseconds(options_.recount_ms_max), options_.local_reads},
            services_, resolution_, workers_, logins_, metrics_),
        ledger_(std::chrono::milliseconds(options_.request_timeout_ms), services_, v1_, workers_,
                metrics_),
        snms_(SnmsOptionsOf(options_), services_, workers_, logins_),
        server_(ServerOptionsOf(options_), *this, services_.clock, services_.metrics) {}
  ~Impl() override { Stop(); }

  Result<void> Start() {
    if (options_.redirect_status != 302 && options_.redirect_status != 307) {
      return Error(Errc::kInvalidRequest, "[http] redirect_status: give 302 or 307");
    }
    return server_.Start();
  }
  void Drain(Deadline deadline) {
    v1_.BeginDrain();
    server_.Drain(deadline);
  }
  void Stop() {
    v1_.BeginDrain();
    server_.Stop();
    workers_.Stop();
    logins_.Stop();
  }
  Server& server() { return server_; }

  void Handle(Exchange& exchange) override;
  bool ForAnyOrigin(const Request& request) const override;
  void OnRefused(Errc code) override {
    metrics_.Observe(Operation::kNone, ToWire(code).http, std::chrono::steady_clock::duration(0));
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Resolve(Exchange& exchange, const Target& target, TimePoint start);
  void ResolveOnWorker(Exchange& exchange, const ResolutionCall& call, TimePoint start);
  void Answer(Exchange& exchange, Operation operation, const Response& response, TimePoint start);
  Response Preflight(const Request& request, std::string_view path) const;

  const HttpOptions options_;
  const service::Services services_;
  OperationMetrics metrics_;
  const ResolutionHandler resolution_;
  WorkerPool workers_;
  WorkerPool logins_;
  V1Handler v1_;
  LedgerHandler ledger_;
  snms::SnmsHandler snms_;
  Server server_;
};

void HttpFrontend::Impl::Handle(Exchange& exchange) {
  const TimePoint start = services_.clock.Monotonic();
  const Request& request = exchange.request();
  const Target target = SplitTarget(request.target);
  // It admits addresses itself: its refusals have a shape of their own.
  if (IsSnmsPath(target.path)) return snms_.Handle(exchange, target.path, target.query, start);
  if (const auto admitted = AdmitAddress(services_, [&] { return request.source; });
      !admitted.ok()) {
    return Answer(exchange, Operation::kNone, Problem(request, admitted.error()), start);
  }
  const bool reads = request.method == Method::kGet || request.method == Method::kHead;
  if (reads && MayBeIdentifier(target.path) && !IsReserved(target.path)) {
    return Resolve(exchange, target, start);
  }
  if (request.method == Method::kOptions) {
    return Answer(exchange, Operation::kPreflight, Preflight(request, target.path), start);
  }
  const Match match = MatchRoute(request.method, target.path);
  if (match.operation == Operation::kGetOpenApi) {
    Response response;
    response.headers = "Cache-Control: public, max-age=300\r\n";
    response.body = OpenApiDocument();
    return Answer(exchange, match.operation, response, start);
  }
  if (LedgerHandler::Serves(match.operation)) {
    return ledger_.Handle(exchange, match, target.query, start);
  }
  if (match.operation != Operation::kNone) return v1_.Handle(exchange, match, target.query, start);
  if (match.path_known) {
    Response response = Problem(request, Error(Errc::kMethodNotAllowed, "see the Allow field"));
    response.headers.append("Allow: ").append(AllowedMethods(target.path)).append("\r\n");
    return Answer(exchange, Operation::kNone, response, start);
  }
  Answer(exchange, Operation::kNone,
         Problem(request, Error(Errc::kNotFound,
                                "no such path; identifiers are /prefix/suffix, and "
                                "/openapi.json lists what else there is")),
         start);
}

// What anybody may read with GET, and the preflight that browsers send before it. Pages get no
// further than a stranger with the address would: what changes anything, and what needs the
// operator's token, they neither send with custom fields nor read.
bool HttpFrontend::Impl::ForAnyOrigin(const Request& request) const {
  const std::string_view path = SplitTarget(request.target).path;
  if (MayBeIdentifier(path) && !IsReserved(path)) return true;
  switch (request.method) {
    case Method::kGet:
    case Method::kHead:
    case Method::kOptions:
      return IsPublicRead(MatchRoute(Method::kGet, path).operation);
    default:
      return false;
  }
}

void HttpFrontend::Impl::Resolve(Exchange& exchange, const Target& target, TimePoint start) {
  const Request& request = exchange.request();
  ResolutionCall call;
  call.identifier = target.path.substr(1);
  call.query = target.query;
  call.deadline = start + std::chrono::milliseconds(options_.request_timeout_ms);
  if (!request.Get(Header::kAuthorization).empty() || !request.client_certificate.empty()) {
    auto caller = v1_.Authenticate(request);
    if (!caller.ok()) {
      return Answer(exchange, Operation::kResolve, Problem(request, caller.error()), start);
    }
    call.caller = *std::move(caller);
  }
  if (!options_.local_reads) return ResolveOnWorker(exchange, call, start);
  const int status = resolution_.Answer(request, call, exchange.out());
  metrics_.Observe(Operation::kResolve, status, services_.clock.Monotonic() - start);
}

void HttpFrontend::Impl::ResolveOnWorker(Exchange& exchange, const ResolutionCall& call,
                                         TimePoint start) {
  const Request& request = exchange.request();
  const std::shared_ptr<Completion> completion = exchange.Defer();
  auto finish = [this, completion, start](int status, std::string answer) {
    metrics_.Observe(Operation::kResolve, status, services_.clock.Monotonic() - start);
    completion->Finish(std::move(answer));
  };
  auto work = [this, &request, call, finish] {
    std::string answer;
    const auto status =
        Guarded([&]() -> Result<int> { return resolution_.Answer(request, call, answer); });
    if (status.ok()) return finish(*status, std::move(answer));
    const Response failed = Problem(request, status.error());
    answer.clear();
    AppendResponse(request, failed, answer);
    finish(failed.status, std::move(answer));
  };
  if (workers_.TrySubmit(std::move(work))) return;
  const Response response =
      Problem(request, Error(Errc::kOverloaded, "the queue of waiting requests is full"));
  std::string answer;
  AppendResponse(request, response, answer);
  finish(response.status, std::move(answer));
}

void HttpFrontend::Impl::Answer(Exchange& exchange, Operation operation, const Response& response,
                                TimePoint start) {
  AppendResponse(exchange.request(), response, exchange.out());
  metrics_.Observe(operation, response.status, services_.clock.Monotonic() - start);
}

// CORS preflight (Fetch §3.2.2), and plain OPTIONS.
Response HttpFrontend::Impl::Preflight(const Request& request, std::string_view path) const {
  const bool whole_server = path == "*";
  if (!whole_server && !MatchRoute(Method::kOptions, path).path_known) {
    return Problem(request, Error(Errc::kNotFound, "no such path"));
  }
  const std::string allowed =
      whole_server ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : AllowedMethods(path);
  Response response;
  response.status = 204;
  response.headers.append("Allow: ").append(allowed).append("\r\n");
  if (request.any_origin) response.headers.append(kPreflightHeaders);
  return response;
}

HttpFrontend::HttpFrontend(HttpOptions options, const service::Services& services)
    : impl_(std::make_unique<Impl>(std::move(options), services)) {}
HttpFrontend::~HttpFrontend() = default;
Result<void> HttpFrontend::Start() { return impl_->Start(); }
std::uint16_t HttpFrontend::Port() const { return impl_->server().Port(); }
void HttpFrontend::Drain(Deadline deadline) { impl_->Drain(deadline); }
void HttpFrontend::Stop() { impl_->Stop(); }
Result<void> HttpFrontend::ReloadTls() { return impl_->server().ReloadTls(); }

}  // namespace idnode::frontend
