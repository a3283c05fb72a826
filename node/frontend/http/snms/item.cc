#include "node/frontend/http/snms/item.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "node/base/text.h"
#include "node/base/time_zone.h"
#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/http/snms/envelope.h"
#include "node/model/data_template.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::string_view kTemplateType = "TEMPLATE";
constexpr std::string_view kTextFormat = "string";
constexpr std::string_view kBase64Format = "base64";
// What "auth" says: reserved in the API, where "1" is what is answered for every value. "0" is
// taken as "not for everybody".
constexpr std::string_view kAuthPublic = "1";
constexpr std::string_view kAuthRestricted = "0";
constexpr std::uint8_t kPublicReadBit = 0b0010;  // RFC 3651 §3.1
constexpr std::uint8_t kRestricted =
    kDefaultPermissions & static_cast<std::uint8_t>(~kPublicReadBit);
constexpr std::size_t kTypeCharactersMax = 128;
constexpr std::size_t kTemplateVersionCharactersMax = 128;

std::string IndexText(std::uint32_t index) { return std::to_string(index); }

Result<std::string> ReadData(const json::object& value, const ItemRules& rules) {
  const auto data = RequiredObject(value, "data", "value[i].data");
  if (!data.ok()) return data.error();
  const auto format = OptionalText(**data, "format", "value[i].data.format");
  if (!format.ok()) return format.error();
  const bool base64 = *format && EqualsIgnoringCase(**format, kBase64Format);
  if (*format && !base64 && !EqualsIgnoringCase(**format, kTextFormat)) {
    return Refusal("标识属性内容格式只支持string: " + **format, Errc::kInvalidValue);
  }
  const json::value* given = (*data)->if_contains("value");
  if (given == nullptr || given->is_null()) return Missing("value[i].data.value");
  auto text = ScalarText(*given);
  if (!text) return Refusal("请求参数类型错误: value[i].data.value", Errc::kInvalidValue);
  if (rules.strict_value_length && Characters(*text) > kStrictValueCharactersMax) {
    return Refusal("标识属性内容值长度不能超过" + std::to_string(kStrictValueCharactersMax),
                   Errc::kInvalidValue);
  }
  if (!base64) return *std::move(text);
  auto bytes = DecodeBase64(*text);
  if (!bytes.ok()) {
    return Refusal("标识属性内容值不是合法的base64", Errc::kInvalidValue);
  }
  return bytes;
}

Result<ItemValue> ReadValue(const json::value& given, const ItemRules& rules) {
  if (!given.is_object()) return Refusal("请求参数类型错误: value[i]");
  const json::object& object = given.as_object();
  const auto index = OptionalInteger(object, "index", "value[i].index");
  if (!index.ok()) return index.error();
  if (!*index) return Missing("value[i].index");
  if (**index < 1 || **index > std::numeric_limits<std::uint32_t>::max()) {
    return Refusal("标识属性索引无效: " + std::to_string(**index), Errc::kInvalidValue);
  }
  ItemValue value;
  value.index = static_cast<std::uint32_t>(**index);
  if (value.index == kTemplateVersionIndex) return value;  // dropped by the caller
  auto type = RequiredText(object, "type", "value[i].type", kTypeCharactersMax);
  if (!type.ok()) return type.error();
  value.type = *std::move(type);
  const auto auth = OptionalText(object, "auth", "value[i].auth");
  if (!auth.ok()) return auth.error();
  if (*auth && **auth == kAuthRestricted) value.permissions = kRestricted;
  auto data = ReadData(object, rules);
  if (!data.ok()) return data.error();
  value.data = *std::move(data);
  return value;
}

// A value as it is shown; of the record itself, or made from its attributes.
struct ShownValue {
  std::uint32_t index = 0;
  std::string type;
  std::string data;
  bool base64 = false;
  bool for_everybody = true;
  std::uint32_t ttl_seconds = kDefaultTtlSeconds;
  std::int64_t written_ms = 0;
};

void AppendShown(const ShownValue& value, bool with_times, std::string& out) {
  ObjectJson object(out);
  {
    ObjectJson data(object.Json("data"));
    data.Text("format", value.base64 ? kBase64Format : kTextFormat).Text("value", value.data);
    data.End();
  }
  object.Text("auth", value.for_everybody ? kAuthPublic : kAuthRestricted)
      .Number("index", value.index)
      .Text("type", value.type);
  if (with_times) {
    object.Number("ttl", value.ttl_seconds).Text("timestamp", FormatUtcMs(value.written_ms));
  }
  object.End();
}

// Attributes that an item of the template names, as values of its index.
void AddAttributes(const RecordView& record, const service::TemplateInfo& used,
                   const service::Disclosure& disclosure, std::vector<ShownValue>& values) {
  json::error_code ec;
  const json::value attributes =
      json::parse({record.attributes_json.data(), record.attributes_json.size()}, ec);
  if (ec || !attributes.is_object()) return;
  for (const TemplateItem& item : used.content.items) {
    const json::value* given = attributes.as_object().if_contains(item.name);
    if (given == nullptr || given->is_null() || !disclosure.SeesAttribute(item.name)) continue;
    ShownValue shown;
    shown.index = item.index;
    shown.type = item.name;
    shown.data = ScalarText(*given).value_or(std::string());
    if (given->is_object() || given->is_array()) shown.data = json::serialize(*given);
    shown.for_everybody = item.visibility == ItemVisibilityDefault::kPublic;
    shown.written_ms = record.updated_ms;
    values.push_back(std::move(shown));
  }
}

}  // namespace

std::size_t Item::Bytes() const {
  std::size_t bytes = handle.size() + template_version.size() + 16;
  for (const ItemValue& value : values) bytes += value.type.size() + value.data.size() + 16;
  return bytes;
}

std::string HandleOf(const json::value& item) {
  if (item.is_string()) return std::string(item.as_string());
  if (!item.is_object()) return {};
  const json::value* handle = item.as_object().if_contains("handle");
  return handle == nullptr ? std::string() : ScalarText(*handle).value_or(std::string());
}

Result<Item> ReadItem(const json::value& given, const ItemRules& rules) {
  if (!given.is_object()) return Refusal("请求体应为JSON对象");
  const json::object& object = given.as_object();
  Item item;
  auto handle = RequiredText(object, "handle", "handle");
  if (!handle.ok()) return handle.error();
  item.handle = *std::move(handle);
  auto version =
      OptionalText(object, "templateVersion", "templateVersion", kTemplateVersionCharactersMax);
  if (!version.ok()) return version.error();
  if (!*version && rules.template_required) return Missing("templateVersion");
  item.template_version = (*version).value_or(std::string());
  const json::value* values = object.if_contains("value");
  if (values == nullptr || values->is_null()) return Missing("value");
  if (!values->is_array()) return Refusal("请求参数类型错误: value");
  item.values.reserve(values->as_array().size());
  for (const json::value& one : values->as_array()) {
    auto value = ReadValue(one, rules);
    if (!value.ok()) return value.error();
    if (value->index != kTemplateVersionIndex) item.values.push_back(*std::move(value));
  }
  return item;
}

Result<void> NameTemplate(const service::TemplateRegistry& templates, Item& item) {
  if (item.template_version.empty()) return {};
  const std::string folded = FoldIdentifier(item.handle);
  const std::string_view prefix = std::string_view(folded).substr(0, folded.find('/'));
  const service::TemplateRef found = templates.FindNewest(prefix, item.template_version);
  if (found == nullptr) {
    if (templates.options().require_known) {
      return Refusal("数据模板不存在: " + item.template_version, Errc::kTemplateNotFound);
    }
    item.template_ref = item.template_version;
    return {};
  }
  item.template_ref = found->Reference();
  for (ItemValue& value : item.values) {
    const auto at = std::find_if(found->content.items.begin(), found->content.items.end(),
                                 [&](const TemplateItem& i) { return i.index == value.index; });
    if (at == found->content.items.end()) {
      return Refusal("非法操作，索引" + IndexText(value.index) + "在模板中不存在",
                     Errc::kInvalidValue);
    }
    if (!EqualsIgnoringCase(at->name, value.type)) {
      return Refusal(
          "非法操作，索引" + IndexText(value.index) + "的类型与模板不一致，应为" + at->name,
          Errc::kInvalidValue);
    }
    value.type = at->name;
  }
  return {};
}

std::vector<ValueView> ViewsOf(const Item& item) {
  std::vector<ValueView> views(item.values.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    views[i].index = item.values[i].index;
    views[i].type = item.values[i].type;
    views[i].data = item.values[i].data;
    views[i].permissions = item.values[i].permissions;
  }
  return views;
}

bool SameContent(const RecordView& record, const Item& item) {
  if (TemplateVersionOf(record.template_ref) != item.template_version) return false;
  if (!record.attributes_json.empty() && record.attributes_json != "{}") return false;
  if (!record.object_class.empty() || record.value_count != item.values.size()) return false;
  ValueReader reader = record.values();
  ValueView stored;
  while (reader.Next(stored)) {
    const auto at = std::find_if(item.values.begin(), item.values.end(),
                                 [&](const ItemValue& v) { return v.index == stored.index; });
    if (at == item.values.end() || !EqualsIgnoringCase(at->type, stored.type) ||
        at->data != stored.data || at->permissions != stored.permissions ||
        stored.ttl_seconds != kDefaultTtlSeconds || !stored.references.empty()) {
      return false;
    }
  }
  return !reader.damaged();
}

std::string_view TemplateVersionOf(std::string_view template_ref) {
  const std::size_t at = template_ref.rfind('@');
  if (at == std::string_view::npos || at + 1 == template_ref.size()) return template_ref;
  const std::string_view digits = template_ref.substr(at + 1);
  const bool number =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? template_ref.substr(0, at) : template_ref;
}

Result<void> AppendValues(const RecordView& record, std::string_view folded_identifier,
                          const service::Disclosure& disclosure,
                          const service::TemplateRegistry& templates, bool with_times,
                          std::string& out) {
  std::vector<ShownValue> values;
  if (!record.template_ref.empty()) {
    ShownValue version;
    version.index = kTemplateVersionIndex;
    version.type = kTemplateType;
    version.data = TemplateVersionOf(record.template_ref);
    version.written_ms = record.updated_ms;
    values.push_back(std::move(version));
  }
  ValueReader reader = record.values();
  ValueView value;
  while (reader.Next(value)) {
    if (!disclosure.SeesValue(value)) continue;
    ShownValue shown;
    shown.index = value.index;
    shown.type = value.type;
    shown.base64 = !IsTextData(value.data);
    shown.data = shown.base64 ? Base64(value.data) : std::string(value.data);
    shown.for_everybody = (value.permissions & kPublicReadBit) != 0;
    shown.ttl_seconds = value.absolute_ttl ? 0 : value.ttl_seconds;
    shown.written_ms = record.ValueTimeMs(value.index);
    values.push_back(std::move(shown));
  }
  if (reader.damaged()) return Error(Errc::kCorruption, "a stored record's values are damaged");
  if (!record.template_ref.empty() && !record.attributes_json.empty()) {
    const std::string_view prefix = folded_identifier.substr(0, folded_identifier.find('/'));
    const service::TemplateRef used = templates.Find(prefix, record.template_ref);
    if (used != nullptr) AddAttributes(record, *used, disclosure, values);
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const ShownValue& a, const ShownValue& b) { return a.index < b.index; });
  out.push_back('[');
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendShown(values[i], with_times, out);
  }
  out.push_back(']');
  return {};
}

}  // namespace idnode::frontend::http::snms
