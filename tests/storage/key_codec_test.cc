#include "storage/key_codec.h"

#include <set>

#include <gtest/gtest.h>

namespace idnode::storage {
namespace {

TEST(KeyCodecTest, PrefixEndBoundsAPrefixAndNothingElse) {
  const std::string end = RecordPrefixEnd("88.108.1");
  EXPECT_LT(RecordKey("88.108.1/\xff\xff"), end);
  EXPECT_GE(RecordKey("88.108.10/a"), end);
  EXPECT_LT(RecordKey("88.108.1-x/a"), RecordKey("88.108.1/"));
}

TEST(KeyCodecTest, HistoryIsOrderedByRevisionAndApartByIdentifier) {
  EXPECT_LT(HistoryKey("88.1/a", 255), HistoryKey("88.1/a", 256));
  EXPECT_LT(HistoryKey("88.1/a", UINT32_MAX), HistoryKey("88.1/a0", 1));
}

TEST(KeyCodecTest, FeedIsOrderedByVersion) { EXPECT_LT(FeedKey(255), FeedKey(256)); }

TEST(KeyCodecTest, RequestsAreTheirApplicationsOwn) {
  EXPECT_NE(RequestKey(1, "a", "bc"), RequestKey(1, "ab", "c"));
  EXPECT_LT(RequestKey(255, "z", "z"), RequestKey(256, "", ""));
}

TEST(KeyCodecTest, VersionsOfATemplateStandTogetherInTheirOrder) {
  EXPECT_LT(TemplateKey("88.108", "shoe", 255), TemplateKey("88.108", "shoe", 256));
  EXPECT_LT(TemplateKey("88.108", "shoe", 1), TemplateUsedKey("88.108", "shoe", 1));
  EXPECT_LT(TemplateUsedKey("88.108", "shoe", 1), TemplateKey("88.108", "shoe", 2));
  EXPECT_LT(TemplateKey("88.108", "shoe", UINT32_MAX), TemplateKey("88.108", "shoe2", 1));
  EXPECT_EQ(TemplateUsedKey("a", "b", 2), std::string("ta\0b\0\0\0\0\2u", 10));
}

// On disk: the hash must never change. SHA-256 of "abc" begins with ba7816bf 8f01cfea 414140de
// 5dae2223 (FIPS 180-4).
TEST(KeyCodecTest, UniqueValuesAreKeyedByTheirHash) {
  EXPECT_EQ(UniqueKey("88.108.1", "shoe", "serial", "abc"),
            std::string("x88.108.1\0shoe\0serial\0", 22) +
                "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23");
}

// On disk: the hash must never change. Golden values of XXH64 with seed 0.
TEST(KeyCodecTest, ShardsAreFixed) {
  EXPECT_EQ(ShardOf("88.108.1001", 1u << 16), 48801u);
  std::set<ShardId> used;
  for (int n = 0; n < 1000; ++n) used.insert(ShardOf("88.108." + std::to_string(n), 16));
  EXPECT_EQ(used.size(), 16u) << "prefixes spread over all shards";
}

}  // namespace
}  // namespace idnode::storage
