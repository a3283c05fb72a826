#pragma once

#include <array>
#include <string>
#include <string_view>

#include "storage/engine.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace idnode::storage {

/// A part of a shard's key space that lies in one column family: first bytes [from, to). `to` is 0
/// for the end of the shard.
struct Segment {
  unsigned char from;
  unsigned char to;
  Family family;
};

/// All of them, in key order. The first byte 0 is the engine's own and in none.
inline constexpr std::array<Segment, 7> kSegments = {{
    {1, 'f', Family::kDefault},
    {'f', 'f' + 1, Family::kFeed},
    {'f' + 1, 'h', Family::kDefault},
    {'h', 'h' + 1, Family::kHistory},
    {'h' + 1, 'r', Family::kDefault},
    {'r', 'r' + 1, Family::kRecords},
    {'r' + 1, 0, Family::kDefault},
}};

/// Keys on disk [from, to).
struct DiskRange {
  std::string from;
  std::string to;
  bool empty() const { return from >= to; }
};

/// The part of [from, to) of `shard` that lies in `segment`. An empty `to` is the shard's end.
DiskRange Intersect(ShardId shard, std::string_view from, std::string_view to,
                    const Segment& segment);

}  // namespace idnode::storage
