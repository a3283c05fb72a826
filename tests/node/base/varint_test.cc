#include "node/base/varint.h"

#include <gtest/gtest.h>

namespace idnode {
namespace {

TEST(VarintTest, RoundTripsAtTheBoundaries) {
  for (const std::uint64_t number :
       {0ULL, 1ULL, 127ULL, 128ULL, 16'383ULL, 16'384ULL, ~0ULL >> 1, ~0ULL}) {
    std::string bytes;
    AppendVarint(number, bytes);
    bytes += "rest";
    std::string_view view = bytes;
    std::uint64_t read = 1;
    ASSERT_TRUE(TakeVarint(view, read));
    EXPECT_EQ(read, number);
    EXPECT_EQ(view, "rest");
  }
}

TEST(VarintTest, RefusesCutAndOverlongNumbers) {
  std::uint64_t number = 0;
  std::string_view cut("\x80", 1);
  EXPECT_FALSE(TakeVarint(cut, number));
  std::string_view empty;
  EXPECT_FALSE(TakeVarint(empty, number));
  const std::string eleven(11, '\x80');
  std::string_view overlong = eleven;
  EXPECT_FALSE(TakeVarint(overlong, number));
  const std::string over64 = std::string(9, '\xff') + "\x02";
  std::string_view large = over64;
  EXPECT_FALSE(TakeVarint(large, number));
}

TEST(VarintTest, SizedTextMustBeThere) {
  std::string bytes;
  AppendSized("abc", bytes);
  std::string_view view = bytes;
  std::string_view text;
  ASSERT_TRUE(TakeSized(view, text));
  EXPECT_EQ(text, "abc");
  view = std::string_view(bytes).substr(0, 3);
  EXPECT_FALSE(TakeSized(view, text));
}

TEST(VarintTest, BigEndianKeepsOrder) {
  std::string small;
  std::string large;
  AppendBigEndian(255, 4, small);
  AppendBigEndian(256, 4, large);
  EXPECT_LT(small, large);
  EXPECT_EQ(ReadBigEndian(large), 256u);
}

}  // namespace
}  // namespace idnode
