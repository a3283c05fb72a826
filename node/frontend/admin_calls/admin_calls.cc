#include "node/frontend/admin_calls/admin_calls.h"

#include <string>

#include "node/frontend/convert/proto_convert.h"

namespace idnode::frontend::admin_calls {

Result<void> AdmitCall(const service::Services& services, const service::Actor& actor,
                       std::optional<service::Action> action) {
  if (!action.has_value() || actor.who().role != service::Role::kAnonymous) return {};
  return services.admin.audit.Permit(actor, *action, false, {});
}

Result<v1::Status> AcceptClock(const service::Services& services, const service::Actor& actor,
                               const v1::AcceptClockRequest&, Deadline deadline) {
  service::AuditLog& audit = services.admin.audit;
  IDNODE_RETURN_IF_ERROR(audit.Permit(actor, service::Action::kClockAccept, false, "clock"));
  const std::int64_t wall_ms = services.clock.WallMs();
  // First the entry: who made the node go on is known even if it stops right after.
  const service::Act act{
      service::Action::kClockAccept, "clock", {}, "{\"wallMs\":" + std::to_string(wall_ms) + "}"};
  IDNODE_RETURN_IF_ERROR(audit.Do(actor, act, {}, deadline));
  services.clock_guard.Accept();
  v1::Status response;
  FillStatus(services, response);
  return response;
}

}  // namespace idnode::frontend::admin_calls
