#include <map>
#include <string>
#include <utility>
#include <vector>

#include "node/frontend/admin_calls/admin_calls.h"
#include "node/frontend/convert/admin_convert.h"

namespace idnode::frontend::admin_calls {
namespace {

// Prefixes by their enterprise, as far as the caller may read them; of one enterprise where
// `enterprise` is given.
using PrefixesByEnterprise = std::map<std::string, std::vector<std::string>, std::less<>>;

Result<PrefixesByEnterprise> PrefixesOf(const service::Services& services,
                                        const service::Actor& actor,
                                        const std::string& enterprise) {
  PrefixesByEnterprise by_enterprise;
  service::PrefixQuery query;
  query.enterprise = enterprise;
  do {
    auto page = services.prefixes.List(actor, query);
    if (!page.ok()) return page.error();
    for (auto& info : page->prefixes) {
      by_enterprise[info.enterprise].push_back(std::move(info.prefix));
    }
    query.page_token = std::move(page->next_page_token);
  } while (!query.page_token.empty());
  return by_enterprise;
}

void FillFrom(const service::EnterpriseInfo& info, const PrefixesByEnterprise& prefixes,
              v1::Enterprise& out) {
  const auto found = prefixes.find(info.credit_code);
  FillEnterprise(info,
                 found == prefixes.end() ? std::span<const std::string>()
                                         : std::span<const std::string>(found->second),
                 out);
}

template <typename Response>
Result<Response> EnterpriseAnswer(const service::Services& services, const service::Actor& actor,
                                  const Result<service::EnterpriseInfo>& info) {
  if (!info.ok()) return info.error();
  const auto prefixes = PrefixesOf(services, actor, info->credit_code);
  if (!prefixes.ok()) return prefixes.error();
  Response response;
  FillFrom(*info, *prefixes, *response.mutable_enterprise());
  return response;
}

template <typename Response>
Result<Response> PrefixAnswer(const Result<service::PrefixInfo>& info) {
  if (!info.ok()) return info.error();
  Response response;
  FillPrefix(*info, *response.mutable_prefix());
  return response;
}

// 0, unspecified, is for the caller to judge. The numbers are those of service::PrefixState.
Result<service::PrefixState> ToPrefixState(v1::PrefixState state) {
  if (!v1::PrefixState_IsValid(state)) {
    return Error(Errc::kInvalidRequest,
                 "no state of a prefix has the number " + std::to_string(state), "state");
  }
  return static_cast<service::PrefixState>(state);
}

}  // namespace

Result<v1::CreateEnterpriseResponse> CreateEnterprise(const service::Services& services,
                                                      const service::Actor& actor,
                                                      const v1::CreateEnterpriseRequest& request,
                                                      Deadline deadline) {
  return EnterpriseAnswer<v1::CreateEnterpriseResponse>(
      services, actor,
      services.admin.enterprises.Create(actor, ToEnterprise(request.enterprise()), deadline));
}

Result<v1::UpdateEnterpriseResponse> UpdateEnterprise(const service::Services& services,
                                                      const service::Actor& actor,
                                                      const v1::UpdateEnterpriseRequest& request,
                                                      Deadline deadline) {
  return EnterpriseAnswer<v1::UpdateEnterpriseResponse>(
      services, actor,
      services.admin.enterprises.Update(actor, ToEnterprise(request.enterprise()),
                                        request.expected_revision(), deadline));
}

Result<v1::GetEnterpriseResponse> GetEnterprise(const service::Services& services,
                                                const service::Actor& actor,
                                                const v1::GetEnterpriseRequest& request, Deadline) {
  return EnterpriseAnswer<v1::GetEnterpriseResponse>(
      services, actor, services.admin.enterprises.Get(actor, request.credit_code()));
}

Result<v1::ListEnterprisesResponse> ListEnterprises(const service::Services& services,
                                                    const service::Actor& actor,
                                                    const v1::ListEnterprisesRequest& request,
                                                    Deadline) {
  service::EnterpriseQuery query;
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  query.name_contains = request.name_contains();
  query.industry = request.industry();
  query.region = request.region();
  auto page = services.admin.enterprises.List(actor, query);
  if (!page.ok()) return page.error();
  const auto prefixes = PrefixesOf(services, actor, {});
  if (!prefixes.ok()) return prefixes.error();
  v1::ListEnterprisesResponse response;
  for (const auto& info : page->enterprises) FillFrom(info, *prefixes, *response.add_enterprises());
  response.set_next_page_token(page->next_page_token);
  return response;
}

Result<v1::ApplyPrefixResponse> ApplyPrefix(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::ApplyPrefixRequest& request,
                                            Deadline deadline) {
  return PrefixAnswer<v1::ApplyPrefixResponse>(
      services.prefixes.Apply(actor, request.prefix(), request.enterprise(), deadline));
}

Result<v1::AdmitPrefixResponse> AdmitPrefix(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::AdmitPrefixRequest& request,
                                            Deadline deadline) {
  return PrefixAnswer<v1::AdmitPrefixResponse>(
      services.prefixes.Admit(actor, request.prefix(), request.enterprise(), deadline));
}

Result<v1::SetPrefixStateResponse> SetPrefixState(const service::Services& services,
                                                  const service::Actor& actor,
                                                  const v1::SetPrefixStateRequest& request,
                                                  Deadline deadline) {
  const auto state = ToPrefixState(request.state());
  if (!state.ok()) return state.error();
  return PrefixAnswer<v1::SetPrefixStateResponse>(
      services.prefixes.SetState(actor, request.prefix(), *state, request.reason(), deadline));
}

Result<v1::SetPrefixRouteResponse> SetPrefixRoute(const service::Services& services,
                                                  const service::Actor& actor,
                                                  const v1::SetPrefixRouteRequest& request,
                                                  Deadline deadline) {
  const auto route = ToRoute(request.route());
  if (!route.ok()) return route.error();
  if (request.hosting() != v1::HOSTED && request.hosting() != v1::SELF_HOSTED) {
    return Error(Errc::kInvalidRequest, "hosting is HOSTED or SELF_HOSTED", "hosting");
  }
  return PrefixAnswer<v1::SetPrefixRouteResponse>(services.prefixes.SetRoute(
      actor, request.prefix(), static_cast<service::Hosting>(request.hosting()), *route, deadline));
}

Result<v1::SetPrefixQuotaResponse> SetPrefixQuota(const service::Services& services,
                                                  const service::Actor& actor,
                                                  const v1::SetPrefixQuotaRequest& request,
                                                  Deadline deadline) {
  return PrefixAnswer<v1::SetPrefixQuotaResponse>(
      services.prefixes.SetQuota(actor, request.prefix(), ToQuota(request.quota()), deadline));
}

Result<v1::GetPrefixResponse> GetPrefix(const service::Services& services,
                                        const service::Actor& actor,
                                        const v1::GetPrefixRequest& request, Deadline) {
  return PrefixAnswer<v1::GetPrefixResponse>(services.prefixes.Get(actor, request.prefix()));
}

Result<v1::ListPrefixesResponse> ListPrefixes(const service::Services& services,
                                              const service::Actor& actor,
                                              const v1::ListPrefixesRequest& request, Deadline) {
  const auto state = ToPrefixState(request.state());
  if (!state.ok()) return state.error();
  service::PrefixQuery query;
  query.enterprise = request.enterprise();
  query.state = *state;
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  const auto page = services.prefixes.List(actor, query);
  if (!page.ok()) return page.error();
  v1::ListPrefixesResponse response;
  for (const auto& info : page->prefixes) FillPrefix(info, *response.add_prefixes());
  response.set_next_page_token(page->next_page_token);
  return response;
}

}  // namespace idnode::frontend::admin_calls
