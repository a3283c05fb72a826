#include "node/frontend/admin/admin_frontend.h"

#include <utility>

#include "node/frontend/beast_util/problem.h"
#include "node/frontend/beast_util/server.h"
#include "node/frontend/error_map.h"

namespace idnode::frontend {
namespace {

using namespace http;  // NOLINT: the HTTP server's names

// Requests here have no body to speak of.
constexpr std::size_t kHeaderBytesMax = 8 * 1024;
constexpr std::size_t kBodyBytesMax = 1024;

ServerOptions ServerOptionsOf(const AdminOptions& options) {
  ServerOptions server;
  server.listen = options.listen;
  server.section = "admin";
  server.io_threads = 1;
  server.connections_max = options.connections_max;
  server.connections_per_address_max = 0;  // few scrapers, often behind one address
  server.header_bytes_max = kHeaderBytesMax;
  server.body_bytes_max = kBodyBytesMax;
  server.bodies_bytes_max = kBodyBytesMax * options.connections_max;
  server.idle_timeout_ms = options.idle_timeout_ms;
  server.request_timeout_ms = options.request_timeout_ms;
  return server;
}

}  // namespace

class AdminFrontend::Impl : public Handler {
 public:
  Impl(AdminOptions options, const service::Services& services)
      : services_(services),
        server_(ServerOptionsOf(options), *this, services_.clock, services_.metrics) {}

  Server& server() { return server_; }

  void Handle(Exchange& exchange) override {
    const Request& request = exchange.request();
    const std::string_view path = request.target.substr(0, request.target.find('?'));
    AppendResponse(request, Answer(request, path), exchange.out());
  }

 private:
  Response Answer(const Request& request, std::string_view path) const {
    const bool known = path == "/metrics" || path == "/live" || path == "/ready";
    if (!known) {
      return Problem(request, Error(Errc::kNotFound, "there are /metrics, /live and /ready"));
    }
    if (request.method != Method::kGet && request.method != Method::kHead) {
      Response response = Problem(request, Error(Errc::kMethodNotAllowed, "see the Allow field"));
      response.headers.append("Allow: GET, HEAD\r\n");
      return response;
    }
    Response response;
    response.headers = "Cache-Control: no-store\r\n";
    if (path == "/metrics") {
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      response.body = services_.metrics.Expose();
    } else if (path == "/live") {
      response.body = "{\"live\":true}";
    } else {
      Ready(response);
    }
    return response;
  }

  // Ready while it resolves; whether it registers is told beside: a full disk or a strange clock
  // stops registration alone.
  void Ready(Response& response) const {
    const bool ready = services_.state.Ready();
    const Result<void> registering = services_.state.Registering();
    response.status = ready ? 200 : 503;
    response.body.append("{\"ready\":").append(ready ? "true" : "false");
    response.body.append(",\"registering\":").append(registering.ok() ? "true" : "false");
    if (!registering.ok()) {
      response.body.append(",\"stoppedBy\":");
      AppendJsonString(ToWire(registering.code()).slug, response.body);
      response.body.append(",\"detail\":");
      // Whoever scrapes sees no paths: the log has the rest.
      AppendJsonString(IsSecretDetail(registering.code()) ? ToWire(registering.code()).title
                                                          : registering.error().detail,
                       response.body);
    }
    response.body.push_back('}');
    if (!ready) response.headers.append("Retry-After: 1\r\n");
  }

  const service::Services services_;
  Server server_;
};

AdminFrontend::AdminFrontend(AdminOptions options, const service::Services& services)
    : impl_(std::make_unique<Impl>(std::move(options), services)) {}
AdminFrontend::~AdminFrontend() = default;
Result<void> AdminFrontend::Start() { return impl_->server().Start(); }
std::uint16_t AdminFrontend::Port() const { return impl_->server().Port(); }
void AdminFrontend::Drain(Deadline deadline) { impl_->server().Drain(deadline); }
void AdminFrontend::Stop() { impl_->server().Stop(); }
Result<void> AdminFrontend::ReloadTls() { return impl_->server().ReloadTls(); }

}  // namespace idnode::frontend
