#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/text.h"
#include "node/base/time_zone.h"
#include "node/ledger/checkpoint.h"
#include "storage/engine.h"

namespace idnode::storage {

/// Where the rows of the ledger are (storage/FORMAT.md, "Ledger").
inline constexpr ShardId kLedgerShard = 0;

/// What the ledger is, fixed when it is created.
struct LedgerFacts {
  std::string origin;
  std::string vkey;      ///< the Ed25519 key's line
  std::string vkey_sm2;  ///< the SM2 key's line; empty until there is one
  friend bool operator==(const LedgerFacts&, const LedgerFacts&) = default;
};

/// Everything the sequencer goes on from. One row, rewritten with every integration, so that the
/// tree, and what of the feeds is in it, change together.
struct LedgerState {
  ledger::TreeHead tree;
  Month first_month;                       ///< the ledger's first
  Month month;                             ///< the open one
  ledger::TreeHead month_start;            ///< the tree when it was opened
  std::vector<Version> cursors;            ///< by shard: the last version whose leaves are in
  std::vector<std::string> partial_tiles;  ///< in the order of ledger::PartialTilesOf
  std::string checkpoint;                  ///< signed note of `tree`
  std::int64_t checkpoint_ms = 0;          ///< when it was signed, Unix ms
  /// Digest of the last final statement, and its month; none before the first.
  std::optional<std::pair<Month, Digest>> stated;
  friend bool operator==(const LedgerState&, const LedgerState&) = default;
};

/// What one integration appended: rows of feeds, in the order of their leaves.
struct LedgerSegment {
  struct Part {
    ShardId shard = 0;
    Version version = 0;
    std::uint64_t leaves = 0;    ///< first-ever registrations in the feed row; at least 1
    std::int64_t commit_ms = 0;  ///< when the feed row was committed
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts;
  std::uint64_t leaves() const;
  friend bool operator==(const LedgerSegment&, const LedgerSegment&) = default;
};

/// Where the entries of a shard are: under the last version that a segment has of it.
struct LedgerIndexRow {
  std::uint64_t leaf = 0;      ///< the segment's first
  std::int64_t commit_ms = 0;  ///< of that version
  friend bool operator==(const LedgerIndexRow&, const LedgerIndexRow&) = default;
};

/// A feed row in the tree.
struct LedgerFeedRow {
  Version version = 0;
  std::uint64_t first_leaf = 0;
  std::uint64_t leaves = 0;
};

/// Evidence that is counted while leaves are appended (design §6, Statement).
struct LedgerEvidence {
  std::uint64_t distinct_contents = 0;  ///< estimate, with the error of a ledger::Sketch
  std::uint64_t longest_run = 0;
  std::string longest_run_end;
  friend bool operator==(const LedgerEvidence&, const LedgerEvidence&) = default;
};

/// A closed month.
struct LedgerClosing {
  ledger::TreeHead start;
  ledger::TreeHead end;
  std::string checkpoint;  ///< signed note of `end`
  std::int64_t closed_ms = 0;
  LedgerEvidence evidence;
  std::vector<std::string> cosignatures;  ///< witnesses' signature lines, with their line ends
  friend bool operator==(const LedgerClosing&, const LedgerClosing&) = default;
};

/// Who sequences, where several nodes share a store. Each renewal changes the row.
struct LedgerLease {
  std::string holder;  ///< random; empty: given up
  std::uint64_t epoch = 0;
  std::int64_t until_ms = 0;  ///< by the holder's wall clock, for people; nobody relies on it
  friend bool operator==(const LedgerLease&, const LedgerLease&) = default;
};

/// Sketches of the open month, and how far they have seen the tree.
struct LedgerSketches {
  Month month;
  std::uint64_t leaves_end = 0;
  std::string contents;  ///< ledger::Sketch
  std::string runs;      ///< ledger::RunTracker
  friend bool operator==(const LedgerSketches&, const LedgerSketches&) = default;
};

/// Most cosignatures a closing keeps.
inline constexpr std::size_t kLedgerCosignaturesMax = 64;

// Codecs of the rows. Decoding errors: kFormatTooNew (another version), kCorruption.
std::string EncodeLedgerFacts(const LedgerFacts& facts);
Result<LedgerFacts> DecodeLedgerFacts(std::string_view bytes);
std::string EncodeLedgerState(const LedgerState& state);
Result<LedgerState> DecodeLedgerState(std::string_view bytes);
std::string EncodeLedgerSegment(const LedgerSegment& segment);
Result<LedgerSegment> DecodeLedgerSegment(std::string_view bytes);
std::string EncodeLedgerClosing(const LedgerClosing& closing);
Result<LedgerClosing> DecodeLedgerClosing(std::string_view bytes);
std::string EncodeLedgerLease(const LedgerLease& lease);
Result<LedgerLease> DecodeLedgerLease(std::string_view bytes);
std::string EncodeLedgerSketches(const LedgerSketches& sketches);
Result<LedgerSketches> DecodeLedgerSketches(std::string_view bytes);
std::string EncodeLedgerIndex(const LedgerIndexRow& row);
Result<LedgerIndexRow> DecodeLedgerIndex(std::string_view bytes);

/// Typed reads of the ledger's rows. Thread-safe. Errors of all: those of the engine and of the
/// codecs.
class LedgerStore {
 public:
  explicit LedgerStore(Engine& engine) : engine_(engine) {}

  /// The bytes of a row; nothing where it is not there.
  Result<std::optional<std::string>> Row(std::string_view key, Deadline deadline) const;
  Result<std::optional<LedgerFacts>> Facts(Deadline deadline) const;
  Result<std::optional<LedgerClosing>> Closing(Month month, Deadline deadline) const;
  /// Months with a closing, or with a final statement, oldest first.
  Result<std::vector<Month>> ClosedMonths(Deadline deadline) const;
  Result<std::vector<Month>> StatedMonths(Deadline deadline) const;

  /// The segments that hold the leaves [from, to), each with its first leaf. `from` < `to`, both
  /// within the tree. Errors: kCorruption (a hole).
  Result<std::vector<std::pair<std::uint64_t, LedgerSegment>>> Segments(std::uint64_t from,
                                                                        std::uint64_t to,
                                                                        Deadline deadline) const;
  /// The first leaf of the feed row `version` of `shard`; nothing where it is not in the tree: not
  /// integrated yet, or without first-ever registrations.
  Result<std::optional<std::uint64_t>> FirstLeafOf(ShardId shard, Version version,
                                                   Deadline deadline) const;
  /// The rows of a shard's feed that are in the tree and were committed at that time, in order.
  /// Reads small rows only, however long the log is. Errors: kUnavailable (more than
  /// kRowsAtMax).
  Result<std::vector<LedgerFeedRow>> RowsAt(ShardId shard, std::int64_t commit_ms,
                                            Deadline deadline) const;
  /// A clock moves between two commits of a shard, so there is hardly ever more than one.
  static constexpr std::size_t kRowsAtMax = 1024;
  /// Bytes of the full tile of a level from 1 on. Errors: kNotFound.
  Result<std::string> FullTile(unsigned level, std::uint64_t index, Deadline deadline) const;

 private:
  Result<std::vector<Month>> Months(const std::string& from, const std::string& to,
                                    Deadline deadline) const;
  Result<LedgerSegment> SegmentAt(std::uint64_t leaf, Deadline deadline) const;
  Result<Version> FirstIndexFrom(ShardId shard, std::int64_t commit_ms, Deadline deadline) const;

  Engine& engine_;
};

}  // namespace idnode::storage
