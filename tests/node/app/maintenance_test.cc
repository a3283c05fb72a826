#include "node/app/maintenance.h"

#include <future>
#include <stdexcept>

#include <gtest/gtest.h>

#include "node/base/log.h"

namespace idnode::app {
namespace {

using std::chrono::milliseconds;

TEST(MaintenanceTest, RunsEachTaskAtItsPeriod) {
  FakeClock clock(0);
  Maintenance maintenance(clock);
  int fast = 0;
  int slow = 0;
  maintenance.Add("fast", milliseconds(10), [&] { ++fast; });
  maintenance.Add("slow", milliseconds(30), [&] { ++slow; });
  maintenance.RunDue();
  EXPECT_EQ(fast, 0);
  clock.AdvanceMs(9);
  maintenance.RunDue();
  EXPECT_EQ(fast, 0);
  clock.AdvanceMs(1);
  maintenance.RunDue();
  maintenance.RunDue();
  EXPECT_EQ(fast, 1);
  clock.AdvanceMs(20);
  maintenance.RunDue();
  EXPECT_EQ(fast, 2);  // a missed period is not made up for
  EXPECT_EQ(slow, 1);
}

TEST(MaintenanceTest, FollowsTheMonotonicClock) {
  FakeClock clock(0);
  Maintenance maintenance(clock);
  int runs = 0;
  maintenance.Add("task", milliseconds(10), [&] { ++runs; });
  clock.SetWallMs(1'000'000);
  maintenance.RunDue();
  EXPECT_EQ(runs, 0);
}

TEST(MaintenanceTest, ATaskThatThrowsDoesNotStopTheOthers) {
  ConfigureLog(LogLevel::kOff, LogFormat::kLogfmt);
  FakeClock clock(0);
  Maintenance maintenance(clock);
  int runs = 0;
  maintenance.Add("thrower", milliseconds(1), [] { throw std::runtime_error("foreign"); });
  maintenance.Add("task", milliseconds(1), [&] { ++runs; });
  clock.AdvanceMs(1);
  maintenance.RunDue();
  EXPECT_EQ(runs, 1);
}

TEST(MaintenanceTest, RunsOnItsOwnThreadAndStops) {
  const SystemClock clock;
  Maintenance maintenance(clock);
  std::promise<std::thread::id> ran;
  bool first = true;
  maintenance.Add("task", milliseconds(1), [&] {
    if (std::exchange(first, false)) ran.set_value(std::this_thread::get_id());
  });
  maintenance.Start();
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
  maintenance.Stop();
  maintenance.Stop();
}

TEST(MaintenanceTest, StopsWithoutStart) {
  const SystemClock clock;
  Maintenance maintenance(clock);
  maintenance.Stop();
}

}  // namespace
}  // namespace idnode::app
