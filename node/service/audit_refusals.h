#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "node/service/audit_log.h"

namespace idnode::service {

/// Kinds of refusals of one source; half of `refusals_max` where that is less.
inline constexpr std::size_t kRefusalsOfOneMax = 50;

/// Refusals on their way into the audit log. Those alike (who, from, action, target, error) become
/// one with a count. Bounded, whoever tries however much: of one source (who and from) a bucket of
/// kRefusalsOfOneMax kinds, refilled at a tenth of `refusals_per_second`, comes through; the others
/// are counted in one entry that still names the source, its action and target "many". So one
/// source hides what it did itself, and nothing of others'. At most `refusals_max` entries wait,
/// and what a bucket of as many, refilled at `refusals_per_second`, does not let through is counted
/// in one entry whose source is "many" too. Not thread-safe.
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
  using Time = std::chrono::steady_clock::time_point;
  struct Bucket {
    double tokens = 0;
    Time refilled{};
    void Refill(Time now, double per_second, double tokens_max);
    bool Take();
  };

  static std::string KindOf(const AuditEntry& refusal);
  /// The bucket of who is refused; nullptr: too many are watched already.
  Bucket* SourceOf(const AuditEntry& refusal, Time now);
  /// Adds it if there is room.
  bool AddKind(std::string kind, AuditEntry refusal);
  void CountAmongMany(const AuditEntry& refusal);

  const std::size_t kinds_max_;
  const double of_one_max_;
  const double tokens_per_second_;
  Bucket all_;
  std::map<std::string, Bucket> sources_;       ///< those whose bucket is not full, and some others
  std::map<std::string, std::size_t> by_kind_;  ///< place in kinds_
  std::vector<AuditEntry> kinds_;
  AuditEntry many_;
};

}  // namespace idnode::service
