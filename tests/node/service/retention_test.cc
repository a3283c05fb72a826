#include "node/service/retention.h"

#include <array>

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

TEST(RetentionTest, KeepsWhatIsYoungAndTheNewestRow) {
  TestNodeOptions options;
  options.shards = 1;
  TestNode node(std::move(options));
  Retention retention(*node.engine, node.clock, {std::chrono::hours(10)});
  for (int hour = 0; hour < 24; ++hour) {
    node.RegisterMany({"88.108.1/" + std::to_string(hour)}, "r" + std::to_string(hour));
    node.clock.AdvanceMs(kHourMs);
  }
  ASSERT_EQ(Rows(node, 0, storage::Space::kFeed), 24u);
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 10u);
  EXPECT_EQ(Rows(node, 0, storage::Space::kRequest), 24u) << "they can be repeated still";
  node.clock.AdvanceMs(5 * 24 * kHourMs);
  ASSERT_TRUE(retention.Run().ok());
  EXPECT_EQ(Rows(node, 0, storage::Space::kFeed), 1u);
  EXPECT_EQ(Rows(node, 0, storage::Space::kRequest), 0u);
  EXPECT_EQ(node.Register("88.108.1/more").outcome, Outcome::kRegistered);
  EXPECT_EQ(node.Volume("2026-11").first_ever, 25);
  node.ExpectRecountEqual("2026-11");
}

TEST(RetentionTest, EmptyStoreIsFine) {
  TestNode node;
  EXPECT_TRUE(Retention(*node.engine, node.clock, {}).Run().ok());
}

}  // namespace
}  // namespace idnode::service
