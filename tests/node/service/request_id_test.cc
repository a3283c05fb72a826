#include <gtest/gtest.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

TEST(RequestIdTest, ARepeatGetsTheStoredAnswer) {
  TestNode node;
  const std::vector<std::string> ids = {"88.108.1/a", "bad", "88.108.2/b", "88.108.3/c"};
  const auto first = node.RegisterMany(ids, "r1");
  EXPECT_EQ(first[0].outcome, Outcome::kRegistered);
  node.Delete("88.108.1/a");  // the stored answer stands whatever happened since
  const auto again = node.RegisterMany(ids, "r1");
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(again[i].outcome, first[i].outcome) << i;
  EXPECT_EQ(node.Volume().first_ever, 3);
  EXPECT_EQ(node.Volume().registrations, 3);
}

TEST(RequestIdTest, WithoutARequestIdARepeatIsUnchanged) {
  TestNode node;
  node.RegisterMany({"88.108.1/a"});
  EXPECT_EQ(node.RegisterMany({"88.108.1/a"})[0].outcome, Outcome::kUnchanged);
}

TEST(RequestIdTest, IsForgottenAfter24Hours) {
  TestNode node;
  node.RegisterMany({"88.108.1/a"}, "r1");
  node.clock.AdvanceMs(24 * kHourMs - 1);
  EXPECT_EQ(node.RegisterMany({"88.108.1/a"}, "r1")[0].outcome, Outcome::kRegistered);
  node.clock.AdvanceMs(1);
  EXPECT_EQ(node.RegisterMany({"88.108.1/a"}, "r1")[0].outcome, Outcome::kUnchanged);
}

TEST(RequestIdTest, OtherContentIsRefused) {
  TestNode node;
  node.RegisterMany({"88.108.1/a"}, "r1");
  auto reused = node.Run(node.operator_caller(), "r1", 1, [](Batch& batch) {
    batch.AddRegister({"88.108.1/other", {}});
  });
  ASSERT_EQ(reused.code(), Errc::kRequestIdReused);
  EXPECT_EQ(reused.error().field, "requestId");
  EXPECT_EQ(node.Volume().first_ever, 1);
}

TEST(RequestIdTest, IsOneApplicationsOwn) {
  TestNode node;
  const auto erp = node.ApplicationCaller("erp", {"88.108.1"});
  const auto mes = node.ApplicationCaller("mes", {"88.108.1"});
  const auto fill = [](Batch& batch) { batch.AddRegister({"88.108.1/a", {}}); };
  EXPECT_EQ((*node.Run(erp, "r1", 1, fill)).results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ((*node.Run(mes, "r1", 1, fill)).results[0].outcome, Outcome::kUnchanged);
  EXPECT_EQ((*node.Run(erp, "r1", 1, fill)).results[0].outcome, Outcome::kRegistered);
}

TEST(RequestIdTest, HoldsForEveryKindOfOperation) {
  TestNode node;
  node.RegisterMany({"88.108.1/a"});
  const auto remove = [](Batch& batch) { batch.AddDelete("88.108.1/a", 0); };
  EXPECT_EQ((*node.Run(node.operator_caller(), "d1", 1, remove)).results[0].outcome,
            Outcome::kDeleted);
  EXPECT_EQ((*node.Run(node.operator_caller(), "d1", 1, remove)).results[0].outcome,
            Outcome::kDeleted);
  EXPECT_EQ((*node.Run(node.operator_caller(), "d2", 1, remove)).results[0].outcome,
            Outcome::kNotFound);
  EXPECT_EQ(node.Volume().deletions, 1);
}

}  // namespace
}  // namespace idnode::service
