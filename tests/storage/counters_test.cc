#include "storage/counters.h"

#include <random>

#include <gtest/gtest.h>

#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

const std::string kNonce = "0123456789abcdef";

TEST(CountersTest, RowRoundTrips) {
  CounterRow row;
  row.version = 7'000'000'000;
  row.figures = {15'000'000, 15'000'003, 3, 2, 1};
  const auto decoded = DecodeCounter(EncodeCounter(row));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->version, row.version);
  EXPECT_EQ(decoded->figures, row.figures);
  const std::string bytes = EncodeCounter(row);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeCounter(std::string_view(bytes).substr(0, size)).ok());
  }
  EXPECT_FALSE(DecodeCounter(bytes + "x").ok());
}

// A total says since when dimensions have been counted; a row without that says nothing.
TEST(CountersTest, TotalsTellTheirDimensions) {
  CounterRow row;
  row.version = 7;
  row.figures = {1, 1, 0, 0, 0};
  const std::string without = EncodeCounter(row);
  EXPECT_EQ(DecodeCounter(without)->dimensions, 0u);
  row.dimensions = 9;
  EXPECT_EQ(EncodeCounter(row), without + "\x09");
  EXPECT_EQ(DecodeCounter(without + "\x09")->dimensions, 9u);
  EXPECT_FALSE(DecodeCounter(without + std::string(1, '\0')).ok());
  EXPECT_FALSE(DecodeCounter(without + "\x09\x09").ok());
}

TEST(CountersTest, LifeOfADimensionIsTheSumOverMonthsAndShards) {
  EngineOptions options;
  options.engine = "memory";
  options.shards = 2;
  const auto engine = *OpenEngine(options);
  const Deadline deadline = std::chrono::steady_clock::time_point::max();
  CounterStore counters(*engine);
  EXPECT_TRUE(counters.LoadLife(Dimension::kEnterprisePrefix, deadline)->empty());
  std::vector<std::pair<std::string, std::string>> rows;
  const auto add = [&](int month, Dimension dimension, const std::string& value,
                       const Figures& figures) {
    CounterRow row;
    row.version = 1;
    row.figures = figures;
    rows.emplace_back(
        CounterKey(Month{24'322 + month}, static_cast<std::uint8_t>(dimension), value),
        EncodeCounter(row));
  };
  // More rows than one page of a scan has, in months with others between.
  constexpr int kValues = 1'500;
  for (const int month : {0, 1, 13}) {
    add(month, Dimension::kTotal, "", {9, 9, 9, 9, 9});
    add(month, Dimension::kSecondaryPrefix, "88.108", {9, 9, 9, 9, 9});
    add(month, Dimension::kApplication, "erp", {9, 9, 9, 9, 9});
    for (int n = 0; n < kValues; ++n) {
      add(month, Dimension::kEnterprisePrefix, "88.108." + std::to_string(n), {1, 2, 1, 1, 0});
    }
  }
  add(2, Dimension::kTotal, "", {9, 9, 9, 9, 9});  // a month without the dimension
  for (ShardId shard = 0; shard < 2; ++shard) {
    WriteSet writes;
    for (const auto& [key, value] : rows) writes.inserts.push_back({key, value});
    ASSERT_EQ(*engine->Commit(shard, 0, writes, deadline), CommitStatus::kCommitted);
  }
  const auto life = counters.LoadLife(Dimension::kEnterprisePrefix, deadline);
  ASSERT_TRUE(life.ok()) << life.error().detail;
  ASSERT_EQ(life->size(), static_cast<std::size_t>(kValues));
  for (const auto& [value, figures] : *life) EXPECT_EQ(figures, (Figures{6, 12, 6, 6, 0})) << value;
}

TEST(CountersTest, KeyRoundTripsAndKeepsMonthsApart) {
  const Month month = *Month::Parse("2026-11");
  const std::string key =
      CounterKey(month, static_cast<std::uint8_t>(Dimension::kDay), "2026-11-22");
  const auto id = DecodeCounterKey(key);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(id->month, month);
  EXPECT_EQ(id->dimension, Dimension::kDay);
  EXPECT_EQ(id->value, "2026-11-22");
  EXPECT_LT(key, CounterKey(Month{month.number + 1}, 0, ""));
  EXPECT_FALSE(DecodeCounterKey("c").ok());
  EXPECT_FALSE(DecodeCounterKey(std::string("c\0\0\0\0\xff", 6)).ok());
}

TEST(CountersTest, DimensionNamesParse) {
  for (const auto& row : Dimensions()) {
    if (row.dimension == Dimension::kTotal) continue;
    EXPECT_EQ(*ParseDimension(row.name), row.dimension);
  }
  EXPECT_FALSE(ParseDimension("total").ok());
  EXPECT_EQ(ParseDimension("x").error().field, "groupBy");
}

TEST(CountersTest, EachChangeCountsWhatItIs) {
  EXPECT_EQ(FiguresOf(ChangeKind::kRegistered), (Figures{1, 1, 0, 0, 0}));
  EXPECT_EQ(FiguresOf(ChangeKind::kReRegistered), (Figures{0, 1, 1, 0, 0}));
  EXPECT_EQ(FiguresOf(ChangeKind::kDeleted), (Figures{0, 0, 0, 1, 0}));
  EXPECT_TRUE(FiguresOf(ChangeKind::kUpdated).zero());
  EXPECT_TRUE(FiguresOf(ChangeKind::kStateChanged).zero());
}

std::string MakeFeedRow() {
  FeedRowBuilder builder;
  FeedEntry entry;
  entry.identifier = "88.108.1/SN1";
  entry.application = "erp";
  entry.object_class = "product";
  entry.content_digest.fill(7);
  builder.Add(entry);
  entry.identifier = "88.108.1/SN2";
  entry.template_ref = "shoe@2";
  builder.Add(entry);
  entry.identifier = "88.108.1/SN";
  entry.change = ChangeKind::kDeleted;
  builder.Add(entry);
  std::map<CounterId, Figures> deltas;
  deltas[{Month{24'322}, Dimension::kTotal, ""}] = {2, 2, 0, 1, 0};
  deltas[{Month{24'322}, Dimension::kDay, "2026-11-22"}] = {2, 2, 0, 1, 0};
  return builder.Finish(1'795'312'800'123, kNonce, deltas);
}

TEST(CountersTest, FeedRowRoundTrips) {
  const std::string bytes = MakeFeedRow();
  const auto row = DecodeFeedRow(bytes);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->commit_ms, 1'795'312'800'123);
  EXPECT_EQ(row->nonce, kNonce);
  ASSERT_EQ(row->deltas.size(), 2u);
  EXPECT_EQ(row->deltas[1].first.value, "2026-11-22");
  EXPECT_EQ(row->deltas[1].second.deletions, 1);
  ASSERT_EQ(row->entries.size(), 3u);
  EXPECT_EQ(row->entries[0].identifier, "88.108.1/SN1");
  EXPECT_EQ(row->entries[0].template_ref, "");
  EXPECT_EQ(row->entries[1].identifier, "88.108.1/SN2");
  EXPECT_EQ(row->entries[1].application, "erp");
  EXPECT_EQ(row->entries[1].template_ref, "shoe@2");
  EXPECT_EQ(row->entries[1].content_digest[31], 7);
  EXPECT_EQ(row->entries[2].identifier, "88.108.1/SN");
  EXPECT_EQ(row->entries[2].content_digest, Digest{});
  EXPECT_EQ(*FeedNonce(bytes), kNonce);
}

TEST(CountersTest, RepeatedTextsCostAlmostNothing) {
  FeedRowBuilder builder;
  for (int n = 100'000; n < 101'000; ++n) {
    const std::string identifier = "88.108.1001/SN" + std::to_string(n);
    FeedEntry entry;
    entry.identifier = identifier;
    entry.application = "erp";
    entry.object_class = "product";
    builder.Add(entry);
  }
  EXPECT_LT(builder.Finish(0, kNonce, {}).size(), 1000u * 38);
}

TEST(CountersTest, DamagedFeedRowsAreFoundOut) {
  const std::string bytes = MakeFeedRow();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeFeedRow(std::string_view(bytes).substr(0, size)).code(), Errc::kCorruption);
  }
  EXPECT_FALSE(DecodeFeedRow(bytes + "x").ok());
  std::mt19937 random(20261122);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    (void)DecodeFeedRow(damaged).ok();  // must not read out of bounds (sanitizers) nor grow wild
  }
}

}  // namespace
}  // namespace idnode::storage
