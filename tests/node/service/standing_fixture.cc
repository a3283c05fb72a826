#include "tests/node/service/standing_fixture.h"

#include <array>
#include <vector>

#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {

void SetStanding(TestNode& node, const std::string& enterprise, const std::string& industry,
                 const std::string& region) {
  const auto found = node.enterprises->Find(enterprise);
  ASSERT_NE(found, nullptr);
  EnterpriseInfo info = *found;
  info.industry = industry;
  info.region = region;
  const auto updated = node.enterprises->Update(node.Operator(), info, 0, node.Soon());
  ASSERT_TRUE(updated.ok()) << updated.error().detail;
}

void WriteRowBehindTheBack(TestNode& node, storage::ShardId shard, const std::string& key,
                           const std::string& value) {
  const std::array<storage::ShardId, 1> shards = {shard};
  const auto head = (*node.engine->Heads(shards, node.Soon()))[0];
  storage::WriteSet writes;
  const bool is_there = node.engine->Get(shard, key, node.Soon()).ok();
  (is_there ? writes.updates : writes.inserts).push_back({key, value});
  // The feed has no gaps, whoever writes.
  const std::string feed_key = storage::FeedKey(head + 1);
  storage::FeedRowBuilder builder;
  const std::string feed = builder.Finish(node.clock.WallMs(), std::string(16, 'n'), {});
  writes.inserts.push_back({feed_key, feed});
  ASSERT_EQ(*node.engine->Commit(shard, head, writes, node.Soon()),
            storage::CommitStatus::kCommitted);
}

std::map<std::string, storage::Figures> FiguresBy(TestNode& node, std::string_view dimension) {
  const auto report = node.volume->GetVolume(*node.operator_caller(), "", dimension, node.Soon());
  EXPECT_TRUE(report.ok());
  if (!report.ok()) return {};
  return {report->groups.begin(), report->groups.end()};
}

}  // namespace idnode::service
