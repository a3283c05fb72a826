#include "node/frontend/beast_util/problem.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/error_map.h"
#include "node/frontend/guard.h"

namespace idnode::frontend::http {
namespace {

// Bytes that may stand in a JSON string as they are; others are looked at one by one.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = true;
  plain['"'] = plain['\\'] = plain['<'] = plain['>'] = false;
  return plain;
}();

void AppendUnicodeEscape(unsigned char c, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.append("\\u00");
  out.push_back(kDigits[c >> 4]);
  out.push_back(kDigits[c & 15]);
}

void AppendAsciiEscape(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\b':
      out.append("\\b");
      return;
    case '\f':
      out.append("\\f");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      AppendUnicodeEscape(c, out);
  }
}

// Length of the well-formed UTF-8 sequence (RFC 3629 §4) that starts `text`; 0 if there is none.
std::size_t Utf8Sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return byte(1) >= low && byte(1) <= high && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return byte(1) >= low && byte(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out.push_back('"');
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
    out.append(text.substr(start, at - start));
    if (at == text.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      AppendAsciiEscape(c, out);
      ++at;
    } else if (const std::size_t length = Utf8Sequence(text.substr(at)); length > 0) {
      out.append(text.substr(at, length));
      at += length;
    } else {
      out.append("\xef\xbf\xbd");
      ++at;
    }
  }
  out.push_back('"');
}

bool PrefersChinese(std::string_view accept_language) {
  if (accept_language.empty()) return false;
  int chinese = 0;
  int english = 0;
  ForEachRanged(accept_language, [&](std::string_view range, int quality) {
    const std::string_view primary = range.substr(0, range.find('-'));
    // Of equal ones the first counts: half a step apart from those after it.
    if (EqualsIgnoringCase(primary, "zh")) {
      if (quality * 2 > chinese) chinese = quality * 2 + (english == 0 && quality > 0 ? 1 : 0);
    } else if (EqualsIgnoringCase(primary, "en")) {
      if (quality * 2 > english) english = quality * 2 + (chinese == 0 && quality > 0 ? 1 : 0);
    }
  });
  return chinese > english;
}

Response Problem(const Request& request, const Error& error, std::string_view members) {
  const WireError wire = ToWire(error.code);
  const bool secret = IsSecretDetail(error.code);
  if (secret) LogSecretDetail(error);
  Response response;
  response.status = wire.http;
  response.content_type = kProblemType;
  std::string& body = response.body;
  body.append("{\"type\":\"urn:idnode:error:").append(wire.slug).append("\",\"title\":");
  AppendJsonString(
      PrefersChinese(request.Get(Header::kAcceptLanguage)) ? wire.title_zh : wire.title, body);
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), wire.http).ptr;
  body.append(",\"status\":").append(digits.data(), end);
  if (!secret && !error.detail.empty()) {
    body.append(",\"detail\":");
    AppendJsonString(error.detail, body);
  }
  if (!error.field.empty()) {
    body.append(",\"field\":");
    AppendJsonString(error.field, body);
  }
  if (!members.empty()) body.append(",").append(members);
  body.push_back('}');
  if (IsRetryable(error.code)) {
    response.headers.append("Retry-After: ")
        .append(std::to_string(kRetryAfterSeconds))
        .append("\r\n");
  }
  if (error.code == Errc::kUnauthenticated) {
    response.headers.append("WWW-Authenticate: Bearer realm=\"idnode\"\r\n");
  }
  // An error passes: no cache may keep it.
  response.headers.append("Cache-Control: no-store\r\nVary: Accept-Language\r\n");
  return response;
}

}  // namespace idnode::frontend::http
