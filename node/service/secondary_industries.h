#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace idnode::service {

/// Which industries (GB/T 4754) each secondary prefix serves: a composite secondary node
/// (复合型二级节点) has several prefixes, each with its own. Value type; immutable once made.
class SecondaryIndustries {
 public:
  /// Serves every industry under every prefix.
  SecondaryIndustries() = default;

  /// Lines such as "88.108=C19,C14": the industries of one secondary prefix, each a section, a
  /// division, a group or a class, for all below it. A prefix without a line serves every industry.
  /// Errors: kInvalidRequest (field "secondary_prefix_industries"): no such secondary prefix, named
  /// twice, or no industry of GB/T 4754.
  static Result<SecondaryIndustries> Parse(const std::vector<std::string>& lines,
                                           const std::vector<std::string>& secondary_prefixes);

  /// Whether an enterprise of `industry` (with its section: "C1952") may have a prefix under
  /// `secondary_prefix` (folded). Errors: kInvalidRequest (field "enterprise"), naming those that
  /// are served.
  Result<void> Check(std::string_view secondary_prefix, std::string_view industry) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> by_prefix_;
};

}  // namespace idnode::service
