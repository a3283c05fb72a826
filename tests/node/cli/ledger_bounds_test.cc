// What a sample is worth, and how duplicates are found in a bounded memory.
#include <algorithm>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "node/cli/ledger/duplicate_finder.h"
#include "node/cli/ledger/verify.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

TEST(ConfidenceTest, BoundsOfAShareAreExact) {
  // From the tables of Clopper and Pearson, 95 %: 1 of 10, 5 of 10, 0 of 30, 30 of 30.
  EXPECT_NEAR(BoundsOfShare(10, 1, 0.025).low, 0.0025286, 1e-6);
  EXPECT_NEAR(BoundsOfShare(10, 1, 0.025).high, 0.4450161, 1e-6);
  EXPECT_NEAR(BoundsOfShare(10, 5, 0.025).low, 0.1870860, 1e-6);
  EXPECT_NEAR(BoundsOfShare(10, 5, 0.025).high, 0.8129140, 1e-6);
  EXPECT_EQ(BoundsOfShare(30, 0, 0.025).low, 0);
  EXPECT_NEAR(BoundsOfShare(30, 0, 0.05).high, ShareMissedAtChance(30, 0.05), 1e-9);
  EXPECT_EQ(BoundsOfShare(30, 30, 0.025).high, 1);
  const ShareBounds large = BoundsOfShare(10'000'000, 1'000'000, 0.025);
  EXPECT_NEAR(large.low, 0.0998141, 1e-5);
  EXPECT_NEAR(large.high, 0.1001860, 1e-5);
}

TEST(ConfidenceTest, FollowsFromTheSample) {
  EXPECT_NEAR(ChanceOfMissing(459, 0.01), 0.0099, 0.0001);
  EXPECT_NEAR(ShareMissedAtChance(459, 0.01), 0.00998, 0.0001);
  EXPECT_EQ(ShareMissedAtChance(0, 0.01), 1);
  EXPECT_EQ(ChanceOfMissing(0, 0.5), 1);
}

TEST(DuplicateFinderTest, OneIdentifierOverAndOverNeedsNoMoreMemory) {
  const TestFolder folder;
  constexpr std::uint64_t kLeaves = 5'000;
  // Room for 100 rows: the partition of the repeated one is sorted in dozens of pieces.
  auto finder = DuplicateFinder::Create(kLeaves, 2400, folder.Path(""));
  ASSERT_TRUE(finder.ok()) << finder.error().detail;
  for (std::uint64_t i = 0; i < kLeaves; ++i) {
    ASSERT_TRUE((*finder)->Add(i % 5 == 0 ? "88.1/" + std::to_string(i) : "88.1/Same", i).ok());
  }
  std::vector<std::uint64_t> later;
  ASSERT_TRUE((*finder)
                  ->Finish([&](std::uint64_t first, std::uint64_t leaf) {
                    EXPECT_EQ(first, 1U);
                    later.push_back(leaf);
                  })
                  .ok());
  EXPECT_EQ(later.size(), kLeaves * 4 / 5 - 1);
  EXPECT_TRUE(std::is_sorted(later.begin(), later.end()));
  EXPECT_LE((*finder)->rows_max(), 100U);
}

TEST(DuplicateFinderTest, FindsTheSameWithAndWithoutPartitions) {
  const TestFolder folder;
  constexpr std::uint64_t kLeaves = 20'000;
  for (const std::size_t memory : {std::size_t{16} << 20, std::size_t{64} << 10}) {
    auto finder = DuplicateFinder::Create(kLeaves, memory, folder.Path(""));
    ASSERT_TRUE(finder.ok()) << finder.error().detail;
    EXPECT_EQ((*finder)->partitions() > 1, memory < kLeaves * 24);
    for (std::uint64_t i = 0; i < kLeaves; ++i) {
      // Each thousandth leaf repeats the one of its hundredth part.
      const std::uint64_t number = i % 1000 == 999 ? i / 100 : i;
      ASSERT_TRUE(
          (*finder)->Add((i % 2 == 0 ? "88.1/SN" : "88.1/sn") + std::to_string(number), i).ok());
    }
    std::uint64_t found = 0;
    ASSERT_TRUE((*finder)
                    ->Finish([&](std::uint64_t first, std::uint64_t later) {
                      EXPECT_EQ(later % 1000, 999U);
                      EXPECT_EQ(first, later / 100);
                      ++found;
                    })
                    .ok());
    EXPECT_EQ(found, kLeaves / 1000);
    finder->reset();
    EXPECT_TRUE(std::filesystem::is_empty(folder.Path("")));
  }
  EXPECT_FALSE(DuplicateFinder::Create(1'000'000, 1024, folder.Path("")).ok());
  EXPECT_FALSE(DuplicateFinder::Create(100, 24, folder.Path("none/such")).ok());
}

}  // namespace
}  // namespace idnode::cli
