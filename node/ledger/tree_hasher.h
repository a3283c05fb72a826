#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/ledger/merkle_tree.h"
#include "node/ledger/tile.h"

namespace idnode::ledger {

/// A tile whose 256 hashes are all there: it never changes again.
struct FullTile {
  Tile tile;
  std::string bytes;  ///< kFullTileBytes of them
};

/// Grows a tree leaf by leaf, keeping its right edge only: at most 255 hashes a tile level. Costs
/// one node hash a leaf on average, whatever the size. A value: copy it to try something out. Not
/// safe for concurrent use.
class TreeHasher {
 public:
  /// The empty tree.
  TreeHasher() = default;

  /// Takes up a tree of `size` leaves from its partial tiles: the bytes of each tile that
  /// PartialTilesOf(size) lists, in that order. Errors: kInvalidRequest (size over kTreeSizeMax);
  /// kCorruption (another number of tiles, or a tile of another width).
  static Result<TreeHasher> Resume(std::uint64_t size, const std::vector<std::string>& tiles);

  /// Appends a leaf by its hash (LeafHash). Tiles that this completes, at most one a level, are
  /// kept until TakeFullTiles. The tree must be smaller than kTreeSizeMax.
  void Append(const Hash& leaf_hash);

  std::uint64_t size() const { return size_; }
  /// The root of the tree as it is; a node hash for each bit set in size().
  Hash Root() const;

  /// The tiles completed since the last call, in the order of their completion.
  std::vector<FullTile> TakeFullTiles();
  /// The hashes of the partial tile at tile level `level` (0 to 7); empty where there is none.
  /// Valid until the next Append.
  std::string_view PartialTile(unsigned level) const { return partial_[level]; }

 private:
  std::uint64_t size_ = 0;
  /// Roots of the perfect subtrees of the tree, by node level; meaningful where size_ has the bit.
  std::array<Hash, 64> edge_{};
  std::array<std::string, kTileLevels> partial_;
  std::vector<FullTile> full_;
};

}  // namespace idnode::ledger
