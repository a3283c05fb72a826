#include "node/service/retention.h"

#include <algorithm>
#include <array>
#include <memory>

#include <gtest/gtest.h>

#include "storage/key_codec.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

std::size_t Rows(TestNode& node, storage::ShardId shard, storage::Space space) {
  const std::string from(1, static_cast<char>(space));
  const std::string to(1, static_cast<char>(static_cast<char>(space) + 1));
  return node.engine->Scan(shard, from, to, 100'000, false, node.Soon())->size();
}

RetentionOptions EveryGap(int hours) {
  RetentionOptions options;
  options.feed = std::chrono::hours(hours);
  options.gap_rows_min = 1;
  return options;
}

TEST(RetentionTest, KeepsWhatIsYoungAndTheNewestRow) {
  TestNodeOptions options;
  options.shards = 1;
  TestNode node(std::move(options));
  Retention retention(*node.engine, node.clock, EveryGap(10));
  for (int hour = 0; hour < 24; ++hour) {
    node.RegisterMany({"88.108.1/a"}, "r" + std::to_string(hour));  // registers once
    node.clock.AdvanceMs(kHourMs);
  }
  ASSERT_EQ(Rows(node, 0, storage::Space::kFeed), 24u);
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 11u) << "ten young ones, and the registration";
  EXPECT_EQ(Rows(node, 0, storage::Space::kRequest), 24u) << "they can be repeated still";
  node.clock.AdvanceMs(5 * 24 * kHourMs);
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 2u);
  EXPECT_EQ(Rows(node, 0, storage::Space::kRequest), 0u);
  EXPECT_EQ(node.Register("88.108.1/more").outcome, Outcome::kRegistered);
  EXPECT_EQ(node.Volume("2026-11").first_ever, 2);
  node.ExpectRecountEqual("2026-11");
}

TEST(RetentionTest, RowsWithFirstEverRegistrationsStay) {
  TestNodeOptions options;
  options.shards = 1;
  TestNode node(std::move(options));
  for (int hour = 0; hour < 100; ++hour) {
    if (hour % 7 == 0) {
      node.Register("88.108.1/" + std::to_string(hour));
    } else {
      node.Register("88.108.1/0");
    }
    node.clock.AdvanceMs(kHourMs);
  }
  node.clock.AdvanceMs(200 * kHourMs);
  Retention retention(*node.engine, node.clock, EveryGap(10));
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 16u) << "15 with entries, and the newest";
  node.Register("88.108.1/0");
  node.clock.AdvanceMs(200 * kHourMs);
  node.Register("88.108.1/0");
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 16u);
  // One that starts anew comes to the same.
  ASSERT_TRUE(Retention(*node.engine, node.clock, EveryGap(10)).Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 16u);
}

TEST(RetentionTest, EmptyStoreIsFine) {
  TestNode node;
  EXPECT_TRUE(Retention(*node.engine, node.clock, {}).Run().ok());
}

// A node with a feed row an hour, from version 1 on, none with a first-ever registration (retention
// keeps those); the newest is an hour old.
std::unique_ptr<TestNode> NodeOfADay() {
  TestNodeOptions options;
  options.shards = 1;
  auto node = std::make_unique<TestNode>(std::move(options));
  for (int hour = 0; hour < 24; ++hour) {
    EXPECT_TRUE(node->committer->Nudge(0, node->Soon()).ok());
    node->clock.AdvanceMs(kHourMs);
  }
  return node;
}

TEST(RetentionTest, VersionsMayBeMissing) {
  for (storage::Version gap_end = 2; gap_end <= 24; ++gap_end) {
    SCOPED_TRACE(gap_end);
    auto node = NodeOfADay();
    ASSERT_TRUE(
        node->engine
            ->Trim(0, storage::FeedKey(gap_end / 2 + 1), storage::FeedKey(gap_end), node->Soon())
            .ok());
    const std::size_t young = 24 - std::max<std::size_t>(gap_end - 1, 14);
    ASSERT_TRUE(Retention(*node->engine, node->clock, EveryGap(10)).Run().ok());
    EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), young);
  }
}

TEST(RetentionTest, WaitsForTheSlowestFollower) {
  auto node = NodeOfADay();
  storage::Version followed = 0;
  RetentionOptions options;
  options = EveryGap(10);
  options.followed_up_to = [&](storage::ShardId shard) {
    EXPECT_EQ(shard, 0u);
    return followed;
  };
  Retention retention(*node->engine, node->clock, options);
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 24u) << "it is not done with any";
  followed = 7;
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 17u);
  EXPECT_TRUE(node->engine->Get(0, storage::FeedKey(8), node->Soon()).ok());
  followed = 24;
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 10u) << "they are young";
}

TEST(RetentionTest, DropsNothingUnderAWrongClock) {
  auto node = NodeOfADay();
  RetentionOptions options;
  options.trusted_time = [&] { return node->clock_guard->TrustedMs(); };
  Retention retention(*node->engine, node->clock, options);
  const std::int64_t now = node->clock.WallMs();
  node->clock.SetWallMs(now + 365 * 24 * kHourMs);
  EXPECT_EQ(retention.Run().code(), Errc::kClockUntrusted);
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 24u);
  node->clock.SetWallMs(now);
  EXPECT_TRUE(retention.Run().ok());
}

// Hours of a node that registers, and then does `others` other things, over and over.
std::unique_ptr<TestNode> NodeOfGaps(int gaps, int others) {
  TestNodeOptions options;
  options.shards = 1;
  auto node = std::make_unique<TestNode>(std::move(options));
  for (int gap = 0; gap < gaps; ++gap) {
    node->Register("88.108.1/" + std::to_string(gap));
    for (int other = 0; other < others; ++other) {
      EXPECT_TRUE(node->committer->Nudge(0, node->Soon()).ok());
    }
    node->clock.AdvanceMs(kHourMs);
  }
  node->clock.AdvanceMs(100 * kHourMs);
  EXPECT_TRUE(node->committer->Nudge(0, node->Soon()).ok());
  return node;
}

TEST(RetentionTest, SmallGapsStay) {
  auto node = NodeOfGaps(5, 7);
  RetentionOptions options = EveryGap(10);
  options.gap_rows_min = 8;
  ASSERT_TRUE(Retention(*node->engine, node->clock, options).Run().ok());
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 41u);
  options.gap_rows_min = 7;
  ASSERT_TRUE(Retention(*node->engine, node->clock, options).Run().ok());
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 6u);
}

TEST(RetentionTest, ARunIsBoundedAndEndsWhenTold) {
  auto node = NodeOfGaps(10, 9);
  RetentionOptions options = EveryGap(10);
  options.rows_max = 16;
  bool stop = true;
  options.stopping = [&] { return stop; };
  Retention retention(*node->engine, node->clock, options);
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(*node, 0, storage::Space::kFeed), 101u);
  stop = false;
  std::size_t rows = 101;
  for (int run = 0; run < 7; ++run) {
    ASSERT_TRUE(retention.Run().ok());
    const std::size_t left = Rows(*node, 0, storage::Space::kFeed);
    EXPECT_LT(left, rows) << run;
    EXPECT_GE(left + 16, rows) << run;
    rows = left;
  }
  EXPECT_EQ(rows, 11u);
}

TEST(RetentionTest, WhatWasExaminedIsNotReadAgainAfterARestart) {
  auto node = NodeOfGaps(2, 2100);
  RetentionOptions options = EveryGap(10);
  options.committer = node->committer.get();
  ASSERT_TRUE(Retention(*node->engine, node->clock, options).Run().ok());
  ASSERT_EQ(Rows(*node, 0, storage::Space::kFeed), 4u) << "the mark was written in a commit";
  // A row that would be dropped, were it read again.
  const auto before = Rows(*node, 0, storage::Space::kFeed);
  options.rows_max = 1;
  options.gap_rows_min = 1;
  node->clock.AdvanceMs(200 * kHourMs);
  EXPECT_TRUE(node->committer->Nudge(0, node->Soon()).ok());
  Retention restarted(*node->engine, node->clock, options);
  ASSERT_TRUE(restarted.Run().ok());
  EXPECT_LT(Rows(*node, 0, storage::Space::kFeed), before + 1)
      << "one look was enough: it began where the other had ended";
}

}  // namespace
}  // namespace idnode::service
