#include "node/model/identifier.h"

#include <gtest/gtest.h>

namespace idnode {
namespace {

TEST(IdentifierTest, SplitsAtTheFirstSlash) {
  const auto parsed = ParseIdentifier("88.108.1001/a/b:c");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->prefix, "88.108.1001");
  EXPECT_EQ(parsed->suffix, "a/b:c");
}

TEST(IdentifierTest, AcceptsWhatExistsElsewhere) {
  for (const char* text : {"88.108.1001/SN1", "86.1/x", "10.1000/182", "0.NA/88.108",
                           "88.108.1001/标识 with space", "88.108.1001/%41?#"}) {
    EXPECT_TRUE(ParseIdentifier(text).ok()) << text;
  }
}

TEST(IdentifierTest, RefusesWithASentence) {
  const std::pair<std::string, const char*> bad[] = {
      {"", "no \"/\""},
      {"88.108.1001", "no \"/\""},
      {"/x", "prefix is empty"},
      {"88.108.1001/", "suffix is empty"},
      {".88/x", "empty part"},
      {"88./x", "empty part"},
      {"88..1/x", "empty part"},
      {"88 1/x", "may hold only"},
      {"88.标/x", "may hold only"},
      {std::string("88.1/a\0b", 8), "control character"},
      {"88.1/a\nb", "control character"},
      {"88.1/\xff", "UTF-8"},
      {std::string(65, '1') + "/x", "longer than 64"}};
  for (const auto& [text, sentence] : bad) {
    const auto parsed = ParseIdentifier(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, Errc::kInvalidIdentifier);
    EXPECT_NE(parsed.error().detail.find(sentence), std::string::npos) << parsed.error().detail;
  }
}

TEST(IdentifierTest, LengthIsBoundedAtTheByte) {
  const std::string prefix = "88.108.1001/";
  EXPECT_TRUE(ParseIdentifier(prefix + std::string(255 - prefix.size(), 'a')).ok());
  EXPECT_FALSE(ParseIdentifier(prefix + std::string(256 - prefix.size(), 'a')).ok());
  EXPECT_TRUE(ParseIdentifier("88.1/abc", 8).ok());
  EXPECT_FALSE(ParseIdentifier("88.1/abcd", 8).ok());
  EXPECT_TRUE(ParseIdentifier(std::string(64, '1') + "/x").ok());
}

TEST(IdentifierTest, CaseVariantsFoldToOne) {
  EXPECT_EQ(FoldIdentifier("88.108.1001/SN-Ä"), FoldIdentifier("88.108.1001/sn-Ä"));
  EXPECT_NE(FoldIdentifier("88.1/Ä"), FoldIdentifier("88.1/ä")) << "only ASCII is folded";
}

TEST(IdentifierTest, IssuableIsNarrower) {
  const auto issuable = [](const std::string& text) { return IsIssuable(*ParseIdentifier(text)); };
  EXPECT_TRUE(issuable("88.108.1001/SN_1:2-3.4"));
  EXPECT_FALSE(issuable("88.108.1001/a/b"));
  EXPECT_FALSE(issuable("88.108.1001/标"));
  EXPECT_TRUE(issuable("88.1/" + std::string(123, 'a')));
  EXPECT_FALSE(issuable("88.1/" + std::string(124, 'a')));
}

TEST(IdentifierTest, SecondaryPrefixIsTwoParts) {
  EXPECT_EQ(SecondaryPrefixOf("88.108.1001"), "88.108");
  EXPECT_EQ(SecondaryPrefixOf("88.108.1001.7"), "88.108");
  EXPECT_EQ(SecondaryPrefixOf("88.108"), "88.108");
  EXPECT_EQ(SecondaryPrefixOf("88"), "88");
}

}  // namespace
}  // namespace idnode
