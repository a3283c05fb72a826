#include "node/base/gate.h"

namespace idnode {

bool Gate::Enter() {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  ++inside_;
  return true;
}

void Gate::Leave() {
  std::lock_guard lock(mutex_);
  if (--inside_ == 0) empty_.notify_all();
}

void Gate::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

bool Gate::WaitEmpty(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, wait, [this] { return inside_ == 0; });
}

std::int64_t Gate::Inside() const {
  std::lock_guard lock(mutex_);
  return inside_;
}

}  // namespace idnode
