// Attributes as text: google.protobuf.Struct to canonical JSON (RFC 8785) and back.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "node/frontend/convert/proto_convert.h"
#include "node/model/json_number.h"
#include "node/model/json_scanner.h"

namespace idnode::frontend {
namespace {

Error InvalidAttributes(std::string detail) {
  return Error(Errc::kInvalidValue, std::move(detail), "attributes");
}

// RFC 8785 §3.2.2.2: only what must be escaped is.
void AppendJsonString(std::string_view text, std::string& out) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += kHexDigits[byte >> 4];
          out += kHexDigits[byte & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

Result<void> AppendStruct(const google::protobuf::Struct& object, int depth, std::string& out);

Result<void> AppendValue(const google::protobuf::Value& value, int depth, std::string& out) {
  using Kind = google::protobuf::Value::KindCase;
  switch (value.kind_case()) {
    case Kind::kNullValue:
      out += "null";
      return {};
    case Kind::kBoolValue:
      out += value.bool_value() ? "true" : "false";
      return {};
    case Kind::kStringValue:
      AppendJsonString(value.string_value(), out);
      return {};
    case Kind::kNumberValue:
      if (!std::isfinite(value.number_value())) {
        return InvalidAttributes("a number is infinite or not a number; JSON has no such thing");
      }
      AppendJsonNumber(value.number_value(), out);
      return {};
    case Kind::kStructValue:
      return AppendStruct(value.struct_value(), depth + 1, out);
    case Kind::kListValue: {
      if (depth + 1 > kAttributesDepthMax) break;
      out += '[';
      bool first = true;
      for (const auto& element : value.list_value().values()) {
        if (!first) out += ',';
        first = false;
        IDNODE_RETURN_IF_ERROR(AppendValue(element, depth + 1, out));
      }
      out += ']';
      return {};
    }
    case Kind::KIND_NOT_SET:
      return InvalidAttributes("a value has no kind; set one, or null");
  }
  return InvalidAttributes("objects and lists are nested deeper than " +
                           std::to_string(kAttributesDepthMax));
}

Result<void> AppendStruct(const google::protobuf::Struct& object, int depth, std::string& out) {
  if (depth > kAttributesDepthMax) {
    return InvalidAttributes("objects and lists are nested deeper than " +
                             std::to_string(kAttributesDepthMax));
  }
  std::vector<const google::protobuf::Map<std::string, google::protobuf::Value>::value_type*>
      fields;
  fields.reserve(object.fields().size());
  for (const auto& field : object.fields()) fields.push_back(&field);
  std::sort(fields.begin(), fields.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  out += '{';
  bool first = true;
  for (const auto* field : fields) {
    if (!first) out += ',';
    first = false;
    AppendJsonString(field->first, out);
    out += ':';
    IDNODE_RETURN_IF_ERROR(AppendValue(field->second, depth, out));
  }
  out += '}';
  return {};
}

// Builds a Struct from the events of a JSON parser. Numbers are read from their text: the
// parser's own doubles may be off in the last bit.
class StructBuilder {
 public:
  explicit StructBuilder(google::protobuf::Struct& root) : root_(root) {}

  // What the parser does not care about, it may give.
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);

  using Code = boost::json::error_code;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code& ec) {
    if (open_.empty()) {
      if (root_seen_) return Fail(ec);
      root_seen_ = true;
      open_.push_back({&root_, nullptr});
      return true;
    }
    open_.push_back({Next()->mutable_struct_value(), nullptr});
    return true;
  }
  bool on_object_end(std::size_t, Code&) {
    open_.pop_back();
    return true;
  }
  bool on_array_begin(Code& ec) {
    if (open_.empty()) return Fail(ec);
    open_.push_back({nullptr, Next()->mutable_list_value()});
    return true;
  }
  bool on_array_end(std::size_t, Code&) {
    open_.pop_back();
    return true;
  }
  bool on_key_part(boost::json::string_view part, std::size_t, Code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(boost::json::string_view part, std::size_t, Code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_string_part(boost::json::string_view part, std::size_t, Code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(boost::json::string_view part, std::size_t, Code& ec) {
    text_.append(part.data(), part.size());
    if (open_.empty()) return Fail(ec);
    Next()->set_string_value(text_);
    text_.clear();
    return true;
  }
  bool on_number_part(boost::json::string_view part, Code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t, boost::json::string_view part, Code& ec) { return Number(part, ec); }
  bool on_uint64(std::uint64_t, boost::json::string_view part, Code& ec) {
    return Number(part, ec);
  }
  bool on_double(double, boost::json::string_view part, Code& ec) { return Number(part, ec); }
  bool on_bool(bool value, Code& ec) {
    if (open_.empty()) return Fail(ec);
    Next()->set_bool_value(value);
    return true;
  }
  bool on_null(Code& ec) {
    if (open_.empty()) return Fail(ec);
    Next()->set_null_value(google::protobuf::NULL_VALUE);
    return true;
  }
  bool on_comment_part(boost::json::string_view, Code&) { return true; }
  bool on_comment(boost::json::string_view, Code&) { return true; }

 private:
  struct Open {
    google::protobuf::Struct* object;
    google::protobuf::ListValue* list;
  };

  static bool Fail(Code& ec) {
    ec = boost::json::error::syntax;
    return false;
  }

  google::protobuf::Value* Next() {
    if (open_.back().list != nullptr) return open_.back().list->add_values();
    auto* value = &(*open_.back().object->mutable_fields())[key_];
    key_.clear();
    return value;
  }

  bool Number(boost::json::string_view part, Code& ec) {
    text_.append(part.data(), part.size());
    double number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (open_.empty() || error != std::errc() || end != text_.data() + text_.size())
      return Fail(ec);
    Next()->set_number_value(number);
    text_.clear();
    return true;
  }

  google::protobuf::Struct& root_;
  bool root_seen_ = false;
  std::vector<Open> open_;
  std::string key_;
  std::string text_;
};

}  // namespace

Result<std::string> CanonicalJson(const google::protobuf::Struct& attributes) {
  std::string json;
  if (attributes.fields().empty()) return json;
  IDNODE_RETURN_IF_ERROR(AppendStruct(attributes, 1, json));
  return json;
}

Result<void> ParseAttributes(std::string_view json, google::protobuf::Struct& out) {
  out.Clear();
  if (json.empty()) return {};
  boost::json::parse_options options;
  options.max_depth = kAttributesDepthMax;
  boost::json::basic_parser<StructBuilder> parser(options, out);
  boost::json::error_code ec;
  const std::size_t read = parser.write_some(false, json.data(), json.size(), ec);
  if (ec || read != json.size() || !parser.done()) {
    out.Clear();
    return Error(Errc::kCorruption, "stored attributes are not a JSON object");
  }
  return {};
}

}  // namespace idnode::frontend
