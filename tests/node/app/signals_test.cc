#include "node/app/signals.h"

#include <csignal>
#include <future>

#include <gtest/gtest.h>

#include "node/base/log.h"

namespace idnode::app {
namespace {

class SignalWaiterTest : public ::testing::Test {
 protected:
  void SetUp() override { ConfigureLog(LogLevel::kOff, LogFormat::kLogfmt); }
};

TEST_F(SignalWaiterTest, TakesWhatWasHeldBack) {
  HoldSignals();
  ASSERT_EQ(::raise(SIGTERM), 0);  // would end the process
  SignalWaiter signals;
  EXPECT_EQ(signals.Wait(), SignalWaiter::Asked::kStop);
  EXPECT_TRUE(signals.StopAsked());
}

TEST_F(SignalWaiterTest, TellsReloadFromStop) {
  SignalWaiter signals;
  EXPECT_FALSE(signals.StopAsked());
  auto asked = std::async(std::launch::async, [&] { return signals.Wait(); });
  ASSERT_EQ(::raise(SIGHUP), 0);
  EXPECT_EQ(asked.get(), SignalWaiter::Asked::kReload);
  EXPECT_FALSE(signals.StopAsked());
  ASSERT_EQ(::raise(SIGINT), 0);
  EXPECT_EQ(signals.Wait(), SignalWaiter::Asked::kStop);
  EXPECT_EQ(signals.Wait(), SignalWaiter::Asked::kStop) << "a stop stays asked for";
}

}  // namespace
}  // namespace idnode::app
