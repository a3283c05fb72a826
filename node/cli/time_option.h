#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "node/base/result.h"

namespace idnode::cli {

/// Longest span that an option takes: 100 years.
inline constexpr std::chrono::seconds kSpanMax{100LL * 365 * 24 * 3600};

/// "90d", "12h", "30m", "45s", "2w", or "0". Errors: kInvalidRequest.
Result<std::chrono::seconds> ParseSpan(std::string_view text);

/// A point in time as people write it, in Unix milliseconds: "2027-01-31" (00:00 of Beijing time,
/// UTC+8), RFC 3339 "2027-01-31T08:00:00Z" or "…+08:00" (fractions of a second allowed), or a span
/// from `now_ms` on. `ago` takes a span as lying before `now_ms`. Errors: kInvalidRequest.
Result<std::int64_t> ParseInstant(std::string_view text, std::int64_t now_ms, bool ago = false);

}  // namespace idnode::cli
