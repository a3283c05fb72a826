#include "node/cli/interrupt.h"

#include <pthread.h>

namespace idnode::cli {

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

Interrupt::~Interrupt() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupt::WaitFor(std::chrono::milliseconds wait) {
  if (raised_.load()) return true;
  const auto count = wait.count();
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(count / 1000);
  timeout.tv_nsec = static_cast<long>(count % 1000) * 1'000'000;
  if (sigtimedwait(&signals_, nullptr, &timeout) > 0) raised_.store(true);
  return raised_.load();
}

}  // namespace idnode::cli
