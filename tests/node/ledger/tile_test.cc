#include "node/ledger/tile.h"

#include <gtest/gtest.h>

namespace idnode::ledger {
namespace {

TEST(TilePathTest, WritesTheStandardsExamples) {
  EXPECT_EQ(TilePath({TileKind::kHashes, 0, 1'234'067}), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({TileKind::kHashes, 1, 1, 17}), "tile/1/001.p/17");
  EXPECT_EQ(TilePath({TileKind::kEntries, 0, 273, 112}), "tile/entries/273.p/112");
  EXPECT_EQ(TilePath({TileKind::kEntries, 0, 1000}), "tile/entries/x001/000");
  EXPECT_EQ(TilePath({TileKind::kHashes, 63, 0}), "tile/63/000");
}

TEST(TilePathTest, ReadsBackWhatItWrote) {
  for (const std::uint64_t index : {0ULL, 7ULL, 999ULL, 1000ULL, 999'999ULL, 1'000'000ULL,
                                    static_cast<unsigned long long>(kTileIndexMax)}) {
    for (const unsigned width : {1U, 9U, 10U, 255U, 256U}) {
      for (const Tile& tile :
           {Tile{TileKind::kHashes, 3, index, width}, Tile{TileKind::kEntries, 0, index, width}}) {
        const auto read = ParseTilePath(TilePath(tile));
        ASSERT_TRUE(read.ok()) << TilePath(tile) << ": " << read.error().detail;
        EXPECT_EQ(*read, tile);
        EXPECT_LE(TilePath(tile).size(), kTilePathBytesMax);
      }
    }
  }
}

TEST(TilePathTest, RefusesOtherForms) {
  for (const std::string_view path : {"",
                                      "tile",
                                      "tile/",
                                      "tile/0",
                                      "tile/0/",
                                      "tile/0/0",
                                      "tile/0/00",
                                      "tile/0/0000",
                                      "/tile/0/000",
                                      "tile/00/000",
                                      "tile/64/000",
                                      "tile/-1/000",
                                      "tile/a/000",
                                      "tile/0/x000/001",
                                      "tile/0/x001",
                                      "tile/0/x001/",
                                      "tile/0/001/002",
                                      "tile/0/x001/x002/",
                                      "tile/0/000/",
                                      "tile/0/000.p",
                                      "tile/0/000.p/",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/01",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/1/",
                                      "tile/0/000.p/1000",
                                      "tile/entries",
                                      "tile/entries/",
                                      "tile/entries/0/000",
                                      "tile/0/ 00",
                                      "tile/0/x036/x028/x797/x018/x963/968",
                                      "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(ParseTilePath(path).code(), Errc::kInvalidRequest) << path;
  }
}

TEST(TileTest, WidthInATree) {
  EXPECT_EQ(TileWidthAt(0, 0, 0), 0U);
  EXPECT_EQ(TileWidthAt(0, 0, 1), 1U);
  EXPECT_EQ(TileWidthAt(0, 0, 256), 256U);
  EXPECT_EQ(TileWidthAt(1, 0, 256), 1U);
  EXPECT_EQ(TileWidthAt(0, 1, 256), 0U);
  EXPECT_EQ(TileWidthAt(0, 273, 70'000), 112U);
  EXPECT_EQ(TileWidthAt(2, 0, 70'000), 1U);
  EXPECT_EQ(TileWidthAt(3, 0, 70'000), 0U);
  EXPECT_EQ(TileWidthAt(7, 0, kTreeSizeMax), 127U);
  EXPECT_EQ(TileWidthAt(8, 0, kTreeSizeMax), 0U);
  EXPECT_EQ(TileWidthAt(63, 0, kTreeSizeMax), 0U);
}

TEST(TileTest, ANarrowerTileThanThereIsIsInTheTree) {
  EXPECT_TRUE(IsTileInTree({TileKind::kHashes, 0, 273, 112}, 70'000));
  EXPECT_TRUE(IsTileInTree({TileKind::kHashes, 0, 273, 1}, 70'000));
  EXPECT_FALSE(IsTileInTree({TileKind::kHashes, 0, 273, 113}, 70'000));
  EXPECT_FALSE(IsTileInTree({TileKind::kHashes, 0, 273, 256}, 70'000));
  EXPECT_TRUE(IsTileInTree({TileKind::kEntries, 0, 272, 256}, 70'000));
  EXPECT_FALSE(IsTileInTree({TileKind::kHashes, 0, 274, 1}, 70'000));
}

TEST(TileTest, NodesComeFromTheirTiles) {
  // Level 8 of the tree is level 1 of the tiles; the seven levels below are made from hashes.
  EXPECT_EQ(TileOf({0, 300}, 1000), (Tile{TileKind::kHashes, 0, 1, 256}));
  EXPECT_EQ(TileOf({7, 3}, 1000), (Tile{TileKind::kHashes, 0, 1, 256}));
  EXPECT_EQ(TileOf({8, 2}, 1000), (Tile{TileKind::kHashes, 1, 0, 3}));
  EXPECT_EQ(TileOf({9, 0}, 1000), (Tile{TileKind::kHashes, 1, 0, 3}));
  const NodeId nodes[] = {{0, 999}, {8, 2}, {0, 5}, {9, 0}, {1, 3}};
  const auto tiles = TilesFor(nodes, 1000);
  ASSERT_EQ(tiles.size(), 3U);
  EXPECT_EQ(tiles[0], (Tile{TileKind::kHashes, 0, 0, 256}));
  EXPECT_EQ(tiles[1], (Tile{TileKind::kHashes, 0, 3, 232}));
  EXPECT_EQ(tiles[2], (Tile{TileKind::kHashes, 1, 0, 3}));
}

TEST(TileTest, ReaderRefusesNarrowTilesAndForeignNodes) {
  const auto reader =
      TileHashReader(300, [](std::span<const Tile> tiles) -> Result<std::vector<std::string>> {
        return std::vector<std::string>(tiles.size(), std::string(32, 'x'));
      });
  const NodeId first[] = {{0, 0}};
  EXPECT_TRUE(reader(first).ok());
  const NodeId second[] = {{0, 1}};
  EXPECT_EQ(reader(second).code(), Errc::kCorruption);
  const NodeId beyond[] = {{0, 300}};
  EXPECT_EQ(reader(beyond).code(), Errc::kInvalidRequest);
  const NodeId partial[] = {{8, 1}};  // its leaves are not all there
  EXPECT_EQ(reader(partial).code(), Errc::kInvalidRequest);
}

TEST(TileTest, ChecksLengths) {
  EXPECT_TRUE(CheckTileBytes({TileKind::kHashes, 0, 0, 2}, std::string(64, 'x')).ok());
  EXPECT_EQ(CheckTileBytes({TileKind::kHashes, 0, 0, 2}, std::string(63, 'x')).code(),
            Errc::kCorruption);
  EXPECT_EQ(FullTileHash(std::string(kFullTileBytes - 1, 'x')).code(), Errc::kCorruption);
}

TEST(EntryBundleTest, RoundTrip) {
  std::string bundle;
  const std::string longest(kEntryBytesMax, 'z');
  AppendEntry("one", bundle);
  AppendEntry("", bundle);
  AppendEntry(longest, bundle);
  EXPECT_EQ(bundle.substr(0, 7), std::string("\0\3one\0\0", 7));
  const auto entries = ParseEntryBundle(bundle, 3);
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(*entries, (std::vector<std::string_view>{"one", "", longest}));
  EXPECT_EQ(EntryBundlePrefix(bundle, 1).value(), std::string_view("\0\3one", 5));
  EXPECT_EQ(EntryBundlePrefix(bundle, 3).value(), bundle);
}

TEST(EntryBundleTest, RefusesOtherLengths) {
  std::string bundle;
  AppendEntry("one", bundle);
  AppendEntry("two", bundle);
  EXPECT_EQ(ParseEntryBundle(bundle, 1).code(), Errc::kCorruption);
  EXPECT_EQ(ParseEntryBundle(bundle, 3).code(), Errc::kCorruption);
  EXPECT_EQ(ParseEntryBundle(bundle, 0).code(), Errc::kCorruption);
  EXPECT_EQ(ParseEntryBundle(bundle, 257).code(), Errc::kCorruption);
  for (std::size_t size = 0; size < bundle.size(); ++size) {
    EXPECT_EQ(ParseEntryBundle(std::string_view(bundle).substr(0, size), 2).code(),
              Errc::kCorruption);
  }
  EXPECT_EQ(EntryBundlePrefix(bundle, 3).code(), Errc::kCorruption);
}

}  // namespace
}  // namespace idnode::ledger
