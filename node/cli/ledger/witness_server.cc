#include "node/cli/ledger/witness_server.h"

#include <charconv>
#include <thread>
#include <utility>

#include "node/cli/ledger/asio.h"

namespace idnode::cli {
namespace {

namespace http = beast::http;

constexpr std::size_t kHeaderBytesMax = 16 * 1024;
constexpr std::chrono::seconds kTimeout{WitnessServer::kTimeoutSeconds};

Result<tcp::endpoint> ParseListen(const std::string& listen) {
  const Error bad(Errc::kInvalidRequest, "\"" + listen + "\" is not ADDR:PORT", "listen");
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return bad;
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  std::uint16_t port = 0;
  const char* end = listen.data() + listen.size();
  const auto [at, failed] = std::from_chars(listen.data() + colon + 1, end, port);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || failed != std::errc() || at != end) return bad;
  return tcp::endpoint(address, port);
}

}  // namespace

struct WitnessServer::Impl {
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer room{io};  ///< cancelled when a connection ends
  std::size_t connections = 0;
  Witness* witness = nullptr;
  std::uint16_t port = 0;
  std::thread thread;

  asio::awaitable<void> Serve(beast::tcp_stream stream) {
    beast::flat_buffer buffer;
    while (true) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(kHeaderBytesMax);
      parser.body_limit(kAddCheckpointBytesMax);
      stream.expires_after(kTimeout);
      auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
      const bool too_long = read_error == http::error::body_limit;
      if (read_error && !too_long) break;
      WitnessHttpAnswer answer{413, "text/plain; charset=utf-8", "too long\n"};
      if (!too_long) {
        const auto& request = parser.get();
        const auto method = request.method_string();
        const auto target = request.target();
        answer = AnswerWitness(*witness, {method.data(), method.size()},
                               {target.data(), target.size()}, request.body());
      }
      const bool keep = !too_long && parser.get().keep_alive();
      http::response<http::string_body> response(http::int_to_status(answer.status), 11);
      response.set(http::field::content_type, answer.content_type);
      response.keep_alive(keep);
      response.body() = std::move(answer.body);
      response.prepare_payload();
      stream.expires_after(kTimeout);
      auto [write_error, written] = co_await http::async_write(stream, response, kAwait);
      if (write_error || !keep) break;
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    --connections;
    room.cancel();
  }

  asio::awaitable<void> Accept() {
    while (acceptor.is_open()) {
      while (connections >= kConnectionsMax) {
        room.expires_at(asio::steady_timer::time_point::max());
        co_await room.async_wait(kAwait);
      }
      auto [error, socket] = co_await acceptor.async_accept(kAwait);
      if (error) {
        // No descriptors left, and the like: a moment later there may be.
        asio::steady_timer pause(io, std::chrono::milliseconds(100));
        co_await pause.async_wait(kAwait);
        continue;
      }
      ++connections;
      asio::co_spawn(io, Serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }
};

WitnessServer::WitnessServer() : impl_(std::make_unique<Impl>()) {}

WitnessServer::~WitnessServer() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

std::uint16_t WitnessServer::port() const { return impl_->port; }

Result<std::unique_ptr<WitnessServer>> WitnessServer::Start(const std::string& listen,
                                                            Witness& witness) {
  const auto endpoint = ParseListen(listen);
  if (!endpoint.ok()) return endpoint.error();
  std::unique_ptr<WitnessServer> server(new WitnessServer);
  Impl& impl = *server->impl_;
  impl.witness = &witness;
  error_code error;
  impl.acceptor.open(endpoint->protocol(), error);
  if (!error) impl.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl.acceptor.bind(*endpoint, error);
  if (!error) impl.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return Error(Errc::kUnavailable, "cannot listen on " + listen + ": " + error.message(),
                 "listen");
  impl.port = impl.acceptor.local_endpoint(error).port();
  asio::co_spawn(impl.io, impl.Accept(), asio::detached);
  impl.thread = std::thread([&impl] { impl.io.run(); });
  return server;
}

}  // namespace idnode::cli
