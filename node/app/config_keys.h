#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "node/app/config.h"

namespace idnode::app {

/// Where a key's value lies; the type of the key follows from it.
using KeyTarget = std::variant<std::string*, bool*, std::int64_t*, std::vector<std::string>*>;

/// One row of the table that drives reading, the environment, printing and "did you mean".
struct ConfigKey {
  std::string_view section;
  std::string_view name;
  KeyTarget target;
  std::string_view about;         ///< one line for people
  std::int64_t at_least = 0;      ///< numbers only
  std::int64_t at_most = 0;       ///< numbers only
  std::string_view choices = {};  ///< strings only: "a|b"; empty: any

  /// "http.port".
  std::string Path() const;
  /// "IDNODE_HTTP_PORT".
  std::string Variable() const;
};

/// Every key there is, in the order of a printed file. The targets point into `config`.
std::vector<ConfigKey> ConfigKeys(Config& config);

/// The name among `names` that `text` is probably a slip of; empty if none is near. Near is an
/// edit distance of at most a third of the length, rounded up.
std::string_view NearestName(std::string_view text, const std::vector<std::string_view>& names);

}  // namespace idnode::app
