#pragma once

#include <memory>

#include "storage/engine.h"

namespace idnode::storage {

/// The reference semantics of the seam, for tests and for programs that keep nothing: rows live
/// as long as the object. It is strict where others are fast: a commit that breaks its caller's
/// promises (an insert of a key that is there, a key twice in one WriteSet, an empty key, a shard
/// that does not exist) is a failed check, so a suite that passes here keeps them everywhere.
/// Never waits, so deadlines do not matter. No limits on a batch. Checkpoint is kUnimplemented.
std::unique_ptr<Engine> MakeMemoryEngine(ShardId shards);

}  // namespace idnode::storage
