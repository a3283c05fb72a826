#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "node/model/record.h"
#include "node/service/access_control.h"
#include "node/service/prefix_registry.h"
#include "storage/engine.h"

namespace idnode::service {

class ResolvedMarks;

/// A stored record and its bytes; `record`'s views point into `bytes`. Reusable: Resolve clears it
/// and uses its capacity again.
struct ResolvedRecord {
  std::string identifier;  ///< as displayed
  std::string bytes;
  RecordView record;
  std::string key;  ///< of its row; use `folded`

  /// The identifier's identity (FoldIdentifier).
  std::string_view folded() const { return std::string_view(key).substr(1); }
};

struct RecordPage {
  struct Row {
    std::string identifier;
    std::string bytes;  ///< decode with DecodeRecord
  };
  std::vector<Row> rows;
  std::string next_page_token;  ///< empty on the last page
};

struct ResolutionLimits {
  std::size_t identifier_bytes_max = 255;
  std::size_t batch_identifiers_max = 10'000;
  std::uint32_t page_size_default = 100;
  std::uint32_t page_size_max = 1'000;
};

/// Reads of identifiers. Thread-safe; on a local engine it may run on an I/O thread.
class ResolutionService {
 public:
  ResolutionService(storage::Engine& engine, const PrefixRegistry& prefixes, Metrics& metrics,
                    ResolutionLimits limits);

  const ResolutionLimits& limits() const { return limits_; }
  /// Where hits are marked, for the statement's share of identifiers never resolved; nullptr, as at
  /// first: nowhere. Before the first call of the others; it must outlive the last.
  void SetMarks(ResolvedMarks* marks) { marks_ = marks; }

  /// Fills `out` with the record. Frozen and revoked records are found; deleted ones are not.
  /// Errors: kInvalidIdentifier, kNotResponsible, kSelfHosted (the enterprise's own node has the
  /// prefix's identifiers; the detail names its route, PrefixRegistry::RouteOf gives it),
  /// kIdentifierNotFound, kCorruption, kUnavailable.
  Result<void> Resolve(std::string_view identifier, const Caller& caller, Deadline deadline,
                       ResolvedRecord& out) const;

  /// The same, but not marked as a resolution: for what the node looks up itself.
  Result<void> Read(std::string_view identifier, const Caller& caller, Deadline deadline,
                    ResolvedRecord& out) const;

  /// One result for each identifier, in their order. Errors: kBatchTooLarge.
  Result<std::vector<Result<ResolvedRecord>>> BatchResolve(
      std::span<const std::string_view> identifiers, const Caller& caller, Deadline deadline) const;

  /// Identifiers of an enterprise prefix that are not deleted, in order of their folded form.
  /// Errors: kInvalidIdentifier, kNotResponsible, kSelfHosted, kInvalidPageToken, kInvalidRequest
  /// (page_size).
  Result<RecordPage> List(std::string_view prefix, std::uint32_t page_size,
                          std::string_view page_token, const Caller& caller,
                          Deadline deadline) const;

  /// Revisions of an identifier, newest first, the present one included, deleted ones too.
  /// Owner, auditor and operator only. Errors: kPermissionDenied, and those of List.
  Result<RecordPage> History(std::string_view identifier, std::uint32_t page_size,
                             std::string_view page_token, const Caller& caller,
                             Deadline deadline) const;

 private:
  Result<std::uint32_t> PageSize(std::uint32_t asked) const;

  storage::Engine& engine_;
  const PrefixRegistry& prefixes_;
  const ResolutionLimits limits_;
  ResolvedMarks* marks_ = nullptr;
  Counter& found_;
  Counter& missed_;
};

}  // namespace idnode::service
