#include "storage/ledger_store.h"

#include <map>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

LedgerState SampleState() {
  LedgerState state;
  state.tree = {70'000, Sha256("root")};
  state.first_month = Month{24'321};
  state.month = Month{24'322};
  state.month_start = {1'000, Sha256("start")};
  state.cursors = {1, 300, 0, 70'000};
  state.partial_tiles = {std::string(112 * 32, 'a'), std::string(17 * 32, 'b'),
                         std::string(32, 'c')};
  state.checkpoint = "x/y\n70000\n…\n\n— x sig\n";
  state.checkpoint_ms = 1'795'312'800'123;
  state.stated = {Month{24'321}, Sha256("statement")};
  return state;
}

// Every codec: back and forth, cut short anywhere, with more behind, and of a newer version.
template <typename T>
void ExpectCodec(const T& row, std::string (*encode)(const T&),
                 Result<T> (*decode)(std::string_view)) {
  const std::string bytes = encode(row);
  const auto again = decode(bytes);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(*again, row);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode(std::string_view(bytes).substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(decode(bytes + "x").code(), Errc::kCorruption);
  EXPECT_EQ(decode("\2" + bytes.substr(1)).code(), Errc::kFormatTooNew);
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    (void)decode(damaged).ok();
  }
}

TEST(LedgerStoreTest, RowsAreReadAsTheyWereWritten) {
  ExpectCodec(LedgerFacts{"x/y", "vkey", ""}, EncodeLedgerFacts, DecodeLedgerFacts);
  ExpectCodec(SampleState(), EncodeLedgerState, DecodeLedgerState);
  LedgerState fresh = SampleState();
  fresh.stated.reset();
  ExpectCodec(fresh, EncodeLedgerState, DecodeLedgerState);
  ExpectCodec(LedgerSegment{{{0, 1, 3, 9}, {3, 1'000'000, 4096, 10}, {0, 2, 1, 10}}},
              EncodeLedgerSegment, DecodeLedgerSegment);
  LedgerClosing closing;
  closing.start = {1, Sha256("a")};
  closing.end = {5, Sha256("b")};
  closing.checkpoint = "note";
  closing.closed_ms = 77;
  closing.evidence = {4, 3, "88.1.2/SN3"};
  closing.cosignatures = {"— w one\n", "— v two\n"};
  ExpectCodec(closing, EncodeLedgerClosing, DecodeLedgerClosing);
  ExpectCodec(LedgerLease{"holder", 7, 123'456}, EncodeLedgerLease, DecodeLedgerLease);
  ExpectCodec(LedgerSketches{Month{24'322}, 99, "hll", "runs"}, EncodeLedgerSketches,
              DecodeLedgerSketches);
}

TEST(LedgerStoreTest, ASegmentWithoutLeavesIsDamaged) {
  EXPECT_FALSE(DecodeLedgerSegment(EncodeLedgerSegment(LedgerSegment{})).ok());
  EXPECT_FALSE(DecodeLedgerSegment(EncodeLedgerSegment(LedgerSegment{{{0, 1, 0}}})).ok());
}

class LedgerStoreReads : public testing::Test {
 protected:
  LedgerStoreReads() : engine_(Open()), store_(*engine_) {}

  static std::unique_ptr<Engine> Open() {
    EngineOptions options;
    options.engine = "memory";
    options.shards = 2;
    return *OpenEngine(options);
  }

  void Put(const std::string& key, const std::string& value) {
    WriteSet writes;
    writes.updates.push_back({key, value});
    ASSERT_EQ(*engine_->Commit(kLedgerShard, version_++, writes, Deadline::max()),
              CommitStatus::kCommitted);
  }

  // Segments as a sequencer writes them.
  void PutSegment(std::uint64_t start, const LedgerSegment& segment) {
    Put(LedgerSegmentKey(start), EncodeLedgerSegment(segment));
    std::map<ShardId, Version> last;
    std::map<ShardId, std::int64_t> times;
    for (const auto& part : segment.parts) {
      last[part.shard] = part.version;
      times[part.shard] = part.commit_ms;
    }
    for (const auto& [shard, version] : last) {
      Put(LedgerIndexKey(shard, version), EncodeLedgerIndex({start, times[shard]}));
    }
  }

  std::unique_ptr<Engine> engine_;
  LedgerStore store_;
  Version version_ = 0;
};

TEST_F(LedgerStoreReads, FindsLeavesOfARowAndRowsOfALeaf) {
  PutSegment(0, {{{0, 3, 10}, {1, 1, 5}, {0, 4, 2}}});
  PutSegment(17, {{{1, 9, 1}}});
  PutSegment(18, {{{0, 8, 4}, {1, 12, 3}}});
  const auto first = [&](ShardId shard, Version version) {
    return *store_.FirstLeafOf(shard, version, Deadline::max());
  };
  EXPECT_EQ(first(0, 3), 0u);
  EXPECT_EQ(first(1, 1), 10u);
  EXPECT_EQ(first(0, 4), 15u);
  EXPECT_EQ(first(1, 9), 17u);
  EXPECT_EQ(first(0, 8), 18u);
  EXPECT_EQ(first(1, 12), 22u);
  EXPECT_EQ(first(0, 5), std::nullopt) << "without first-ever registrations";
  EXPECT_EQ(first(0, 9), std::nullopt) << "not integrated";
  EXPECT_EQ(first(1, 13), std::nullopt);
  for (std::uint64_t from = 0; from < 25; ++from) {
    for (std::uint64_t to = from + 1; to <= 25; ++to) {
      const auto segments = store_.Segments(from, to, Deadline::max());
      ASSERT_TRUE(segments.ok());
      EXPECT_LE(segments->front().first, from);
      EXPECT_GE(segments->back().first + segments->back().second.leaves(), to);
      EXPECT_LT(segments->back().first, to);
    }
  }
  EXPECT_EQ(store_.Segments(20, 26, Deadline::max()).code(), Errc::kCorruption) << "past the tree";
}

TEST_F(LedgerStoreReads, FindsRowsByTheirTime) {
  PutSegment(0, {{{0, 3, 10, 100}, {1, 1, 5, 90}, {0, 4, 2, 100}}});
  PutSegment(17, {{{1, 9, 1, 100}}});
  PutSegment(18, {{{0, 8, 4, 100}, {1, 12, 3, 101}, {0, 9, 1, 105}}});
  const auto at = [&](ShardId shard, std::int64_t ms) {
    const auto rows = store_.RowsAt(shard, ms, Deadline::max());
    EXPECT_TRUE(rows.ok());
    std::string text;
    for (const auto& row : *rows) {
      text += std::to_string(row.version) + ":" + std::to_string(row.first_leaf) + "+" +
              std::to_string(row.leaves) + " ";
    }
    return text;
  };
  EXPECT_EQ(at(0, 100), "3:0+10 4:15+2 8:18+4 ");
  EXPECT_EQ(at(0, 105), "9:25+1 ");
  EXPECT_EQ(at(0, 101), "");
  EXPECT_EQ(at(0, 106), "");
  EXPECT_EQ(at(1, 90), "1:10+5 ");
  EXPECT_EQ(at(1, 100), "9:17+1 ");
  EXPECT_EQ(at(1, 101), "12:22+3 ");
  EXPECT_EQ(at(1, 1), "");
}

TEST_F(LedgerStoreReads, MonthsComeInOrder) {
  for (const int month : {24'322, 24'320, 24'321}) {
    Put(LedgerClosingKey(Month{month}), EncodeLedgerClosing({}));
  }
  Put(LedgerStatementKey(Month{24'320}), "note");
  EXPECT_EQ(*store_.ClosedMonths(Deadline::max()),
            (std::vector<Month>{Month{24'320}, Month{24'321}, Month{24'322}}));
  EXPECT_EQ(*store_.StatedMonths(Deadline::max()), std::vector<Month>{Month{24'320}});
  EXPECT_FALSE((*store_.Closing(Month{1}, Deadline::max())).has_value());
}

TEST(FeedRowReaderTest, ReadsWhatTheDecoderReads) {
  FeedRowBuilder builder;
  std::map<CounterId, Figures> deltas;
  deltas[{Month{24'322}, Dimension::kTotal, ""}] = {2, 2, 0, 1, 0};
  deltas[{Month{24'322}, Dimension::kTemplate, "shoe@2"}] = {2, 2, 0, 1, 0};
  for (int i = 0; i < 20; ++i) {
    const std::string identifier = "88.108.1/SN" + std::to_string(i);
    FeedEntry entry;
    entry.change = i % 5 == 4 ? ChangeKind::kDeleted : ChangeKind::kRegistered;
    entry.identifier = identifier;
    if (i % 5 != 4) entry.content_digest = Sha256(identifier);
    entry.application = i < 10 ? "erp" : "mes";
    entry.object_class = i % 7 == 0 ? "" : "product";
    builder.Add(entry);
  }
  const std::string bytes = builder.Finish(77, std::string(16, 'n'), deltas);
  const auto row = *DecodeFeedRow(bytes);
  FeedRowReader reader;
  for (const bool deltas_first : {true, false}) {
    ASSERT_TRUE(reader.Open(bytes).ok());
    EXPECT_EQ(reader.commit_ms(), 77);
    if (deltas_first) {
      std::size_t count = 0;
      for (FeedDelta delta; reader.NextDelta(delta); ++count) {
        EXPECT_EQ(delta.value, row.deltas[count].first.value);
        EXPECT_EQ(delta.figures, row.deltas[count].second);
      }
      EXPECT_EQ(count, row.deltas.size());
    }
    std::size_t count = 0;
    for (FeedEntry entry; reader.NextEntry(entry); ++count) {
      EXPECT_EQ(entry.identifier, row.entries[count].identifier);
      EXPECT_EQ(entry.application, row.entries[count].application);
      EXPECT_EQ(entry.object_class, row.entries[count].object_class);
      EXPECT_EQ(entry.content_digest, row.entries[count].content_digest);
      EXPECT_EQ(entry.change, row.entries[count].change);
    }
    EXPECT_EQ(count, 20u);
    EXPECT_EQ(reader.entries(), 20u);
    EXPECT_FALSE(reader.damaged());
  }
}

}  // namespace
}  // namespace idnode::storage
