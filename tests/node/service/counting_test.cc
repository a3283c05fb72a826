#include <atomic>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "node/base/text.h"
#include "storage/key_codec.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

// The first instant of December 2026 in Asia/Shanghai.
constexpr std::int64_t kDecemberMs = 1'796'054'400'000;

std::string Id(int prefix, int number) {
  return "88.108." + std::to_string(prefix) + "/SN" + std::to_string(number);
}

TEST(CountingTest, EveryFigureOfOneIdentifiersLife) {
  TestNode node;
  node.Register("88.108.1/a");
  node.Register("88.108.1/a");
  node.Delete("88.108.1/a");
  node.Register("88.108.1/A");
  node.Delete("88.108.1/a");
  const auto figures = node.Volume("2026-11");
  EXPECT_EQ(figures.first_ever, 1);
  EXPECT_EQ(figures.registrations, 2);
  EXPECT_EQ(figures.re_registrations, 1);
  EXPECT_EQ(figures.deletions, 2);
  EXPECT_EQ(figures.net(), 0);
  EXPECT_EQ(figures.reported, 0);
  node.ExpectRecountEqual("2026-11");
}

TEST(CountingTest, MonthTurnsAtMidnightInShanghai) {
  TestNode node;
  node.clock.AdvanceMs(kDecemberMs - 1 - kTestNowMs);
  node.Register("88.108.1/november");
  node.clock.AdvanceMs(1);
  node.Register("88.108.1/december");
  node.Delete("88.108.1/november");
  EXPECT_EQ(node.Volume("2026-11").first_ever, 1);
  EXPECT_EQ(node.Volume("2026-11").deletions, 0);
  EXPECT_EQ(node.Volume("2026-12").first_ever, 1);
  EXPECT_EQ(node.Volume("2026-12").deletions, 1);
  EXPECT_EQ(node.Volume().first_ever, 1) << "the running month is December";
  const auto days = node.volume->GetVolume(*node.operator_caller(), "2026-11", "day", node.Soon());
  ASSERT_EQ(days->groups.size(), 1u);
  EXPECT_EQ(days->groups[0].first, "2026-11-30");
  node.ExpectRecountEqual("2026-11");
  node.ExpectRecountEqual("2026-12");
}

TEST(CountingTest, AClockSetBackOverTheBoundaryKeepsTheLaterMonth) {
  TestNode node;
  node.clock.AdvanceMs(kDecemberMs + 60'000 - kTestNowMs);
  node.Register("88.108.1/a");
  node.clock.SetWallMs(kDecemberMs - 60'000);  // two minutes back: trusted still
  node.Register("88.108.1/b");
  EXPECT_EQ(node.Volume("2026-12").first_ever, 2) << "commit time does not run backwards";
  EXPECT_EQ(node.Volume("2026-11").first_ever, 0);
  node.ExpectRecountEqual("2026-12");
}

TEST(CountingTest, AYearForwardIsNotCountedUntilAccepted) {
  TestNode node;
  node.Register("88.108.1/a");
  node.clock.SetWallMs(kTestNowMs + 365LL * 86'400'000);
  auto refused = node.Run(node.operator_caller(), {}, 1, [](Batch& batch) {
    batch.AddRegister({"88.108.1/b", {}});
  });
  EXPECT_EQ(refused.code(), Errc::kClockUntrusted);
  EXPECT_EQ(node.Volume("2027-11").registrations, 0);
  node.clock_guard->Accept();
  EXPECT_EQ(node.Register("88.108.1/b").outcome, Outcome::kRegistered);
  EXPECT_EQ(node.Volume("2027-11").first_ever, 1);
}

TEST(CountingTest, GroupsSumToTheTotalInEveryDimension) {
  TestNode node;
  const auto erp = node.ApplicationCaller("erp", {"88.108.1", "88.108.2", "88.108.3"});
  for (int prefix = 1; prefix <= 3; ++prefix) {
    ASSERT_TRUE(node.Run(erp, {}, 20,
                         [&](Batch& batch) {
                           for (int n = 0; n < 20; ++n) {
                             const std::string object_class = n % 3 == 0 ? "part" : "product";
                             batch.AddRegister({Id(prefix, n), {object_class, "", "", {}}});
                           }
                         })
                    .ok());
    node.clock.AdvanceMs(86'400'000);
  }
  node.RegisterMany({"88.108.1/op"});
  for (const auto& row : storage::Dimensions()) {
    if (row.dimension == storage::Dimension::kTotal) continue;
    const auto report =
        node.volume->GetVolume(*node.operator_caller(), "2026-11", row.name, node.Soon());
    ASSERT_TRUE(report.ok());
    storage::Figures sum;
    for (const auto& [key, figures] : report->groups) sum += figures;
    EXPECT_EQ(sum, report->figures) << row.name;
    EXPECT_EQ(report->figures.first_ever, 61);
  }
  const auto applications =
      node.volume->GetVolume(*node.operator_caller(), "2026-11", "application", node.Soon());
  ASSERT_EQ(applications->groups.size(), 2u);
  EXPECT_EQ(applications->groups[1].first, "erp");
  EXPECT_EQ(applications->groups[1].second.first_ever, 60);
  const auto days = node.volume->GetVolume(*node.operator_caller(), "2026-11", "day", node.Soon());
  EXPECT_EQ(days->groups.size(), 4u);
  node.ExpectRecountEqual("2026-11");
}

TEST(CountingTest, TargetIsMetAtTheUnit) {
  TestNodeOptions options;
  options.target = 2;
  TestNode node(std::move(options));
  node.Register("88.108.1/a");
  EXPECT_FALSE(node.volume->GetVolume(*node.operator_caller(), "", "", node.Soon())->target_met);
  node.Register("88.108.1/b");
  EXPECT_TRUE(node.volume->GetVolume(*node.operator_caller(), "", "", node.Soon())->target_met);
}

TEST(CountingTest, BadQuestionsAreRefusedWithTheirField) {
  TestNode node;
  EXPECT_EQ(
      node.volume->GetVolume(*node.operator_caller(), "2026-13", "", node.Soon()).error().field,
      "month");
  EXPECT_EQ(
      node.volume->GetVolume(*node.operator_caller(), "", "colour", node.Soon()).error().field,
      "groupBy");
  EXPECT_EQ(node.volume->Recount(*Anonymous(), "2026-11", nullptr).code(), Errc::kUnauthenticated);
}

// A model of what the store should hold, driven by random operations of several kinds.
TEST(CountingTest, RandomLivesAgreeWithAModelAndARecount) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  TestNode node;
  std::set<std::string> ever;
  std::set<std::string> now;
  storage::Figures expected;
  for (int step = 0; step < 600; ++step) {
    const std::string id = Id(static_cast<int>(random() % 3), static_cast<int>(random() % 40));
    const std::string folded = "88" + id.substr(2);
    switch (random() % 4) {
      case 0:
      case 1: {
        const auto outcome = node.Register(id).outcome;
        if (now.contains(folded)) {
          EXPECT_EQ(outcome, Outcome::kUnchanged);
        } else if (ever.insert(folded).second) {
          EXPECT_EQ(outcome, Outcome::kRegistered);
          expected += storage::FiguresOf(ChangeKind::kRegistered);
        } else {
          EXPECT_EQ(outcome, Outcome::kReRegistered);
          expected += storage::FiguresOf(ChangeKind::kReRegistered);
        }
        now.insert(folded);
        break;
      }
      case 2:
        if (node.Delete(id).outcome == Outcome::kDeleted) {
          EXPECT_EQ(now.erase(folded), 1u);
          expected += storage::FiguresOf(ChangeKind::kDeleted);
        } else {
          EXPECT_FALSE(now.contains(folded));
        }
        break;
      default:
        node.clock.AdvanceMs(static_cast<std::int64_t>(random() % 1000));
    }
  }
  EXPECT_EQ(node.Volume("2026-11"), expected);
  node.ExpectRecountEqual("2026-11");
}

TEST(CountingTest, RecountIsExactWhileOthersWrite) {
  TestNode node;
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&node, &stop, writer] {
      for (int n = 0; !stop.load(); ++n) {
        std::vector<std::string> ids;
        for (int i = 0; i < 20; ++i) ids.push_back(Id(i % 4, (writer * 7 + n * 20 + i) % 3000));
        node.RegisterMany(ids);
        node.Delete(ids[static_cast<std::size_t>(n) % ids.size()]);
        node.clock.AdvanceMs(1);
      }
    });
  }
  for (int round = 0; round < 20; ++round) node.ExpectRecountEqual("2026-11");
  stop = true;
  for (auto& writer : writers) writer.join();
  node.ExpectRecountEqual("2026-11");
}

// The recount must notice a counter that is off by one.
TEST(CountingTest, RecountFindsAWrongCounter) {
  TestNode node;
  node.Register("88.108.1/a");
  const auto shard = storage::ShardOf("88.108.1", node.engine->ShardCount());
  const Month november = *Month::Parse("2026-11");
  const std::string key = storage::CounterKey(november, 0, "");
  auto row = storage::DecodeCounter(*node.engine->Get(shard, key, node.Soon()));
  ++row->figures.first_ever;
  const std::string value = storage::EncodeCounter(*row);
  storage::WriteSet writes;
  writes.updates.push_back({key, value});
  const std::array<storage::ShardId, 1> shards = {shard};
  const auto version = (*node.engine->Heads(shards, node.Soon()))[0];
  ASSERT_EQ(*node.engine->Commit(shard, version, writes, node.Soon()),
            storage::CommitStatus::kCommitted);
  const auto report = node.volume->Recount(*node.operator_caller(), "2026-11", nullptr);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->differences.size(), 1u);
  EXPECT_EQ(report->differences[0].dimension, "total");
  EXPECT_EQ(report->differences[0].figure, "firstEver");
  EXPECT_EQ(report->differences[0].counted, 2);
  EXPECT_EQ(report->differences[0].recounted, 1);
}

// Records, counters and feed, each recomputed on its own, agree.
TEST(CountingTest, FeedTellsTheSameStory) {
  TestNode node;
  for (int n = 0; n < 50; ++n) node.RegisterMany({Id(1, n), Id(2, n)});
  for (int n = 0; n < 10; ++n) node.Delete(Id(1, n));
  for (int n = 0; n < 5; ++n) node.Register(Id(1, n), "https://new.example");
  storage::Figures by_entries;
  storage::Figures by_deltas;
  std::set<std::string> first_ever;
  for (storage::ShardId shard = 0; shard < node.engine->ShardCount(); ++shard) {
    const std::array<storage::ShardId, 1> shards = {shard};
    const auto head = (*node.engine->Heads(shards, node.Soon()))[0];
    std::int64_t last_ms = 0;
    for (storage::Version version = 1; version <= head; ++version) {
      const auto bytes = node.engine->Get(shard, storage::FeedKey(version), node.Soon());
      ASSERT_TRUE(bytes.ok()) << "a gap in the feed at " << version;
      const auto row = storage::DecodeFeedRow(*bytes);
      ASSERT_TRUE(row.ok());
      EXPECT_GE(row->commit_ms, last_ms);
      last_ms = row->commit_ms;
      for (const auto& entry : row->entries) {
        by_entries += storage::FiguresOf(entry.change);
        if (entry.change == ChangeKind::kRegistered) {
          EXPECT_TRUE(first_ever.insert(entry.identifier).second);
          ResolvedRecord record;
          if (node.resolution->Resolve(entry.identifier, *Anonymous(), node.Soon(), record).ok() &&
              record.record.revision == 1) {
            EXPECT_EQ(entry.content_digest, Sha256(record.record.content));
          }
        }
      }
      for (const auto& [id, figures] : row->deltas) {
        if (id.dimension == storage::Dimension::kTotal) by_deltas += figures;
      }
    }
  }
  EXPECT_EQ(by_entries, node.Volume("2026-11"));
  EXPECT_EQ(by_deltas, node.Volume("2026-11"));
  EXPECT_EQ(first_ever.size(), 100u);
}

}  // namespace
}  // namespace idnode::service
