#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::service {

/// What a session's token says.
struct SessionClaims {
  std::string user;              ///< "sub"
  std::uint64_t generation = 0;  ///< "gen": that of the user's password and state
  std::int64_t issued_s = 0;     ///< "iat", Unix seconds
  std::int64_t expires_s = 0;    ///< "exp", likewise

  friend bool operator==(const SessionClaims&, const SessionClaims&) = default;
};

/// Longest token that is looked at, in bytes.
inline constexpr std::size_t kSessionTokenBytesMax = 512;

/// 1 to 64 of [A-Za-z0-9._@-]: nothing that JSON or a log would have to escape.
bool IsUserName(std::string_view name);

/// A JSON Web Token (RFC 7519) signed with HMAC-SHA256 (RFC 7515 §A.1, "HS256").
std::string FormatSessionToken(const SessionClaims& claims, std::string_view key);

/// Reads a token that FormatSessionToken made with this key: signature first, in constant time;
/// then the claims. The header must be the one that is written, byte for byte, so that no other
/// algorithm can be asked for. Does not look at the times. Errors: kUnauthenticated, the same for
/// whatever is wrong.
Result<SessionClaims> ParseSessionToken(std::string_view token, std::string_view key);

/// The claims as JSON, and back: no other order, form or claim than is written. For
/// ParseSessionToken, and for tests. Errors: kUnauthenticated.
std::string FormatClaims(const SessionClaims& claims);
Result<SessionClaims> ParseClaims(std::string_view json);

}  // namespace idnode::service
