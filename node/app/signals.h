#pragma once

#include <memory>

namespace idnode::app {

/// Keeps SIGTERM, SIGINT and SIGHUP from their default actions until a SignalWaiter is there. Call
/// first in main, while there is one thread: later ones inherit the mask of the thread that starts
/// them.
void HoldSignals();

/// Signals as ordinary code: a control context on a thread of its own takes them from its
/// construction on, and the owner's thread asks for them when it is ready. The second SIGTERM or
/// SIGINT ends the process at once with kExitFailed, whatever the owner's thread is doing: what was
/// acknowledged is durable. One in a process.
class SignalWaiter {
 public:
  enum class Asked { kStop, kReload };

  /// Takes the signals, also those that HoldSignals held back.
  SignalWaiter();
  ~SignalWaiter();
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

  /// True from the first SIGTERM or SIGINT on. Thread-safe.
  bool StopAsked() const;
  /// Waits for a signal. Several SIGHUP that came meanwhile are one kReload; kStop wins.
  Asked Wait();

 private:
  class Control;
  std::unique_ptr<Control> control_;
};

}  // namespace idnode::app
