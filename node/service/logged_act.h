#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>

#include "node/base/clock.h"
#include "node/service/audit_log.h"

namespace idnode::service {

/// What takes rights away has at least this long to become durable, whatever its caller allows: it
/// holds in memory from the beginning, and a caller must not choose that it stays there.
inline constexpr std::chrono::seconds kAtOnceMin{5};

inline Deadline AtOnceDeadline(const Clock& clock, Deadline deadline) {
  return std::max(deadline, clock.After(kAtOnceMin));
}

/// Runs an act that is permitted, `run()`, which returns a Result; where that fails, the audit log
/// says so, as it does of acts that are not permitted. kUndetermined gets no such entry: the act,
/// with an entry of its own, may have been done.
template <typename Function>
auto LoggedAct(AuditLog& audit, const Actor& actor, Action action, std::string_view target,
               Function&& run) {
  auto result = run();
  if (!result.ok() && result.code() != Errc::kUndetermined) {
    audit.Refused(actor, ActionName(action), target, result.code());
  }
  return result;
}

}  // namespace idnode::service
