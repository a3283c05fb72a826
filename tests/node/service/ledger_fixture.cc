#include "tests/node/service/ledger_fixture.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include <gtest/gtest.h>

#include "node/ledger/leaf.h"
#include "node/ledger/statement.h"
#include "node/model/identifier.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr int kStepsMax = 500;

std::string Bytes(const ledger::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::vector<ledger::Verifier> OwnVerifiers() {
  std::vector<ledger::Verifier> verifiers;
  for (const auto& signer : TestKeys().signers) verifiers.push_back(signer.verifier());
  return verifiers;
}

ledger::Checkpoint Opened(const std::string& note) {
  const auto opened = ledger::OpenCheckpoint(note, OwnVerifiers(), kTestOrigin);
  EXPECT_TRUE(opened.ok()) << opened.error().detail;
  if (!opened.ok()) return {};
  EXPECT_EQ(opened->opened.verified.size(), 2u) << "Ed25519 and SM2";
  return opened->checkpoint;
}

void ExpectTilesAreTrue(const LedgerNode& node, const std::vector<std::string>& leaves) {
  for (unsigned level = 0; level < ledger::kTileLevels; ++level) {
    const std::uint64_t span = std::uint64_t{1} << (level * ledger::kTileHeight);
    const std::uint64_t hashes = leaves.size() / span;
    if (hashes == 0) break;
    for (std::uint64_t index = 0; index * ledger::kTileWidth < hashes; ++index) {
      const auto width = static_cast<unsigned>(
          std::min<std::uint64_t>(ledger::kTileWidth, hashes - index * ledger::kTileWidth));
      std::string expected;
      for (unsigned i = 0; i < width; ++i) {
        const std::uint64_t from = (index * ledger::kTileWidth + i) * span;
        expected += Bytes(NaiveRoot(leaves, from, from + span));
      }
      for (const unsigned asked : {width, (width + 1) / 2, 1U}) {
        const auto bytes = node.reader->ReadTile({ledger::TileKind::kHashes, level, index, asked},
                                                 node.node.Soon());
        ASSERT_TRUE(bytes.ok()) << level << "/" << index << ": " << bytes.error().detail;
        EXPECT_EQ(*bytes, expected.substr(0, asked * sizeof(ledger::Hash)))
            << level << "/" << index << "." << asked;
      }
      if (width < ledger::kTileWidth) {
        EXPECT_EQ(
            node.reader
                ->ReadTile({ledger::TileKind::kHashes, level, index, width + 1}, node.node.Soon())
                .code(),
            Errc::kNotFound);
      }
    }
  }
}

void ExpectProofsAreTrue(const LedgerNode& node, const std::vector<std::string>& leaves) {
  const ledger::Hash root = NaiveRoot(leaves, 0, leaves.size());
  for (std::uint64_t index = 0; index < leaves.size(); index += 1 + leaves.size() / 7) {
    const auto leaf = ledger::ParseLeaf(leaves[index]);
    ASSERT_TRUE(leaf.ok());
    const auto proof = node.reader->ProveInclusion(leaf->identifier, node.node.Soon());
    ASSERT_TRUE(proof.ok()) << leaf->identifier << ": " << proof.error().detail;
    EXPECT_EQ(proof->leaf_index, index);
    EXPECT_EQ(proof->leaf, leaves[index]);
    EXPECT_EQ(proof->tree_size, leaves.size());
    EXPECT_TRUE(ledger::VerifyInclusion(ledger::LeafHash(leaves[index]), index, leaves.size(),
                                        proof->hashes, root)
                    .ok());
  }
  for (std::uint64_t from = 0; from <= leaves.size(); from += 1 + leaves.size() / 5) {
    const auto proof = node.reader->ProveConsistency(from, 0, node.node.Soon());
    ASSERT_TRUE(proof.ok()) << proof.error().detail;
    EXPECT_TRUE(ledger::VerifyConsistency(from, NaiveRoot(leaves, 0, from), leaves.size(), root,
                                          proof->hashes)
                    .ok());
  }
}

}  // namespace

const LedgerKeys& TestKeys() {
  static const LedgerKeys keys = [] {
    LedgerKeys made;
    made.origin = kTestOrigin;
    made.signers.push_back(*ledger::Signer::Generate(ledger::SignatureType::kEd25519, kTestOrigin));
    made.signers.push_back(*ledger::Signer::Generate(ledger::SignatureType::kSm2Sm3, kTestOrigin));
    return made;
  }();
  return keys;
}

std::string Id(std::uint64_t prefix, std::uint64_t number) {
  return "88.108." + std::to_string(prefix) + "/SN" + std::to_string(number);
}

std::vector<std::string> Ids(std::uint64_t prefix, std::uint64_t from, std::uint64_t count) {
  std::vector<std::string> ids;
  for (std::uint64_t i = 0; i < count; ++i) ids.push_back(Id(prefix, from + i));
  return ids;
}

TestNodeOptions Over(std::unique_ptr<storage::Engine> engine) {
  TestNodeOptions options;
  options.given_engine = std::move(engine);
  return options;
}

std::unique_ptr<storage::Engine> MemoryEngine(storage::ShardId shards) {
  storage::EngineOptions options;
  options.engine = "memory";
  options.shards = shards;
  return *storage::OpenEngine(options);
}

LedgerNode::LedgerNode(TestNodeOptions node_options, LedgerOptions options,
                       LedgerReaderOptions reader_options)
    : node(std::move(node_options)),
      options_([&] {
        options.trusted_time = [this] { return node.clock_guard->TrustedMs(); };
        return std::move(options);
      }()),
      reader_options_([&] {
        reader_options.provisional_age_max = std::chrono::milliseconds(0);
        return std::move(reader_options);
      }()) {
  Restart();
}

LedgerNode::~LedgerNode() {
  node.registration->SetLedger(nullptr);
  if (sequencer != nullptr) sequencer->Stop();
}

void LedgerNode::Restart() {
  node.registration->SetLedger(nullptr);
  reader.reset();
  sequencer.reset();
  sequencer = std::make_unique<LedgerSequencer>(*node.engine, *node.committer, node.clock,
                                                node.zone, node.metrics, TestKeys(), options_);
  reader = std::make_unique<LedgerReader>(*node.engine, *node.committer, *sequencer, node.clock,
                                          node.zone, reader_options_);
  node.registration->SetLedger(reader.get());
}

void LedgerNode::Settle() {
  for (int step = 0; step < kStepsMax; ++step) {
    const auto stepped = sequencer->Step();
    ASSERT_TRUE(stepped.ok()) << stepped.error().detail;
    if (!*stepped && step > 0) return;
  }
  ADD_FAILURE() << "the sequencer does not come to rest";
}

void LedgerNode::Try(const std::vector<std::string>& identifiers) {
  (void)node.Run(node.operator_caller(), {}, identifiers.size(), [&](Batch& batch) {
    for (const auto& identifier : identifiers) batch.AddRegister({identifier, {}});
  });
}

std::uint64_t LedgerNode::size() const {
  const auto published = sequencer->Published();
  return published == nullptr ? 0 : published->state.tree.size;
}

std::map<std::string, FeedLeaf> FeedLeaves(storage::Engine& engine) {
  std::map<std::string, FeedLeaf> leaves;
  for (storage::ShardId shard = 0; shard < engine.ShardCount(); ++shard) {
    const auto rows = engine.Scan(shard, storage::FeedKey(0), storage::FeedKey(UINT64_MAX),
                                  1'000'000, false, Deadline::max());
    EXPECT_TRUE(rows.ok());
    for (const auto& bytes : *rows) {
      const auto row = storage::DecodeFeedRow(bytes.value);
      EXPECT_TRUE(row.ok());
      for (const auto& entry : row->entries) {
        if (entry.change != ChangeKind::kRegistered) continue;
        ledger::Leaf leaf;
        leaf.identifier = entry.identifier;
        leaf.commit_ms = row->commit_ms;
        leaf.content = entry.content_digest;
        leaf.template_ref = entry.template_ref;
        leaf.application = entry.application;
        leaf.record_class = entry.object_class;
        FeedLeaf known;
        known.commit_ms = row->commit_ms;
        EXPECT_TRUE(ledger::AppendLeaf(leaf, known.leaf).ok());
        EXPECT_TRUE(leaves.emplace(FoldIdentifier(entry.identifier), known).second)
            << entry.identifier << " is first-ever twice";
      }
    }
  }
  return leaves;
}

std::vector<std::string> BundledLeaves(const LedgerReader& reader, std::uint64_t size) {
  std::vector<std::string> leaves;
  for (std::uint64_t index = 0; index * ledger::kTileWidth < size; ++index) {
    const auto width = static_cast<unsigned>(
        std::min<std::uint64_t>(ledger::kTileWidth, size - index * ledger::kTileWidth));
    const auto bundle =
        reader.ReadTile({ledger::TileKind::kEntries, 0, index, width}, Deadline::max());
    EXPECT_TRUE(bundle.ok()) << bundle.error().detail;
    if (!bundle.ok()) return leaves;
    const auto entries = ledger::ParseEntryBundle(*bundle, width);
    EXPECT_TRUE(entries.ok());
    if (!entries.ok()) return leaves;
    for (const auto entry : *entries) leaves.emplace_back(entry);
  }
  return leaves;
}

ledger::Hash NaiveRoot(const std::vector<std::string>& leaves, std::size_t from, std::size_t to) {
  if (from == to) return Sha256("");
  if (to - from == 1) return Sha256(std::string(1, '\0') + leaves[from]);
  const std::size_t split = from + std::bit_floor(to - from - 1);
  return Sha256(std::string(1, '\1') + Bytes(NaiveRoot(leaves, from, split)) +
                Bytes(NaiveRoot(leaves, split, to)));
}

void ExpectLogIsTrue(LedgerNode& node) {
  const auto checkpoint_note = node.reader->Checkpoint();
  ASSERT_TRUE(checkpoint_note.ok()) << checkpoint_note.error().detail;
  const ledger::TreeHead tree = Opened(*checkpoint_note).tree;
  const auto leaves = BundledLeaves(*node.reader, tree.size);
  ASSERT_EQ(leaves.size(), tree.size);
  EXPECT_EQ(tree.root, NaiveRoot(leaves, 0, leaves.size()));

  const auto feed = FeedLeaves(*node.node.engine);
  EXPECT_EQ(leaves.size(), feed.size());
  std::set<std::string> seen;
  Month month;
  for (const auto& bytes : leaves) {
    const auto leaf = ledger::ParseLeaf(bytes);
    ASSERT_TRUE(leaf.ok()) << leaf.error().detail;
    const std::string folded = FoldIdentifier(leaf->identifier);
    EXPECT_TRUE(seen.insert(folded).second) << leaf->identifier << " is in the log twice";
    const auto known = feed.find(folded);
    ASSERT_NE(known, feed.end()) << leaf->identifier << " was never committed";
    EXPECT_EQ(bytes, known->second.leaf);
    const Month its_month = node.node.zone.MonthOf(leaf->commit_ms);
    EXPECT_GE(its_month, month) << "months follow each other";
    month = its_month;
  }
  ExpectTilesAreTrue(node, leaves);
  ExpectProofsAreTrue(node, leaves);
}

void ExpectMonthsAreTrue(LedgerNode& node) {
  const auto state = node.state();
  const auto feed = FeedLeaves(*node.node.engine);
  const auto leaves = BundledLeaves(*node.reader, state.tree.size);
  std::map<std::int32_t, std::uint64_t> by_month;
  for (const auto& [identifier, leaf] : feed) {
    ++by_month[node.node.zone.MonthOf(leaf.commit_ms).number];
  }
  std::uint64_t end = 0;
  std::optional<Digest> previous;
  for (Month month = state.first_month; month < state.month; ++month.number) {
    SCOPED_TRACE(month.Text());
    const auto report = node.reader->Statement(month, node.node.Soon());
    ASSERT_TRUE(report.ok()) << report.error().detail;
    const auto opened =
        ledger::OpenNote(report->note, OwnVerifiers(), ledger::kStatementNoteBytesMax);
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    const auto& statement = report->read;
    EXPECT_TRUE(ledger::CheckFigures(statement).ok());
    EXPECT_EQ(statement.status, ledger::StatementStatus::kFinal);
    EXPECT_EQ(statement.month, month);
    EXPECT_EQ(statement.tree_start.size, end);
    EXPECT_EQ(statement.tree_end.size - statement.tree_start.size, by_month[month.number]);
    EXPECT_EQ(statement.figures.first_ever, static_cast<std::int64_t>(by_month[month.number]));
    EXPECT_EQ(statement.previous, previous);
    EXPECT_EQ(statement.tree_end.root, NaiveRoot(leaves, 0, statement.tree_end.size));
    EXPECT_EQ(Opened(report->checkpoint).tree, statement.tree_end);
    EXPECT_EQ(statement.figures.first_ever, node.node.Volume(month.Text()).first_ever);
    end = statement.tree_end.size;
    previous = ledger::StatementDigest(opened->note.text);
    for (std::uint64_t i = statement.tree_start.size; i < end; ++i) {
      EXPECT_EQ(node.node.zone.MonthOf(ledger::ParseLeaf(leaves[i])->commit_ms), month);
    }
    node.node.ExpectRecountEqual(month.Text());
  }
  EXPECT_EQ(state.month_start.size, end);
  if (state.stated) {
    EXPECT_EQ(state.stated->second, previous);
  }
  const auto provisional = node.reader->Statement(state.month, node.node.Soon());
  ASSERT_TRUE(provisional.ok()) << provisional.error().detail;
  EXPECT_EQ(provisional->read.status, ledger::StatementStatus::kProvisional);
  EXPECT_EQ(provisional->read.tree_end, state.tree);
  EXPECT_EQ(provisional->read.previous, previous);
}

}  // namespace idnode::service
