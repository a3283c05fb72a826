#include "node/app/maintenance.h"

#include <exception>
#include <utility>

#include "node/base/log.h"
#include "node/base/worker_pool.h"

namespace idnode::app {
namespace {

/// How often the thread looks whether a task is due.
constexpr std::chrono::milliseconds kTick(500);

}  // namespace

void Maintenance::Add(std::string name, std::chrono::milliseconds period,
                      std::function<void()> run) {
  tasks_.push_back({std::move(name), period, std::move(run), clock_.Monotonic() + period});
}

void Maintenance::Start() {
  thread_ = std::thread([this] {
    SetThreadName("maintenance");
    Loop();
  });
}

void Maintenance::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Maintenance::RunDue() {
  for (auto& task : tasks_) {
    if (clock_.Monotonic() < task.due) continue;
    // A thread's start is one of the two places where foreign exceptions end.
    try {
      task.run();
    } catch (const std::exception& fault) {
      LogError("maintenance task failed", {{"task", task.name}, {"detail", fault.what()}});
    }
    task.due = clock_.Monotonic() + task.period;
  }
}

void Maintenance::Loop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kTick, [this] { return stopping_; })) {
    lock.unlock();
    RunDue();
    lock.lock();
  }
}

}  // namespace idnode::app
