#include "node/base/worker_pool.h"

#include <atomic>
#include <latch>
#include <stdexcept>

#include <gtest/gtest.h>

namespace idnode {
namespace {

TEST(WorkerPoolTest, RefusesPastItsQueueBound) {
  WorkerPool pool("test", 1, 2);
  std::latch started(1);
  std::latch go(1);
  ASSERT_TRUE(pool.TrySubmit([&] {
    started.count_down();
    go.wait();
  }));
  started.wait();  // the worker is busy: what follows stays in the queue
  EXPECT_TRUE(pool.TrySubmit([] {}));
  EXPECT_TRUE(pool.TrySubmit([] {}));
  EXPECT_FALSE(pool.TrySubmit([] {}));
  go.count_down();
}

TEST(WorkerPoolTest, StopFinishesWhatIsQueued) {
  std::atomic<int> ran = 0;
  WorkerPool pool("test", 2, 100);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pool.TrySubmit([&] { ++ran; }));
  }
  pool.Stop();
  EXPECT_EQ(ran, 100);
  EXPECT_FALSE(pool.TrySubmit([] {}));
}

TEST(WorkerPoolTest, AnExceptionEndsItsWorkAlone) {
  std::atomic<int> ran = 0;
  WorkerPool pool("test", 1, 100);
  ASSERT_TRUE(pool.TrySubmit([] { throw std::runtime_error("from a library"); }));
  ASSERT_TRUE(pool.TrySubmit([] { throw 7; }));  // NOLINT: libraries throw what they like
  ASSERT_TRUE(pool.TrySubmit([&] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace idnode
