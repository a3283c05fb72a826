#include "node/frontend/http/router.h"

namespace idnode::frontend::http {
namespace {

constexpr std::array kRoutes = {
    Route{Method::kPost, "/v1/identifiers:batchRegister", Operation::kBatchRegister},
    Route{Method::kPost, "/v1/identifiers:batchUpdate", Operation::kBatchUpdate},
    Route{Method::kPost, "/v1/identifiers:batchDelete", Operation::kBatchDelete},
    Route{Method::kPost, "/v1/identifiers:batchSetState", Operation::kBatchSetState},
    Route{Method::kPost, "/v1/identifiers:batchResolve", Operation::kBatchResolve},
    Route{Method::kGet, "/v1/identifiers/{prefix}/{suffix}", Operation::kGetIdentifier},
    Route{Method::kPatch, "/v1/identifiers/{prefix}/{suffix}", Operation::kUpdateIdentifier},
    Route{Method::kDelete, "/v1/identifiers/{prefix}/{suffix}", Operation::kDeleteIdentifier},
    Route{Method::kGet, "/v1/prefixes/{prefix}/identifiers", Operation::kListIdentifiers},
    Route{Method::kGet, "/v1/volume", Operation::kGetVolume},
    Route{Method::kGet, "/v1/volume/{month}", Operation::kGetVolume},
    Route{Method::kPost, "/v1/volume:recount", Operation::kRecount},
    Route{Method::kPost, "/v1/volume/{month}:recount", Operation::kRecount},
    Route{Method::kGet, "/v1/status", Operation::kGetStatus},
    Route{Method::kPost, "/v1/clock:accept", Operation::kAcceptClock},
    Route{Method::kGet, "/v1/enterprises", Operation::kListEnterprises},
    Route{Method::kPost, "/v1/enterprises", Operation::kCreateEnterprise},
    Route{Method::kGet, "/v1/enterprises/{creditCode}", Operation::kGetEnterprise},
    Route{Method::kPatch, "/v1/enterprises/{creditCode}", Operation::kUpdateEnterprise},
    Route{Method::kGet, "/v1/prefixes", Operation::kListPrefixes},
    Route{Method::kPost, "/v1/prefixes", Operation::kAdmitPrefix},
    Route{Method::kPost, "/v1/prefixes:apply", Operation::kApplyPrefix},
    Route{Method::kGet, "/v1/prefixes/{prefix}", Operation::kGetPrefix},
    Route{Method::kPost, "/v1/prefixes/{prefix}:setState", Operation::kSetPrefixState},
    Route{Method::kPut, "/v1/prefixes/{prefix}/route", Operation::kSetPrefixRoute},
    Route{Method::kPut, "/v1/prefixes/{prefix}/quota", Operation::kSetPrefixQuota},
    Route{Method::kGet, "/v1/templates", Operation::kListTemplates},
    Route{Method::kPost, "/v1/templates", Operation::kPutTemplate},
    Route{Method::kGet, "/v1/templates/{owner}/{name}", Operation::kGetTemplate},
    Route{Method::kGet, "/v1/templates/{owner}/{name}/{version}", Operation::kGetTemplate},
    Route{Method::kDelete, "/v1/templates/{owner}/{name}/{version}", Operation::kDeleteTemplate},
    Route{Method::kPost, "/v1/templates/{owner}/{name}/{version}:publish",
          Operation::kPublishTemplate},
    Route{Method::kPost, "/v1/templates/{owner}/{name}/{version}:withdraw",
          Operation::kWithdrawTemplate},
    Route{Method::kGet, "/v1/applications", Operation::kListApplications},
    Route{Method::kPost, "/v1/applications", Operation::kCreateApplication},
    Route{Method::kDelete, "/v1/applications/{name}", Operation::kRevokeApplication},
    Route{Method::kPost, "/v1/applications/{name}/tokens", Operation::kCreateToken},
    Route{Method::kDelete, "/v1/applications/{name}/tokens/{id}", Operation::kRevokeToken},
    Route{Method::kPost, "/v1/applications/{name}/certificates", Operation::kBindCertificate},
    Route{Method::kDelete, "/v1/applications/{name}/certificates/{fingerprint}",
          Operation::kUnbindCertificate},
    Route{Method::kGet, "/v1/users", Operation::kListUsers},
    Route{Method::kPost, "/v1/users", Operation::kCreateUser},
    Route{Method::kPut, "/v1/users/{name}/password", Operation::kSetPassword},
    Route{Method::kPost, "/v1/users/{name}:disable", Operation::kDisableUser},
    Route{Method::kPost, "/v1/users/{name}:enable", Operation::kEnableUser},
    Route{Method::kPost, "/v1/login", Operation::kLogin},
    Route{Method::kGet, "/v1/grants", Operation::kListGrants},
    Route{Method::kPost, "/v1/grants", Operation::kCreateGrant},
    Route{Method::kDelete, "/v1/grants/{prefix}/{id}", Operation::kRevokeGrant},
    Route{Method::kPost, "/v1/access:whoCanSee", Operation::kWhoCanSee},
    Route{Method::kPost, "/v1/access:preview", Operation::kPreviewRecord},
    Route{Method::kGet, "/v1/audit", Operation::kListAuditEntries},
    Route{Method::kPost, "/v1/audit:verify", Operation::kVerifyAuditLog},
    Route{Method::kGet, "/ledger/checkpoint", Operation::kGetCheckpoint},
    Route{Method::kGet, "/ledger/vkey", Operation::kGetVerifierKey},
    Route{Method::kGet, "/ledger/vkey-sm2", Operation::kGetVerifierKey},
    Route{Method::kGet, "/ledger/tile/entries/{tile}", Operation::kGetEntries},
    Route{Method::kGet, "/ledger/tile/{level}/{tile}", Operation::kGetTile},
    Route{Method::kGet, "/ledger/proof/inclusion", Operation::kProveInclusion},
    Route{Method::kGet, "/ledger/proof/consistency", Operation::kProveConsistency},
    Route{Method::kGet, "/ledger/statements", Operation::kListStatements},
    Route{Method::kGet, "/ledger/statement/{month}", Operation::kGetStatement},
    Route{Method::kGet, "/ledger/statement/{month}/checkpoint", Operation::kGetClosingCheckpoint},
    Route{Method::kPost, "/ledger/cosignature", Operation::kAddCosignature},
    Route{Method::kGet, "/openapi.json", Operation::kGetOpenApi},
    Route{Method::kGet, "/{prefix}/{suffix}", Operation::kResolve},
};

using Parameters = std::array<std::string_view, kPathParametersMax>;

// Where the value of `{name}` ends in `path`; `verb` where the pattern goes on with a colon.
std::size_t EndOfValue(std::string_view name, bool verb, std::string_view path) {
  if (name == "suffix" || name == "tile") return path.size();
  if (name == "month" || name == "version") return path.find_first_of("/:");
  const std::size_t segment = path.find('/');
  return verb ? path.substr(0, segment).rfind(':') : segment;
}

bool MatchPattern(std::string_view pattern, std::string_view path, Parameters& parameters) {
  std::size_t parameter = 0;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    const std::string_view literal = pattern.substr(0, open);
    if (!path.starts_with(literal)) return false;
    path.remove_prefix(literal.size());
    if (open == std::string_view::npos) return path.empty();
    const std::size_t close = pattern.find('}');
    const std::string_view name = pattern.substr(open + 1, close - open - 1);
    pattern.remove_prefix(close + 1);
    const std::string_view value = path.substr(0, EndOfValue(name, pattern.starts_with(':'), path));
    if (value.empty()) return false;
    path.remove_prefix(value.size());
    parameters[parameter++] = value;
  }
  return path.empty();
}

// Only identifiers outside the reserved paths are resolved.
bool Applies(const Route& route, std::string_view path) {
  return route.operation != Operation::kResolve || !IsReserved(path);
}

struct Label {
  Operation operation;
  std::string_view text;
};

constexpr std::array kLabels = {
    Label{Operation::kResolve, "resolve"},
    Label{Operation::kGetIdentifier, "get-identifier"},
    Label{Operation::kUpdateIdentifier, "update-identifier"},
    Label{Operation::kDeleteIdentifier, "delete-identifier"},
    Label{Operation::kBatchRegister, "batch-register"},
    Label{Operation::kBatchUpdate, "batch-update"},
    Label{Operation::kBatchDelete, "batch-delete"},
    Label{Operation::kBatchSetState, "batch-set-state"},
    Label{Operation::kBatchResolve, "batch-resolve"},
    Label{Operation::kListIdentifiers, "list-identifiers"},
    Label{Operation::kGetVolume, "get-volume"},
    Label{Operation::kListEnterprises, "list-enterprises"},
    Label{Operation::kCreateEnterprise, "create-enterprise"},
    Label{Operation::kGetEnterprise, "get-enterprise"},
    Label{Operation::kUpdateEnterprise, "update-enterprise"},
    Label{Operation::kListPrefixes, "list-prefixes"},
    Label{Operation::kAdmitPrefix, "admit-prefix"},
    Label{Operation::kApplyPrefix, "apply-prefix"},
    Label{Operation::kGetPrefix, "get-prefix"},
    Label{Operation::kSetPrefixState, "set-prefix-state"},
    Label{Operation::kSetPrefixRoute, "set-prefix-route"},
    Label{Operation::kSetPrefixQuota, "set-prefix-quota"},
    Label{Operation::kListTemplates, "list-templates"},
    Label{Operation::kPutTemplate, "put-template"},
    Label{Operation::kGetTemplate, "get-template"},
    Label{Operation::kPublishTemplate, "publish-template"},
    Label{Operation::kWithdrawTemplate, "withdraw-template"},
    Label{Operation::kDeleteTemplate, "delete-template"},
    Label{Operation::kListApplications, "list-applications"},
    Label{Operation::kCreateApplication, "create-application"},
    Label{Operation::kRevokeApplication, "revoke-application"},
    Label{Operation::kCreateToken, "create-token"},
    Label{Operation::kRevokeToken, "revoke-token"},
    Label{Operation::kBindCertificate, "bind-certificate"},
    Label{Operation::kUnbindCertificate, "unbind-certificate"},
    Label{Operation::kListUsers, "list-users"},
    Label{Operation::kCreateUser, "create-user"},
    Label{Operation::kSetPassword, "set-password"},
    Label{Operation::kDisableUser, "disable-user"},
    Label{Operation::kEnableUser, "enable-user"},
    Label{Operation::kLogin, "login"},
    Label{Operation::kListGrants, "list-grants"},
    Label{Operation::kCreateGrant, "create-grant"},
    Label{Operation::kRevokeGrant, "revoke-grant"},
    Label{Operation::kWhoCanSee, "who-can-see"},
    Label{Operation::kPreviewRecord, "preview-record"},
    Label{Operation::kListAuditEntries, "list-audit-entries"},
    Label{Operation::kVerifyAuditLog, "verify-audit-log"},
    Label{Operation::kRecount, "recount"},
    Label{Operation::kGetStatus, "get-status"},
    Label{Operation::kAcceptClock, "accept-clock"},
    Label{Operation::kGetCheckpoint, "get-checkpoint"},
    Label{Operation::kGetVerifierKey, "get-verifier-key"},
    Label{Operation::kGetTile, "get-tile"},
    Label{Operation::kGetEntries, "get-entries"},
    Label{Operation::kProveInclusion, "prove-inclusion"},
    Label{Operation::kProveConsistency, "prove-consistency"},
    Label{Operation::kGetStatement, "get-statement"},
    Label{Operation::kGetClosingCheckpoint, "get-closing-checkpoint"},
    Label{Operation::kListStatements, "list-statements"},
    Label{Operation::kAddCosignature, "add-cosignature"},
    Label{Operation::kGetOpenApi, "openapi"},
    Label{Operation::kPreflight, "preflight"},
    Label{Operation::kNone, "none"},
};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kLabels.size(); ++i) {
    if (static_cast<std::size_t>(kLabels[i].operation) != i) return false;
  }
  return kLabels.size() == kOperations;
}
static_assert(InOrder(), "a label for each operation, in their order");

}  // namespace

std::string_view OperationLabel(Operation operation) {
  return kLabels[static_cast<std::size_t>(operation)].text;
}

std::span<const Route> Routes() { return kRoutes; }

Match MatchRoute(Method method, std::string_view path) {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  Match match;
  for (const Route& route : kRoutes) {
    Parameters parameters;
    if (!Applies(route, path) || !MatchPattern(route.pattern, path, parameters)) continue;
    match.path_known = true;
    if (route.method != wanted) continue;
    match.operation = route.operation;
    match.parameters = parameters;
    return match;
  }
  return match;
}

std::string AllowedMethods(std::string_view path) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    Parameters parameters;
    if (!Applies(route, path) || !MatchPattern(route.pattern, path, parameters)) continue;
    allowed.append(MethodName(route.method)).append(", ");
    if (route.method == Method::kGet) allowed.append("HEAD, ");
  }
  return allowed.append("OPTIONS");
}

bool IsPublicRead(Operation operation) {
  switch (operation) {
    case Operation::kResolve:
    case Operation::kGetIdentifier:
    case Operation::kListIdentifiers:
    case Operation::kGetVolume:
    case Operation::kListTemplates:
    case Operation::kGetTemplate:
    case Operation::kGetOpenApi:
    case Operation::kGetCheckpoint:
    case Operation::kGetVerifierKey:
    case Operation::kGetTile:
    case Operation::kProveInclusion:
    case Operation::kProveConsistency:
    case Operation::kGetStatement:
    case Operation::kGetClosingCheckpoint:
    case Operation::kListStatements:
      return true;
    default:
      return false;
  }
}

bool ChecksPassword(Operation operation) {
  return operation == Operation::kLogin || operation == Operation::kSetPassword ||
         operation == Operation::kCreateUser;
}

bool IsSnmsPath(std::string_view path) {
  return path.starts_with("/identity/") || path.starts_with("/identityv2/") ||
         path.starts_with("/snms/api/") || path.starts_with("/resolve/");
}

bool IsReserved(std::string_view path) {
  return path.starts_with("/v1/") || path.starts_with("/v1:") || path == "/v1" ||
         path.starts_with("/ledger/") || path == "/openapi.json" || IsSnmsPath(path);
}

}  // namespace idnode::frontend::http
