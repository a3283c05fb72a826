#include "node/model/data_template.h"

#include <array>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "node/model/template_forms.h"
#include "node/model/template_pattern.h"
#include "tests/node/model/random_template.h"
#include "tests/node/model/template_items.h"

namespace idnode {
namespace {

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
           [](TemplateItem& item, std::size_t n) {
             item.pattern = "[" + std::string(n - 2, 'x') + "]";
           }},
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

// The pattern that takes exponential time where a matcher goes back.
// Time is bounded by steps times bytes: RE2 falls back to a matcher that takes that much.
TEST(DataTemplateTest, PatternsThatAreCostlyToMatchAreRefused) {
  const auto costly = [](int steps) {
    TemplateItem item = Item("a");
    const std::string half = "b{" + std::to_string(steps / 2) + "}";  // no repetition is over 1,000
    item.pattern = "(" + half + half + "|c)$";
    return item;
  };
  EXPECT_EQ(FieldOfFault(Of({costly(kTemplatePatternProgramMax - 50)})), "ok");
  EXPECT_EQ(FieldOfFault(Of({costly(kTemplatePatternProgramMax)})), "properties.a.pattern");
  TemplateItem chinese = Item("a");
  chinese.pattern = R"(^[\p{Han}A-Za-z]{1,20}$)";
  EXPECT_EQ(FieldOfFault(Of({chinese})), "ok");
  std::vector<TemplateItem> items;
  int sum = 0;
  while (sum <= kTemplateProgramMax - kTemplatePatternProgramMax) {
    items.push_back(costly(kTemplatePatternProgramMax - 50));
    items.back().name = "a" + std::to_string(items.size());
    sum += kTemplatePatternProgramMax;
  }
  EXPECT_EQ(FieldOfFault(Of(items)), "ok");
  for (const char* more : {"b1", "b2", "b3"}) {
    items.push_back(costly(kTemplatePatternProgramMax - 50));
    items.back().name = more;
  }
  EXPECT_TRUE(FieldOfFault(Of(items)).ends_with(".pattern")) << FieldOfFault(Of(items));
}

TEST(DataTemplateTest, SoManyItemsAreUniqueAndNoMore) {
  std::vector<TemplateItem> items;
  for (std::size_t i = 0; i < kTemplateUniqueItemsMax; ++i) {
    items.push_back(Item("u" + std::to_string(i)));
    items.back().unique = true;
  }
  EXPECT_EQ(FieldOfFault(Of(items)), "ok");
  items.push_back(Item("last"));
  items.back().unique = true;
  EXPECT_EQ(FieldOfFault(Of(items)), "properties.last.x-idnode-unique");
}

TEST(DataTemplateTest, EqualPatternsAreOneWhileSomebodyHasThem) {
  const auto first = CompiledPattern("^equal+$");
  EXPECT_EQ(CompiledPattern("^equal+$"), first);
  EXPECT_NE(CompiledPattern("^equal*$"), first);
  // Many that nobody keeps push out none that somebody does.
  for (int i = 0; i < 3'000; ++i) CompiledPattern("p" + std::to_string(i));
  EXPECT_EQ(CompiledPattern("^equal+$"), first);
}

}  // namespace
}  // namespace idnode
