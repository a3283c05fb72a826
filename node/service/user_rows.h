#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/service/user_store.h"

namespace idnode::service {

/// Outcome of scrypt (RFC 7914) and what it was run with.
struct PasswordHash {
  unsigned log_n = 15;
  unsigned r = 8;
  unsigned p = 3;
  std::string salt;
  std::string hash;
};

// Bounds of the parameters: a damaged row must not ask for all memory or a day of work.
inline constexpr unsigned kScryptLogNMin = 1;
inline constexpr unsigned kScryptLogNMax = 20;
inline constexpr unsigned kScryptRMax = 32;
inline constexpr unsigned kScryptPMax = 16;

/// scrypt of `secret` with the parameters and salt of `with`. Errors: kUnavailable where there is
/// no memory for it.
Result<std::string> Scrypt(std::string_view secret, const PasswordHash& with);

/// A person as stored.
struct StoredUser {
  UserInfo info;
  std::uint64_t generation = 0;  ///< sessions of an earlier one have ended
  PasswordHash password;
  std::string daily;  ///< SHA-256 of the password, hexadecimal; empty: not kept
};

/// The row of a user (storage/FORMAT.md, "User row").
std::string EncodeUser(const StoredUser& user);
/// Errors: kCorruption, naming the user; kFormatTooNew.
Result<StoredUser> DecodeUser(std::string_view name, std::string_view bytes);

/// What the audit log says of a user: JSON without hashes.
std::string UserJson(const UserInfo& info);

}  // namespace idnode::service
