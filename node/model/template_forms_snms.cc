// The template object of the SNMS API.
#include <algorithm>
#include <string>
#include <utility>

#include "node/model/codes.h"
#include "node/model/template_fault.h"
#include "node/model/template_forms.h"
#include "node/model/template_json.h"

namespace idnode {
namespace {

using Kind = TemplateJson::Kind;

// 类型: 1 is for active identifier carriers (主动标识载体), 2 for all else.
constexpr std::uint32_t kTypeActive = 1;
constexpr std::uint32_t kTypeOther = 2;
constexpr std::uint32_t kStateDisabled = 0;
constexpr std::uint32_t kStateEnabled = 1;

Result<void> ReadText(const TemplateJson& object, std::string_view name, const std::string& place,
                      std::string& text) {
  const TemplateJson* value = object.Find(name);
  if (!IsGiven(value)) return {};
  if (!value->Is(Kind::kString) && !value->Is(Kind::kNumber)) {
    return FieldFault(place + std::string(name), "a text is needed");
  }
  text = value->text;
  return {};
}

// Clients write numbers as numbers or as texts. `number` stays where nothing is given.
Result<void> ReadWhole(const TemplateJson& object, std::string_view name, const std::string& place,
                       std::optional<std::uint32_t>& number) {
  const TemplateJson* value = object.Find(name);
  if (!IsGiven(value)) return {};
  number = value->Whole();
  if (!number.has_value()) return FieldFault(place + std::string(name), "a whole number is needed");
  return {};
}

Result<void> ReadFlag(const TemplateJson& object, std::string_view name, const std::string& place,
                      bool& flag) {
  const TemplateJson* value = object.Find(name);
  if (!IsGiven(value)) return {};
  if (value->Is(Kind::kBool)) {
    flag = value->boolean;
    return {};
  }
  if (value->Is(Kind::kString) && (value->text == "true" || value->text == "false")) {
    flag = value->text == "true";
    return {};
  }
  const auto number = value->Whole();
  if (!number.has_value() || *number > 1) {
    return FieldFault(place + std::string(name), "true or false is needed");
  }
  flag = *number == 1;
  return {};
}

Result<void> ReadMetadata(const TemplateJson& object, const std::string& place,
                          TemplateItem& item) {
  const TemplateJson* metadata = object.Find("metadata");
  if (metadata == nullptr || metadata->Is(Kind::kNull)) return {};
  if (!metadata->Is(Kind::kObject)) return FieldFault(place + "metadata", "an object is needed");
  const std::string inside = place + "metadata.";
  std::string type;
  IDNODE_RETURN_IF_ERROR(ReadText(*metadata, "type", inside, type));
  if (!type.empty() && type != "string" && type != "String") {
    return FieldFault(inside + "type", "the type is \"string\"");
  }
  IDNODE_RETURN_IF_ERROR(ReadWhole(*metadata, "minLength", inside, item.length_min));
  return ReadWhole(*metadata, "maxLength", inside, item.length_max);
}

Result<TemplateItem> ReadItem(const TemplateJson& object, const std::string& place) {
  if (!object.Is(Kind::kObject)) return FieldFault(place.substr(0, place.size() - 1), "no object");
  TemplateItem item;
  IDNODE_RETURN_IF_ERROR(ReadText(object, "name", place, item.title));
  IDNODE_RETURN_IF_ERROR(ReadText(object, "idType", place, item.name));
  if (item.name.empty()) item.name = item.title;
  if (item.name.empty()) return FieldFault(place + "idType", "an item needs an idType");
  std::optional<std::uint32_t> number;
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, "idIndex", place, number));
  item.index = number.value_or(0);
  IDNODE_RETURN_IF_ERROR(ReadFlag(object, "required", place, item.required));
  number.reset();
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, "state", place, number));
  if (number.value_or(kStateEnabled) > kStateEnabled) {
    return FieldFault(place + "state", "the state is 0 (disabled) or 1 (enabled)");
  }
  item.disabled = number.value_or(kStateEnabled) == kStateDisabled;
  if (item.disabled) item.required = false;
  IDNODE_RETURN_IF_ERROR(ReadMetadata(object, place, item));
  return item;
}

// Where a fault of the template lies in this form.
Error FormError(const TemplateJson& root, const DataTemplate& content, const TemplateFault& fault) {
  std::string field;
  std::string detail = fault.detail;
  if (fault.item != TemplateFault::kWhole) {
    // The items have been put in the order of their indexes since.
    const std::string& name = content.items[fault.item].name;
    const auto& given = root.Find("items")->elements;
    std::size_t at = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const TemplateJson* key = given[i].Find("idType");
      if (key == nullptr) key = given[i].Find("name");
      if (key != nullptr && key->text == name) at = i;
    }
    field = "items[" + std::to_string(at) + "]";
    detail = name + ": " + detail;
  }
  std::string_view member = fault.keyword;
  if (member == "x-idnode-index") member = "idIndex";
  if (member == "title") member = "name";
  if (member == "minLength") member = "metadata.minLength";
  if (member == "maxLength") member = "metadata.maxLength";
  if (member == "properties") member = "items";
  if (member == "x-idnode-industry") member = "industryCategory";
  if (member.empty() && !field.empty()) member = "idType";
  if (!field.empty() && !member.empty()) field += '.';
  field += member;
  return FieldFault(std::move(field), std::move(detail));
}

// The four levels of GB/T 4754, as far as they are given.
Result<void> ReadIndustry(const TemplateJson& root, std::string& industry) {
  std::string section;
  IDNODE_RETURN_IF_ERROR(ReadText(root, "industryCategory", {}, section));
  std::string deepest;
  std::string_view deepest_name = "industryCategory";
  for (const std::string_view name : {"industrySpecific", "industryTrade", "industrySubclass"}) {
    std::string code;
    IDNODE_RETURN_IF_ERROR(ReadText(root, name, {}, code));
    if (code.empty()) continue;
    if (!code.starts_with(deepest)) {
      return FieldFault(std::string(name), code + " does not lie within " + deepest);
    }
    deepest = std::move(code);
    deepest_name = name;
  }
  if (section.empty() && deepest.empty()) return {};
  auto checked = CheckIndustry(section + deepest);
  if (!checked.ok()) return FieldFault(std::string(deepest_name), checked.error().detail);
  industry = std::move(*checked);
  return {};
}

// Items without an idIndex are numbered 2000, 2001, … in their order, past those that are taken.
void NumberInOrder(std::vector<TemplateItem>& items) {
  std::uint32_t next = kTemplateIndexMin;
  for (auto& item : items) {
    if (item.index != 0) continue;
    while (std::any_of(items.begin(), items.end(),
                       [next](const auto& each) { return each.index == next; })) {
      ++next;
    }
    item.index = next;
  }
}

}  // namespace

std::string ToSnmsTemplate(const DataTemplate& content, std::string_view prefix,
                           std::string_view version) {
  TemplateJsonWriter out;
  out.Open('{');
  out.Member("prefix", prefix);
  out.Member("version", version);
  const std::string_view industry = content.industry;
  const auto level = [&](std::size_t digits) {
    return industry.size() > digits ? industry.substr(1, digits) : std::string_view();
  };
  out.Member("industryCategory", industry.substr(0, 1));
  out.Member("industrySpecific", level(2));
  out.Member("industryTrade", level(3));
  out.Member("industrySubclass", level(4));
  out.Member("type", content.active_carrier ? kTypeActive : kTypeOther);
  out.Member("description",
             std::string_view(content.description.empty() ? content.title : content.description));
  out.Name("items");
  out.Open('[');
  for (const auto& item : content.items) {
    out.Open('{');
    out.Member("name", std::string_view(item.title.empty() ? item.name : item.title));
    out.Member("idType", std::string_view(item.name));
    out.Member("idIndex", item.index);
    out.MemberBool("required", item.required);
    out.Member("state", item.disabled ? kStateDisabled : kStateEnabled);
    out.Name("metadata");
    out.Open('{');
    out.Member("type", std::string_view("string"));
    if (item.length_min.has_value()) out.Member("minLength", *item.length_min);
    if (item.length_max.has_value()) out.Member("maxLength", *item.length_max);
    out.Close('}');
    out.Close('}');
  }
  out.Close(']');
  out.Close('}');
  return out.Take();
}

Result<DataTemplate> FromSnmsTemplate(std::string_view json) {
  auto root = ParseTemplateJson(json);
  if (!root.ok()) return root.error();
  DataTemplate content;
  IDNODE_RETURN_IF_ERROR(ReadText(*root, "description", {}, content.description));
  IDNODE_RETURN_IF_ERROR(ReadIndustry(*root, content.industry));
  std::optional<std::uint32_t> type;
  IDNODE_RETURN_IF_ERROR(ReadWhole(*root, "type", {}, type));
  if (type.has_value() && *type != kTypeActive && *type != kTypeOther) {
    return FieldFault("type", "the type is 1 (active identifier carriers) or 2 (others)");
  }
  content.active_carrier = type == kTypeActive;
  const TemplateJson* items = root->Find("items");
  if (items != nullptr && !items->Is(Kind::kNull)) {
    if (!items->Is(Kind::kArray)) return FieldFault("items", "a list is needed");
    if (items->elements.size() > kTemplateItemsMax) {
      return FieldFault("items", std::to_string(items->elements.size()) + " items; at most " +
                                     std::to_string(kTemplateItemsMax));
    }
    for (std::size_t i = 0; i < items->elements.size(); ++i) {
      auto item = ReadItem(items->elements[i], "items[" + std::to_string(i) + "].");
      if (!item.ok()) return item.error();
      content.items.push_back(std::move(*item));
    }
  }
  NumberInOrder(content.items);
  NumberItems(content, nullptr);
  if (const auto fault = FaultOf(content)) return FormError(*root, content, *fault);
  return content;
}

}  // namespace idnode
