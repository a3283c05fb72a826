#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4).
Digest Sha256(std::string_view bytes);

/// Base64 of RFC 4648 §4, with padding.
std::string Base64(std::string_view bytes);
/// Base64 of RFC 4648 §5 (URL and filename safe), without padding.
std::string Base64Url(std::string_view bytes);
/// Decodes either alphabet, with or without padding. Errors: kInvalidRequest.
Result<std::string> DecodeBase64(std::string_view text);

std::string Hex(std::string_view bytes);

/// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);
/// ASCII letters to lower case; other bytes as they are.
void AppendAsciiFolded(std::string& out, std::string_view text);

/// Compares in time that depends on the lengths only.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

/// `size` bytes from the operating system's secure generator.
std::string SecureRandom(std::size_t size);

}  // namespace idnode
