#include "node/service/deadline_watch.h"

#include <algorithm>
#include <vector>

#include "node/base/worker_pool.h"

namespace idnode::service {
namespace {

// Longest sleep while something waits: the injected clock may move on its own.
constexpr std::chrono::milliseconds kSleepMax{50};

}  // namespace

DeadlineWatch::DeadlineWatch(const Clock& clock) : clock_(clock), thread_([this] { Run(); }) {}

DeadlineWatch::~DeadlineWatch() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

DeadlineWatch::Ticket DeadlineWatch::Add(Deadline deadline, std::function<void()> late) {
  std::lock_guard lock(mutex_);
  const Ticket ticket{deadline, next_++};
  const bool was_empty = waiting_.empty();
  waiting_.emplace(ticket, std::move(late));
  if (was_empty) wake_.notify_one();
  return ticket;
}

void DeadlineWatch::Remove(const Ticket& ticket) {
  std::function<void()> forgotten;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  const auto found = waiting_.find(ticket);
  if (found == waiting_.end()) return;
  forgotten = std::move(found->second);
  waiting_.erase(found);
}

void DeadlineWatch::Run() {
  SetThreadName("deadlines");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      continue;
    }
    std::vector<std::function<void()>> late;
    const auto now = clock_.Monotonic();
    while (!waiting_.empty() && waiting_.begin()->first.first <= now) {
      late.push_back(std::move(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
    }
    if (!late.empty()) {
      lock.unlock();
      for (const auto& call : late) call();
      late.clear();
      lock.lock();
      continue;
    }
    wake_.wait_for(lock, kSleepMax, [this] { return stopping_; });
  }
}

}  // namespace idnode::service
