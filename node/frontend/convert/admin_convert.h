#pragma once

#include <span>
#include <string>

#include "idnode/v1/access.pb.h"
#include "idnode/v1/audit.pb.h"
#include "idnode/v1/enterprise.pb.h"
#include "idnode/v1/template.pb.h"
#include "node/base/result.h"
#include "node/model/data_template.h"
#include "node/service/access_control.h"
#include "node/service/audit_log.h"
#include "node/service/enterprise_registry.h"
#include "node/service/grant_store.h"
#include "node/service/prefix_registry.h"
#include "node/service/template_registry.h"
#include "node/service/user_store.h"

namespace idnode::frontend {

/// What administration works with, as messages and back. Pure. A time that is 0 is absent.

/// `prefixes` are the enterprise's.
void FillEnterprise(const service::EnterpriseInfo& info, std::span<const std::string> prefixes,
                    v1::Enterprise& out);
void FillPrefix(const service::PrefixInfo& info, v1::Prefix& out);
/// `with_schema`: the template too, in the form asked for. Errors: kInvalidRequest (field "form")
/// for a form that is none.
Result<void> FillTemplate(const service::TemplateInfo& info, v1::TemplateForm form,
                          bool with_schema, v1::Template& out);
void FillApplication(const service::ApplicationInfo& info, v1::Application& out);
void FillUser(const service::UserInfo& info, v1::User& out);
void FillGrant(const service::GrantInfo& info, v1::Grant& out);
void FillAuditEntry(const service::AuditEntry& entry, v1::AuditEntry& out);

/// What the caller says of an enterprise: times, revision and prefixes are the node's to say, and
/// are passed over.
service::EnterpriseInfo ToEnterprise(const v1::Enterprise& enterprise);
service::PrefixQuota ToQuota(const v1::PrefixQuota& quota);
/// Errors: kInvalidRequest (field "route.tcpPort", "route.udpPort", "route.httpPort") for a port
/// beyond 65535.
Result<service::PrefixRoute> ToRoute(const v1::PrefixRoute& route);
/// Id, creation time and creator are the node's to say, and are passed over.
service::GrantInfo ToGrant(const v1::Grant& grant);

/// kAnonymous for an unspecified or unknown role: where a default holds, the caller gives it.
service::Role ToRole(v1::Role role);
/// ROLE_UNSPECIFIED for kAnonymous.
v1::Role FromRole(service::Role role);

service::AuditQuery ToAuditQuery(const v1::ListAuditEntriesRequest& request);
/// Reads the schema in the form named. Errors: kInvalidRequest (field "form", or within the schema
/// as the readers of node/model/template_forms.h say).
Result<DataTemplate> ToTemplate(const v1::PutTemplateRequest& request);

}  // namespace idnode::frontend
