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

/// Tiles to copy: a few by name, and those of a range of leaves, which are not written down one by
/// one, since a node may say that its log has any number of them.
class TileList {
 public:
  /// All that verifying the leaves [from, to) of a tree takes, whose heads are of `sizes`.
  TileList(std::uint64_t from, std::uint64_t to, const std::vector<std::uint64_t>& sizes)
      : from_(from), to_(to) {
    for (const std::uint64_t size : sizes) {
      const std::vector<Tile> edge = ledger::PartialTilesOf(size);
      named_.insert(named_.end(), edge.begin(), edge.end());
      for (const std::uint64_t larger : sizes) {
        if (size == 0 || larger < size) continue;
        AddPath(size - 1, larger);
        if (size < larger) AddPath(size, larger);
      }
    }
    named_.erase(std::remove_if(named_.begin(), named_.end(),
                                [this](const Tile& tile) { return IsInRange(tile); }),
                 named_.end());
    const auto order = [](const Tile& a, const Tile& b) {
      return std::tie(a.kind, a.level, a.index, a.width) <
             std::tie(b.kind, b.level, b.index, b.width);
    };
    std::sort(named_.begin(), named_.end(), order);
    named_.erase(std::unique(named_.begin(), named_.end()), named_.end());
    size_ = named_.size();
    for (unsigned level = 0; level < ledger::kTileLevels && from_ < to_; ++level) {
      size_ += (End(level) - First(level)) * (level == 0 ? 2 : 1);
    }
  }

  std::uint64_t size() const { return size_; }

  /// Calls `take` with each; ends at its first error.
  template <typename Take>
  Result<void> Visit(const Take& take) const {
    for (const Tile& tile : named_) IDNODE_RETURN_IF_ERROR(take(tile));
    for (unsigned level = 0; level < ledger::kTileLevels && from_ < to_; ++level) {
      for (std::uint64_t index = First(level); index < End(level); ++index) {
        const unsigned width = ledger::TileWidthAt(level, index, to_);
        IDNODE_RETURN_IF_ERROR(take({TileKind::kHashes, level, index, width}));
        if (level == 0) IDNODE_RETURN_IF_ERROR(take({TileKind::kEntries, 0, index, width}));
      }
    }
    return {};
  }

 private:
  /// Indexes of the range's tiles: from First to before End; none where the level has none.
  std::uint64_t First(unsigned level) const {
    const unsigned shift = (level + 1) * ledger::kTileHeight;
    return shift > 63 ? 0 : from_ >> shift;
  }
  std::uint64_t End(unsigned level) const {
    const unsigned shift = (level + 1) * ledger::kTileHeight;
    if (shift > 63) return 0;
    const std::uint64_t last = (to_ - 1) >> shift;
    const std::uint64_t end = ledger::TileWidthAt(level, last, to_) > 0 ? last + 1 : last;
    return std::max(end, First(level));
  }
  bool IsInRange(const Tile& tile) const {
    return from_ < to_ && tile.kind == TileKind::kHashes && tile.index >= First(tile.level) &&
           tile.index < End(tile.level) &&
           tile.width == ledger::TileWidthAt(tile.level, tile.index, to_);
  }
  /// Tiles on the path from leaf 0 <= `leaf` < size to the root.
  void AddPath(std::uint64_t leaf, std::uint64_t size) {
    for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
      const std::uint64_t index = (leaf >> (level * ledger::kTileHeight)) / ledger::kTileWidth;
      const unsigned width = ledger::TileWidthAt(level, index, size);
      if (width > 0) named_.push_back({TileKind::kHashes, level, index, width});
    }
  }

  const std::uint64_t from_;
  const std::uint64_t to_;
  std::vector<Tile> named_;
  std::uint64_t size_ = 0;
};

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

  Result<void> CopyTiles(const TileList& tiles,
                         const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
    LogReader reader(source_);
    std::vector<Tile> window;
    std::uint64_t done = 0;
    std::size_t looked = 0;
    // A window ends when it is full, or now and then where nothing is missing.
    const auto take = [&](const Tile& tile) -> Result<void> {
      ++done;
      ++looked;
      if (IsThere(tile)) {
        ++report_.kept;
      } else {
        window.push_back(tile);
      }
      if (window.size() < kWindow && looked < 16 * kWindow && done < tiles.size()) return {};
      looked = 0;
      IDNODE_RETURN_IF_ERROR(CopyWindow(reader, window));
      window.clear();
      if (progress && !progress(done, tiles.size()))
        return Error(Errc::kShuttingDown, "interrupted");
      return {};
    };
    return tiles.Visit(take);
  }

  MirrorReport& report() { return report_; }

 private:
  Result<void> CopyWindow(LogReader& reader, const std::vector<Tile>& window) {
    const auto read = reader.Read(window);
    if (!read.ok()) return read.error();
    for (std::size_t i = 0; i < window.size(); ++i) {
      const std::string path = ledger::TilePath(window[i]);
      // What is kept is never fetched again, so nothing is that is no bundle.
      if (window[i].kind == TileKind::kEntries) {
        const auto entries = ledger::ParseEntryBundle((*read)[i], window[i].width);
        if (!entries.ok()) return Prefix(path, entries.error());
      }
      IDNODE_RETURN_IF_ERROR(
          StoreFile(folder_ + "/" + path, (*read)[i], 0644, Durability::kProcess));
      ++report_.fetched;
      report_.bytes += (*read)[i].size();
    }
    return {};
  }
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
  if (*std::max_element(sizes.begin(), sizes.end()) > *size) {
    return Error(Errc::kCorruption, "the newest checkpoint has " + std::to_string(*size) +
                                        " leaves, the statement or its checkpoint more");
  }
  IDNODE_RETURN_IF_ERROR(mirror.CopyTiles(TileList(from, to, sizes), progress));
  return mirror.report();
}

}  // namespace idnode::cli
