#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/ledger/merkle_tree.h"

namespace idnode::cli {

/// Longest body of an add-checkpoint request that is read.
inline constexpr std::size_t kAddCheckpointBytesMax = 64 * 1024;
/// Most proof lines of one (C2SP tlog-witness).
inline constexpr std::size_t kAddCheckpointProofMax = 63;

/// The body of `POST /add-checkpoint` (C2SP tlog-witness):
///
///     "old" SP size LF *(base64(hash) LF) LF checkpoint
struct AddCheckpointRequest {
  std::uint64_t old_size = 0;
  std::vector<ledger::Hash> proof;
  std::string checkpoint;  ///< a signed note, not read yet
  friend bool operator==(const AddCheckpointRequest&, const AddCheckpointRequest&) = default;
};

/// Reads it strictly. Errors: kInvalidRequest; kPayloadTooLarge.
Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);
std::string FormatAddCheckpoint(const AddCheckpointRequest& request);

}  // namespace idnode::cli
