#include "node/ledger/tile.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "node/base/check.h"
#include "node/base/varint.h"

namespace idnode::ledger {
namespace {

Error BadPath(std::string_view what) {
  return Error(Errc::kInvalidRequest, "not a tile's path: " + std::string(what));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// A decimal number of at most three digits without leading zeros.
std::optional<unsigned> SmallNumber(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned number = 0;
  for (char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number;
}

void AppendThreeDigits(std::uint64_t number, std::string& out) {
  out += static_cast<char>('0' + number / 100 % 10);
  out += static_cast<char>('0' + number / 10 % 10);
  out += static_cast<char>('0' + number % 10);
}

void AppendIndex(std::uint64_t index, std::string& out) {
  std::array<std::uint64_t, 7> groups{};
  std::size_t count = 0;
  do {
    groups[count++] = index % 1000;
    index /= 1000;
  } while (index > 0);
  for (std::size_t i = count; i > 1; --i) {
    out += 'x';
    AppendThreeDigits(groups[i - 1], out);
    out += '/';
  }
  AppendThreeDigits(groups[0], out);
}

/// Takes "x001/x234/067" off the front. Each index has one form: no "x000/" in front.
Result<std::uint64_t> TakeIndex(std::string_view& path) {
  std::uint64_t index = 0;
  for (bool first = true;; first = false) {
    const bool more = !path.empty() && path.front() == 'x';
    if (more) path.remove_prefix(1);
    if (path.size() < 3 || !IsDigit(path[0]) || !IsDigit(path[1]) || !IsDigit(path[2])) {
      return BadPath("the index is not in groups of three digits");
    }
    const auto group =
        static_cast<std::uint64_t>((path[0] - '0') * 100 + (path[1] - '0') * 10 + (path[2] - '0'));
    path.remove_prefix(3);
    if (more && first && group == 0) return BadPath("the index has leading zeros");
    if (index > (kTileIndexMax - group) / 1000) return BadPath("the index is too high");
    index = index * 1000 + group;
    if (!more) return index;
    if (path.empty() || path.front() != '/') return BadPath("the index ends in an open group");
    path.remove_prefix(1);
  }
}

/// The root of a perfect subtree from its 1, 2, 4, … 256 hashes.
Hash FoldPerfect(std::string_view bytes) {
  std::array<Hash, kTileWidth> hashes;
  std::size_t count = bytes.size() / sizeof(Hash);
  std::memcpy(hashes.data(), bytes.data(), bytes.size());
  for (; count > 1; count /= 2) {
    for (std::size_t i = 0; i < count / 2; ++i) {
      hashes[i] = NodeHash(hashes[2 * i], hashes[2 * i + 1]);
    }
  }
  return hashes[0];
}

bool Before(const Tile& a, const Tile& b) {
  return a.level != b.level ? a.level < b.level : a.index < b.index;
}

/// Takes one entry off the front of a bundle; false if it is cut short.
bool TakeEntry(std::string_view& bundle, std::string_view& entry) {
  if (bundle.size() < 2) return false;
  const auto size = static_cast<std::size_t>(ReadBigEndian(bundle.substr(0, 2)));
  if (bundle.size() - 2 < size) return false;
  entry = bundle.substr(2, size);
  bundle.remove_prefix(2 + size);
  return true;
}

Error CutBundle() { return Error(Errc::kCorruption, "the entry bundle is cut short"); }

}  // namespace

std::string TilePath(const Tile& tile) {
  std::string path = "tile/";
  path += tile.kind == TileKind::kEntries ? "entries" : std::to_string(tile.level);
  path += '/';
  AppendIndex(tile.index, path);
  if (tile.width != kTileWidth) path += ".p/" + std::to_string(tile.width);
  return path;
}

Result<Tile> ParseTilePath(std::string_view path) {
  if (path.size() > kTilePathBytesMax) return BadPath("too long");
  Tile tile;
  if (!path.starts_with("tile/")) return BadPath("it does not begin with \"tile/\"");
  path.remove_prefix(5);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return BadPath("it has no index");
  if (path.substr(0, slash) == "entries") {
    tile.kind = TileKind::kEntries;
  } else {
    const auto level = SmallNumber(path.substr(0, slash));
    if (!level || *level > kTileLevelMax) return BadPath("the level is not 0 to 63");
    tile.level = *level;
  }
  path.remove_prefix(slash + 1);
  const auto index = TakeIndex(path);
  if (!index.ok()) return index.error();
  tile.index = *index;
  if (path.empty()) return tile;
  if (!path.starts_with(".p/")) return BadPath("there is more behind the index");
  const auto width = SmallNumber(path.substr(3));
  if (!width || *width == 0 || *width >= kTileWidth) {
    return BadPath("the width of a partial tile is not 1 to 255");
  }
  tile.width = *width;
  return tile;
}

unsigned TileWidthAt(unsigned level, std::uint64_t index, std::uint64_t size) {
  if (level >= kTileLevels || index > kTileIndexMax) return 0;
  const std::uint64_t hashes = size >> (level * kTileHeight);
  const std::uint64_t first = index << kTileHeight;
  if (hashes <= first) return 0;
  return static_cast<unsigned>(std::min<std::uint64_t>(hashes - first, kTileWidth));
}

bool IsTileInTree(const Tile& tile, std::uint64_t size) {
  return tile.width > 0 && tile.width <= TileWidthAt(tile.level, tile.index, size);
}

std::vector<Tile> PartialTilesOf(std::uint64_t size) {
  std::vector<Tile> tiles;
  for (unsigned level = 0; level < kTileLevels; ++level) {
    const std::uint64_t hashes = size >> (level * kTileHeight);
    const auto width = static_cast<unsigned>(hashes % kTileWidth);
    if (width > 0) tiles.push_back({TileKind::kHashes, level, hashes / kTileWidth, width});
  }
  return tiles;
}

Tile TileOf(const NodeId& node, std::uint64_t size) {
  Tile tile;
  tile.level = node.level / kTileHeight;
  tile.index = node.index >> (kTileHeight - node.level % kTileHeight);
  tile.width = TileWidthAt(tile.level, tile.index, size);
  return tile;
}

std::vector<Tile> TilesFor(std::span<const NodeId> nodes, std::uint64_t size) {
  std::vector<Tile> tiles;
  tiles.reserve(nodes.size());
  for (const NodeId& node : nodes) tiles.push_back(TileOf(node, size));
  std::sort(tiles.begin(), tiles.end(), Before);
  tiles.erase(std::unique(tiles.begin(), tiles.end()), tiles.end());
  return tiles;
}

Hash HashAt(std::string_view tile_bytes, unsigned position) {
  IDNODE_CHECK((position + std::size_t{1}) * sizeof(Hash) <= tile_bytes.size());
  Hash hash;
  std::memcpy(hash.data(), tile_bytes.data() + position * sizeof(Hash), sizeof(Hash));
  return hash;
}

Result<Hash> NodeFromTile(const NodeId& node, std::string_view tile_bytes) {
  const unsigned height = node.level % kTileHeight;
  const auto first = static_cast<std::size_t>((node.index << height) % kTileWidth);
  const std::size_t count = std::size_t{1} << height;
  if (tile_bytes.size() < (first + count) * sizeof(Hash)) {
    return Error(Errc::kCorruption, "a tile of level " + std::to_string(node.level / kTileHeight) +
                                        " has fewer hashes than the tree needs");
  }
  return FoldPerfect(tile_bytes.substr(first * sizeof(Hash), count * sizeof(Hash)));
}

Result<Hash> FullTileHash(std::string_view tile_bytes) {
  if (tile_bytes.size() != kFullTileBytes) {
    return Error(Errc::kCorruption, "a full tile has " + std::to_string(tile_bytes.size()) +
                                        " bytes, not " + std::to_string(kFullTileBytes));
  }
  return FoldPerfect(tile_bytes);
}

Result<void> CheckTileBytes(const Tile& tile, std::string_view bytes) {
  if (bytes.size() != tile.width * sizeof(Hash)) {
    return Error(Errc::kCorruption, TilePath(tile) + " has " + std::to_string(bytes.size()) +
                                        " bytes, not " + std::to_string(tile.width * sizeof(Hash)));
  }
  return {};
}

HashReader TileHashReader(std::uint64_t size, TileReader tiles) {
  return [size,
          reader = std::move(tiles)](std::span<const NodeId> nodes) -> Result<std::vector<Hash>> {
    for (const NodeId& node : nodes) {
      if (node.level > 63 || node.index >= size >> node.level) {
        return Error(Errc::kInvalidRequest,
                     "a tree of " + std::to_string(size) + " leaves has no node " +
                         std::to_string(node.index) + " at level " + std::to_string(node.level));
      }
    }
    const std::vector<Tile> needed = TilesFor(nodes, size);
    auto read = reader(needed);
    if (!read.ok()) return read.error();
    if (read->size() != needed.size()) {
      return Error(Errc::kInternal, "the reader of tiles gave another number than was asked for");
    }
    std::vector<Hash> hashes;
    hashes.reserve(nodes.size());
    for (const NodeId& node : nodes) {
      const auto at = std::lower_bound(needed.begin(), needed.end(), TileOf(node, size), Before);
      const auto hash = NodeFromTile(node, (*read)[static_cast<std::size_t>(at - needed.begin())]);
      if (!hash.ok()) return hash.error();
      hashes.push_back(*hash);
    }
    return hashes;
  };
}

void AppendEntry(std::string_view entry, std::string& bundle) {
  IDNODE_CHECK(entry.size() <= kEntryBytesMax);
  bundle += static_cast<char>(entry.size() >> 8);
  bundle += static_cast<char>(entry.size() & 0xff);
  bundle.append(entry);
}

Result<std::vector<std::string_view>> ParseEntryBundle(std::string_view bundle, unsigned width) {
  if (width == 0 || width > kTileWidth) {
    return Error(Errc::kCorruption, "an entry bundle has 1 to 256 entries");
  }
  std::vector<std::string_view> entries(width);
  for (std::string_view& entry : entries) {
    if (!TakeEntry(bundle, entry)) return CutBundle();
  }
  if (!bundle.empty()) {
    return Error(Errc::kCorruption,
                 "the entry bundle has more behind its " + std::to_string(width) + " entries");
  }
  return entries;
}

Result<std::string_view> EntryBundlePrefix(std::string_view bundle, unsigned width) {
  std::string_view rest = bundle;
  for (unsigned i = 0; i < width; ++i) {
    std::string_view entry;
    if (!TakeEntry(rest, entry)) return CutBundle();
  }
  return bundle.substr(0, bundle.size() - rest.size());
}

}  // namespace idnode::ledger
