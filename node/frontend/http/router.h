#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "node/frontend/beast_util/message.h"

namespace idnode::frontend::http {

/// What a route does; also the `operation` label of metrics.
enum class Operation : std::uint8_t {
  kResolve,
  kGetIdentifier,
  kUpdateIdentifier,
  kDeleteIdentifier,
  kBatchRegister,
  kBatchUpdate,
  kBatchDelete,
  kBatchSetState,
  kBatchResolve,
  kListIdentifiers,
  kGetVolume,
  kListEnterprises,
  kCreateEnterprise,
  kGetEnterprise,
  kUpdateEnterprise,
  kListPrefixes,
  kAdmitPrefix,
  kApplyPrefix,
  kGetPrefix,
  kSetPrefixState,
  kSetPrefixRoute,
  kSetPrefixQuota,
  kListTemplates,
  kPutTemplate,
  kGetTemplate,
  kPublishTemplate,
  kWithdrawTemplate,
  kDeleteTemplate,
  kListApplications,
  kCreateApplication,
  kRevokeApplication,
  kCreateToken,
  kRevokeToken,
  kBindCertificate,
  kUnbindCertificate,
  kListUsers,
  kCreateUser,
  kSetPassword,
  kDisableUser,
  kEnableUser,
  kLogin,
  kListGrants,
  kCreateGrant,
  kRevokeGrant,
  kWhoCanSee,
  kPreviewRecord,
  kListAuditEntries,
  kVerifyAuditLog,
  kRecount,
  kGetStatus,
  kAcceptClock,
  kGetCheckpoint,
  kGetVerifierKey,
  kGetTile,
  kGetEntries,
  kProveInclusion,
  kProveConsistency,
  kGetStatement,
  kGetClosingCheckpoint,
  kListStatements,
  kAddCosignature,
  kGetOpenApi,
  kPreflight,
  kNone,  ///< no such path, no such method, not a request
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::kNone) + 1;
/// "resolve", "batch-register": a metric's label.
std::string_view OperationLabel(Operation operation);

/// Most parameters of a path.
inline constexpr std::size_t kPathParametersMax = 3;

/// A path pattern as OpenAPI writes it. `{suffix}` and `{tile}` take the rest of the path, slashes
/// included; other parameters take one segment, `{month}` and `{version}` up to its first colon,
/// others before a colon in the pattern up to its last one.
struct Route {
  Method method;
  std::string_view pattern;
  Operation operation;
};

/// Every route; GET serves HEAD too.
std::span<const Route> Routes();

struct Match {
  Operation operation = Operation::kNone;
  std::array<std::string_view, kPathParametersMax> parameters;  ///< as written, not decoded
  bool path_known = false;                                      ///< some method applies to the path
};

/// The route of a path (without its query) and a method.
Match MatchRoute(Method method, std::string_view path);

/// Value of the Allow field for a path: "GET, HEAD, OPTIONS".
std::string AllowedMethods(std::string_view path);

/// Whether anybody may have what the operation answers, without a token.
bool IsPublicRead(Operation operation);

/// Whether the operation runs scrypt, which takes a core for some 0.3 s: it belongs to the threads
/// of logins, so that it holds up no others.
bool ChecksPassword(Operation operation);

/// True for paths of the SNMS-compatible face: "/identity/…", "/identityv2/…", "/snms/api/…",
/// "/resolve/…".
bool IsSnmsPath(std::string_view path);

/// True for paths that never are identifiers: "/v1", "/v1/…", "/ledger/…", "/openapi.json", and
/// those of IsSnmsPath.
bool IsReserved(std::string_view path);

}  // namespace idnode::frontend::http
