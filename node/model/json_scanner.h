#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace idnode {

/// Deepest nesting of objects and lists in a record's attributes.
inline constexpr int kAttributesDepthMax = 32;

/// A JSON value as the scanner meets it.
struct JsonToken {
  enum class Kind : std::uint8_t { kString, kNumber, kTrue, kFalse, kNull, kObject, kArray };
  Kind kind = Kind::kNull;
  /// A string's text, a number's digits, an object or array whole.
  std::string_view text;
};

/// Walks over the members of one JSON object, or the elements of one list (RFC 8259), without
/// building anything. Texts are views
/// into the input or, where they had escapes, into the buffer handed over. Strict: what is not JSON
/// fails, but UTF-8 is not checked here. Objects and lists are nested `depth_max` deep at most.
class JsonScanner {
 public:
  JsonScanner(std::string_view json, int depth_max)
      : at_(json.data()), end_(json.data() + json.size()), depth_max_(depth_max) {}

  /// Begins the object. False: it is none.
  bool Begin();
  /// The next member; false at the end or where the text is damaged. `name_buffer` and
  /// `text_buffer` are written to only where there are escapes.
  bool Next(std::string_view& name, std::string& name_buffer, JsonToken& value,
            std::string& text_buffer);
  /// Begins a list instead. False: it is none.
  bool BeginList();
  /// The next element of a list; as Next.
  bool NextElement(JsonToken& value, std::string& text_buffer);
  /// The member that Next gave, as the text has it, from its name's quote on. Until the next Next.
  std::string_view member() const { return {member_, static_cast<std::size_t>(at_ - member_)}; }
  /// True once the object or list ended and nothing followed it.
  bool Complete() const { return complete_; }

 private:
  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word);
  bool TakeString(std::string_view& text, std::string& buffer);
  bool TakeEscaped(const char* start, std::string_view& text, std::string& buffer);
  bool TakeUnicodeEscape(std::string& buffer);
  bool TakeHex(std::uint32_t& unit);
  bool TakeNumber(std::string_view& text);
  bool TakeValue(JsonToken& value, std::string& buffer);
  bool TakeScalar(JsonToken& value, std::string& buffer);
  bool SkipNested(std::string& buffer);

  const char* at_;
  const char* member_ = nullptr;
  const char* const end_;
  const int depth_max_;
  bool first_ = true;
  bool complete_ = false;
};

}  // namespace idnode
