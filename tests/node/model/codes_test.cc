#include "node/model/codes.h"

#include <array>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace idnode {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
constexpr std::string_view kDigits = "0123456789";

// An independent reckoning: GB 11714 and GB 32100 as their texts have them, character by character.
char OrganisationCheck(const std::string& body) {
  const std::array<int, 8> weights = {3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::string values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    sum += weights[i] * static_cast<int>(values.find(body[i]));
  }
  return "0X987654321"[sum % 11];
}

char CreditCheck(const std::string& lead) {
  int sum = 0;
  int weight = 1;
  for (const char c : lead) {
    sum += weight * static_cast<int>(kAlphabet.find(c));
    weight = weight * 3 % 31;
  }
  int check = 0;
  while ((sum + check) % 31 != 0) ++check;
  return kAlphabet[static_cast<std::size_t>(check)];
}

std::string RandomCode(std::mt19937_64& random) {
  std::string code;
  for (int i = 0; i < 2; ++i) code += kAlphabet[random() % kAlphabet.size()];
  for (int i = 0; i < 6; ++i) code += kDigits[random() % kDigits.size()];
  std::string body;
  for (int i = 0; i < 8; ++i) body += kAlphabet[random() % kAlphabet.size()];
  code += body + OrganisationCheck(body);
  return code + CreditCheck(code);
}

class CodesProperty : public testing::Test {
 protected:
  CodesProperty() : seed_(std::random_device{}()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }
  void TearDown() override {
    if (HasFailure()) std::printf("seed %llu\n", static_cast<unsigned long long>(seed_));
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
};

TEST(CodesTest, AcceptsCreditCodesThatAreInUse) {
  // The last is the worked example of GB 32100-2015, with the check character it arrives at.
  for (const std::string code :
       {"91440300708461136T", "91330100799655058B", "914403001922038216", "91440300192317458F",
        "91110108551385082Q", "91110000802100433B", "12100000400000624D", "91350100M000100Y43"}) {
    const auto checked = CheckCreditCode(code);
    ASSERT_TRUE(checked.ok()) << code << ": " << checked.error().detail;
    EXPECT_EQ(*checked, code);
  }
  EXPECT_EQ(*CheckCreditCode("91440300708461136t"), "91440300708461136T");
}

TEST(CodesTest, ErrorsNameTheCharacterAndTheRightCheck) {
  const auto detail = [](std::string_view code) {
    const auto checked = CheckCreditCode(code);
    if (checked.ok()) return std::string("ok");
    EXPECT_EQ(checked.code(), Errc::kInvalidRequest);
    return checked.error().detail;
  };
  EXPECT_NE(detail("").find("18 characters, not 0"), std::string::npos);
  EXPECT_NE(detail("91440300708461136").find("not 17"), std::string::npos);
  EXPECT_NE(detail("91440300708461136TT").find("not 19"), std::string::npos);
  EXPECT_NE(detail("9144030070846113ZT").find("character 17 is \"Z\""), std::string::npos);
  EXPECT_NE(detail("91A40300708461136T").find("character 3 is \"A\""), std::string::npos);
  const std::string organisation = detail("91440300708461137T");
  EXPECT_NE(organisation.find("character 17 is \"7\""), std::string::npos) << organisation;
  EXPECT_NE(organisation.find("check character \"6\""), std::string::npos) << organisation;
  const std::string check = detail("914403007084611360");
  EXPECT_NE(check.find("character 18 is \"0\""), std::string::npos) << check;
  EXPECT_NE(check.find("check character \"T\""), std::string::npos) << check;
  EXPECT_NE(detail("91350100M000100Y4Z").find("character 18"), std::string::npos)
      << "the wrong code of the standard's example";
}

TEST(CodesTest, ForeignBytesAreRefusedAndNotRepeated) {
  const std::string good = "91440300708461136T";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string code = good;
      code[at] = c;
      const auto checked = CheckCreditCode(code);
      const bool same = (c & ~0x20) == good[at] && (byte | 0x20) >= 'a';
      EXPECT_EQ(checked.ok(), c == good[at] || same) << byte << " at " << at;
      if (checked.ok()) continue;
      for (const char shown : checked.error().detail) {
        EXPECT_TRUE(shown >= ' ' && shown <= '~') << byte;
      }
    }
    EXPECT_FALSE(CheckRegion(std::string(5, '1') + c).ok() && (c < '0' || c > '9')) << byte;
    EXPECT_FALSE(CheckIndustry(std::string("C1") + c).ok() && (c < '3' || c > '9')) << byte;
  }
  EXPECT_FALSE(CheckCreditCode(std::string(1 << 20, '9')).ok());
  EXPECT_FALSE(CheckIndustry(std::string(1 << 20, '1')).ok());
  EXPECT_FALSE(CheckRegion(std::string(1 << 20, '1')).ok());
  EXPECT_FALSE(CheckIndustry(std::string_view("C19\0", 4)).ok());
  EXPECT_FALSE(CheckCreditCode("９１440300708461136T").ok()) << "full-width digits";
}

TEST_F(CodesProperty, EveryWellFormedCodeIsAccepted) {
  for (int i = 0; i < 2'000; ++i) {
    const std::string code = RandomCode(random_);
    const auto checked = CheckCreditCode(code);
    ASSERT_TRUE(checked.ok()) << code << ": " << checked.error().detail;
  }
}

TEST_F(CodesProperty, EveryChangedCharacterIsFound) {
  for (int i = 0; i < 30; ++i) {
    const std::string code = RandomCode(random_);
    for (std::size_t at = 0; at < code.size(); ++at) {
      for (const char c : kAlphabet) {
        if (c == code[at]) continue;
        std::string changed = code;
        changed[at] = c;
        ASSERT_FALSE(CheckCreditCode(changed).ok()) << code << " " << changed;
      }
    }
  }
}

// The first and the last character have the same weight; all other pairs differ in theirs.
TEST_F(CodesProperty, SwappedCharactersAreFound) {
  for (int i = 0; i < 200; ++i) {
    const std::string code = RandomCode(random_);
    for (std::size_t a = 0; a < code.size(); ++a) {
      for (std::size_t b = a + 1; b < code.size(); ++b) {
        if (code[a] == code[b] || (a == 0 && b == code.size() - 1)) continue;
        std::string swapped = code;
        std::swap(swapped[a], swapped[b]);
        ASSERT_FALSE(CheckCreditCode(swapped).ok()) << code << " " << swapped;
      }
    }
  }
}

TEST(CodesTest, IndustriesComeWithTheirSection) {
  EXPECT_EQ(*CheckIndustry("C1952"), "C1952");
  EXPECT_EQ(*CheckIndustry("1952"), "C1952");
  EXPECT_EQ(*CheckIndustry("c195"), "C195");
  EXPECT_EQ(*CheckIndustry("19"), "C19");
  EXPECT_EQ(*CheckIndustry("t"), "T");
  EXPECT_EQ(*CheckIndustry("0111"), "A0111");
  for (const std::string_view wrong : {"", "U", "Z19", "C1", "1", "C19520", "19520", "C-19", "1a52",
                                       "A19", "C44", "00", "98", "C00", "C19 ", " C19", "中"}) {
    const auto checked = CheckIndustry(wrong);
    EXPECT_EQ(checked.code(), Errc::kInvalidRequest) << wrong;
  }
  EXPECT_NE(CheckIndustry("A19").error().detail.find("of section C, not of A"), std::string::npos);
}

TEST(CodesTest, EveryDivisionIsOfOneSectionAndHasNames) {
  std::string sections;
  std::set<std::string_view> names;
  for (int division = 1; division <= 97; ++division) {
    const std::string digits = (division < 10 ? "0" : "") + std::to_string(division);
    const auto code = CheckIndustry(digits);
    ASSERT_TRUE(code.ok()) << digits;
    if (sections.empty() || sections.back() != code->front()) sections += code->front();
    EXPECT_FALSE(IndustryName(*code, true).empty()) << digits;
    EXPECT_FALSE(IndustryName(*code, false).empty()) << digits;
    EXPECT_TRUE(names.insert(IndustryName(*code, true)).second) << digits;
  }
  EXPECT_EQ(sections, "ABCDEFGHIJKLMNOPQRST");
  for (const char section : sections) {
    EXPECT_FALSE(IndustryName(std::string(1, section), true).empty());
    EXPECT_FALSE(IndustryName(std::string(1, section), false).empty());
  }
  // The first and last division of each section, as GB/T 4754-2017 has them.
  for (const std::string_view edge :
       {"A01", "A05", "B06", "B12", "C13", "C43", "D44", "D46", "E47", "E50", "F51", "F52", "G53",
        "G60", "H61", "H62", "I63", "I65", "J66", "J69", "K70", "L71", "L72", "M73", "M75", "N76",
        "N79", "O80", "O82", "P83", "Q84", "Q85", "R86", "R90", "S91", "S96", "T97"}) {
    EXPECT_TRUE(CheckIndustry(edge).ok()) << edge;
  }
  EXPECT_EQ(IndustryName("C1952", true), "皮革、毛皮、羽毛及其制品和制鞋业");
  EXPECT_EQ(IndustryName("14", false), "Food");
  EXPECT_EQ(IndustryName("C", true), "制造业");
  EXPECT_EQ(IndustryName("C30", true), "非金属矿物制品业") << "ceramics";
  EXPECT_EQ(IndustryName("T97", true), "国际组织");
  EXPECT_TRUE(IndustryName("98", true).empty());
}

TEST(CodesTest, RegionsHaveAProvinceAndNoCountyWithoutACity) {
  for (const std::string_view region :
       {"440000", "440100", "440103", "110101", "469001", "820000"}) {
    ASSERT_TRUE(CheckRegion(region).ok()) << region;
    EXPECT_EQ(*CheckRegion(region), region);
  }
  for (const std::string_view wrong : {"", "44010", "4401000", "44010a", "000000", "160000",
                                       "990100", "440001", "-44010", "广东省"}) {
    EXPECT_EQ(CheckRegion(wrong).code(), Errc::kInvalidRequest) << wrong;
  }
}

TEST(CodesTest, ThereAreThirtyFourProvinces) {
  int provinces = 0;
  for (int number = 10; number < 100; ++number) {
    const std::string code = std::to_string(number) + "0000";
    EXPECT_EQ(CheckRegion(code).ok(), !ProvinceName(code, true).empty()) << code;
    EXPECT_EQ(ProvinceName(code, true).empty(), ProvinceName(code, false).empty()) << code;
    provinces += ProvinceName(code, true).empty() ? 0 : 1;
  }
  EXPECT_EQ(provinces, 34);
  EXPECT_EQ(ProvinceName("440305", true), "广东省");
  EXPECT_EQ(ProvinceName("61", false), "Shaanxi");
  EXPECT_TRUE(ProvinceName("6", false).empty());
  EXPECT_TRUE(ProvinceName("", true).empty());
}

}  // namespace
}  // namespace idnode
