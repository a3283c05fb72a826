#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/enterprise_registry.h"
#include "node/service/secondary_industries.h"
#include "storage/engine.h"

namespace idnode::service {

/// Numbers of idnode.v1.PrefixState. Lifecycle: AWAITING_AUDIT → IN_AUDIT → ACTIVE or REJECTED;
/// ACTIVE ⇄ STOPPED; STOPPED → PENDING_DELETION ⇄ STOPPED; REJECTED → AWAITING_AUDIT.
enum class PrefixState : std::uint8_t {
  kStopped = 1,
  kActive = 2,
  kPendingDeletion = 3,
  kRejected = 4,
  kAwaitingAudit = 5,
  kInAudit = 6,
};
std::string_view PrefixStateName(PrefixState state);  ///< "STOPPED"

enum class Hosting : std::uint8_t { kHosted = 1, kSelfHosted = 2 };

struct PrefixRoute {
  std::string address;  ///< IPv4 or IPv6
  std::uint16_t tcp_port = 0;
  std::uint16_t udp_port = 0;
  std::uint16_t http_port = 0;
  friend bool operator==(const PrefixRoute&, const PrefixRoute&) = default;
};

struct PrefixQuota {
  std::uint64_t identifiers_soft = 0;
  std::uint64_t identifiers_hard = 0;
  std::uint64_t rate_soft = 0;  ///< items a second
  std::uint64_t rate_hard = 0;
  friend bool operator==(const PrefixQuota&, const PrefixQuota&) = default;
};

struct PrefixStateChange {
  PrefixState state = PrefixState::kActive;
  std::string by;
  std::string reason;
  std::int64_t at_ms = 0;
};

struct PrefixInfo {
  std::string prefix;  ///< folded
  std::int64_t admitted_ms = 0;
  std::string enterprise;
  PrefixState state = PrefixState::kActive;
  Hosting hosting = Hosting::kHosted;
  PrefixRoute route;
  PrefixQuota quota;
  std::vector<PrefixStateChange> history;  ///< the last 100, newest last
  std::uint64_t identifiers = 0;           ///< registered and not deleted
};

struct PrefixOptions {
  std::vector<std::string> secondary_prefixes;  ///< this node's (二级节点前缀), such as 88.108
  bool admit_on_first_use = false;              ///< --dev: any enterprise prefix under them
  SecondaryIndustries industries;               ///< which each of them serves
};

/// What a registration under a prefix counts under, as it was when it was made. Immutable; shared.
struct PrefixStanding {
  std::string industry;  ///< GB/T 4754; empty where it is not known
  std::string region;    ///< GB/T 2260; likewise
};
using PrefixStandingRef = std::shared_ptr<const PrefixStanding>;

struct PrefixQuery {
  std::string enterprise;
  PrefixState state{};  ///< 0: any
  std::uint32_t page_size = 0;
  std::string page_token;
};
struct PrefixPage {
  std::vector<PrefixInfo> prefixes;
  std::string next_page_token;
};

/// Which prefixes this node is responsible for, whose they are, and what state they are in.
/// Thread-safe; checks are in memory.
class PrefixRegistry {
 public:
  PrefixRegistry(storage::Engine& engine, AuditLog& audit, EnterpriseRegistry& enterprises,
                 const Clock& clock, Metrics& metrics, PrefixOptions options);
  ~PrefixRegistry();
  /// Reads prefixes, and from the counters how many identifiers each has.
  Result<void> Load();

  const std::vector<std::string>& secondary_prefixes() const;

  /// Ok if identifiers may be registered under the folded prefix. Errors, all with field
  /// "identifier": kNotResponsible, kPrefixNotAdmitted, kPrefixNotActive (the detail names the
  /// state), kSelfHosted (the detail names the route).
  Result<void> CheckAdmitted(std::string_view folded_prefix) const;
  /// True if the prefix lies under one of the node's secondary prefixes.
  bool IsResponsible(std::string_view folded_prefix) const;
  /// The route of a self-hosted prefix: what resolution refers to. Nullptr for any other.
  std::shared_ptr<const PrefixRoute> RouteOf(std::string_view folded_prefix) const;
  /// Credit code of the enterprise that has it or asks for it; empty where there is none.
  std::string EnterpriseOf(std::string_view folded_prefix) const;
  /// The same, but empty until the prefix was admitted once: who asks for a prefix owns nothing.
  std::string OwnerOf(std::string_view folded_prefix) const;
  /// Industry and region at present; never nullptr.
  PrefixStandingRef StandingOf(std::string_view folded_prefix) const;
  /// Whether the caller owns it: the operator; an application under its prefixes, as long as the
  /// prefix is not another enterprise's than the application; an administrator of its enterprise,
  /// once it was admitted.
  bool MayWrite(const Caller& caller, std::string_view folded_prefix) const;

  /// Room for one more identifier, kept until Settle. Errors: kQuotaExceeded, kRateLimited (field
  /// "identifier"). Costs nothing where the prefix has no quota.
  Result<void> Reserve(std::string_view folded_prefix, std::uint64_t items);
  /// For how many more identifiers the quota has room just now; UINT64_MAX where there is none.
  std::uint64_t Room(std::string_view folded_prefix);
  /// Counts items that were refused for good in the metrics: by kQuotaExceeded or kRateLimited. A
  /// refused Reserve alone may be followed by a smaller one.
  void CountRefused(Errc code, std::uint64_t items);
  /// What became of reserved room: `registered` of `reserved` were; `deleted` went.
  void Settle(std::string_view folded_prefix, std::uint64_t reserved, std::uint64_t registered,
              std::uint64_t deleted);

  /// Operator only: an active, hosted prefix at once. Errors: kPermissionDenied,
  /// kInvalidIdentifier, kNotResponsible, kAlreadyExists, kNotFound (field "enterprise").
  Result<PrefixInfo> Admit(const Actor& actor, const std::string& prefix,
                           const std::string& enterprise, Deadline deadline);
  /// Operator, or an administrator for its enterprise: the prefix then awaits audit.
  Result<PrefixInfo> Apply(const Actor& actor, const std::string& prefix,
                           const std::string& enterprise, Deadline deadline);
  /// Operator. Errors: kPreconditionFailed (no way from the present state to that one; the detail
  /// names the ways there are), kInvalidRequest (field "reason": a rejection needs one).
  Result<PrefixInfo> SetState(const Actor& actor, const std::string& prefix, PrefixState state,
                              const std::string& reason, Deadline deadline);
  /// Operator, or the enterprise's administrator. Errors: kInvalidRequest (field "route.address",
  /// "route.tcpPort"), kPreconditionFailed (to self-hosted while it has identifiers here).
  Result<PrefixInfo> SetRoute(const Actor& actor, const std::string& prefix, Hosting hosting,
                              const PrefixRoute& route, Deadline deadline);
  /// Operator. Errors: kInvalidRequest (a soft bound above its hard one).
  Result<PrefixInfo> SetQuota(const Actor& actor, const std::string& prefix,
                              const PrefixQuota& quota, Deadline deadline);
  /// Operator, auditor: any; others: their own.
  Result<PrefixInfo> Get(const Actor& actor, const std::string& prefix) const;
  Result<PrefixPage> List(const Actor& actor, const PrefixQuery& query = {}) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::service
