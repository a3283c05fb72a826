// IDHub's metadata object (元数据).
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

// dataType
constexpr std::uint32_t kString = 1;
constexpr std::uint32_t kNumber = 2;
constexpr std::uint32_t kDate = 3;
constexpr std::uint32_t kFile = 4;
constexpr std::uint32_t kReference = 5;
constexpr std::uint32_t kAudio = 6;
constexpr std::uint32_t kVideo = 7;
constexpr std::uint32_t kImage = 8;
// Longest text where nothing is said.
constexpr std::uint32_t kStringLengthDefault = 4'000;
// State, the other way round than in the SNMS API.
constexpr std::uint32_t kStateEnabled = 0;
constexpr std::uint32_t kStateDisabled = 1;
constexpr std::uint32_t kStateNotYet = 2;

Result<void> ReadText(const TemplateJson& object, std::string_view name, const std::string& place,
                      std::string& text) {
  const TemplateJson* value = object.Find(name);
  if (!IsGiven(value)) return {};
  if (!value->Is(Kind::kString)) return FieldFault(place + std::string(name), "a text is needed");
  text = value->text;
  return {};
}

Result<void> ReadWhole(const TemplateJson& object, std::string_view name, const std::string& place,
                       std::uint32_t number_max, std::optional<std::uint32_t>& number) {
  const TemplateJson* value = object.Find(name);
  if (!IsGiven(value)) return {};
  number = value->Whole();
  if (!number.has_value() || *number > number_max) {
    return FieldFault(place + std::string(name),
                      "a whole number up to " + std::to_string(number_max) + " is needed");
  }
  return {};
}

Result<void> ReadFlag(const TemplateJson& object, std::string_view name, const std::string& place,
                      bool& flag) {
  const TemplateJson* value = object.Find(name);
  if (IsGiven(value) && value->Is(Kind::kBool)) {
    flag = value->boolean;
    return {};
  }
  std::optional<std::uint32_t> number;
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, name, place, 1, number));
  if (number.has_value()) flag = *number == 1;
  return {};
}

void SetType(std::uint32_t data_type, TemplateItem& item) {
  switch (data_type) {
    case kNumber:
      item.type = ItemType::kNumber;
      return;
    case kDate:
      item.type = ItemType::kDate;
      return;
    case kReference:
      item.type = ItemType::kReference;
      return;
    case kFile:
      item.type = ItemType::kFile;
      return;
    case kAudio:
      item.type = ItemType::kFile;
      item.file_kind = FileKind::kAudio;
      return;
    case kVideo:
      item.type = ItemType::kFile;
      item.file_kind = FileKind::kVideo;
      return;
    case kImage:
      item.type = ItemType::kFile;
      item.file_kind = FileKind::kImage;
      return;
    default:
      item.type = ItemType::kString;
  }
}

std::uint32_t DataTypeOf(const TemplateItem& item) {
  switch (item.type) {  // no default: -Wswitch reports a forgotten type
    case ItemType::kNumber:
    case ItemType::kInteger:
      return kNumber;
    case ItemType::kDate:
    case ItemType::kDateTime:
      return kDate;
    case ItemType::kReference:
      return kReference;
    case ItemType::kFile:
      switch (item.file_kind) {
        case FileKind::kAny:
          return kFile;
        case FileKind::kAudio:
          return kAudio;
        case FileKind::kVideo:
          return kVideo;
        case FileKind::kImage:
          return kImage;
      }
      return kFile;
    case ItemType::kString:
    case ItemType::kBoolean:
    case ItemType::kEnum:
      return kString;
  }
  return kString;
}

Result<TemplateItem> ReadItem(const TemplateJson& object, const std::string& place) {
  if (!object.Is(Kind::kObject)) return FieldFault(place.substr(0, place.size() - 1), "no object");
  TemplateItem item;
  IDNODE_RETURN_IF_ERROR(ReadText(object, "itemCode", place, item.name));
  IDNODE_RETURN_IF_ERROR(ReadText(object, "englishName", place, item.title_en));
  IDNODE_RETURN_IF_ERROR(ReadText(object, "chineseName", place, item.title));
  if (item.name.empty()) item.name = item.title_en;
  if (item.name.empty()) return FieldFault(place + "itemCode", "an item needs an itemCode");
  std::optional<std::uint32_t> number;
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, "dataType", place, kImage, number));
  if (number.has_value() && *number < kString) {
    return FieldFault(place + "dataType", "the data type is 1 to 8");
  }
  SetType(number.value_or(kString), item);
  if (item.type == ItemType::kString) item.length_max = kStringLengthDefault;
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, "minLength", place, UINT32_MAX, item.length_min));
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, "maxLength", place, UINT32_MAX, item.length_max));
  bool necessary = false;
  IDNODE_RETURN_IF_ERROR(ReadFlag(object, "required", place, item.required));
  IDNODE_RETURN_IF_ERROR(ReadFlag(object, "inputNecessary", place, necessary));
  IDNODE_RETURN_IF_ERROR(ReadFlag(object, "uniqueField", place, item.unique));
  item.required = item.required || necessary;
  IDNODE_RETURN_IF_ERROR(ReadText(object, "referenceMetaHandle", place, item.reference_template));
  number.reset();
  IDNODE_RETURN_IF_ERROR(ReadWhole(object, "state", place, kStateNotYet, number));
  item.disabled = number.value_or(kStateEnabled) != kStateEnabled;
  if (item.disabled) item.required = false;
  return item;
}

Error FormError(const DataTemplate& content, const TemplateFault& fault) {
  std::string field;
  std::string detail = fault.detail;
  if (fault.item != TemplateFault::kWhole) {
    field = "items[" + std::to_string(fault.item) + "].";
    detail = content.items[fault.item].name + ": " + detail;
  }
  std::string_view member = fault.keyword;
  if (member == "title") member = field.empty() ? "metaName" : "chineseName";
  if (member == "description") member = "metaDesc";
  if (member == "x-idnode-title-en") member = "englishName";
  if (member == "x-idnode-reference") member = "referenceMetaHandle";
  if (member == "properties") member = "items";
  if (member.empty() && !field.empty()) member = "itemCode";
  field += member;
  return FieldFault(std::move(field), std::move(detail));
}

}  // namespace

std::string ToIdhubMetadata(const DataTemplate& content, std::string_view handle) {
  TemplateJsonWriter out;
  out.Open('{');
  out.Member("metaHandle", handle);
  out.Member("metaName", std::string_view(content.title));
  out.Member("classifyCode", std::string_view(content.industry));
  out.Member("metaDesc", std::string_view(content.description));
  out.Name("items");
  out.Open('[');
  for (const auto& item : content.items) {
    out.Open('{');
    out.Member("itemCode", std::string_view(item.name));
    out.Member("englishName", std::string_view(item.title_en));
    out.Member("chineseName", std::string_view(item.title));
    out.Member("dataType", DataTypeOf(item));
    if (item.length_min.has_value()) out.Member("minLength", *item.length_min);
    if (item.length_max.has_value()) out.Member("maxLength", *item.length_max);
    out.MemberBool("required", item.required);
    out.MemberBool("inputNecessary", item.required);
    out.MemberBool("uniqueField", item.unique);
    out.MemberIf("referenceMetaHandle", item.reference_template);
    out.Member("state", item.disabled ? kStateDisabled : kStateEnabled);
    out.Close('}');
  }
  out.Close(']');
  out.Close('}');
  return out.Take();
}

Result<DataTemplate> FromIdhubMetadata(std::string_view json) {
  auto root = ParseTemplateJson(json);
  if (!root.ok()) return root.error();
  DataTemplate content;
  IDNODE_RETURN_IF_ERROR(ReadText(*root, "metaName", {}, content.title));
  IDNODE_RETURN_IF_ERROR(ReadText(*root, "metaDesc", {}, content.description));
  std::string classified;
  IDNODE_RETURN_IF_ERROR(ReadText(*root, "classifyCode", {}, classified));
  // It may be of another classification than GB/T 4754, and says nothing here then.
  if (auto industry = CheckIndustry(classified); industry.ok()) content.industry = *industry;
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
  DataTemplate numbered = content;
  NumberItems(numbered, nullptr);
  if (const auto fault = FaultOf(numbered)) return FormError(numbered, *fault);
  return content;
}

}  // namespace idnode
