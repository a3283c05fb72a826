#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/service/access_control.h"
#include "storage/committer.h"
#include "storage/counters.h"
#include "storage/engine.h"

namespace idnode::service {

struct VolumeReport {
  Month month;
  std::string time_zone;
  storage::Figures figures;
  std::int64_t target = 0;
  bool target_met = false;
  std::vector<std::pair<std::string, storage::Figures>> groups;  ///< by key
};

struct RecountDifference {
  std::string dimension;
  std::string key;
  std::string figure;  ///< "firstEver", "registrations", …
  std::int64_t counted = 0;
  std::int64_t recounted = 0;
};

struct RecountReport {
  Month month;
  storage::Figures counters;
  storage::Figures recounted;
  std::int64_t records = 0;
  std::vector<RecountDifference> differences;  ///< at most 1000
  bool equal() const { return differences.empty(); }
};

/// Called now and then during a recount; false stops it.
using RecountProgressFn =
    std::function<bool(std::uint32_t shards_done, std::uint32_t shards, std::int64_t records)>;

/// Registration volume (注册量) by month. Thread-safe.
class VolumeService {
 public:
  VolumeService(storage::Engine& engine, storage::Committer& committer, const Clock& clock,
                const TimeZone& zone, std::int64_t target);

  /// `month` YYYY-MM, empty: the running month in the counting zone. `group_by` a dimension's
  /// name or empty. Anyone may ask, but for dimensions that are not public
  /// (storage::DimensionRow): those are an auditor's and the operator's. Errors: kInvalidRequest
  /// (field "month" or "groupBy"), kUnauthenticated, kPermissionDenied.
  Result<VolumeReport> GetVolume(const Caller& caller, std::string_view month,
                                 std::string_view group_by, Deadline deadline) const;

  /// The month `text` (YYYY-MM) names; the running one where it is empty. Errors: kInvalidRequest
  /// (field "month").
  Result<Month> MonthOf(std::string_view text) const;

  /// Recomputes the month from records and history on the live store, and compares every
  /// dimension with the counters at the same instant. `month` as for GetVolume. Auditor and
  /// operator only. Blocks. Errors: kUnauthenticated, kPermissionDenied, kInvalidRequest (field
  /// "month").
  Result<RecountReport> Recount(const Caller& caller, std::string_view month,
                                const RecountProgressFn& progress) const;

 private:
  storage::Engine& engine_;
  storage::Committer& committer_;
  const Clock& clock_;
  const TimeZone& zone_;
  const std::int64_t target_;
};

}  // namespace idnode::service
