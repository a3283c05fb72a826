#pragma once

#include <cstdint>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/cli/ledger/source.h"
#include "node/ledger/leaf.h"
#include "node/ledger/tile.h"

namespace idnode::cli {

/// Longest bundle that is read: of the longest leaves, each with its length in front.
inline constexpr std::size_t kLeafBundleBytesMax = ledger::kTileWidth * (2 + ledger::kLeafBytesMax);

/// Reads tiles and entry bundles. Where a partial tile is gone, the full one stands in: nodes and
/// mirrors may drop what a fuller one holds (C2SP tlog-tiles, "Partial Tiles").
class LogReader {
 public:
  explicit LogReader(Source& source) : source_(source) {}

  /// The bytes of `tiles`, in their order, exactly as wide as asked. Errors: kNotFound naming the
  /// tile; kCorruption (wrong length); the source's. Safe to call concurrently: a stream's window
  /// is fetched while somebody else reads.
  Result<std::vector<std::string>> Read(std::span<const ledger::Tile> tiles);
  /// For proofs in a tree of `size` leaves; borrows this.
  ledger::HashReader Hashes(std::uint64_t size);

 private:
  Source& source_;
  std::mutex mutex_;  // guards source_, which takes one caller at a time
};

/// Streams the entry bundles [from, to) of a tree of `size` leaves in order, fetching the next
/// window while the caller works on this one.
class BundleStream {
 public:
  /// Bundles a window: with the longest leaves 2 MiB each, with usual ones 35 KB.
  static constexpr std::size_t kWindow = 64;

  BundleStream(LogReader& reader, std::uint64_t from, std::uint64_t to, std::uint64_t size);
  ~BundleStream();
  BundleStream(const BundleStream&) = delete;
  BundleStream& operator=(const BundleStream&) = delete;

  /// The next bundles, first the one of `next_index`; none at the end. Errors: as LogReader::Read.
  Result<std::vector<std::string>> Next();

 private:
  using Window = Result<std::vector<std::string>>;
  void Start();

  LogReader& reader_;
  std::uint64_t next_;
  const std::uint64_t to_;
  const std::uint64_t size_;
  std::optional<std::future<Window>> coming_;
};

}  // namespace idnode::cli
