#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "node/base/clock.h"
#include "node/base/result.h"

namespace idnode::service {

struct ClockGuardOptions {
  std::chrono::milliseconds drift_max = std::chrono::minutes(5);
  std::chrono::milliseconds silence_max = std::chrono::hours(24 * 31);
};

/// Watches the wall clock (design §6, Clock): a wrong clock must not carry the store's time into
/// the future. Registration stops while the wall clock departs from the monotonic clock, or at
/// start from the store's time, by more than a bound, until it agrees again or the operator
/// accepts it. The committer asks it for the time of every commit (CommitterOptions::trusted_time),
/// so whatever commits is covered; services ask it before to refuse early and whole. Thread-safe;
/// the check is a few instructions.
class ClockGuard {
 public:
  ClockGuard(const Clock& clock, ClockGuardOptions options);

  /// Compares the wall clock with the latest commit time of the store (0: empty store).
  void Start(std::int64_t last_commit_ms);
  /// Errors: kClockUntrusted with what departs from what and how to accept it.
  Result<void> Check();
  /// The wall clock, Unix ms, and the very reading that was checked. Errors: as Check.
  Result<std::int64_t> TrustedMs();
  /// The operator vouches for the present wall clock.
  void Accept();

 private:
  const Clock& clock_;
  const ClockGuardOptions options_;
  std::atomic<std::int64_t> offset_ms_{0};  ///< wall minus monotonic that is trusted
  std::atomic<std::int64_t> store_ms_{0};   ///< store's time that the start compared with
  std::atomic<bool> start_untrusted_{false};
};

}  // namespace idnode::service
