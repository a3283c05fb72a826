#include "node/model/template_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include <boost/json/basic_parser_impl.hpp>

#include "node/model/data_template.h"

namespace idnode {
namespace {

// Builds the document from the events of Boost.JSON's parser.
class Builder {
 public:
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;
  using Kind = TemplateJson::Kind;

  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  explicit Builder(TemplateJson& root) : root_(root) {}
  const std::string& repeated() const { return repeated_; }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code& ec) { return Open(Kind::kObject, ec); }
  bool on_object_end(std::size_t, Code&) {
    open_.pop_back();
    return true;
  }
  bool on_array_begin(Code& ec) { return Open(Kind::kArray, ec); }
  bool on_array_end(std::size_t, Code&) {
    open_.pop_back();
    return true;
  }
  bool on_key_part(Text part, std::size_t, Code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(Text part, std::size_t, Code& ec) {
    key_.append(part.data(), part.size());
    if (open_.back().names.insert(key_).second) return true;
    repeated_ = key_;
    return Fail(ec);
  }
  bool on_string_part(Text part, std::size_t, Code&) { return More(part); }
  bool on_string(Text part, std::size_t, Code& ec) { return Scalar(Kind::kString, part, ec); }
  bool on_number_part(Text part, Code&) { return More(part); }
  bool on_int64(std::int64_t, Text part, Code& ec) { return Scalar(Kind::kNumber, part, ec); }
  bool on_uint64(std::uint64_t, Text part, Code& ec) { return Scalar(Kind::kNumber, part, ec); }
  bool on_double(double, Text part, Code& ec) { return Scalar(Kind::kNumber, part, ec); }
  bool on_bool(bool value, Code& ec) {
    if (!Scalar(Kind::kBool, {}, ec)) return false;
    last_->boolean = value;
    return true;
  }
  bool on_null(Code& ec) { return Scalar(Kind::kNull, {}, ec); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  struct Level {
    TemplateJson* value;
    std::set<std::string> names;
  };

  static bool Fail(Code& ec) {
    ec = boost::json::error::syntax;
    return false;
  }

  bool More(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }

  // Where the next value goes. A level's elements do not move while one of them is open.
  TemplateJson* Next() {
    TemplateJson& into = *open_.back().value;
    if (into.kind == Kind::kArray) return &into.elements.emplace_back();
    auto& member = into.members.emplace_back(std::move(key_), TemplateJson());
    key_.clear();
    return &member.second;
  }

  bool Open(Kind kind, Code& ec) {
    if (open_.empty() && kind != Kind::kObject) return Fail(ec);
    TemplateJson* value = open_.empty() ? &root_ : Next();
    value->kind = kind;
    open_.push_back({value, {}});
    return true;
  }

  bool Scalar(Kind kind, Text part, Code& ec) {
    if (open_.empty()) return Fail(ec);
    text_.append(part.data(), part.size());
    last_ = Next();
    last_->kind = kind;
    last_->text = std::move(text_);
    text_.clear();
    return true;
  }

  TemplateJson& root_;
  TemplateJson* last_ = nullptr;
  std::vector<Level> open_;
  std::string key_;
  std::string text_;
  std::string repeated_;
};

}  // namespace

const TemplateJson* TemplateJson::Find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::optional<double> TemplateJson::Number() const {
  if (kind != Kind::kNumber) return {};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

std::optional<std::uint32_t> TemplateJson::Whole() const {
  if (kind == Kind::kString) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
    return number;
  }
  const auto number = Number();
  if (!number.has_value() || *number < 0 || *number > UINT32_MAX ||
      std::trunc(*number) != *number) {
    return {};
  }
  return static_cast<std::uint32_t>(*number);
}

Result<TemplateJson> ParseTemplateJson(std::string_view json) {
  if (json.size() > kTemplateSchemaBytesMax) {
    return Error(Errc::kInvalidRequest,
                 "a template has " + std::to_string(json.size()) + " bytes; at most " +
                     std::to_string(kTemplateSchemaBytesMax) + " are allowed");
  }
  TemplateJson root;
  boost::json::parse_options options;
  options.max_depth = kTemplateDepthMax;
  boost::json::basic_parser<Builder> parser(options, root);
  boost::json::error_code ec;
  const std::size_t read = parser.write_some(false, json.data(), json.size(), ec);
  if (!parser.handler().repeated().empty()) {
    return Error(Errc::kInvalidRequest, "\"" + parser.handler().repeated() + "\" is there twice");
  }
  if (ec || read != json.size() || !parser.done()) {
    return Error(Errc::kInvalidRequest,
                 "not a JSON object: " + (ec ? ec.message() : "it is cut short") + ", near byte " +
                     std::to_string(read));
  }
  return root;
}

void TemplateJsonWriter::Separate() {
  if (!fresh_) out_ += ',';
  fresh_ = false;
}

void TemplateJsonWriter::Open(char bracket) {
  Separate();
  out_ += bracket;
  fresh_ = true;
}

void TemplateJsonWriter::Close(char bracket) {
  out_ += bracket;
  fresh_ = false;
}

void TemplateJsonWriter::Name(std::string_view name) {
  Text(name);
  out_ += ':';
  fresh_ = true;
}

void TemplateJsonWriter::Text(std::string_view text) {
  Separate();
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out_ += "\\u00";
      out_ += kHex[byte >> 4];
      out_ += kHex[byte & 15];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

void TemplateJsonWriter::Number(double number) {
  Separate();
  constexpr double kPlainBelow = 1e15;
  std::array<char, 32> text;
  const bool plain = std::trunc(number) == number && std::abs(number) < kPlainBelow;
  const auto end = plain ? std::to_chars(text.data(), text.data() + text.size(), number,
                                         std::chars_format::fixed)
                         : std::to_chars(text.data(), text.data() + text.size(), number);
  out_.append(text.data(), end.ptr);
}

void TemplateJsonWriter::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

}  // namespace idnode
