#include "node/service/registration_service.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

void ExpectResolves(TestNode& node, std::string_view identifier) {
  ResolvedRecord record;
  const auto result = node.resolution->Resolve(identifier, *Anonymous(), node.Soon(), record);
  EXPECT_TRUE(result.ok()) << identifier;
}

TEST(RegistrationTest, FirstRetryConflictDeleteAgain) {
  TestNode node;
  EXPECT_EQ(node.Register("88.108.1001/SN1").outcome, Outcome::kRegistered);
  EXPECT_EQ(node.Register("88.108.1001/SN1").outcome, Outcome::kUnchanged);
  EXPECT_EQ(node.Register("88.108.1001/SN1", "https://b.example").outcome, Outcome::kConflict);
  EXPECT_EQ(node.Delete("88.108.1001/SN1").outcome, Outcome::kDeleted);
  EXPECT_EQ(node.Delete("88.108.1001/SN1").outcome, Outcome::kNotFound);
  EXPECT_EQ(node.Register("88.108.1001/SN1", "https://b.example").outcome, Outcome::kReRegistered);
  EXPECT_EQ(node.Delete("88.108.1001/none").outcome, Outcome::kNotFound);
}

TEST(RegistrationTest, CaseVariantsAreOneIdentifierAndKeepTheFirstForm) {
  TestNode node;
  EXPECT_EQ(node.Register("88.108.1001/Sn1").outcome, Outcome::kRegistered);
  EXPECT_EQ(node.Register("88.108.1001/sN1").outcome, Outcome::kUnchanged);
  ResolvedRecord record;
  ASSERT_TRUE(node.resolution->Resolve("88.108.1001/SN1", *Anonymous(), node.Soon(), record).ok());
  EXPECT_EQ(record.identifier, "88.108.1001/Sn1");
  EXPECT_EQ(node.Volume().first_ever, 1);
}

TEST(RegistrationTest, RepeatsWithinABatchFollowEachOther) {
  TestNode node;
  const auto results = node.RegisterMany({"88.108.1/a", "88.108.1/A", "88.108.2/a", "88.108.1/a"});
  EXPECT_EQ(results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[1].outcome, Outcome::kUnchanged);
  EXPECT_EQ(results[2].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[3].outcome, Outcome::kUnchanged);
}

TEST(RegistrationTest, MixedBatchAnswersEveryItemInItsPlace) {
  TestNode node;
  ASSERT_EQ(node.Register("88.108.7/there", "https://other.example").outcome, Outcome::kRegistered);
  const auto results = node.RegisterMany(
      {"88.108.1/a", "no-slash", "88.108.7/there", "10.1/elsewhere", "88.108.3/b", "88.108.4/"});
  EXPECT_EQ(results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[1].outcome, Outcome::kRejected);
  EXPECT_EQ(results[1].reason, Errc::kInvalidIdentifier);
  EXPECT_EQ(results[1].field, "identifier");
  EXPECT_EQ(results[2].outcome, Outcome::kConflict);
  EXPECT_EQ(results[3].reason, Errc::kNotResponsible);
  EXPECT_EQ(results[4].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[5].reason, Errc::kInvalidIdentifier);
  EXPECT_EQ(node.Volume().first_ever, 3);
}

TEST(RegistrationTest, BatchBoundsHoldAtTheUnit) {
  TestNodeOptions options;
  options.limits.batch_items_max = 3;
  options.limits.batch_bytes_max = 100;
  options.limits.request_id_bytes_max = 5;
  TestNode node(std::move(options));
  const auto code = [&](std::string_view request_id, std::size_t items, std::size_t bytes) {
    return node.registration->NewBatch(node.operator_caller(), request_id, items, bytes).code();
  };
  EXPECT_EQ(code("12345", 3, 100), Errc::kOk);
  EXPECT_EQ(code("", 4, 1), Errc::kBatchTooLarge);
  EXPECT_EQ(code("", 1, 101), Errc::kBatchTooLarge);
  EXPECT_EQ(code("", 0, 1), Errc::kInvalidRequest);
  EXPECT_EQ(code("123456", 1, 1), Errc::kInvalidRequest);
  EXPECT_EQ(code("a b", 1, 1), Errc::kInvalidRequest);
}

TEST(RegistrationTest, DefaultBatchBoundsAreThoseOfTheIssue) {
  const RegistrationLimits limits;
  EXPECT_EQ(limits.batch_items_max, 10'000u);
  EXPECT_EQ(limits.batch_bytes_max, 16u << 20);
}

TEST(RegistrationTest, WhoMayWriteWhere) {
  TestNode node;
  const auto try_as = [&](const CallerRef& caller, std::string_view identifier) {
    auto result = node.Run(caller, {}, 1, [&](Batch& batch) {
      batch.AddRegister({identifier, {}});
    });
    return result.ok() ? result->results[0].reason : result.code();
  };
  const auto erp = node.ApplicationCaller("erp", {"88.108.1001"});
  EXPECT_EQ(try_as(erp, "88.108.1001/x"), Errc::kOk);
  EXPECT_EQ(try_as(erp, "88.108.1002/x"), Errc::kPermissionDenied);
  EXPECT_EQ(try_as(erp, "88.108.10010/x"), Errc::kPermissionDenied);
  EXPECT_EQ(try_as(Anonymous(), "88.108.1001/y"), Errc::kUnauthenticated);
  EXPECT_EQ(node.Volume().first_ever, 1);
}

TEST(RegistrationTest, PrefixMustBeAdmitted) {
  TestNodeOptions options;
  options.prefixes.admit_on_first_use = false;
  TestNode node(std::move(options));
  EXPECT_EQ(node.Register("88.108.1001/x").reason, Errc::kPrefixNotAdmitted);
  ASSERT_TRUE(node.prefixes->Admit(node.Operator(), "88.108.1001", "", node.Soon()).ok());
  EXPECT_EQ(node.Register("88.108.1001/x").outcome, Outcome::kRegistered);
}

TEST(RegistrationTest, UpdateMergesKeepsTimesAndHistory) {
  TestNode node;
  std::array<ValueView, 2> values;
  values[0].index = 1;
  values[0].type = "URL";
  values[0].data = "https://a.example";
  values[1].index = 2;
  values[1].type = "NAME";
  values[1].data = "Shoe";
  ASSERT_TRUE(node.Run(node.operator_caller(), {}, 1,
                       [&](Batch& batch) {
                         batch.AddRegister({"88.108.1/A", {"product", "", "", values}});
                       })
                  .ok());
  node.clock.AdvanceMs(1000);
  std::array<ValueView, 1> change;
  change[0].index = 2;
  change[0].type = "NAME";
  change[0].data = "Boot";
  UpdateInput input;
  input.identifier = "88.108.1/a";
  input.values = change;
  EXPECT_EQ(node.Update(input).outcome, Outcome::kUpdated);
  EXPECT_EQ(node.Update(input).outcome, Outcome::kUnchanged);

  ResolvedRecord record;
  ASSERT_TRUE(node.resolution->Resolve("88.108.1/A", *Anonymous(), node.Soon(), record).ok());
  EXPECT_EQ(record.identifier, "88.108.1/A");
  EXPECT_EQ(record.record.revision, 2u);
  EXPECT_EQ(record.record.registered_ms, kTestNowMs);
  EXPECT_EQ(record.record.updated_ms, kTestNowMs + 1000);
  EXPECT_EQ(record.record.ValueTimeMs(1), kTestNowMs) << "not touched by the update";
  EXPECT_EQ(record.record.ValueTimeMs(2), kTestNowMs + 1000);
  auto reader = record.record.values();
  ValueView value;
  ASSERT_TRUE(reader.Next(value) && reader.Next(value));
  EXPECT_EQ(value.data, "Boot");

  const auto history =
      node.resolution->History("88.108.1/A", 0, {}, *node.operator_caller(), node.Soon());
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->rows.size(), 2u);
  const auto first = DecodeRecord(history->rows[1].bytes);
  EXPECT_EQ(first->revision, 1u);
  auto old_reader = first->values();
  ASSERT_TRUE(old_reader.Next(value) && old_reader.Next(value));
  EXPECT_EQ(value.data, "Shoe");
  EXPECT_EQ(node.resolution->History("88.108.1/A", 0, {}, *Anonymous(), node.Soon()).code(),
            Errc::kUnauthenticated);
}

TEST(RegistrationTest, UpdateRemovesReplacesAndChecksLimits) {
  TestNodeOptions options;
  options.limits.record.values_max = 2;
  TestNode node(std::move(options));
  ASSERT_EQ(node.Register("88.108.1/a").outcome, Outcome::kRegistered);
  std::array<ValueView, 2> two;
  two[0].type = "A";
  two[1].type = "B";
  UpdateInput input;
  input.identifier = "88.108.1/a";
  input.values = two;
  const auto refused = node.Update(input);
  EXPECT_EQ(refused.reason, Errc::kInvalidValue) << "one is there already";
  EXPECT_EQ(refused.field, "values");
  input.replace_values = true;
  EXPECT_EQ(node.Update(input).outcome, Outcome::kUpdated);
  const std::array<std::uint32_t, 1> remove = {1};
  UpdateInput removal;
  removal.identifier = "88.108.1/a";
  removal.remove_indexes = remove;
  removal.set_object_class = true;
  removal.object_class = "part";
  EXPECT_EQ(node.Update(removal).outcome, Outcome::kUpdated);
  ResolvedRecord record;
  ASSERT_TRUE(node.resolution->Resolve("88.108.1/a", *Anonymous(), node.Soon(), record).ok());
  EXPECT_EQ(record.record.value_count, 1u);
  EXPECT_EQ(record.record.object_class, "part");
}

TEST(RegistrationTest, ExpectedRevisionGuardsAgainstLostUpdates) {
  TestNode node;
  node.Register("88.108.1/a");
  UpdateInput input;
  input.identifier = "88.108.1/a";
  input.set_object_class = true;
  input.object_class = "x";
  input.expected_revision = 2;
  EXPECT_EQ(node.Update(input).reason, Errc::kPreconditionFailed);
  input.expected_revision = 1;
  EXPECT_EQ(node.Update(input).outcome, Outcome::kUpdated);
}

TEST(RegistrationTest, StatesAllowAndForbid) {
  TestNode node;
  node.Register("88.108.1/a");
  EXPECT_EQ(node.SetState("88.108.1/a", State::kActive).outcome, Outcome::kUnchanged);
  EXPECT_EQ(node.SetState("88.108.1/a", State::kFrozen).outcome, Outcome::kStateChanged);
  UpdateInput input;
  input.identifier = "88.108.1/a";
  input.set_object_class = true;
  input.object_class = "x";
  EXPECT_EQ(node.Update(input).reason, Errc::kIdentifierFrozen);
  EXPECT_EQ(node.Delete("88.108.1/a").reason, Errc::kIdentifierFrozen);
  EXPECT_EQ(node.Register("88.108.1/a").outcome, Outcome::kUnchanged);
  EXPECT_EQ(node.SetState("88.108.1/a", State::kRevoked).outcome, Outcome::kStateChanged);
  EXPECT_EQ(node.Update(input).reason, Errc::kIdentifierRevoked);
  EXPECT_EQ(node.Delete("88.108.1/a").outcome, Outcome::kDeleted);
  EXPECT_EQ(node.SetState("88.108.1/a", State::kActive).outcome, Outcome::kNotFound);
}

TEST(RegistrationTest, AnUntrustedClockStopsRegistrationAndOnlyThat) {
  TestNode node;
  node.Register("88.108.1/a");
  node.clock.SetWallMs(kTestNowMs + 365LL * 86'400'000);  // set forward by a year
  auto result = node.Run(node.operator_caller(), {}, 1,
                         [](Batch& batch) { batch.AddDelete("88.108.1/a", 0); });
  EXPECT_EQ(result.code(), Errc::kClockUntrusted);
  ExpectResolves(node, "88.108.1/a");
  node.clock.SetWallMs(kTestNowMs);
  EXPECT_EQ(node.Register("88.108.1/b").outcome, Outcome::kRegistered);
}

TEST(RegistrationTest, CommitTimeNeverRunsBackwards) {
  TestNode node;
  node.clock.AdvanceMs(4 * 60'000);
  node.Register("88.108.1/a");
  node.clock.SetWallMs(kTestNowMs + 1);  // set back by almost four minutes: within the bound
  node.Register("88.108.1/b");
  ResolvedRecord a;
  ResolvedRecord b;
  ASSERT_TRUE(node.resolution->Resolve("88.108.1/a", *Anonymous(), node.Soon(), a).ok());
  ASSERT_TRUE(node.resolution->Resolve("88.108.1/b", *Anonymous(), node.Soon(), b).ok());
  EXPECT_EQ(b.record.updated_ms, a.record.updated_ms);
}

TEST(RegistrationTest, ADeadlineInThePastWritesNothing) {
  TestNode node;
  auto batch = node.registration->NewBatch(node.operator_caller(), {}, 1, 1);
  (*batch)->AddRegister({"88.108.1/a", {}});
  const auto result = node.registration->Run(std::move(*batch), node.clock.Monotonic());
  EXPECT_EQ(result.code(), Errc::kDeadlineExceeded);
  EXPECT_EQ(node.Volume().registrations, 0);
}

}  // namespace
}  // namespace idnode::service
