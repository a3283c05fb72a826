#include "node/model/identifier.h"

#include "node/base/text.h"

namespace idnode {
namespace {

bool IsPrefixByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

Error Invalid(std::string detail) {
  return Error(Errc::kInvalidIdentifier, std::move(detail), "identifier");
}

}  // namespace

Result<void> CheckPrefix(std::string_view prefix) {
  if (prefix.empty()) return Invalid("the prefix is empty; an identifier is PREFIX/SUFFIX");
  if (prefix.size() > kPrefixBytesMax) {
    return Invalid("the prefix is longer than " + std::to_string(kPrefixBytesMax) + " bytes");
  }
  for (char c : prefix) {
    if (!IsPrefixByte(c)) {
      return Invalid("the prefix may hold only letters, digits and \"_\", \"-\", \".\"");
    }
  }
  if (prefix.front() == '.' || prefix.back() == '.' ||
      prefix.find("..") != std::string_view::npos) {
    return Invalid("the prefix has an empty part: \".\" at an end or twice in a row");
  }
  return {};
}

Result<IdentifierView> ParseIdentifier(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Invalid("the identifier has " + std::to_string(text.size()) + " bytes; at most " +
                   std::to_string(bytes_max) + " are allowed");
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return Invalid("there is no \"/\"; an identifier is PREFIX/SUFFIX, such as 88.108.1001/SN1");
  }
  IdentifierView view{text, text.substr(0, slash), text.substr(slash + 1)};
  IDNODE_RETURN_IF_ERROR(CheckPrefix(view.prefix));
  if (view.suffix.empty()) return Invalid("the suffix is empty; an identifier is PREFIX/SUFFIX");
  bool ascii = true;
  for (char c : view.suffix) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return Invalid("the suffix holds a control character");
    ascii = ascii && byte < 0x80;
  }
  if (!ascii && !IsUtf8(view.suffix)) return Invalid("the suffix is not UTF-8");
  return view;
}

std::string FoldIdentifier(std::string_view text) {
  std::string folded;
  AppendAsciiFolded(folded, text);
  return folded;
}

bool IsIssuable(const IdentifierView& identifier) {
  if (identifier.text.size() > 128) return false;
  for (char c : identifier.suffix) {
    if (!IsPrefixByte(c) && c != ':') return false;
  }
  return true;
}

std::string_view SecondaryPrefixOf(std::string_view prefix) {
  const std::size_t first = prefix.find('.');
  if (first == std::string_view::npos) return prefix;
  const std::size_t second = prefix.find('.', first + 1);
  return second == std::string_view::npos ? prefix : prefix.substr(0, second);
}

}  // namespace idnode
