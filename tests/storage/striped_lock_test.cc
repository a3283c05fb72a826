#include "storage/rocksdb/striped_lock.h"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace idnode::storage {
namespace {

// More than there are stripes, so that every stripe has a reader.
constexpr int kReaders = 32;

TEST(StripedLockTest, AWaitingWriterGoesBeforeReadersThatComeLater) {
  StripedLock lock;
  std::atomic<bool> let_go = false;
  std::atomic<bool> written = false;
  std::latch holding(1);
  std::thread holder([&] {
    const StripedLock::Shared shared(lock);
    holding.count_down();
    while (!let_go) std::this_thread::yield();
  });
  holding.wait();
  std::thread writer([&] {
    const StripedLock::Exclusive exclusive(lock);
    written = true;
  });
  while (!lock.HasWriter()) std::this_thread::yield();
  EXPECT_FALSE(written) << "a reader is inside";
  std::latch started(kReaders);
  std::atomic<int> too_early = 0;
  std::vector<std::thread> readers;
  for (int n = 0; n < kReaders; ++n) {
    readers.emplace_back([&] {
      started.count_down();
      const StripedLock::Shared shared(lock);
      if (!written) ++too_early;
    });
  }
  started.wait();
  let_go = true;
  holder.join();
  writer.join();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(too_early, 0);
  EXPECT_FALSE(lock.HasWriter());
}

TEST(StripedLockTest, ReadersThatNeverPauseDoNotStarveTheWriter) {
  StripedLock lock;
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int n = 0; n < kReaders; ++n) {
    readers.emplace_back([&] {
      while (!stop) const StripedLock::Shared shared(lock);
    });
  }
  int value = 0;
  for (int n = 0; n < 100; ++n) {
    const StripedLock::Exclusive exclusive(lock);
    ++value;
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(value, 100);
}

}  // namespace
}  // namespace idnode::storage
