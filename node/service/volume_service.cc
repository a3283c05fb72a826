#include "node/service/volume_service.h"

#include <utility>

#include "node/service/recount.h"

namespace idnode::service {

VolumeService::VolumeService(storage::Engine& engine, storage::Committer& committer,
                             const Clock& clock, const TimeZone& zone, std::int64_t target)
    : engine_(engine), committer_(committer), clock_(clock), zone_(zone), target_(target) {}

Result<VolumeReport> VolumeService::GetVolume(const Caller& caller, std::string_view month,
                                              std::string_view group_by, Deadline deadline) const {
  VolumeReport report;
  const auto asked = MonthOf(month);
  if (!asked.ok()) return asked.error();
  report.month = *asked;
  auto dimension = storage::Dimension::kTotal;
  if (!group_by.empty()) {
    auto parsed = storage::ParseDimension(group_by);
    if (!parsed.ok()) return parsed.error();
    dimension = *parsed;
    if (!storage::RowOf(dimension).is_public) IDNODE_RETURN_IF_ERROR(RequireAuditor(caller));
  }
  auto counters = storage::CounterStore(engine_).Load(report.month, deadline);
  if (!counters.ok()) return counters.error();
  for (const auto& [id, figures] : *counters) {
    if (id.dimension == storage::Dimension::kTotal) {
      report.figures = figures;
    } else if (id.dimension == dimension) {
      report.groups.emplace_back(id.value, figures);
    }
  }
  report.time_zone = zone_.name();
  report.target = target_;
  report.target_met = report.figures.first_ever >= target_;
  return report;
}

Result<RecountReport> VolumeService::Recount(const Caller& caller, std::string_view month,
                                             const RecountProgressFn& progress) const {
  IDNODE_RETURN_IF_ERROR(RequireAuditor(caller));
  const auto asked = MonthOf(month);
  if (!asked.ok()) return asked.error();
  return RecountMonth(engine_, committer_, clock_, zone_, *asked, progress);
}

Result<Month> VolumeService::MonthOf(std::string_view text) const {
  if (text.empty()) return zone_.MonthOf(clock_.WallMs());
  return Month::Parse(text);
}

}  // namespace idnode::service
