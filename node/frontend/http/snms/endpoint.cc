#include "node/frontend/http/snms/endpoint.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::string_view kResolvePath = "/resolve/";

constexpr EndpointRow kRows[] = {
    {Method::kPost, "/identity/token", Endpoint::kToken},
    {Method::kPost, "/identity/token/v1", Endpoint::kTokenDaily},
    {Method::kGet, "/identityv2/data/detail", Endpoint::kDetail},
    {Method::kPost, "/identityv2/data", Endpoint::kCreate},
    {Method::kPut, "/identityv2/data", Endpoint::kUpdate},
    {Method::kDelete, "/identityv2/data", Endpoint::kDelete},
    {Method::kPost, "/identityv2/data/batchCreate", Endpoint::kBatchCreate},
    {Method::kPut, "/identityv2/data/batchUpdate", Endpoint::kBatchUpdate},
    {Method::kDelete, "/identityv2/data/batchDelete", Endpoint::kBatchDelete},
    {Method::kGet, "/snms/api/v5/template", Endpoint::kTemplateGet},
    {Method::kPost, "/snms/api/v5/template", Endpoint::kTemplateCreate},
    {Method::kPut, "/snms/api/v5/template", Endpoint::kTemplateUpdate},
    {Method::kDelete, "/snms/api/v5/template", Endpoint::kTemplateDelete},
    {Method::kGet, "/snms/api/v3/template", Endpoint::kTemplateGet},
    {Method::kPost, "/snms/api/v3/template", Endpoint::kTemplateCreate},
    {Method::kDelete, "/snms/api/v3/template", Endpoint::kTemplateDelete},
    {Method::kGet, "/snms/api/template/v1", Endpoint::kTemplateGet},
    {Method::kPost, "/snms/api/template/v1", Endpoint::kTemplateCreate},
    {Method::kDelete, "/snms/api/template/v1", Endpoint::kTemplateDelete},
    // Clients of different ages leave out the version.
    {Method::kPost, "/snms/api/v3/ent/apply", Endpoint::kEnterpriseApply},
    {Method::kPost, "/snms/api/ent/apply", Endpoint::kEnterpriseApply},
    {Method::kPost, "/snms/api/v3/ent/upgrade-apply", Endpoint::kEnterpriseUpgrade},
    {Method::kPost, "/snms/api/ent/upgrade-apply", Endpoint::kEnterpriseUpgrade},
    {Method::kGet, "/snms/api/v3/ent/page", Endpoint::kEnterprisePage},
    {Method::kGet, "/snms/api/ent/page", Endpoint::kEnterprisePage},
    {Method::kGet, "/snms/api/v3/ent/detail", Endpoint::kEnterpriseDetail},
    {Method::kGet, "/snms/api/ent/detail", Endpoint::kEnterpriseDetail},
    {Method::kPost, "/snms/api/ent/config", Endpoint::kEnterpriseConfig},
    {Method::kGet, "/snms/api/prefix/query", Endpoint::kPrefixQuery},
    {Method::kGet, "/snms/api/prefix/page", Endpoint::kPrefixPage},
    {Method::kPost, "/snms/api/file/upload", Endpoint::kFileUpload},
    {Method::kGet, kResolvePath, Endpoint::kResolve},
};

bool Matches(const EndpointRow& row, std::string_view path) {
  if (row.endpoint != Endpoint::kResolve) return row.path == path;
  return path.size() > row.path.size() && path.substr(0, row.path.size()) == row.path;
}

}  // namespace

std::span<const EndpointRow> EndpointRows() { return kRows; }

std::string_view EndpointLabel(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kToken:
      return "token";
    case Endpoint::kTokenDaily:
      return "token-daily";
    case Endpoint::kDetail:
      return "detail";
    case Endpoint::kCreate:
      return "create";
    case Endpoint::kUpdate:
      return "update";
    case Endpoint::kDelete:
      return "delete";
    case Endpoint::kBatchCreate:
      return "batch-create";
    case Endpoint::kBatchUpdate:
      return "batch-update";
    case Endpoint::kBatchDelete:
      return "batch-delete";
    case Endpoint::kTemplateGet:
      return "template-get";
    case Endpoint::kTemplateCreate:
      return "template-create";
    case Endpoint::kTemplateUpdate:
      return "template-update";
    case Endpoint::kTemplateDelete:
      return "template-delete";
    case Endpoint::kEnterpriseApply:
      return "enterprise-apply";
    case Endpoint::kEnterpriseUpgrade:
      return "enterprise-upgrade";
    case Endpoint::kEnterprisePage:
      return "enterprise-page";
    case Endpoint::kEnterpriseDetail:
      return "enterprise-detail";
    case Endpoint::kEnterpriseConfig:
      return "enterprise-config";
    case Endpoint::kPrefixQuery:
      return "prefix-query";
    case Endpoint::kPrefixPage:
      return "prefix-page";
    case Endpoint::kFileUpload:
      return "file-upload";
    case Endpoint::kResolve:
      return "resolve";
    case Endpoint::kNone:
      break;
  }
  return "none";
}

EndpointMatch MatchEndpoint(Method method, std::string_view path) {
  if (method == Method::kHead) method = Method::kGet;
  EndpointMatch match;
  for (const EndpointRow& row : kRows) {
    if (!Matches(row, path)) continue;
    match.path_known = true;
    if (row.method == method) {
      match.endpoint = row.endpoint;
      return match;
    }
  }
  return match;
}

std::string AllowedOf(std::string_view path) {
  std::string allowed;
  for (const EndpointRow& row : kRows) {
    if (!Matches(row, path)) continue;
    if (!allowed.empty()) allowed.append(", ");
    allowed.append(MethodName(row.method));
  }
  return allowed;
}

bool IsRegistration(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::kCreate:
    case Endpoint::kUpdate:
    case Endpoint::kDelete:
    case Endpoint::kBatchCreate:
    case Endpoint::kBatchUpdate:
    case Endpoint::kBatchDelete:
      return true;
    default:
      return false;
  }
}

bool IsLogin(Endpoint endpoint) {
  return endpoint == Endpoint::kToken || endpoint == Endpoint::kTokenDaily;
}

bool IsForAnybody(Endpoint endpoint) { return IsLogin(endpoint) || endpoint == Endpoint::kResolve; }

}  // namespace idnode::frontend::http::snms
