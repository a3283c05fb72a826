#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace idnode {

/// Threads for work that may wait, with a bounded queue. Safe to call concurrently.
class WorkerPool {
 public:
  /// `name` labels the threads (at most 15 bytes are shown).
  WorkerPool(std::string name, std::size_t threads, std::size_t queue_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `work`; false when the queue is full or the pool stops: answer "overloaded". An
  /// exception that leaves `work` is logged and ends that work alone.
  [[nodiscard]] bool TrySubmit(std::function<void()> work);
  /// Finishes what is queued and joins the threads. Idempotent.
  void Stop();

 private:
  void Run(std::size_t number);

  const std::string name_;
  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Names the calling thread for debuggers and `top -H`.
void SetThreadName(const std::string& name);

}  // namespace idnode
