// Every operation of gRPC and of HTTP, asked by every role, against a table. A method or route
// without a row fails; so does a row without its method or route.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "idnode/v1/access.pb.h"
#include "idnode/v1/audit.pb.h"
#include "idnode/v1/enterprise.pb.h"
#include "idnode/v1/ledger.pb.h"
#include "idnode/v1/operation.pb.h"
#include "idnode/v1/registration.pb.h"
#include "idnode/v1/resolution.pb.h"
#include "idnode/v1/template.pb.h"
#include "idnode/v1/volume.pb.h"
#include "node/frontend/http/router.h"
#include "tests/node/frontend/access/access_node.h"

namespace idnode::frontend::testing {
namespace {

// What each asker is answered, in their order: anonymous, own and foreign application, own and
// foreign administrator, auditor, operator. 'Y' done, 'A' unauthenticated, 'D' denied, 'y' neither
// of these two (the request itself leads nowhere).
constexpr const char* kOperatorOnly = "ADDDDDY";
constexpr const char* kAuditors = "ADDDDYY";
constexpr const char* kAdministrators = "ADDYDDY";
constexpr const char* kAdministratorsAndAuditors = "ADDYDYY";
constexpr const char* kOwners = "AYDYDDY";
constexpr const char* kOwnersAndAuditors = "AYDYDYY";
constexpr const char* kKnown = "AYYYYYY";  // each sees what is theirs
constexpr const char* kEverybody = "YYYYYYY";
constexpr const char* kEverybodyInVain = "yyyyyyy";

// What the audit log is to hold of a call.
enum class Audit {
  kNothing,
  kRefusals,  ///< where it is refused
  kActs,      ///< where it is refused, and where it is done
};

struct Row {
  const char* method;  ///< of idnode.v1
  const char* json;
  const char* expected;
  Audit audit = Audit::kNothing;
  const char* action = "";  ///< as the audit log writes it
  std::vector<RpcRequest> before{};
};

const char* const kShoe = R"({"owner":"88.108.1001","name":"shoe$ROLE","schema":{"type":"object",)"
                          R"("properties":{"colour":{"type":"string"}}}})";
const char* const kShoeName = R"({"owner":"88.108.1001","name":"shoe$ROLE","version":1})";
const RpcRequest kDraft{"TemplateService.PutTemplate", kShoe};
const RpcRequest kPublished{"TemplateService.PublishTemplate", kShoeName};
const RpcRequest kApplication{
    "AccessService.CreateApplication",
    R"({"name":"app$ROLE","prefixes":["88.108.1001"],"enterprise":"$OWN"})"};
const RpcRequest kUser{"AccessService.CreateUser",
                       R"({"name":"user$ROLE","role":"ENTERPRISE_ADMINISTRATOR",)"
                       R"("enterprise":"$OWN","password":"correct horse battery"})"};
const RpcRequest kGrant{"AccessService.CreateGrant",
                        R"({"grant":{"prefix":"88.108.1001","identifier":"88.108.1001/SN1",)"
                        R"("toEnterprise":"$OTHER"}})"};
const RpcRequest kPrefix{"AccessService.AdmitPrefix",
                         R"({"prefix":"88.108.300$ROLE","enterprise":"$OWN"})"};
const RpcRequest kRegistered{
    "RegistrationService.BatchRegister",
    R"({"items":[{"identifier":"88.108.1001/R$ROLE","objectClass":"product"}]})"};
const RpcRequest kBound{"AccessService.BindCertificate",
                        R"({"name":"app$ROLE","fingerprint":"$ROLE)"
                        R"(00000000000000000000000000000000000000000000000000000000000000f"})"};

const std::vector<Row>& Rows() {
  static const std::vector<Row> kRows = {
      {"EnterpriseService.CreateEnterprise",
       R"({"enterprise":{"creditCode":"$NEW","name":"maker","industry":"C1952","region":"440300"}})",
       kOperatorOnly, Audit::kActs, "enterprise.create"},
      {"EnterpriseService.UpdateEnterprise",
       R"({"enterprise":{"creditCode":"$OWN","name":"Enterprise 1","industry":"C1952",)"
       R"("region":"440300","address":"street $ROLE"}})",
       kAdministrators, Audit::kActs, "enterprise.update"},
      {"EnterpriseService.GetEnterprise", R"({"creditCode":"$OWN"})", kOwnersAndAuditors,
       Audit::kRefusals, "enterprise.read"},
      {"EnterpriseService.ListEnterprises", "{}", kKnown, Audit::kRefusals, "enterprise.read"},

      {"PrefixService.ApplyPrefix", R"({"prefix":"88.108.310$ROLE","enterprise":"$OWN"})",
       kAdministrators, Audit::kActs, "prefix.apply"},
      {"PrefixService.SetPrefixState",
       R"({"prefix":"88.108.300$ROLE","state":"STOPPED","reason":"licence"})",
       kOperatorOnly,
       Audit::kActs,
       "prefix.set-state",
       {kPrefix}},
      {"PrefixService.SetPrefixRoute",
       R"({"prefix":"88.108.300$ROLE","hosting":"SELF_HOSTED",)"
       R"("route":{"address":"192.0.2.1","tcpPort":2641}})",
       kAdministrators,
       Audit::kActs,
       "prefix.set-route",
       {kPrefix}},
      {"PrefixService.SetPrefixQuota",
       R"({"prefix":"88.108.300$ROLE","quota":{"identifiersSoft":"10"}})",
       kOperatorOnly,
       Audit::kActs,
       "prefix.set-quota",
       {kPrefix}},
      {"PrefixService.GetPrefix", R"({"prefix":"88.108.1001"})", kOwnersAndAuditors,
       Audit::kRefusals, "prefix.read"},
      {"AccessService.AdmitPrefix", R"({"prefix":"88.108.300$ROLE","enterprise":"$OWN"})",
       kOperatorOnly, Audit::kActs, "prefix.admit"},
      {"AccessService.ListPrefixes", "{}", kKnown, Audit::kRefusals, "prefix.read"},

      {"TemplateService.PutTemplate", kShoe, kOwners, Audit::kActs, "template.put"},
      {"TemplateService.PublishTemplate",
       kShoeName,
       kOwners,
       Audit::kActs,
       "template.publish",
       {kDraft}},
      {"TemplateService.WithdrawTemplate",
       kShoeName,
       kOwners,
       Audit::kActs,
       "template.withdraw",
       {kDraft, kPublished}},
      {"TemplateService.DeleteTemplate",
       kShoeName,
       kOwners,
       Audit::kActs,
       "template.delete",
       {kDraft}},
      {"TemplateService.GetTemplate",
       kShoeName,
       kOwnersAndAuditors,
       Audit::kRefusals,
       "template.read-draft",
       {kDraft}},
      {"TemplateService.GetTemplate",
       R"({"owner":"88.108.1001","name":"shoe$ROLE"})",
       kEverybody,
       Audit::kNothing,
       "",
       {kDraft, kPublished}},
      {"TemplateService.ListTemplates", "{}", kEverybody},

      {"AccessService.CreateApplication", kApplication.json.c_str(), kAdministrators, Audit::kActs,
       "application.create"},
      {"AccessService.CreateApplication", R"({"name":"other$ROLE","role":"OPERATOR"})",
       kOperatorOnly, Audit::kActs, "application.create"},
      {"AccessService.ListApplications", R"({"enterprise":"$OWN"})", kAdministratorsAndAuditors,
       Audit::kRefusals, "application.read"},
      {"AccessService.RevokeApplication",
       R"({"name":"app$ROLE"})",
       kAdministrators,
       Audit::kActs,
       "application.revoke",
       {kApplication}},
      {"AccessService.CreateToken",
       R"({"name":"app$ROLE"})",
       kAdministrators,
       Audit::kActs,
       "token.create",
       {kApplication}},
      {"AccessService.RevokeToken",
       R"({"name":"app$ROLE","id":"t1"})",
       kAdministrators,
       Audit::kActs,
       "token.revoke",
       {kApplication}},
      {"AccessService.BindCertificate",
       kBound.json.c_str(),
       kAdministrators,
       Audit::kActs,
       "certificate.bind",
       {kApplication}},
      {"AccessService.UnbindCertificate",
       kBound.json.c_str(),
       kAdministrators,
       Audit::kActs,
       "certificate.bind",
       {kApplication, kBound}},
      {"AccessService.CreateUser", kUser.json.c_str(), kAdministrators, Audit::kActs,
       "user.create"},
      {"AccessService.ListUsers", R"({"enterprise":"$OWN"})", kAdministratorsAndAuditors,
       Audit::kRefusals, "user.read"},
      {"AccessService.SetPassword",
       R"({"name":"user$ROLE","password":"another horse battery"})",
       kAdministrators,
       Audit::kActs,
       "user.set-password",
       {kUser}},
      {"AccessService.DisableUser",
       R"({"name":"user$ROLE"})",
       kAdministrators,
       Audit::kActs,
       "user.disable",
       {kUser}},
      {"AccessService.Login",
       R"({"name":"user$ROLE","password":"correct horse battery"})",
       kEverybody,
       Audit::kNothing,
       "",
       {kUser}},
      {"AccessService.CreateGrant", kGrant.json.c_str(), kOwners, Audit::kActs, "grant.create"},
      {"AccessService.RevokeGrant",
       R"({"prefix":"88.108.1001","id":"$ID"})",
       kOwners,
       Audit::kActs,
       "grant.revoke",
       {kGrant}},
      {"AccessService.ListGrants", R"({"prefix":"88.108.1001"})", kOwnersAndAuditors,
       Audit::kRefusals, "grant.read"},
      {"AccessService.WhoCanSee", R"({"identifier":"88.108.1001/SN1"})", kOwnersAndAuditors,
       Audit::kRefusals, "visibility.read"},
      {"AccessService.PreviewRecord", R"({"identifier":"88.108.1001/SN1","asEnterprise":"$OTHER"})",
       kOwnersAndAuditors, Audit::kRefusals, "visibility.read"},

      {"AuditService.ListAuditEntries", "{}", kAuditors, Audit::kRefusals, "audit.read"},
      {"AuditService.VerifyAuditLog", "{}", kAuditors, Audit::kRefusals, "audit.read"},
      {"OperationService.GetStatus", "{}", kOperatorOnly},
      {"OperationService.AcceptClock", "{}", kOperatorOnly, Audit::kActs, "clock.accept"},

      {"RegistrationService.BatchRegister", kRegistered.json.c_str(), kOwners},
      {"RegistrationService.RegisterStream", kRegistered.json.c_str(), kOwners},
      {"RegistrationService.Update",
       R"({"items":[{"identifier":"88.108.1001/R$ROLE","objectClass":"part"}]})",
       kOwners,
       Audit::kNothing,
       "",
       {kRegistered}},
      {"RegistrationService.Delete",
       R"({"items":[{"identifier":"88.108.1001/R$ROLE"}]})",
       kOwners,
       Audit::kNothing,
       "",
       {kRegistered}},
      {"RegistrationService.SetState",
       R"({"items":[{"identifier":"88.108.1001/R$ROLE","state":"FROZEN"}]})",
       kOwners,
       Audit::kNothing,
       "",
       {kRegistered}},
      {"ResolutionService.Resolve", R"({"identifier":"88.108.1001/SN1"})", kEverybody},
      {"ResolutionService.BatchResolve", R"({"identifiers":["88.108.1001/SN1"]})", kEverybody},
      {"ResolutionService.ListIdentifiers", R"({"prefix":"88.108.1001"})", kEverybody},
      {"ResolutionService.GetHistory", R"({"identifier":"88.108.1001/SN1"})", kOwnersAndAuditors},
      {"VolumeService.GetVolume", "{}", kEverybody},
      {"VolumeService.GetVolume", R"({"groupBy":"source-address"})", kAuditors},
      {"VolumeService.Recount", "{}", kAuditors, Audit::kRefusals, "volume.recount"},
      {"LedgerService.GetCheckpoint", "{}", kEverybody},
      {"LedgerService.GetInclusionProof", R"({"identifier":"88.108.1001/SN1"})", kEverybody},
      {"LedgerService.GetConsistencyProof", "{}", kEverybody},
      {"LedgerService.GetStatement", "{}", kEverybodyInVain},
      {"LedgerService.ListStatements", "{}", kEverybody},
      {"LedgerService.AddCosignature", R"({"note":"none"})", kEverybodyInVain},
  };
  return kRows;
}

void ExpectVerdict(char expected, const Verdict& verdict) {
  if (expected == 'y') {
    EXPECT_NE(verdict.letter, "A") << verdict.body;
    EXPECT_NE(verdict.letter, "D") << verdict.body;
  } else {
    EXPECT_EQ(verdict.letter, std::string(1, expected)) << verdict.body;
  }
}

// Whether the entries after the first `known` hold one of `action`, refused or not.
bool IsLogged(const std::vector<service::AuditEntry>& entries, std::size_t known,
              std::string_view action, bool refused) {
  for (std::size_t i = known; i < entries.size(); ++i) {
    if (entries[i].action == action && entries[i].refused.empty() != refused) return true;
  }
  return false;
}

// Asks a row's request, by whatever face, for every role.
template <typename Request>
void Check(const Row& row, const Request& request) {
  AccessNode node;
  for (std::size_t i = 0; i < kAskers; ++i) {
    const auto asker = static_cast<Asker>(i);
    SCOPED_TRACE(::testing::Message() << request.method << " by " << AskerName(asker));
    for (const RpcRequest& before : row.before) node.Prepare(asker, before);
    const std::size_t known = node.node().AuditEntries().size();
    ExpectVerdict(row.expected[i], node.Ask(asker, request));
    if (row.audit == Audit::kNothing) continue;
    const bool refused = row.expected[i] != 'Y';
    const auto entries = node.node().AuditEntries();
    const bool logged = IsLogged(entries, known, row.action, refused);
    EXPECT_EQ(logged, refused || row.audit == Audit::kActs) << "audit entry of " << row.action;
  }
}

TEST(AccessTableTest, EveryMethodByEveryRole) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.json);
    Check(row, RpcRequest{row.method, row.json});
  }
}

TEST(AccessTableTest, EveryMethodHasARow) {
  const google::protobuf::Message* const of_each_file[] = {
      &v1::GetEnterpriseRequest::default_instance(), &v1::GetTemplateRequest::default_instance(),
      &v1::LoginRequest::default_instance(),         &v1::VerifyAuditLogRequest::default_instance(),
      &v1::GetStatusRequest::default_instance(),     &v1::BatchRegisterRequest::default_instance(),
      &v1::ResolveRequest::default_instance(),       &v1::GetVolumeRequest::default_instance(),
      &v1::GetCheckpointRequest::default_instance()};
  std::set<std::string> methods;
  for (const auto* message : of_each_file) {
    const auto* file = message->GetDescriptor()->file();
    ASSERT_GT(file->service_count(), 0) << file->name();
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        methods.insert(file->service(i)->name() + "." + file->service(i)->method(j)->name());
      }
    }
  }
  std::set<std::string> rows;
  for (const Row& row : Rows()) rows.insert(row.method);
  EXPECT_EQ(rows, methods);
}

// A route and the row of gRPC that it is the same as: rights, what must be there before.
struct RouteRow {
  http::Method method;
  const char* pattern;
  const char* row;  ///< method of idnode.v1; empty: rights of its own
  const char* target;
  const char* body;
  const char* expected = nullptr;  ///< nullptr: those of `row`
  Audit audit = Audit::kRefusals;  ///< where `row` is empty
  const char* action = "";
};

const std::vector<RouteRow>& RouteRows() {
  using enum http::Method;
  static const std::vector<RouteRow> kRows = {
      {kGet, "/v1/enterprises", "EnterpriseService.ListEnterprises", "/v1/enterprises", ""},
      {kPost, "/v1/enterprises", "EnterpriseService.CreateEnterprise", "/v1/enterprises",
       R"({"enterprise":{"creditCode":"$NEW","name":"maker","industry":"C1952","region":"440300"}})"},
      {kGet, "/v1/enterprises/{creditCode}", "EnterpriseService.GetEnterprise",
       "/v1/enterprises/$OWN", ""},
      {kPatch, "/v1/enterprises/{creditCode}", "", "/v1/enterprises/$OWN",
       R"({"enterprise":{"address":"street $ROLE"}})", kAdministrators, Audit::kNothing},
      {kGet, "/v1/prefixes", "AccessService.ListPrefixes", "/v1/prefixes", ""},
      {kPost, "/v1/prefixes", "AccessService.AdmitPrefix", "/v1/prefixes",
       R"({"prefix":"88.108.300$ROLE","enterprise":"$OWN"})"},
      {kPost, "/v1/prefixes:apply", "PrefixService.ApplyPrefix", "/v1/prefixes:apply",
       R"({"prefix":"88.108.310$ROLE","enterprise":"$OWN"})"},
      {kGet, "/v1/prefixes/{prefix}", "PrefixService.GetPrefix", "/v1/prefixes/88.108.1001", ""},
      {kPost, "/v1/prefixes/{prefix}:setState", "PrefixService.SetPrefixState",
       "/v1/prefixes/88.108.300$ROLE:setState", R"({"state":"STOPPED","reason":"licence"})"},
      {kPut, "/v1/prefixes/{prefix}/route", "PrefixService.SetPrefixRoute",
       "/v1/prefixes/88.108.300$ROLE/route",
       R"({"hosting":"SELF_HOSTED","route":{"address":"192.0.2.1","tcpPort":2641}})"},
      {kPut, "/v1/prefixes/{prefix}/quota", "PrefixService.SetPrefixQuota",
       "/v1/prefixes/88.108.300$ROLE/quota", R"({"quota":{"identifiersSoft":"10"}})"},
      {kGet, "/v1/templates", "TemplateService.ListTemplates", "/v1/templates", ""},
      {kPost, "/v1/templates", "TemplateService.PutTemplate", "/v1/templates", kShoe},
      {kGet, "/v1/templates/{owner}/{name}", "TemplateService.GetTemplate#2",
       "/v1/templates/88.108.1001/shoe$ROLE", ""},
      {kGet, "/v1/templates/{owner}/{name}/{version}", "TemplateService.GetTemplate",
       "/v1/templates/88.108.1001/shoe$ROLE/1", ""},
      {kDelete, "/v1/templates/{owner}/{name}/{version}", "TemplateService.DeleteTemplate",
       "/v1/templates/88.108.1001/shoe$ROLE/1", ""},
      {kPost, "/v1/templates/{owner}/{name}/{version}:publish", "TemplateService.PublishTemplate",
       "/v1/templates/88.108.1001/shoe$ROLE/1:publish", ""},
      {kPost, "/v1/templates/{owner}/{name}/{version}:withdraw", "TemplateService.WithdrawTemplate",
       "/v1/templates/88.108.1001/shoe$ROLE/1:withdraw", ""},
      {kGet, "/v1/applications", "AccessService.ListApplications",
       "/v1/applications?enterprise=$OWN", ""},
      {kPost, "/v1/applications", "AccessService.CreateApplication", "/v1/applications",
       kApplication.json.c_str()},
      {kDelete, "/v1/applications/{name}", "AccessService.RevokeApplication",
       "/v1/applications/app$ROLE", ""},
      {kPost, "/v1/applications/{name}/tokens", "AccessService.CreateToken",
       "/v1/applications/app$ROLE/tokens", ""},
      {kDelete, "/v1/applications/{name}/tokens/{id}", "AccessService.RevokeToken",
       "/v1/applications/app$ROLE/tokens/t1", ""},
      {kPost, "/v1/applications/{name}/certificates", "AccessService.BindCertificate",
       "/v1/applications/app$ROLE/certificates", kBound.json.c_str()},
      {kDelete, "/v1/applications/{name}/certificates/{fingerprint}",
       "AccessService.UnbindCertificate",
       "/v1/applications/app$ROLE/certificates/$ROLE"
       "00000000000000000000000000000000000000000000000000000000000000f",
       ""},
      {kGet, "/v1/users", "AccessService.ListUsers", "/v1/users?enterprise=$OWN", ""},
      {kPost, "/v1/users", "AccessService.CreateUser", "/v1/users", kUser.json.c_str()},
      {kPut, "/v1/users/{name}/password", "AccessService.SetPassword",
       "/v1/users/user$ROLE/password", R"({"password":"another horse battery"})"},
      {kPost, "/v1/users/{name}:disable", "AccessService.DisableUser",
       "/v1/users/user$ROLE:disable", ""},
      {kPost, "/v1/users/{name}:enable", "AccessService.DisableUser", "/v1/users/user$ROLE:enable",
       ""},
      {kPost, "/v1/login", "AccessService.Login", "/v1/login",
       R"({"name":"user$ROLE","password":"correct horse battery"})"},
      {kGet, "/v1/grants", "AccessService.ListGrants", "/v1/grants?prefix=88.108.1001", ""},
      {kPost, "/v1/grants", "AccessService.CreateGrant", "/v1/grants", kGrant.json.c_str()},
      {kDelete, "/v1/grants/{prefix}/{id}", "AccessService.RevokeGrant",
       "/v1/grants/88.108.1001/$ID", ""},
      {kPost, "/v1/access:whoCanSee", "AccessService.WhoCanSee", "/v1/access:whoCanSee",
       R"({"identifier":"88.108.1001/SN1"})"},
      {kPost, "/v1/access:preview", "AccessService.PreviewRecord", "/v1/access:preview",
       R"({"identifier":"88.108.1001/SN1","asApplication":"shop"})"},
      {kGet, "/v1/audit", "AuditService.ListAuditEntries", "/v1/audit", ""},
      {kPost, "/v1/audit:verify", "AuditService.VerifyAuditLog", "/v1/audit:verify", ""},
      {kGet, "/v1/status", "OperationService.GetStatus", "/v1/status", ""},
      {kPost, "/v1/clock:accept", "OperationService.AcceptClock", "/v1/clock:accept", ""},

      {kPost, "/v1/identifiers:batchRegister", "RegistrationService.BatchRegister",
       "/v1/identifiers:batchRegister", kRegistered.json.c_str()},
      {kPost, "/v1/identifiers:batchUpdate", "RegistrationService.Update",
       "/v1/identifiers:batchUpdate",
       R"({"items":[{"identifier":"88.108.1001/R$ROLE","objectClass":"part"}]})"},
      {kPost, "/v1/identifiers:batchDelete", "RegistrationService.Delete",
       "/v1/identifiers:batchDelete", R"({"items":[{"identifier":"88.108.1001/R$ROLE"}]})"},
      {kPost, "/v1/identifiers:batchSetState", "RegistrationService.SetState",
       "/v1/identifiers:batchSetState",
       R"({"items":[{"identifier":"88.108.1001/R$ROLE","state":"FROZEN"}]})"},
      {kPatch, "/v1/identifiers/{prefix}/{suffix}", "RegistrationService.Update",
       "/v1/identifiers/88.108.1001/R$ROLE", R"({"objectClass":"part"})"},
      {kDelete, "/v1/identifiers/{prefix}/{suffix}", "RegistrationService.Delete",
       "/v1/identifiers/88.108.1001/R$ROLE", ""},
      {kPost, "/v1/identifiers:batchResolve", "ResolutionService.BatchResolve",
       "/v1/identifiers:batchResolve", R"({"identifiers":["88.108.1001/SN1"]})"},
      {kGet, "/v1/identifiers/{prefix}/{suffix}", "ResolutionService.Resolve",
       "/v1/identifiers/88.108.1001/SN1", ""},
      {kGet, "/v1/identifiers/{prefix}/{suffix}", "ResolutionService.GetHistory",
       "/v1/identifiers/88.108.1001/SN1?history=true", ""},
      {kGet, "/{prefix}/{suffix}", "ResolutionService.Resolve", "/88.108.1001/SN1", ""},
      {kGet, "/v1/prefixes/{prefix}/identifiers", "ResolutionService.ListIdentifiers",
       "/v1/prefixes/88.108.1001/identifiers", ""},
      {kGet, "/v1/volume", "VolumeService.GetVolume", "/v1/volume", ""},
      {kGet, "/v1/volume", "VolumeService.GetVolume#2", "/v1/volume?groupBy=source-address", ""},
      {kGet, "/v1/volume/{month}", "VolumeService.GetVolume", "/v1/volume/2026-11", ""},
      {kPost, "/v1/volume:recount", "VolumeService.Recount", "/v1/volume:recount", ""},
      {kPost, "/v1/volume/{month}:recount", "VolumeService.Recount", "/v1/volume/2026-11:recount",
       ""},
      {kGet, "/ledger/checkpoint", "LedgerService.GetCheckpoint", "/ledger/checkpoint", ""},
      {kGet, "/ledger/vkey", "LedgerService.GetCheckpoint", "/ledger/vkey", ""},
      {kGet, "/ledger/vkey-sm2", "LedgerService.GetCheckpoint", "/ledger/vkey-sm2", ""},
      {kGet, "/ledger/tile/entries/{tile}", "", "/ledger/tile/entries/000.p/1", "", kAuditors,
       Audit::kRefusals, "ledger.entries"},
      {kGet, "/ledger/tile/{level}/{tile}", "", "/ledger/tile/0/000.p/1", "", kEverybody},
      {kGet, "/ledger/proof/inclusion", "LedgerService.GetInclusionProof",
       "/ledger/proof/inclusion?identifier=88.108.1001/SN1", ""},
      {kGet, "/ledger/proof/consistency", "LedgerService.GetConsistencyProof",
       "/ledger/proof/consistency?from=0&to=1", ""},
      {kGet, "/ledger/statements", "LedgerService.ListStatements", "/ledger/statements", ""},
      {kGet, "/ledger/statement/{month}", "LedgerService.GetStatement", "/ledger/statement/2026-11",
       ""},
      {kGet, "/ledger/statement/{month}/checkpoint", "LedgerService.GetStatement",
       "/ledger/statement/2026-11/checkpoint", ""},
      {kPost, "/ledger/cosignature", "LedgerService.AddCosignature", "/ledger/cosignature", "none"},
      {kGet, "/openapi.json", "", "/openapi.json", "", kEverybody, Audit::kNothing},
  };
  return kRows;
}

// The row named "Service.Method", or the second of its name, "Service.Method#2".
const Row* RowOf(std::string_view name) {
  const bool second = name.ends_with("#2");
  if (second) name.remove_suffix(2);
  int left = second ? 1 : 0;
  for (const Row& row : Rows()) {
    if (row.method == name && left-- == 0) return &row;
  }
  return nullptr;
}

TEST(AccessTableTest, EveryRouteByEveryRole) {
  for (const RouteRow& route : RouteRows()) {
    Row row{route.row, "", route.expected, route.audit, route.action};
    if (*route.row != '\0') {
      const Row* same = RowOf(route.row);
      ASSERT_NE(same, nullptr) << route.row;
      row = *same;
    }
    if (row.audit != Audit::kNothing && *row.action == '\0') row.audit = Audit::kNothing;
    Check(row, HttpRequest{std::string(http::MethodName(route.method)), route.target, route.body});
  }
}

TEST(AccessTableTest, EveryRouteHasARow) {
  std::set<std::string> routes;
  for (const auto& route : http::Routes()) {
    routes.insert(std::string(http::MethodName(route.method)) + " " + std::string(route.pattern));
  }
  std::set<std::string> rows;
  for (const auto& row : RouteRows()) {
    rows.insert(std::string(http::MethodName(row.method)) + " " + row.pattern);
  }
  EXPECT_EQ(rows, routes);
  // The targets are of the patterns beside them.
  for (const auto& row : RouteRows()) {
    std::string path(row.target);
    path = path.substr(0, path.find('?'));
    const auto match = http::MatchRoute(row.method, path);
    bool same = false;
    for (const auto& route : http::Routes()) {
      same = same || (route.operation == match.operation && route.pattern == row.pattern);
    }
    EXPECT_TRUE(same) << row.target << " is not of " << row.pattern;
  }
}

}  // namespace
}  // namespace idnode::frontend::testing
