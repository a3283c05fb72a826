#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "node/frontend/beast_util/asio.h"

namespace idnode::frontend::http {

/// How long an acceptor pauses after an error. Without descriptors or memory (EMFILE, ENFILE,
/// ENOBUFS, ENOMEM) the waiting connection stays in the queue, and accepting again at once would
/// only burn a core: pauses double from kPauseMin to kPauseMax until a connection is accepted.
/// Not thread-safe.
class AcceptBackoff {
 public:
  static constexpr std::chrono::milliseconds kPauseMin{10};
  static constexpr std::chrono::milliseconds kPauseMax{1'000};

  void OnAccepted() { next_ = kPauseMin; }
  /// The pause after `ec`; 0 where accepting goes on at once.
  std::chrono::milliseconds OnError(const error_code& ec) {
    if (IsOfOneConnection(ec)) return std::chrono::milliseconds(0);
    const std::chrono::milliseconds pause = next_;
    next_ = std::min(next_ * 2, kPauseMax);
    return pause;
  }
  /// True if the pause that OnError gave was the first of its row: the one to tell the log.
  bool first() const { return next_ == kPauseMin * 2; }

 private:
  // accept(2): what happened to the one connection that was taken off the queue.
  static bool IsOfOneConnection(const error_code& ec) {
    switch (ec.value()) {
      case ECONNABORTED:
      case EAGAIN:
      case EINTR:
      case EPROTO:
      case EPERM:
      case ENOPROTOOPT:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENONET:
      case EOPNOTSUPP:
        return true;
      default:
        return false;
    }
  }

  std::chrono::milliseconds next_ = kPauseMin;
};

}  // namespace idnode::frontend::http
