#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "node/base/check.h"
#include "node/ledger/leaf.h"
#include "node/ledger/signed_note.h"
#include "node/model/identifier.h"
#include "node/service/ledger_service.h"

namespace idnode::frontend::testing {

/// A ledger in memory: a tree computed anew for each question, statements as the test sets them.
/// Thread-safe but for its settings.
class FakeLedger : public service::LedgerService {
 public:
  static constexpr const char* kOrigin = "idnode.example/88.108";

  explicit FakeLedger(bool sm2 = true) {
    signers_.push_back(Must(ledger::Signer::Generate(ledger::SignatureType::kEd25519, kOrigin)));
    if (sm2) {
      signers_.push_back(Must(ledger::Signer::Generate(ledger::SignatureType::kSm2Sm3, kOrigin)));
    }
  }

  /// Appends the leaf of an identifier; gives its index.
  std::uint64_t Add(std::string_view identifier, const Digest& content) {
    ledger::Leaf leaf;
    leaf.identifier = identifier;
    leaf.commit_ms = 1'795'312'800'123;
    leaf.content = content;
    leaf.record_class = "product";
    std::string bytes;
    IDNODE_CHECK(ledger::AppendLeaf(leaf, bytes).ok());
    std::lock_guard lock(mutex_);
    leaves_.push_back(bytes);
    index_[FoldIdentifier(identifier)] = leaves_.size() - 1;
    return leaves_.size() - 1;
  }

  void SetStatement(ledger::Statement statement) {
    const std::string text = Must(ledger::FormatStatement(statement));
    service::StatementReport report;
    report.note = ledger::FormatNote(Must(ledger::SignText(text, signers_)));
    report.read = Must(ledger::ParseStatement(text));
    report.checkpoint = SignedCheckpoint(statement.tree_end);
    std::lock_guard lock(mutex_);
    statements_[statement.month] = report;
  }

  std::vector<ledger::Verifier> Verifiers() const {
    std::vector<ledger::Verifier> verifiers;
    for (const auto& signer : signers_) verifiers.push_back(signer.verifier());
    return verifiers;
  }
  ledger::TreeHead Head(std::uint64_t size) const { return {size, RootOf(size)}; }
  std::uint64_t size() const {
    std::lock_guard lock(mutex_);
    return leaves_.size();
  }
  std::vector<std::string> cosignatures() const {
    std::lock_guard lock(mutex_);
    return cosignatures_;
  }
  /// What whoever waits for a commit is told: where its first leaf is. Before the first wait.
  void SetReceipt(service::LedgerReceipt receipt) { receipt_ = receipt; }
  /// What every method that can fails with from now on.
  void FailWith(Error error) {
    std::lock_guard lock(mutex_);
    failure_ = std::move(error);
  }

  const std::string& Origin() const override { return origin_; }
  std::string VerifierKey() const override { return signers_[0].verifier().Vkey(); }
  std::string VerifierKeySm2() const override {
    return signers_.size() > 1 ? signers_[1].verifier().Vkey() : std::string();
  }

  Result<std::string> Checkpoint() const override {
    if (auto failure = Failure()) return *failure;
    return SignedCheckpoint(Head(size()));
  }

  Result<std::string> ReadTile(const ledger::Tile& tile, Deadline) const override {
    if (auto failure = Failure()) return *failure;
    if (!ledger::IsTileInTree(tile, size())) return Error(Errc::kNotFound, "not in the tree");
    std::string bytes;
    const std::uint64_t first = tile.index * ledger::kTileWidth;
    if (tile.kind == ledger::TileKind::kEntries) {
      std::lock_guard lock(mutex_);
      for (unsigned i = 0; i < tile.width; ++i) ledger::AppendEntry(leaves_[first + i], bytes);
      return bytes;
    }
    for (unsigned i = 0; i < tile.width; ++i) {
      const ledger::Hash hash = NodeAt({tile.level * ledger::kTileHeight, first + i});
      bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    }
    return bytes;
  }

  Result<service::InclusionProofReport> ProveInclusion(std::string_view identifier,
                                                       Deadline) const override {
    if (auto failure = Failure()) return *failure;
    service::InclusionProofReport report;
    {
      std::lock_guard lock(mutex_);
      const auto found = index_.find(FoldIdentifier(identifier));
      if (found == index_.end()) return Error(Errc::kIdentifierNotFound, "it is not in the log");
      report.leaf_index = found->second;
      report.leaf = leaves_[found->second];
    }
    report.tree_size = size();
    report.leaf_hash = ledger::LeafHash(report.leaf);
    report.hashes = Must(ledger::InclusionProof(report.leaf_index, report.tree_size, Reader()));
    report.checkpoint = SignedCheckpoint(Head(report.tree_size));
    return report;
  }

  Result<service::ConsistencyProofReport> ProveConsistency(std::uint64_t from, std::uint64_t to,
                                                           Deadline) const override {
    if (auto failure = Failure()) return *failure;
    service::ConsistencyProofReport report;
    report.from = from;
    report.to = to == 0 ? size() : to;
    if (from > report.to || report.to > size()) {
      return Error(Errc::kInvalidRequest, "not sizes of this tree, smaller first", "to");
    }
    report.hashes = Must(ledger::ConsistencyProof(from, report.to, Reader()));
    if (report.to == size()) report.checkpoint = SignedCheckpoint(Head(report.to));
    return report;
  }

  Result<service::StatementReport> Statement(Month month, Deadline) const override {
    if (auto failure = Failure()) return *failure;
    std::lock_guard lock(mutex_);
    const auto found = statements_.find(month);
    if (found == statements_.end()) return Error(Errc::kNotFound, "no statement of this month");
    return found->second;
  }

  Result<std::vector<Month>> ClosedMonths(Deadline) const override {
    if (auto failure = Failure()) return *failure;
    std::lock_guard lock(mutex_);
    std::vector<Month> months;
    for (const auto& [month, report] : statements_) {
      if (report.read.status == ledger::StatementStatus::kFinal) months.push_back(month);
    }
    return months;
  }

  Result<void> AddCosignature(std::string_view note, Deadline) override {
    if (auto failure = Failure()) return *failure;
    const auto parsed = ledger::ParseNote(note);
    if (!parsed.ok()) return parsed.error();
    std::lock_guard lock(mutex_);
    cosignatures_.emplace_back(note);
    return {};
  }

  void AwaitIntegrated(storage::ShardId, storage::Version, Deadline, ReceiptFn done) override {
    if (receipt_.has_value()) return done(*receipt_);
    done(Error(Errc::kDeadlineExceeded, "this ledger integrates nothing by itself"));
  }

 private:
  template <typename T>
  static T Must(Result<T> result) {
    IDNODE_CHECK(result.ok());
    return *std::move(result);
  }

  std::optional<Error> Failure() const {
    std::lock_guard lock(mutex_);
    return failure_;
  }
  ledger::Hash NodeAt(const ledger::NodeId& node) const {
    if (node.level > 0) {
      return ledger::NodeHash(NodeAt({node.level - 1, node.index * 2}),
                              NodeAt({node.level - 1, node.index * 2 + 1}));
    }
    std::lock_guard lock(mutex_);
    return ledger::LeafHash(leaves_[node.index]);
  }
  ledger::HashReader Reader() const {
    return [this](std::span<const ledger::NodeId> nodes) -> Result<std::vector<ledger::Hash>> {
      std::vector<ledger::Hash> hashes;
      for (const auto& node : nodes) hashes.push_back(NodeAt(node));
      return hashes;
    };
  }
  ledger::Hash RootOf(std::uint64_t size) const { return Must(ledger::RootHash(size, Reader())); }
  std::string SignedCheckpoint(const ledger::TreeHead& head) const {
    return ledger::FormatNote(
        Must(ledger::SignText(ledger::FormatCheckpoint({origin_, head, {}}), signers_)));
  }

  const std::string origin_ = kOrigin;
  std::vector<ledger::Signer> signers_;
  mutable std::mutex mutex_;
  std::vector<std::string> leaves_;
  std::map<std::string, std::uint64_t> index_;
  std::map<Month, service::StatementReport> statements_;
  std::vector<std::string> cosignatures_;
  std::optional<Error> failure_;
  std::optional<service::LedgerReceipt> receipt_;
};

/// A statement of `month` over the trees of `ledger` with `from` and all its leaves.
inline ledger::Statement StatementOf(const FakeLedger& kept, Month month, std::uint64_t from,
                                     ledger::StatementStatus status) {
  ledger::Statement statement;
  statement.origin = FakeLedger::kOrigin;
  statement.month = month;
  statement.time_zone = "Asia/Shanghai";
  statement.status = status;
  statement.tree_start = kept.Head(from);
  statement.tree_end = kept.Head(kept.size());
  statement.figures.first_ever = static_cast<std::int64_t>(kept.size() - from);
  statement.figures.registrations = statement.figures.first_ever + 1;
  statement.figures.re_registrations = 1;
  statement.figures.deletions = 2;
  statement.rows = {{ledger::Breakdown::kDay, month.Text() + "-22", statement.figures},
                    {ledger::Breakdown::kApplication, "", statement.figures}};
  statement.target = 15'000'000;
  statement.evidence = {{"share-never-resolved", "0.6667 ± 0.0082"}};
  statement.generated_at_ms = 1'795'312'800'123;
  return statement;
}

}  // namespace idnode::frontend::testing
