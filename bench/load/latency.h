#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace idnode::bench {

/// Distribution of durations from 1 µs to about 70 minutes, exact to 1/64. Fixed size, so that
/// keeping a sample costs nothing that would show. Not thread-safe; `Merge` those of threads.
class LatencyHistogram {
 public:
  void Add(std::chrono::nanoseconds duration) {
    const auto us = duration.count() / 1000;
    ++buckets_[BucketOf(us < 0 ? 0 : static_cast<std::uint64_t>(us))];
    ++count_;
  }
  void Merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
  }
  std::uint64_t count() const { return count_; }

  /// Lowest duration in ms that `percent` of the samples do not exceed; 0 without samples.
  double PercentileMs(double percent) const {
    const double wanted = static_cast<double>(count_) * percent / 100.0;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) {
        return static_cast<double>(FloorOf(i)) / 1000.0;
      }
    }
    return 0;
  }

 private:
  static constexpr std::size_t kStepBits = 6;
  static constexpr std::size_t kSteps = 1U << kStepBits;
  static constexpr std::size_t kOctaves = 26;
  static constexpr std::size_t kBuckets = kSteps * (kOctaves + 1);

  // Numbers below kSteps have a bucket each; above, every power of two is cut into kSteps parts.
  static std::size_t BucketOf(std::uint64_t us) {
    if (us < kSteps) return static_cast<std::size_t>(us);
    const auto octave = static_cast<std::size_t>(std::bit_width(us)) - kStepBits;
    if (octave > kOctaves) return kBuckets - 1;
    return octave * kSteps + static_cast<std::size_t>(us >> (octave - 1)) - kSteps;
  }
  static std::uint64_t FloorOf(std::size_t bucket) {
    const std::size_t octave = bucket / kSteps;
    if (octave == 0) return bucket;
    return static_cast<std::uint64_t>(kSteps + bucket % kSteps) << (octave - 1);
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace idnode::bench
