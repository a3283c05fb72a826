#pragma once

// What tests of templates and of their checker share.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "node/model/data_template.h"

namespace idnode {

inline TemplateItem Item(std::string name, ItemType type = ItemType::kString) {
  TemplateItem item;
  item.name = std::move(name);
  item.type = type;
  if (type == ItemType::kEnum) item.values = {"red", "green"};
  return item;
}

inline DataTemplate Of(std::vector<TemplateItem> items) {
  DataTemplate content;
  content.items = std::move(items);
  NumberItems(content, nullptr);
  return content;
}

inline std::string FieldOfFault(const DataTemplate& content) {
  const auto checked = CheckDataTemplate(content);
  if (checked.ok()) return "ok";
  EXPECT_EQ(checked.code(), Errc::kInvalidRequest);
  return checked.error().field;
}

inline std::string FieldOfSuccession(const DataTemplate& before, const DataTemplate& next) {
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

}  // namespace idnode
