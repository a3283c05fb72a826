#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "node/service/prefix_registry.h"

namespace idnode::service {

/// Items a second, with a burst of one second's worth. More items than that at once pass while the
/// bucket is full, and are paid for afterwards: a batch larger than the rate is slowed, not refused
/// for ever. Not thread-safe.
class RateBucket {
 public:
  /// Takes `items`, or nothing (false) where there are too few. `rate` above 0.
  bool Take(std::uint64_t rate, std::uint64_t items, std::chrono::steady_clock::time_point now);
  enum class Drained : std::uint8_t {
    kShort,       ///< there were too few
    kEnough,      ///< there were enough
    kEnoughFull,  ///< and the bucket was full: the rate has been kept for a while
  };
  /// Takes what there is, down to nothing.
  Drained Drain(std::uint64_t rate, std::uint64_t items, std::chrono::steady_clock::time_point now);

 private:
  void Refill(std::uint64_t rate, std::chrono::steady_clock::time_point now);

  double rate_ = 0;
  double tokens_ = 0;
  std::chrono::steady_clock::time_point last_{};
};

/// How much of its quota a prefix has used. Thread-safe.
class PrefixUsage {
 public:
  enum class Refusal : std::uint8_t { kNone, kIdentifiers, kRate };
  struct Reserved {
    Refusal refusal = Refusal::kNone;
    bool soft_rate_passed = false;  ///< for the first time since it was last kept
  };

  /// Room for `items`, or for none of them.
  Reserved Reserve(std::uint64_t items, const PrefixQuota& quota,
                   std::chrono::steady_clock::time_point now);
  /// Gives `reserved` room back and counts what became of it. True if the identifiers pass the soft
  /// bound for the first time since they last kept it.
  bool Settle(std::uint64_t reserved, std::uint64_t registered, std::uint64_t deleted,
              const PrefixQuota& quota);

  /// What the store has. What is reserved stays reserved.
  void Load(std::int64_t identifiers, const PrefixQuota& quota);

  std::uint64_t identifiers() const { return AtLeastZero(identifiers_.load()); }
  /// With what is reserved.
  std::uint64_t used() const { return AtLeastZero(used_.load()); }

 private:
  static std::uint64_t AtLeastZero(std::int64_t number) {
    return number < 0 ? 0 : static_cast<std::uint64_t>(number);
  }

  std::atomic<std::int64_t> identifiers_ = 0;
  std::atomic<std::int64_t> used_ = 0;  ///< identifiers and what is reserved
  std::atomic<bool> soft_passed_ = false;
  std::mutex rates_;
  RateBucket hard_rate_;
  RateBucket soft_rate_;
  bool soft_rate_passed_ = false;
};

}  // namespace idnode::service
