#pragma once

// Internal to this folder: what lists have in common.
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/frontend/http/snms/call.h"

namespace idnode::frontend::http::snms {

inline constexpr std::int64_t kPageSizeDefault = 10;
inline constexpr std::int64_t kPageSizeMax = 1'000;

/// `currentPage` (from 1) and `pageSize` of a query; an empty parameter is an absent one.
struct Paging {
  std::int64_t page = 1;
  std::int64_t size = kPageSizeDefault;
};
/// A size above kPageSizeMax is taken as that. Errors: kInvalidRequest.
Result<Paging> ReadPaging(const Call& call);

/// `startDate` and `endDate` of a query, inclusive.
struct DateRange {
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
  bool Has(std::int64_t ms) const { return from_ms <= ms && ms <= to_ms; }
};
/// Errors: kInvalidRequest.
Result<DateRange> ReadDates(const Call& call);

/// The page object clients know: content, totalElements, totalPages, size, number (from 1), first,
/// last, numberOfElements, empty, sort. `append(i, out)` writes row i of `total`.
std::string PageJson(const Paging& paging, std::size_t total,
                     const std::function<void(std::size_t, std::string&)>& append);

/// The number that stands for a credit code or prefix where clients expect one: the first 48 bits
/// of its SHA-256, so that it is the same on every node and at every time. 1 at least.
std::int64_t NumberOf(std::string_view key);

/// All that the caller may see, whatever page it is on. Errors: those of List.
Result<std::vector<service::EnterpriseInfo>> AllEnterprises(const Context& context,
                                                            const Call& call,
                                                            std::string_view name_contains);
Result<std::vector<service::PrefixInfo>> AllPrefixes(const Context& context, const Call& call,
                                                     std::string_view enterprise);

}  // namespace idnode::frontend::http::snms
