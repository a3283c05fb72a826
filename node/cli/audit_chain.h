#pragma once

#include <cstdint>
#include <string>

#include "idnode/v1/audit.pb.h"
#include "node/base/result.h"
#include "node/base/text.h"

namespace idnode::cli {

/// SHA-256 that the entry must have after one with hash `before` (storage/FORMAT.md, "Audit row").
/// Computed here anew, so that an export can be checked without trusting the node.
Digest AuditHashOf(const Digest& before, const v1::AuditEntry& entry);

/// Follows the entries of an audit log, oldest first, and checks that each follows from the one
/// before. Where the first one is not entry 1 (older ones are past their retention), the chain is
/// taken up at its hash. Not thread-safe.
class AuditChain {
 public:
  /// Errors: kCorruption naming the entry (a gap, or a hash that does not fit).
  Result<void> Add(const v1::AuditEntry& entry);

  std::uint64_t first() const { return first_; }  ///< 0: none yet
  std::uint64_t last() const { return last_; }
  const Digest& head() const { return head_; }  ///< hash of the last entry
  std::int64_t last_ms() const { return last_ms_; }

 private:
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::int64_t last_ms_ = 0;
  Digest head_{};
};

/// Reads a file that `idnode audit export` wrote, and checks its chain. `whole_bytes`, where it is
/// given, is set to the length without a last line that was cut off; otherwise such a line is an
/// error. Errors: kInvalidRequest (not such a file), kCorruption (the chain does not hold).
Result<AuditChain> ReadAuditFile(const std::string& path, std::int64_t* whole_bytes = nullptr);

}  // namespace idnode::cli
