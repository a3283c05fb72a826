#include "storage/rocksdb/disk_range.h"

#include <algorithm>

#include "storage/rocksdb/disk_key.h"

namespace idnode::storage {
namespace {

std::string ShardPrefix(ShardId shard) {
  std::array<char, kShardBytes> bytes;
  PutShard(shard, bytes.data());
  return {bytes.data(), bytes.size()};
}

}  // namespace

DiskRange Intersect(ShardId shard, std::string_view from, std::string_view to,
                    const Segment& segment) {
  const std::string here = ShardPrefix(shard);
  DiskRange range;
  range.from = std::max(here + std::string(from), here + static_cast<char>(segment.from));
  range.to = segment.to == 0 ? ShardPrefix(shard + 1) : here + static_cast<char>(segment.to);
  if (!to.empty()) range.to = std::min(range.to, here + std::string(to));
  return range;
}

}  // namespace idnode::storage
