#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "node/base/text.h"
#include "node/service/actor.h"
#include "node/service/permissions.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::service {

/// One row of administrative data to be written with an act. All of shard 0.
struct RowChange {
  std::string key;
  std::optional<std::string> value;  ///< nullopt: the row goes
  /// What must be there for the act to go through: nullopt: anything; an empty string: nothing.
  std::optional<std::string> expected;
};

/// What the audit log says of an act. Texts are JSON of the object before and after, or empty;
/// never a secret.
struct Act {
  Action action;
  std::string target;
  std::string before;
  std::string after;
};

struct AuditEntry {
  std::uint64_t number = 0;  ///< counted from 1, without gaps
  /// Wall clock, Unix ms; never more than a few minutes before the store's last commit.
  std::int64_t at_ms = 0;
  std::string who;
  std::string role;
  std::string from;
  std::string action;
  std::string target;
  std::string refused;  ///< slug of the error ("permission-denied"); empty where it was done
  std::string before;
  std::string after;
  std::uint64_t count = 1;  ///< refusals alike
  Digest hash{};
};

struct AuditQuery {
  std::uint32_t page_size = 0;  ///< 0: 100; at most 1000
  std::string page_token;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;  ///< 0: no bound
  std::string who;
  std::string action;  ///< equal, or a beginning where it ends in "."
  std::string target;
  bool refused_only = false;
  bool ascending = false;
};

/// The work of a page is bounded: one may have few entries, or none, and still a next one.
struct AuditPage {
  std::vector<AuditEntry> entries;
  std::string next_page_token;
};

/// What a verification found. `first` is last + 1 where no entry is kept.
struct AuditCheck {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  Digest head{};
  std::uint64_t broken_at = 0;  ///< first entry that does not follow from the one before; 0: none
};

/// Entries are kept at least this long, whatever is configured.
inline constexpr std::chrono::hours kAuditRetentionMin{24 * 180};

struct AuditOptions {
  std::chrono::hours retention{24 * 184};             ///< less than the least is the least
  std::chrono::milliseconds refusal_interval{1'000};  ///< refusals alike within it are one entry
  std::size_t refusals_max = 1'000;  ///< kinds of refusals waiting; beyond: counted together
  double refusals_per_second = 1;    ///< kinds written in the long run, after as many at once
};

/// The audit log (审计日志): every administrative act, written in the commit that does it, and
/// every refused one, written soon after. Entries are chained: each holds the SHA-256 of the one
/// before, so that none can be changed or taken out unseen (storage/FORMAT.md, "Audit row").
/// Thread-safe.
class AuditLog {
 public:
  AuditLog(storage::Engine& engine, storage::Committer& committer, const Clock& clock,
           Metrics& metrics, AuditOptions options);
  /// Writes the refusals that wait; so before the committer is drained, Flush.
  ~AuditLog();

  /// Does an act: writes `rows`, all or none, and its entry, in one commit. Blocks. Works while the
  /// clock is not trusted. Errors: kAlreadyExists or kConflict where a row is not as expected
  /// (kAlreadyExists: nothing was expected there); kCorruption (the log's own head row); those of
  /// the committer: after kUndetermined the act, with its entry, may have been done. Callers
  /// serialise acts on one object themselves.
  Result<void> Do(const Actor& actor, const Act& act, std::span<const RowChange> rows,
                  Deadline deadline);

  /// service::Permit, and an entry where it is refused. Does not block.
  Result<void> Permit(const Actor& actor, Action action, bool own, std::string_view target);
  /// An entry for an act that was refused for any other reason (a failed login, a wrong state).
  /// Does not block.
  void Refused(const Actor& actor, std::string_view action, std::string_view target, Errc code);

  /// Writes the refusals that wait now. Blocks.
  Result<void> Flush(Deadline deadline);

  /// Auditor and operator. Errors: kUnauthenticated, kPermissionDenied, kInvalidPageToken,
  /// kInvalidRequest (field).
  Result<AuditPage> List(const Actor& actor, const AuditQuery& query, Deadline deadline);
  /// Recomputes the chain. Auditor and operator.
  Result<AuditCheck> Verify(const Actor& actor, Deadline deadline);

  /// Drops the oldest entries, those older than the retention time by the wall clock and by the
  /// store's own time; the chain goes on from the first kept. For housekeeping. Returns how many
  /// went.
  Result<std::uint64_t> Trim(Deadline deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// "application:erp", "user:alice", "operator", "anonymous".
std::string WhoIs(const Caller& caller);
/// "operator", "enterprise-administrator", …
std::string_view RoleName(Role role);

}  // namespace idnode::service
