#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "node/base/clock.h"

namespace idnode::service {

/// Calls back when a deadline has passed, from one thread of its own. Thread-safe.
class DeadlineWatch {
 public:
  using Ticket = std::pair<Deadline, std::uint64_t>;

  explicit DeadlineWatch(const Clock& clock);
  ~DeadlineWatch();

  /// `late` is called once after `deadline`, unless removed before. It must not block.
  Ticket Add(Deadline deadline, std::function<void()> late);
  /// Forgets the callback; nothing happens if it was called already.
  void Remove(const Ticket& ticket);

 private:
  void Run();

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<Ticket, std::function<void()>> waiting_;
  std::uint64_t next_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace idnode::service
