#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "storage/committer.h"

namespace idnode::service {

/// Rows of the ledger that are written together, if some of them are still as they were read.
struct LedgerWrite {
  /// Key, and the bytes that must be there; nothing: the row must not be there.
  std::vector<std::pair<std::string, std::optional<std::string>>> expected;
  std::vector<std::pair<std::string, std::string>> puts;
  std::vector<std::pair<std::string, std::string>> inserts;  ///< rows that are not there
};

/// Writes in one commit of the ledger's shard, through the committer: it becomes part of a group of
/// registrations. Works while the clock is not trusted. Blocks. True: written; false: a row was not
/// as expected, and nothing was written. Errors: those of the committer; after kUndetermined it may
/// have been written, or be written yet.
Result<bool> WriteLedger(storage::Committer& committer, LedgerWrite write, Deadline deadline);

}  // namespace idnode::service
