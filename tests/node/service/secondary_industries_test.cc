#include "node/service/secondary_industries.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kPrefixes = {"88.108", "88.109"};

TEST(SecondaryIndustriesTest, ServesWhatItsLinesName) {
  const auto made = SecondaryIndustries::Parse({"88.108=C19, C1411"}, kPrefixes);
  ASSERT_TRUE(made.ok()) << made.error().detail;
  EXPECT_TRUE(made->Check("88.108", "C1952").ok());
  EXPECT_TRUE(made->Check("88.108", "C19").ok());
  EXPECT_TRUE(made->Check("88.108", "C1411").ok());
  EXPECT_TRUE(made->Check("88.109", "C3074").ok()) << "no line: every industry";
  for (const char* other : {"C1419", "C14", "C3074", "C", "A0111"}) {
    const auto refused = made->Check("88.108", other);
    ASSERT_EQ(refused.code(), Errc::kInvalidRequest) << other;
    EXPECT_EQ(refused.error().field, "enterprise");
    EXPECT_THAT(refused.error().detail, HasSubstr("serves C19, C1411"));
  }
  EXPECT_TRUE(SecondaryIndustries().Check("88.108", "C3074").ok());
}

TEST(SecondaryIndustriesTest, FaultyLinesAreNamed) {
  for (const char* line : {"88.110=C19", "C19", "88.108", "88.108=", "88.108=C19,", "88.108=C1999x",
                           "88.108=Z19", "=C19", ""}) {
    const auto made = SecondaryIndustries::Parse({line}, kPrefixes);
    if (std::string(line) == "88.108=C19,") {
      EXPECT_TRUE(made.ok()) << "a comma at the end does no harm";
      continue;
    }
    ASSERT_EQ(made.code(), Errc::kInvalidRequest) << line;
    EXPECT_EQ(made.error().field, "secondary_prefix_industries");
    EXPECT_THAT(made.error().detail, HasSubstr(line));
  }
  EXPECT_EQ(SecondaryIndustries::Parse({"88.108=C19", "88.108=C14"}, kPrefixes).code(),
            Errc::kInvalidRequest);
}

// A composite node: shoes under one prefix, ceramics under the other.
TEST(SecondaryIndustriesTest, PrefixesGoToEnterprisesOfTheirIndustries) {
  TestNodeOptions options;
  options.prefixes.secondary_prefixes = kPrefixes;
  options.prefixes.admit_on_first_use = false;
  options.prefixes.industries =
      *SecondaryIndustries::Parse({"88.108=C19", "88.109=C30"}, kPrefixes);
  TestNode node(std::move(options));
  const std::string shoes = node.AddEnterprise(1, "C1952");
  const std::string cups = node.AddEnterprise(2, "C3074");
  const Actor root = node.Operator();
  EXPECT_TRUE(node.prefixes->Admit(root, "88.108.1", shoes, node.Soon()).ok());
  EXPECT_TRUE(node.prefixes->Admit(root, "88.109.1", cups, node.Soon()).ok());
  EXPECT_EQ(node.prefixes->Admit(root, "88.109.2", shoes, node.Soon()).code(),
            Errc::kInvalidRequest);
  const auto refused = node.prefixes->Apply(root, "88.108.2", cups, node.Soon());
  ASSERT_EQ(refused.code(), Errc::kInvalidRequest);
  EXPECT_EQ(refused.error().field, "enterprise");
  EXPECT_THAT(refused.error().detail, HasSubstr("under 88.108 this node serves C19"));
  EXPECT_TRUE(node.prefixes->Admit(root, "88.108.3", {}, node.Soon()).ok()) << "of no enterprise";
}

}  // namespace
}  // namespace idnode::service
