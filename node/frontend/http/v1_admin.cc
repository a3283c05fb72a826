// Administration over /v1: the rows of admin_calls, their requests gathered from path, query and
// body.
#include "node/frontend/http/v1_admin.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include <google/protobuf/struct.pb.h>

#include "node/frontend/admin_calls/admin_calls.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/http/message_fields.h"
#include "node/frontend/http/proto_json.h"

namespace idnode::frontend::http {
namespace {

using admin_calls::AdminCall;
using google::protobuf::Message;
using google::protobuf::Struct;

service::Actor ActorOf(const V1Call& call) {
  return {call.caller, std::string(call.request->source)};
}

Result<void> CheckLength(const Request& request, std::size_t bytes_max) {
  if (request.body.size() <= bytes_max) return {};
  return Error(Errc::kPayloadTooLarge, "the body may have " + std::to_string(bytes_max) + " bytes");
}

Result<void> SetPathFields(const AdminRoute& route, const V1Call& call, Message& message) {
  for (std::size_t i = 0; i < route.path_fields.size(); ++i) {
    const std::string_view field = route.path_fields[i];
    if (field.empty() || call.match.parameters[i].empty()) continue;
    const auto text = PathText(call.match.parameters[i], field);
    if (!text.ok()) return text.error();
    IDNODE_RETURN_IF_ERROR(SetPathField(message, field, *text));
  }
  if (route.said_field.empty()) return {};
  return SetPathField(message, route.said_field, route.said_value);
}

Result<void> ReadMessage(const AdminRoute& route, const V1Call& call, Message& message) {
  switch (route.fields_from) {
    case FieldsFrom::kQuery:
      IDNODE_RETURN_IF_ERROR(SetQueryFields(
          message, call.query, {route.path_fields[0], route.path_fields[1], route.path_fields[2]}));
      break;
    case FieldsFrom::kBodyIfAny:
      IDNODE_RETURN_IF_ERROR(call.query.Only({}));
      if (!call.request->body.empty()) IDNODE_RETURN_IF_ERROR(ReadJson(call, message));
      break;
    case FieldsFrom::kBody:
      IDNODE_RETURN_IF_ERROR(ReadJson(call, message));
      break;
  }
  return SetPathFields(route, call, message);
}

// Answers a route with the row `kCall`.
template <const auto& kCall, JsonFields kFields = JsonFields::kSet>
Response Answer(const AdminRoute& route, const service::Services& services, const V1Call& call) {
  using Call = std::remove_cvref_t<decltype(kCall)>;
  const auto answered = [&]() -> Result<typename Call::Response> {
    const service::Actor actor = ActorOf(call);
    IDNODE_RETURN_IF_ERROR(admin_calls::AdmitCall(services, actor, kCall.action));
    IDNODE_RETURN_IF_ERROR(CheckLength(*call.request, kCall.request_bytes_max()));
    typename Call::Request message;
    IDNODE_RETURN_IF_ERROR(ReadMessage(route, call, message));
    return kCall.run(services, actor, message, call.deadline);
  }();
  if (!answered.ok()) return Problem(*call.request, answered.error());
  return JsonResponse(ToJson(*answered, kFields));
}

// JSON merge patch (RFC 7396): members of `patch` replace, null ones remove.
void MergePatch(const Struct& patch, Struct& target) {
  for (const auto& [name, value] : patch.fields()) {
    if (value.has_null_value()) {
      target.mutable_fields()->erase(name);
    } else if (value.has_struct_value()) {
      google::protobuf::Value& member = (*target.mutable_fields())[name];
      if (!member.has_struct_value()) member.mutable_struct_value()->Clear();
      MergePatch(value.struct_value(), *member.mutable_struct_value());
    } else {
      (*target.mutable_fields())[name] = value;
    }
  }
}

// PATCH of an enterprise: what the body leaves out stays. The service replaces the whole, so the
// present one is read first, and the change holds only for that one.
Result<v1::UpdateEnterpriseResponse> PatchEnterprise(const AdminRoute& route,
                                                     const service::Services& services,
                                                     const V1Call& call) {
  const service::Actor actor = ActorOf(call);
  const auto& row = admin_calls::kUpdateEnterprise;
  IDNODE_RETURN_IF_ERROR(admin_calls::AdmitCall(services, actor, row.action));
  IDNODE_RETURN_IF_ERROR(CheckLength(*call.request, row.request_bytes_max()));
  v1::GetEnterpriseRequest get;
  const auto code = PathText(call.match.parameters[0], "creditCode");
  if (!code.ok()) return code.error();
  get.set_credit_code(*code);
  Struct patch;
  IDNODE_RETURN_IF_ERROR(ReadJson(call, patch));
  const auto present = admin_calls::GetEnterprise(services, actor, get, call.deadline);
  if (!present.ok()) return present.error();
  Struct merged;
  IDNODE_RETURN_IF_ERROR(ParseJson(ToJson(*present), merged));
  MergePatch(patch, merged);
  v1::UpdateEnterpriseRequest message;
  IDNODE_RETURN_IF_ERROR(ParseJson(ToJson(merged), message));
  IDNODE_RETURN_IF_ERROR(SetPathFields(route, call, message));
  if (message.expected_revision() == 0) {
    message.set_expected_revision(present->enterprise().revision());
  }
  return row.run(services, actor, message, call.deadline);
}

Response AnswerPatchEnterprise(const AdminRoute& route, const service::Services& services,
                               const V1Call& call) {
  const auto answered = PatchEnterprise(route, services, call);
  if (!answered.ok()) return Problem(*call.request, answered.error());
  return JsonResponse(ToJson(*answered));
}

using enum FieldsFrom;
namespace calls = admin_calls;

constexpr std::array kAdminRoutes = {
    AdminRoute{Operation::kListEnterprises, &Answer<calls::kListEnterprises>, kQuery},
    AdminRoute{Operation::kCreateEnterprise, &Answer<calls::kCreateEnterprise>, kBody},
    AdminRoute{Operation::kGetEnterprise, &Answer<calls::kGetEnterprise>, kQuery, {"credit_code"}},
    AdminRoute{
        Operation::kUpdateEnterprise, &AnswerPatchEnterprise, kBody, {"enterprise.credit_code"}},
    AdminRoute{Operation::kListPrefixes, &Answer<calls::kListPrefixes>, kQuery},
    AdminRoute{Operation::kAdmitPrefix, &Answer<calls::kAdmitPrefix>, kBody},
    AdminRoute{Operation::kApplyPrefix, &Answer<calls::kApplyPrefix>, kBody},
    AdminRoute{Operation::kGetPrefix, &Answer<calls::kGetPrefix>, kQuery, {"prefix"}},
    AdminRoute{Operation::kSetPrefixState, &Answer<calls::kSetPrefixState>, kBody, {"prefix"}},
    AdminRoute{Operation::kSetPrefixRoute, &Answer<calls::kSetPrefixRoute>, kBody, {"prefix"}},
    AdminRoute{Operation::kSetPrefixQuota, &Answer<calls::kSetPrefixQuota>, kBody, {"prefix"}},
    AdminRoute{Operation::kListTemplates, &Answer<calls::kListTemplates>, kQuery},
    AdminRoute{Operation::kPutTemplate, &Answer<calls::kPutTemplate>, kBody},
    AdminRoute{Operation::kGetTemplate,
               &Answer<calls::kGetTemplate>,
               kQuery,
               {"owner", "name", "version"}},
    AdminRoute{Operation::kPublishTemplate,
               &Answer<calls::kPublishTemplate>,
               kBodyIfAny,
               {"owner", "name", "version"}},
    AdminRoute{Operation::kWithdrawTemplate,
               &Answer<calls::kWithdrawTemplate>,
               kBodyIfAny,
               {"owner", "name", "version"}},
    AdminRoute{Operation::kDeleteTemplate,
               &Answer<calls::kDeleteTemplate>,
               kQuery,
               {"owner", "name", "version"}},
    AdminRoute{Operation::kListApplications, &Answer<calls::kListApplications>, kQuery},
    AdminRoute{Operation::kCreateApplication, &Answer<calls::kCreateApplication>, kBody},
    AdminRoute{Operation::kRevokeApplication, &Answer<calls::kRevokeApplication>, kQuery, {"name"}},
    AdminRoute{Operation::kCreateToken, &Answer<calls::kCreateToken>, kBodyIfAny, {"name"}},
    AdminRoute{Operation::kRevokeToken, &Answer<calls::kRevokeToken>, kQuery, {"name", "id"}},
    AdminRoute{Operation::kBindCertificate, &Answer<calls::kBindCertificate>, kBody, {"name"}},
    AdminRoute{Operation::kUnbindCertificate,
               &Answer<calls::kUnbindCertificate>,
               kQuery,
               {"name", "fingerprint"}},
    AdminRoute{Operation::kListUsers, &Answer<calls::kListUsers>, kQuery},
    AdminRoute{Operation::kCreateUser, &Answer<calls::kCreateUser>, kBody},
    AdminRoute{Operation::kSetPassword, &Answer<calls::kSetPassword>, kBody, {"name"}},
    AdminRoute{Operation::kDisableUser,
               &Answer<calls::kDisableUser>,
               kBodyIfAny,
               {"name"},
               "enable",
               "false"},
    AdminRoute{Operation::kEnableUser,
               &Answer<calls::kDisableUser>,
               kBodyIfAny,
               {"name"},
               "enable",
               "true"},
    AdminRoute{Operation::kLogin, &Answer<calls::kLogin>, kBody},
    AdminRoute{Operation::kListGrants, &Answer<calls::kListGrants>, kQuery},
    AdminRoute{Operation::kCreateGrant, &Answer<calls::kCreateGrant>, kBody},
    AdminRoute{Operation::kRevokeGrant, &Answer<calls::kRevokeGrant>, kQuery, {"prefix", "id"}},
    AdminRoute{Operation::kWhoCanSee, &Answer<calls::kWhoCanSee>, kBody},
    AdminRoute{Operation::kPreviewRecord, &Answer<calls::kPreviewRecord>, kBody},
    AdminRoute{Operation::kListAuditEntries, &Answer<calls::kListAuditEntries>, kQuery},
    AdminRoute{Operation::kVerifyAuditLog, &Answer<calls::kVerifyAuditLog>, kBodyIfAny},
    AdminRoute{Operation::kAcceptClock, &Answer<calls::kAcceptClock, JsonFields::kAll>, kBodyIfAny},
};

constexpr bool InOrder() {
  return std::is_sorted(
      kAdminRoutes.begin(), kAdminRoutes.end(),
      [](const AdminRoute& a, const AdminRoute& b) { return a.operation < b.operation; });
}
static_assert(InOrder());

}  // namespace

std::span<const AdminRoute> AdminRoutes() { return kAdminRoutes; }

const AdminRoute* FindAdminRoute(Operation operation) {
  const auto at = std::lower_bound(
      kAdminRoutes.begin(), kAdminRoutes.end(), operation,
      [](const AdminRoute& route, Operation wanted) { return route.operation < wanted; });
  return at != kAdminRoutes.end() && at->operation == operation ? &*at : nullptr;
}

}  // namespace idnode::frontend::http
