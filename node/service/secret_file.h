#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::service {

/// Longest and shortest secret that a file may hold, in bytes.
inline constexpr std::size_t kSecretBytesMax = 256;
inline constexpr std::size_t kSecretBytesMin = 32;

/// A secret in a file of its own, one line. Read from `path`; where there is no such file it is
/// made of `start` and 256 random bits, with mode 0600, whole or not at all, and durably. `what`
/// names it in errors ("token").
/// Errors: kInvalidRequest where the file is none, another user's, open to others or too short;
/// kUnavailable.
Result<std::string> ReadOrMakeSecret(const std::string& path, std::string_view start,
                                     std::string_view what);

}  // namespace idnode::service
