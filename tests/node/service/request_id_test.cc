#include <functional>

#include <gtest/gtest.h>

#include "storage/key_codec.h"
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

// Over midnight UTC, where the day in the key changes.
TEST(RequestIdTest, IsFoundWhenTheClockWasSetBackOverMidnight) {
  TestNode node;
  constexpr std::int64_t kDayMs = 24 * kHourMs;
  const std::int64_t midnight = (kTestNowMs / kDayMs + 1) * kDayMs;
  node.clock.AdvanceMs(midnight + 60'000 - kTestNowMs);
  ASSERT_EQ(node.RegisterMany({"88.108.1/a"}, "r1")[0].outcome, Outcome::kRegistered);
  node.clock.SetWallMs(midnight - 60'000);
  EXPECT_EQ(node.RegisterMany({"88.108.1/a"}, "r1")[0].outcome, Outcome::kRegistered);
  node.clock.SetWallMs(midnight + 60'000);
  node.clock.AdvanceMs(23 * kHourMs);
  EXPECT_EQ(node.RegisterMany({"88.108.1/a"}, "r1")[0].outcome, Outcome::kRegistered);
}

Errc CodeOf(TestNode& node, const std::function<void(Batch&)>& fill) {
  return node.Run(node.operator_caller(), "r1", 2, fill).code();
}

TEST(RequestIdTest, OtherRejectedItemsAreOtherContent) {
  const auto with_bad = [](const std::string& bad) {
    return [bad](Batch& batch) {
      batch.AddRegister({"88.108.1/a", {}});
      batch.AddRegister({bad, {}});
    };
  };
  const auto unreadable = [](const std::string& identifier, const std::string& detail) {
    return [identifier, detail](Batch& batch) {
      batch.AddRegister({"88.108.1/a", {}});
      batch.AddRejected(Error(Errc::kInvalidValue, detail, "values[0].data"), identifier);
    };
  };
  TestNode node;
  ASSERT_EQ(CodeOf(node, with_bad("bad")), Errc::kOk);
  EXPECT_EQ(CodeOf(node, with_bad("bad")), Errc::kOk);
  // One part took part, and it says so; the other item is what it is.
  using Fill = std::function<void(Batch&)>;
  for (const auto& other : {Fill(with_bad("worse")), Fill(unreadable("bad", "x"))}) {
    const auto reused = node.Run(node.operator_caller(), "r1", 2, other);
    ASSERT_EQ(reused.code(), Errc::kRequestIdReused);
  }
  TestNode second;
  ASSERT_EQ(CodeOf(second, unreadable("88.108.1/b", "x")), Errc::kOk);
  EXPECT_EQ(CodeOf(second, unreadable("88.108.1/b", "x")), Errc::kOk);
  EXPECT_EQ(CodeOf(second, unreadable("88.108.1/c", "x")), Errc::kRequestIdReused);
  EXPECT_EQ(CodeOf(second, unreadable("88.108.1/b", "y")), Errc::kRequestIdReused);
}

TEST(RequestIdTest, EveryFieldOfAnUpdateIsContent) {
  TestNode node;
  node.RegisterMany({"88.108.1/a", "88.108.1/b"});
  const std::vector<std::uint32_t> one = {5};
  const std::vector<std::uint32_t> two = {5, 6};
  std::vector<UpdateInput> others;
  UpdateInput base;
  base.identifier = "88.108.1/a";
  base.remove_indexes = one;
  UpdateInput other = base;
  other.remove_indexes = two;
  others.push_back(other);
  other = base;
  other.replace_values = true;
  others.push_back(other);
  other = base;
  other.set_object_class = true;
  others.push_back(other);
  other = base;
  other.object_class = "part";
  others.push_back(other);
  other = base;
  other.expected_revision = 1;
  others.push_back(other);
  ASSERT_EQ(CodeOf(node, [&](Batch& batch) { batch.AddUpdate(base); }), Errc::kOk);
  EXPECT_EQ(CodeOf(node, [&](Batch& batch) { batch.AddUpdate(base); }), Errc::kOk);
  for (std::size_t n = 0; n < others.size(); ++n) {
    EXPECT_EQ(CodeOf(node, [&](Batch& batch) { batch.AddUpdate(others[n]); }),
              Errc::kRequestIdReused)
        << n;
  }
}

// The answer stands, whatever has become of prefixes and rights since.
TEST(RequestIdTest, ARepeatGetsItsAnswerThoughThePrefixWasAdmittedSince) {
  TestNodeOptions options;
  options.shards = 1;
  options.prefixes.admit_on_first_use = false;
  TestNode node(std::move(options));
  ASSERT_TRUE(node.prefixes->Admit(node.Operator(), "88.108.1", "", node.Soon()).ok());
  const std::vector<std::string> ids = {"88.108.2/x", "88.108.1/a"};
  const auto first = node.RegisterMany(ids, "r1");
  EXPECT_EQ(first[0].reason, Errc::kPrefixNotAdmitted);
  EXPECT_EQ(first[1].outcome, Outcome::kRegistered);
  ASSERT_TRUE(node.prefixes->Admit(node.Operator(), "88.108.2", "", node.Soon()).ok());
  const auto again = node.RegisterMany(ids, "r1");
  EXPECT_EQ(again[0].outcome, Outcome::kRejected);
  EXPECT_EQ(again[0].reason, Errc::kPrefixNotAdmitted);
  EXPECT_EQ(again[1].outcome, Outcome::kRegistered);
  EXPECT_EQ(node.RegisterMany(ids, "r2")[0].outcome, Outcome::kRegistered);
}

// The contract's limit: answers are kept shard by shard.
TEST(RequestIdTest, ReuseIsFoundInTheShardsThatTookPart) {
  TestNode node;
  std::string other = "88.108.2";
  for (int n = 3; storage::ShardOf(other, node.engine->ShardCount()) ==
                  storage::ShardOf("88.108.1", node.engine->ShardCount());
       ++n) {
    other = "88.108." + std::to_string(n);
  }
  ASSERT_EQ(node.RegisterMany({"88.108.1/a"}, "r1")[0].outcome, Outcome::kRegistered);
  const auto mixed = node.RegisterMany({"88.108.1/b", other + "/b"}, "r1");
  EXPECT_EQ(mixed[0].outcome, Outcome::kRejected);
  EXPECT_EQ(mixed[0].reason, Errc::kRequestIdReused);
  EXPECT_EQ(mixed[1].outcome, Outcome::kRegistered);
}

}  // namespace
}  // namespace idnode::service
