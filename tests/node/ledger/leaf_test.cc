#include "node/ledger/leaf.h"

#include <limits>

#include <gtest/gtest.h>

#include "node/ledger/tile.h"

namespace idnode::ledger {
namespace {

Leaf Example() {
  Leaf leaf;
  leaf.identifier = "88.108.1001/SN1";
  leaf.commit_ms = 1'764'000'000'000;
  leaf.content = Sha256("");
  leaf.template_ref = "shoe@2";
  leaf.application = "erp";
  leaf.record_class = "product";
  return leaf;
}

constexpr std::string_view kExample =
    "1\t88.108.1001/SN1\t1764000000000\t47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\tshoe@2\terp\t"
    "product";

std::string Encoded(const Leaf& leaf) {
  std::string out;
  EXPECT_TRUE(AppendLeaf(leaf, out).ok());
  return out;
}

TEST(LeafTest, WritesTheExample) { EXPECT_EQ(Encoded(Example()), kExample); }

TEST(LeafTest, ReadsBackWhatItWrote) {
  const auto leaf = ParseLeaf(kExample);
  ASSERT_TRUE(leaf.ok()) << leaf.error().detail;
  EXPECT_EQ(leaf->identifier, "88.108.1001/SN1");
  EXPECT_EQ(leaf->commit_ms, 1'764'000'000'000);
  EXPECT_EQ(leaf->content, Sha256(""));
  EXPECT_EQ(leaf->template_ref, "shoe@2");
  EXPECT_EQ(leaf->application, "erp");
  EXPECT_EQ(leaf->record_class, "product");
  for (int i = 0; i < 64; ++i) {
    Leaf other = Example();
    other.content = Sha256(std::to_string(i));
    const std::string text = Encoded(other);
    EXPECT_EQ(text.substr(32, 43),
              Base64Url({reinterpret_cast<const char*>(other.content->data()), 32}));
    EXPECT_EQ(ParseLeaf(text).value().content, other.content);
  }
}

TEST(LeafTest, FieldsMayBeEmpty) {
  Leaf leaf;
  leaf.identifier = "86.1.2/标识 1";
  const std::string text = Encoded(leaf);
  EXPECT_EQ(text, "1\t86.1.2/标识 1\t0\t\t\t\t");
  const auto read = ParseLeaf(text);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->content.has_value());
  EXPECT_EQ(read->commit_ms, 0);
}

TEST(LeafTest, LimitsAreExact) {
  const std::string longest(kLeafIdentifierBytesMax, 'i');
  const std::string field(kLeafFieldBytesMax, 'f');
  Leaf leaf = Example();
  leaf.identifier = longest;
  leaf.template_ref = leaf.application = leaf.record_class = field;
  leaf.commit_ms = std::numeric_limits<std::int64_t>::max();
  const std::string text = Encoded(leaf);
  EXPECT_LE(text.size(), kLeafBytesMax);
  static_assert(kLeafBytesMax <= kEntryBytesMax);
  EXPECT_TRUE(ParseLeaf(text).ok());
  const std::string too_long = longest + "i";
  leaf.identifier = too_long;
  std::string out = "kept";
  EXPECT_EQ(AppendLeaf(leaf, out).error().field, "identifier");
  leaf.identifier = longest;
  const std::string long_field = field + "f";
  leaf.application = long_field;
  EXPECT_EQ(AppendLeaf(leaf, out).error().field, "application");
  EXPECT_EQ(out, "kept");
}

TEST(LeafTest, RefusesToWriteWhatWouldNotReadBack) {
  const auto field_of = [](Leaf leaf) {
    std::string out;
    const auto result = AppendLeaf(leaf, out);
    EXPECT_TRUE(out.empty());
    return result.ok() ? "none" : result.error().field;
  };
  for (const std::string_view bad :
       {"a\tb", "a\nb", "a\x7f", "a\xff", "\xc0\x80", "\xed\xa0\x80"}) {
    Leaf leaf = Example();
    leaf.identifier = bad;
    EXPECT_EQ(field_of(leaf), "identifier");
    leaf = Example();
    leaf.template_ref = bad;
    EXPECT_EQ(field_of(leaf), "template");
    leaf = Example();
    leaf.application = bad;
    EXPECT_EQ(field_of(leaf), "application");
    leaf = Example();
    leaf.record_class = bad;
    EXPECT_EQ(field_of(leaf), "class");
  }
  Leaf leaf = Example();
  leaf.commit_ms = -1;
  EXPECT_EQ(field_of(leaf), "commit_ms");
  leaf = Example();
  leaf.identifier = "";
  EXPECT_EQ(field_of(leaf), "identifier");
}

TEST(LeafTest, EachFaultHasItsField) {
  const auto fault = [](std::string_view text) {
    const auto leaf = ParseLeaf(text);
    return leaf.ok() ? "none" : leaf.error().field;
  };
  EXPECT_EQ(ParseLeaf("2\ta/b\t0\t\t\t\t").code(), Errc::kFormatTooNew);
  EXPECT_EQ(ParseLeaf("").code(), Errc::kFormatTooNew);
  EXPECT_EQ(fault("1\ta/b\t0\t\t\t"), "leaf");
  EXPECT_EQ(fault("1\ta/b\t0\t\t\t\t\t"), "leaf");
  EXPECT_EQ(fault("1\t\t0\t\t\t\t"), "identifier");
  EXPECT_EQ(fault("1\ta\nb\t0\t\t\t\t"), "identifier");
  for (const std::string_view time :
       {"", "-1", "-0", "+1", "01", "00", "1.5", "1 ", "9223372036854775808", "x"}) {
    EXPECT_EQ(fault("1\ta/b\t" + std::string(time) + "\t\t\t\t"), "commit_ms") << time;
  }
  // The last has bits left over that are not 0: it would be a second text for one digest.
  for (const std::string_view content :
       {"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
        "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV"}) {
    EXPECT_EQ(fault("1\ta/b\t0\t" + std::string(content) + "\t\t\t"), "content") << content;
  }
  EXPECT_EQ(fault(std::string(kLeafBytesMax + 1, '1')), "leaf");
  EXPECT_EQ(fault("1\ta/b\t0\t\t\t\tx\n"), "class");
}

}  // namespace
}  // namespace idnode::ledger
