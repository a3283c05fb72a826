#include "node/service/clock_guard.h"

#include "node/base/log.h"
#include "node/base/time_zone.h"

namespace idnode::service {
namespace {

std::int64_t MonotonicMs(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.Monotonic().time_since_epoch())
      .count();
}

}  // namespace

ClockGuard::ClockGuard(const Clock& clock, ClockGuardOptions options)
    : clock_(clock), options_(options) {
  offset_ms_.store(clock.WallMs() - MonotonicMs(clock));
}

void ClockGuard::Start(std::int64_t last_commit_ms) {
  offset_ms_.store(clock_.WallMs() - MonotonicMs(clock_));
  store_ms_.store(last_commit_ms);
  start_untrusted_.store(last_commit_ms != 0);
  if (const auto checked = Check(); !checked.ok()) {
    LogError("clock not trusted", {{"detail", checked.error().detail}});
  }
}

Result<void> ClockGuard::Check() {
  auto trusted = TrustedMs();
  if (!trusted.ok()) return trusted.error();
  return {};
}

Result<std::int64_t> ClockGuard::TrustedMs() {
  const std::int64_t wall = clock_.WallMs();
  if (start_untrusted_.load(std::memory_order_relaxed)) {
    const std::int64_t store = store_ms_.load();
    if (wall < store - options_.drift_max.count() || wall > store + options_.silence_max.count()) {
      return Error(Errc::kClockUntrusted,
                   "the wall clock says " + FormatUtcMs(wall) + ", the newest commit is of " +
                       FormatUtcMs(store) +
                       "; set the clock right, or accept it with `idnode clock accept`");
    }
    // It agrees with the store: from here on it is compared with the monotonic clock.
    offset_ms_.store(wall - MonotonicMs(clock_));
    start_untrusted_.store(false);
    return wall;
  }
  const std::int64_t expected = MonotonicMs(clock_) + offset_ms_.load(std::memory_order_relaxed);
  const std::int64_t drift = wall - expected;
  if (drift > options_.drift_max.count() || drift < -options_.drift_max.count()) {
    return Error(Errc::kClockUntrusted,
                 "the wall clock says " + FormatUtcMs(wall) + ", " + FormatUtcMs(expected) +
                     " was expected; set the clock right, or accept it with `idnode clock accept`");
  }
  return wall;
}

void ClockGuard::Accept() {
  offset_ms_.store(clock_.WallMs() - MonotonicMs(clock_));
  start_untrusted_.store(false);
  LogWarning("clock accepted by the operator", {{"wall", FormatUtcMs(clock_.WallMs())}});
}

}  // namespace idnode::service
