#include "node/base/text.h"

#include <gtest/gtest.h>

namespace idnode {
namespace {

TEST(TextTest, Sha256OfTheStandardsExamples) {
  // FIPS 180-4, examples "abc" and the empty message.
  const auto hex = [](std::string_view text) {
    const Digest digest = Sha256(text);
    return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(TextTest, Base64OfRfc4648Examples) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : examples) {
    EXPECT_EQ(Base64(plain), encoded);
    EXPECT_EQ(*DecodeBase64(encoded), plain);
    EXPECT_EQ(*DecodeBase64(Base64Url(plain)), plain);
  }
  EXPECT_EQ(Base64Url("\xfb\xff"), "-_8");
  EXPECT_EQ(Base64("\xfb\xff"), "+/8=");
}

TEST(TextTest, DecodeBase64RefusesWhatIsNotBase64) {
  EXPECT_EQ(DecodeBase64("A").code(), Errc::kInvalidRequest);
  EXPECT_EQ(DecodeBase64("AA*A").code(), Errc::kInvalidRequest);
  EXPECT_EQ(DecodeBase64("AA AA").code(), Errc::kInvalidRequest);
}

TEST(TextTest, Utf8IsCheckedStrictly) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain ASCII text, longer than eight bytes"));
  EXPECT_TRUE(IsUtf8("标识解析 é \xf0\x9f\x98\x80"));
  EXPECT_FALSE(IsUtf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(IsUtf8("\xe0\x80\x80")) << "overlong";
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80")) << "past U+10FFFF";
  EXPECT_FALSE(IsUtf8("12345678\xe6\xa0")) << "cut short";
  EXPECT_FALSE(IsUtf8("\x80"));
}

TEST(TextTest, FoldsAsciiOnly) {
  std::string out = "X";
  AppendAsciiFolded(out, "SN-Ä標识Z");
  EXPECT_EQ(out, "Xsn-Ä標识z");
}

TEST(TextTest, ConstantTimeEqualComparesContent) {
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abcd"));
}

TEST(TextTest, SecureRandomDiffers) {
  EXPECT_EQ(SecureRandom(32).size(), 32u);
  EXPECT_NE(SecureRandom(32), SecureRandom(32));
}

}  // namespace
}  // namespace idnode
