// Industry and region: a registration counts under what its enterprise was when it was made.
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "storage/key_codec.h"
#include "tests/node/service/ledger_fixture.h"
#include "tests/node/service/standing_fixture.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

using storage::Figures;

constexpr Figures kNone;

Figures Registered(std::int64_t count) { return {count, count, 0, 0, 0}; }

class StandingCountingTest : public testing::TestWithParam<std::string> {
 protected:
  TestNodeOptions Options(const std::string& dir = {}) const {
    TestNodeOptions options;
    options.engine = GetParam();
    options.engine_dir = dir;
    options.prefixes.admit_on_first_use = false;
    return options;
  }
};

// Registers, changes the enterprise's industry and region in mid-month, registers and deletes.
std::string LiveAMonth(TestNode& node) {
  const std::string enterprise = node.AddEnterprise(1, "C1952", "440100");
  const std::string other = node.AddEnterprise(2, "C3074", "350500");
  for (const auto& [prefix, owner] : {std::pair<std::string, std::string>{"88.108.1", enterprise},
                                      {"88.108.2", enterprise},
                                      {"88.108.3", other},
                                      {"88.108.4", ""}}) {
    const auto admitted = node.prefixes->Admit(node.Operator(), prefix, owner, node.Soon());
    EXPECT_TRUE(admitted.ok());
  }
  node.RegisterMany(Ids(1, 0, 5));
  node.RegisterMany({Id(2, 0), Id(3, 0), Id(4, 0)});  // one batch of several standings
  node.clock.AdvanceMs(60'000);
  SetStanding(node, enterprise, "C1951", "440300");
  node.RegisterMany({Id(1, 10), Id(2, 10), Id(3, 10)});
  node.Delete(Id(1, 0));  // made under C1952; gone under C1951
  node.Register(Id(1, 0));
  return enterprise;
}

void ExpectTheMonth(TestNode& node) {
  const auto industries = FiguresBy(node, "industry");
  EXPECT_EQ(industries.size(), 4u);
  const auto of = [](const std::map<std::string, Figures>& groups, const char* key) {
    const auto found = groups.find(key);
    return found == groups.end() ? kNone : found->second;
  };
  EXPECT_EQ(of(industries, "C1952"), Registered(6)) << "what was made stays where it was made";
  EXPECT_EQ(of(industries, "C1951"), (Figures{2, 3, 1, 1, 0}));
  EXPECT_EQ(of(industries, "C3074"), Registered(2));
  EXPECT_EQ(of(industries, ""), Registered(1));
  const auto regions = FiguresBy(node, "region");
  EXPECT_EQ(of(regions, "440100"), Registered(6));
  EXPECT_EQ(of(regions, "440300"), (Figures{2, 3, 1, 1, 0}));
  EXPECT_EQ(of(regions, "350500"), Registered(2));
  for (const auto& groups : {industries, regions}) {
    Figures sum;
    for (const auto& [key, figures] : groups) sum += figures;
    EXPECT_EQ(sum, node.Volume());
  }
  node.ExpectRecountEqual("2026-11");
}

TEST_P(StandingCountingTest, AnEnterpriseChangesItsIndustryInMidMonth) {
  TestNode node(Options());
  const std::string enterprise = LiveAMonth(node);
  ExpectTheMonth(node);
  // The next month begins with the present standing.
  node.clock.AdvanceMs(kDecemberMs - node.clock.WallMs());
  node.clock_guard->Accept();
  node.Register(Id(1, 99));
  EXPECT_EQ(FiguresBy(node, "industry").at("C1951"), Registered(1));
  node.ExpectRecountEqual("2026-11");
  node.ExpectRecountEqual("2026-12");
}

TEST_P(StandingCountingTest, StandingAndCountersSurviveARestart) {
  const auto check = [](TestNode& node) {
    ExpectTheMonth(node);
    EXPECT_EQ(node.Register(Id(1, 20)).outcome, Outcome::kRegistered);
    EXPECT_EQ(FiguresBy(node, "industry").at("C1951"), (Figures{3, 4, 1, 1, 0}));
    node.ExpectRecountEqual("2026-11");
  };
  if (GetParam() == "memory") {
    auto first = std::make_unique<TestNode>(Options());
    LiveAMonth(*first);
    auto engine = std::move(first->engine);  // outlives the node, as a store does
    first.reset();
    TestNodeOptions options = Options();
    options.given_engine = std::move(engine);
    TestNode second(std::move(options));
    second.clock.AdvanceMs(120'000);
    check(second);
    return;
  }
  const auto folder = std::filesystem::temp_directory_path() /
                      ("idnode-standing-" + std::to_string(std::random_device{}()));
  {
    TestNode first(Options(folder / "store"));
    LiveAMonth(first);
    // As kill -9 leaves it: what the process had written, nothing flushed or closed.
    std::filesystem::copy(folder / "store", folder / "killed",
                          std::filesystem::copy_options::recursive);
  }
  for (const char* store : {"store", "killed"}) {
    SCOPED_TRACE(store);
    TestNode second(Options(folder / store));
    second.clock.AdvanceMs(120'000);
    check(second);
  }
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Engines, StandingCountingTest, testing::Values("memory", "rocksdb"),
                         [](const auto& engine) { return std::string(engine.param); });

std::string Lines(const RecountReport& report) {
  std::string lines;
  for (const auto& each : report.differences) {
    lines += each.dimension + " " + each.key + " " + each.figure + " " +
             std::to_string(each.counted) + " " + std::to_string(each.recounted) + "\n";
  }
  return lines;
}

// Records do not tell the industry; that its figures add up to theirs is checked nevertheless.
TEST(StandingRecountTest, AWrongSumIsFound) {
  TestNode node;
  const std::string enterprise = node.AddEnterprise(1, "C1952", "440100");
  ASSERT_TRUE(node.prefixes->Admit(node.Operator(), "88.108.1", enterprise, node.Soon()).ok());
  node.RegisterMany(Ids(1, 0, 5));
  node.RegisterMany(Ids(2, 0, 5));
  const Month november = *Month::Parse("2026-11");
  const auto shard = storage::ShardOf("88.108.1", node.engine->ShardCount());
  const std::string key = storage::CounterKey(
      november, static_cast<std::uint8_t>(storage::Dimension::kIndustry), "C1952");
  auto row = *storage::DecodeCounter(*node.engine->Get(shard, key, node.Soon()));
  row.figures.first_ever -= 2;
  WriteRowBehindTheBack(node, shard, key, storage::EncodeCounter(row));
  const auto report = node.volume->Recount(*node.operator_caller(), "2026-11", nullptr);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(Lines(*report), "industry * firstEver 8 10\n");
}

// A shard whose month began before a dimension was counted: its sum falls short, and nothing is
// wrong. Other shards and months are held to it all the same.
TEST(StandingRecountTest, AMonthThatBeganBeforeTheDimensionIsNotReported) {
  TestNode node;
  node.RegisterMany(Ids(1, 0, 5));
  const Month november = *Month::Parse("2026-11");
  const auto shard = storage::ShardOf("88.108.1", node.engine->ShardCount());
  const std::string total_key = storage::CounterKey(november, 0, "");
  const auto total = *storage::DecodeCounter(*node.engine->Get(shard, total_key, node.Soon()));
  EXPECT_EQ(total.dimensions, storage::Dimensions().size());
  for (const auto dimension : {storage::Dimension::kIndustry, storage::Dimension::kRegion}) {
    const std::string key = storage::CounterKey(november, static_cast<std::uint8_t>(dimension), "");
    auto row = *storage::DecodeCounter(*node.engine->Get(shard, key, node.Soon()));
    row.figures -= Registered(2);
    WriteRowBehindTheBack(node, shard, key, storage::EncodeCounter(row));
  }
  const auto report = [&] {
    const auto recounted = node.volume->Recount(*node.operator_caller(), "2026-11", nullptr);
    EXPECT_TRUE(recounted.ok());
    return Lines(*recounted);
  };
  EXPECT_EQ(report(),
            "industry * firstEver 3 5\nindustry * registrations 3 5\n"
            "region * firstEver 3 5\nregion * registrations 3 5\n");
  auto older = total;
  older.dimensions = static_cast<std::uint32_t>(storage::Dimension::kIndustry);
  WriteRowBehindTheBack(node, shard, total_key, storage::EncodeCounter(older));
  EXPECT_EQ(report(), "");
  older.dimensions = 0;  // not known
  WriteRowBehindTheBack(node, shard, total_key, storage::EncodeCounter(older));
  EXPECT_EQ(report(), "");
  node.RegisterMany(Ids(1, 5, 5));
  EXPECT_EQ(report(), "") << "the month stays what it was";
  const auto kept = *storage::DecodeCounter(*node.engine->Get(shard, total_key, node.Soon()));
  EXPECT_EQ(kept.dimensions, 0u);
}

}  // namespace
}  // namespace idnode::service
