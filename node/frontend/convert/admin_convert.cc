#include "node/frontend/convert/admin_convert.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/convert/timestamps.h"
#include "node/model/template_forms.h"

namespace idnode::frontend {
namespace {

void FillContact(const service::ContactInfo& info, v1::Contact& out) {
  out.set_name(info.name);
  out.set_phone(info.phone);
  out.set_email(info.email);
}

bool IsEmpty(const service::ContactInfo& info) {
  return info.name.empty() && info.phone.empty() && info.email.empty();
}

service::ContactInfo ToContact(const v1::Contact& contact) {
  return {contact.name(), contact.phone(), contact.email()};
}

Error UnknownForm() {
  return Error(Errc::kInvalidRequest, "a template's form is JSON_SCHEMA, SNMS or IDHUB", "form");
}

Result<std::uint16_t> ToPort(std::uint32_t port, const char* field) {
  if (port > std::numeric_limits<std::uint16_t>::max()) {
    return Error(Errc::kInvalidRequest,
                 "a port is at most 65535; " + std::to_string(port) + " is none", field);
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

void FillEnterprise(const service::EnterpriseInfo& info, std::span<const std::string> prefixes,
                    v1::Enterprise& out) {
  out.set_credit_code(info.credit_code);
  out.set_name(info.name);
  out.set_industry(info.industry);
  out.set_region(info.region);
  out.set_address(info.address);
  if (!IsEmpty(info.contact)) FillContact(info.contact, *out.mutable_contact());
  if (!IsEmpty(info.legal_person)) FillContact(info.legal_person, *out.mutable_legal_person());
  out.set_nature(info.nature);
  if (info.created_ms != 0) SetTime(info.created_ms, *out.mutable_created_at());
  if (info.updated_ms != 0) SetTime(info.updated_ms, *out.mutable_updated_at());
  out.set_revision(info.revision);
  for (const std::string& prefix : prefixes) out.add_prefixes(prefix);
}

void FillPrefix(const service::PrefixInfo& info, v1::Prefix& out) {
  out.set_prefix(info.prefix);
  if (info.admitted_ms != 0) SetTime(info.admitted_ms, *out.mutable_admitted_at());
  out.set_enterprise(info.enterprise);
  out.set_state(static_cast<v1::PrefixState>(info.state));  // the numbers are the same
  out.set_hosting(static_cast<v1::Hosting>(info.hosting));
  if (!info.route.address.empty()) {
    v1::PrefixRoute& route = *out.mutable_route();
    route.set_address(info.route.address);
    route.set_tcp_port(info.route.tcp_port);
    route.set_udp_port(info.route.udp_port);
    route.set_http_port(info.route.http_port);
  }
  const service::PrefixQuota& quota = info.quota;
  if ((quota.identifiers_soft | quota.identifiers_hard | quota.rate_soft | quota.rate_hard) != 0) {
    v1::PrefixQuota& filled = *out.mutable_quota();
    filled.set_identifiers_soft(quota.identifiers_soft);
    filled.set_identifiers_hard(quota.identifiers_hard);
    filled.set_rate_soft(quota.rate_soft);
    filled.set_rate_hard(quota.rate_hard);
  }
  for (const service::PrefixStateChange& change : info.history) {
    v1::PrefixStateChange& added = *out.add_history();
    added.set_state(static_cast<v1::PrefixState>(change.state));
    added.set_by(change.by);
    added.set_reason(change.reason);
    SetTime(change.at_ms, *added.mutable_at());
  }
  out.set_identifiers(info.identifiers);
}

Result<void> FillTemplate(const service::TemplateInfo& info, v1::TemplateForm form,
                          bool with_schema, v1::Template& out) {
  out.set_owner(info.owner);
  out.set_name(info.name);
  out.set_version(info.version);
  out.set_status(static_cast<v1::TemplateStatus>(info.status));  // the numbers are the same
  out.set_title(info.content.title);
  out.set_description(info.content.description);
  out.set_industry(info.content.industry);
  if (info.created_ms != 0) SetTime(info.created_ms, *out.mutable_created_at());
  if (info.published_ms != 0) SetTime(info.published_ms, *out.mutable_published_at());
  out.set_reference(info.Reference());
  out.set_in_use(info.in_use);
  if (!with_schema) return {};
  std::string json;
  switch (form) {
    case v1::JSON_SCHEMA:
      json = ToJsonSchema(info.content, info.name, info.version);
      break;
    case v1::SNMS:
      json = ToSnmsTemplate(info.content, info.owner, info.Reference());
      break;
    case v1::IDHUB:
      json = ToIdhubMetadata(info.content, info.owner + "/" + info.Reference());
      break;
    default:  // a number that a newer client knows
      return UnknownForm();
  }
  return ParseAttributes(json, *out.mutable_schema());
}

void FillApplication(const service::ApplicationInfo& info, v1::Application& out) {
  out.set_name(info.name);
  for (const std::string& prefix : info.prefixes) out.add_prefixes(prefix);
  SetTime(info.created_ms, *out.mutable_created_at());
  out.set_revoked(info.revoked);
  out.set_enterprise(info.enterprise);
  out.set_role(FromRole(info.role));
  for (const service::TokenInfo& token : info.tokens) {
    v1::Token& added = *out.add_tokens();
    added.set_id(token.id);
    SetTime(token.created_ms, *added.mutable_created_at());
    if (token.expires_ms != 0) SetTime(token.expires_ms, *added.mutable_expires_at());
    added.set_revoked(token.revoked);
  }
  for (const std::string& certificate : info.certificates) out.add_certificates(certificate);
}

void FillUser(const service::UserInfo& info, v1::User& out) {
  out.set_name(info.name);
  out.set_role(FromRole(info.role));
  out.set_enterprise(info.enterprise);
  out.set_disabled(info.disabled);
  if (info.created_ms != 0) SetTime(info.created_ms, *out.mutable_created_at());
}

void FillGrant(const service::GrantInfo& info, v1::Grant& out) {
  out.set_id(info.id);
  out.set_prefix(info.prefix);
  out.set_template_(info.template_name);
  for (const std::string& item : info.items) out.add_items(item);
  out.set_identifier(info.identifier);
  out.set_to_enterprise(info.to_enterprise);
  out.set_to_application(info.to_application);
  if (info.ends_ms != 0) SetTime(info.ends_ms, *out.mutable_ends_at());
  if (info.created_ms != 0) SetTime(info.created_ms, *out.mutable_created_at());
  out.set_created_by(info.created_by);
}

void FillAuditEntry(const service::AuditEntry& entry, v1::AuditEntry& out) {
  out.set_number(entry.number);
  SetTime(entry.at_ms, *out.mutable_at());
  out.set_who(entry.who);
  out.set_role(entry.role);
  out.set_from(entry.from);
  out.set_action(entry.action);
  out.set_target(entry.target);
  out.set_refused(entry.refused);
  out.set_before(entry.before);
  out.set_after(entry.after);
  out.set_count(entry.count);
  out.set_hash(entry.hash.data(), entry.hash.size());
}

service::EnterpriseInfo ToEnterprise(const v1::Enterprise& enterprise) {
  service::EnterpriseInfo info;
  info.credit_code = enterprise.credit_code();
  info.name = enterprise.name();
  info.industry = enterprise.industry();
  info.region = enterprise.region();
  info.address = enterprise.address();
  info.contact = ToContact(enterprise.contact());
  info.legal_person = ToContact(enterprise.legal_person());
  info.nature = enterprise.nature();
  return info;
}

service::PrefixQuota ToQuota(const v1::PrefixQuota& quota) {
  return {quota.identifiers_soft(), quota.identifiers_hard(), quota.rate_soft(), quota.rate_hard()};
}

Result<service::PrefixRoute> ToRoute(const v1::PrefixRoute& route) {
  const auto tcp = ToPort(route.tcp_port(), "route.tcpPort");
  if (!tcp.ok()) return tcp.error();
  const auto udp = ToPort(route.udp_port(), "route.udpPort");
  if (!udp.ok()) return udp.error();
  const auto http = ToPort(route.http_port(), "route.httpPort");
  if (!http.ok()) return http.error();
  return service::PrefixRoute{route.address(), *tcp, *udp, *http};
}

service::GrantInfo ToGrant(const v1::Grant& grant) {
  service::GrantInfo info;
  info.prefix = grant.prefix();
  info.template_name = grant.template_();
  info.items.assign(grant.items().begin(), grant.items().end());
  info.identifier = grant.identifier();
  info.to_enterprise = grant.to_enterprise();
  info.to_application = grant.to_application();
  if (grant.has_ends_at()) {
    // An end at the epoch is an end, and long past: not "never".
    const std::int64_t ends_ms = ToUnixMs(grant.ends_at());
    info.ends_ms = ends_ms == 0 ? -1 : ends_ms;
  }
  return info;
}

service::Role ToRole(v1::Role role) {
  switch (role) {
    case v1::APPLICATION:
      return service::Role::kApplication;
    case v1::ENTERPRISE_ADMINISTRATOR:
      return service::Role::kEnterpriseAdministrator;
    case v1::AUDITOR:
      return service::Role::kAuditor;
    case v1::OPERATOR:
      return service::Role::kOperator;
    default:  // unspecified, or a number that a newer client knows
      return service::Role::kAnonymous;
  }
}

v1::Role FromRole(service::Role role) {
  switch (role) {  // no default: -Wswitch reports a forgotten role
    case service::Role::kAnonymous:
      break;
    case service::Role::kApplication:
      return v1::APPLICATION;
    case service::Role::kAuditor:
      return v1::AUDITOR;
    case service::Role::kOperator:
      return v1::OPERATOR;
    case service::Role::kEnterpriseAdministrator:
      return v1::ENTERPRISE_ADMINISTRATOR;
  }
  return v1::ROLE_UNSPECIFIED;
}

service::AuditQuery ToAuditQuery(const v1::ListAuditEntriesRequest& request) {
  service::AuditQuery query;
  query.page_size = request.page_size();
  query.page_token = request.page_token();
  if (request.has_from()) query.from_ms = ToUnixMs(request.from());
  if (request.has_to()) query.to_ms = ToUnixMs(request.to());
  query.who = request.who();
  query.action = request.action();
  query.target = request.target();
  query.refused_only = request.refused_only();
  query.ascending = request.ascending();
  return query;
}

Result<DataTemplate> ToTemplate(const v1::PutTemplateRequest& request) {
  auto json = CanonicalJson(request.schema());
  if (!json.ok()) return Error(Errc::kInvalidRequest, json.error().detail, "schema");
  if (json->empty()) return Error(Errc::kInvalidRequest, "give the template", "schema");
  switch (request.form()) {
    case v1::JSON_SCHEMA:
      return FromJsonSchema(*json);
    case v1::SNMS:
      return FromSnmsTemplate(*json);
    case v1::IDHUB:
      return FromIdhubMetadata(*json);
    default:  // a number that a newer client knows
      return UnknownForm();
  }
}

}  // namespace idnode::frontend
