#pragma once

#include <memory>

#include "storage/engine.h"

namespace idnode::storage {

/// Most shards a store may have: a shard is two bytes on disk, and one more must exist as the end
/// of the last one's keys.
inline constexpr ShardId kShardsMax = 65'535;
/// Most rows and bytes of one commit of the embedded engine.
inline constexpr std::size_t kRocksDbBatchRowsMax = 100'000;
inline constexpr std::size_t kRocksDbBatchBytesMax = std::size_t{128} << 20;

/// The embedded engine, on RocksDB, in `options.dir` (created with mode 0700 where it is missing;
/// bytes in storage/FORMAT.md). One process at a time.
///
/// With `options.sync`, a commit is durable, down to the device, before Commit returns; commits of
/// several shards at once share one write of the log. Nothing here waits on another machine, and a
/// write that has started cannot be called back, so deadlines are not looked at.
///
/// Below `options.reserve_free_bytes` of free room commits are refused (kStorageFull) until there
/// is a tenth more than that. Where the disk fills up all the same, a commit that meets it answers
/// kUnknown and later ones kStorageFull; reads go on, but for about a second in which the store is
/// opened again once there is room. That is tried every half second, and less often while it keeps
/// failing.
///
/// Errors: kFormatTooNew, kDataDirectoryInUse, kCorruption, kUnavailable.
Result<std::unique_ptr<Engine>> OpenRocksDbEngine(const EngineOptions& options);

}  // namespace idnode::storage
