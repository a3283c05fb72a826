#pragma once

#include <cstdint>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/service/access_control.h"
#include "node/service/writer.h"

namespace idnode::service {

struct PrefixInfo {
  std::string prefix;
  std::int64_t admitted_ms = 0;
};

struct PrefixOptions {
  std::vector<std::string> secondary_prefixes;  ///< this node's (二级节点前缀), such as 88.108
  bool admit_on_first_use = false;              ///< --dev: any enterprise prefix under them
};

/// Which prefixes this node is responsible for and which enterprise prefixes are admitted.
/// Thread-safe; checks are in memory.
class PrefixRegistry {
 public:
  PrefixRegistry(storage::Engine& engine, Writer& writer, const Clock& clock,
                 PrefixOptions options);
  Result<void> Load();

  /// Ok if identifiers may be registered under the folded prefix.
  /// Errors: kNotResponsible, kPrefixNotAdmitted (field "identifier").
  Result<void> CheckAdmitted(std::string_view folded_prefix) const;
  /// True if the prefix lies under one of the node's secondary prefixes.
  bool IsResponsible(std::string_view folded_prefix) const;

  /// Operator only. Errors: kPermissionDenied, kInvalidIdentifier, kNotResponsible, kAlreadyExists.
  Result<PrefixInfo> Admit(const Caller& caller, const std::string& prefix, Deadline deadline);
  Result<std::vector<PrefixInfo>> List(const Caller& caller) const;

 private:
  storage::Engine& engine_;
  Writer& writer_;
  const Clock& clock_;
  const PrefixOptions options_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::int64_t> admitted_;
};

}  // namespace idnode::service
