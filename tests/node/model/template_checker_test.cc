#include <array>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "node/model/data_template.h"
#include "node/model/template_forms.h"
#include "node/model/template_pattern.h"
#include "tests/node/model/random_template.h"
#include "tests/node/model/template_items.h"

namespace idnode {
namespace {

TEST_F(CheckerTest, TypesAreHeld) {
  Make({Item("text"), Item("number", ItemType::kNumber), Item("whole", ItemType::kInteger),
        Item("day", ItemType::kDate), Item("time", ItemType::kDateTime),
        Item("flag", ItemType::kBoolean), Item("colour", ItemType::kEnum),
        Item("part", ItemType::kReference), Item("manual", ItemType::kFile)});
  const auto ok = [&](std::string_view name, std::string_view value) {
    return Field("{\"" + std::string(name) + "\":" + std::string(value) + "}");
  };
  for (const auto& [name, value] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"text", R"("")"},
           {"text", R"("鞋 \"x\" \u00e9\ud83d\ude00")"},
           {"number", "0"},
           {"number", "-12.5e-3"},
           {"number", "1e+21"},
           {"whole", "-7"},
           {"whole", "7.0"},
           {"whole", "100000000000000000000"},
           {"day", R"("2024-02-29")"},
           {"time", R"("2026-11-22T10:00:00+08:00")"},
           {"time", R"("2026-11-22t23:59:60.123z")"},
           {"flag", "true"},
           {"flag", "false"},
           {"colour", R"("green")"},
           {"part", R"("88.108.1001/SN1")"},
           {"manual", R"("https://maker.example/m.pdf")"},
           {"manual", R"("HTTP://maker.example")"}}) {
    EXPECT_EQ(ok(name, value), "ok") << name << " " << value;
  }
  for (const auto& [name, value] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"text", "1"},
           {"text", "null"},
           {"text", "[\"a\"]"},
           {"text", "{}"},
           {"text", "\"\xff\""},
           {"number", R"("1")"},
           {"number", "true"},
           {"whole", "7.5"},
           {"day", R"("2023-02-29")"},
           {"day", R"("2026-1-1")"},
           {"day", R"("2026-11-22T10:00:00Z")"},
           {"day", R"("2026-13-01")"},
           {"day", R"("2026-00-01")"},
           {"day", R"("2026-04-31")"},
           {"time", R"("2026-11-22")"},
           {"time", R"("2026-11-22T10:00:00")"},
           {"time", R"("2026-11-22T24:00:00Z")"},
           {"time", R"("2026-11-22T10:00:00.Z")"},
           {"time", R"("2026-11-22T10:00:00+8:00")"},
           {"flag", R"("true")"},
           {"flag", "1"},
           {"colour", R"("Green")"},
           {"part", R"("no slash")"},
           {"manual", R"("ftp://maker.example/m.pdf")"},
           {"manual", R"("https://")"},
           {"manual", R"("https:///x")"},
           {"manual", R"("https://maker.example/a b")"},
           {"manual", R"("https://maker.example/鞋")"}}) {
    EXPECT_EQ(ok(name, value), "attributes." + std::string(name)) << value;
  }
}

TEST_F(CheckerTest, DetailsNameItemAndRule) {
  TemplateItem colour = Item("colour");
  colour.length_min = 2;
  colour.length_max = 10;
  TemplateItem size = Item("size", ItemType::kNumber);
  size.minimum = 10;
  size.maximum = 49.5;
  TemplateItem code = Item("code");
  code.pattern = "^[A-Z]{2}$";
  code.required = true;
  TemplateItem old = Item("old");
  old.disabled = true;
  Make({colour, size, code, old});
  EXPECT_EQ(Detail(R"({"code":"AB","colour":"red-and-blue"})"),
            "colour: 12 characters; at most 10 (maxLength)");
  EXPECT_EQ(Detail(R"({"code":"AB","colour":"r"})"),
            "colour: 1 characters; at least 2 (minLength)");
  EXPECT_EQ(Field(R"({"code":"AB","colour":"红色红色红色红色红色"})"), "ok");  // 10 characters
  EXPECT_EQ(Detail(R"({"code":"AB","size":9.99})"), "size: 9.99; at least 10 (minimum)");
  EXPECT_EQ(Detail(R"({"code":"AB","size":50})"), "size: 50; at most 49.5 (maximum)");
  EXPECT_EQ(Field(R"({"code":"AB","size":10})"), "ok");
  EXPECT_EQ(Field(R"({"code":"AB","size":49.5})"), "ok");
  EXPECT_EQ(Detail(R"({"code":"ABC"})"), "code: does not match ^[A-Z]{2}$ (pattern)");
  EXPECT_EQ(Detail("{}"), "code: missing (required)");
  EXPECT_EQ(Detail(""), "code: missing (required)");
  EXPECT_EQ(Detail(R"({"code":"AB","old":"x"})"), "old: the item is disabled (x-idnode-disabled)");
  EXPECT_EQ(Detail(R"({"code":"AB","colours":"x"})"),
            "colours: the template has no such item (additionalProperties)");
  EXPECT_EQ(Detail(R"({"code":5})"), "code: a number; a text is needed (type)");
}

TEST_F(CheckerTest, APatternIsFoundAnywhereUnlessTied) {
  TemplateItem item = Item("a");
  item.pattern = "b+";
  Make({item});
  EXPECT_EQ(Field(R"({"a":"abc"})"), "ok");
  EXPECT_EQ(Field(R"({"a":"ac"})"), "attributes.a");
}

TEST_F(CheckerTest, APatternTakesTimeInProportionToTheText) {
  TemplateItem item = Item("a");
  item.pattern = "^(a+)+$";
  Make({item});
  EXPECT_EQ(Field("{\"a\":\"" + std::string(4'000, 'a') + "!\"}"), "attributes.a");
}

TEST_F(CheckerTest, ATextThatIsMatchedIsNoLongerThanItsBound) {
  TemplateItem item = Item("a");
  item.pattern = "^a*$";
  Make({item, Item("free")});
  const auto json = [](std::string_view name, std::size_t size) {
    return "{\"" + std::string(name) + "\":\"" + std::string(size, 'a') + "\"}";
  };
  EXPECT_EQ(Field(json("a", kTemplatePatternTextBytesMax)), "ok");
  EXPECT_EQ(Detail(json("a", kTemplatePatternTextBytesMax + 1)),
            "a: 4097 bytes; at most 4096 with a pattern (pattern)");
  EXPECT_EQ(Field(json("free", 100'000)), "ok");
}

TEST_F(CheckerTest, WhatIsKnownToMatchIsNotMatchedAgain) {
  TemplateItem item = Item("a");
  item.pattern = "^a*$";
  TemplateItem other = Item("b");
  other.pattern = "^b*$";
  Make({item, other});
  const auto matched = checker_->Present(R"({"a":"x"})", {}, *scratch_);
  const auto field = [&](std::string_view json) {
    const auto checked = checker_->Check(json, {}, *scratch_, nullptr, nullptr, &matched);
    return checked.ok() ? "ok" : checked.error().field;
  };
  EXPECT_EQ(field(R"({"a":"x","b":"b"})"), "ok");
  EXPECT_EQ(field(R"({"a":"x","b":"x"})"), "attributes.b");
}

TEST_F(CheckerTest, DamagedAttributesAreAnError) {
  Make({Item("a"), Item("n", ItemType::kNumber)}, true);
  EXPECT_EQ(Field(R"({ "a" : "x" , "z":[1,{"y":[]},{}] })"), "ok");
  for (const std::string_view json : {"[]",
                                      "{",
                                      "}",
                                      R"({"a":"x")",
                                      R"({"a":"x",})",
                                      R"({"a" "x"})",
                                      R"({"a":"x"} x)",
                                      R"({"a":"x"}{})",
                                      R"({"a":"x)",
                                      R"({"a":"\x"})",
                                      R"({"a":"\ud800"})",
                                      R"({"a":"\udc00"})",
                                      R"({"a":"\u12"})",
                                      "{\"a\":\"\n\"}",
                                      R"({"n":01})",
                                      R"({"n":1.})",
                                      R"({"n":.5})",
                                      R"({"n":-})",
                                      R"({"n":1e})",
                                      R"({"n":nul})",
                                      R"({"z":[1,]})",
                                      R"({"z":[1 2]})",
                                      R"({"z":{"y"}})",
                                      R"({"z":{"y":1,}})",
                                      R"({"z":]})",
                                      R"({"z":[}})",
                                      R"({a:1})",
                                      "null"}) {
    EXPECT_EQ(Field(json), "attributes") << json;
  }
  const auto nested = [](int depth) {
    return "{\"z\":" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
  };
  EXPECT_EQ(Field(nested(kTemplateDepthMax - 1)), "ok");
  EXPECT_EQ(Field(nested(kTemplateDepthMax)), "attributes");
  EXPECT_EQ(Field(nested(100'000)), "attributes");
  EXPECT_EQ(Field(R"({"a":"x","a":"y"})"), "attributes.a");
  EXPECT_EQ(Field(R"({"\u0061":"x"})"), "ok");
  EXPECT_EQ(Field(R"({"n":1,"a":"x"})"), "ok");  // in any order
}

TEST_F(CheckerTest, ItemsMayBeGivenAsValues) {
  TemplateItem size = Item("Size", ItemType::kInteger);
  size.maximum = 50;
  TemplateItem name = Item("name");
  name.required = true;
  Make({name, size, Item("flag", ItemType::kBoolean)});
  std::array values = {Value(1, "URL", "https://a.example"), Value(2000, "NAME", "Shoe"),
                       Value(2001, "size", "42"), Value(2002, "flag", "true")};
  EXPECT_EQ(Check("", values).field, "ok");
  EXPECT_EQ(checker_->ItemOf(values[2])->name, "Size");
  EXPECT_EQ(checker_->ItemOf(values[0]), nullptr);
  EXPECT_EQ(checker_->ItemOf("Size")->index, 2001u);
  EXPECT_EQ(checker_->ItemOf("size"), nullptr);
  EXPECT_EQ(Check(R"({"Size":1})", values).field, "values[2].data");  // both
  values[2].data = "51";
  EXPECT_EQ(Check("", values).field, "values[2].data");
  EXPECT_EQ(Check("", values).detail, "Size: 51; at most 50 (maximum)");
  values[2].data = "4 2";
  EXPECT_EQ(Check("", values).field, "values[2].data");
  values[2] = Value(2001, "name", "x");
  EXPECT_EQ(Check("", values).field, "values[2].type");
  values[2] = Value(2010, "other", "x");
  EXPECT_EQ(Check("", values).field, "values[2].index");
  values[2] = Value(1999, "other", "x");
  EXPECT_EQ(Check("", values).field, "ok");
  values[3].data = "yes";
  EXPECT_EQ(Check("", values).field, "values[3].data");
  values[3].data = "false";
  values[1].index = 3;
  EXPECT_EQ(Check("", values).detail, "name: missing (required)");
}

TEST_F(CheckerTest, UniqueItemsAreClaimedInOneForm) {
  TemplateItem serial = Item("serial");
  serial.unique = true;
  TemplateItem number = Item("number", ItemType::kNumber);
  number.unique = true;
  Make({serial, number, Item("other")});
  EXPECT_TRUE(checker_->has_unique_items());
  const auto canonical = [&](std::string_view json, std::span<const ValueView> values = {}) {
    EXPECT_EQ(Check(json, values).field, "ok");
    return claims_.empty() ? "none" : std::string(claims_[0].canonical);
  };
  EXPECT_EQ(canonical(R"({"other":"x"})"), "none");
  EXPECT_EQ(canonical(R"({"serial":"A\"1"})"), "A\"1");
  ASSERT_EQ(claims_.size(), 1u);
  EXPECT_EQ(claims_[0].item, "serial");
  EXPECT_EQ(claims_[0].Field(), "attributes.serial");
  for (const char* same : {"12", "12.0", "1.2e1", "120e-1"}) {
    EXPECT_EQ(canonical("{\"number\":" + std::string(same) + "}"), "12") << same;
    const std::array values = {Value(2001, "number", same)};
    EXPECT_EQ(canonical("", values), "12") << same;
    EXPECT_EQ(claims_[0].Field(), "values[0].data");
  }
  EXPECT_EQ(canonical(R"({"number":-0})"), "0");
  EXPECT_EQ(canonical(R"({"number":0.0})"), "0");
  // Attributes come in their canonical form, values as they were sent: one text for both.
  for (const auto& [sent, text] :
       {std::pair<std::string, std::string>{"9007199254740993", "9007199254740992"},
        {"12345678901234567890", "12345678901234567000"},
        {"12345678901234567000", "12345678901234567000"},
        {"123456789012345678901", "123456789012345680000"},
        {"-12345678901234567", "-12345678901234568"},
        {"1000000000000000000000", "1e+21"},
        {"1E21", "1e+21"},
        {"0.00000001", "1e-8"}}) {
    EXPECT_EQ(canonical("{\"number\":" + sent + "}"), text) << sent;
    const std::array values = {Value(2001, "number", sent)};
    EXPECT_EQ(canonical("", values), text) << sent;
  }
  EXPECT_EQ(canonical(R"({"number":1e20})"), "100000000000000000000");
  // Two escaped texts at once stay apart.
  TemplateItem second = serial;
  second.name = "second";
  Make({serial, second});
  EXPECT_EQ(Field(R"({"second":"b\n","serial":"a\n"})"), "ok");
  ASSERT_EQ(claims_.size(), 2u);
  EXPECT_EQ(claims_[0].canonical, "b\n");
  EXPECT_EQ(claims_[1].canonical, "a\n");
}

TEST_F(CheckerTest, ADisabledItemIsKeptWhereItWas) {
  TemplateItem old = Item("old");
  old.disabled = true;
  Make({Item("a"), old});
  const std::array values = {Value(2001, "OLD", "x")};
  EXPECT_EQ(Field(R"({"old":"x"})"), "attributes.old");
  EXPECT_EQ(Check("", values).field, "values[0].data");
  const ItemSet kept = checker_->Present(R"({"a":"y","old":"was"})", {}, *scratch_);
  EXPECT_EQ(kept.count(), 2u);
  EXPECT_EQ(Check(R"({"old":"x"})", {}, &kept).field, "ok");
  EXPECT_EQ(Check("", values, &kept).field, "ok");
  EXPECT_EQ(checker_->Present("", values, *scratch_).count(), 1u);
  const ItemSet none = checker_->Present(R"({"a":"y")", {}, *scratch_);
  EXPECT_EQ(Check(R"({"old":"x"})", {}, &none).field, "attributes.old");
}

}  // namespace
}  // namespace idnode
