#include "node/service/ledger_reader.h"

#include <algorithm>
#include <utility>

#include "node/base/varint.h"
#include "node/ledger/signed_note.h"
#include "node/model/identifier.h"
#include "node/service/ledger_commit.h"
#include "node/service/ledger_resolved.h"
#include "node/service/ledger_statement.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::size_t kCosignedSizesMax = 64;
/// Statements may have many MiB.
constexpr std::size_t kFinalsMax = 2;
constexpr int kWriteTries = 8;
/// Identifiers of other homes may be longer than those registered here.
constexpr std::size_t kIdentifierBytesMax = 1024;

/// Who has signed, as a signature line says.
std::optional<std::pair<std::string, std::uint32_t>> SignerOf(const std::string& line) {
  const auto note = ledger::ParseNote("x\n\n" + line);
  if (!note.ok() || note->signatures.size() != 1) return std::nullopt;
  return std::pair(note->signatures[0].name, note->signatures[0].key_id);
}

Error NoSuchTile() { return Error(Errc::kNotFound, "the tree has no such tile"); }

Error NotInLedger() {
  return Error(Errc::kIdentifierNotFound, "the identifier is not in the ledger yet", "identifier");
}

}  // namespace

LedgerReader::LedgerReader(storage::Engine& engine, storage::Committer& committer,
                           LedgerSequencer& sequencer, const Clock& clock, const TimeZone& zone,
                           LedgerReaderOptions options)
    : engine_(engine),
      committer_(committer),
      sequencer_(sequencer),
      clock_(clock),
      zone_(zone),
      options_(std::move(options)),
      store_(engine) {}

Result<LedgerReader::PublishedRef> LedgerReader::Published() const {
  auto published = sequencer_.Published();
  if (published == nullptr) return Error(Errc::kUnavailable, "the ledger has not begun yet");
  return published;
}

std::string LedgerReader::WithCosignatures(const std::string& note, std::uint64_t size) const {
  std::string cosigned = note;
  std::lock_guard lock(mutex_);
  const auto lines = cosignatures_.find(size);
  if (lines == cosignatures_.end()) return cosigned;
  for (const auto& [signer, line] : lines->second) cosigned += line;
  return cosigned;
}

Result<std::string> LedgerReader::Checkpoint() const {
  const auto published = Published();
  if (!published.ok()) return published.error();
  const auto& state = (*published)->state;
  return WithCosignatures(state.checkpoint, state.tree.size);
}

Result<std::string> LedgerReader::ReadTile(const ledger::Tile& tile, Deadline deadline) const {
  const auto published = Published();
  if (!published.ok()) return published.error();
  return TileIn((*published)->state, tile, deadline);
}

// A tile of a tree that is published, or of one before: a narrower tile is the beginning.
Result<std::string> LedgerReader::TileIn(const storage::LedgerState& state,
                                         const ledger::Tile& tile, Deadline deadline) const {
  if (!ledger::IsTileInTree(tile, state.tree.size)) return NoSuchTile();
  if (tile.kind == ledger::TileKind::kEntries || tile.level == 0) return LeavesTile(tile, deadline);
  std::string bytes;
  if (ledger::TileWidthAt(tile.level, tile.index, state.tree.size) == ledger::kTileWidth) {
    auto full = store_.FullTile(tile.level, tile.index, deadline);
    if (full.code() == Errc::kNotFound) {
      return Error(Errc::kCorruption, "a tile of the ledger is missing");
    }
    if (!full.ok()) return full.error();
    bytes = *std::move(full);
  } else {
    const auto partial = ledger::PartialTilesOf(state.tree.size);
    for (std::size_t i = 0; i < partial.size(); ++i) {
      if (partial[i].level == tile.level && partial[i].index == tile.index) {
        bytes = state.partial_tiles[i];
      }
    }
  }
  if (bytes.size() < tile.width * sizeof(ledger::Hash)) {
    return Error(Errc::kCorruption, "a tile of the ledger is too short");
  }
  bytes.resize(tile.width * sizeof(ledger::Hash));
  return bytes;
}

// Entry bundles and their hashes are made out of the feed.
Result<std::string> LedgerReader::LeavesTile(const ledger::Tile& tile, Deadline deadline) const {
  const std::uint64_t from = tile.index * ledger::kTileWidth;
  std::string bytes;
  IDNODE_RETURN_IF_ERROR(sequencer_.entries().Visit(
      from, from + tile.width, deadline, [&](std::uint64_t, std::string_view leaf) {
        if (tile.kind == ledger::TileKind::kEntries) {
          ledger::AppendEntry(leaf, bytes);
        } else {
          const ledger::Hash hash = ledger::LeafHash(leaf);
          bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
        }
        return true;
      }));
  return bytes;
}

ledger::HashReader LedgerReader::HashesIn(const PublishedRef& published, Deadline deadline) const {
  return ledger::TileHashReader(
      published->state.tree.size,
      [this, published,
       deadline](std::span<const ledger::Tile> tiles) -> Result<std::vector<std::string>> {
        std::vector<std::string> bytes;
        for (const auto& tile : tiles) {
          auto read = TileIn(published->state, tile, deadline);
          if (!read.ok()) return read.error();
          bytes.push_back(*std::move(read));
        }
        return bytes;
      });
}

// The leaf of an identifier that was first registered at that time; nothing: not in the tree yet.
Result<std::optional<std::uint64_t>> LedgerReader::FindLeaf(storage::ShardId shard,
                                                            std::string_view folded,
                                                            std::int64_t commit_ms,
                                                            Deadline deadline) const {
  const std::optional<std::uint64_t> none;
  const auto rows = store_.RowsAt(shard, commit_ms, deadline);
  if (!rows.ok()) return rows.error();
  std::string entry_folded;
  for (const auto& row : *rows) {
    const auto bytes = engine_.Get(shard, storage::FeedKey(row.version), deadline);
    if (bytes.code() == Errc::kNotFound) {
      return Error(Errc::kCorruption, "a feed row that holds entries of the ledger is missing");
    }
    if (!bytes.ok()) return bytes.error();
    storage::FeedRowReader reader;
    IDNODE_RETURN_IF_ERROR(reader.Open(*bytes));
    std::uint64_t leaf = row.first_leaf;
    for (storage::FeedEntry entry; reader.NextEntry(entry);) {
      if (entry.change != ChangeKind::kRegistered) continue;
      entry_folded.clear();
      AppendAsciiFolded(entry_folded, entry.identifier);
      if (entry_folded == folded) return std::optional(leaf);
      ++leaf;
    }
    if (reader.damaged()) return Error(Errc::kCorruption, "a feed row is damaged");
    if (clock_.Monotonic() >= deadline) {
      return Error(Errc::kDeadlineExceeded, "the entry was not found in time");
    }
  }
  return none;
}

Result<InclusionProofReport> LedgerReader::ProveInclusion(std::string_view identifier,
                                                          Deadline deadline) const {
  const auto published = Published();
  if (!published.ok()) return published.error();
  const auto parsed = ParseIdentifier(identifier, kIdentifierBytesMax);
  if (!parsed.ok()) return parsed.error();
  const std::string folded = FoldIdentifier(identifier);
  const auto shard = storage::ShardOf(std::string_view(folded).substr(0, parsed->prefix.size()),
                                      engine_.ShardCount());
  const auto bytes = engine_.Get(shard, storage::RecordKey(folded), deadline);
  if (bytes.code() == Errc::kNotFound) {
    return Error(Errc::kIdentifierNotFound, "the identifier was never registered", "identifier");
  }
  if (!bytes.ok()) return bytes.error();
  const auto record = DecodeRecord(*bytes);
  if (!record.ok()) return record.error();
  const auto leaf = FindLeaf(shard, folded, record->first_registered_ms, deadline);
  if (!leaf.ok()) return leaf.error();
  const std::uint64_t size = (*published)->state.tree.size;
  if (!leaf->has_value() || **leaf >= size) return NotInLedger();

  InclusionProofReport report;
  report.leaf_index = **leaf;
  report.tree_size = size;
  report.checkpoint = WithCosignatures((*published)->state.checkpoint, size);
  IDNODE_RETURN_IF_ERROR(
      sequencer_.entries().Visit(report.leaf_index, report.leaf_index + 1, deadline,
                                 [&](std::uint64_t, std::string_view bytes_of_leaf) {
                                   report.leaf = bytes_of_leaf;
                                   return true;
                                 }));
  report.leaf_hash = ledger::LeafHash(report.leaf);
  auto hashes = ledger::InclusionProof(report.leaf_index, size, HashesIn(*published, deadline));
  if (!hashes.ok()) return hashes.error();
  report.hashes = *std::move(hashes);
  return report;
}

Result<ConsistencyProofReport> LedgerReader::ProveConsistency(std::uint64_t from, std::uint64_t to,
                                                              Deadline deadline) const {
  const auto published = Published();
  if (!published.ok()) return published.error();
  const std::uint64_t size = (*published)->state.tree.size;
  if (to == 0) to = size;
  if (to > size) {
    return Error(Errc::kInvalidRequest, "the tree has " + std::to_string(size) + " leaves", "to");
  }
  if (from > to) {
    return Error(Errc::kInvalidRequest, "give a tree that is not larger than the other", "from");
  }
  ConsistencyProofReport report;
  report.from = from;
  report.to = to;
  auto hashes = ledger::ConsistencyProof(from, to, HashesIn(*published, deadline));
  if (!hashes.ok()) return hashes.error();
  report.hashes = *std::move(hashes);
  auto checkpoint = CheckpointOf(to, *published, deadline);
  if (!checkpoint.ok()) return checkpoint.error();
  report.checkpoint = *std::move(checkpoint);
  return report;
}

// The newest checkpoint or a closing one; empty for another size.
Result<std::string> LedgerReader::CheckpointOf(std::uint64_t size, const PublishedRef& published,
                                               Deadline deadline) const {
  if (size == published->state.tree.size) {
    return WithCosignatures(published->state.checkpoint, size);
  }
  const auto months = store_.ClosedMonths(deadline);
  if (!months.ok()) return months.error();
  for (auto month = months->rbegin(); month != months->rend(); ++month) {
    const auto closing = store_.Closing(*month, deadline);
    if (!closing.ok()) return closing.error();
    if (!closing->has_value() || (*closing)->end.size > size) continue;
    if ((*closing)->end.size < size) break;
    std::string note = (*closing)->checkpoint;
    for (const auto& line : (*closing)->cosignatures) note += line;
    return note;
  }
  return std::string();
}

Result<StatementReport> LedgerReader::Statement(Month month, Deadline deadline) const {
  const auto published = Published();
  if (!published.ok()) return published.error();
  const auto& state = (*published)->state;
  if (month < state.first_month || month > state.month) {
    return Error(
        Errc::kNotFound,
        "the ledger has the months " + state.first_month.Text() + " to " + state.month.Text(),
        "month");
  }
  if (month == state.month) {
    const auto made = Provisional(*published, deadline);
    if (!made.ok()) return made.error();
    return StatementReport(**made);
  }
  const auto closing = store_.Closing(month, deadline);
  if (!closing.ok()) return closing.error();
  const auto made = Final(month, deadline);
  if (!made.ok()) return made.error();
  if (*made == nullptr || !closing->has_value()) {
    return Error(Errc::kUnavailable,
                 "the final statement of " + month.Text() + " is not there yet");
  }
  StatementReport report = **made;
  report.checkpoint = (*closing)->checkpoint;
  for (const auto& line : (*closing)->cosignatures) report.checkpoint += line;
  return report;
}

// A final statement, without its checkpoint; nullptr where there is none yet.
Result<LedgerReader::StatementRef> LedgerReader::Final(Month month, Deadline deadline) const {
  {
    std::lock_guard lock(mutex_);
    const auto known = finals_.find(month);
    if (known != finals_.end()) return known->second;
  }
  auto note = store_.Row(storage::LedgerStatementKey(month), deadline);
  if (!note.ok()) return note.error();
  if (!note->has_value()) return StatementRef();
  const auto parsed = ledger::ParseNote(**note, ledger::kStatementNoteBytesMax);
  if (!parsed.ok()) return Error(Errc::kCorruption, parsed.error().detail);
  auto statement = ledger::ParseStatement(parsed->text);
  if (!statement.ok()) return Error(Errc::kCorruption, statement.error().detail);
  auto report = std::make_shared<StatementReport>();
  report->note = **std::move(note);
  report->read = *std::move(statement);
  std::lock_guard lock(mutex_);
  if (finals_.size() >= kFinalsMax) finals_.erase(finals_.begin());
  return finals_.insert_or_assign(month, std::move(report)).first->second;
}

// The last one made of the open month, where it is young enough; else nullptr.
LedgerReader::StatementRef LedgerReader::FreshProvisional(const PublishedRef& published) const {
  std::lock_guard lock(mutex_);
  if (!provisional_ || clock_.Monotonic() - provisional_->first >= options_.provisional_age_max ||
      provisional_->second->read.month != published->state.month) {
    return nullptr;
  }
  return provisional_->second;
}

// One makes it, since that takes the month's counters; those who come meanwhile wait for it.
Result<LedgerReader::StatementRef> LedgerReader::Provisional(const PublishedRef& published,
                                                             Deadline deadline) const {
  if (auto fresh = FreshProvisional(published); fresh != nullptr) return fresh;
  {
    std::unique_lock lock(making_mutex_);
    if (!made_.wait_until(lock, deadline, [this] { return !making_; })) {
      return Error(Errc::kDeadlineExceeded, "the provisional statement was not made in time");
    }
    making_ = true;
  }
  auto made = FreshOrMade(published, deadline);
  {
    std::lock_guard lock(making_mutex_);
    making_ = false;
  }
  made_.notify_one();
  return made;
}

Result<LedgerReader::StatementRef> LedgerReader::FreshOrMade(const PublishedRef& published,
                                                             Deadline deadline) const {
  if (auto fresh = FreshProvisional(published); fresh != nullptr) return fresh;
  const auto began = clock_.Monotonic();
  auto made = MakeProvisional(published, deadline);
  if (!made.ok()) return made;
  std::lock_guard lock(mutex_);
  provisional_.emplace(began, *made);
  return made;
}

Result<LedgerReader::StatementRef> LedgerReader::MakeProvisional(const PublishedRef& published,
                                                                 Deadline deadline) const {
  const auto& state = published->state;
  auto counters = CountersAt(engine_, state.month, state.cursors, deadline);
  if (!counters.ok()) return counters.error();
  const auto resolved = ResolvedIn(store_, state.month, deadline);
  if (!resolved.ok()) return resolved.error();
  StatementParts parts;
  parts.origin = Origin();
  parts.month = state.month;
  parts.time_zone = zone_.name();
  parts.status = ledger::StatementStatus::kProvisional;
  parts.tree_start = state.month_start;
  parts.tree_end = state.tree;
  parts.counters = *std::move(counters);
  if (published->evidence_known) parts.evidence = published->evidence;
  parts.resolved = *resolved;
  parts.target = sequencer_.options().target;
  parts.generated_at_ms = clock_.WallMs();
  if (state.stated) parts.previous = state.stated->second;
  auto made = SignStatement(parts, sequencer_.keys().signers);
  if (!made.ok()) return Prefix("a provisional statement", made.error());
  auto report = std::make_shared<StatementReport>();
  report->note = std::move(made->note);
  report->read = std::move(made->statement);
  report->checkpoint = WithCosignatures(state.checkpoint, state.tree.size);
  return StatementRef(std::move(report));
}

Result<std::vector<Month>> LedgerReader::ClosedMonths(Deadline deadline) const {
  return store_.StatedMonths(deadline);
}

Result<void> LedgerReader::AddCosignature(std::string_view note, Deadline deadline) {
  // Our own signature on it tells that it is ours, however old.
  const std::vector<ledger::Verifier> own = {sequencer_.keys().ed25519()};
  const auto opened = ledger::OpenCheckpoint(note, own, Origin());
  if (opened.code() == Errc::kInvalidRequest) return opened.error();
  if (!opened.ok()) {
    return Error(Errc::kNotFound, "this is not a checkpoint of " + Origin());
  }
  if (options_.witnesses.empty()) {
    return Error(Errc::kUnauthenticated, "this node knows no witnesses");
  }
  const auto cosigned = ledger::OpenNote(note, options_.witnesses);
  if (!cosigned.ok()) {
    return Error(Errc::kUnauthenticated, "no known witness has signed: " + cosigned.error().detail);
  }
  const ledger::TreeHead& tree = opened->checkpoint.tree;
  for (const auto& verified : cosigned->verified) {
    const ledger::NoteSignature& signature = cosigned->note.signatures[verified.signature];
    const SignerId signer(signature.name, signature.key_id);
    const std::string line = ledger::FormatSignatureLine(signature);
    const bool in_memory = KeepInMemory(tree.size, signer, line);
    const auto in_closings = KeepInClosings(tree, signer, line, deadline);
    if (!in_closings.ok()) return in_closings.error();
    if (!in_memory && !*in_closings) {
      return Error(Errc::kNotFound,
                   "the checkpoint is no recent one, or has as many cosignatures as are kept");
    }
  }
  return {};
}

// Of a signer the newest counts: it says that the witness is there still.
bool LedgerReader::KeepInMemory(std::uint64_t size, const SignerId& signer,
                                const std::string& line) {
  std::lock_guard lock(mutex_);
  auto& lines = cosignatures_[size];
  if (!lines.contains(signer) && lines.size() >= storage::kLedgerCosignaturesMax) return false;
  lines[signer] = line;
  if (cosignatures_.size() > kCosignedSizesMax) cosignatures_.erase(cosignatures_.begin());
  return cosignatures_.contains(size);
}

// Of a signer the earliest counts: it says since when the month's end is fixed. Months without
// leaves end at the same size, so it may be several. False: it is in none.
Result<bool> LedgerReader::KeepInClosings(const ledger::TreeHead& tree, const SignerId& signer,
                                          const std::string& line, Deadline deadline) {
  bool kept = false;
  const auto months = store_.ClosedMonths(deadline);
  if (!months.ok()) return months.error();
  for (auto month = months->rbegin(); month != months->rend(); ++month) {
    for (int tries = 0;; ++tries) {
      auto row = store_.Row(storage::LedgerClosingKey(*month), deadline);
      if (!row.ok()) return row.error();
      if (!row->has_value()) break;
      auto closing = storage::DecodeLedgerClosing(**row);
      if (!closing.ok()) return closing.error();
      if (closing->end.size < tree.size) return kept;
      if (!(closing->end == tree)) break;
      auto& lines = closing->cosignatures;
      if (std::any_of(lines.begin(), lines.end(),
                      [&](const auto& each) { return SignerOf(each) == signer; })) {
        kept = true;
        break;
      }
      if (lines.size() >= storage::kLedgerCosignaturesMax) break;
      lines.push_back(line);
      LedgerWrite write;
      const std::string key = storage::LedgerClosingKey(*month);
      write.puts.emplace_back(key, storage::EncodeLedgerClosing(*closing));
      write.expected.emplace_back(key, *std::move(row));
      const auto written = WriteLedger(committer_, std::move(write), deadline);
      if (!written.ok()) return written.error();
      if (*written) {
        kept = true;
        break;
      }
      if (tries >= kWriteTries) {
        return Error(Errc::kUnavailable, "others keep changing the closing row");
      }
    }
  }
  return kept;
}

}  // namespace idnode::service
