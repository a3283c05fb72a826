#include "node/cli/ledger/mirror.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <vector>

#include "node/cli/ledger/file_util.h"
#include "node/cli/ledger/log_reader.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/signed_note.h"
#include "node/ledger/statement.h"
#include "node/ledger/tile.h"

namespace idnode::cli {
namespace {

using ledger::Tile;
using ledger::TileKind;

constexpr std::size_t kWindow = 64;

class Mirror {
 public:
  Mirror(Source& source, const std::string& folder) : source_(source), folder_(folder) {}

  /// Copies one thing, whatever is there already: notes change. Its bytes; nothing where the source
  /// has none and it may be missing.
  Result<std::optional<std::string>> Copy(const std::string& path, std::size_t bytes_max,
                                          bool required) {
    auto bytes = FetchOne(source_, path, bytes_max);
    if (!bytes.ok() && bytes.code() == Errc::kNotFound && !required) {
      return std::optional<std::string>();
    }
    if (!bytes.ok()) return Prefix(path, bytes.error());
    IDNODE_RETURN_IF_ERROR(
        StoreFile(DirectorySource::FileOf(folder_, path), *bytes, 0644, Durability::kProcess));
    ++report_.fetched;
    report_.bytes += bytes->size();
    return std::optional<std::string>(*std::move(bytes));
  }

  Result<void> CopyTiles(const std::vector<Tile>& tiles,
                         const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
    LogReader reader(source_);
    std::vector<Tile> window;
    for (std::size_t i = 0; i < tiles.size();) {
      window.clear();
      // A window ends when it is full, or now and then where nothing is missing.
      for (std::size_t looked = 0;
           i < tiles.size() && window.size() < kWindow && looked < 16 * kWindow; ++i, ++looked) {
        if (IsThere(tiles[i])) {
          ++report_.kept;
        } else {
          window.push_back(tiles[i]);
        }
      }
      const auto read = reader.Read(window);
      if (!read.ok()) return read.error();
      for (std::size_t j = 0; j < window.size(); ++j) {
        IDNODE_RETURN_IF_ERROR(StoreFile(folder_ + "/" + ledger::TilePath(window[j]), (*read)[j],
                                         0644, Durability::kProcess));
        ++report_.fetched;
        report_.bytes += (*read)[j].size();
      }
      if (progress && !progress(i, tiles.size())) return Error(Errc::kShuttingDown, "interrupted");
    }
    return {};
  }

  MirrorReport& report() { return report_; }

 private:
  bool IsThere(const Tile& tile) const {
    std::error_code error;
    const auto size = std::filesystem::file_size(folder_ + "/" + ledger::TilePath(tile), error);
    if (error) return false;
    return tile.kind == TileKind::kEntries || size == tile.width * sizeof(ledger::Hash);
  }

  Source& source_;
  const std::string folder_;
  MirrorReport report_;
};

/// Tiles on the paths from leaf 0 <= `leaf` < size to the root.
void AddPath(std::uint64_t leaf, std::uint64_t size, std::vector<Tile>& tiles) {
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const std::uint64_t index = (leaf >> (level * ledger::kTileHeight)) / ledger::kTileWidth;
    const unsigned width = ledger::TileWidthAt(level, index, size);
    if (width > 0) tiles.push_back({TileKind::kHashes, level, index, width});
  }
}

/// All that verifying the leaves [from, to) of a tree takes, whose heads are of `sizes`.
std::vector<Tile> TilesOf(std::uint64_t from, std::uint64_t to,
                          const std::vector<std::uint64_t>& sizes) {
  std::vector<Tile> tiles;
  for (const std::uint64_t size : sizes) {
    const std::vector<Tile> edge = ledger::PartialTilesOf(size);
    tiles.insert(tiles.end(), edge.begin(), edge.end());
    for (const std::uint64_t larger : sizes) {
      if (size == 0 || larger < size) continue;
      AddPath(size - 1, larger, tiles);
      if (size < larger) AddPath(size, larger, tiles);
    }
  }
  if (from < to) {
    for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
      const unsigned shift = (level + 1) * ledger::kTileHeight;
      if (shift > 63) break;
      for (std::uint64_t index = from >> shift; index <= (to - 1) >> shift; ++index) {
        const unsigned width = ledger::TileWidthAt(level, index, to);
        if (width > 0) tiles.push_back({TileKind::kHashes, level, index, width});
        if (level == 0) {
          tiles.push_back({TileKind::kEntries, 0, index, ledger::TileWidthAt(0, index, to)});
        }
      }
    }
  }
  std::sort(tiles.begin(), tiles.end(), [](const Tile& a, const Tile& b) {
    return std::tie(a.kind, a.level, a.index, a.width) <
           std::tie(b.kind, b.level, b.index, b.width);
  });
  tiles.erase(std::unique(tiles.begin(), tiles.end()), tiles.end());
  return tiles;
}

Result<std::uint64_t> SizeOf(const std::string& note_bytes) {
  const auto note = ledger::ParseNote(note_bytes);
  if (!note.ok()) return Prefix("checkpoint", note.error());
  const auto checkpoint = ledger::ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return Prefix("checkpoint", checkpoint.error());
  return checkpoint->tree.size;
}

}  // namespace

Result<MirrorReport> MirrorLedger(
    Source& source, const std::string& folder, std::optional<Month> month,
    const std::function<bool(std::uint64_t done, std::uint64_t total)>& progress) {
  Mirror mirror(source, folder);
  for (const char* key : {"vkey", "vkey-sm2"}) {
    const auto copied = mirror.Copy(key, 4 * ledger::kVkeyBytesMax, false);
    if (!copied.ok()) return copied.error();
  }
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<std::uint64_t> sizes;
  if (month) {
    // The statement before the checkpoint: the checkpoint is then not older than it.
    const std::string path = "statement/" + month->Text();
    const auto note = mirror.Copy(path, ledger::kStatementNoteBytesMax, true);
    if (!note.ok()) return note.error();
    const auto parsed = ledger::ParseNote(**note, ledger::kStatementNoteBytesMax);
    if (!parsed.ok()) return Prefix(path, parsed.error());
    const auto statement = ledger::ParseStatement(parsed->text);
    if (!statement.ok()) return Prefix(path, statement.error());
    from = statement->tree_start.size;
    to = std::max(from, statement->tree_end.size);
    sizes = {from, to};
    const auto closing = mirror.Copy(path + "/checkpoint", ledger::kNoteBytesMax, false);
    if (!closing.ok()) return closing.error();
    if (*closing) {
      const auto size = SizeOf(**closing);
      if (!size.ok()) return size.error();
      sizes.push_back(*size);
    }
    const std::string before = "statement/" + Month{month->number - 1}.Text();
    const auto previous = mirror.Copy(before, ledger::kStatementNoteBytesMax, false);
    if (!previous.ok()) return previous.error();
    const auto head = mirror.Copy(before + "/checkpoint", ledger::kNoteBytesMax, false);
    if (!head.ok()) return head.error();
  }
  const auto checkpoint = mirror.Copy("checkpoint", ledger::kNoteBytesMax, true);
  if (!checkpoint.ok()) return checkpoint.error();
  const auto size = SizeOf(**checkpoint);
  if (!size.ok()) return size.error();
  mirror.report().tree_size = *size;
  sizes.push_back(*size);
  if (!month) to = *size;
  IDNODE_RETURN_IF_ERROR(mirror.CopyTiles(TilesOf(from, to, sizes), progress));
  return mirror.report();
}

}  // namespace idnode::cli
