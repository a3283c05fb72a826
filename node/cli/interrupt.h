#pragma once

#include <atomic>
#include <chrono>
#include <csignal>

namespace idnode::cli {

/// Takes SIGINT, SIGTERM and SIGHUP for as long as it lives, so that a long command ends in order:
/// nothing runs inside a signal handler. Make it before any thread is started: threads inherit the
/// blocked signals. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Waits at most `wait` for a signal; true once one came (or Raise was called), then at once.
  /// Called by one thread.
  bool WaitFor(std::chrono::milliseconds wait);
  bool raised() const { return raised_.load(); }
  /// What a signal does.
  void Raise() { raised_.store(true); }

 private:
  std::atomic<bool> raised_{false};
  sigset_t signals_;
  sigset_t before_;
};

}  // namespace idnode::cli
