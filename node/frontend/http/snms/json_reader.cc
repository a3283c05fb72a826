#include "node/frontend/http/snms/json_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "node/frontend/beast_util/problem.h"
#include "node/frontend/http/snms/envelope.h"

namespace idnode::frontend::http::snms {
namespace {

Error WrongType(std::string_view name) {
  return Refusal(std::string("请求参数类型错误: ").append(name));
}

const json::value* Given(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace

Result<json::value> ParseJsonText(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Refusal("请求体过大，上限为" + std::to_string(bytes_max) + "字节",
                   Errc::kPayloadTooLarge);
  }
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::error_code ec;
  json::value value = json::parse(text, ec, {}, options);
  if (ec) return Refusal("请求体不是合法的JSON");
  return value;
}

Result<json::object> ParseObject(std::string_view text, std::size_t bytes_max) {
  auto value = ParseJsonText(text, bytes_max);
  if (!value.ok()) return value.error();
  if (!value->is_object()) return Refusal("请求体应为JSON对象");
  return std::move(value->as_object());
}

std::optional<std::string> ScalarText(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string(value.as_string());
    case json::kind::bool_:
      return std::string(value.as_bool() ? "true" : "false");
    case json::kind::int64:
      return std::to_string(value.as_int64());
    case json::kind::uint64:
      return std::to_string(value.as_uint64());
    case json::kind::double_: {
      // The shortest text that is this number again.
      std::array<char, 32> digits;
      const auto end =
          std::to_chars(digits.data(), digits.data() + digits.size(), value.as_double()).ptr;
      return std::string(digits.data(), end);
    }
    default:
      return std::nullopt;
  }
}

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

Result<std::optional<std::string>> OptionalText(const json::object& object, std::string_view key,
                                                std::string_view name, std::size_t characters_max) {
  const json::value* value = Given(object, key);
  if (value == nullptr) return std::optional<std::string>();
  auto text = ScalarText(*value);
  if (!text) return WrongType(name);
  if (text->empty()) return std::optional<std::string>();
  if (characters_max > 0 && Characters(*text) > characters_max) {
    return Refusal("请求参数长度超过" + std::to_string(characters_max) + ": " + std::string(name));
  }
  return text;
}

Result<std::string> RequiredText(const json::object& object, std::string_view key,
                                 std::string_view name, std::size_t characters_max) {
  auto text = OptionalText(object, key, name, characters_max);
  if (!text.ok()) return text.error();
  if (!*text) return Missing(name);
  return **std::move(text);
}

Result<std::optional<std::int64_t>> OptionalInteger(const json::object& object,
                                                    std::string_view key, std::string_view name) {
  const json::value* value = Given(object, key);
  if (value == nullptr) return std::optional<std::int64_t>();
  if (value->is_int64()) return std::optional<std::int64_t>(value->as_int64());
  if (!value->is_string()) return WrongType(name);
  const std::string_view text(value->as_string().data(), value->as_string().size());
  if (text.empty()) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size()) return WrongType(name);
  return std::optional<std::int64_t>(number);
}

Result<const json::object*> OptionalObject(const json::object& object, std::string_view key,
                                           std::string_view name) {
  const json::value* value = Given(object, key);
  if (value == nullptr) return static_cast<const json::object*>(nullptr);
  if (!value->is_object()) return WrongType(name);
  return &value->as_object();
}

Result<const json::object*> RequiredObject(const json::object& object, std::string_view key,
                                           std::string_view name) {
  auto found = OptionalObject(object, key, name);
  if (found.ok() && *found == nullptr) return Missing(name);
  return found;
}

std::string& ObjectJson::Json(std::string_view key) {
  if (any_) out_.push_back(',');
  any_ = true;
  return out_.append("\"").append(key).append("\":");
}

ObjectJson& ObjectJson::Text(std::string_view key, std::string_view text) {
  AppendJsonString(text, Json(key));
  return *this;
}

ObjectJson& ObjectJson::Number(std::string_view key, std::int64_t number) {
  Json(key).append(std::to_string(number));
  return *this;
}

ObjectJson& ObjectJson::Flag(std::string_view key, bool flag) {
  Json(key).append(flag ? "true" : "false");
  return *this;
}

ObjectJson& ObjectJson::Null(std::string_view key) {
  Json(key).append("null");
  return *this;
}

ObjectJson& ObjectJson::TextOrNull(std::string_view key, std::string_view text) {
  return text.empty() ? Null(key) : Text(key, text);
}

}  // namespace idnode::frontend::http::snms
