#include "node/frontend/beast_util/server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "node/base/log.h"
#include "node/base/worker_pool.h"
#include "node/frontend/beast_util/accept_backoff.h"
#include "node/frontend/beast_util/session.h"
#include "node/frontend/beast_util/tls_context.h"

namespace idnode::frontend::http {
namespace {

constexpr std::uint32_t kTickMsMin = 5;
constexpr std::uint32_t kTickMsMax = 250;
constexpr std::chrono::milliseconds kAbortWait{2'000};

// IMF-fixdate (RFC 9110 §5.6.7).
std::string DateLine(std::int64_t wall_ms) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = wall_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

// One of the two places where foreign exceptions are caught (style, Errors): what one handler
// throws must not end the connections of all others.
void RunContext(IoThread& io) {
  for (;;) {
    try {
      io.context.run();
      return;
    } catch (const std::exception& exception) {
      LogError("an I/O handler ended by an exception", {{"what", exception.what()}});
    } catch (...) {
      LogError("an I/O handler ended by an exception");
    }
  }
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler& handler, const Clock& clock, Metrics& metrics)
      : shared_(std::make_shared<ServerShared>(std::move(options), handler)), clock_(clock) {
    metrics.AddGauge("idnode_connections", "Open connections", {{"face", this->options().section}},
                     [shared = std::weak_ptr<ServerShared>(shared_)] {
                       const auto alive = shared.lock();
                       return alive ? static_cast<double>(alive->Connections()) : 0.0;
                     });
  }
  ~Impl() { Stop(); }

  Result<void> Start();
  std::uint16_t Port() const { return port_; }
  void Drain(Deadline deadline);
  void Stop();
  Result<void> ReloadTls();

 private:
  const ServerOptions& options() const { return shared_->options; }
  std::string Key(std::string_view key) const {
    return "[" + options().section + "] " + std::string(key);
  }
  Result<tcp::endpoint> Endpoint() const;
  Result<void> Listen(const tcp::endpoint& endpoint);
  void StartThreads();
  void Tick(IoThread& io);
  void Accept();
  void OnAccepted(IoThread& io, Socket socket);
  void StopAccepting();
  std::shared_ptr<asio::ssl::context> Tls() const {
    std::lock_guard lock(tls_mutex_);
    return tls_;
  }

  const std::shared_ptr<ServerShared> shared_;
  const Clock& clock_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::optional<tcp::acceptor> acceptor_;    // on the first thread
  std::optional<asio::steady_timer> pause_;  // likewise
  AcceptBackoff backoff_;                    // likewise
  std::size_t next_thread_ = 0;
  std::uint16_t port_ = 0;
  mutable std::mutex tls_mutex_;
  std::shared_ptr<asio::ssl::context> tls_;
};

Result<tcp::endpoint> Server::Impl::Endpoint() const {
  error_code ec;
  const asio::ip::address address = asio::ip::make_address(options().listen.address, ec);
  if (ec) {
    return Error(Errc::kInvalidRequest, Key("address") + ": \"" + options().listen.address +
                                            "\" is not an IP address, such as 127.0.0.1 or ::");
  }
  const bool tls = !options().listen.tls_certificate.empty() || !options().listen.tls_key.empty();
  if (!tls && !address.is_loopback() && !options().listen.allow_plaintext) {
    return Error(
        Errc::kInvalidRequest,
        Key("address") + ": " + options().listen.address +
            " is not a loopback address, so it needs TLS: set tls_certificate and tls_key, "
            "or allow_plaintext = true behind a proxy that does TLS");
  }
  return tcp::endpoint(address, options().listen.port);
}

Result<void> Server::Impl::Listen(const tcp::endpoint& endpoint) {
  acceptor_.emplace(threads_[0]->context);
  pause_.emplace(threads_[0]->context);
  error_code ec;
  acceptor_->open(endpoint.protocol(), ec);
  // Restart at once after a stop. Never SO_REUSEPORT: a second process must not share the port.
  if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor_->bind(endpoint, ec);
  if (!ec) acceptor_->listen(SOMAXCONN, ec);
  if (ec) {
    return Error(Errc::kUnavailable, Key("port") + ": cannot listen on " +
                                         options().listen.address + " port " +
                                         std::to_string(endpoint.port()) + ": " + ec.message());
  }
  port_ = acceptor_->local_endpoint(ec).port();
  return {};
}

Result<void> Server::Impl::Start() {
  IDNODE_CHECK(threads_.empty());
  Result<tcp::endpoint> endpoint = Endpoint();
  if (!endpoint.ok()) return endpoint.error();
  if (!options().listen.tls_certificate.empty() || !options().listen.tls_key.empty()) {
    IDNODE_RETURN_IF_ERROR(ReloadTls());
  }
  const int threads = options().io_threads > 0
                          ? options().io_threads
                          : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (int i = 0; i < threads; ++i) threads_.push_back(std::make_unique<IoThread>());
  if (Result<void> listening = Listen(*endpoint); !listening.ok()) {
    acceptor_.reset();
    pause_.reset();
    threads_.clear();
    return listening;
  }
  Accept();
  StartThreads();
  return {};
}

void Server::Impl::StartThreads() {
  const std::uint32_t shortest = std::min(options().idle_timeout_ms, options().request_timeout_ms);
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    IoThread& io = *threads_[i];
    io.tick_ms = std::clamp(shortest / 8, kTickMsMin, kTickMsMax);
    io.date_line = DateLine(clock_.WallMs());
    Tick(io);
    io.thread = std::thread([this, &io, i] {
      SetThreadName(options().section + "-" + std::to_string(i));
      RunContext(io);
    });
  }
}

void Server::Impl::Tick(IoThread& io) {
  io.ticker.expires_after(std::chrono::milliseconds(io.tick_ms));
  io.ticker.async_wait([this, &io](const error_code& ec) {
    if (ec) return;
    Tick(io);
    ++io.tick;
    io.date_line = DateLine(clock_.WallMs());
    for (SessionBase* session : io.sessions) session->CheckDeadline();
  });
}

void Server::Impl::Accept() {
  IoThread& io = *threads_[next_thread_];
  next_thread_ = (next_thread_ + 1) % threads_.size();
  acceptor_->async_accept(io.context, [this, &io](const error_code& ec, Socket socket) {
    if (shared_->draining.load() || ec == asio::error::operation_aborted) return;
    if (!ec) {
      backoff_.OnAccepted();
      Accept();
      return OnAccepted(io, std::move(socket));
    }
    const std::chrono::milliseconds pause = backoff_.OnError(ec);
    if (pause.count() == 0) return Accept();
    if (backoff_.first()) {
      LogWarning("accepting pauses", {{"face", options().section}, {"why", ec.message()}});
    }
    pause_->expires_after(pause);
    pause_->async_wait([this](const error_code& ended) {
      if (!ended) Accept();
    });
  });
}

void Server::Impl::OnAccepted(IoThread& io, Socket socket) {
  error_code ec;
  const tcp::endpoint remote = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  const PeerKey peer = PeerKeyOf(remote.address());
  const Admission admission = shared_->AddConnection(peer);
  if (admission == Admission::kClose) return;  // closes the socket
  const bool refuse = admission == Admission::kRefuse;
  auto start = [this, &io, refuse, socket = std::move(socket), tls = Tls(),
                place = ConnectionPlace(shared_, peer)]() mutable {
    StartSession(io, shared_, std::move(socket), tls, refuse, std::move(place));
  };
  asio::post(io.context, std::move(start));
}

void Server::Impl::StopAccepting() {
  if (shared_->draining.exchange(true)) return;
  asio::post(threads_[0]->context, [this] {
    error_code ignored;
    acceptor_->close(ignored);
    pause_->cancel();
  });
}

void Server::Impl::Drain(Deadline deadline) {
  if (threads_.empty()) return;
  StopAccepting();
  for (const auto& io : threads_) {
    asio::post(io->context, [&io = *io] {
      for (SessionBase* session : io.sessions) session->EndIdle();
    });
  }
  const auto left = deadline - clock_.Monotonic();
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(left);
  shared_->WaitNoConnections(std::max(wait, std::chrono::milliseconds(0)));
}

void Server::Impl::Stop() {
  if (threads_.empty()) return;
  StopAccepting();
  for (const auto& io : threads_) {
    asio::post(io->context, [&io = *io] {
      for (SessionBase* session : io.sessions) session->Abort();
    });
  }
  // Handlers' completions refer to sessions and contexts: wait for every one. Services promise
  // an answer shortly after its deadline.
  while (!shared_->deferred.WaitEmpty(std::chrono::seconds(10))) {
    LogWarning("waiting for answers under way",
               {{"face", options().section}, {"answers", shared_->deferred.Inside()}});
  }
  shared_->WaitNoConnections(kAbortWait);
  for (const auto& io : threads_) io->context.stop();
  for (const auto& io : threads_) {
    if (io->thread.joinable()) io->thread.join();
  }
  acceptor_.reset();
  pause_.reset();
  threads_.clear();
}

Result<void> Server::Impl::ReloadTls() {
  if (options().listen.tls_certificate.empty() && options().listen.tls_key.empty()) return {};
  auto context = LoadTlsContext(options().listen, options().section);
  if (!context.ok()) return context.error();
  std::lock_guard lock(tls_mutex_);
  tls_ = *context;
  return {};
}

Server::Server(ServerOptions options, Handler& handler, const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), handler, clock, metrics)) {}
Server::~Server() = default;
Result<void> Server::Start() { return impl_->Start(); }
std::uint16_t Server::Port() const { return impl_->Port(); }
void Server::Drain(Deadline deadline) { impl_->Drain(deadline); }
void Server::Stop() { impl_->Stop(); }
Result<void> Server::ReloadTls() { return impl_->ReloadTls(); }

}  // namespace idnode::frontend::http
