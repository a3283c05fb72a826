#include "node/cli/ledger/http_client.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "node/cli/ledger/asio.h"

namespace idnode::cli {
namespace {

namespace http = beast::http;
using Request = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;

constexpr std::size_t kHeaderBytesMax = 64 * 1024;
constexpr std::size_t kErrorBytesMax = 1 << 20;

bool IsThisMachine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.substr(0, 4) == "127.";
}

bool IsAddress(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

/// Seconds of a Retry-After header; 0 where there is none.
std::chrono::milliseconds RetryAfter(const Parser& parser) {
  const auto value = parser.get()[http::field::retry_after];
  unsigned seconds = 0;
  std::from_chars(value.data(), value.data() + value.size(), seconds);
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(std::min(seconds, 3600U)),
                                             HttpClient::kRetryAfterMax);
}

bool AsksToRepeat(unsigned status) { return status == 429 || status == 503; }

}  // namespace

struct HttpClient::Impl {
  struct Connection {
    std::unique_ptr<TlsStream> tls;
    std::unique_ptr<beast::tcp_stream> plain;
    beast::flat_buffer buffer;

    void Close() {
      tls.reset();
      plain.reset();
      buffer.clear();
    }
    bool open() const { return tls || plain; }
  };

  HttpOptions options;
  std::string host;
  std::string port;
  std::string authority;
  std::string base;  ///< path in front, without a slash at its end
  bool secure = false;
  asio::io_context io{1};
  asio::ssl::context tls_context{asio::ssl::context::tls_client};
  std::vector<Connection> connections;

  std::span<const HttpRequest> requests;
  std::vector<Result<HttpReply>> replies;
  std::size_t next = 0;

  asio::awaitable<error_code> Connect(Connection& connection) {
    tcp::resolver resolver(io);
    auto [resolve_error, found] = co_await resolver.async_resolve(host, port, kAwait);
    if (resolve_error) co_return resolve_error;
    auto stream = std::make_unique<beast::tcp_stream>(io);
    stream->expires_after(options.timeout);
    auto [connect_error, endpoint] = co_await stream->async_connect(found, kAwait);
    if (connect_error) co_return connect_error;
    error_code ignored;
    stream->socket().set_option(tcp::no_delay(true), ignored);
    if (!secure) {
      connection.plain = std::move(stream);
      co_return error_code();
    }
    auto tls = std::make_unique<TlsStream>(std::move(*stream), tls_context);
    if (!IsAddress(host)) SSL_set_tlsext_host_name(tls->native_handle(), host.c_str());
    tls->set_verify_callback(asio::ssl::host_name_verification(host));
    beast::get_lowest_layer(*tls).expires_after(options.timeout);
    auto [handshake_error] = co_await tls->async_handshake(asio::ssl::stream_base::client, kAwait);
    if (handshake_error) co_return handshake_error;
    connection.tls = std::move(tls);
    co_return error_code();
  }

  template <typename Stream>
  asio::awaitable<error_code> Speak(Stream& stream, beast::flat_buffer& buffer, Request& request,
                                    Parser& parser, std::size_t bytes_max) {
    beast::get_lowest_layer(stream).expires_after(options.timeout);
    auto [write_error, written] = co_await http::async_write(stream, request, kAwait);
    if (write_error) co_return write_error;
    auto [head_error, head] = co_await http::async_read_header(stream, buffer, parser, kAwait);
    if (head_error) co_return head_error;
    // What was asked for has its limit; what the server says instead of it has another.
    const unsigned status = parser.get().result_int();
    const std::uint64_t limit = status >= 200 && status < 300 ? bytes_max : kErrorBytesMax;
    if (parser.content_length_remaining().value_or(0) > limit) co_return http::error::body_limit;
    parser.body_limit(limit);
    auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
    co_return read_error;
  }

  Request Make(const HttpRequest& wanted) const {
    Request request(http::string_to_verb(wanted.method), base + wanted.path, 11);
    request.set(http::field::host, authority);
    request.set(http::field::user_agent, "idnode");
    if (!wanted.accept.empty()) request.set(http::field::accept, wanted.accept);
    if (!wanted.content_type.empty()) request.set(http::field::content_type, wanted.content_type);
    if (!options.token.empty()) {
      request.set(http::field::authorization, "Bearer " + options.token);
    }
    request.body() = wanted.body;
    request.prepare_payload();
    return request;
  }

  Error Failure(error_code error) const {
    const std::string what = authority + ": " + error.message();
    if (error == beast::error::timeout) return Error(Errc::kDeadlineExceeded, what);
    if (error == http::error::body_limit) {
      return Error(Errc::kPayloadTooLarge, authority + ": the answer is longer than it may be");
    }
    return Error(Errc::kUnavailable, what);
  }

  asio::awaitable<void> Wait(std::chrono::milliseconds wait) {
    asio::steady_timer timer(io, wait);
    co_await timer.async_wait(kAwait);
  }

  asio::awaitable<Result<HttpReply>> Ask(Connection& connection, const HttpRequest& wanted) {
    Request request = Make(wanted);
    std::chrono::milliseconds backoff = options.backoff;
    // A kept connection that the server has closed in between costs no attempt.
    bool kept = connection.open();
    for (unsigned attempt = 1;; ++attempt) {
      error_code error;
      if (!connection.open()) error = co_await Connect(connection);
      Parser parser;
      parser.header_limit(kHeaderBytesMax);
      parser.body_limit(boost::none);  // until the status is known
      if (!error && secure) {
        error =
            co_await Speak(*connection.tls, connection.buffer, request, parser, wanted.bytes_max);
      } else if (!error) {
        error =
            co_await Speak(*connection.plain, connection.buffer, request, parser, wanted.bytes_max);
      }
      std::chrono::milliseconds wait = backoff;
      if (!error) {
        const unsigned status = parser.get().result_int();
        const bool last = attempt >= options.attempts;
        wait = std::max(wait, RetryAfter(parser));
        if (!parser.keep_alive()) connection.Close();
        if (!AsksToRepeat(status) || last) {
          auto message = parser.release();
          const auto type = message[http::field::content_type];
          co_return HttpReply{status, std::string(type.data(), type.size()),
                              std::move(message.body())};
        }
      } else {
        connection.Close();
        if (error == http::error::body_limit) co_return Failure(error);
        if (std::exchange(kept, false)) {
          --attempt;
          continue;
        }
        if (attempt >= options.attempts) co_return Failure(error);
      }
      kept = false;
      co_await Wait(wait);
      backoff *= 2;
    }
  }

  asio::awaitable<void> Work(Connection& connection) {
    while (next < requests.size()) {
      const std::size_t mine = next++;
      replies[mine] = co_await Ask(connection, requests[mine]);
    }
  }
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {}
HttpClient::~HttpClient() {
  for (Impl::Connection& connection : impl_->connections) connection.Close();
}

Result<std::unique_ptr<HttpClient>> HttpClient::Create(const HttpOptions& options) {
  const auto bad = [&](const std::string& why) {
    return Error(Errc::kInvalidRequest, "\"" + options.url + "\": " + why, "url");
  };
  const auto url = boost::urls::parse_uri(options.url);
  if (!url) return bad("not a URL such as https://node.example:8080");
  if (url->scheme() != "https" && url->scheme() != "http") return bad("neither http nor https");
  if (url->has_query() || url->has_fragment() || url->has_userinfo() || url->host().empty()) {
    return bad("only a host, a port and a path may be in it");
  }
  std::unique_ptr<HttpClient> client(new HttpClient);
  Impl& impl = *client->impl_;
  impl.options = options;
  impl.secure = url->scheme() == "https";
  impl.host = url->host_address();
  impl.port = url->port().empty() ? (impl.secure ? "443" : "80") : std::string(url->port());
  impl.authority = std::string(url->encoded_host_and_port());
  impl.base = std::string(url->encoded_path());
  while (!impl.base.empty() && impl.base.back() == '/') impl.base.pop_back();
  if (options.token.find_first_of("\r\n") != std::string::npos) return bad("bad token");
  if (!options.token.empty() && !impl.secure && !options.plaintext && !IsThisMachine(impl.host)) {
    return bad("the token would go unencrypted to another machine; use https, or --plaintext");
  }
  if (impl.secure) {
    error_code error;
    impl.tls_context.set_verify_mode(asio::ssl::verify_peer, error);
    if (!error && options.ca_file.empty()) impl.tls_context.set_default_verify_paths(error);
    if (!error && !options.ca_file.empty()) {
      impl.tls_context.load_verify_file(options.ca_file, error);
    }
    if (error) return bad("certificates to trust: " + error.message());
  }
  impl.connections.resize(std::clamp(options.connections, 1U, kConnectionsMax));
  return client;
}

std::vector<Result<HttpReply>> HttpClient::Exchange(std::span<const HttpRequest> requests) {
  Impl& impl = *impl_;
  impl.requests = requests;
  impl.replies.assign(requests.size(), Error(Errc::kInternal, "not asked"));
  impl.next = 0;
  impl.io.restart();
  const std::size_t workers = std::min(requests.size(), impl.connections.size());
  for (std::size_t i = 0; i < workers; ++i) {
    asio::co_spawn(impl.io, impl.Work(impl.connections[i]), asio::detached);
  }
  impl.io.run();
  return std::exchange(impl.replies, {});
}

Error ErrorOfStatus(const HttpReply& reply, std::string_view what) {
  const std::string text = std::string(what) + ": HTTP " + std::to_string(reply.status);
  switch (reply.status) {
    case 401:
      return Error(Errc::kUnauthenticated, text + ": a token is needed, or this one is not valid");
    case 403:
      return Error(Errc::kPermissionDenied, text + ": the token does not allow this");
    case 404:
    case 410:
      return Error(Errc::kNotFound, text);
    case 429:
    case 503:
      return Error(Errc::kOverloaded, text + ": the node asks to come again later");
    default:
      break;
  }
  if (reply.status >= 200 && reply.status < 300) return Error(Errc::kOk, "");
  // Redirects, refusals of something in between, and failures: nothing that the log is to blame
  // for.
  return Error(Errc::kUnavailable, text);
}

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kKept = "-._~:/";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    if (letter || (byte >= '0' && byte <= '9') || kKept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

namespace {

Result<std::string> BodyOf(Result<HttpReply>& reply, const std::string& path) {
  if (!reply.ok()) return reply.error();
  const Error error = ErrorOfStatus(*reply, path);
  if (error.code != Errc::kOk) return error;
  return std::move(reply->body);
}

std::vector<Result<std::string>> BodiesOf(HttpClient& client,
                                          const std::vector<HttpRequest>& requests) {
  std::vector<Result<HttpReply>> replies = client.Exchange(requests);
  std::vector<Result<std::string>> bodies;
  bodies.reserve(requests.size());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    bodies.emplace_back(BodyOf(replies[i], requests[i].path));
  }
  return bodies;
}

}  // namespace

std::vector<Result<std::string>> HttpSource::Fetch(std::span<const Wanted> wanted) {
  std::vector<HttpRequest> requests(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    requests[i].path = "/ledger/" + wanted[i].path;
    requests[i].bytes_max = wanted[i].bytes_max;
    // The note itself, not the JSON or the page that the node also makes of it.
    requests[i].accept =
        wanted[i].path.rfind("tile/", 0) == 0 ? "application/octet-stream, */*" : "text/plain";
  }
  return BodiesOf(*client_, requests);
}

std::vector<Result<std::string>> HttpSource::Resolve(std::span<const std::string> identifiers) {
  std::vector<HttpRequest> requests(identifiers.size());
  for (std::size_t i = 0; i < identifiers.size(); ++i) {
    requests[i].path = "/" + PercentEncoded(identifiers[i]);
    requests[i].bytes_max = 16 << 20;
    requests[i].accept = "application/json";
  }
  return BodiesOf(*client_, requests);
}

}  // namespace idnode::cli
