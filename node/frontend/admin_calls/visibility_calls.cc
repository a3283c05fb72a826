#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "node/frontend/admin_calls/admin_calls.h"
#include "node/frontend/admit_identifier.h"
#include "node/frontend/convert/admin_convert.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/model/codes.h"
#include "node/model/identifier.h"

namespace idnode::frontend::admin_calls {
namespace {

std::string_view PrefixOf(std::string_view folded_identifier) {
  return folded_identifier.substr(0, folded_identifier.find('/'));
}

// Reads a record for somebody who may know who sees what of it. `folded` becomes the identifier's
// identity.
Result<void> ReadForOwner(const service::Services& services, const service::Actor& actor,
                          const std::string& identifier, Deadline deadline, std::string& folded,
                          service::ResolvedRecord& out) {
  if (const auto parsed = ParseIdentifier(identifier); !parsed.ok()) {
    return Error(parsed.code(), parsed.error().detail, "identifier");
  }
  IDNODE_RETURN_IF_ERROR(AdmitIdentifier(services, actor.who(), identifier));
  folded = FoldIdentifier(identifier);
  const bool own = services.prefixes.MayWrite(actor.who(), PrefixOf(folded));
  IDNODE_RETURN_IF_ERROR(
      services.admin.audit.Permit(actor, service::Action::kVisibilityRead, own, folded));
  return services.resolution.Read(identifier, actor.who(), deadline, out);
}

// Who an application is, or what somebody of an enterprise is.
Result<service::Caller> CallerFor(const service::Services& services,
                                  const v1::PreviewRecordRequest& request) {
  service::Caller caller;
  if (!request.as_application().empty() && !request.as_enterprise().empty()) {
    return Error(Errc::kInvalidRequest, "name an enterprise or an application, not both",
                 "asApplication");
  }
  if (!request.as_enterprise().empty()) {
    auto code = CheckCreditCode(request.as_enterprise());
    if (!code.ok()) return Error(Errc::kInvalidRequest, code.error().detail, "asEnterprise");
    caller.role = service::Role::kEnterpriseAdministrator;
    caller.enterprise = *std::move(code);
    return caller;
  }
  if (request.as_application().empty()) return caller;
  // The node asks for itself: whose preview it is need not be allowed to list the application.
  auto node = std::make_shared<service::Caller>();
  node->role = service::Role::kOperator;
  auto applications = services.access.ListApplications({std::move(node), {}});
  if (!applications.ok()) return applications.error();
  for (auto& info : *applications) {
    if (info.name != request.as_application() || info.revoked) continue;
    caller.role = info.role;
    caller.application = std::move(info.name);
    caller.enterprise = std::move(info.enterprise);
    caller.prefixes = std::move(info.prefixes);
  }
  return caller;
}

}  // namespace

Result<v1::WhoCanSeeResponse> WhoCanSee(const service::Services& services,
                                        const service::Actor& actor,
                                        const v1::WhoCanSeeRequest& request, Deadline deadline) {
  std::string folded;
  service::ResolvedRecord resolved;
  IDNODE_RETURN_IF_ERROR(
      ReadForOwner(services, actor, request.identifier(), deadline, folded, resolved));
  v1::WhoCanSeeResponse response;
  response.set_identifier(resolved.identifier);
  for (const auto& seen : services.admin.disclosure.WhoCanSee(folded, resolved.record)) {
    v1::ItemVisibility& item = *response.add_items();
    item.set_item(seen.item);
    item.set_visibility(static_cast<v1::Visibility>(seen.visibility));  // the numbers are the same
    for (const auto& enterprise : seen.enterprises) item.add_enterprises(enterprise);
    for (const auto& application : seen.applications) item.add_applications(application);
  }
  return response;
}

Result<v1::PreviewRecordResponse> PreviewRecord(const service::Services& services,
                                                const service::Actor& actor,
                                                const v1::PreviewRecordRequest& request,
                                                Deadline deadline) {
  std::string folded;
  service::ResolvedRecord resolved;
  IDNODE_RETURN_IF_ERROR(
      ReadForOwner(services, actor, request.identifier(), deadline, folded, resolved));
  const auto caller = CallerFor(services, request);
  if (!caller.ok()) return caller.error();
  const service::Disclosure disclosure =
      services.admin.disclosure.For(*caller, folded, resolved.record);
  v1::PreviewRecordResponse response;
  FillRecord(resolved.identifier, resolved.record, *response.mutable_record(), &disclosure);
  return response;
}

Result<v1::ListAuditEntriesResponse> ListAuditEntries(const service::Services& services,
                                                      const service::Actor& actor,
                                                      const v1::ListAuditEntriesRequest& request,
                                                      Deadline deadline) {
  const auto page = services.admin.audit.List(actor, ToAuditQuery(request), deadline);
  if (!page.ok()) return page.error();
  v1::ListAuditEntriesResponse response;
  for (const auto& entry : page->entries) FillAuditEntry(entry, *response.add_entries());
  response.set_next_page_token(page->next_page_token);
  return response;
}

Result<v1::VerifyAuditLogResponse> VerifyAuditLog(const service::Services& services,
                                                  const service::Actor& actor,
                                                  const v1::VerifyAuditLogRequest&,
                                                  Deadline deadline) {
  const auto check = services.admin.audit.Verify(actor, deadline);
  if (!check.ok()) return check.error();
  v1::VerifyAuditLogResponse response;
  response.set_first(check->first);
  response.set_last(check->last);
  response.set_head(check->head.data(), check->head.size());
  response.set_broken_at(check->broken_at);
  return response;
}

}  // namespace idnode::frontend::admin_calls
