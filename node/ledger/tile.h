#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/ledger/merkle_tree.h"

namespace idnode::ledger {

// Tiles as C2SP tlog-tiles has them: 256 hashes each, so a tile level is eight levels of the tree.

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 256;
inline constexpr std::size_t kFullTileBytes = kTileWidth * sizeof(Hash);
/// Tile levels that a tree of kTreeSizeMax leaves can have: 0 to 7.
inline constexpr unsigned kTileLevels = 8;
/// Highest level the grammar of paths admits; a level from kTileLevels on is never in a tree.
inline constexpr unsigned kTileLevelMax = 63;
/// Highest tile index a path may name.
inline constexpr std::uint64_t kTileIndexMax = kTreeSizeMax >> kTileHeight;
/// Longest path of a tile: "tile/entries/", seven groups, ".p/255".
inline constexpr std::size_t kTilePathBytesMax = 64;
/// Longest entry: its length stands in 16 bits.
inline constexpr std::size_t kEntryBytesMax = 65'535;
/// Longest entry bundle.
inline constexpr std::size_t kBundleBytesMax = kTileWidth * (2 + kEntryBytesMax);

enum class TileKind : std::uint8_t {
  kHashes,   ///< tile/<L>/<N>
  kEntries,  ///< tile/entries/<N>; its level is 0
};

/// Names a tile or an entry bundle. `width` is 256 for a full one, 1 to 255 for a partial one.
struct Tile {
  TileKind kind = TileKind::kHashes;
  unsigned level = 0;
  std::uint64_t index = 0;
  unsigned width = kTileWidth;
  friend bool operator==(const Tile&, const Tile&) = default;
};

/// "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/x001/234": relative to the log's
/// prefix, without a slash in front.
std::string TilePath(const Tile& tile);
/// The inverse, strictly: each tile has one path. Errors: kInvalidRequest.
Result<Tile> ParseTilePath(std::string_view path);

/// Hashes that the tile (`level`, `index`) has in a tree of `size` leaves: 0 (it is not there) to
/// 256. A level of kTileLevels or more gives 0.
unsigned TileWidthAt(unsigned level, std::uint64_t index, std::uint64_t size);
/// True if the tree of `size` leaves has all that `tile` names: the tile is full there, or at least
/// `tile.width` wide. A narrower one than there is belonged to an earlier checkpoint, and is the
/// beginning of the present one.
bool IsTileInTree(const Tile& tile, std::uint64_t size);
/// The partial tiles of hashes at the right edge of a tree of `size` leaves, lowest level first;
/// together they are all that TreeHasher needs. Full tiles are not among them.
std::vector<Tile> PartialTilesOf(std::uint64_t size);
/// The tile that holds, or whose hashes make up, the node, as wide as it is in a tree of `size`.
Tile TileOf(const NodeId& node, std::uint64_t size);
/// The tiles that `nodes` need in a tree of `size` leaves, each once, ordered by level and index.
/// For a proof's nodes use TileHashReader, which asks for exactly these.
std::vector<Tile> TilesFor(std::span<const NodeId> nodes, std::uint64_t size);

/// The hash at `position` of a tile's bytes; the caller has checked the width.
Hash HashAt(std::string_view tile_bytes, unsigned position);
/// The hash of `node` out of the bytes of `TileOf(node, size)`. Errors: kCorruption if they are
/// too few.
Result<Hash> NodeFromTile(const NodeId& node, std::string_view tile_bytes);
/// The hash of a full tile: what stands for it in the level above. Errors: kCorruption unless there
/// are kFullTileBytes bytes.
Result<Hash> FullTileHash(std::string_view tile_bytes);
/// Success if `bytes` have the length of a tile of `width` hashes. Errors: kCorruption.
Result<void> CheckTileBytes(const Tile& tile, std::string_view bytes);

/// Gives the bytes of `tiles`, in their order; each at least as wide as asked.
using TileReader = std::function<Result<std::vector<std::string>>(std::span<const Tile> tiles)>;
/// A reader of nodes in a tree of `size` leaves that asks `tiles` once a call, for each tile once.
/// Its errors: those of `tiles`; kCorruption (a tile too narrow); kInvalidRequest (a node that is
/// not in the tree).
HashReader TileHashReader(std::uint64_t size, TileReader tiles);

/// Appends an entry with its length in front (16 bits, big-endian). The entry must be at most
/// kEntryBytesMax long.
void AppendEntry(std::string_view entry, std::string& bundle);
/// The `width` entries of a bundle, as views into it. Errors: kCorruption if it is cut short, or
/// has more behind them.
Result<std::vector<std::string_view>> ParseEntryBundle(std::string_view bundle, unsigned width);
/// The first `width` entries of a longer bundle, as bytes: a partial bundle out of a fuller one.
/// Errors: kCorruption if it has fewer.
Result<std::string_view> EntryBundlePrefix(std::string_view bundle, unsigned width);

}  // namespace idnode::ledger
