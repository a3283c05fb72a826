#pragma once

#include <cstdint>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/audit_rows.h"
#include "storage/committer.h"

namespace idnode::service {

/// Where the audit log and all rows it writes are.
inline constexpr storage::ShardId kAuditShard = 0;

/// Rows, and entries of the audit log, written together. Number and hash of the entries are found
/// on the way; their time may be moved forward (AuditEntry::at_ms).
struct AuditWrite {
  std::vector<RowChange> rows;
  std::vector<AuditEntry> entries;
};

/// Writes all or nothing in one commit, also while the clock is not trusted. Blocks. Errors: as
/// AuditLog::Do.
Result<void> WriteAudit(storage::Committer& committer, AuditWrite write, Deadline deadline);

/// Moves the beginning of what is kept from entry `first` to entry `next`, whose chain begins with
/// `anchor`, if the store's time is at least `time_min_ms`. Blocks. False: it is not, or another
/// moved it first. Errors: kCorruption; those of the committer.
Result<bool> MoveAuditFirst(storage::Committer& committer, std::uint64_t first, std::uint64_t next,
                            const Digest& anchor, std::int64_t time_min_ms, Deadline deadline);

}  // namespace idnode::service
