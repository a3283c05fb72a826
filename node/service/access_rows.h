#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/service/access_control.h"

namespace idnode::service {

// Limits of one application. Decoding refuses more.
inline constexpr std::size_t kApplicationPrefixesMax = 1000;
inline constexpr std::size_t kApplicationTokensMax = 32;
inline constexpr std::size_t kApplicationCertificatesMax = 16;

/// An application as it is stored: what is shown of it, and the hashes of its tokens.
struct StoredApplication {
  ApplicationInfo info;
  std::vector<Digest> token_hashes;  ///< as many as info.tokens
};

/// The row of an application, format 2 (storage/FORMAT.md, "Application row").
std::string EncodeApplication(const StoredApplication& application);
/// Formats 1 and 2. Errors: kCorruption, naming the application; kFormatTooNew.
Result<StoredApplication> DecodeApplication(std::string_view name, std::string_view bytes);

/// What the audit log says of an application: JSON without hashes of tokens.
std::string ApplicationJson(const ApplicationInfo& info);

}  // namespace idnode::service
