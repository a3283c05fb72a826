#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <shared_mutex>

namespace idnode::storage {

/// A reader-writer lock for the hot path: readers that run on different threads touch different
/// cache lines, and the writer, who comes once in a blue moon, takes them all.
class StripedLock {
 public:
  /// Held by a reader. Not to be taken twice by one thread.
  class Shared {
   public:
    explicit Shared(StripedLock& lock) : held_(lock.stripes_[StripeOfThread()].mutex) {}

   private:
    std::shared_lock<std::shared_mutex> held_;
  };

  /// Held by the writer, alone.
  class Exclusive {
   public:
    explicit Exclusive(StripedLock& lock) : lock_(lock) {
      for (auto& stripe : lock_.stripes_) stripe.mutex.lock();
    }
    ~Exclusive() {
      for (auto& stripe : lock_.stripes_) stripe.mutex.unlock();
    }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    StripedLock& lock_;
  };

 private:
  static constexpr std::size_t kStripes = 16;
  static constexpr std::size_t kCacheLineBytes = 64;
  struct alignas(kCacheLineBytes) Stripe {
    std::shared_mutex mutex;
  };

  static std::size_t StripeOfThread() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::array<Stripe, kStripes> stripes_;
};

}  // namespace idnode::storage
