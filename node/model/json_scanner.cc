#include "node/model/json_scanner.h"

#include <cstring>

namespace idnode {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

void AppendUtf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

}  // namespace

bool JsonScanner::Begin() {
  SkipSpace();
  return Take('{');
}

bool JsonScanner::Next(std::string_view& name, std::string& name_buffer, JsonToken& value,
                       std::string& text_buffer) {
  SkipSpace();
  if (Take('}')) {
    SkipSpace();
    complete_ = at_ == end_;
    return false;
  }
  if (!first_) {
    if (!Take(',')) return false;
    SkipSpace();
  }
  first_ = false;
  member_ = at_;
  if (!Take('"') || !TakeString(name, name_buffer)) return false;
  SkipSpace();
  return Take(':') && TakeValue(value, text_buffer);
}

bool JsonScanner::BeginList() {
  SkipSpace();
  return Take('[');
}

bool JsonScanner::NextElement(JsonToken& value, std::string& text_buffer) {
  SkipSpace();
  if (Take(']')) {
    SkipSpace();
    complete_ = at_ == end_;
    return false;
  }
  if (!first_ && !Take(',')) return false;
  first_ = false;
  return TakeValue(value, text_buffer);
}

bool JsonScanner::TakeValue(JsonToken& value, std::string& buffer) {
  SkipSpace();
  if (at_ == end_) return false;
  if (*at_ == '{' || *at_ == '[') {
    value.kind = *at_ == '{' ? JsonToken::Kind::kObject : JsonToken::Kind::kArray;
    const char* start = at_;
    if (!SkipNested(buffer)) return false;
    value.text = {start, static_cast<std::size_t>(at_ - start)};
    return true;
  }
  return TakeScalar(value, buffer);
}

bool JsonScanner::TakeWord(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() ||
      std::memcmp(at_, word.data(), word.size()) != 0) {
    return false;
  }
  at_ += word.size();
  return true;
}

// After the opening quote.
bool JsonScanner::TakeString(std::string_view& text, std::string& buffer) {
  const char* start = at_;
  for (const char* at = at_; at != end_; ++at) {
    if (*at == '"') {
      text = {start, static_cast<std::size_t>(at - start)};
      at_ = at + 1;
      return true;
    }
    if (*at == '\\') {
      at_ = at;
      return TakeEscaped(start, text, buffer);
    }
    if (IsControl(*at)) return false;
  }
  return false;
}

// From the first backslash on; `start` is where the text began.
bool JsonScanner::TakeEscaped(const char* start, std::string_view& text, std::string& buffer) {
  buffer.assign(start, at_);
  while (at_ != end_) {
    const char c = *at_++;
    if (c == '"') {
      text = buffer;
      return true;
    }
    if (IsControl(c)) return false;
    if (c != '\\') {
      buffer += c;
      continue;
    }
    if (at_ == end_) return false;
    switch (*at_++) {
      case '"':
        buffer += '"';
        break;
      case '\\':
        buffer += '\\';
        break;
      case '/':
        buffer += '/';
        break;
      case 'b':
        buffer += '\b';
        break;
      case 'f':
        buffer += '\f';
        break;
      case 'n':
        buffer += '\n';
        break;
      case 'r':
        buffer += '\r';
        break;
      case 't':
        buffer += '\t';
        break;
      case 'u':
        if (!TakeUnicodeEscape(buffer)) return false;
        break;
      default:
        return false;
    }
  }
  return false;
}

bool JsonScanner::TakeHex(std::uint32_t& unit) {
  if (end_ - at_ < 4) return false;
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = *at_++;
    unsigned digit = 0;
    if (IsDigit(c)) {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return false;
    }
    unit = unit << 4 | digit;
  }
  return true;
}

// RFC 8259 §7: a character beyond the basic plane is two escapes; half of one is no character.
bool JsonScanner::TakeUnicodeEscape(std::string& buffer) {
  std::uint32_t code = 0;
  if (!TakeHex(code)) return false;
  if (code >= 0xdc00 && code <= 0xdfff) return false;
  if (code >= 0xd800 && code <= 0xdbff) {
    std::uint32_t low = 0;
    if (!TakeWord("\\u") || !TakeHex(low) || low < 0xdc00 || low > 0xdfff) return false;
    code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
  }
  AppendUtf8(code, buffer);
  return true;
}

bool JsonScanner::TakeNumber(std::string_view& text) {
  const char* start = at_;
  const auto digits = [this] {
    const char* first = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ != first;
  };
  Take('-');
  if (!Take('0') && !digits()) return false;
  if (Take('.') && !digits()) return false;
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  text = {start, static_cast<std::size_t>(at_ - start)};
  return true;
}

bool JsonScanner::TakeScalar(JsonToken& value, std::string& buffer) {
  switch (*at_) {
    case '"':
      ++at_;
      value.kind = JsonToken::Kind::kString;
      return TakeString(value.text, buffer);
    case 't':
      value.kind = JsonToken::Kind::kTrue;
      return TakeWord(value.text = "true");
    case 'f':
      value.kind = JsonToken::Kind::kFalse;
      return TakeWord(value.text = "false");
    case 'n':
      value.kind = JsonToken::Kind::kNull;
      return TakeWord(value.text = "null");
    default:
      value.kind = JsonToken::Kind::kNumber;
      return TakeNumber(value.text);
  }
}

// An object or list with all that is in it. Its own grammar, so that damage is seen.
bool JsonScanner::SkipNested(std::string& buffer) {
  // One bit a level: 1 is an object. The outermost object is a level too.
  std::uint64_t open = 0;
  int depth = 1;
  bool want_value = true;
  JsonToken scalar;
  do {
    SkipSpace();
    if (at_ == end_) return false;
    if (want_value) {
      if (*at_ == '{' || *at_ == '[') {
        const bool object = *at_++ == '{';
        if (++depth > depth_max_) return false;
        open = open << 1 | (object ? 1U : 0U);
        SkipSpace();
        if (Take(object ? '}' : ']')) {
          open >>= 1;
          --depth;
          want_value = false;
          continue;
        }
        if (!object) continue;
      } else {
        if (!TakeScalar(scalar, buffer)) return false;
        want_value = false;
        continue;
      }
    } else {
      const bool object = (open & 1) != 0;
      if (Take(object ? '}' : ']')) {
        open >>= 1;
        --depth;
        continue;
      }
      if (!Take(',')) return false;
      want_value = true;
      if (!object) continue;
      SkipSpace();
    }
    // A member's name comes before its value.
    std::string_view name;
    if (!Take('"') || !TakeString(name, buffer)) return false;
    SkipSpace();
    if (!Take(':')) return false;
  } while (depth > 1);
  return true;
}

}  // namespace idnode
