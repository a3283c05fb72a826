#include "node/ledger/tree_hasher.h"

#include <bit>
#include <utility>

#include "node/base/check.h"

namespace idnode::ledger {

Result<TreeHasher> TreeHasher::Resume(std::uint64_t size, const std::vector<std::string>& tiles) {
  if (size > kTreeSizeMax) return Error(Errc::kInvalidRequest, "a tree of that size cannot be");
  const std::vector<Tile> expected = PartialTilesOf(size);
  if (tiles.size() != expected.size()) {
    return Error(Errc::kCorruption, "a tree of " + std::to_string(size) + " leaves has " +
                                        std::to_string(expected.size()) + " partial tiles, not " +
                                        std::to_string(tiles.size()));
  }
  TreeHasher hasher;
  hasher.size_ = size;
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Tile& tile = expected[i];
    IDNODE_RETURN_IF_ERROR(CheckTileBytes(tile, tiles[i]));
    hasher.partial_[tile.level].reserve(kFullTileBytes);
    hasher.partial_[tile.level] = tiles[i];
    // The bits of the width are the perfect subtrees at the edge that this tile holds.
    const std::uint64_t first = tile.index * kTileWidth;
    std::uint64_t end = first + tile.width;
    for (unsigned bit = 0; bit < kTileHeight; ++bit) {
      if ((tile.width >> bit & 1) == 0) continue;
      const unsigned level = tile.level * kTileHeight + bit;
      end -= std::uint64_t{1} << bit;
      const auto hash = NodeFromTile({level, end >> bit}, tiles[i]);
      if (!hash.ok()) return hash.error();
      hasher.edge_[level] = *hash;
    }
  }
  return hasher;
}

void TreeHasher::Append(const Hash& leaf_hash) {
  IDNODE_CHECK(size_ < kTreeSizeMax);
  Hash hash = leaf_hash;
  unsigned level = 0;
  while (true) {
    if (level % kTileHeight == 0) {
      std::string& bytes = partial_[level / kTileHeight];
      if (bytes.empty()) bytes.reserve(kFullTileBytes);
      bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
      if (bytes.size() == kFullTileBytes) {
        const unsigned tile_level = level / kTileHeight;
        full_.push_back({{TileKind::kHashes, tile_level, size_ >> (level + kTileHeight)},
                         std::exchange(bytes, {})});
      }
    }
    if ((size_ >> level & 1) == 0) break;
    hash = NodeHash(edge_[level], hash);
    ++level;
  }
  edge_[level] = hash;
  ++size_;
}

Hash TreeHasher::Root() const {
  if (size_ == 0) return EmptyRoot();
  auto level = static_cast<unsigned>(std::countr_zero(size_));
  Hash hash = edge_[level];
  for (++level; level < edge_.size(); ++level) {
    if ((size_ >> level & 1) == 1) hash = NodeHash(edge_[level], hash);
  }
  return hash;
}

std::vector<FullTile> TreeHasher::TakeFullTiles() { return std::exchange(full_, {}); }

}  // namespace idnode::ledger
