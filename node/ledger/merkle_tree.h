#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"

namespace idnode::ledger {

/// A node of the tree: SHA-256, 32 bytes.
using Hash = Digest;

/// Most leaves a tree may have: what independent clients hold in a signed 64-bit number.
inline constexpr std::uint64_t kTreeSizeMax = (std::uint64_t{1} << 63) - 1;
/// Longest proof a verifier reads; a tree of kTreeSizeMax leaves needs no more.
inline constexpr std::size_t kProofHashesMax = 64;

/// The root of a tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
Hash EmptyRoot();
/// SHA-256(0x00 || leaf), RFC 6962 §2.1. Allocates nothing.
Hash LeafHash(std::string_view leaf);
/// SHA-256(0x01 || left || right), RFC 6962 §2.1. Allocates nothing.
Hash NodeHash(const Hash& left, const Hash& right);

/// The root of a perfect subtree: the 2^level leaves from index * 2^level on.
struct NodeId {
  unsigned level = 0;
  std::uint64_t index = 0;
  friend bool operator==(const NodeId&, const NodeId&) = default;
};

/// Gives the hashes of `nodes`, in their order: from tiles (`TileHashReader`), or from memory. All
/// that a proof needs is asked for in one call, so that a reader can fetch in one round. A reader
/// that returns another number of hashes is an error of kInternal.
using HashReader = std::function<Result<std::vector<Hash>>(std::span<const NodeId> nodes)>;

/// The perfect subtrees that make up the leaves [from, to), left to right; at most 126 of them.
std::vector<NodeId> SubtreesOf(std::uint64_t from, std::uint64_t to);

/// The root of the tree of the first `size` leaves (RFC 6962 §2.1). Errors: the reader's;
/// kInvalidRequest (size over kTreeSizeMax).
Result<Hash> RootHash(std::uint64_t size, const HashReader& reader);

/// PATH(index, D[size]) of RFC 6962 §2.1.1, from the leaf upwards. Errors: the reader's;
/// kInvalidRequest unless index < size <= kTreeSizeMax.
Result<std::vector<Hash>> InclusionProof(std::uint64_t index, std::uint64_t size,
                                         const HashReader& reader);

/// PROOF(from, D[to]) of RFC 6962 §2.1.2; empty where from is 0 or from = to. Errors: the
/// reader's; kInvalidRequest unless from <= to <= kTreeSizeMax.
Result<std::vector<Hash>> ConsistencyProof(std::uint64_t from, std::uint64_t to,
                                           const HashReader& reader);

/// The root that `proof` leads to from `leaf_hash` (RFC 9162 §2.1.3.2). Errors: kInvalidRequest
/// unless index < size <= kTreeSizeMax; kCorruption (proof of a wrong length).
Result<Hash> RootFromInclusionProof(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                                    std::span<const Hash> proof);

/// Success if `leaf_hash` is leaf `index` of the tree of `size` leaves with root `root`
/// (RFC 9162 §2.1.3.2). Errors: as RootFromInclusionProof; kCorruption (another root).
Result<void> VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                             std::span<const Hash> proof, const Hash& root);

/// Success if the tree (`from`, `from_root`) is the beginning of (`to`, `to_root`): nothing was
/// rewritten (RFC 9162 §2.1.4.2). A tree of size 0 is the beginning of every tree, with an empty
/// proof and the root of nothing. Errors: kInvalidRequest unless from <= to <= kTreeSizeMax;
/// kCorruption, naming which of both roots the proof contradicts.
Result<void> VerifyConsistency(std::uint64_t from, const Hash& from_root, std::uint64_t to,
                               const Hash& to_root, std::span<const Hash> proof);

}  // namespace idnode::ledger
