#include "node/ledger/tree_hasher.h"

#include <iostream>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/node/ledger/naive_tree.h"

namespace idnode::ledger {
namespace {

using testing::NaiveTree;

/// Tiles by path, as a web server has them.
class TileStore {
 public:
  void Take(TreeHasher& hasher) {
    for (auto& full : hasher.TakeFullTiles()) tiles_[TilePath(full.tile)] = std::move(full.bytes);
  }
  void TakePartial(const TreeHasher& hasher) {
    for (const Tile& tile : PartialTilesOf(hasher.size())) {
      tiles_[TilePath(tile)] = std::string(hasher.PartialTile(tile.level));
    }
  }
  TileReader Reader() const {
    return [this](std::span<const Tile> tiles) -> Result<std::vector<std::string>> {
      std::vector<std::string> bytes;
      for (const Tile& tile : tiles) {
        const auto found = tiles_.find(TilePath(tile));
        if (found == tiles_.end()) return Error(Errc::kNotFound, TilePath(tile));
        bytes.push_back(found->second);
      }
      return bytes;
    };
  }
  std::map<std::string, std::string>& tiles() { return tiles_; }

 private:
  std::map<std::string, std::string> tiles_;
};

TEST(TreeHasherTest, RootFollowsTheTree) {
  const NaiveTree tree(600);
  TreeHasher hasher;
  EXPECT_EQ(hasher.Root(), EmptyRoot());
  for (std::uint64_t size = 1; size <= 600; ++size) {
    hasher.Append(LeafHash(tree.leaf(size - 1)));
    ASSERT_EQ(hasher.size(), size);
    ASSERT_EQ(hasher.Root(), tree.Mth(0, size)) << size;
  }
}

// The example of C2SP tlog-tiles: 273 full tiles and one of 112 at level 0, one full and one of 17
// at level 1, one of 1 at level 2.
TEST(TreeHasherTest, SeventyThousandLeavesHaveTheTilesOfTheStandard) {
  const NaiveTree tree(70'000);
  TreeHasher hasher;
  for (std::uint64_t i = 0; i < 70'000; ++i) hasher.Append(LeafHash(tree.leaf(i)));
  EXPECT_EQ(hasher.Root(), tree.Mth(0, 70'000));
  std::map<unsigned, std::size_t> full;
  TileStore store;
  for (auto& tile : hasher.TakeFullTiles()) {
    EXPECT_EQ(tile.tile.index, full[tile.tile.level]++);
    ASSERT_EQ(tile.bytes.size(), kFullTileBytes);
    store.tiles()[TilePath(tile.tile)] = tile.bytes;
  }
  EXPECT_EQ(full, (std::map<unsigned, std::size_t>{{0, 273}, {1, 1}}));
  const auto partial = PartialTilesOf(70'000);
  ASSERT_EQ(partial.size(), 3U);
  EXPECT_EQ(partial[0], (Tile{TileKind::kHashes, 0, 273, 112}));
  EXPECT_EQ(partial[1], (Tile{TileKind::kHashes, 1, 1, 17}));
  EXPECT_EQ(partial[2], (Tile{TileKind::kHashes, 2, 0, 1}));
  // A tile's hash stands for it one level up.
  const std::string& level1 = store.tiles()["tile/1/000"];
  for (unsigned i = 0; i < kTileWidth; ++i) {
    const Tile below{TileKind::kHashes, 0, i};
    ASSERT_EQ(HashAt(level1, i), FullTileHash(store.tiles()[TilePath(below)]).value());
  }
  EXPECT_EQ(HashAt(hasher.PartialTile(2), 0), FullTileHash(level1).value());
  store.TakePartial(hasher);
  const auto reader = TileHashReader(70'000, store.Reader());
  EXPECT_EQ(RootHash(70'000, reader).value(), hasher.Root());
  for (const std::uint64_t index : {0ULL, 255ULL, 256ULL, 65'535ULL, 65'536ULL, 69'999ULL}) {
    EXPECT_EQ(InclusionProof(index, 70'000, reader).value(), tree.Path(index, 70'000)) << index;
  }
}

TEST(TreeHasherTest, ProofsFromTilesOfRandomTreesAreTheNaiveOnes) {
  const unsigned seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const NaiveTree tree(2000);
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t size = 1 + random() % 2000;
    TreeHasher hasher;
    TileStore store;
    for (std::uint64_t i = 0; i < size; ++i) hasher.Append(LeafHash(tree.leaf(i)));
    store.Take(hasher);
    store.TakePartial(hasher);
    const auto reader = TileHashReader(size, store.Reader());
    ASSERT_EQ(RootHash(size, reader).value(), tree.Mth(0, size));
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t index = random() % size;
      const auto path = InclusionProof(index, size, reader);
      ASSERT_TRUE(path.ok()) << path.error().detail;
      ASSERT_EQ(*path, tree.Path(index, size)) << index << " of " << size;
      const std::uint64_t from = random() % (size + 1);
      const auto proof = ConsistencyProof(from, size, reader);
      ASSERT_TRUE(proof.ok()) << proof.error().detail;
      ASSERT_EQ(*proof, tree.Proof(from, size)) << from << " to " << size;
      // The tiles of the larger tree prove about smaller ones too.
      ASSERT_EQ(RootHash(from, reader).value(), tree.Mth(0, from));
    }
  }
}

TEST(TreeHasherTest, GoesOnFromItsPartialTiles) {
  const NaiveTree tree(1200);
  for (const std::uint64_t size :
       {0ULL, 1ULL, 2ULL, 255ULL, 256ULL, 257ULL, 511ULL, 700ULL, 1024ULL}) {
    TreeHasher before;
    for (std::uint64_t i = 0; i < size; ++i) before.Append(LeafHash(tree.leaf(i)));
    std::vector<std::string> tiles;
    for (const Tile& tile : PartialTilesOf(size)) {
      tiles.emplace_back(before.PartialTile(tile.level));
    }
    before.TakeFullTiles();
    auto after = TreeHasher::Resume(size, tiles);
    ASSERT_TRUE(after.ok()) << after.error().detail;
    EXPECT_EQ(after->Root(), before.Root());
    for (std::uint64_t i = size; i < 1200; ++i) {
      before.Append(LeafHash(tree.leaf(i)));
      after->Append(LeafHash(tree.leaf(i)));
    }
    EXPECT_EQ(after->Root(), tree.Mth(0, 1200));
    const auto one = before.TakeFullTiles();
    const auto other = after->TakeFullTiles();
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(one[i].tile, other[i].tile);
      EXPECT_EQ(one[i].bytes, other[i].bytes);
    }
  }
}

TEST(TreeHasherTest, RefusesTilesOfAnotherTree) {
  EXPECT_EQ(TreeHasher::Resume(3, {}).code(), Errc::kCorruption);
  EXPECT_EQ(TreeHasher::Resume(3, {std::string(64, 'x')}).code(), Errc::kCorruption);
  EXPECT_TRUE(TreeHasher::Resume(3, {std::string(96, 'x')}).ok());
  EXPECT_EQ(TreeHasher::Resume(256, {}).code(), Errc::kCorruption);
  EXPECT_EQ(TreeHasher::Resume(kTreeSizeMax + 1, {}).code(), Errc::kInvalidRequest);
}

}  // namespace
}  // namespace idnode::ledger
