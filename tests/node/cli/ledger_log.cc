#include "tests/node/cli/ledger_log.h"

#include <algorithm>
#include <map>

#include "node/base/check.h"
#include "node/base/text.h"
#include "node/cli/ledger/file_util.h"
#include "node/cli/ledger/source.h"
#include "node/ledger/leaf.h"
#include "node/ledger/merkle_tree.h"
#include "node/ledger/signed_note.h"
#include "node/ledger/tile.h"
#include "node/ledger/tree_hasher.h"
#include "node/model/identifier.h"

namespace idnode::cli {
namespace {

using ledger::Breakdown;
using ledger::SignatureType;
using ledger::Signer;
using ledger::Tile;
using ledger::TileKind;

void Put(const std::string& folder, const std::string& path, const std::string& bytes) {
  IDNODE_CHECK(
      StoreFile(DirectorySource::FileOf(folder, path), bytes, 0644, Durability::kProcess).ok());
}

}  // namespace

TestLog::TestLog(const std::string& origin)
    : origin_(origin),
      signer_(Signer::Generate(SignatureType::kEd25519, origin).value()),
      sm2_(Signer::Generate(SignatureType::kSm2Sm3, origin).value()),
      zone_(TimeZone::Load("Asia/Shanghai").value()) {}

void TestLog::AddMonth(Month month, std::uint64_t leaves, const std::string& stem) {
  const std::int64_t start = zone_.StartMs(month);
  const std::int64_t length = zone_.StartMs(Month{month.number + 1}) - start;
  for (std::uint64_t i = 0; i < leaves; ++i) {
    // Both ends of the month are in it: its first instant and its last millisecond.
    const auto step = static_cast<std::int64_t>(i);
    const auto last = static_cast<std::int64_t>(leaves) - 1;
    const std::int64_t at = last == 0 ? start : start + (length - 1) / last * step;
    Add({"88.108." + std::to_string(1001 + i % 3) + "/" + stem + std::to_string(leaves_.size()),
         i + 1 == leaves && last > 0 ? start + length - 1 : at, i % 2 == 0 ? "erp" : ""});
  }
}

std::string TestLog::Bytes(std::uint64_t leaf) const {
  const TestLeaf& test = leaves_[leaf];
  ledger::Leaf row;
  row.identifier = test.identifier;
  row.commit_ms = test.commit_ms;
  row.content = Sha256(test.identifier);
  row.application = test.application;
  row.record_class = test.record_class;
  std::string bytes;
  IDNODE_CHECK(ledger::AppendLeaf(row, bytes).ok());
  return bytes;
}

ledger::TreeHead TestLog::Head(std::uint64_t size) const {
  ledger::TreeHasher hasher;
  for (std::uint64_t i = 0; i < size; ++i) hasher.Append(ledger::LeafHash(Bytes(i)));
  return {size, hasher.Root()};
}

std::string TestLog::SignedHead(std::uint64_t size) const {
  const std::string text = ledger::FormatCheckpoint({origin_, Head(size), {}});
  const Signer signers[] = {signer_, sm2_};
  return ledger::FormatNote(ledger::SignText(text, signers).value());
}

std::string TestLog::SignStatement(const ledger::Statement& statement) const {
  const Signer signers[] = {signer_, sm2_};
  return ledger::FormatNote(
      ledger::SignText(ledger::FormatStatement(statement).value(), signers).value());
}

void TestLog::Close(Month month, ledger::StatementStatus status,
                    const std::function<void(ledger::Statement&)>& change) {
  ledger::Statement statement;
  statement.origin = origin_;
  statement.month = month;
  statement.time_zone = "Asia/Shanghai";
  statement.status = status;
  statement.tree_start = {0, ledger::EmptyRoot()};
  if (!closed_.empty()) {
    statement.tree_start = closed_.back().statement.tree_end;
    statement.previous =
        ledger::StatementDigest(ledger::FormatStatement(closed_.back().statement).value());
  }
  statement.tree_end = Head(size());
  std::map<std::pair<Breakdown, std::string>, std::int64_t> rows;
  for (std::uint64_t i = statement.tree_start.size; i < size(); ++i) {
    const TestLeaf& leaf = leaves_[i];
    const std::string prefix = leaf.identifier.substr(0, leaf.identifier.find('/'));
    ++rows[{Breakdown::kDay, zone_.DayOf(leaf.commit_ms).Text()}];
    ++rows[{Breakdown::kSecondaryPrefix, std::string(SecondaryPrefixOf(prefix))}];
    ++rows[{Breakdown::kEnterprisePrefix, prefix}];
    ++rows[{Breakdown::kApplication, leaf.application}];
    ++rows[{Breakdown::kObjectClass, leaf.record_class}];
  }
  const auto first_ever =
      static_cast<std::int64_t>(statement.tree_end.size - statement.tree_start.size);
  statement.figures = {first_ever, first_ever, 0, 0, 0};
  for (const auto& [key, count] : rows) {
    statement.rows.push_back({key.first, key.second, {count, count, 0, 0, 0}});
  }
  statement.target = 15'000'000;
  statement.target_met = first_ever >= statement.target;
  statement.generated_at_ms = zone_.StartMs(Month{month.number + 1}) + 100;
  if (change) change(statement);
  closed_.push_back({month, statement, SignStatement(statement)});
}

ledger::Statement TestLog::StatementOf(Month month) const {
  for (const Closed& closed : closed_) {
    if (closed.month == month) return closed.statement;
  }
  return {};
}

std::string TestLog::StatementNote(Month month) const {
  for (const Closed& closed : closed_) {
    if (closed.month == month) return closed.note;
  }
  return {};
}

void TestLog::Write(const std::string& folder) const {
  Put(folder, "vkey", signer_.verifier().Vkey() + "\n");
  Put(folder, "vkey-sm2", sm2_.verifier().Vkey() + "\n");
  Put(folder, "checkpoint", SignedHead(size()));
  ledger::TreeHasher hasher;
  std::vector<std::uint64_t> edges{size()};
  for (const Closed& closed : closed_) {
    Put(folder, "statement/" + closed.month.Text(), closed.note);
    Put(folder, "statement/" + closed.month.Text() + "/checkpoint",
        SignedHead(closed.statement.tree_end.size));
    edges.push_back(closed.statement.tree_end.size);
  }
  std::string bundle;
  for (std::uint64_t i = 0; i <= size(); ++i) {
    const auto width = static_cast<unsigned>(i % ledger::kTileWidth);
    for (const ledger::FullTile& full : hasher.TakeFullTiles()) {
      Put(folder, ledger::TilePath(full.tile), full.bytes);
      if (full.tile.level == 0) {
        Put(folder, ledger::TilePath({TileKind::kEntries, 0, full.tile.index}), bundle);
        bundle.clear();
      }
    }
    if (std::count(edges.begin(), edges.end(), i) > 0) {
      for (const Tile& tile : ledger::PartialTilesOf(i)) {
        Put(folder, ledger::TilePath(tile), std::string(hasher.PartialTile(tile.level)));
      }
      if (width > 0) {
        Put(folder, ledger::TilePath({TileKind::kEntries, 0, i / ledger::kTileWidth, width}),
            bundle);
      }
    }
    if (i == size()) break;
    const std::string bytes = Bytes(i);
    hasher.Append(ledger::LeafHash(bytes));
    ledger::AppendEntry(bytes, bundle);
  }
}

void ReplaceEntry(const std::string& folder, std::uint64_t leaf, std::uint64_t size,
                  const std::function<void(std::vector<std::string>&, std::size_t)>& change) {
  const std::uint64_t index = leaf / ledger::kTileWidth;
  const unsigned width = ledger::TileWidthAt(0, index, size);
  const std::string path = ledger::TilePath({TileKind::kEntries, 0, index, width});
  const std::string bytes = LoadFile(folder + "/" + path, 1 << 24).value();
  const auto views = ledger::ParseEntryBundle(bytes, width);
  std::vector<std::string> entries(views->begin(), views->end());
  change(entries, leaf % ledger::kTileWidth);
  std::string bundle;
  for (const std::string& entry : entries) ledger::AppendEntry(entry, bundle);
  Put(folder, path, bundle);
}

}  // namespace idnode::cli
