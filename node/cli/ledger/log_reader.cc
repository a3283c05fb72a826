#include "node/cli/ledger/log_reader.h"

#include <algorithm>
#include <utility>

namespace idnode::cli {
namespace {

std::size_t BytesMax(const ledger::Tile& tile) {
  return tile.kind == ledger::TileKind::kEntries ? kLeafBundleBytesMax : ledger::kFullTileBytes;
}

/// `bytes` of a tile that is at least as wide, cut to what `tile` names.
Result<std::string> CutTo(const ledger::Tile& tile, std::string bytes) {
  if (tile.kind == ledger::TileKind::kEntries) {
    const auto prefix = ledger::EntryBundlePrefix(bytes, tile.width);
    if (!prefix.ok()) return Prefix(ledger::TilePath(tile), prefix.error());
    bytes.resize(prefix->size());
    return bytes;
  }
  const std::size_t size = tile.width * sizeof(ledger::Hash);
  if (bytes.size() > size) bytes.resize(size);
  IDNODE_RETURN_IF_ERROR(ledger::CheckTileBytes(tile, bytes));
  return bytes;
}

}  // namespace

Result<std::vector<std::string>> LogReader::Read(std::span<const ledger::Tile> tiles) {
  std::vector<Wanted> wanted;
  wanted.reserve(tiles.size());
  for (const ledger::Tile& tile : tiles) wanted.push_back({ledger::TilePath(tile), BytesMax(tile)});
  const std::lock_guard lock(mutex_);
  std::vector<Result<std::string>> got = source_.Fetch(wanted);
  std::vector<std::string> read(tiles.size());
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const ledger::Tile& tile = tiles[i];
    bool exact = true;
    if (got[i].code() == Errc::kNotFound && tile.width < ledger::kTileWidth) {
      ledger::Tile full = tile;
      full.width = ledger::kTileWidth;
      got[i] = FetchOne(source_, ledger::TilePath(full), BytesMax(full));
      exact = false;
    }
    if (!got[i].ok()) return Prefix(wanted[i].path, got[i].error());
    if (exact && tile.kind == ledger::TileKind::kHashes) {
      IDNODE_RETURN_IF_ERROR(ledger::CheckTileBytes(tile, *got[i]));
    }
    if (exact) {
      read[i] = *std::move(got[i]);  // an exact bundle is parsed, and so checked, by who uses it
      continue;
    }
    auto cut = CutTo(tile, *std::move(got[i]));
    if (!cut.ok()) return cut.error();
    read[i] = *std::move(cut);
  }
  return read;
}

ledger::HashReader LogReader::Hashes(std::uint64_t size) {
  return ledger::TileHashReader(
      size, [this](std::span<const ledger::Tile> tiles) { return Read(tiles); });
}

BundleStream::BundleStream(LogReader& reader, std::uint64_t from, std::uint64_t to,
                           std::uint64_t size)
    : reader_(reader), next_(from), to_(to), size_(size) {
  Start();
}

BundleStream::~BundleStream() {
  if (coming_) coming_->wait();
}

void BundleStream::Start() {
  coming_.reset();
  if (next_ >= to_) return;
  std::vector<ledger::Tile> tiles;
  for (; next_ < to_ && tiles.size() < kWindow; ++next_) {
    const unsigned width = ledger::TileWidthAt(0, next_, size_);
    tiles.push_back({ledger::TileKind::kEntries, 0, next_, width});
  }
  coming_ = std::async(std::launch::async,
                       [this, tiles = std::move(tiles)] { return reader_.Read(tiles); });
}

Result<std::vector<std::string>> BundleStream::Next() {
  if (!coming_) return std::vector<std::string>();
  Window window = coming_->get();
  coming_.reset();
  if (window.ok()) Start();
  return window;
}

}  // namespace idnode::cli
