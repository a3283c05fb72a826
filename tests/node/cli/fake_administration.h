#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "idnode/v1/access.grpc.pb.h"
#include "idnode/v1/audit.grpc.pb.h"
#include "idnode/v1/enterprise.grpc.pb.h"
#include "idnode/v1/template.grpc.pb.h"
#include "node/base/errc.h"
#include "node/base/text.h"

namespace idnode::cli {

/// The administrative services of a node as its clients see them: it keeps what it is told, with
/// only the rules that a client can tell. Thread-safe.
class FakeAdministration final : public v1::AccessService::Service,
                                 public v1::EnterpriseService::Service,
                                 public v1::PrefixService::Service,
                                 public v1::TemplateService::Service,
                                 public v1::AuditService::Service {
 public:
  /// `admit` says whether a call is let in.
  using Admit = std::function<grpc::Status(grpc::ServerContext*)>;
  explicit FakeAdministration(Admit admit) : admit_(std::move(admit)) {}

  /// The last request as JSON, and how many there were.
  std::string last_request() const;
  int requests() const;
  v1::Enterprise enterprise(const std::string& code) const;
  std::size_t enterprises() const;
  v1::Prefix prefix(const std::string& name) const;

  /// One more entry of the audit log, chained as the node chains them.
  void AddAuditEntry(const std::string& who, const std::string& action);
  /// Says another target in an entry, and leaves its hash.
  void TamperWithAuditEntry(std::size_t number);
  /// Entries of one answer, whatever is asked for.
  void SetAuditPage(int entries);

  // ---- EnterpriseService, PrefixService ------------------------------------------
  grpc::Status CreateEnterprise(grpc::ServerContext* context,
                                const v1::CreateEnterpriseRequest* request,
                                v1::CreateEnterpriseResponse* response) override;
  grpc::Status UpdateEnterprise(grpc::ServerContext* context,
                                const v1::UpdateEnterpriseRequest* request,
                                v1::UpdateEnterpriseResponse* response) override;
  grpc::Status GetEnterprise(grpc::ServerContext* context, const v1::GetEnterpriseRequest* request,
                             v1::GetEnterpriseResponse* response) override;
  grpc::Status ListEnterprises(grpc::ServerContext* context,
                               const v1::ListEnterprisesRequest* request,
                               v1::ListEnterprisesResponse* response) override;
  grpc::Status ApplyPrefix(grpc::ServerContext* context, const v1::ApplyPrefixRequest* request,
                           v1::ApplyPrefixResponse* response) override;
  grpc::Status SetPrefixState(grpc::ServerContext* context,
                              const v1::SetPrefixStateRequest* request,
                              v1::SetPrefixStateResponse* response) override;
  grpc::Status SetPrefixRoute(grpc::ServerContext* context,
                              const v1::SetPrefixRouteRequest* request,
                              v1::SetPrefixRouteResponse* response) override;
  grpc::Status SetPrefixQuota(grpc::ServerContext* context,
                              const v1::SetPrefixQuotaRequest* request,
                              v1::SetPrefixQuotaResponse* response) override;
  grpc::Status GetPrefix(grpc::ServerContext* context, const v1::GetPrefixRequest* request,
                         v1::GetPrefixResponse* response) override;
  grpc::Status AdmitPrefix(grpc::ServerContext* context, const v1::AdmitPrefixRequest* request,
                           v1::AdmitPrefixResponse* response) override;
  grpc::Status ListPrefixes(grpc::ServerContext* context, const v1::ListPrefixesRequest* request,
                            v1::ListPrefixesResponse* response) override;

  // ---- TemplateService -------------------------------------------------------------
  grpc::Status PutTemplate(grpc::ServerContext* context, const v1::PutTemplateRequest* request,
                           v1::PutTemplateResponse* response) override;
  grpc::Status PublishTemplate(grpc::ServerContext* context, const v1::TemplateName* request,
                               v1::PublishTemplateResponse* response) override;
  grpc::Status WithdrawTemplate(grpc::ServerContext* context, const v1::TemplateName* request,
                                v1::WithdrawTemplateResponse* response) override;
  grpc::Status DeleteTemplate(grpc::ServerContext* context, const v1::TemplateName* request,
                              v1::DeleteTemplateResponse* response) override;
  grpc::Status GetTemplate(grpc::ServerContext* context, const v1::GetTemplateRequest* request,
                           v1::GetTemplateResponse* response) override;
  grpc::Status ListTemplates(grpc::ServerContext* context, const v1::ListTemplatesRequest* request,
                             v1::ListTemplatesResponse* response) override;

  // ---- AccessService ----------------------------------------------------------------
  grpc::Status CreateApplication(grpc::ServerContext* context,
                                 const v1::CreateApplicationRequest* request,
                                 v1::CreateApplicationResponse* response) override;
  grpc::Status ListApplications(grpc::ServerContext* context,
                                const v1::ListApplicationsRequest* request,
                                v1::ListApplicationsResponse* response) override;
  grpc::Status CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                           v1::CreateTokenResponse* response) override;
  grpc::Status RevokeToken(grpc::ServerContext* context, const v1::RevokeTokenRequest* request,
                           v1::RevokeTokenResponse* response) override;
  grpc::Status BindCertificate(grpc::ServerContext* context,
                               const v1::BindCertificateRequest* request,
                               v1::BindCertificateResponse* response) override;
  grpc::Status CreateUser(grpc::ServerContext* context, const v1::CreateUserRequest* request,
                          v1::CreateUserResponse* response) override;
  grpc::Status SetPassword(grpc::ServerContext* context, const v1::SetPasswordRequest* request,
                           v1::SetPasswordResponse* response) override;
  grpc::Status Login(grpc::ServerContext* context, const v1::LoginRequest* request,
                     v1::LoginResponse* response) override;
  grpc::Status CreateGrant(grpc::ServerContext* context, const v1::CreateGrantRequest* request,
                           v1::CreateGrantResponse* response) override;
  grpc::Status WhoCanSee(grpc::ServerContext* context, const v1::WhoCanSeeRequest* request,
                         v1::WhoCanSeeResponse* response) override;

  // ---- AuditService -----------------------------------------------------------------
  grpc::Status ListAuditEntries(grpc::ServerContext* context,
                                const v1::ListAuditEntriesRequest* request,
                                v1::ListAuditEntriesResponse* response) override;
  grpc::Status VerifyAuditLog(grpc::ServerContext* context,
                              const v1::VerifyAuditLogRequest* request,
                              v1::VerifyAuditLogResponse* response) override;

 private:
  grpc::Status Begin(grpc::ServerContext* context, const google::protobuf::Message& request);
  static grpc::Status Refuse(grpc::ServerContext* context, Errc code, const std::string& detail,
                             const std::string& field = {});
  /// The prefix, or null and `refused`.
  v1::Prefix* Find(grpc::ServerContext* context, const std::string& name, grpc::Status& refused);
  v1::Template* Find(grpc::ServerContext* context, const v1::TemplateName& name,
                     grpc::Status& refused);

  const Admit admit_;
  mutable std::mutex mutex_;
  std::string last_request_;
  int requests_ = 0;
  std::map<std::string, v1::Enterprise> enterprises_;
  std::map<std::string, v1::Prefix> prefixes_;
  std::vector<v1::Template> templates_;
  std::map<std::string, v1::Application> applications_;
  std::vector<v1::AuditEntry> audit_;
  Digest audit_head_{};
  int audit_page_ = 0;
};

}  // namespace idnode::cli
