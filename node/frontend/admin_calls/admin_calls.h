#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "idnode/v1/access.pb.h"
#include "idnode/v1/audit.pb.h"
#include "idnode/v1/enterprise.pb.h"
#include "idnode/v1/operation.pb.h"
#include "idnode/v1/template.pb.h"
#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/actor.h"
#include "node/service/permissions.h"
#include "node/service/services.h"

/// Administration (idnode.v1: enterprises, prefixes, templates, access, audit) as functions from
/// message to message, so that no face translates on its own. They hold no rules; the services
/// refuse and write the audit log. All block: for workers. Thread-safe.
namespace idnode::frontend::admin_calls {

/// Longest request of somebody known: a thousand prefixes of 255 bytes, or a data template, with
/// room to spare.
inline constexpr std::size_t kRequestBytesMax = 1U << 20;
/// Longest request that is parsed for strangers.
inline constexpr std::size_t kStrangersRequestBytesMax = 4U << 10;

/// What both faces know of one operation.
template <typename RequestMessage, typename ResponseMessage>
struct AdminCall {
  using Request = RequestMessage;
  using Response = ResponseMessage;
  using Function = Result<Response> (*)(const service::Services&, const service::Actor&,
                                        const Request&, Deadline);

  constexpr AdminCall(std::string_view method, std::optional<service::Action> needed, Function call)
      : name(method), action(needed), run(call) {}

  /// Longest encoded request: of bytes over gRPC, of JSON over HTTP.
  constexpr std::size_t request_bytes_max() const {
    return action.has_value() ? kRequestBytesMax : kStrangersRequestBytesMax;
  }

  std::string_view name;  ///< of the method in idnode.v1
  /// What strangers are refused before their message is parsed. nullopt: anybody may call.
  std::optional<service::Action> action;
  Function run;
};

/// Refuses, and notes in the audit log, a caller without any credential who may not do `action` to
/// anything: before the message is parsed, which can grow fiftyfold in memory.
/// Errors: kUnauthenticated.
Result<void> AdmitCall(const service::Services& services, const service::Actor& actor,
                       std::optional<service::Action> action);

/// Declares a function of the shape above and its row.
#define IDNODE_ADMIN_CALL(NAME, RESPONSE, ...) \
  IDNODE_ADMIN_CALL_OF(NAME, NAME##Request, RESPONSE, __VA_ARGS__)
#define IDNODE_ADMIN_CALL_OF(NAME, REQUEST, RESPONSE, ...)                                  \
  Result<v1::RESPONSE> NAME(const service::Services& services, const service::Actor& actor, \
                            const v1::REQUEST& request, Deadline deadline);                 \
  inline constexpr AdminCall<v1::REQUEST, v1::RESPONSE> k##NAME(#NAME, __VA_ARGS__, &NAME)

// EnterpriseService and PrefixService: enterprise_calls.cc
IDNODE_ADMIN_CALL(CreateEnterprise, CreateEnterpriseResponse, service::Action::kEnterpriseCreate);
IDNODE_ADMIN_CALL(UpdateEnterprise, UpdateEnterpriseResponse, service::Action::kEnterpriseUpdate);
IDNODE_ADMIN_CALL(GetEnterprise, GetEnterpriseResponse, service::Action::kEnterpriseRead);
/// With the prefixes that the caller may read.
IDNODE_ADMIN_CALL(ListEnterprises, ListEnterprisesResponse, service::Action::kEnterpriseRead);
IDNODE_ADMIN_CALL(ApplyPrefix, ApplyPrefixResponse, service::Action::kPrefixApply);
IDNODE_ADMIN_CALL(AdmitPrefix, AdmitPrefixResponse, service::Action::kPrefixAdmit);
IDNODE_ADMIN_CALL(SetPrefixState, SetPrefixStateResponse, service::Action::kPrefixSetState);
IDNODE_ADMIN_CALL(SetPrefixRoute, SetPrefixRouteResponse, service::Action::kPrefixSetRoute);
IDNODE_ADMIN_CALL(SetPrefixQuota, SetPrefixQuotaResponse, service::Action::kPrefixSetQuota);
IDNODE_ADMIN_CALL(GetPrefix, GetPrefixResponse, service::Action::kPrefixRead);
IDNODE_ADMIN_CALL(ListPrefixes, ListPrefixesResponse, service::Action::kPrefixRead);

// TemplateService: template_calls.cc
IDNODE_ADMIN_CALL(PutTemplate, PutTemplateResponse, service::Action::kTemplatePut);
IDNODE_ADMIN_CALL_OF(PublishTemplate, TemplateName, PublishTemplateResponse,
                     service::Action::kTemplatePublish);
IDNODE_ADMIN_CALL_OF(WithdrawTemplate, TemplateName, WithdrawTemplateResponse,
                     service::Action::kTemplateWithdraw);
IDNODE_ADMIN_CALL_OF(DeleteTemplate, TemplateName, DeleteTemplateResponse,
                     service::Action::kTemplateDelete);
IDNODE_ADMIN_CALL(GetTemplate, GetTemplateResponse, std::nullopt);
IDNODE_ADMIN_CALL(ListTemplates, ListTemplatesResponse, std::nullopt);

// AccessService: access_calls.cc
IDNODE_ADMIN_CALL(CreateApplication, CreateApplicationResponse,
                  service::Action::kApplicationCreate);
IDNODE_ADMIN_CALL(ListApplications, ListApplicationsResponse, service::Action::kApplicationRead);
IDNODE_ADMIN_CALL(RevokeApplication, RevokeApplicationResponse,
                  service::Action::kApplicationRevoke);
IDNODE_ADMIN_CALL(CreateToken, CreateTokenResponse, service::Action::kTokenCreate);
IDNODE_ADMIN_CALL(RevokeToken, RevokeTokenResponse, service::Action::kTokenRevoke);
IDNODE_ADMIN_CALL(BindCertificate, BindCertificateResponse, service::Action::kCertificateBind);
IDNODE_ADMIN_CALL(UnbindCertificate, UnbindCertificateResponse, service::Action::kCertificateBind);
IDNODE_ADMIN_CALL(CreateUser, CreateUserResponse, service::Action::kUserCreate);
IDNODE_ADMIN_CALL(ListUsers, ListUsersResponse, service::Action::kUserRead);
IDNODE_ADMIN_CALL(SetPassword, SetPasswordResponse, service::Action::kUserSetPassword);
IDNODE_ADMIN_CALL(DisableUser, DisableUserResponse, service::Action::kUserDisable);
/// Slow by design (scrypt): on threads of its own. A failure counts against the address.
IDNODE_ADMIN_CALL(Login, LoginResponse, std::nullopt);
IDNODE_ADMIN_CALL(CreateGrant, CreateGrantResponse, service::Action::kGrantCreate);
IDNODE_ADMIN_CALL(RevokeGrant, RevokeGrantResponse, service::Action::kGrantRevoke);
IDNODE_ADMIN_CALL(ListGrants, ListGrantsResponse, service::Action::kGrantRead);

// AccessService's view of records, and AuditService: visibility_calls.cc
IDNODE_ADMIN_CALL(WhoCanSee, WhoCanSeeResponse, service::Action::kVisibilityRead);
/// An application that is not known sees what a stranger does.
IDNODE_ADMIN_CALL(PreviewRecord, PreviewRecordResponse, service::Action::kVisibilityRead);
IDNODE_ADMIN_CALL(ListAuditEntries, ListAuditEntriesResponse, service::Action::kAuditRead);
IDNODE_ADMIN_CALL(VerifyAuditLog, VerifyAuditLogResponse, service::Action::kAuditRead);

// OperationService: admin_calls.cc
IDNODE_ADMIN_CALL(AcceptClock, Status, service::Action::kClockAccept);

#undef IDNODE_ADMIN_CALL
#undef IDNODE_ADMIN_CALL_OF

}  // namespace idnode::frontend::admin_calls
