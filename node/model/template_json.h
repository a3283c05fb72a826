#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"

namespace idnode {

/// A JSON document small enough to hold: what the forms of templates are read from. Numbers keep
/// their digits, members their order.
struct TemplateJson {
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;  ///< of a string, or a number's digits
  std::vector<TemplateJson> elements;
  std::vector<std::pair<std::string, TemplateJson>> members;

  bool Is(Kind wanted) const { return kind == wanted; }
  /// The member of that name, or nullptr; also where this is no object.
  const TemplateJson* Find(std::string_view name) const;
  /// A finite number's value.
  std::optional<double> Number() const;
  /// A number, or a text of digits, that is whole and at least 0.
  std::optional<std::uint32_t> Whole() const;
};

/// Whether a form gives the member: null and an empty text say nothing, as clients write them.
inline bool IsGiven(const TemplateJson* value) {
  using Kind = TemplateJson::Kind;
  return value != nullptr && !value->Is(Kind::kNull) &&
         !(value->Is(Kind::kString) && value->text.empty());
}

/// kInvalidRequest for a place in a form: the members on the way to it.
inline Error FieldFault(std::string field, std::string detail) {
  return {Errc::kInvalidRequest, std::move(detail), std::move(field)};
}

/// Parses a document that is one object. Bounds: kTemplateSchemaBytesMax, kTemplateDepthMax; a name
/// that an object has twice is refused. Errors: kInvalidRequest.
Result<TemplateJson> ParseTemplateJson(std::string_view json);

/// Writes JSON text, compact.
class TemplateJsonWriter {
 public:
  void Open(char bracket);
  void Close(char bracket);
  void Name(std::string_view name);
  void Text(std::string_view text);
  void Number(double number);
  void Bool(bool value);

  void Member(std::string_view name, std::string_view text) {
    Name(name);
    Text(text);
  }
  void Member(std::string_view name, double number) {
    Name(name);
    Number(number);
  }
  void MemberBool(std::string_view name, bool value) {
    Name(name);
    Bool(value);
  }
  /// Left out where the text is empty.
  void MemberIf(std::string_view name, std::string_view text) {
    if (!text.empty()) Member(name, text);
  }

  std::string Take() { return std::move(out_); }

 private:
  void Separate();

  std::string out_;
  bool fresh_ = true;  ///< nothing stands before in this object or list
};

}  // namespace idnode
