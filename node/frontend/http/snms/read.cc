// Reading one identifier: detail, and resolution as HTTP clients of recursive nodes know it.
#include <utility>

#include "node/frontend/admit_identifier.h"
#include "node/frontend/error_map.h"
#include "node/frontend/http/snms/call.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http::snms {
namespace {

struct Found {
  service::ResolvedRecord resolved;
  std::string folded;
};

// `found` stays where it is: its record's views point into it.
Result<void> FindRecord(const Context& context, const Call& call, std::string_view identifier,
                        Found& found) {
  found.folded = FoldIdentifier(identifier);
  IDNODE_RETURN_IF_ERROR(AdmitIdentifier(context.services, *call.caller, identifier));
  return context.services.resolution.Resolve(identifier, *call.caller, call.deadline,
                                             found.resolved);
}

Result<std::string> ValuesJson(const Context& context, const Call& call, const Found& found,
                               bool with_times) {
  const service::Administration& admin = context.services.admin;
  const service::Disclosure disclosure =
      admin.disclosure.For(*call.caller, found.folded, found.resolved.record);
  std::string values;
  IDNODE_RETURN_IF_ERROR(AppendValues(found.resolved.record, found.folded, disclosure,
                                      admin.templates, with_times, values));
  return values;
}

}  // namespace

Result<Reply> Detail(const Context& context, const Call& call) {
  const std::string identifier = call.Parameter("handle");
  if (identifier.empty()) return Missing("handle");
  Found found;
  IDNODE_RETURN_IF_ERROR(FindRecord(context, call, identifier, found));
  const auto values = ValuesJson(context, call, found, false);
  if (!values.ok()) return values.error();
  const std::string_view shown = found.resolved.identifier;
  const std::string_view version = TemplateVersionOf(found.resolved.record.template_ref);
  std::string data;
  ObjectJson object(data);
  object.Text("code", "200")
      .Text("prefix", shown.substr(0, shown.find('/')))
      .Text("handle", shown)
      .TextOrNull("templateVersion", version);
  object.Json("value").append(*values);
  object.End();
  return Reply::Success(std::move(data));
}

Result<Reply> Resolve(const Context& context, const Call& call) {
  constexpr std::string_view kPath = "/resolve/";
  std::string scratch;
  const auto identifier = PercentDecode(call.path.substr(kPath.size()), scratch);
  if (!identifier) return Refusal("标识编码无效", Errc::kInvalidIdentifier);
  Found found;
  IDNODE_RETURN_IF_ERROR(FindRecord(context, call, *identifier, found));
  // Revoked (吊销): the public answer is that it is gone, as on the node's own resolution.
  if (found.resolved.record.state == State::kRevoked) {
    return Error(Errc::kIdentifierRevoked, {});
  }
  const auto values = ValuesJson(context, call, found, true);
  if (!values.ok()) return values.error();
  Reply reply;
  ObjectJson object(reply.body);
  object.Number("responseCode", ToWire(Errc::kOk).handle)
      .Text("msg", kSuccessMessage)
      .Text("handle", found.resolved.identifier);
  object.Json("value").append(*values);
  object.End();
  return reply;
}

}  // namespace idnode::frontend::http::snms
