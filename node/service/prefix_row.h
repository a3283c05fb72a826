#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/service/prefix_registry.h"

namespace idnode::service {

/// Limits of the format: texts that an act may write are shorter.
inline constexpr std::size_t kPrefixHistoryMax = 100;
inline constexpr std::size_t kPrefixTextBytesMax = 1024;

/// The key of a prefix's row, in shard 0.
std::string PrefixKey(std::string_view folded_prefix);

/// A prefix as its row has it (storage/FORMAT.md, "Prefix row"). The number of its identifiers is
/// not part of it; of its history the newest kPrefixHistoryMax changes are.
std::string EncodePrefixRow(const PrefixInfo& info);
/// Reads the row of `folded_prefix`, also one of the first form, which is a time alone: such a
/// prefix is active and hosted. Errors: kCorruption.
Result<PrefixInfo> DecodePrefixRow(std::string_view folded_prefix, std::string_view bytes);

/// The prefix as the audit log has it, before and after an act.
std::string PrefixJson(const PrefixInfo& info);

/// "203.0.113.5 (tcp 2641, udp 2641, http 8080)".
std::string RouteText(const PrefixRoute& route);

}  // namespace idnode::service
