#include "node/model/data_template.h"

#include <array>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "node/model/template_forms.h"
#include "tests/node/model/random_template.h"

namespace idnode {
namespace {

TemplateItem Item(std::string name, ItemType type = ItemType::kString) {
  TemplateItem item;
  item.name = std::move(name);
  item.type = type;
  if (type == ItemType::kEnum) item.values = {"red", "green"};
  return item;
}

DataTemplate Of(std::vector<TemplateItem> items) {
  DataTemplate content;
  content.items = std::move(items);
  NumberItems(content, nullptr);
  return content;
}

std::string FieldOfFault(const DataTemplate& content) {
  const auto checked = CheckDataTemplate(content);
  if (checked.ok()) return "ok";
  EXPECT_EQ(checked.code(), Errc::kInvalidRequest);
  return checked.error().field;
}

std::string FieldOfSuccession(const DataTemplate& before, const DataTemplate& next) {
  EXPECT_EQ(FieldOfFault(next), "ok");
  const auto checked = CheckSuccession(before, next);
  return checked.ok() ? "ok" : checked.error().field;
}

// What an input meets: "ok", or field and detail.
struct Checked {
  std::string field;
  std::string detail;
};

class CheckerTest : public testing::Test {
 protected:
  void Make(std::vector<TemplateItem> items, bool extra = false) {
    DataTemplate content = Of(std::move(items));
    content.extra_attributes = extra;
    ASSERT_EQ(FieldOfFault(content), "ok");
    auto made = TemplateChecker::Make(content);
    ASSERT_TRUE(made.ok()) << made.error().detail;
    checker_ = *made;
  }

  Checked Check(std::string_view json, std::span<const ValueView> values = {},
                const ItemSet* kept = nullptr) {
    claims_.clear();
    const auto checked = checker_->Check(json, values, *scratch_, &claims_, kept);
    if (checked.ok()) return {"ok", ""};
    EXPECT_EQ(checked.code(), Errc::kInvalidValue);
    return {checked.error().field, checked.error().detail};
  }

  std::string Field(std::string_view json) { return Check(json).field; }
  std::string Detail(std::string_view json) { return Check(json).detail; }

  static ValueView Value(std::uint32_t index, std::string_view type, std::string_view data) {
    ValueView value;
    value.index = index;
    value.type = type;
    value.data = data;
    return value;
  }

  std::shared_ptr<const TemplateChecker> checker_;
  std::unique_ptr<TemplateChecker::Scratch, void (*)(TemplateChecker::Scratch*)> scratch_ =
      TemplateChecker::NewScratch();
  std::vector<UniqueClaim> claims_;
};

TEST(DataTemplateTest, RowsKeepEverything) {
  RandomTemplates random(20261122);
  for (int i = 0; i < 300; ++i) {
    const DataTemplate content = random.Next();
    ASSERT_EQ(FieldOfFault(content), "ok") << random.Name(i);
    const auto decoded = DecodeDataTemplate(EncodeDataTemplate(content));
    ASSERT_TRUE(decoded.ok()) << random.Name(i);
    EXPECT_EQ(*decoded, content) << random.Name(i);
  }
}

TEST(DataTemplateTest, DamagedRowsAreRefused) {
  RandomTemplates random(7);
  const std::string bytes = EncodeDataTemplate(random.Next());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeDataTemplate(bytes.substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(DecodeDataTemplate(bytes + "x").code(), Errc::kCorruption);
  std::string newer = bytes;
  newer[0] = 2;
  EXPECT_EQ(DecodeDataTemplate(newer).code(), Errc::kCorruption);
}

TEST(DataTemplateTest, BoundsHoldAtTheUnit) {
  const auto text = [](std::size_t size) { return std::string(size, 'x'); };
  struct Case {
    std::string_view what;
    std::size_t bound;
    std::string_view field;
    void (*set)(TemplateItem& item, std::size_t size);
  };
  const std::array cases = {
      Case{"name", kTemplateItemNameBytesMax, "properties.",
           [](TemplateItem& item, std::size_t n) { item.name = std::string(n, 'x'); }},
      Case{"title", kTemplateTitleBytesMax, "properties.a.title",
           [](TemplateItem& item, std::size_t n) { item.title = std::string(n, 'x'); }},
      Case{"title-en", kTemplateTitleBytesMax, "properties.a.x-idnode-title-en",
           [](TemplateItem& item, std::size_t n) { item.title_en = std::string(n, 'x'); }},
      Case{"description", kTemplateDescriptionBytesMax, "properties.a.description",
           [](TemplateItem& item, std::size_t n) { item.description = std::string(n, 'x'); }},
      Case{"unit", kTemplateUnitBytesMax, "properties.a.x-idnode-unit",
           [](TemplateItem& item, std::size_t n) { item.unit = std::string(n, 'x'); }},
      Case{"pattern", kTemplatePatternBytesMax, "properties.a.pattern",
           [](TemplateItem& item, std::size_t n) { item.pattern = std::string(n, 'x'); }},
      Case{"reference", kTemplateReferenceBytesMax, "properties.a.x-idnode-reference",
           [](TemplateItem& item, std::size_t n) {
             item.type = ItemType::kReference;
             item.reference_template = std::string(n, 'x');
           }},
      Case{"values", kTemplateEnumMax, "properties.a.enum",
           [](TemplateItem& item, std::size_t n) {
             item.type = ItemType::kEnum;
             for (std::size_t i = 0; i < n; ++i) item.values.push_back(std::to_string(i));
           }},
      Case{"enum value", kTemplateEnumValueBytesMax, "properties.a.enum",
           [](TemplateItem& item, std::size_t n) {
             item.type = ItemType::kEnum;
             item.values = {std::string(n, 'x')};
           }},
  };
  for (const auto& each : cases) {
    TemplateItem item = Item("a");
    each.set(item, each.bound);
    EXPECT_EQ(FieldOfFault(Of({item})), "ok") << each.what;
    item = Item("a");
    each.set(item, each.bound + 1);
    EXPECT_EQ(FieldOfFault(Of({item})).substr(0, each.field.size()), each.field) << each.what;
  }
  DataTemplate whole;
  whole.title = text(kTemplateTitleBytesMax);
  whole.description = text(kTemplateDescriptionBytesMax);
  EXPECT_EQ(FieldOfFault(whole), "ok");
  whole.title += 'x';
  EXPECT_EQ(FieldOfFault(whole), "title");
  whole.title.clear();
  whole.description += 'x';
  EXPECT_EQ(FieldOfFault(whole), "description");

  std::vector<TemplateItem> items;
  for (std::size_t i = 0; i < kTemplateItemsMax; ++i) items.push_back(Item(std::to_string(i)));
  EXPECT_EQ(FieldOfFault(Of(items)), "ok");
  items.push_back(Item("one more"));
  EXPECT_EQ(FieldOfFault(Of(items)), "properties");

  for (const auto& [index, field] : {std::pair{kTemplateIndexMin, "ok"},
                                     {kTemplateIndexMax, "ok"},
                                     {kTemplateIndexMin - 1, "properties.a.x-idnode-index"},
                                     {kTemplateIndexMax + 1, "properties.a.x-idnode-index"}}) {
    DataTemplate content = Of({Item("a")});
    content.items[0].index = index;
    EXPECT_EQ(FieldOfFault(content), field) << index;
  }

  EXPECT_TRUE(CheckTemplateName(text(kTemplateNameBytesMax)).ok());
  EXPECT_FALSE(CheckTemplateName(text(kTemplateNameBytesMax + 1)).ok());
  for (const char* bad : {"", "a@b", "a/b", "a\nb", "\xff"}) {
    EXPECT_EQ(CheckTemplateName(bad).code(), Errc::kInvalidRequest) << bad;
  }
  EXPECT_TRUE(CheckTemplateName("鞋").ok());
}

TEST(DataTemplateTest, ATemplateIsNoLongerThanItsSchemaMayBe) {
  DataTemplate content;
  std::vector<TemplateItem> items;
  for (int i = 0; i < 80; ++i) {
    items.push_back(Item("i" + std::to_string(i)));
    items.back().description = std::string(3'000, 'x');
  }
  EXPECT_EQ(FieldOfFault(Of(items)), "ok");
  for (auto& item : items) item.description = std::string(3'500, 'x');
  EXPECT_EQ(FieldOfFault(Of(items)), "");
  // What is accepted can be read back, however much of it must be escaped.
  for (auto& item : items) item.description = std::string(1'500, '"');
  const DataTemplate escaped = Of(items);
  ASSERT_EQ(FieldOfFault(escaped), "ok");
  const auto again = FromJsonSchema(ToJsonSchema(escaped, std::string(100, '"'), 10'000));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(*again, escaped);
}

TEST(DataTemplateTest, ItemsThatContradictThemselvesAreRefused) {
  const auto with = [](ItemType type, auto set) {
    TemplateItem item = Item("a", type);
    set(item);
    return FieldOfFault(Of({item}));
  };
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.minimum = 1; }), "properties.a.minimum");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.maximum = 1; }), "properties.a.maximum");
  EXPECT_EQ(with(ItemType::kNumber, [](auto& i) { i.length_min = 1; }), "properties.a.minLength");
  EXPECT_EQ(with(ItemType::kNumber, [](auto& i) { i.length_max = 1; }), "properties.a.maxLength");
  EXPECT_EQ(with(ItemType::kNumber, [](auto& i) { i.pattern = "x"; }), "properties.a.pattern");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.pattern = "("; }), "properties.a.pattern");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.pattern = "(a)\\1"; }), "properties.a.pattern");
  // Small to write, large to hold.
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.pattern = "((a{100}){100}){100}"; }),
            "properties.a.pattern");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.values = {"x"}; }), "properties.a.enum");
  EXPECT_EQ(with(ItemType::kEnum, [](auto& i) { i.values.clear(); }), "properties.a.enum");
  EXPECT_EQ(with(ItemType::kEnum, [](auto& i) { i.values = {"x", "x"}; }), "properties.a.enum");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.reference_template = "shoe"; }),
            "properties.a.x-idnode-reference");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.file_kind = FileKind::kImage; }),
            "properties.a.x-idnode-file");
  EXPECT_EQ(with(ItemType::kString, [](auto& i) { i.required = i.disabled = true; }),
            "properties.a.x-idnode-disabled");
  const auto range = [](auto& i) {
    i.minimum = 2;
    i.maximum = 1;
  };
  EXPECT_EQ(with(ItemType::kNumber, range), "properties.a.maximum");
  const auto lengths = [](auto& i) {
    i.length_min = 2;
    i.length_max = 1;
  };
  EXPECT_EQ(with(ItemType::kString, lengths), "properties.a.maxLength");
  EXPECT_EQ(
      with(ItemType::kNumber, [](auto& i) { i.minimum = std::numeric_limits<double>::infinity(); }),
      "properties.a.minimum");
  EXPECT_EQ(FieldOfFault(Of({Item("a"), Item("A")})), "properties.A");
  EXPECT_EQ(FieldOfFault(Of({Item("")})), "properties.");
  DataTemplate content;
  content.industry = "Z9";
  EXPECT_EQ(FieldOfFault(content), "x-idnode-industry");
}

TEST(DataTemplateTest, ItemsAreNumberedByNameThenOnwards) {
  DataTemplate before = Of({Item("a"), Item("b"), Item("c")});
  EXPECT_EQ(before.items[2].index, 2002u);
  DataTemplate next;
  next.items = {Item("c"), Item("new"), Item("a"), Item("b")};
  next.items[1].required = true;
  NumberItems(next, &before);
  ASSERT_EQ(next.items.size(), 4u);
  EXPECT_EQ(next.items[0].name, "a");
  EXPECT_EQ(next.items[2].name, "c");
  EXPECT_EQ(next.items[2].index, 2002u);
  EXPECT_EQ(next.items[3].name, "new");
  EXPECT_EQ(next.items[3].index, 2003u);
  EXPECT_EQ(FieldOfSuccession(before, next), "ok");
}

TEST(DataTemplateTest, ANewVersionMayAddDisableAndEase) {
  TemplateItem size = Item("size", ItemType::kNumber);
  size.minimum = 10;
  size.maximum = 50;
  size.required = true;
  size.unique = true;
  size.unit = "mm";
  TemplateItem name = Item("name");
  name.length_min = 2;
  name.length_max = 20;
  name.pattern = "^[a-z]+$";
  TemplateItem part = Item("part", ItemType::kReference);
  part.reference_template = "shoe";
  const DataTemplate before = Of({size, name, part, Item("colour", ItemType::kEnum)});
  DataTemplate next = before;
  next.items[0].minimum.reset();
  next.items[0].maximum = 60;
  next.items[0].required = next.items[0].unique = false;
  next.items[1].length_min = 1;
  next.items[1].length_max.reset();
  next.items[1].pattern.clear();
  next.items[1].title = "名称";
  next.items[1].visibility = ItemVisibilityDefault::kPrivate;
  next.items[2].reference_template.clear();
  next.items[2].disabled = true;
  next.items[3].values.push_back("blue");
  next.extra_attributes = true;
  next.items.push_back(Item("more"));
  next.items.back().index = 2004;
  EXPECT_EQ(FieldOfSuccession(before, next), "ok");
  // And back again only where that eases too.
  EXPECT_NE(FieldOfSuccession(next, before), "ok");

  const auto changed = [&](auto change) {
    DataTemplate other = before;
    change(other);
    return FieldOfSuccession(before, other);
  };
  using T = DataTemplate;
  EXPECT_EQ(changed([](T& t) { t.items.erase(t.items.begin()); }), "properties.size");
  EXPECT_EQ(changed([](T& t) { t.items[0].type = ItemType::kInteger; }), "properties.size.type");
  EXPECT_EQ(changed([](T& t) { t.items[3].index = 2010; }), "properties.colour.x-idnode-index");
  EXPECT_EQ(changed([](T& t) { t.items[0].minimum = 11; }), "properties.size.minimum");
  EXPECT_EQ(changed([](T& t) { t.items[0].maximum = 49; }), "properties.size.maximum");
  EXPECT_EQ(changed([](T& t) { t.items[0].unit = "cm"; }), "properties.size.x-idnode-unit");
  EXPECT_EQ(changed([](T& t) { t.items[1].required = true; }), "properties.name.required");
  EXPECT_EQ(changed([](T& t) { t.items[1].unique = true; }), "properties.name.x-idnode-unique");
  EXPECT_EQ(changed([](T& t) { t.items[1].length_min = 3; }), "properties.name.minLength");
  EXPECT_EQ(changed([](T& t) { t.items[1].length_max = 19; }), "properties.name.maxLength");
  EXPECT_EQ(changed([](T& t) { t.items[1].pattern = "^[a-z]*$"; }), "properties.name.pattern");
  EXPECT_EQ(changed([](T& t) { t.items[2].reference_template = "hat"; }),
            "properties.part.x-idnode-reference");
  EXPECT_EQ(changed([](T& t) { t.items[3].values = {"red"}; }), "properties.colour.enum");
  EXPECT_EQ(FieldOfSuccession(next,
                              [&] {
                                T closed = next;
                                closed.extra_attributes = false;
                                return closed;
                              }()),
            "additionalProperties");
}

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

// The pattern that takes exponential time where a matcher goes back.
TEST_F(CheckerTest, APatternTakesTimeInProportionToTheText) {
  TemplateItem item = Item("a");
  item.pattern = "^(a+)+$";
  Make({item});
  EXPECT_EQ(Field("{\"a\":\"" + std::string(60'000, 'a') + "!\"}"), "attributes.a");
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
  EXPECT_EQ(canonical(R"({"number":9007199254740993})"), "9007199254740993");
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
