#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace idnode {

/// Counts what is in flight and closes for a drain. Safe to call concurrently.
class Gate {
 public:
  /// Enters unless closed. Every successful Enter is paired with a Leave.
  [[nodiscard]] bool Enter();
  void Leave();
  /// No one enters any more.
  void Close();
  /// Waits until no one is inside, at most `wait`. True if empty.
  bool WaitEmpty(std::chrono::milliseconds wait);
  std::int64_t Inside() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::int64_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace idnode
