#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/ledger/merkle_tree.h"
#include "node/ledger/signed_note.h"

namespace idnode::ledger {

/// Bounds of a checkpoint's text.
inline constexpr std::size_t kCheckpointTextBytesMax = 16 * 1024;
inline constexpr std::size_t kCheckpointExtensionsMax = 64;

/// The size and root of a tree.
struct TreeHead {
  std::uint64_t size = 0;
  Hash root{};
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

/// The text of a checkpoint (C2SP tlog-checkpoint):
///
///     origin LF size LF base64(root) LF *(extension LF)
struct Checkpoint {
  std::string origin;
  TreeHead tree;
  std::vector<std::string> extensions;  ///< idnode writes none
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The text, ready to be signed. The origin and extensions must be non-empty lines.
std::string FormatCheckpoint(const Checkpoint& checkpoint);
/// Reads it strictly: decimal size without leading zeros up to kTreeSizeMax, canonical base64 of 32
/// bytes; a size of 0 goes with the root of nothing. Errors: kInvalidRequest.
Result<Checkpoint> ParseCheckpoint(std::string_view text);

/// A checkpoint whose note verified.
struct OpenedCheckpoint {
  Checkpoint checkpoint;
  OpenedNote opened;
};

/// Verifies a checkpoint's note and reads it. Errors: as OpenNote and ParseCheckpoint;
/// kCorruption if its origin is not `origin` (where one is given).
Result<OpenedCheckpoint> OpenCheckpoint(std::string_view bytes, std::span<const Verifier> verifiers,
                                        std::string_view origin = {});

/// "base64(root)", standard alphabet with padding.
std::string HashText(const Hash& hash);
/// The inverse, canonical form only. Errors: kInvalidRequest.
Result<Hash> ParseHashText(std::string_view text);

}  // namespace idnode::ledger
