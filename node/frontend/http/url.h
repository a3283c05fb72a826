#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"

namespace idnode::frontend::http {

/// A request target's parts as written: "/a%2Fb", "x=1".
struct Target {
  std::string_view path;
  std::string_view query;
};
Target SplitTarget(std::string_view target);

/// Decodes "%41" (RFC 3986 §2.1). Text without escapes is returned as it is; otherwise the result
/// is a view of `scratch`. nullopt for a malformed escape.
std::optional<std::string_view> PercentDecode(std::string_view text, std::string& scratch);

/// Most parameters of a query.
inline constexpr std::size_t kQueryParametersMax = 32;

/// The parameters of a query, decoded; "+" is a space.
class Query {
 public:
  /// Errors: kInvalidRequest (a malformed escape; a parameter twice; too many parameters).
  static Result<Query> Parse(std::string_view query);
  /// Names and values, in the order they were written.
  const std::vector<std::pair<std::string, std::string>>& parameters() const { return parameters_; }
  /// nullptr where absent.
  const std::string* Find(std::string_view name) const;
  /// Errors: kInvalidRequest naming the first parameter that is not of `allowed`.
  Result<void> Only(std::initializer_list<std::string_view> allowed) const;
  /// An unsigned number; 0 where absent. Errors: kInvalidRequest (field `name`).
  Result<std::uint32_t> Number(std::string_view name) const;
  /// "true" or "false"; false where absent. Errors: kInvalidRequest (field `name`).
  Result<bool> Flag(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// A value's URL as the Location field may carry it: http or https, no control characters or
/// spaces, other bytes beyond ASCII percent-encoded, at most kLocationBytesMax. nullopt: not fit.
inline constexpr std::size_t kLocationBytesMax = 8 * 1024;
std::optional<std::string> SafeLocation(std::string_view url);

}  // namespace idnode::frontend::http
