#include "node/frontend/http/conditional.h"

#include <algorithm>
#include <array>

#include <xxhash.h>

#include "node/frontend/beast_util/header_list.h"

namespace idnode::frontend::http {

void AppendEtag(std::string_view json, std::string& out) {
  const XXH128_hash_t hash = XXH3_128bits(json.data(), json.size());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 34> text;
  text.front() = text.back() = '"';
  for (std::size_t i = 0; i < 16; ++i) {
    text[1 + i] = kDigits[hash.high64 >> (60 - 4 * i) & 15];
    text[17 + i] = kDigits[hash.low64 >> (60 - 4 * i) & 15];
  }
  out.append(text.data(), text.size());
}

bool EtagListed(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    std::string_view tag = NextPart(header, ',');
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
  }
  return false;
}

bool EtagMatches(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const std::string_view tag = NextPart(header, ',');
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

Wanted Negotiate(std::string_view accept) {
  if (accept.empty() || accept == "*/*" || accept == "application/json") return Wanted::kJson;
  // The most specific range that fits a type decides its weight; -1: none fits.
  struct Weight {
    int exact = -1;
    int type = -1;
    int any = -1;
    int value() const { return exact >= 0 ? exact : type >= 0 ? type : any; }
  };
  Weight json;
  Weight html;
  ForEachRanged(accept, [&](std::string_view range, int quality) {
    if (EqualsIgnoringCase(range, "*/*")) {
      json.any = std::max(json.any, quality);
      html.any = std::max(html.any, quality);
    } else if (EqualsIgnoringCase(range, "application/*")) {
      json.type = std::max(json.type, quality);
    } else if (EqualsIgnoringCase(range, "text/*")) {
      html.type = std::max(html.type, quality);
    } else if (EqualsIgnoringCase(range, "application/json")) {
      json.exact = std::max(json.exact, quality);
    } else if (EqualsIgnoringCase(range, "text/html") ||
               EqualsIgnoringCase(range, "application/xhtml+xml")) {
      html.exact = std::max(html.exact, quality);
    }
  });
  const int json_weight = std::max(json.value(), 0);
  const int html_weight = std::max(html.value(), 0);
  if (html_weight > json_weight) return Wanted::kHtml;
  // A page is wanted by name, JSON only by a wildcard of the same weight.
  if (html_weight > 0 && html_weight == json_weight && html.exact > 0 && json.exact < 0) {
    return Wanted::kHtml;
  }
  return json_weight > 0 ? Wanted::kJson : Wanted::kOther;
}

}  // namespace idnode::frontend::http
