#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "bench/load/baselines.h"

namespace idnode::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// The least that a Beast server does for a keep-alive connection: read, answer, again.
asio::awaitable<void> Session(tcp::socket accepted) {
  beast::tcp_stream stream(std::move(accepted));
  stream.socket().set_option(tcp::no_delay(true));
  beast::flat_buffer buffer;
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  while (true) {
    http::request<http::empty_body> request;
    co_await http::async_read(stream, buffer, request, token);
    if (error) break;
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "application/json");
    response.keep_alive(request.keep_alive());
    response.body().assign(kBaselineBodyBytes, 'x');
    response.prepare_payload();
    co_await http::async_write(stream, response, token);
    if (error || !response.keep_alive()) break;
  }
  stream.socket().shutdown(tcp::socket::shutdown_send, error);
}

/// Connections go round over the contexts, each of which has one thread: no locks between them.
asio::awaitable<void> Accept(tcp::acceptor& acceptor, std::vector<asio::io_context>& contexts) {
  std::size_t next = 0;
  while (true) {
    asio::io_context& context = contexts[next++ % contexts.size()];
    boost::system::error_code error;
    tcp::socket socket(context);
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asio::co_spawn(context, Session(std::move(socket)), asio::detached);
  }
}

}  // namespace

int ServeBareBeast() {
  std::vector<asio::io_context> contexts(static_cast<std::size_t>(BaselineThreads()));
  tcp::acceptor acceptor(contexts[0], tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::printf("port %u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  asio::co_spawn(contexts[0], Accept(acceptor, contexts), asio::detached);
  std::vector<std::thread> threads;
  for (asio::io_context& context : contexts) {
    threads.emplace_back([&context] {
      const auto work = asio::make_work_guard(context);
      context.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace idnode::bench
