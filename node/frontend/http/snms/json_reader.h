#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "node/base/result.h"

namespace idnode::frontend::http::snms {

namespace json = boost::json;

/// Bounds of bodies, tested at the boundary. A batch's items are bounded by the registration
/// service.
inline constexpr std::size_t kBatchBodyBytesMax = 16U << 20;
inline constexpr std::size_t kBodyBytesMax = 1U << 20;
inline constexpr std::size_t kLoginBodyBytesMax = 16 * 1024;
inline constexpr std::size_t kJsonDepthMax = 16;

/// A body as JSON. Errors: kPayloadTooLarge, kInvalidRequest (not JSON, too deep). Never throws.
Result<json::value> ParseJsonText(std::string_view text, std::size_t bytes_max);
/// The same where the body must be an object.
Result<json::object> ParseObject(std::string_view text, std::size_t bytes_max);

/// Readers of members. An absent member, null and (where a text is asked for) an empty string are
/// the same: not given. `name` is what a refusal calls it ("entBasicInfo.orgName").

/// Text; numbers and booleans are taken as the text that they are written with, since clients in
/// scripting languages send them so. Errors: kInvalidRequest for an object or array, and for more
/// than `characters_max` characters (0: no bound).
Result<std::optional<std::string>> OptionalText(const json::object& object, std::string_view key,
                                                std::string_view name,
                                                std::size_t characters_max = 0);
/// Errors: kInvalidRequest also where it is not given.
Result<std::string> RequiredText(const json::object& object, std::string_view key,
                                 std::string_view name, std::size_t characters_max = 0);
/// A number, or a text that is one: clients send both. Errors: kInvalidRequest.
Result<std::optional<std::int64_t>> OptionalInteger(const json::object& object,
                                                    std::string_view key, std::string_view name);
/// Nullptr where it is not given. Errors: kInvalidRequest unless it is an object.
Result<const json::object*> OptionalObject(const json::object& object, std::string_view key,
                                           std::string_view name);
/// Errors: kInvalidRequest also where it is not given.
Result<const json::object*> RequiredObject(const json::object& object, std::string_view key,
                                           std::string_view name);

/// The text of a scalar; nullopt for null, objects and arrays.
std::optional<std::string> ScalarText(const json::value& value);

/// UTF-8 characters (code points) of well-formed text.
std::size_t Characters(std::string_view text);

/// Writes one JSON object, member by member, by hand.
class ObjectJson {
 public:
  explicit ObjectJson(std::string& out) : out_(out) { out_.push_back('{'); }
  ObjectJson& Text(std::string_view key, std::string_view text);
  ObjectJson& Number(std::string_view key, std::int64_t number);
  ObjectJson& Flag(std::string_view key, bool flag);
  ObjectJson& Null(std::string_view key);
  /// Null where it is empty: what Java clients know absent texts as.
  ObjectJson& TextOrNull(std::string_view key, std::string_view text);
  /// The caller appends the member's JSON to what this returns.
  std::string& Json(std::string_view key);
  void End() { out_.push_back('}'); }

 private:
  std::string& out_;
  bool any_ = false;
};

}  // namespace idnode::frontend::http::snms
