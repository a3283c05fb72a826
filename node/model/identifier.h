#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode {

/// Longest identifier in bytes (SNMS API; RFC 3651 sets no limit).
inline constexpr std::size_t kIdentifierBytesMax = 255;
/// Longest prefix in bytes (SNMS API).
inline constexpr std::size_t kPrefixBytesMax = 64;

/// Views into one identifier's text: `text` = `prefix` "/" `suffix`. The suffix may hold further
/// slashes. Valid as long as the text is.
struct IdentifierView {
  std::string_view text;
  std::string_view prefix;
  std::string_view suffix;
};

/// Checks the grammar: prefix and suffix of at least one byte around the first "/", UTF-8 without
/// control characters (U+0000–U+001F, U+007F), at most `bytes_max` bytes, a prefix of ASCII
/// letters, digits, "_", "-" and "." that neither starts nor ends with "." nor holds "..".
/// Errors: kInvalidIdentifier, with a sentence that names the fault.
Result<IdentifierView> ParseIdentifier(std::string_view text,
                                       std::size_t bytes_max = kIdentifierBytesMax);

/// As ParseIdentifier, for a prefix alone. Errors: kInvalidIdentifier.
Result<void> CheckPrefix(std::string_view prefix);

/// The form that is the identity: ASCII letters in lower case (design §3). `SN1` and `sn1` are one.
std::string FoldIdentifier(std::string_view text);

/// True if a node may issue this identifier itself: ASCII letters, digits, "." "_" ":" "-" in the
/// suffix, at most 128 bytes in all.
bool IsIssuable(const IdentifierView& identifier);

/// The secondary prefix of an enterprise prefix: "88.108" of "88.108.1001"; the prefix itself
/// where it has fewer than three parts.
std::string_view SecondaryPrefixOf(std::string_view prefix);

}  // namespace idnode
