#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::service {

/// Longest page token that is looked at.
inline constexpr std::size_t kPageTokenBytesMax = 1024;

/// Token to go on from `position` in a list. It holds a digest of itself and of `scope`, which
/// names list and filters: a token that was altered, or is another list's, is refused, so that
/// nobody pages over the wrong thing unaware. No secret, and needs none: whoever may list may list
/// from anywhere.
std::string MakePageToken(std::string_view scope, std::string_view position);

/// The position again. Errors: kInvalidPageToken (field "pageToken").
Result<std::string> ReadPageToken(std::string_view scope, std::string_view token);

}  // namespace idnode::service
