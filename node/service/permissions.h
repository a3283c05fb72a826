#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "node/base/result.h"
#include "node/service/caller.h"

namespace idnode::service {

/// Every operation that not everybody may do. One row each in the table behind Permit.
enum class Action : std::uint8_t {
  kEnterpriseCreate,
  kEnterpriseUpdate,
  kEnterpriseRead,
  kPrefixApply,
  kPrefixAdmit,
  kPrefixSetState,
  kPrefixSetRoute,
  kPrefixSetQuota,
  kPrefixRead,
  kTemplatePut,
  kTemplatePublish,
  kTemplateWithdraw,
  kTemplateDelete,
  kTemplateReadDraft,
  kApplicationCreate,
  kApplicationRevoke,
  kApplicationRead,
  kTokenCreate,
  kTokenRevoke,
  kCertificateBind,
  kUserCreate,
  kUserRead,
  kUserSetPassword,
  kUserDisable,
  kGrantCreate,
  kGrantRevoke,
  kGrantRead,
  kVisibilityRead,  ///< who can see what; previews
  kAuditRead,
  kHistoryRead,
  kRegister,  ///< register, update, delete, change state
  kRecount,
  kClockAccept,
  kLedgerEntries,
  kVolumeBySource,  ///< dimensions that are not public
};
inline constexpr std::size_t kActions = static_cast<std::size_t>(Action::kVolumeBySource) + 1;

/// How far a role's right to an action goes.
enum class Scope : std::uint8_t {
  kNone,
  kOwn,  ///< only where the object is of the caller's enterprise or prefixes
  kAny,
};

struct PermissionRow {
  Action action;
  std::string_view name;  ///< as the audit log writes it: "prefix.set-state"
  Scope anonymous;
  Scope application;
  Scope enterprise_administrator;
  Scope auditor;
  Scope operator_scope;

  Scope Of(Role role) const;
};

/// The table, in the order of Action.
std::span<const PermissionRow> Permissions();
std::string_view ActionName(Action action);

/// Whether `caller` may do `action` to an object that is its own (`own`) or not. Pure; no audit:
/// AuditLog::Permit does both.
/// Errors: kUnauthenticated (anonymous, but somebody may), kPermissionDenied.
Result<void> Permit(const Caller& caller, Action action, bool own);

}  // namespace idnode::service
