#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "node/service/audit_log.h"

namespace idnode::service {

/// Refusals on their way into the audit log. Those alike (who, from, action, target, error) become
/// one with a count. Bounded, whoever tries however much: at most `refusals_max` kinds wait, and
/// kinds beyond what a bucket of `refusals_max` lets through, refilled at `refusals_per_second`,
/// are counted together in one entry of "many". Not thread-safe.
class AuditRefusals {
 public:
  explicit AuditRefusals(const AuditOptions& options);

  /// Adds one refusal, its `count` included. Returns false if it was only counted.
  bool Add(AuditEntry refusal, std::chrono::steady_clock::time_point now);
  bool empty() const { return kinds_.empty() && many_.count == 0; }
  /// All that wait, in the order in which their kinds came.
  std::vector<AuditEntry> Take();
  /// What could not be written waits again, before what came meanwhile: at most twice
  /// `refusals_max` kinds.
  void PutBack(std::vector<AuditEntry> refusals);

 private:
  static std::string KindOf(const AuditEntry& refusal);
  void CountAmongMany(const AuditEntry& refusal);

  const std::size_t kinds_max_;
  const double tokens_per_second_;
  double tokens_;
  std::chrono::steady_clock::time_point refilled_{};
  std::map<std::string, std::size_t> by_kind_;  ///< place in kinds_
  std::vector<AuditEntry> kinds_;
  AuditEntry many_;
};

}  // namespace idnode::service
