#include "node/service/permissions.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "node/service/audit_log.h"

namespace idnode::service {
namespace {

constexpr std::array kRoles = {Role::kAnonymous, Role::kApplication, Role::kEnterpriseAdministrator,
                               Role::kAuditor, Role::kOperator};

Caller Of(Role role) {
  Caller caller;
  caller.role = role;
  return caller;
}

TEST(PermissionsTest, TheTableIsWholeAndNamesAreOwn) {
  std::set<std::string_view> names;
  ASSERT_EQ(Permissions().size(), kActions);
  for (std::size_t i = 0; i < kActions; ++i) {
    const PermissionRow& row = Permissions()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.action), i);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(ActionName(row.action), row.name);
  }
}

TEST(PermissionsTest, TheOperatorMayEverythingAndStrangersNothing) {
  for (const auto& row : Permissions()) {
    EXPECT_TRUE(Permit(Of(Role::kOperator), row.action, false).ok()) << row.name;
    EXPECT_EQ(Permit(Of(Role::kAnonymous), row.action, true).code(), Errc::kUnauthenticated)
        << row.name;
  }
}

TEST(PermissionsTest, TheAuditorReadsEverythingAndChangesItsPasswordOnly) {
  const std::set<Action> reads = {
      Action::kEnterpriseRead,  Action::kPrefixRead,    Action::kTemplateReadDraft,
      Action::kApplicationRead, Action::kUserRead,      Action::kGrantRead,
      Action::kVisibilityRead,  Action::kAuditRead,     Action::kHistoryRead,
      Action::kRecount,         Action::kLedgerEntries, Action::kVolumeBySource};
  for (const auto& row : Permissions()) {
    Scope scope = reads.contains(row.action) ? Scope::kAny : Scope::kNone;
    if (row.action == Action::kUserSetPassword) scope = Scope::kOwn;  // the one of its own account
    EXPECT_EQ(row.auditor, scope) << row.name;
  }
}

TEST(PermissionsTest, ApplicationsAndAdministratorsActOnTheirOwn) {
  const std::set<Action> application = {
      Action::kPrefixRead,       Action::kTemplatePut,    Action::kTemplatePublish,
      Action::kTemplateWithdraw, Action::kTemplateDelete, Action::kTemplateReadDraft,
      Action::kGrantCreate,      Action::kGrantRevoke,    Action::kGrantRead,
      Action::kVisibilityRead,   Action::kHistoryRead,    Action::kRegister,
      Action::kEnterpriseRead};
  std::set<Action> administrator = application;
  administrator.insert({Action::kEnterpriseUpdate, Action::kPrefixApply, Action::kPrefixSetRoute,
                        Action::kApplicationCreate, Action::kApplicationRevoke,
                        Action::kApplicationRead, Action::kTokenCreate, Action::kTokenRevoke,
                        Action::kCertificateBind, Action::kUserCreate, Action::kUserRead,
                        Action::kUserSetPassword, Action::kUserDisable});
  for (const auto& row : Permissions()) {
    for (const auto& [role, own] : std::map<Role, const std::set<Action>*>{
             {Role::kApplication, &application},
             {Role::kEnterpriseAdministrator, &administrator}}) {
      const bool may = own->contains(row.action);
      EXPECT_EQ(row.Of(role), may ? Scope::kOwn : Scope::kNone) << row.name;
      EXPECT_EQ(Permit(Of(role), row.action, true).ok(), may) << row.name;
      EXPECT_EQ(Permit(Of(role), row.action, false).code(), Errc::kPermissionDenied) << row.name;
    }
  }
}

TEST(PermissionsTest, RefusalsSayWhy) {
  const auto foreign = Permit(Of(Role::kApplication), Action::kGrantCreate, false);
  EXPECT_NE(foreign.error().detail.find("grant.create"), std::string::npos);
  EXPECT_NE(foreign.error().detail.find("another"), std::string::npos);
  const auto never = Permit(Of(Role::kAuditor), Action::kRegister, true);
  EXPECT_NE(never.error().detail.find("auditor"), std::string::npos);
}

TEST(PermissionsTest, CallersHaveNames) {
  Caller caller = Of(Role::kApplication);
  caller.application = "erp";
  EXPECT_EQ(WhoIs(caller), "application:erp");
  caller = Of(Role::kEnterpriseAdministrator);
  caller.user = "alice";
  EXPECT_EQ(WhoIs(caller), "user:alice");
  EXPECT_EQ(WhoIs(Of(Role::kOperator)), "operator");
  EXPECT_EQ(WhoIs(*Anonymous()), "anonymous");
  std::set<std::string_view> names;
  for (const Role role : kRoles) EXPECT_TRUE(names.insert(RoleName(role)).second);
}

TEST(PermissionsTest, WhatTheNodeAskedBeforeIsWhatTheTableSays) {
  // RequireOperator and RequireAuditor stand in front of these.
  for (const Role role : kRoles) {
    for (const Action action : {Action::kPrefixAdmit, Action::kClockAccept}) {
      EXPECT_EQ(RequireOperator(Of(role)).code(), Permit(Of(role), action, true).code());
    }
    for (const Action action :
         {Action::kRecount, Action::kLedgerEntries, Action::kVolumeBySource, Action::kAuditRead}) {
      EXPECT_EQ(RequireAuditor(Of(role)).code(), Permit(Of(role), action, true).code());
    }
  }
}

}  // namespace
}  // namespace idnode::service
