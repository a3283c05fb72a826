#pragma once

#include <chrono>
#include <cstdint>

#include "node/base/clock.h"

namespace idnode::app {

/// The machine's clocks, the wall clock ahead by a constant: with `--dev` only, so that a month's
/// close can be seen before the month is over. Thread-safe.
class AheadClock : public Clock {
 public:
  explicit AheadClock(std::chrono::hours ahead) : ahead_(ahead) {}
  std::int64_t WallMs() const override {
    return machine_.WallMs() + std::chrono::milliseconds(ahead_).count();
  }
  std::chrono::steady_clock::time_point Monotonic() const override { return machine_.Monotonic(); }

 private:
  const SystemClock machine_;
  const std::chrono::hours ahead_;
};

}  // namespace idnode::app
