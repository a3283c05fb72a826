// Short requests that touch large records.

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr std::size_t kRecordBytes = 40'000;

std::string Id(int n) { return "88.108.1/" + std::to_string(n); }

void RegisterLarge(TestNode& node, int count) {
  const std::string data(kRecordBytes, 'x');
  for (int n = 0; n < count; ++n) {
    ASSERT_EQ(node.Register(Id(n), data).outcome, Outcome::kRegistered);
  }
}

Result<BatchResult> Freeze(TestNode& node, int count) {
  return node.Run(node.operator_caller(), {}, static_cast<std::size_t>(count), [&](Batch& batch) {
    for (int n = 0; n < count; ++n) batch.AddSetState(Id(n), State::kFrozen, 0);
  });
}

TEST(LargeRecordsTest, ABatchThatChangesTooManyIsRefusedAndTheOthersAreNot) {
  TestNodeOptions options;
  options.committer.group_held_bytes_max = 1'000'000;
  TestNode node(std::move(options));
  RegisterLarge(node, 30);
  const auto refused = Freeze(node, 30);  // reads 1.2 MB
  ASSERT_EQ(refused.code(), Errc::kBatchTooLarge);
  EXPECT_NE(refused.error().detail.find("split the batch"), std::string::npos);
  const auto writes = Freeze(node, 10);  // reads 0.4 MB and writes 0.8 MB
  EXPECT_EQ(writes.code(), Errc::kBatchTooLarge);
  const auto fits = Freeze(node, 8);
  ASSERT_TRUE(fits.ok());
  for (const auto& item : fits->results) EXPECT_EQ(item.outcome, Outcome::kStateChanged);
  EXPECT_EQ(node.Register("88.108.1/small").outcome, Outcome::kRegistered);
  node.ExpectRecountEqual("2026-11");
}

// Notes the largest page of rows that a scan brought.
class WatchedEngine : public storage::FaultyEngine {
 public:
  using FaultyEngine::FaultyEngine;
  Result<std::vector<storage::ScanRow>> Scan(storage::ShardId shard, std::string_view from,
                                             std::string_view to, std::size_t limit, bool reverse,
                                             Deadline deadline) override {
    auto rows = FaultyEngine::Scan(shard, from, to, limit, reverse, deadline);
    if (rows.ok()) {
      std::size_t bytes = 0;
      for (const auto& row : *rows) bytes += row.key.size() + row.value.size();
      page_bytes = std::max(page_bytes, bytes);
      pages += 1;
    }
    return rows;
  }
  std::size_t page_bytes = 0;
  std::size_t pages = 0;
};

TEST(LargeRecordsTest, ARecountHoldsFewOfThemAtATime) {
  TestNodeOptions options;
  auto watched = std::make_unique<WatchedEngine>(storage::MakeMemoryEngine(1));
  auto& engine = *watched;
  options.given_engine = std::move(watched);
  TestNode node(std::move(options));
  RegisterLarge(node, 600);
  for (int n = 0; n < 400; ++n) {  // the same for the history of one record
    node.SetState(Id(0), n % 2 == 0 ? State::kFrozen : State::kActive);
  }
  engine.page_bytes = engine.pages = 0;
  node.ExpectRecountEqual("2026-11");
  EXPECT_LE(engine.page_bytes, std::size_t{5} << 20);
  EXPECT_LE(engine.pages, 40u) << "pages are as full as they may be";
}

}  // namespace
}  // namespace idnode::service
