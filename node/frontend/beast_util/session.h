#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>

#include "node/base/gate.h"
#include "node/frontend/beast_util/asio.h"
#include "node/frontend/beast_util/handler.h"
#include "node/frontend/beast_util/request_parser.h"
#include "node/frontend/beast_util/server.h"

namespace idnode::frontend::http {

/// How long a connection that must close reads on, so that the peer sees the answer before the
/// reset that unread bytes would cause.
inline constexpr std::uint32_t kLingerMs = 2'000;

/// Whose connections are counted together: an IPv4 address, or the /64 of an IPv6 address, which is
/// what one host commonly has to itself. The flag is set for IPv6.
using PeerKey = std::pair<bool, std::uint64_t>;
PeerKey PeerKeyOf(const asio::ip::address& address);
/// "192.0.2.1", "2001:db8:1:2::/64": what registrations are counted by.
std::string SourceOf(PeerKey peer);

enum class Admission {
  kServe,
  kRefuse,  ///< answer one request with 503
  kClose,   ///< at once; not counted
};

/// What a server's sessions share. Kept alive by whoever may still touch it.
struct ServerShared {
  ServerShared(ServerOptions options_in, Handler& handler_in)
      : options(std::move(options_in)), handler(handler_in), bodies(options.bodies_bytes_max) {}

  const ServerOptions options;
  Handler& handler;
  BodyBudget bodies;
  Gate deferred;  ///< answers that handlers still owe
  std::atomic<bool> draining{false};

  /// Counts a connection, unless it must be closed.
  Admission AddConnection(PeerKey peer);
  void RemoveConnection(PeerKey peer);
  std::size_t Connections() const;
  /// Waits until there are no connections, at most `wait`. True if so.
  bool WaitNoConnections(std::chrono::milliseconds wait);

 private:
  mutable std::mutex mutex_;
  std::condition_variable none_;
  std::size_t connections_ = 0;
  std::map<PeerKey, std::size_t> by_peer_;  ///< those that have any
};

/// One counted connection. Gives its place back at the end, whatever has become of its session.
class ConnectionPlace {
 public:
  ConnectionPlace(std::shared_ptr<ServerShared> shared, PeerKey peer)
      : shared_(std::move(shared)), peer_(peer) {}
  ConnectionPlace(ConnectionPlace&&) = default;
  ConnectionPlace& operator=(ConnectionPlace&&) = delete;
  PeerKey peer() const { return peer_; }
  ~ConnectionPlace() {
    if (shared_) shared_->RemoveConnection(peer_);
  }

 private:
  std::shared_ptr<ServerShared> shared_;
  PeerKey peer_;
};

class SessionBase;

/// One io_context, run by one thread: no strands, no locks. All but `context` is touched on the
/// thread only.
struct IoThread {
  std::unordered_set<SessionBase*> sessions;
  std::uint64_t tick = 0;  ///< coarse time, for timeouts
  std::uint32_t tick_ms = 250;
  std::string date_line;        ///< "Date: …\r\n", renewed at ticks
  asio::io_context context{1};  ///< destroyed first: it may hold the last references to sessions
  Timer ticker{context};
  std::thread thread;
};

/// What an IoThread and a Completion know of a session. On its thread only.
class SessionBase {
 public:
  SessionBase(IoThread& io, std::shared_ptr<ServerShared> shared, ConnectionPlace place);
  virtual ~SessionBase();
  SessionBase(const SessionBase&) = delete;
  SessionBase& operator=(const SessionBase&) = delete;

  /// Calls OnDeadline if the deadline is over.
  void CheckDeadline();
  /// Answers 408 where a request was under way to us; aborts otherwise.
  virtual void OnDeadline() = 0;
  /// Ends the wait for a next request, if that is what it does.
  virtual void EndIdle() = 0;
  /// Closes the socket; what is awaited ends with an error.
  virtual void Abort() = 0;
  /// The answer of a deferred request. Empty: the handler gave none.
  virtual void OnAnswer(std::string answer) = 0;

 protected:
  /// A coarse deadline: never early, late by two ticks at most.
  void Arm(std::uint32_t wait_ms) { deadline_tick_ = io_.tick + wait_ms / io_.tick_ms + 2; }
  void Disarm() { deadline_tick_ = 0; }

  IoThread& io_;
  const std::shared_ptr<ServerShared> shared_;
  const ConnectionPlace place_;
  std::uint64_t deadline_tick_ = 0;  ///< 0: none
};

/// Starts serving `socket`, which belongs to `io`; call on its thread. `place` is its count.
/// `tls` may be null: plain text. `refuse`: answer one request with 503 and close. Where a library
/// throws (out of memory), the connection is closed and the log told.
void StartSession(IoThread& io, const std::shared_ptr<ServerShared>& shared, Socket socket,
                  const std::shared_ptr<asio::ssl::context>& tls, bool refuse,
                  ConnectionPlace place);

}  // namespace idnode::frontend::http
