#pragma once

#include <cstddef>
#include <limits>
#include <memory>

#include "storage/engine.h"

namespace idnode::storage {

/// What one commit may hold; by default there is no bound.
struct MemoryEngineBounds {
  std::size_t batch_rows_max = std::numeric_limits<std::size_t>::max();
  std::size_t batch_bytes_max = std::numeric_limits<std::size_t>::max();  ///< keys and values
};

/// The reference semantics of the seam, for tests and for programs that keep nothing: rows live
/// as long as the object. It is strict where others are fast: a commit that breaks its caller's
/// promises (an insert of a key that is there, a key twice in one WriteSet, an empty key, a shard
/// that does not exist) is a failed check, so a suite that passes here keeps them everywhere.
/// Never waits, so deadlines do not matter. Checkpoint is kUnimplemented. A commit over `bounds` is
/// kBatchTooLarge.
std::unique_ptr<Engine> MakeMemoryEngine(ShardId shards, const MemoryEngineBounds& bounds = {});

}  // namespace idnode::storage
