#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "node/service/prefix_registry.h"
#include "node/service/prefix_usage.h"

namespace idnode::service {

/// A prefix with a row. Immutable; replaced as a whole.
struct PrefixEntry {
  PrefixInfo info;                           ///< without the number of identifiers
  std::string row;                           ///< its bytes in the store
  PrefixStandingRef standing;                ///< never nullptr
  std::shared_ptr<const PrefixRoute> route;  ///< what resolution refers to; mostly nullptr
  bool leaving = false;                      ///< about to become self-hosted: nothing new is let in
};
using PrefixEntryRef = std::shared_ptr<const PrefixEntry>;

/// By prefix; looked up without a copy of it.
struct PrefixHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view prefix) const {
    return std::hash<std::string_view>()(prefix);
  }
};
template <typename T>
using ByPrefix = absl::flat_hash_map<std::string, T, PrefixHash, std::equal_to<>>;

/// Checks are in prefix_registry.cc, acts in prefix_registry_acts.cc.
///
/// `mutex_` guards what is in memory; checks hold it shared, for a look-up. `acts_` lets one act
/// run at a time, so that `mutex_` is free while the store is written.
class PrefixRegistry::Impl {
 public:
  Impl(storage::Engine& engine, AuditLog& audit, EnterpriseRegistry& enterprises,
       const Clock& clock, Metrics& metrics, PrefixOptions options);
  ~Impl();

  Result<void> Load();
  const PrefixOptions& options() const { return options_; }

  bool IsResponsible(std::string_view folded_prefix) const;
  Result<void> CheckAdmitted(std::string_view folded_prefix) const;
  bool Owns(const Caller& caller, std::string_view folded_prefix) const;
  /// nullptr where it has no row.
  PrefixEntryRef Find(std::string_view folded_prefix) const;
  std::shared_ptr<const PrefixRoute> RouteOf(std::string_view folded_prefix) const;
  PrefixStandingRef StandingOf(std::string_view folded_prefix) const;

  Result<void> Reserve(std::string_view folded_prefix, std::uint64_t items);
  std::uint64_t Room(std::string_view folded_prefix);
  void CountRefused(Errc code, std::uint64_t items);
  void Settle(std::string_view folded_prefix, std::uint64_t reserved, std::uint64_t registered,
              std::uint64_t deleted);

  Result<PrefixInfo> Admit(const Actor& actor, const std::string& prefix,
                           const std::string& enterprise, Deadline deadline);
  Result<PrefixInfo> Apply(const Actor& actor, const std::string& prefix, std::string enterprise,
                           Deadline deadline);
  Result<PrefixInfo> SetState(const Actor& actor, const std::string& prefix, PrefixState state,
                              const std::string& reason, Deadline deadline);
  Result<PrefixInfo> SetRoute(const Actor& actor, const std::string& prefix, Hosting hosting,
                              const PrefixRoute& route, Deadline deadline);
  Result<PrefixInfo> SetQuota(const Actor& actor, const std::string& prefix,
                              const PrefixQuota& quota, Deadline deadline);
  Result<PrefixInfo> Get(const Actor& actor, const std::string& prefix) const;
  Result<PrefixPage> List(const Actor& actor, const PrefixQuery& query) const;

 private:
  /// What an act makes of a prefix; nullptr: it has no row.
  using ChangeFn = std::function<Result<PrefixInfo>(const PrefixInfo* before)>;

  /// Errors of the entry as it is; nullptr: it has no row.
  Result<void> CheckEntry(const PrefixEntry* entry, std::string_view folded_prefix) const;
  const PrefixEntry* FindLocked(std::string_view folded_prefix) const;
  /// Never nullptr; lives as long as the registry. Takes `mutex_`.
  PrefixUsage& UsageOf(std::string_view folded_prefix);
  PrefixStandingRef MakeStanding(const std::string& enterprise) const;
  /// Puts what the store has into memory.
  void Publish(const PrefixInfo& info, std::string row);
  void PublishLocked(const PrefixInfo& info, std::string row);
  /// Takes up what the row is, if that is not what is known. No matter if it cannot be read.
  void Learn(const std::string& folded_prefix, Deadline deadline);
  void Follow(const std::string& enterprise);

  Result<PrefixInfo> Change(const Actor& actor, Action action, const std::string& prefix,
                            Deadline deadline, const ChangeFn& change);
  Result<PrefixInfo> TryChange(const Actor& actor, Action action, const std::string& folded,
                               Deadline deadline, const ChangeFn& change);
  /// As for a refusal that Permit knows nothing of: it goes into the audit log too.
  Error Refuse(const Actor& actor, Action action, const std::string& target, Error error) const;
  Result<void> CheckEnterprise(const std::string& enterprise, std::string_view folded_prefix) const;
  /// True where nothing lives here and nothing will: nothing new is let in then.
  bool Close(const std::string& folded_prefix);
  PrefixInfo Shown(const PrefixEntry& entry) const;

  storage::Engine& engine_;
  AuditLog& audit_;
  EnterpriseRegistry& enterprises_;
  const Clock& clock_;
  const PrefixOptions options_;
  Counter& soft_identifiers_;
  Counter& soft_rate_;
  Counter& refused_identifiers_;
  Counter& refused_rate_;

  std::mutex acts_;
  mutable std::shared_mutex mutex_;
  ByPrefix<PrefixEntryRef> entries_;
  std::set<std::string, std::less<>> order_;      ///< the keys of entries_
  ByPrefix<std::unique_ptr<PrefixUsage>> usage_;  ///< none ever goes
};

}  // namespace idnode::service
