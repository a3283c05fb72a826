#include "tests/node/cli/ledger_http_log.h"

#include <thread>
#include <utility>

#include "node/cli/ledger/asio.h"
#include "node/cli/ledger/source.h"

namespace idnode::cli {

namespace http = beast::http;

struct HttpLog::Impl {
  DirectorySource source;
  AnswerFn answer;
  asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::thread thread;
  mutable std::mutex mutex;
  std::vector<std::string> cosigned;
  std::atomic<int> connections{0};

  explicit Impl(std::string folder, AnswerFn fn)
      : source(std::move(folder)), answer(std::move(fn)) {}

  Reply Answer(const http::request<http::string_body>& request) {
    const std::string target(request.target().data(), request.target().size());
    const std::string method(request.method_string().data(), request.method_string().size());
    const auto authorization = request[http::field::authorization];
    if (answer) {
      Reply reply = answer(method, target, {authorization.data(), authorization.size()});
      if (reply.status != 0) return reply;
    }
    if (method == "POST" && target == "/ledger/cosignature") {
      const std::lock_guard lock(mutex);
      cosigned.push_back(request.body());
      return {200, "", ""};
    }
    const std::string prefix = "/ledger/";
    if (target.rfind(prefix, 0) != 0) return {404, "", ""};
    auto bytes = FetchOne(source, target.substr(prefix.size()), 1 << 24);
    if (!bytes.ok()) return {404, "", ""};
    return {200, *std::move(bytes), ""};
  }

  asio::awaitable<void> Serve(beast::tcp_stream stream) {
    beast::flat_buffer buffer;
    while (true) {
      http::request<http::string_body> request;
      auto [read_error, read] = co_await http::async_read(stream, buffer, request, kAwait);
      if (read_error) break;
      Reply reply = Answer(request);
      if (reply.status == 1) break;  // the connection is lost
      http::response<http::string_body> response(http::int_to_status(reply.status), 11);
      if (!reply.retry_after.empty()) response.set(http::field::retry_after, reply.retry_after);
      response.body() = std::move(reply.body);
      response.prepare_payload();
      auto [write_error, written] = co_await http::async_write(stream, response, kAwait);
      if (write_error) break;
    }
  }

  asio::awaitable<void> Accept() {
    while (true) {
      auto [error, socket] = co_await acceptor.async_accept(kAwait);
      if (error) co_return;
      ++connections;
      asio::co_spawn(io, Serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }
};

HttpLog::HttpLog(std::string folder, AnswerFn answer)
    : impl_(std::make_unique<Impl>(std::move(folder), std::move(answer))) {
  asio::co_spawn(impl_->io, impl_->Accept(), asio::detached);
  impl_->thread = std::thread([this] { impl_->io.run(); });
}

HttpLog::~HttpLog() {
  impl_->io.stop();
  impl_->thread.join();
}

std::string HttpLog::url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port());
}

std::vector<std::string> HttpLog::cosigned() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->cosigned;
}

int HttpLog::connections() const { return impl_->connections.load(); }

}  // namespace idnode::cli
