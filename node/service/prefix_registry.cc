#include "node/service/prefix_registry.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;

std::string PrefixKey(std::string_view folded) {
  return static_cast<char>(storage::Space::kPrefix) + std::string(folded);
}

}  // namespace

PrefixRegistry::PrefixRegistry(storage::Engine& engine, Writer& writer, const Clock& clock,
                               PrefixOptions options)
    : engine_(engine), writer_(writer), clock_(clock), options_(std::move(options)) {}

Result<void> PrefixRegistry::Load() {
  std::string from = PrefixKey("");
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kPrefix) + 1));
  std::unordered_map<std::string, std::int64_t> admitted;
  for (;;) {
    auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(std::chrono::seconds(30)));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      std::string_view value = row.value;
      std::uint64_t admitted_ms = 0;
      if (!TakeVarint(value, admitted_ms))
        return Error(Errc::kCorruption, "a prefix row is damaged");
      admitted.emplace(row.key.substr(1), static_cast<std::int64_t>(admitted_ms));
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  std::unique_lock lock(mutex_);
  admitted_ = std::move(admitted);
  return {};
}

bool PrefixRegistry::IsResponsible(std::string_view folded_prefix) const {
  return std::any_of(
      options_.secondary_prefixes.begin(), options_.secondary_prefixes.end(),
      [&](const std::string& own) {
        return folded_prefix.starts_with(own) &&
               (folded_prefix.size() == own.size() || folded_prefix[own.size()] == '.');
      });
}

Result<void> PrefixRegistry::CheckAdmitted(std::string_view folded_prefix) const {
  if (!IsResponsible(folded_prefix)) {
    return Error(Errc::kNotResponsible,
                 "this node is not responsible for prefix " + std::string(folded_prefix),
                 "identifier");
  }
  if (options_.admit_on_first_use) return {};
  std::shared_lock lock(mutex_);
  if (admitted_.contains(std::string(folded_prefix))) return {};
  return Error(Errc::kPrefixNotAdmitted,
               "prefix " + std::string(folded_prefix) +
                   " is not admitted; the operator admits it with `idnode prefix admit`",
               "identifier");
}

Result<PrefixInfo> PrefixRegistry::Admit(const Caller& caller, const std::string& prefix,
                                         Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(RequireOperator(caller));
  if (auto checked = CheckPrefix(prefix); !checked.ok()) {
    return Error(Errc::kInvalidIdentifier, checked.error().detail, "prefix");
  }
  const std::string folded = FoldIdentifier(prefix);
  if (!IsResponsible(folded)) {
    return Error(Errc::kNotResponsible,
                 "the prefix is not under one of this node's secondary prefixes", "prefix");
  }
  const std::int64_t now_ms = clock_.WallMs();
  std::string value;
  AppendVarint(static_cast<std::uint64_t>(now_ms), value);
  if (auto created = writer_.Create(PrefixKey(folded), value, deadline); !created.ok()) {
    auto error = created.error();
    error.field = "prefix";
    if (error.code == Errc::kAlreadyExists) {
      // Perhaps admitted by a call whose outcome was not known then: from now on it counts.
      const auto row = engine_.Get(0, PrefixKey(folded), deadline);
      std::uint64_t admitted_ms = 0;
      std::string_view bytes = row.ok() ? std::string_view(*row) : std::string_view();
      if (row.ok() && TakeVarint(bytes, admitted_ms)) {
        std::unique_lock lock(mutex_);
        admitted_.emplace(folded, static_cast<std::int64_t>(admitted_ms));
      }
    }
    return error;
  }
  std::unique_lock lock(mutex_);
  admitted_[folded] = now_ms;
  return PrefixInfo{folded, now_ms};
}

Result<std::vector<PrefixInfo>> PrefixRegistry::List(const Caller& caller) const {
  IDNODE_RETURN_IF_ERROR(RequireOperator(caller));
  std::vector<PrefixInfo> infos;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [prefix, admitted_ms] : admitted_) infos.push_back({prefix, admitted_ms});
  }
  std::sort(infos.begin(), infos.end(),
            [](const PrefixInfo& a, const PrefixInfo& b) { return a.prefix < b.prefix; });
  return infos;
}

}  // namespace idnode::service
