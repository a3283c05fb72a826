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
    Route{Method::kGet, "/v1/prefixes", Operation::kListPrefixes},
    Route{Method::kPost, "/v1/prefixes", Operation::kAdmitPrefix},
    Route{Method::kGet, "/v1/volume", Operation::kGetVolume},
    Route{Method::kGet, "/v1/volume/{month}", Operation::kGetVolume},
    Route{Method::kPost, "/v1/volume:recount", Operation::kRecount},
    Route{Method::kPost, "/v1/volume/{month}:recount", Operation::kRecount},
    Route{Method::kGet, "/v1/status", Operation::kGetStatus},
    Route{Method::kPost, "/v1/clock:accept", Operation::kAcceptClock},
    Route{Method::kGet, "/v1/applications", Operation::kListApplications},
    Route{Method::kPost, "/v1/applications", Operation::kCreateApplication},
    Route{Method::kDelete, "/v1/applications/{name}", Operation::kRevokeApplication},
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

bool MatchPattern(std::string_view pattern, std::string_view path,
                  std::array<std::string_view, 2>& parameters) {
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
    const std::size_t end = name == "suffix" || name == "tile" ? path.size()
                            : name == "month"                  ? path.find_first_of("/:")
                                                               : path.find('/');
    const std::string_view value = path.substr(0, end);
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

}  // namespace

std::string_view OperationLabel(Operation operation) {
  switch (operation) {
    case Operation::kResolve:
      return "resolve";
    case Operation::kGetIdentifier:
      return "get-identifier";
    case Operation::kUpdateIdentifier:
      return "update-identifier";
    case Operation::kDeleteIdentifier:
      return "delete-identifier";
    case Operation::kBatchRegister:
      return "batch-register";
    case Operation::kBatchUpdate:
      return "batch-update";
    case Operation::kBatchDelete:
      return "batch-delete";
    case Operation::kBatchSetState:
      return "batch-set-state";
    case Operation::kBatchResolve:
      return "batch-resolve";
    case Operation::kListIdentifiers:
      return "list-identifiers";
    case Operation::kGetVolume:
      return "get-volume";
    case Operation::kListApplications:
      return "list-applications";
    case Operation::kCreateApplication:
      return "create-application";
    case Operation::kRevokeApplication:
      return "revoke-application";
    case Operation::kListPrefixes:
      return "list-prefixes";
    case Operation::kAdmitPrefix:
      return "admit-prefix";
    case Operation::kRecount:
      return "recount";
    case Operation::kGetStatus:
      return "get-status";
    case Operation::kAcceptClock:
      return "accept-clock";
    case Operation::kGetCheckpoint:
      return "get-checkpoint";
    case Operation::kGetVerifierKey:
      return "get-verifier-key";
    case Operation::kGetTile:
      return "get-tile";
    case Operation::kGetEntries:
      return "get-entries";
    case Operation::kProveInclusion:
      return "prove-inclusion";
    case Operation::kProveConsistency:
      return "prove-consistency";
    case Operation::kGetStatement:
      return "get-statement";
    case Operation::kGetClosingCheckpoint:
      return "get-closing-checkpoint";
    case Operation::kListStatements:
      return "list-statements";
    case Operation::kAddCosignature:
      return "add-cosignature";
    case Operation::kGetOpenApi:
      return "openapi";
    case Operation::kPreflight:
      return "preflight";
    case Operation::kNone:
      break;
  }
  return "none";
}

std::span<const Route> Routes() { return kRoutes; }

Match MatchRoute(Method method, std::string_view path) {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  Match match;
  for (const Route& route : kRoutes) {
    std::array<std::string_view, 2> parameters;
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
    std::array<std::string_view, 2> parameters;
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

bool IsReserved(std::string_view path) {
  return path.starts_with("/v1/") || path.starts_with("/v1:") || path == "/v1" ||
         path.starts_with("/ledger/") || path == "/openapi.json";
}

}  // namespace idnode::frontend::http
