#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace idnode::frontend::http {

/// Appends the strong entity tag, quotes included, of an answer's JSON: a hash of it, so that two
/// callers have the same tag only where they see the same, and nobody's tag depends on what is
/// withheld from him: guesses could be tried against it.
void AppendEtag(std::string_view json, std::string& out);

/// If-None-Match (RFC 9110 §13.1.2): "*" or a list of tags, compared weakly.
bool EtagListed(std::string_view header, std::string_view etag);

/// If-Match (RFC 9110 §13.1.1): "*" or a list of tags, compared strongly.
bool EtagMatches(std::string_view header, std::string_view etag);

/// What a client would have for an identifier (RFC 9110 §12.5.1).
enum class Wanted : std::uint8_t {
  kJson,   ///< application/json, */*, or nothing said
  kHtml,   ///< text/html before JSON: a browser
  kOther,  ///< neither: 406
};
Wanted Negotiate(std::string_view accept);

}  // namespace idnode::frontend::http
