#include "tests/node/cli/fake_administration.h"

#include <algorithm>

#include <google/protobuf/util/json_util.h>

#include "node/cli/audit_chain.h"
#include "node/frontend/error_map.h"

namespace idnode::cli {
namespace {

constexpr std::int64_t kFirstEntrySeconds = 1'795'000'000;

}  // namespace

grpc::Status FakeAdministration::Begin(grpc::ServerContext* context,
                                       const google::protobuf::Message& request) {
  if (auto refused = admit_(context); !refused.ok()) return refused;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(request, &json);
  const std::lock_guard lock(mutex_);
  last_request_ = json;
  ++requests_;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::Refuse(grpc::ServerContext* context, Errc code,
                                        const std::string& detail, const std::string& field) {
  const auto wire = frontend::ToWire(code);
  context->AddTrailingMetadata("idnode-error", std::string(wire.slug));
  if (!field.empty()) context->AddTrailingMetadata("idnode-field", field);
  return {static_cast<grpc::StatusCode>(wire.grpc), detail};
}

std::string FakeAdministration::last_request() const {
  const std::lock_guard lock(mutex_);
  return last_request_;
}

int FakeAdministration::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

v1::Enterprise FakeAdministration::enterprise(const std::string& code) const {
  const std::lock_guard lock(mutex_);
  const auto found = enterprises_.find(code);
  return found == enterprises_.end() ? v1::Enterprise() : found->second;
}

std::size_t FakeAdministration::enterprises() const {
  const std::lock_guard lock(mutex_);
  return enterprises_.size();
}

v1::Prefix FakeAdministration::prefix(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = prefixes_.find(name);
  return found == prefixes_.end() ? v1::Prefix() : found->second;
}

// ---- enterprises -------------------------------------------------------------------

grpc::Status FakeAdministration::CreateEnterprise(grpc::ServerContext* context,
                                                  const v1::CreateEnterpriseRequest* request,
                                                  v1::CreateEnterpriseResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] =
      enterprises_.try_emplace(request->enterprise().credit_code(), request->enterprise());
  if (!is_new) return Refuse(context, Errc::kAlreadyExists, "it is there", "creditCode");
  found->second.set_revision(1);
  *response->mutable_enterprise() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::UpdateEnterprise(grpc::ServerContext* context,
                                                  const v1::UpdateEnterpriseRequest* request,
                                                  v1::UpdateEnterpriseResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const auto found = enterprises_.find(request->enterprise().credit_code());
  if (found == enterprises_.end()) return Refuse(context, Errc::kNotFound, "none", "creditCode");
  const std::uint32_t revision = found->second.revision();
  if (request->expected_revision() != 0 && request->expected_revision() != revision) {
    return Refuse(context, Errc::kPreconditionFailed, "another revision", "expectedRevision");
  }
  found->second = request->enterprise();
  found->second.set_revision(revision + 1);
  *response->mutable_enterprise() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::GetEnterprise(grpc::ServerContext* context,
                                               const v1::GetEnterpriseRequest* request,
                                               v1::GetEnterpriseResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const auto found = enterprises_.find(request->credit_code());
  if (found == enterprises_.end()) return Refuse(context, Errc::kNotFound, "none", "creditCode");
  *response->mutable_enterprise() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::ListEnterprises(grpc::ServerContext* context,
                                                 const v1::ListEnterprisesRequest* request,
                                                 v1::ListEnterprisesResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  for (auto at = enterprises_.lower_bound(request->page_token()); at != enterprises_.end(); ++at) {
    if (response->enterprises_size() == static_cast<int>(request->page_size())) {
      response->set_next_page_token(at->first);
      break;
    }
    *response->add_enterprises() = at->second;
  }
  return grpc::Status::OK;
}

// ---- prefixes ----------------------------------------------------------------------

v1::Prefix* FakeAdministration::Find(grpc::ServerContext* context, const std::string& name,
                                     grpc::Status& refused) {
  const auto found = prefixes_.find(name);
  if (found != prefixes_.end()) return &found->second;
  refused = Refuse(context, Errc::kNotFound, "no such prefix", "prefix");
  return nullptr;
}

grpc::Status FakeAdministration::ApplyPrefix(grpc::ServerContext* context,
                                             const v1::ApplyPrefixRequest* request,
                                             v1::ApplyPrefixResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = prefixes_.try_emplace(request->prefix());
  if (!is_new) return Refuse(context, Errc::kAlreadyExists, "it is there", "prefix");
  found->second.set_prefix(request->prefix());
  found->second.set_enterprise(request->enterprise());
  found->second.set_state(v1::AWAITING_AUDIT);
  found->second.set_hosting(v1::HOSTED);
  *response->mutable_prefix() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::AdmitPrefix(grpc::ServerContext* context,
                                             const v1::AdmitPrefixRequest* request,
                                             v1::AdmitPrefixResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = prefixes_.try_emplace(request->prefix());
  if (!is_new) return Refuse(context, Errc::kAlreadyExists, "it is there", "prefix");
  found->second.set_prefix(request->prefix());
  found->second.set_enterprise(request->enterprise());
  found->second.set_state(v1::PREFIX_ACTIVE);
  found->second.set_hosting(v1::HOSTED);
  *response->mutable_prefix() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::SetPrefixState(grpc::ServerContext* context,
                                                const v1::SetPrefixStateRequest* request,
                                                v1::SetPrefixStateResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Prefix* const prefix = Find(context, request->prefix(), refused);
  if (prefix == nullptr) return refused;
  prefix->set_state(request->state());
  v1::PrefixStateChange& change = *prefix->add_history();
  change.set_state(request->state());
  change.set_reason(request->reason());
  change.set_by("operator");
  *response->mutable_prefix() = *prefix;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::SetPrefixRoute(grpc::ServerContext* context,
                                                const v1::SetPrefixRouteRequest* request,
                                                v1::SetPrefixRouteResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Prefix* const prefix = Find(context, request->prefix(), refused);
  if (prefix == nullptr) return refused;
  prefix->set_hosting(request->hosting());
  *prefix->mutable_route() = request->route();
  *response->mutable_prefix() = *prefix;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::SetPrefixQuota(grpc::ServerContext* context,
                                                const v1::SetPrefixQuotaRequest* request,
                                                v1::SetPrefixQuotaResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Prefix* const prefix = Find(context, request->prefix(), refused);
  if (prefix == nullptr) return refused;
  *prefix->mutable_quota() = request->quota();
  *response->mutable_prefix() = *prefix;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::GetPrefix(grpc::ServerContext* context,
                                           const v1::GetPrefixRequest* request,
                                           v1::GetPrefixResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Prefix* const prefix = Find(context, request->prefix(), refused);
  if (prefix == nullptr) return refused;
  *response->mutable_prefix() = *prefix;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::ListPrefixes(grpc::ServerContext* context,
                                              const v1::ListPrefixesRequest* request,
                                              v1::ListPrefixesResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  // Two to an answer: that a client reads them all can then be seen.
  for (auto at = prefixes_.lower_bound(request->page_token()); at != prefixes_.end(); ++at) {
    if (response->prefixes_size() == 2) {
      response->set_next_page_token(at->first);
      break;
    }
    const bool wanted =
        request->state() == v1::PREFIX_STATE_UNSPECIFIED || request->state() == at->second.state();
    if (wanted) *response->add_prefixes() = at->second;
  }
  return grpc::Status::OK;
}

// ---- templates ---------------------------------------------------------------------

v1::Template* FakeAdministration::Find(grpc::ServerContext* context, const v1::TemplateName& name,
                                       grpc::Status& refused) {
  v1::Template* found = nullptr;
  for (v1::Template& one : templates_) {
    const bool fits =
        name.version() == 0 ? one.status() == v1::PUBLISHED : one.version() == name.version();
    if (fits && one.owner() == name.owner() && one.name() == name.name()) found = &one;
  }
  if (found == nullptr) refused = Refuse(context, Errc::kTemplateNotFound, "no such template");
  return found;
}

grpc::Status FakeAdministration::PutTemplate(grpc::ServerContext* context,
                                             const v1::PutTemplateRequest* request,
                                             v1::PutTemplateResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  std::uint32_t version = 1;
  for (const v1::Template& one : templates_) {
    if (one.owner() == request->owner() && one.name() == request->name()) ++version;
  }
  v1::Template& stored = templates_.emplace_back();
  stored.set_owner(request->owner());
  stored.set_name(request->name());
  stored.set_version(version);
  stored.set_status(v1::DRAFT);
  stored.set_reference(request->name() + "@" + std::to_string(version));
  *stored.mutable_schema() = request->schema();
  *response->mutable_template_() = stored;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::PublishTemplate(grpc::ServerContext* context,
                                                 const v1::TemplateName* request,
                                                 v1::PublishTemplateResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Template* const found = Find(context, *request, refused);
  if (found == nullptr) return refused;
  found->set_status(v1::PUBLISHED);
  *response->mutable_template_() = *found;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::WithdrawTemplate(grpc::ServerContext* context,
                                                  const v1::TemplateName* request,
                                                  v1::WithdrawTemplateResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Template* const found = Find(context, *request, refused);
  if (found == nullptr) return refused;
  found->set_status(v1::WITHDRAWN);
  *response->mutable_template_() = *found;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::DeleteTemplate(grpc::ServerContext* context,
                                                const v1::TemplateName* request,
                                                v1::DeleteTemplateResponse* /*response*/) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  grpc::Status refused;
  v1::Template* const found = Find(context, *request, refused);
  if (found == nullptr) return refused;
  templates_.erase(templates_.begin() + (found - templates_.data()));
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::GetTemplate(grpc::ServerContext* context,
                                             const v1::GetTemplateRequest* request,
                                             v1::GetTemplateResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  v1::TemplateName name;
  name.set_owner(request->owner());
  name.set_name(request->name());
  name.set_version(request->version());
  grpc::Status refused;
  v1::Template* const found = Find(context, name, refused);
  if (found == nullptr) return refused;
  *response->mutable_template_() = *found;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::ListTemplates(grpc::ServerContext* context,
                                               const v1::ListTemplatesRequest* request,
                                               v1::ListTemplatesResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  for (const v1::Template& one : templates_) *response->add_templates() = one;
  return grpc::Status::OK;
}

// ---- access ------------------------------------------------------------------------

grpc::Status FakeAdministration::CreateApplication(grpc::ServerContext* context,
                                                   const v1::CreateApplicationRequest* request,
                                                   v1::CreateApplicationResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  v1::Application& application = applications_[request->name()];
  application.set_name(request->name());
  *application.mutable_prefixes() = request->prefixes();
  application.set_role(request->role());
  application.add_tokens()->set_id("t1");
  *response->mutable_application() = application;
  response->set_token("token-of-" + request->name());
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::ListApplications(grpc::ServerContext* context,
                                                  const v1::ListApplicationsRequest* request,
                                                  v1::ListApplicationsResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, application] : applications_) {
    *response->add_applications() = application;
  }
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::CreateToken(grpc::ServerContext* context,
                                             const v1::CreateTokenRequest* request,
                                             v1::CreateTokenResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  v1::Application& application = applications_[request->name()];
  const std::string id = "t" + std::to_string(application.tokens_size() + 1);
  application.add_tokens()->set_id(id);
  response->set_id(id);
  response->set_token("token-" + id);
  *response->mutable_application() = application;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::RevokeToken(grpc::ServerContext* context,
                                             const v1::RevokeTokenRequest* request,
                                             v1::RevokeTokenResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  v1::Application& application = applications_[request->name()];
  for (v1::Token& token : *application.mutable_tokens()) {
    if (token.id() == request->id()) token.set_revoked(true);
  }
  *response->mutable_application() = application;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::BindCertificate(grpc::ServerContext* context,
                                                 const v1::BindCertificateRequest* request,
                                                 v1::BindCertificateResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  v1::Application& application = applications_[request->name()];
  application.add_certificates(request->fingerprint());
  *response->mutable_application() = application;
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::CreateUser(grpc::ServerContext* context,
                                            const v1::CreateUserRequest* request,
                                            v1::CreateUserResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  response->mutable_user()->set_name(request->name());
  response->mutable_user()->set_role(request->role());
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::SetPassword(grpc::ServerContext* context,
                                             const v1::SetPasswordRequest* request,
                                             v1::SetPasswordResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  response->mutable_user()->set_name(request->name());
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::Login(grpc::ServerContext* context,
                                       const v1::LoginRequest* request,
                                       v1::LoginResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  if (request->password() != "correct horse") {
    return Refuse(context, Errc::kUnauthenticated, "name or password is wrong");
  }
  response->set_token("session-of-" + request->name());
  response->mutable_expires_at()->set_seconds(kFirstEntrySeconds);
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::CreateGrant(grpc::ServerContext* context,
                                             const v1::CreateGrantRequest* request,
                                             v1::CreateGrantResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  *response->mutable_grant() = request->grant();
  response->mutable_grant()->set_id("g1");
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::WhoCanSee(grpc::ServerContext* context,
                                           const v1::WhoCanSeeRequest* request,
                                           v1::WhoCanSeeResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  response->set_identifier(request->identifier());
  const auto add = [&](const char* item, v1::Visibility visibility) {
    v1::ItemVisibility& one = *response->add_items();
    one.set_item(item);
    one.set_visibility(visibility);
    return &one;
  };
  add("attributes.colour", v1::PUBLIC);
  add("attributes.price", v1::GRANTED)->add_applications("retailer\x1b[31m");
  add("attributes.cost", v1::PRIVATE);
  return grpc::Status::OK;
}

// ---- audit -------------------------------------------------------------------------

void FakeAdministration::AddAuditEntry(const std::string& who, const std::string& action) {
  const std::lock_guard lock(mutex_);
  v1::AuditEntry& entry = audit_.emplace_back();
  entry.set_number(audit_.size());
  // Two entries to a millisecond: times do not tell them apart.
  const std::int64_t ms = kFirstEntrySeconds * 1000 + static_cast<std::int64_t>(audit_.size() / 2);
  entry.mutable_at()->set_seconds(ms / 1000);
  entry.mutable_at()->set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
  entry.set_who(who);
  entry.set_role("operator");
  entry.set_from("192.0.2.7");
  entry.set_action(action);
  entry.set_target("88.108.1001");
  entry.set_count(1);
  audit_head_ = AuditHashOf(audit_head_, entry);
  entry.set_hash(
      std::string(reinterpret_cast<const char*>(audit_head_.data()), audit_head_.size()));
}

void FakeAdministration::TamperWithAuditEntry(std::size_t number) {
  const std::lock_guard lock(mutex_);
  audit_[number - 1].set_target("88.108.6666");
}

void FakeAdministration::SetAuditPage(int entries) {
  const std::lock_guard lock(mutex_);
  audit_page_ = entries;
}

grpc::Status FakeAdministration::ListAuditEntries(grpc::ServerContext* context,
                                                  const v1::ListAuditEntriesRequest* request,
                                                  v1::ListAuditEntriesResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  const int page = audit_page_ > 0 ? audit_page_ : static_cast<int>(request->page_size());
  const std::uint64_t after =
      request->page_token().empty() ? 0 : std::stoull(request->page_token());
  std::vector<v1::AuditEntry> entries(audit_);
  if (!request->ascending()) std::reverse(entries.begin(), entries.end());
  const auto ms = [](const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000 + time.nanos() / 1'000'000;
  };
  std::uint64_t at = 0;
  for (const v1::AuditEntry& entry : entries) {
    ++at;
    if (at <= after || ms(entry.at()) < ms(request->from())) continue;
    if (response->entries_size() == page) {
      response->set_next_page_token(std::to_string(at - 1));
      break;
    }
    *response->add_entries() = entry;
  }
  return grpc::Status::OK;
}

grpc::Status FakeAdministration::VerifyAuditLog(grpc::ServerContext* context,
                                                const v1::VerifyAuditLogRequest* request,
                                                v1::VerifyAuditLogResponse* response) {
  if (auto refused = Begin(context, *request); !refused.ok()) return refused;
  const std::lock_guard lock(mutex_);
  AuditChain chain;
  for (const v1::AuditEntry& entry : audit_) {
    if (!chain.Add(entry).ok()) {
      response->set_broken_at(entry.number());
      break;
    }
  }
  response->set_first(audit_.empty() ? 0 : 1);
  response->set_last(audit_.size());
  response->set_head(
      std::string(reinterpret_cast<const char*>(audit_head_.data()), audit_head_.size()));
  return grpc::Status::OK;
}

}  // namespace idnode::cli
