#pragma once

#include <random>
#include <set>
#include <string>

#include "node/model/data_template.h"

namespace idnode {

/// Templates of all kinds that pass CheckDataTemplate, the same ones for the same seed.
class RandomTemplates {
 public:
  explicit RandomTemplates(unsigned seed) : seed_(seed), random_(seed) {}

  /// For messages: seed and number.
  std::string Name(int number) const {
    return "seed " + std::to_string(seed_) + ", template " + std::to_string(number);
  }

  DataTemplate Next() {
    DataTemplate content;
    content.title = Text(20);
    content.description = Text(60);
    content.industry = Pick({"", "C", "C19", "C195", "C1952", "A0111"});
    content.active_carrier = Chance(3);
    content.extra_attributes = Chance(2);
    std::set<std::string> names;
    std::size_t unique = 0;
    std::uint32_t index = kTemplateIndexMin;
    for (unsigned left = Below(12); left > 0; --left) {
      TemplateItem item = NextItem();
      item.name = "i" + std::to_string(names.size()) + Text(8);
      if (!names.insert(item.name).second) continue;
      item.unique = item.unique && unique++ < kTemplateUniqueItemsMax;
      index += 1 + Below(3);
      item.index = index;
      content.items.push_back(std::move(item));
    }
    return content;
  }

 private:
  unsigned Below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool Chance(unsigned one_in) { return Below(one_in) == 0; }
  std::string Pick(std::initializer_list<const char*> texts) {
    return *(texts.begin() + Below(static_cast<unsigned>(texts.size())));
  }

  std::string Text(unsigned pieces_max) {
    std::string text;
    for (unsigned left = Below(pieces_max); left > 0; --left) {
      text += Pick({"a", "Z", "7", " ", "鞋", "é", "\"", "\\", "/", "😀", "."});
    }
    return text;
  }

  double Number() {
    switch (Below(4)) {
      case 0:
        return static_cast<double>(Below(1'000)) - 500;
      case 1:
        return static_cast<double>(random_()) / 7.0;
      case 2:
        return 1.0 / (1.0 + Below(1'000));
      default:
        return static_cast<double>(random_()) * 1e30;
    }
  }

  TemplateItem NextItem() {
    TemplateItem item;
    item.title = Text(10);
    item.title_en = Text(10);
    item.description = Text(10);
    item.type = static_cast<ItemType>(1 + Below(9));
    if (Chance(3)) item.unit = Pick({"mm", "kg", "℃"});
    switch (item.type) {
      case ItemType::kNumber:
      case ItemType::kInteger:
        if (Chance(2)) item.minimum = Number();
        if (Chance(2)) item.maximum = item.minimum.value_or(0) + std::abs(Number());
        break;
      case ItemType::kEnum:
        for (unsigned i = 0; i <= Below(5); ++i) item.values.push_back(std::to_string(i) + Text(5));
        break;
      case ItemType::kReference:
        if (Chance(2)) item.reference_template = "shoe" + std::to_string(Below(9));
        break;
      case ItemType::kFile:
        item.file_kind = static_cast<FileKind>(Below(4));
        break;
      case ItemType::kString:
        if (Chance(2)) item.length_min = Below(5);
        if (Chance(2)) item.length_max = 5 + Below(100);
        if (Chance(2)) item.pattern = Pick({"^[A-Z]+$", "x|y", "\\d{3}", "[鞋\"]"});
        break;
      case ItemType::kDate:
      case ItemType::kBoolean:
      case ItemType::kDateTime:
        break;
    }
    item.unique = Chance(4);
    item.disabled = Chance(5);
    item.required = !item.disabled && Chance(2);
    item.visibility = static_cast<ItemVisibilityDefault>(1 + Below(3));
    return item;
  }

  const unsigned seed_;
  std::mt19937_64 random_;
};

}  // namespace idnode
