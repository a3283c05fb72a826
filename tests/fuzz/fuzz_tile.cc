// Paths of tiles: each tile has one, and what is in a tree has hashes there.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/ledger/tile.h"

using namespace idnode;
using namespace idnode::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto tile = ParseTilePath(bytes);
  if (!tile.ok()) return 0;
  IDNODE_CHECK(TilePath(*tile) == bytes);
  IDNODE_CHECK(tile->level <= kTileLevelMax && tile->index <= kTileIndexMax);
  IDNODE_CHECK(tile->width >= 1 && tile->width <= kTileWidth);
  for (const std::uint64_t leaves : {std::uint64_t{0}, std::uint64_t{70'000}, kTreeSizeMax}) {
    const unsigned width = TileWidthAt(tile->level, tile->index, leaves);
    IDNODE_CHECK(width <= kTileWidth);
    IDNODE_CHECK(IsTileInTree(*tile, leaves) == (tile->width <= width));
  }
  return 0;
}
