#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "node/base/gate.h"
#include "node/frontend/beast_util/asio.h"
#include "node/frontend/beast_util/handler.h"
#include "node/frontend/beast_util/request_parser.h"
#include "node/frontend/beast_util/server.h"

namespace idnode::frontend::http {

/// How long a connection that must close reads on, so that the peer sees the answer before the
/// reset that unread bytes would cause.
inline constexpr std::uint32_t kLingerMs = 2'000;

/// What a server's sessions share. Kept alive by whoever may still touch it.
struct ServerShared {
  ServerShared(ServerOptions options_in, Handler& handler_in)
      : options(std::move(options_in)), handler(handler_in), bodies(options.bodies_bytes_max) {}

  const ServerOptions options;
  Handler& handler;
  BodyBudget bodies;
  Gate deferred;  ///< answers that handlers still owe
  std::atomic<bool> draining{false};

  void AddConnection();
  void RemoveConnection();
  std::size_t Connections() const;
  /// Waits until there are no connections, at most `wait`. True if so.
  bool WaitNoConnections(std::chrono::milliseconds wait);

 private:
  mutable std::mutex mutex_;
  std::condition_variable none_;
  std::size_t connections_ = 0;
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
  SessionBase(IoThread& io, std::shared_ptr<ServerShared> shared);
  virtual ~SessionBase();
  SessionBase(const SessionBase&) = delete;
  SessionBase& operator=(const SessionBase&) = delete;

  /// Aborts if the deadline is over.
  void CheckDeadline();
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
  std::uint64_t deadline_tick_ = 0;  ///< 0: none
};

/// Starts serving `socket`, which belongs to `io`; call on its thread. Counts as a connection
/// already. `tls` may be null: plain text. `refuse`: answer one request with 503 and close.
void StartSession(IoThread& io, const std::shared_ptr<ServerShared>& shared, Socket socket,
                  const std::shared_ptr<asio::ssl::context>& tls, bool refuse);

}  // namespace idnode::frontend::http
