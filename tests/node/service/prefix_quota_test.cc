#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/metrics.h"
#include "node/service/prefix_registry.h"
#include "node/service/prefix_usage.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kPrefix = "88.108.1";

class PrefixQuotaTest : public testing::Test {
 protected:
  PrefixQuotaTest() : node_(Options()) {
    IDNODE_CHECK(registry().Admit(root_, kPrefix, "", node_.Soon()).ok());
  }
  static TestNodeOptions Options() {
    TestNodeOptions options;
    options.prefixes.admit_on_first_use = false;
    return options;
  }
  void Set(const PrefixQuota& quota) {
    const auto set = registry().SetQuota(root_, kPrefix, quota, node_.Soon());
    ASSERT_TRUE(set.ok()) << set.error().detail;
    EXPECT_EQ(set->quota, quota);
  }
  std::uint64_t identifiers() { return registry().Get(root_, kPrefix)->identifiers; }
  PrefixRegistry& registry() { return *node_.prefixes; }

  TestNode node_;
  const Actor root_ = node_.Operator();
};

TEST_F(PrefixQuotaTest, ReservedRoomIsUsedRoom) {
  Set({0, 10, 0, 0});
  ASSERT_TRUE(registry().Reserve(kPrefix, 6).ok());
  const auto refused = registry().Reserve(kPrefix, 5);
  EXPECT_EQ(refused.code(), Errc::kQuotaExceeded);
  EXPECT_EQ(refused.error().field, "identifier");
  EXPECT_THAT(refused.error().detail, HasSubstr("may have 10 identifiers"));
  EXPECT_THAT(refused.error().detail, HasSubstr("it has 0, 6 are under way, and 5 more"));
  ASSERT_TRUE(registry().Reserve(kPrefix, 4).ok()) << "a refusal takes nothing";
  registry().Settle(kPrefix, 6, 5, 0);
  EXPECT_EQ(identifiers(), 5u);
  EXPECT_EQ(registry().Reserve(kPrefix, 2).code(), Errc::kQuotaExceeded);
  registry().Settle(kPrefix, 4, 0, 0);
  ASSERT_TRUE(registry().Reserve(kPrefix, 5).ok());
  registry().Settle(kPrefix, 5, 5, 0);
  EXPECT_EQ(registry().Reserve(kPrefix, 1).code(), Errc::kQuotaExceeded);
  registry().Settle(kPrefix, 0, 0, 1);
  EXPECT_TRUE(registry().Reserve(kPrefix, 1).ok()) << "what is deleted leaves room";
  registry().Settle(kPrefix, 1, 0, 0);
  EXPECT_EQ(registry().Reserve(kPrefix, UINT64_MAX).code(), Errc::kQuotaExceeded);
}

TEST_F(PrefixQuotaTest, BoundsAreKeptAndChecked) {
  for (const PrefixQuota& quota : {PrefixQuota{11, 10, 0, 0}, PrefixQuota{0, 0, 11, 10}}) {
    const auto refused = registry().SetQuota(root_, kPrefix, quota, node_.Soon());
    EXPECT_EQ(refused.code(), Errc::kInvalidRequest);
    EXPECT_EQ(refused.error().field,
              quota.rate_hard != 0 ? "quota.rateSoft" : "quota.identifiersSoft");
  }
  Set({10, 10, 5, 0});
  ASSERT_TRUE(registry().Load().ok());
  EXPECT_EQ(registry().Get(root_, kPrefix)->quota, (PrefixQuota{10, 10, 5, 0}));
}

// What the counters say at the start, over months, goes on with what is settled.
TEST_F(PrefixQuotaTest, IdentifiersAreThoseThatAreThere) {
  for (int n = 0; n < 5; ++n) node_.Register(kPrefix + "/a" + std::to_string(n));
  node_.Register(kPrefix + "/a0");                           // unchanged
  node_.Register(kPrefix + "/a0", "https://other.example");  // a conflict
  node_.Delete(kPrefix + "/a1");
  EXPECT_EQ(identifiers(), 4u);
  node_.clock.AdvanceMs(20LL * 86'400'000);  // December
  node_.clock_guard->Accept();
  node_.Register(kPrefix + "/b");
  node_.Register(kPrefix + "/a1");  // again
  node_.Delete(kPrefix + "/a2");
  EXPECT_EQ(identifiers(), 5u);
  ASSERT_TRUE(registry().Load().ok());  // as after a restart
  EXPECT_EQ(identifiers(), 5u);
  Set({0, 6, 0, 0});
  EXPECT_EQ(node_.Register(kPrefix + "/c").outcome, Outcome::kRegistered);
  const ItemResult refused = node_.Register(kPrefix + "/d");
  EXPECT_EQ(refused.outcome, Outcome::kRejected);
  EXPECT_EQ(refused.reason, Errc::kQuotaExceeded);
  node_.Delete(kPrefix + "/c");
  EXPECT_EQ(node_.Register(kPrefix + "/d").outcome, Outcome::kRegistered);
  EXPECT_EQ(identifiers(), 6u);
}

TEST_F(PrefixQuotaTest, TheHardBoundHoldsUnderConcurrency) {
  constexpr std::uint64_t kHard = 100;
  Set({0, kHard, 0, 0});
  std::atomic<std::uint64_t> there = 0;
  std::atomic<bool> passed = false;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::uint64_t mine = 0;
      for (int round = 0; round < 5'000; ++round) {
        const std::uint64_t items = 1 + random() % 7;
        if (registry().Reserve(kPrefix, items).ok()) {
          const std::uint64_t registered = random() % (items + 1);
          if (there.fetch_add(registered) + registered > kHard) passed = true;
          registry().Settle(kPrefix, items, registered, 0);
          mine += registered;
        }
        if (mine > 0 && random() % 3 == 0) {
          --mine;
          there.fetch_sub(1);
          registry().Settle(kPrefix, 0, 0, 1);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(passed);
  EXPECT_EQ(identifiers(), there.load());
  // Nothing stays reserved.
  ASSERT_TRUE(registry().Reserve(kPrefix, kHard - there.load()).ok());
}

TEST_F(PrefixQuotaTest, WholeRegistrationsKeepTheHardBound) {
  constexpr std::uint64_t kHard = 50;
  Set({0, kHard, 0, 0});
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> registered = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int n = 0; n < 30; ++n) {
        const std::string id = kPrefix + "/t" + std::to_string(thread) + "-" + std::to_string(n);
        for (const auto& result : node_.RegisterMany({id + "a", id + "b", id + "c"})) {
          if (result.outcome == Outcome::kRegistered) ++registered;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(registered.load(), kHard);
  EXPECT_GT(registered.load(), kHard - 3 * 4) << "the room is used";
  EXPECT_EQ(identifiers(), registered.load());
  EXPECT_EQ(static_cast<std::uint64_t>(node_.Volume().registrations), registered.load());
}

TEST_F(PrefixQuotaTest, TheRateHasABurstOfOneSecond) {
  Set({0, 0, 0, 10});
  EXPECT_TRUE(registry().Reserve(kPrefix, 10).ok());
  const auto refused = registry().Reserve(kPrefix, 1);
  EXPECT_EQ(refused.code(), Errc::kRateLimited);
  EXPECT_EQ(refused.error().field, "identifier");
  EXPECT_THAT(refused.error().detail, HasSubstr("10 items a second"));
  node_.clock.AdvanceMs(99);
  EXPECT_FALSE(registry().Reserve(kPrefix, 1).ok());
  node_.clock.AdvanceMs(1);
  EXPECT_TRUE(registry().Reserve(kPrefix, 1).ok());
  EXPECT_FALSE(registry().Reserve(kPrefix, 1).ok());
  node_.clock.AdvanceMs(60'000);
  EXPECT_TRUE(registry().Reserve(kPrefix, 10).ok()) << "a minute's rest is a second's burst";
  EXPECT_FALSE(registry().Reserve(kPrefix, 1).ok());
  EXPECT_TRUE(registry().Reserve("88.108.2", 1).code() == Errc::kPrefixNotAdmitted);
}

TEST_F(PrefixQuotaTest, ABatchLargerThanTheRateIsPaidForAfterwards) {
  Set({0, 0, 0, 10});
  EXPECT_TRUE(registry().Reserve(kPrefix, 25).ok()) << "a full second's rest";
  node_.clock.AdvanceMs(1'500);
  EXPECT_FALSE(registry().Reserve(kPrefix, 1).ok());
  node_.clock.AdvanceMs(100);
  EXPECT_TRUE(registry().Reserve(kPrefix, 1).ok());
  node_.clock.AdvanceMs(900);
  EXPECT_FALSE(registry().Reserve(kPrefix, 25).ok()) << "no full second yet";
  node_.clock.AdvanceMs(100);
  EXPECT_TRUE(registry().Reserve(kPrefix, 25).ok());
}

TEST_F(PrefixQuotaTest, ARefusedRateTakesNoIdentifiers) {
  Set({0, 10, 0, 4});
  ASSERT_TRUE(registry().Reserve(kPrefix, 4).ok());
  EXPECT_EQ(registry().Reserve(kPrefix, 4).code(), Errc::kRateLimited);
  registry().Settle(kPrefix, 4, 4, 0);
  node_.clock.AdvanceMs(1'000);
  ASSERT_TRUE(registry().Reserve(kPrefix, 4).ok());
  registry().Settle(kPrefix, 4, 4, 0);
  node_.clock.AdvanceMs(1'000);
  EXPECT_EQ(registry().Reserve(kPrefix, 3).code(), Errc::kQuotaExceeded);
  EXPECT_TRUE(registry().Reserve(kPrefix, 2).ok()) << "a refused identifier takes no rate";
}

// Each time a soft bound is passed it is told once, and not again before it was kept.
TEST_F(PrefixQuotaTest, SoftBoundsAreToldOnceEach) {
  const auto metrics = MakePrometheusMetrics();
  PrefixRegistry counted(*node_.engine, *node_.audit, *node_.enterprises, node_.clock, *metrics,
                         Options().prefixes);
  ASSERT_TRUE(counted.Load().ok());
  ASSERT_TRUE(counted.SetQuota(root_, kPrefix, {5, 0, 3, 0}, node_.Soon()).ok());
  const auto told = [&](const char* bound, int times) {
    return HasSubstr("idnode_prefix_soft_quota_passed_total{bound=\"" + std::string(bound) +
                     "\"} " + std::to_string(times));
  };
  const auto settle = [&](std::uint64_t registered, std::uint64_t deleted) {
    node_.clock.AdvanceMs(10'000);
    ASSERT_TRUE(counted.Reserve(kPrefix, registered).ok());
    counted.Settle(kPrefix, registered, registered, deleted);
  };
  for (int n = 0; n < 5; ++n) settle(1, 0);
  EXPECT_THAT(metrics->Expose(), told("identifiers", 0));
  for (int n = 0; n < 3; ++n) settle(1, 0);
  EXPECT_THAT(metrics->Expose(), told("identifiers", 1));
  settle(0, 3);
  settle(1, 0);
  EXPECT_THAT(metrics->Expose(), told("identifiers", 2));
  EXPECT_THAT(metrics->Expose(), told("rate", 0));
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(counted.Reserve(kPrefix, 1).ok()) << "soft refuses none";
  EXPECT_THAT(metrics->Expose(), told("rate", 1));
  settle(2, 0);
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(counted.Reserve(kPrefix, 1).ok());
  EXPECT_THAT(metrics->Expose(), told("rate", 2));
}

TEST(PrefixUsageTest, ARestartDoesNotTellAgain) {
  PrefixUsage usage;
  const PrefixQuota quota{5, 0, 0, 0};
  usage.Load(7, quota);
  EXPECT_FALSE(usage.Settle(0, 1, 0, quota));
  EXPECT_FALSE(usage.Settle(0, 0, 4, quota));
  EXPECT_TRUE(usage.Settle(0, 2, 0, quota));
}

TEST(PrefixUsageTest, ALoadKeepsWhatIsReserved) {
  PrefixUsage usage;
  const PrefixQuota quota{0, 10, 0, 0};
  EXPECT_EQ(usage.Reserve(3, quota, {}).refusal, PrefixUsage::Refusal::kNone);
  usage.Load(5, quota);
  EXPECT_EQ(usage.used(), 8u);
  EXPECT_EQ(usage.Reserve(3, quota, {}).refusal, PrefixUsage::Refusal::kIdentifiers);
  usage.Settle(3, 3, 0, quota);
  EXPECT_EQ(usage.identifiers(), 8u);
  EXPECT_EQ(usage.used(), 8u);
}

}  // namespace
}  // namespace idnode::service
