// JSON Schema 2020-12 with the keywords of node/model/README.md, "Data templates".
#include "node/model/template_forms.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "node/model/codes.h"
#include "node/model/template_fault.h"
#include "node/model/template_json.h"

namespace idnode {
namespace {

using Kind = TemplateJson::Kind;

constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";

// Keywords that say nothing about what is valid: read over, at the top and in an item.
constexpr std::array<std::string_view, 9> kAnnotations = {
    "$id",      "$comment",  "default",         "examples",         "deprecated",
    "readOnly", "writeOnly", "contentEncoding", "contentMediaType",
};

bool IsAnnotation(std::string_view keyword) {
  if (std::find(kAnnotations.begin(), kAnnotations.end(), keyword) != kAnnotations.end()) {
    return true;
  }
  return keyword.starts_with("x-") && !keyword.starts_with("x-idnode-");
}

Result<void> ReadText(const TemplateJson& value, const std::string& field, std::string& text) {
  if (!value.Is(Kind::kString)) return FieldFault(field, "a text is needed");
  text = value.text;
  return {};
}

Result<void> ReadBool(const TemplateJson& value, const std::string& field, bool& flag) {
  if (!value.Is(Kind::kBool)) return FieldFault(field, "true or false is needed");
  flag = value.boolean;
  return {};
}

Result<void> ReadNumber(const TemplateJson& value, const std::string& field,
                        std::optional<double>& number) {
  number = value.Number();
  if (!number.has_value()) return FieldFault(field, "a number is needed");
  return {};
}

Result<void> ReadLength(const TemplateJson& value, const std::string& field,
                        std::optional<std::uint32_t>& length) {
  length = value.Is(Kind::kNumber) ? value.Whole() : std::nullopt;
  if (!length.has_value()) return FieldFault(field, "a whole number from 0 on is needed");
  return {};
}

// What an item's keywords say together about its type.
struct TypeWords {
  std::string type;
  std::string format;
  bool has_enum = false;
  bool has_reference = false;
};

class ItemReader {
 public:
  ItemReader(const std::string& name, const TemplateJson& schema)
      : schema_(schema), place_("properties." + name) {
    item_.name = name;
  }

  Result<TemplateItem> Read() {
    if (!schema_.Is(Kind::kObject)) return FieldFault(place_, "an item is an object");
    for (const auto& [keyword, value] : schema_.members) {
      IDNODE_RETURN_IF_ERROR(ReadKeyword(keyword, value));
    }
    IDNODE_RETURN_IF_ERROR(DecideType());
    return std::move(item_);
  }

 private:
  Result<void> ReadKeyword(const std::string& keyword, const TemplateJson& value) {
    const std::string field = place_ + "." + keyword;
    if (keyword == "type") return ReadText(value, field, words_.type);
    if (keyword == "format") return ReadText(value, field, words_.format);
    if (keyword == "title") return ReadText(value, field, item_.title);
    if (keyword == "description") return ReadText(value, field, item_.description);
    if (keyword == "pattern") return ReadText(value, field, item_.pattern);
    if (keyword == "minimum") return ReadNumber(value, field, item_.minimum);
    if (keyword == "maximum") return ReadNumber(value, field, item_.maximum);
    if (keyword == "minLength") return ReadLength(value, field, item_.length_min);
    if (keyword == "maxLength") return ReadLength(value, field, item_.length_max);
    if (keyword == "enum") return ReadEnum(value, field);
    if (keyword == "x-idnode-index") return ReadIndex(value, field);
    if (keyword == "x-idnode-unit") return ReadText(value, field, item_.unit);
    if (keyword == "x-idnode-unique") return ReadBool(value, field, item_.unique);
    if (keyword == "x-idnode-disabled") return ReadBool(value, field, item_.disabled);
    if (keyword == "x-idnode-title-en") return ReadText(value, field, item_.title_en);
    if (keyword == "x-idnode-visibility") return ReadVisibility(value, field);
    if (keyword == "x-idnode-file") return ReadFileKind(value, field);
    if (keyword == "x-idnode-reference") {
      words_.has_reference = true;
      return ReadText(value, field, item_.reference_template);
    }
    if (IsAnnotation(keyword)) return {};
    return FieldFault(field, "\"" + keyword + "\" is not supported in an item");
  }

  Result<void> ReadEnum(const TemplateJson& value, const std::string& field) {
    if (!value.Is(Kind::kArray)) return FieldFault(field, "a list of texts is needed");
    words_.has_enum = true;
    for (const auto& element : value.elements) {
      if (!element.Is(Kind::kString)) return FieldFault(field, "an enum lists texts only");
      item_.values.push_back(element.text);
    }
    return {};
  }

  Result<void> ReadIndex(const TemplateJson& value, const std::string& field) {
    const auto index = value.Whole();
    if (!index.has_value() || *index == 0) return FieldFault(field, "an index is a whole number");
    item_.index = *index;
    return {};
  }

  Result<void> ReadVisibility(const TemplateJson& value, const std::string& field) {
    for (const auto each : {ItemVisibilityDefault::kPublic, ItemVisibilityDefault::kGranted,
                            ItemVisibilityDefault::kPrivate}) {
      if (value.Is(Kind::kString) && value.text == VisibilityWord(each)) {
        item_.visibility = each;
        return {};
      }
    }
    return FieldFault(field, "give \"public\", \"granted\" or \"private\"");
  }

  Result<void> ReadFileKind(const TemplateJson& value, const std::string& field) {
    for (const auto each : {FileKind::kAny, FileKind::kAudio, FileKind::kVideo, FileKind::kImage}) {
      if (value.Is(Kind::kString) && value.text == FileKindWord(each)) {
        item_.file_kind = each;
        return {};
      }
    }
    return FieldFault(field, "give \"any\", \"audio\", \"video\" or \"image\"");
  }

  Result<void> DecideType() {
    const std::string type_field = place_ + ".type";
    const bool text = words_.type == "string";
    if (words_.type == "number") {
      item_.type = ItemType::kNumber;
    } else if (words_.type == "integer") {
      item_.type = ItemType::kInteger;
    } else if (words_.type == "boolean") {
      item_.type = ItemType::kBoolean;
    } else if (!text && !(words_.type.empty() && words_.has_enum)) {
      return FieldFault(type_field, "give \"string\", \"number\", \"integer\" or \"boolean\"");
    }
    if (!words_.format.empty()) {
      const std::string field = place_ + ".format";
      if (!text) return FieldFault(field, "a format is for texts");
      if (words_.format == "date") {
        item_.type = ItemType::kDate;
      } else if (words_.format == "date-time") {
        item_.type = ItemType::kDateTime;
      } else if (words_.format == "uri") {
        item_.type = ItemType::kFile;
      } else {
        return FieldFault(field, "give \"date\", \"date-time\" or \"uri\"");
      }
    }
    const bool plain = item_.type == ItemType::kString;
    if (words_.has_enum) {
      if (!plain) return FieldFault(place_ + ".enum", "an enum is of texts, without a format");
      item_.type = ItemType::kEnum;
    }
    if (words_.has_reference) {
      if (!plain || words_.has_enum) {
        return FieldFault(place_ + ".x-idnode-reference", "a reference is a text without a format");
      }
      item_.type = ItemType::kReference;
    }
    return {};
  }

  const TemplateJson& schema_;
  const std::string place_;
  TemplateItem item_;
  TypeWords words_;
};

class SchemaReader {
 public:
  explicit SchemaReader(const TemplateJson& schema) : schema_(schema) {
    content_.extra_attributes = true;  // as JSON Schema has it where nothing is said
  }

  Result<DataTemplate> Read() {
    for (const auto& [keyword, value] : schema_.members) {
      IDNODE_RETURN_IF_ERROR(ReadKeyword(keyword, value));
    }
    IDNODE_RETURN_IF_ERROR(ReadRequired());
    return std::move(content_);
  }

 private:
  Result<void> ReadKeyword(const std::string& keyword, const TemplateJson& value) {
    if (keyword == "title") return ReadText(value, keyword, content_.title);
    if (keyword == "description") return ReadText(value, keyword, content_.description);
    if (keyword == "properties") return ReadItems(value);
    if (keyword == "required") return {};  // once the items are known
    if (keyword == "additionalProperties") {
      return ReadBool(value, keyword, content_.extra_attributes);
    }
    if (keyword == "type") {
      if (value.Is(Kind::kString) && value.text == "object") return {};
      return FieldFault(keyword, "attributes are an object");
    }
    if (keyword == "$schema") {
      if (value.Is(Kind::kString) && (value.text == kDialect || value.text == Fragment())) {
        return {};
      }
      return FieldFault(keyword, "give " + std::string(kDialect));
    }
    if (keyword == "x-idnode-industry") return ReadIndustry(value, keyword);
    if (keyword == "x-idnode-active-carrier") {
      return ReadBool(value, keyword, content_.active_carrier);
    }
    if (keyword == "x-idnode-template" || IsAnnotation(keyword)) return {};
    return FieldFault(keyword, "\"" + keyword + "\" is not supported in a template");
  }

  static std::string Fragment() { return std::string(kDialect) + "#"; }

  Result<void> ReadIndustry(const TemplateJson& value, const std::string& field) {
    IDNODE_RETURN_IF_ERROR(ReadText(value, field, content_.industry));
    if (content_.industry.empty()) return {};
    auto industry = CheckIndustry(content_.industry);
    if (!industry.ok()) return FieldFault(field, industry.error().detail);
    content_.industry = std::move(*industry);
    return {};
  }

  Result<void> ReadItems(const TemplateJson& value) {
    if (!value.Is(Kind::kObject)) return FieldFault("properties", "an object is needed");
    if (value.members.size() > kTemplateItemsMax) {
      return FieldFault("properties", std::to_string(value.members.size()) + " items; at most " +
                                          std::to_string(kTemplateItemsMax));
    }
    for (const auto& [name, schema] : value.members) {
      auto item = ItemReader(name, schema).Read();
      if (!item.ok()) return item.error();
      content_.items.push_back(std::move(*item));
    }
    return {};
  }

  Result<void> ReadRequired() {
    const TemplateJson* required = schema_.Find("required");
    if (required == nullptr) return {};
    if (!required->Is(Kind::kArray)) return FieldFault("required", "a list of names is needed");
    for (const auto& name : required->elements) {
      const auto item = std::find_if(
          content_.items.begin(), content_.items.end(),
          [&](const auto& each) { return name.Is(Kind::kString) && each.name == name.text; });
      if (item == content_.items.end()) {
        return FieldFault("required", "\"" + name.text + "\" is not an item");
      }
      item->required = true;
    }
    return {};
  }

  const TemplateJson& schema_;
  DataTemplate content_;
};

std::string_view TypeWord(ItemType type) {
  switch (type) {
    case ItemType::kNumber:
      return "number";
    case ItemType::kInteger:
      return "integer";
    case ItemType::kBoolean:
      return "boolean";
    case ItemType::kString:
    case ItemType::kDate:
    case ItemType::kEnum:
    case ItemType::kReference:
    case ItemType::kFile:
    case ItemType::kDateTime:
      break;
  }
  return "string";
}

std::string_view FormatWord(ItemType type) {
  if (type == ItemType::kDate) return "date";
  if (type == ItemType::kDateTime) return "date-time";
  if (type == ItemType::kFile) return "uri";
  return {};
}

void WriteItem(const TemplateItem& item, TemplateJsonWriter& out) {
  out.Name(item.name);
  out.Open('{');
  out.Member("type", TypeWord(item.type));
  out.MemberIf("format", FormatWord(item.type));
  out.MemberIf("title", item.title);
  out.MemberIf("description", item.description);
  if (item.minimum.has_value()) out.Member("minimum", *item.minimum);
  if (item.maximum.has_value()) out.Member("maximum", *item.maximum);
  if (item.length_min.has_value()) out.Member("minLength", *item.length_min);
  if (item.length_max.has_value()) out.Member("maxLength", *item.length_max);
  out.MemberIf("pattern", item.pattern);
  if (item.type == ItemType::kEnum) {
    out.Name("enum");
    out.Open('[');
    for (const auto& value : item.values) out.Text(value);
    out.Close(']');
  }
  out.Member("x-idnode-index", item.index);
  out.MemberIf("x-idnode-title-en", item.title_en);
  out.MemberIf("x-idnode-unit", item.unit);
  if (item.type == ItemType::kReference) {
    out.Member("x-idnode-reference", std::string_view(item.reference_template));
  }
  if (item.file_kind != FileKind::kAny) out.Member("x-idnode-file", FileKindWord(item.file_kind));
  if (item.unique) out.MemberBool("x-idnode-unique", true);
  if (item.disabled) out.MemberBool("x-idnode-disabled", true);
  if (item.visibility != ItemVisibilityDefault::kPublic) {
    out.Member("x-idnode-visibility", VisibilityWord(item.visibility));
  }
  out.Close('}');
}

}  // namespace

std::string ToJsonSchema(const DataTemplate& content, std::string_view name,
                         std::uint32_t version) {
  TemplateJsonWriter out;
  out.Open('{');
  out.Member("$schema", kDialect);
  if (!name.empty()) {
    out.Member("x-idnode-template",
               std::string_view(std::string(name) + "@" + std::to_string(version)));
  }
  out.MemberIf("title", content.title);
  out.MemberIf("description", content.description);
  out.MemberIf("x-idnode-industry", content.industry);
  if (content.active_carrier) out.MemberBool("x-idnode-active-carrier", true);
  out.Member("type", std::string_view("object"));
  out.Name("properties");
  out.Open('{');
  for (const auto& item : content.items) WriteItem(item, out);
  out.Close('}');
  out.Name("required");
  out.Open('[');
  for (const auto& item : content.items) {
    if (item.required) out.Text(item.name);
  }
  out.Close(']');
  out.MemberBool("additionalProperties", content.extra_attributes);
  out.Close('}');
  return out.Take();
}

Result<DataTemplate> FromJsonSchema(std::string_view json) {
  auto parsed = ParseTemplateJson(json);
  if (!parsed.ok()) return parsed.error();
  auto content = SchemaReader(*parsed).Read();
  if (!content.ok()) return content.error();
  // Items without an index have theirs once it is known what version was before.
  DataTemplate numbered = *content;
  NumberItems(numbered, nullptr);
  IDNODE_RETURN_IF_ERROR(CheckDataTemplate(numbered));
  const bool all_given = std::all_of(content->items.begin(), content->items.end(),
                                     [](const auto& item) { return item.index != 0; });
  if (all_given) return numbered;
  return content;
}

}  // namespace idnode
