#include "node/service/secondary_industries.h"

#include <algorithm>
#include <utility>

#include "node/model/codes.h"
#include "node/model/identifier.h"

namespace idnode::service {
namespace {

Error Fault(std::string_view line, std::string_view what) {
  return Error(Errc::kInvalidRequest,
               "\"" + std::string(line.substr(0, 100)) + "\": " + std::string(what),
               "secondary_prefix_industries");
}

std::string_view TakeUpTo(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<SecondaryIndustries> SecondaryIndustries::Parse(
    const std::vector<std::string>& lines, const std::vector<std::string>& secondary_prefixes) {
  SecondaryIndustries made;
  for (const std::string& line : lines) {
    std::string_view rest = line;
    const std::string prefix = FoldIdentifier(Trimmed(TakeUpTo(rest, '=')));
    const bool known =
        std::any_of(secondary_prefixes.begin(), secondary_prefixes.end(),
                    [&](const std::string& own) { return FoldIdentifier(own) == prefix; });
    if (!known) return Fault(line, "begin with one of secondary_prefixes, as in 88.108=C19,C14");
    std::vector<std::string> industries;
    do {
      auto code = CheckIndustry(Trimmed(TakeUpTo(rest, ',')));
      if (!code.ok()) return Fault(line, code.error().detail);
      industries.push_back(*std::move(code));
    } while (!rest.empty());
    if (!made.by_prefix_.emplace(prefix, std::move(industries)).second) {
      return Fault(line, "the prefix has a line already");
    }
  }
  return made;
}

Result<void> SecondaryIndustries::Check(std::string_view secondary_prefix,
                                        std::string_view industry) const {
  const auto served = by_prefix_.find(secondary_prefix);
  if (served == by_prefix_.end()) return {};
  std::string names;
  for (const std::string& code : served->second) {
    if (industry.starts_with(code)) return {};
    names += (names.empty() ? "" : ", ") + code;
  }
  return Error(Errc::kInvalidRequest,
               "the enterprise's industry is " + std::string(industry) + "; under " +
                   std::string(secondary_prefix) + " this node serves " + names,
               "enterprise");
}

}  // namespace idnode::service
