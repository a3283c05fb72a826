#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace idnode::service {

/// The numbers are in the rows of applications and users.
enum class Role : std::uint8_t {
  kAnonymous = 0,
  kApplication = 1,              ///< 应用身份
  kAuditor = 2,                  ///< 审核员/监管
  kOperator = 3,                 ///< 运营者
  kEnterpriseAdministrator = 4,  ///< 企业管理员
};

/// Who asks. Immutable; shared by the requests of a session.
struct Caller {
  Role role = Role::kAnonymous;
  std::string application;            ///< empty unless an application asks
  std::string user;                   ///< empty unless a person asks
  std::string enterprise;             ///< credit code; empty where it belongs to none
  std::vector<std::string> prefixes;  ///< an application's: folded enterprise prefixes

  /// True for the operator and for an application under its prefixes. What an administrator may
  /// write is PrefixRegistry::MayWrite's to say, since it changes with the enterprise's prefixes.
  bool MayWrite(std::string_view folded_prefix) const;
};
using CallerRef = std::shared_ptr<const Caller>;

/// The caller without any credential.
CallerRef Anonymous();

/// Errors: kUnauthenticated, kPermissionDenied unless the caller is the operator (or, where
/// allowed, an auditor).
Result<void> RequireOperator(const Caller& caller);
Result<void> RequireAuditor(const Caller& caller);

}  // namespace idnode::service
