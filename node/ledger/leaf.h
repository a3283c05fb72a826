#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/base/text.h"

namespace idnode::ledger {

/// Bounds of a leaf's fields. They are wider than what a node registers, so that every registration
/// has a leaf; a leaf is always shorter than an entry may be.
inline constexpr std::size_t kLeafIdentifierBytesMax = 1024;
inline constexpr std::size_t kLeafFieldBytesMax = 1024;
inline constexpr std::size_t kLeafBytesMax = 8192;

/// One first-ever registration (design §6), as views into someone else's bytes:
///
///     leaf = "1" TAB identifier TAB commit_ms TAB content TAB template TAB application TAB class
///
/// UTF-8, no line end, no control characters in any field, so that a line is a leaf and a tab ends
/// a field, without any escapes. Example, with tabs shown as " | ":
///
///     1 | 88.108.1001/SN1 | 1764000000000 | 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU | shoe@2 |
///     erp | product
struct Leaf {
  std::string_view identifier;    ///< as displayed; 1 to kLeafIdentifierBytesMax bytes
  std::int64_t commit_ms = 0;     ///< Unix milliseconds, 0 or later
  std::optional<Digest> content;  ///< SHA-256 of the record's content
  std::string_view template_ref;  ///< this and the following: empty where there is none
  std::string_view application;
  std::string_view record_class;
};

/// Appends the leaf's bytes to `out`; nothing where it fails. Errors: kInvalidValue with the field
/// ("identifier", "commit_ms", "template", "application", "class") that is too long, negative, not
/// UTF-8, or holds a control character (U+0000–U+001F, U+007F). The grammar of identifiers and the
/// rules for the other fields keep such from ever being registered.
Result<void> AppendLeaf(const Leaf& leaf, std::string& out);

/// Reads a leaf strictly: each leaf has one form. Errors: kFormatTooNew (another version than 1);
/// kInvalidValue with the faulty field ("leaf" for the whole, "content" beside those above).
Result<Leaf> ParseLeaf(std::string_view bytes);

}  // namespace idnode::ledger
