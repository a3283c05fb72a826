#pragma once

#include <string_view>

namespace idnode::frontend::http {

constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (AsciiLower(a[i]) != AsciiLower(b[i])) return false;
  }
  return true;
}

/// Without spaces and tabs at both ends.
constexpr std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the part before the first `separator` off `rest`, trimmed.
constexpr std::string_view NextPart(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return Trim(part);
}

/// RFC 9110 §12.4.2: "0.7" is 700. What is not a weight is 1000, as if it were absent.
constexpr int ParseQuality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
  int quality = (text[0] - '0') * 1000;
  int scale = 100;
  for (std::size_t i = 2; i < text.size() && i < 5 && text[1] == '.'; ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return 1000;
    quality += (text[i] - '0') * scale;
  }
  return quality > 1000 ? 1000 : quality;
}

/// Calls `visit(range, quality)` for each part of a header such as Accept or Accept-Language;
/// `quality` is in thousandths.
template <typename Visit>
void ForEachRanged(std::string_view header, Visit visit) {
  while (!header.empty()) {
    std::string_view part = NextPart(header, ',');
    const std::string_view range = NextPart(part, ';');
    int quality = 1000;
    while (!part.empty()) {
      const std::string_view parameter = NextPart(part, ';');
      if (parameter.size() > 2 && AsciiLower(parameter[0]) == 'q' && parameter[1] == '=') {
        quality = ParseQuality(parameter.substr(2));
      }
    }
    if (!range.empty()) visit(range, quality);
  }
}

}  // namespace idnode::frontend::http
