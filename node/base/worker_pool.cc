#include "node/base/worker_pool.h"

#include <exception>
#include <utility>

#include <pthread.h>

#include "node/base/log.h"

namespace idnode {

void SetThreadName(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t queue_max)
    : name_(std::move(name)), queue_max_(queue_max) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, i] { Run(i); });
  }
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TrySubmit(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::Run(std::size_t number) {
  SetThreadName(name_ + "-" + std::to_string(number));
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    // One of the two places where foreign exceptions are caught (style, Errors): one piece of work
    // that fails must not end the process. Its owner sees that `work` was dropped unfinished.
    try {
      work();
    } catch (const std::exception& exception) {
      LogError("work ended by an exception", {{"thread", name_}, {"what", exception.what()}});
    } catch (...) {
      LogError("work ended by an exception", {{"thread", name_}});
    }
  }
}

}  // namespace idnode
