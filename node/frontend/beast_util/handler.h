#pragma once

#include <memory>
#include <string>

#include "node/base/errc.h"
#include "node/frontend/beast_util/message.h"

namespace idnode::frontend::http {

/// Where the answer of a request that had to wait goes. Safe to call from any thread, once. When
/// it is dropped unused the session answers 500: a connection never hangs on a forgotten answer.
class Completion {
 public:
  virtual ~Completion() = default;
  /// `answer` is one whole HTTP response.
  virtual void Finish(std::string answer) = 0;
};

/// One request under way on its session's thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  const Request& request() const { return request_; }
  /// Where an answer given at once is appended.
  std::string& out() { return out_; }
  /// Announces that the answer comes later, through the completion. The request's views stay
  /// valid until then. Nothing may be appended to `out` in this case.
  virtual std::shared_ptr<Completion> Defer() = 0;

 protected:
  Request request_;
  std::string out_;
};

/// Turns requests into answers. Called on I/O threads, concurrently: must not block.
class Handler {
 public:
  virtual ~Handler() = default;
  /// Either appends one whole response to `exchange.out()`, or calls `exchange.Defer()`.
  virtual void Handle(Exchange& exchange) = 0;
  /// Whether pages of any origin may read the answer to `request` (CORS): what everybody may read
  /// anyway, and nothing else. No answer at all by default.
  virtual bool ForAnyOrigin(const Request&) const { return false; }
  /// The session refused a request before it was one (malformed, over a limit).
  virtual void OnRefused(Errc) {}
};

}  // namespace idnode::frontend::http
