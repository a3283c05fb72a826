#include "node/frontend/http/conditional.h"

#include <algorithm>
#include <array>

#include <xxhash.h>

#include "node/frontend/beast_util/header_list.h"
#include "node/model/record.h"

namespace idnode::frontend::http {

namespace {

// A stranger's tag must not depend on values that are withheld from it: guesses of them could be
// tried against it. A record has each revision once, so these three tell representations apart.
XXH128_hash_t PublicHash(std::string_view record_bytes) {
  std::array<std::uint64_t, 3> facts{};
  if (const auto record = DecodeRecord(record_bytes); record.ok()) {
    facts = {static_cast<std::uint64_t>(record->updated_ms), record->revision,
             static_cast<std::uint64_t>(record->state)};
  }
  return XXH3_128bits_withSeed(facts.data(), sizeof(facts), 0);
}

}  // namespace

void AppendEtag(std::string_view record_bytes, Visibility visibility, std::string& out) {
  const XXH128_hash_t hash =
      visibility == Visibility::kAll
          ? XXH3_128bits_withSeed(record_bytes.data(), record_bytes.size(), 1)
          : PublicHash(record_bytes);
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
