// Unique items of data templates: no two identifiers of a prefix have the same value.
#include <array>
#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "storage/key_codec.h"
#include "storage/memory/memory_engine.h"
#include "storage/space.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/template_fixture.h"

namespace idnode::service {
namespace {

TemplateItem Serial(std::string name = "serial", ItemType type = ItemType::kString) {
  TemplateItem item;
  item.name = std::move(name);
  item.type = type;
  item.unique = true;
  return item;
}

TemplateItem Plain(std::string name) {
  TemplateItem item;
  item.name = std::move(name);
  return item;
}

std::string Of(std::string_view serial) { return R"({"serial":")" + std::string(serial) + "\"}"; }

class RegistrationUniqueTest : public TemplateFixture {
 protected:
  RegistrationUniqueTest() { PublishShoe({Serial(), Plain("note")}); }
};

TEST_F(RegistrationUniqueTest, AValueHasOneIdentifier) {
  EXPECT_EQ(Register("1", "shoe@1", Of("A1")).outcome, Outcome::kRegistered);
  const auto taken = Register("2", "shoe@1", Of("A1"));
  EXPECT_EQ(taken.outcome, Outcome::kRejected);
  EXPECT_EQ(taken.reason, Errc::kUniqueViolation);
  EXPECT_EQ(taken.field, "attributes.serial");
  EXPECT_EQ(taken.detail, "serial: 88.108.1001/1 has this value (unique)");
  EXPECT_EQ(Register("2", "shoe@1", Of("a1")).outcome, Outcome::kRegistered);  // case counts
  // Its own again, other content, and none at all.
  EXPECT_EQ(Register("1", "shoe@1", Of("A1")).outcome, Outcome::kUnchanged);
  EXPECT_EQ(Register("1", "shoe@1", Of("A2")).outcome, Outcome::kConflict);
  EXPECT_EQ(Register("3", "shoe@1", Of("A2")).outcome, Outcome::kRegistered);
  EXPECT_EQ(Register("4", "shoe@1", "").outcome, Outcome::kRegistered);
  EXPECT_EQ(Register("5", "shoe@1", "").outcome, Outcome::kRegistered);
  EXPECT_EQ(node_->Volume().first_ever, 5);
}

TEST_F(RegistrationUniqueTest, OfOneBatchTheFirstWins) {
  const auto results = RunBatch({}, [](Batch& batch) {
    for (const char* suffix : {"1", "2", "1", "3"}) {
      batch.AddRegister(
          {std::string("88.108.1001/") + suffix, {"", "shoe@1", R"({"serial":"A1"})", {}}});
    }
  });
  EXPECT_EQ(results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[1].reason, Errc::kUniqueViolation);
  EXPECT_EQ(results[2].outcome, Outcome::kUnchanged);
  EXPECT_EQ(results[3].reason, Errc::kUniqueViolation);
  EXPECT_EQ(node_->Volume().first_ever, 1);
}

TEST_F(RegistrationUniqueTest, AClaimStaysWithItsIdentifier) {
  ASSERT_EQ(Register("1", "shoe@1", Of("A1")).outcome, Outcome::kRegistered);
  EXPECT_EQ(Update("1", {}, Of("A2")).outcome, Outcome::kUpdated);
  EXPECT_EQ(Register("2", "shoe@1", Of("A1")).reason, Errc::kUniqueViolation);
  EXPECT_EQ(Register("2", "shoe@1", Of("A2")).reason, Errc::kUniqueViolation);
  EXPECT_EQ(Update("1", {}, Of("A1")).outcome, Outcome::kUpdated);
  EXPECT_EQ(node_->Delete("88.108.1001/1").outcome, Outcome::kDeleted);
  EXPECT_EQ(Register("2", "shoe@1", Of("A1")).reason, Errc::kUniqueViolation);
  EXPECT_EQ(Register("1", "shoe@1", Of("A2")).outcome, Outcome::kReRegistered);
}

TEST_F(RegistrationUniqueTest, UpdatesAreHeldToIt) {
  ASSERT_EQ(Register("1", "shoe@1", Of("A1")).outcome, Outcome::kRegistered);
  ASSERT_EQ(Register("2", "shoe@1", Of("A2")).outcome, Outcome::kRegistered);
  const auto taken = Update("2", {}, Of("A1"));
  EXPECT_EQ(taken.reason, Errc::kUniqueViolation);
  EXPECT_EQ(taken.field, "attributes.serial");
  // As a value, in place of the attribute.
  std::array<ValueView, 1> values = {ValueOf(2000, "serial", "A1")};
  UpdateInput input;
  input.identifier = "88.108.1001/2";
  input.values = values;
  input.set_attributes = true;
  EXPECT_EQ(node_->Update(input).field, "values[0].data");
  values[0].data = "A3";
  EXPECT_EQ(node_->Update(input).outcome, Outcome::kUpdated);
  EXPECT_EQ(Register("3", "shoe@1", Of("A3")).reason, Errc::kUniqueViolation);
  // A record that comes to the template claims what it has.
  ASSERT_EQ(Register("4", "", Of("A4")).outcome, Outcome::kRegistered);
  ASSERT_EQ(Register("5", "", Of("A1")).outcome, Outcome::kRegistered);
  EXPECT_EQ(Update("4", "shoe@1", {}).outcome, Outcome::kUpdated);
  EXPECT_EQ(Update("5", "shoe@1", {}).reason, Errc::kUniqueViolation);
  EXPECT_EQ(Register("6", "shoe@1", Of("A4")).reason, Errc::kUniqueViolation);
  // Two updates of one batch see each other.
  const std::string attributes = Of("A9");
  const auto results = RunBatch({}, [&](Batch& batch) {
    for (const char* identifier : {"88.108.1001/1", "88.108.1001/2"}) {
      UpdateInput change;
      change.identifier = identifier;
      change.set_attributes = true;
      change.replace_values = true;
      change.attributes_json = attributes;
      batch.AddUpdate(change);
    }
    batch.AddDelete("88.108.1001/4", 0);
  });
  EXPECT_EQ(results[0].outcome, Outcome::kUpdated);
  EXPECT_EQ(results[1].reason, Errc::kUniqueViolation);
  EXPECT_EQ(results[2].outcome, Outcome::kDeleted);
}

TEST_F(RegistrationUniqueTest, ARefusedItemClaimsNothing) {
  TemplateItem second = Serial("second");
  Publish("hat", {Serial(), second});
  ASSERT_EQ(Register("1", "hat@1", R"({"second":"S1","serial":"A1"})").outcome,
            Outcome::kRegistered);
  EXPECT_EQ(Register("2", "hat@1", R"({"second":"S1","serial":"A2"})").field, "attributes.second");
  EXPECT_EQ(Register("3", "hat@1", R"({"second":"S3","serial":"A2"})").outcome,
            Outcome::kRegistered);
  EXPECT_EQ(Update("3", {}, R"({"second":"S1","serial":"A4"})").field, "attributes.second");
  EXPECT_EQ(Register("4", "hat@1", R"({"serial":"A4"})").outcome, Outcome::kRegistered);
}

TEST_F(RegistrationUniqueTest, WithinPrefixTemplateAndItem) {
  Publish("hat", {Serial(), Serial("other")});
  ASSERT_EQ(Register("1", "shoe@1", Of("A1")).outcome, Outcome::kRegistered);
  EXPECT_EQ(Register("2", "hat@1", Of("A1")).outcome, Outcome::kRegistered);
  EXPECT_EQ(Register("3", "hat@1", R"({"other":"A1"})").outcome, Outcome::kRegistered);
  // All versions of a template share it.
  PublishShoe({Serial(), Plain("note"), Plain("more")});
  EXPECT_EQ(Register("4", "shoe@2", Of("A1")).reason, Errc::kUniqueViolation);
  // A secondary prefix's template: within each prefix.
  DataTemplate content;
  content.items = {Serial()};
  ASSERT_TRUE(
      node_->templates->Put(node_->Operator(), "88.108", "all", content, node_->Soon()).ok());
  ASSERT_TRUE(node_->templates->Publish(node_->Operator(), "88.108", "all", 1, node_->Soon()).ok());
  const std::string attributes = Of("A1");
  const auto results = RunBatch({}, [&](Batch& batch) {
    for (const char* identifier : {"88.108.1/x", "88.108.2/x", "88.108.1/y"}) {
      batch.AddRegister({identifier, {"", "all@1", attributes, {}}});
    }
  });
  EXPECT_EQ(results[0].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[1].outcome, Outcome::kRegistered);
  EXPECT_EQ(results[2].reason, Errc::kUniqueViolation);
}

TEST_F(RegistrationUniqueTest, NumbersAreComparedAsNumbers) {
  Publish("box", {Serial("number", ItemType::kNumber)});
  ASSERT_EQ(Register("1", "box@1", R"({"number":12})").outcome, Outcome::kRegistered);
  const std::array values = {ValueOf(2000, "number", "12.0")};
  const auto result = RunBatch({}, [&](Batch& batch) {
    batch.AddRegister({"88.108.1001/2", {"", "box@1", "", values}});
  })[0];
  EXPECT_EQ(result.reason, Errc::kUniqueViolation);
  EXPECT_EQ(result.field, "values[0].data");
}

// Integers longer than a double's digits: an attribute comes rounded, a value as it was sent.
TEST_F(RegistrationUniqueTest, LongNumbersAreComparedAsNumbers) {
  Publish("box", {Serial("number", ItemType::kInteger)});
  ASSERT_EQ(Register("1", "box@1", R"({"number":12345678901234567000})").outcome,
            Outcome::kRegistered);
  const std::array values = {ValueOf(2000, "number", "12345678901234567000")};
  EXPECT_EQ(Register("2", "box@1", R"({"number":1.2345678901234567e19})").reason,
            Errc::kUniqueViolation);
  const std::array raw = {ValueOf(2000, "number", "12345678901234567001")};
  for (const auto& given : {values, raw}) {
    const auto result = RunBatch({}, [&](Batch& batch) {
      batch.AddRegister({"88.108.1001/3", {"", "box@1", "", given}});
    })[0];
    EXPECT_EQ(result.reason, Errc::kUniqueViolation) << given[0].data;
  }
}

// Counts the claims that are read one by one.
class ClaimReads : public storage::FaultyEngine {
 public:
  using FaultyEngine::FaultyEngine;
  Result<storage::ReadResult> Read(storage::ShardId shard, std::span<const std::string_view> keys,
                                   Deadline deadline) override {
    if (keys.size() == 1 && keys[0][0] == static_cast<char>(storage::Space::kUnique)) ++reads;
    return FaultyEngine::Read(shard, keys, deadline);
  }
  std::atomic<int> reads = 0;
};

TEST_F(RegistrationUniqueTest, AnUpdateReadsOnlyTheClaimsThatItChanges) {
  auto counting = std::make_unique<ClaimReads>(storage::MakeMemoryEngine(4));
  ClaimReads& engine = *counting;
  TestNodeOptions options;
  options.templates.require_known = true;
  options.given_engine = std::move(counting);
  Start(std::move(options));
  TemplateItem number = Serial("number", ItemType::kNumber);
  PublishShoe({Serial(), Plain("note"), number});
  ASSERT_EQ(Register("1", "shoe@1", R"({"number":12,"serial":"A1"})").outcome,
            Outcome::kRegistered);
  engine.reads = 0;
  EXPECT_EQ(Update("1", {}, R"({"note":"n","number":12,"serial":"A1"})").outcome,
            Outcome::kUpdated);
  EXPECT_EQ(engine.reads, 0);
  EXPECT_EQ(Update("1", {}, R"({"note":"n","number":12,"serial":"A2"})").outcome,
            Outcome::kUpdated);
  EXPECT_EQ(engine.reads, 1);
  EXPECT_EQ(Register("2", "shoe@1", R"({"serial":"A2"})").reason, Errc::kUniqueViolation);
  // A version that makes more unique: what the record had under the one before is no claim yet.
  PublishShoe({Serial(), Plain("note"), number, Serial("late")});
  EXPECT_EQ(Update("1", "shoe@2", {}).outcome, Outcome::kUpdated);
  EXPECT_EQ(engine.reads, 3);
}

// Threads that all want the same values: each value has exactly one identifier in the end, that
// which was told so, on every engine, and after the store was opened anew.
class UniqueRaceTest : public testing::TestWithParam<std::string> {};

TEST_P(UniqueRaceTest, EachValueGoesToExactlyOne) {
  constexpr int kThreads = 8;
  constexpr int kValues = 60;
  const auto dir = std::filesystem::temp_directory_path() /
                   ("idnode-unique-" + GetParam() + "-" + std::to_string(::getpid()));
  std::filesystem::create_directories(dir);
  const auto options = [&] {
    TestNodeOptions made;
    made.engine = GetParam();
    made.engine_dir = (dir / "store").string();
    made.templates.require_known = true;
    return made;
  };
  std::array<std::atomic<int>, kValues> winners{};
  std::array<std::atomic<int>, kValues> winner_of{};
  const auto identifier = [](int thread, int value) {
    return "88.108.1001/" + std::to_string(thread) + "-" + std::to_string(value);
  };
  const auto serial = [](int value) { return R"({"serial":"S)" + std::to_string(value) + "\"}"; };
  {
    TestNode node(options());
    DataTemplate content;
    content.items = {Serial()};
    ASSERT_TRUE(
        node.templates->Put(node.Operator(), "88.108.1001", "shoe", content, node.Soon()).ok());
    ASSERT_TRUE(
        node.templates->Publish(node.Operator(), "88.108.1001", "shoe", 1, node.Soon()).ok());
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        // Half of them come to a value by an update.
        const bool updates = t % 2 == 1;
        for (int first = 0; first < kValues; first += 10) {
          if (updates) {
            auto made = node.Run(node.operator_caller(), {}, 10, [&](Batch& batch) {
              for (int v = first; v < first + 10; ++v) {
                batch.AddRegister({identifier(t, v), {"", "shoe@1", "", {}}});
              }
            });
            ASSERT_TRUE(made.ok());
          }
          auto result = node.Run(node.operator_caller(), {}, 10, [&](Batch& batch) {
            for (int v = first; v < first + 10; ++v) {
              const std::string name = identifier(t, v);
              const std::string attributes = serial(v);
              if (updates) {
                UpdateInput input;
                input.identifier = name;
                input.set_attributes = true;
                input.attributes_json = attributes;
                batch.AddUpdate(input);
              } else {
                batch.AddRegister({name, {"", "shoe@1", attributes, {}}});
              }
            }
          });
          ASSERT_TRUE(result.ok());
          for (int i = 0; i < 10; ++i) {
            const auto& item = result->results[static_cast<std::size_t>(i)];
            const auto v = static_cast<std::size_t>(first + i);
            if (item.outcome == (updates ? Outcome::kUpdated : Outcome::kRegistered)) {
              ++winners[v];
              winner_of[v] = t;
            } else {
              EXPECT_EQ(item.reason, Errc::kUniqueViolation) << item.detail;
            }
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    for (int v = 0; v < kValues; ++v) EXPECT_EQ(winners[static_cast<std::size_t>(v)], 1) << v;
    if (GetParam() == "memory") return;
  }
  {
    TestNode node(options());
    const auto shard = storage::ShardOf("88.108.1001", node.engine->ShardCount());
    for (int v = 0; v < kValues; ++v) {
      const auto claim = node.engine->Get(
          shard, storage::UniqueKey("88.108.1001", "shoe", "serial", "S" + std::to_string(v)),
          node.Soon());
      ASSERT_TRUE(claim.ok()) << v;
      EXPECT_EQ(*claim, identifier(winner_of[static_cast<std::size_t>(v)], v));
      auto again = node.Run(node.operator_caller(), {}, 1, [&](Batch& batch) {
        const std::string attributes = serial(v);
        batch.AddRegister({"88.108.1001/new", {"", "shoe@1", attributes, {}}});
      });
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(again->results[0].reason, Errc::kUniqueViolation) << v;
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(dir, ignored);
}

INSTANTIATE_TEST_SUITE_P(Engines, UniqueRaceTest, testing::Values("memory", "rocksdb"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace idnode::service
