#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace idnode {

/// Monotonic point in time by which an answer is due.
using Deadline = std::chrono::steady_clock::time_point;

/// The only source of time. One instance is injected everywhere; tests move a FakeClock.
/// Safe to call concurrently.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, Unix milliseconds. May jump.
  virtual std::int64_t WallMs() const = 0;
  /// Monotonic clock: what deadlines and durations are measured with.
  virtual std::chrono::steady_clock::time_point Monotonic() const = 0;

  Deadline After(std::chrono::milliseconds wait) const { return Monotonic() + wait; }
};

/// The machine's clocks.
class SystemClock : public Clock {
 public:
  std::int64_t WallMs() const override;
  std::chrono::steady_clock::time_point Monotonic() const override;
};

/// A clock that tests set. Monotonic time follows AdvanceMs, not SetWallMs: setting the wall clock
/// is what an operator or a faulty time server does.
class FakeClock : public Clock {
 public:
  explicit FakeClock(std::int64_t wall_ms) : wall_ms_(wall_ms) {}
  std::int64_t WallMs() const override { return wall_ms_.load(); }
  std::chrono::steady_clock::time_point Monotonic() const override {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(monotonic_ms_.load()));
  }
  void SetWallMs(std::int64_t wall_ms) { wall_ms_.store(wall_ms); }
  void AdvanceMs(std::int64_t by_ms) {
    wall_ms_.fetch_add(by_ms);
    monotonic_ms_.fetch_add(by_ms);
  }

 private:
  std::atomic<std::int64_t> wall_ms_;
  std::atomic<std::int64_t> monotonic_ms_{1'000'000};
};

}  // namespace idnode
