#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <shared_mutex>

namespace idnode::storage {

/// A reader-writer lock for the hot path: readers that run on different threads touch different
/// cache lines, and the writer, who comes once in a blue moon, takes them all.
class StripedLock {
 public:
  /// Held by a reader. Not to be taken twice by one thread: a writer may come between.
  class Shared {
   public:
    explicit Shared(StripedLock& lock) : held_(lock.Enter()) {}

   private:
    std::shared_lock<std::shared_mutex> held_;
  };

  /// Held by the writer, alone.
  class Exclusive {
   public:
    explicit Exclusive(StripedLock& lock) : lock_(lock), gate_(lock.gate_) {
      lock_.writer_.store(true, std::memory_order_release);
      for (auto& stripe : lock_.stripes_) stripe.mutex.lock();
    }
    ~Exclusive() {
      for (auto& stripe : lock_.stripes_) stripe.mutex.unlock();
      lock_.writer_.store(false, std::memory_order_release);
    }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    StripedLock& lock_;
    std::lock_guard<std::mutex> gate_;
  };

  /// True while a writer waits or works.
  bool HasWriter() const { return writer_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kStripes = 16;
  static constexpr std::size_t kCacheLineBytes = 64;
  struct alignas(kCacheLineBytes) Stripe {
    std::shared_mutex mutex;
  };

  std::shared_lock<std::shared_mutex> Enter() {
    // Written once in a blue moon: the line of `writer_` stays in every reader's cache. A reader
    // that does not see the writer yet goes in once more, and waits here the next time.
    if (HasWriter()) [[unlikely]] {
      const std::lock_guard wait(gate_);
    }
    return std::shared_lock(stripes_[StripeOfThread()].mutex);
  }

  static std::size_t StripeOfThread() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  alignas(kCacheLineBytes) std::atomic<bool> writer_{false};
  alignas(kCacheLineBytes) std::mutex gate_;  // held by the writer from before it waits
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace idnode::storage
