#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/cli/ledger/source.h"

namespace idnode::cli {

struct MirrorReport {
  std::uint64_t tree_size = 0;
  std::uint64_t fetched = 0;  ///< files
  std::uint64_t kept = 0;     ///< that were there before
  std::uint64_t bytes = 0;    ///< fetched
};

/// Copies of a ledger what `idnode ledger verify` needs into `folder`, in the layout of
/// DirectorySource: keys, newest checkpoint, tiles, and the entries of `month` with its statement
/// and the one before (without a month: all entries). Tiles never change, so what is there already
/// is kept: a second run goes on where the first one stopped. Nothing is verified. `progress` gets
/// files done and all files; false stops. Errors: the source's; kInvalidRequest (the node's
/// checkpoint or statement cannot be read); kStorageFull, kUnavailable (the folder);
/// kShuttingDown.
Result<MirrorReport> MirrorLedger(
    Source& source, const std::string& folder, std::optional<Month> month,
    const std::function<bool(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace idnode::cli
