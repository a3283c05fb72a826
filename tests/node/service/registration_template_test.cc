// Registration and update against data templates.
#include <array>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/service/registration_batch.h"
#include "node/service/template_registry.h"
#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/template_fixture.h"

namespace idnode::service {
namespace {

class RegistrationTemplateTest : public TemplateFixture {};

TemplateItem Item(std::string name, bool required = false) {
  TemplateItem item;
  item.name = std::move(name);
  item.required = required;
  return item;
}

TEST_F(RegistrationTemplateTest, AnErrorNamesIdentifierItemAndRule) {
  TemplateItem colour = Item("colour", true);
  colour.length_max = 10;
  PublishShoe({colour, Item("note")});
  auto results = RunBatch({}, [](Batch& batch) {
    batch.AddRegister({"88.108.1001/1", {"product", "shoe@1", R"({"colour":"red"})", {}}});
    batch.AddRegister({"88.108.1001/2", {"product", "shoe@1", R"({"colour":"red-and-blue"})", {}}});
    batch.AddRegister({"88.108.1001/3", {"product", "shoe@1", "", {}}});
    batch.AddRegister({"88.108.1001/4", {"product", "shoe@2", "", {}}});
    batch.AddRegister({"88.108.1001/5", {"product", "", R"({"colour":5})", {}}});
    batch.AddRegister({"88.108.1002/6", {"product", "shoe@1", R"({"colour":"red"})", {}}});
  });
  EXPECT_EQ(results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[1].outcome, Outcome::kRejected);
  EXPECT_EQ(results[1].reason, Errc::kInvalidValue);
  EXPECT_EQ(results[1].field, "attributes.colour");
  EXPECT_EQ(results[1].detail, "colour: 12 characters; at most 10 (maxLength)");
  EXPECT_EQ(results[2].detail, "colour: missing (required)");
  EXPECT_EQ(results[3].reason, Errc::kTemplateNotFound);
  EXPECT_EQ(results[3].field, "template");
  EXPECT_EQ(results[4].outcome, Outcome::kRegistered);    // no template, no check
  EXPECT_EQ(results[5].reason, Errc::kTemplateNotFound);  // another prefix's template
  EXPECT_EQ(node_->Volume().first_ever, 2);
  EXPECT_TRUE(Shoe(1)->in_use);
}

TEST_F(RegistrationTemplateTest, WithoutACheckThatTemplatesAreKnownUnknownOnesPass) {
  TestNodeOptions options;
  options.templates.require_known = false;
  Start(std::move(options));
  PublishShoe({Item("colour", true)});
  EXPECT_EQ(Register("1", "hat@7", R"({"anything":1})").outcome, Outcome::kRegistered);
  EXPECT_EQ(Register("2", "shoe@1", "").reason, Errc::kInvalidValue);  // known: checked
  EXPECT_EQ(Update("1", "boot@1", R"({"x":1})").outcome, Outcome::kUpdated);
}

TEST_F(RegistrationTemplateTest, ItemsGivenAsValuesAreChecked) {
  TemplateItem size = Item("size", true);
  size.type = ItemType::kInteger;
  PublishShoe({size});
  std::array<ValueView, 2> values;
  values[0].index = 1;
  values[0].type = "URL";
  values[0].data = "https://a.example";
  values[1].index = 2000;
  values[1].type = "size";
  values[1].data = "large";
  const auto result = RunBatch({}, [&](Batch& batch) {
    batch.AddRegister({"88.108.1001/1", {"", "shoe@1", "", values}});
  })[0];
  EXPECT_EQ(result.field, "values[1].data");
  EXPECT_EQ(result.detail, "size: not a number (type)");
}

TEST_F(RegistrationTemplateTest, AWithdrawnTemplateTakesNoNewRecordsAndKeepsOldOnes) {
  PublishShoe({Item("colour", true), Item("note")});
  ASSERT_EQ(Register("1", "shoe@1", R"({"colour":"red"})").outcome, Outcome::kRegistered);
  ASSERT_EQ(Register("2", "", "").outcome, Outcome::kRegistered);
  ASSERT_TRUE(
      node_->templates->Withdraw(node_->Operator(), "88.108.1001", "shoe", 1, node_->Soon()).ok());
  const auto refused = Register("3", "shoe@1", R"({"colour":"red"})");
  EXPECT_EQ(refused.reason, Errc::kTemplateNotFound);
  EXPECT_NE(refused.detail.find("withdrawn"), std::string::npos) << refused.detail;
  EXPECT_EQ(refused.field, "template");
  // The old one is updated, and checked as before.
  EXPECT_EQ(Update("1", {}, R"({"colour":"blue"})").outcome, Outcome::kUpdated);
  EXPECT_EQ(Update("1", "shoe@1", R"({"colour":"green"})").outcome, Outcome::kUpdated);
  EXPECT_EQ(Update("1", {}, R"({"colour":5})").reason, Errc::kInvalidValue);
  // What is there already may be sent again.
  EXPECT_EQ(Register("1", "shoe@1", R"({"colour":"green"})").outcome, Outcome::kUnchanged);
  EXPECT_EQ(Register("1", "shoe@1", R"({"colour":"red"})").outcome, Outcome::kConflict);
  // Another does not come to it.
  EXPECT_EQ(Update("2", "shoe@1", R"({"colour":"red"})").reason, Errc::kTemplateNotFound);
  ResolvedRecord record;
  EXPECT_TRUE(
      node_->resolution->Resolve("88.108.1001/1", *Anonymous(), node_->Soon(), record).ok());
}

TEST_F(RegistrationTemplateTest, ANewVersionNeverBreaksOldRecords) {
  PublishShoe({Item("colour", true), Item("old")});
  ASSERT_EQ(Register("1", "shoe@1", R"({"colour":"red","old":"x"})").outcome, Outcome::kRegistered);
  ASSERT_EQ(Register("2", "shoe@1", R"({"colour":"red"})").outcome, Outcome::kRegistered);
  TemplateItem old = Item("old");
  old.disabled = true;
  PublishShoe({Item("colour", true), old, Item("added", true)});

  // Under its own version nothing has changed.
  EXPECT_EQ(Update("1", {}, R"({"colour":"blue","old":"y"})").outcome, Outcome::kUpdated);
  EXPECT_EQ(Update("2", {}, R"({"colour":"blue","old":"new"})").outcome, Outcome::kUpdated);
  // New records: the disabled item is not accepted, the added one is required.
  EXPECT_EQ(Register("3", "shoe@2", R"({"added":"a","colour":"red","old":"x"})").field,
            "attributes.old");
  EXPECT_EQ(Register("3", "shoe@2", R"({"colour":"red"})").field, "attributes.added");
  EXPECT_EQ(Register("3", "shoe@2", R"({"added":"a","colour":"red"})").outcome,
            Outcome::kRegistered);
  // An old record that moves to the new version keeps what is disabled there.
  EXPECT_EQ(Update("1", "shoe@2", {}).field, "attributes.added");
  EXPECT_EQ(Update("1", "shoe@2", R"({"added":"a","colour":"red","old":"z"})").outcome,
            Outcome::kUpdated);
  // One that never had it does not get it.
  EXPECT_EQ(Update("3", {}, R"({"added":"a","colour":"red","old":"z"})").field, "attributes.old");
  EXPECT_EQ(Update("3", "shoe@3", {}).reason, Errc::kTemplateNotFound);
  EXPECT_EQ(Update("3", "", {}).outcome, Outcome::kUpdated);  // to none at all
}

TEST_F(RegistrationTemplateTest, AnUpdateThatTouchesNoItemIsNotCheckedAnew) {
  TestNodeOptions options;
  options.templates.require_known = false;
  Start(std::move(options));
  // Registered before there was a template of that name: it would not fit.
  ASSERT_EQ(Register("1", "shoe@1", R"({"wrong":1})").outcome, Outcome::kRegistered);
  PublishShoe({Item("colour", true)});
  std::array<ValueView, 1> values;
  values[0].index = 5;
  values[0].type = "URL";
  values[0].data = "https://b.example";
  UpdateInput input;
  input.identifier = "88.108.1001/1";
  input.values = values;
  EXPECT_EQ(node_->Update(input).outcome, Outcome::kUpdated);
  input.set_object_class = true;
  input.object_class = "thing";
  EXPECT_EQ(node_->Update(input).outcome, Outcome::kUpdated);
  EXPECT_EQ(node_->SetState("88.108.1001/1", State::kFrozen).outcome, Outcome::kStateChanged);
  EXPECT_EQ(node_->SetState("88.108.1001/1", State::kActive).outcome, Outcome::kStateChanged);
  // One that does is.
  values[0].index = 2000;
  values[0].type = "colour";
  values[0].data = "red";
  EXPECT_EQ(node_->Update(input).detail,
            "wrong: the template has no such item (additionalProperties)");
  input.set_attributes = true;
  EXPECT_EQ(node_->Update(input).outcome, Outcome::kUpdated);
  EXPECT_EQ(node_->Delete("88.108.1001/1").outcome, Outcome::kDeleted);
}

TEST_F(RegistrationTemplateTest, TheFieldOfAFaultyUpdateIsTheUpdatesOwn) {
  TemplateItem size = Item("size", true);
  size.type = ItemType::kInteger;
  PublishShoe({Item("name"), size});
  std::array<ValueView, 3> values;
  values[0] = ValueOf(1, "URL", "https://a.example");
  values[1] = ValueOf(2000, "name", "x");
  values[2] = ValueOf(2001, "size", "42");
  ASSERT_EQ(RunBatch({},
                     [&](Batch& batch) {
                       batch.AddRegister({"88.108.1001/1", {"", "shoe@1", "", values}});
                     })[0]
                .outcome,
            Outcome::kRegistered);
  std::array<ValueView, 1> change = {ValueOf(2001, "size", "big")};
  UpdateInput input;
  input.identifier = "88.108.1001/1";
  input.values = change;
  EXPECT_EQ(node_->Update(input).field, "values[0].data");
  change[0].data = "43";
  EXPECT_EQ(node_->Update(input).outcome, Outcome::kUpdated);
  const std::array<std::uint32_t, 1> removed = {2001};
  UpdateInput remove;
  remove.identifier = "88.108.1001/1";
  remove.remove_indexes = removed;
  EXPECT_EQ(node_->Update(remove).detail, "size: missing (required)");
}

TEST_F(RegistrationTemplateTest, ATemplateDeletedMeanwhileRefusesTheItemsThatNameIt) {
  PublishShoe({Item("colour")});
  Publish("hat", {Item("colour")});
  ASSERT_EQ(Register("there", "", "").outcome, Outcome::kRegistered);
  auto batch = node_->registration->NewBatch(node_->operator_caller(), {}, 4, 1);
  ASSERT_TRUE(batch.ok());
  (*batch)->AddRegister({"88.108.1001/1", {"", "shoe@1", "", {}}});
  (*batch)->AddRegister({"88.108.1001/2", {"", "hat@1", "", {}}});
  (*batch)->AddRegister({"88.108.1001/3", {"", "", "", {}}});
  UpdateInput update;
  update.identifier = "88.108.1001/there";
  update.set_template = true;
  update.template_ref = "shoe@1";
  (*batch)->AddUpdate(update);
  ASSERT_TRUE(
      node_->templates->Delete(node_->Operator(), "88.108.1001", "shoe", 1, node_->Soon()).ok());
  const auto result = node_->registration->Run(std::move(*batch), node_->Soon());
  ASSERT_TRUE(result.ok()) << result.error().detail;
  for (const std::size_t i : {0, 3}) {
    EXPECT_EQ(result->results[i].outcome, Outcome::kRejected) << i;
    EXPECT_EQ(result->results[i].reason, Errc::kTemplateNotFound) << i;
    EXPECT_EQ(result->results[i].field, "template") << i;
  }
  EXPECT_EQ(result->results[1].outcome, Outcome::kRegistered);
  EXPECT_EQ(result->results[2].outcome, Outcome::kRegistered);
  EXPECT_EQ(node_->Volume().first_ever, 3);
}

// What a request_id stands for does not depend on templates.
TEST_F(RegistrationTemplateTest, ARepeatHasTheStoredAnswerWhateverBecameOfTheTemplate) {
  PublishShoe({Item("colour", true)});
  const auto fill = [](Batch& batch) {
    batch.AddRegister({"88.108.1001/1", {"", "shoe@1", R"({"colour":"red"})", {}}});
    batch.AddRegister({"88.108.1001/2", {"", "shoe@1", "", {}}});
    batch.AddRegister({"88.108.1001/3", {"", "hat@1", "", {}}});
  };
  const auto first = RunBatch("r1", fill);
  EXPECT_EQ(first[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(first[1].reason, Errc::kInvalidValue);
  EXPECT_EQ(first[2].reason, Errc::kTemplateNotFound);
  ASSERT_TRUE(
      node_->templates->Withdraw(node_->Operator(), "88.108.1001", "shoe", 1, node_->Soon()).ok());
  Publish("hat", {Item("colour")});
  const auto again = RunBatch("r1", fill);
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(again[i].outcome, first[i].outcome) << i;
    EXPECT_EQ(again[i].reason, first[i].reason) << i;
  }
  EXPECT_EQ(node_->Volume().first_ever, 1);
}

TEST_F(RegistrationTemplateTest, AnAdministratorWritesUnderItsEnterprisesPrefixes) {
  const std::string mine = node_->AddEnterprise(1);
  const std::string other = node_->AddEnterprise(2);
  ASSERT_TRUE(node_->prefixes->Admit(node_->Operator(), "88.108.1001", mine, node_->Soon()).ok());
  ASSERT_TRUE(node_->prefixes->Admit(node_->Operator(), "88.108.1002", other, node_->Soon()).ok());
  const Actor alice = node_->Administrator(mine);
  const auto result = node_->Run(alice.caller, {}, 3, [](Batch& batch) {
    batch.SetSourceAddress("192.0.2.7");
    batch.AddRegister({"88.108.1001/1", {}});
    batch.AddRegister({"88.108.1002/1", {}});
    batch.AddRegister({"88.108.1002/2", {}});
  });
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(result->results[1].reason, Errc::kPermissionDenied);
  EXPECT_EQ(result->results[2].reason, Errc::kPermissionDenied);
  // The refusal is written down, once a prefix.
  int refused = 0;
  for (const auto& entry : node_->AuditEntries()) {
    if (entry.action != "register" && entry.target != "88.108.1002") continue;
    if (entry.refused.empty()) continue;
    ++refused;
    EXPECT_EQ(entry.from, "192.0.2.7");
  }
  EXPECT_EQ(refused, 1);
}

class RegistrationQuotaTest : public TemplateFixture {
 protected:
  void SetQuota(std::uint64_t identifiers, std::uint64_t rate = 0) {
    PrefixQuota quota;
    quota.identifiers_hard = identifiers;
    quota.rate_hard = rate;
    if (!node_->prefixes->Get(node_->Operator(), "88.108.1001").ok()) {
      ASSERT_TRUE(node_->prefixes->Admit(node_->Operator(), "88.108.1001", {}, node_->Soon()).ok());
    }
    const auto set =
        node_->prefixes->SetQuota(node_->Operator(), "88.108.1001", quota, node_->Soon());
    ASSERT_TRUE(set.ok()) << set.error().detail;
  }
  std::uint64_t Identifiers() {
    return node_->prefixes->Get(node_->Operator(), "88.108.1001")->identifiers;
  }
  std::vector<ItemResult> RegisterNumbers(int from, int to, std::string_view request_id = {}) {
    std::vector<std::string> identifiers;
    for (int i = from; i < to; ++i) identifiers.push_back("88.108.1001/" + std::to_string(i));
    return node_->RegisterMany(identifiers, request_id);
  }
  static int Count(const std::vector<ItemResult>& results, Outcome outcome) {
    int count = 0;
    for (const auto& result : results) count += result.outcome == outcome ? 1 : 0;
    return count;
  }
};

TEST_F(RegistrationQuotaTest, TheFirstOnesThatFitAreAccepted) {
  SetQuota(5);
  const auto results = RegisterNumbers(0, 8);
  for (int i = 0; i < 8; ++i) {
    const auto& result = results[static_cast<std::size_t>(i)];
    EXPECT_EQ(result.outcome, i < 5 ? Outcome::kRegistered : Outcome::kRejected) << i;
    EXPECT_EQ(result.reason, i < 5 ? Errc::kOk : Errc::kQuotaExceeded) << i;
  }
  EXPECT_EQ(Identifiers(), 5u);
  // What is there already needs no room; nor does an update.
  const auto again = RegisterNumbers(0, 6);
  EXPECT_EQ(Count(again, Outcome::kUnchanged), 5);
  EXPECT_EQ(again[5].reason, Errc::kQuotaExceeded);
  // A deletion gives room again, for one.
  EXPECT_EQ(node_->Delete("88.108.1001/0").outcome, Outcome::kDeleted);
  EXPECT_EQ(Identifiers(), 4u);
  EXPECT_EQ(Count(RegisterNumbers(10, 12), Outcome::kRegistered), 1);
  EXPECT_EQ(Identifiers(), 5u);
  EXPECT_EQ(RegisterNumbers(0, 1)[0].reason, Errc::kQuotaExceeded);  // nor comes it back
}

TEST_F(RegistrationQuotaTest, RoomThatWasNotTakenIsGivenBack) {
  SetQuota(5);
  // Conflicts, repeats and what is rejected take none.
  EXPECT_EQ(Count(RegisterNumbers(0, 3), Outcome::kRegistered), 3);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Count(RegisterNumbers(0, 2), Outcome::kUnchanged), 2);
    EXPECT_EQ(node_->Register("88.108.1001/1", "https://other.example").outcome,
              Outcome::kConflict);
  }
  EXPECT_EQ(Identifiers(), 3u);
  EXPECT_EQ(Count(RegisterNumbers(10, 12), Outcome::kRegistered), 2);
  EXPECT_EQ(Identifiers(), 5u);
}

TEST_F(RegistrationQuotaTest, AStoredAnswerTakesNoRoom) {
  SetQuota(3);
  EXPECT_EQ(Count(RegisterNumbers(0, 5, "r1"), Outcome::kRegistered), 3);
  const auto again = RegisterNumbers(0, 5, "r1");
  EXPECT_EQ(Count(again, Outcome::kRegistered), 3);
  EXPECT_EQ(again[4].reason, Errc::kQuotaExceeded);
  EXPECT_EQ(Identifiers(), 3u);
  SetQuota(5);
  EXPECT_EQ(Count(RegisterNumbers(0, 5, "r2"), Outcome::kRegistered), 2);
  EXPECT_EQ(Identifiers(), 5u);
}

TEST_F(RegistrationQuotaTest, ABatchThatIsRefusedTakesNoRoom) {
  SetQuota(100);
  node_->committer->Drain(node_->Soon());  // shutting down
  auto refused = node_->Run(node_->operator_caller(), {}, 1, [](Batch& batch) {
    batch.AddRegister({"88.108.1001/1", {}});
  });
  EXPECT_EQ(refused.code(), Errc::kShuttingDown);
  EXPECT_EQ(Identifiers(), 0u);
  // All hundred are there to be had.
  EXPECT_TRUE(node_->prefixes->Reserve("88.108.1001", 100).ok());
}

TEST_F(RegistrationQuotaTest, WhatMayHaveBeenRegisteredKeepsItsRoom) {
  auto faulty = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(4));
  storage::FaultyEngine& engine = *faulty;
  TestNodeOptions options;
  options.given_engine = std::move(faulty);
  Start(std::move(options));
  SetQuota(1);
  engine.ScriptCommits({storage::CommitFault::kUnknownLost});
  storage::FaultRates rates;
  rates.commit_conflict = 1;
  engine.Randomize(1, rates);
  const auto commits = engine.commits();
  auto batch = node_->registration->NewBatch(node_->operator_caller(), {}, 1, 1);
  ASSERT_TRUE(batch.ok());
  (*batch)->AddRegister({"88.108.1001/1", {}});
  std::promise<Result<BatchResult>> answer;
  node_->registration->Submit(std::move(*batch), node_->Soon(), [&](Result<BatchResult> result) {
    answer.set_value(std::move(result));
  });
  while (engine.commits() < commits + 3) std::this_thread::yield();
  node_->clock.AdvanceMs(31'000);
  const auto result = answer.get_future().get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->results[0].outcome, Outcome::kUndetermined);
  engine.StopFaults();
  node_->committer->Drain(node_->Soon());
  EXPECT_EQ(Identifiers(), 1u);
  EXPECT_EQ(node_->prefixes->Reserve("88.108.1001", 1).code(), Errc::kQuotaExceeded);
}

// Of a batch with an unknown outcome only what would be new keeps room.
TEST_F(RegistrationQuotaTest, WhatIsThereAlreadyKeepsNoRoomWhereTheOutcomeIsUnknown) {
  auto faulty = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(4));
  storage::FaultyEngine& engine = *faulty;
  TestNodeOptions options;
  options.given_engine = std::move(faulty);
  Start(std::move(options));
  SetQuota(5);
  ASSERT_EQ(Count(RegisterNumbers(0, 2), Outcome::kRegistered), 2);
  engine.ScriptCommits({storage::CommitFault::kUnknownLost});
  storage::FaultRates rates;
  rates.commit_conflict = 1;
  engine.Randomize(1, rates);
  const auto commits = engine.commits();
  auto batch = node_->registration->NewBatch(node_->operator_caller(), {}, 3, 1);
  ASSERT_TRUE(batch.ok());
  ValueView url;
  url.index = 1;
  url.type = "URL";
  url.data = "https://a.example";
  for (const char* identifier : {"88.108.1001/0", "88.108.1001/1", "88.108.1001/2"}) {
    (*batch)->AddRegister({identifier, {"", "", "", {&url, 1}}});
  }
  std::promise<Result<BatchResult>> answer;
  node_->registration->Submit(std::move(*batch), node_->Soon(), [&](Result<BatchResult> result) {
    answer.set_value(std::move(result));
  });
  while (engine.commits() < commits + 3) std::this_thread::yield();
  node_->clock.AdvanceMs(31'000);
  ASSERT_TRUE(answer.get_future().get().ok());
  engine.StopFaults();
  node_->committer->Drain(node_->Soon());
  EXPECT_EQ(Identifiers(), 3u);
  EXPECT_TRUE(node_->prefixes->Reserve("88.108.1001", 2).ok());
}

// An answer that is stored for a day does not say "retry after a moment".
TEST_F(RegistrationQuotaTest, ABatchWithARequestIdIsTooFastAsAWhole) {
  SetQuota(0, 10);
  const auto run = [&](std::string_view request_id, int from, int to) {
    return node_->Run(node_->operator_caller(), request_id, 40, [&](Batch& batch) {
      for (int i = from; i < to; ++i) {
        batch.AddRegister({"88.108.1001/" + std::to_string(i), {}});
      }
    });
  };
  ASSERT_TRUE(run("r1", 0, 6).ok());
  EXPECT_EQ(run("r2", 6, 14).code(), Errc::kRateLimited);
  EXPECT_EQ(Identifiers(), 6u);
  // It took nothing of the rate: four are left.
  const auto four = run({}, 20, 24);
  ASSERT_TRUE(four.ok());
  EXPECT_EQ(Count(four->results, Outcome::kRegistered), 4);
  node_->clock.AdvanceMs(2'000);
  const auto later = run("r2", 6, 14);
  ASSERT_TRUE(later.ok()) << later.error().detail;
  EXPECT_EQ(Count(later->results, Outcome::kRegistered), 8);
  // Where the quota lets a part through, that part is rated at once, not item by item.
  SetQuota(40, 10);
  node_->clock.AdvanceMs(2'000);
  const auto part = run("r3", 100, 130);
  ASSERT_TRUE(part.ok()) << part.error().detail;
  EXPECT_EQ(Count(part->results, Outcome::kRegistered), 22);
  EXPECT_EQ(part->results[22].reason, Errc::kQuotaExceeded);
}

TEST_F(RegistrationQuotaTest, RefusedItemsAreCountedOnce) {
  const auto metrics = MakePrometheusMetrics();
  SetQuota(5);
  PrefixOptions options;
  options.secondary_prefixes = {"88.108"};
  PrefixRegistry prefixes(*node_->engine, *node_->audit, *node_->enterprises, node_->clock,
                          *metrics, options);
  ASSERT_TRUE(prefixes.Load().ok());
  RegistrationService registration(*node_->engine, *node_->committer, prefixes, *node_->clock_guard,
                                   node_->clock, *metrics, {});
  const auto run = [&](int from, int to, std::string_view request_id = {}) {
    auto batch = registration.NewBatch(node_->operator_caller(), request_id, 16, 1);
    for (int i = from; i < to; ++i) {
      (*batch)->AddRegister({"88.108.1001/" + std::to_string(i), {}});
    }
    return registration.Run(std::move(*batch), node_->Soon());
  };
  const auto refused = [&](const std::string& bound, int times) {
    return testing::HasSubstr("idnode_prefix_quota_refused_total{bound=\"" + bound + "\"} " +
                              std::to_string(times) + "\n");
  };
  ASSERT_TRUE(run(0, 8, "r1").ok());
  EXPECT_THAT(metrics->Expose(), refused("identifiers", 3));
  ASSERT_TRUE(run(0, 8, "r1").ok());  // the stored answer
  EXPECT_THAT(metrics->Expose(), refused("identifiers", 3));
  ASSERT_TRUE(run(0, 5).ok());  // all there
  EXPECT_THAT(metrics->Expose(), refused("identifiers", 3));
  PrefixQuota rate;
  rate.rate_hard = 4;
  ASSERT_TRUE(prefixes.SetQuota(node_->Operator(), "88.108.1001", rate, node_->Soon()).ok());
  ASSERT_TRUE(run(10, 12).ok());
  ASSERT_TRUE(run(12, 18).ok());  // two of them
  EXPECT_THAT(metrics->Expose(), refused("rate", 4));
  EXPECT_EQ(run(20, 23, "r2").code(), Errc::kRateLimited);
  EXPECT_THAT(metrics->Expose(), refused("rate", 7));
  EXPECT_THAT(metrics->Expose(), refused("identifiers", 3));
}

TEST_F(RegistrationQuotaTest, TooFastAsAWholeIsRefusedAsAWhole) {
  SetQuota(0, 10);
  EXPECT_EQ(Count(RegisterNumbers(0, 10, "r1"), Outcome::kRegistered), 10);
  const auto fill = [](Batch& batch) { batch.AddRegister({"88.108.1001/x", {}}); };
  EXPECT_EQ(node_->Run(node_->operator_caller(), "r2", 1, fill).code(), Errc::kRateLimited);
  // Nothing of it was stored: the same request goes through a moment later.
  node_->clock.AdvanceMs(2'000);
  const auto later = node_->Run(node_->operator_caller(), "r2", 1, fill);
  ASSERT_TRUE(later.ok()) << later.error().detail;
  EXPECT_EQ(later->results[0].outcome, Outcome::kRegistered);
}

TEST_F(RegistrationQuotaTest, RegistrationsCountUnderTheEnterprisesStanding) {
  const std::string enterprise = node_->AddEnterprise(1, "C1952", "440300");
  ASSERT_TRUE(
      node_->prefixes->Admit(node_->Operator(), "88.108.1001", enterprise, node_->Soon()).ok());
  EXPECT_EQ(Count(RegisterNumbers(0, 3), Outcome::kRegistered), 3);
  EXPECT_EQ(node_->Register("88.108.2/x").outcome, Outcome::kRegistered);
  const auto report =
      node_->volume->GetVolume(*node_->operator_caller(), {}, "industry", node_->Soon());
  ASSERT_TRUE(report.ok());
  std::int64_t of_industry = 0;
  for (const auto& group : report->groups) {
    if (group.first == "C1952") of_industry = group.second.first_ever;
  }
  EXPECT_EQ(of_industry, 3);
}

}  // namespace
}  // namespace idnode::service
