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
    Route{Method::kGet, "/v1/applications", Operation::kListApplications},
    Route{Method::kPost, "/v1/applications", Operation::kCreateApplication},
    Route{Method::kDelete, "/v1/applications/{name}", Operation::kRevokeApplication},
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
    const std::size_t end = name == "suffix" ? path.size() : path.find('/');
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

bool IsReserved(std::string_view path) {
  return path.starts_with("/v1/") || path.starts_with("/v1:") || path == "/v1" ||
         path == "/openapi.json";
}

}  // namespace idnode::frontend::http
