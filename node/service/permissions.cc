#include "node/service/permissions.h"

#include <array>
#include <string>

#include "node/base/check.h"
#include "node/service/audit_log.h"

namespace idnode::service {
namespace {

constexpr Scope kNone = Scope::kNone;
constexpr Scope kOwn = Scope::kOwn;
constexpr Scope kAny = Scope::kAny;

// Anonymous, application, enterprise administrator, auditor, operator.
constexpr std::array<PermissionRow, kActions> kTable = {{
    {Action::kEnterpriseCreate, "enterprise.create", kNone, kNone, kNone, kNone, kAny},
    {Action::kEnterpriseUpdate, "enterprise.update", kNone, kNone, kOwn, kNone, kAny},
    {Action::kEnterpriseRead, "enterprise.read", kNone, kOwn, kOwn, kAny, kAny},
    {Action::kPrefixApply, "prefix.apply", kNone, kNone, kOwn, kNone, kAny},
    {Action::kPrefixAdmit, "prefix.admit", kNone, kNone, kNone, kNone, kAny},
    {Action::kPrefixSetState, "prefix.set-state", kNone, kNone, kNone, kNone, kAny},
    {Action::kPrefixSetRoute, "prefix.set-route", kNone, kNone, kOwn, kNone, kAny},
    {Action::kPrefixSetQuota, "prefix.set-quota", kNone, kNone, kNone, kNone, kAny},
    {Action::kPrefixRead, "prefix.read", kNone, kOwn, kOwn, kAny, kAny},
    {Action::kTemplatePut, "template.put", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kTemplatePublish, "template.publish", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kTemplateWithdraw, "template.withdraw", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kTemplateDelete, "template.delete", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kTemplateReadDraft, "template.read-draft", kNone, kOwn, kOwn, kAny, kAny},
    {Action::kApplicationCreate, "application.create", kNone, kNone, kOwn, kNone, kAny},
    {Action::kApplicationRevoke, "application.revoke", kNone, kNone, kOwn, kNone, kAny},
    {Action::kApplicationRead, "application.read", kNone, kNone, kOwn, kAny, kAny},
    {Action::kTokenCreate, "token.create", kNone, kNone, kOwn, kNone, kAny},
    {Action::kTokenRevoke, "token.revoke", kNone, kNone, kOwn, kNone, kAny},
    {Action::kCertificateBind, "certificate.bind", kNone, kNone, kOwn, kNone, kAny},
    {Action::kUserCreate, "user.create", kNone, kNone, kOwn, kNone, kAny},
    {Action::kUserRead, "user.read", kNone, kNone, kOwn, kAny, kAny},
    // An auditor who is a person has a password of its own.
    {Action::kUserSetPassword, "user.set-password", kNone, kNone, kOwn, kOwn, kAny},
    {Action::kUserDisable, "user.disable", kNone, kNone, kOwn, kNone, kAny},
    {Action::kGrantCreate, "grant.create", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kGrantRevoke, "grant.revoke", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kGrantRead, "grant.read", kNone, kOwn, kOwn, kAny, kAny},
    {Action::kVisibilityRead, "visibility.read", kNone, kOwn, kOwn, kAny, kAny},
    {Action::kAuditRead, "audit.read", kNone, kNone, kNone, kAny, kAny},
    {Action::kHistoryRead, "history.read", kNone, kOwn, kOwn, kAny, kAny},
    {Action::kRegister, "register", kNone, kOwn, kOwn, kNone, kAny},
    {Action::kRecount, "volume.recount", kNone, kNone, kNone, kAny, kAny},
    {Action::kClockAccept, "clock.accept", kNone, kNone, kNone, kNone, kAny},
    {Action::kLedgerEntries, "ledger.entries", kNone, kNone, kNone, kAny, kAny},
    {Action::kVolumeBySource, "volume.by-source", kNone, kNone, kNone, kAny, kAny},
}};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].action) != i || kTable[i].name.empty()) return false;
  }
  return true;
}
static_assert(InOrder(), "one row for each action, in their order");

const PermissionRow& RowOf(Action action) {
  const auto index = static_cast<std::size_t>(action);
  IDNODE_CHECK(index < kTable.size());
  return kTable[index];
}

}  // namespace

Scope PermissionRow::Of(Role role) const {
  switch (role) {
    case Role::kAnonymous:
      return anonymous;
    case Role::kApplication:
      return application;
    case Role::kAuditor:
      return auditor;
    case Role::kOperator:
      return operator_scope;
    case Role::kEnterpriseAdministrator:
      return enterprise_administrator;
  }
  return Scope::kNone;
}

std::span<const PermissionRow> Permissions() { return kTable; }

std::string_view ActionName(Action action) { return RowOf(action).name; }

Result<void> Permit(const Caller& caller, Action action, bool own) {
  const PermissionRow& row = RowOf(action);
  const Scope scope = row.Of(caller.role);
  if (scope == Scope::kAny || (scope == Scope::kOwn && own)) return {};
  if (caller.role == Role::kAnonymous) {
    return Error(Errc::kUnauthenticated, "this needs a token (" + std::string(row.name) + ")");
  }
  if (scope == Scope::kOwn) {
    return Error(Errc::kPermissionDenied, "this belongs to another: the " +
                                              std::string(RoleName(caller.role)) + " may do " +
                                              std::string(row.name) + " to its own only");
  }
  return Error(Errc::kPermissionDenied, "the role " + std::string(RoleName(caller.role)) +
                                            " does not permit " + std::string(row.name));
}

}  // namespace idnode::service
