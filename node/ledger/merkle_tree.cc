#include "node/ledger/merkle_tree.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include <openssl/sha.h>

namespace idnode::ledger {
namespace {

/// The leaves [from, to).
struct Range {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

// The context functions, as base/text.h has them and why: the one-shot function looks its algorithm
// up at each call.
Hash HashPieces(unsigned char domain, std::string_view first, std::string_view second) {
  Hash hash;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, &domain, 1);
  SHA256_Update(&context, first.data(), first.size());
  if (!second.empty()) SHA256_Update(&context, second.data(), second.size());
  SHA256_Final(hash.data(), &context);
#pragma GCC diagnostic pop
  return hash;
}

std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Error Bad(std::string detail) { return Error(Errc::kInvalidRequest, std::move(detail)); }
Error Disproved(std::string detail) { return Error(Errc::kCorruption, std::move(detail)); }

/// The leaves that the left child of a node over `leaves` (at least 2) has: the largest power of
/// two below (RFC 6962 §2.1).
std::uint64_t SplitPoint(std::uint64_t leaves) { return std::bit_floor(leaves - 1); }

/// MTH of each range, with one call of the reader.
Result<std::vector<Hash>> HashRanges(const std::vector<Range>& ranges, const HashReader& reader) {
  std::vector<NodeId> nodes;
  std::vector<std::size_t> ends;
  for (const Range& range : ranges) {
    const auto subtrees = SubtreesOf(range.from, range.to);
    nodes.insert(nodes.end(), subtrees.begin(), subtrees.end());
    ends.push_back(nodes.size());
  }
  std::vector<Hash> hashes;
  if (nodes.empty()) return hashes;
  auto read = reader(nodes);
  if (!read.ok()) return read.error();
  if (read->size() != nodes.size()) {
    return Error(Errc::kInternal, "the reader of the tree gave " + std::to_string(read->size()) +
                                      " hashes of " + std::to_string(nodes.size()));
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    Hash hash = (*read)[end - 1];
    for (std::size_t i = end - 1; i > begin; --i) hash = NodeHash((*read)[i - 1], hash);
    hashes.push_back(hash);
    begin = end;
  }
  return hashes;
}

/// Moves a pair of positions up to where the left one is a right child, or the leftmost.
void ClimbWhileLeft(std::uint64_t& first, std::uint64_t& second) {
  while ((first & 1) == 0 && first != 0) {
    first >>= 1;
    second >>= 1;
  }
}

}  // namespace

Hash EmptyRoot() { return Sha256({}); }

Hash LeafHash(std::string_view leaf) { return HashPieces(0, leaf, {}); }

Hash NodeHash(const Hash& left, const Hash& right) {
  return HashPieces(1, View(left), View(right));
}

std::vector<NodeId> SubtreesOf(std::uint64_t from, std::uint64_t to) {
  std::vector<NodeId> nodes;
  while (from < to) {
    // As high as the position is aligned to, and as the leaves reach.
    const auto aligned = from == 0 ? 63 : static_cast<unsigned>(std::countr_zero(from));
    const auto reached = static_cast<unsigned>(std::bit_width(to - from)) - 1;
    const unsigned level = std::min(aligned, reached);
    nodes.push_back({level, from >> level});
    from += std::uint64_t{1} << level;
  }
  return nodes;
}

Result<Hash> RootHash(std::uint64_t size, const HashReader& reader) {
  if (size > kTreeSizeMax) return Bad("a tree of that size cannot be");
  if (size == 0) return EmptyRoot();
  auto hashes = HashRanges({{0, size}}, reader);
  if (!hashes.ok()) return hashes.error();
  return hashes->front();
}

Result<std::vector<Hash>> InclusionProof(std::uint64_t index, std::uint64_t size,
                                         const HashReader& reader) {
  if (size > kTreeSizeMax) return Bad("a tree of that size cannot be");
  if (index >= size) {
    return Bad("leaf " + std::to_string(index) + " is not in a tree of " + std::to_string(size));
  }
  std::vector<Range> siblings;
  Range range{0, size};
  while (range.to - range.from > 1) {
    const std::uint64_t middle = range.from + SplitPoint(range.to - range.from);
    if (index < middle) {
      siblings.push_back({middle, range.to});
      range.to = middle;
    } else {
      siblings.push_back({range.from, middle});
      range.from = middle;
    }
  }
  std::reverse(siblings.begin(), siblings.end());
  return HashRanges(siblings, reader);
}

Result<std::vector<Hash>> ConsistencyProof(std::uint64_t from, std::uint64_t to,
                                           const HashReader& reader) {
  if (to > kTreeSizeMax) return Bad("a tree of that size cannot be");
  if (from > to) {
    return Bad("a tree of " + std::to_string(from) + " is not the beginning of one of " +
               std::to_string(to));
  }
  std::vector<Range> ranges;
  if (from == 0 || from == to) return std::vector<Hash>{};
  Range range{0, to};
  bool whole = true;  // the old tree is the subtree from leaf 0 on, whose root the verifier has
  while (from != range.to) {
    const std::uint64_t middle = range.from + SplitPoint(range.to - range.from);
    if (from <= middle) {
      ranges.push_back({middle, range.to});
      range.to = middle;
    } else {
      ranges.push_back({range.from, middle});
      range.from = middle;
      whole = false;
    }
  }
  if (!whole) ranges.push_back(range);
  std::reverse(ranges.begin(), ranges.end());
  return HashRanges(ranges, reader);
}

Result<Hash> RootFromInclusionProof(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                                    std::span<const Hash> proof) {
  if (size > kTreeSizeMax) return Bad("a tree of that size cannot be");
  if (index >= size) {
    return Bad("leaf " + std::to_string(index) + " is not in a tree of " + std::to_string(size));
  }
  std::uint64_t position = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (last == 0) return Disproved("the inclusion proof has too many hashes");
    if ((position & 1) == 1 || position == last) {
      hash = NodeHash(sibling, hash);
      ClimbWhileLeft(position, last);
    } else {
      hash = NodeHash(hash, sibling);
    }
    position >>= 1;
    last >>= 1;
  }
  if (last != 0) return Disproved("the inclusion proof has too few hashes");
  return hash;
}

Result<void> VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                             std::span<const Hash> proof, const Hash& root) {
  const auto computed = RootFromInclusionProof(leaf_hash, index, size, proof);
  if (!computed.ok()) return computed.error();
  if (*computed != root) {
    return Disproved("the inclusion proof of leaf " + std::to_string(index) +
                     " leads to another root than that of the tree of " + std::to_string(size));
  }
  return {};
}

Result<void> VerifyConsistency(std::uint64_t from, const Hash& from_root, std::uint64_t to,
                               const Hash& to_root, std::span<const Hash> proof) {
  if (to > kTreeSizeMax) return Bad("a tree of that size cannot be");
  if (from > to) {
    return Bad("a tree of " + std::to_string(from) + " is not the beginning of one of " +
               std::to_string(to));
  }
  if (from == 0 || from == to) {
    if (!proof.empty()) return Disproved("the consistency proof has too many hashes");
    if (from == 0 && from_root != EmptyRoot()) {
      return Disproved("the root of the empty tree is not the hash of nothing");
    }
    if (from == to && from_root != to_root) {
      return Disproved("two different roots for one tree size, " + std::to_string(to));
    }
    return {};
  }
  std::uint64_t position = from - 1;
  std::uint64_t last = to - 1;
  while ((position & 1) == 1) {
    position >>= 1;
    last >>= 1;
  }
  // Where the old tree is perfect, its root is the node the proof starts from, and is left out.
  Hash start = from_root;
  if (!std::has_single_bit(from)) {
    if (proof.empty()) return Disproved("the consistency proof has too few hashes");
    start = proof.front();
    proof = proof.subspan(1);
  }
  Hash old_hash = start;
  Hash new_hash = start;
  for (const Hash& hash : proof) {
    if (last == 0) return Disproved("the consistency proof has too many hashes");
    if ((position & 1) == 1 || position == last) {
      old_hash = NodeHash(hash, old_hash);
      new_hash = NodeHash(hash, new_hash);
      ClimbWhileLeft(position, last);
    } else {
      new_hash = NodeHash(new_hash, hash);
    }
    position >>= 1;
    last >>= 1;
  }
  if (last != 0) return Disproved("the consistency proof has too few hashes");
  if (old_hash != from_root) {
    return Disproved("the consistency proof contradicts the root of the older tree of " +
                     std::to_string(from));
  }
  if (new_hash != to_root) {
    return Disproved("the consistency proof contradicts the root of the newer tree of " +
                     std::to_string(to) + ": the log was rewritten, or forked");
  }
  return {};
}

}  // namespace idnode::ledger
