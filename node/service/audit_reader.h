#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/audit_rows.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::service {

inline constexpr std::uint32_t kAuditPageSizeDefault = 100;
inline constexpr std::uint32_t kAuditPageSizeMax = 1'000;
/// Entries that one page looks at, whatever they are.
inline constexpr std::size_t kAuditPageExaminedMax = 20'000;

/// The audit log from its store: pages, the check of the chain, retention. Asks nobody for
/// permission. Thread-safe.
class AuditReader {
 public:
  AuditReader(storage::Engine& engine, storage::Committer& committer, const Clock& clock,
              std::chrono::hours retention)
      : engine_(engine), committer_(committer), clock_(clock), retention_(retention) {}

  Result<AuditPage> List(const AuditQuery& query, Deadline deadline) const;
  Result<AuditCheck> Verify(Deadline deadline) const;
  Result<std::uint64_t> Trim(Deadline deadline);

 private:
  Result<AuditHead> ReadHead(Deadline deadline) const;
  /// Rows of entries [from, to), at most `limit`.
  Result<std::vector<storage::ScanRow>> ReadRows(std::uint64_t from, std::uint64_t to,
                                                 std::size_t limit, bool reverse,
                                                 Deadline deadline) const;
  Result<std::uint64_t> FirstBroken(const AuditHead& head, Deadline deadline) const;

  storage::Engine& engine_;
  storage::Committer& committer_;
  const Clock& clock_;
  const std::chrono::milliseconds retention_;
};

}  // namespace idnode::service
