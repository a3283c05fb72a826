#pragma once

#include <string>
#include <string_view>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "storage/committer.h"

namespace idnode::service {

/// Writes single rows of administrative data through the committer, in shard 0. Blocks.
/// Thread-safe. Works while the clock is not trusted, so that the operator can go on: such a commit
/// has the shard's last time and does not move it.
class Writer {
 public:
  explicit Writer(storage::Committer& committer) : committer_(committer) {}
  /// Errors: kAlreadyExists if the key is there; those of the committer.
  Result<void> Create(const std::string& key, const std::string& value, Deadline deadline);
  Result<void> Put(const std::string& key, const std::string& value, Deadline deadline);

 private:
  Result<void> Write(const std::string& key, const std::string& value, bool must_be_new,
                     Deadline deadline);
  storage::Committer& committer_;
};

}  // namespace idnode::service
