#include "node/base/gate.h"

#include <thread>

#include <gtest/gtest.h>

namespace idnode {
namespace {

using std::chrono::milliseconds;

TEST(GateTest, ClosedGateLetsNobodyIn) {
  Gate gate;
  ASSERT_TRUE(gate.Enter());
  gate.Close();
  EXPECT_FALSE(gate.Enter());
  EXPECT_EQ(gate.Inside(), 1);
  EXPECT_FALSE(gate.WaitEmpty(milliseconds(0)));
  gate.Leave();
  EXPECT_TRUE(gate.WaitEmpty(milliseconds(0)));
}

TEST(GateTest, WaitEndsWhenTheLastLeaves) {
  Gate gate;
  ASSERT_TRUE(gate.Enter());
  gate.Close();
  std::thread leaver([&] { gate.Leave(); });
  EXPECT_TRUE(gate.WaitEmpty(milliseconds(60'000)));
  leaver.join();
}

}  // namespace
}  // namespace idnode
