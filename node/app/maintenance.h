#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "node/base/clock.h"

namespace idnode::app {

/// Runs housekeeping now and then, one task after the other, on a thread of its own: retention,
/// and telling the log when registration stops or goes on. Add before Start; the rest is
/// thread-safe.
class Maintenance {
 public:
  explicit Maintenance(const Clock& clock) : clock_(clock) {}
  ~Maintenance() { Stop(); }
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  /// `run` is called every `period`, the first time one period after Start. It should end within
  /// seconds: Stop waits for it.
  void Add(std::string name, std::chrono::milliseconds period, std::function<void()> run);
  void Start();
  /// Waits for the task that runs; none runs after it. Idempotent.
  void Stop();

  /// Runs every task that is due. Start's thread calls it; tests do on their own thread.
  void RunDue();

 private:
  struct Task {
    std::string name;
    std::chrono::milliseconds period;
    std::function<void()> run;
    std::chrono::steady_clock::time_point due;
  };

  void Loop();

  const Clock& clock_;
  std::vector<Task> tasks_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace idnode::app
