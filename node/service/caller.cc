#include "node/service/caller.h"

#include <algorithm>

namespace idnode::service {

bool Caller::MayWrite(std::string_view folded_prefix) const {
  if (role == Role::kOperator) return true;
  if (role != Role::kApplication) return false;
  return std::find(prefixes.begin(), prefixes.end(), folded_prefix) != prefixes.end();
}

CallerRef Anonymous() {
  static const CallerRef kAnonymous = std::make_shared<Caller>();
  return kAnonymous;
}

Result<void> RequireOperator(const Caller& caller) {
  if (caller.role == Role::kOperator) return {};
  if (caller.role == Role::kAnonymous) {
    return Error(Errc::kUnauthenticated, "this needs the operator's token");
  }
  return Error(Errc::kPermissionDenied, "this is for the operator");
}

Result<void> RequireAuditor(const Caller& caller) {
  if (caller.role == Role::kAuditor) return {};
  return RequireOperator(caller);
}

}  // namespace idnode::service
