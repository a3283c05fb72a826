// The rules of routes and of administration's requests: patterns, labels, fields from paths and
// queries, and the document that describes them.
#include <map>
#include <set>
#include <string>
#include <utility>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "idnode/v1/access.pb.h"
#include "idnode/v1/audit.pb.h"
#include "idnode/v1/enterprise.pb.h"
#include "idnode/v1/template.pb.h"
#include "node/frontend/http/message_fields.h"
#include "node/frontend/http/openapi.h"
#include "node/frontend/http/router.h"
#include "node/frontend/http/v1_admin.h"

namespace idnode::frontend::http {
namespace {

// The JSON names of a message's fields.
std::set<std::string> FieldsOf(const google::protobuf::Descriptor& message) {
  std::set<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) names.insert(message.field(i)->json_name());
  return names;
}

// What administration speaks of is described as its protos have it.
TEST(OpenApiTest, DescribesTheMessagesOfAdministration) {
  const auto document = boost::json::parse(OpenApiDocument());
  const auto& schemas = document.at("components").at("schemas").as_object();
  int compared = 0;
  for (const auto* file :
       {v1::Enterprise::descriptor()->file(), v1::Template::descriptor()->file(),
        v1::Application::descriptor()->file(), v1::AuditEntry::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto& message = *file->message_type(i);
      const auto* schema = schemas.if_contains(message.name());
      if (schema == nullptr) continue;  // a request that has no body
      std::set<std::string> described;
      for (const auto& [name, property] : schema->at("properties").as_object()) {
        described.insert(std::string(name));
      }
      EXPECT_EQ(described, FieldsOf(message)) << message.name();
      ++compared;
    }
    for (int i = 0; i < file->enum_type_count(); ++i) {
      const auto& type = *file->enum_type(i);
      std::set<std::string> described;
      for (const auto& name : schemas.at(type.name()).at("enum").as_array()) {
        described.insert(std::string(name.as_string()));
      }
      std::set<std::string> values;
      for (int j = 0; j < type.value_count(); ++j) {
        if (!type.value(j)->name().ends_with("_UNSPECIFIED")) values.insert(type.value(j)->name());
      }
      EXPECT_EQ(described, values) << type.name();
    }
  }
  EXPECT_GT(compared, 60);
}

// Parameters of a query that the document names are fields of the request.
TEST(OpenApiTest, NamesTheParametersThatAreRead) {
  const auto document = boost::json::parse(OpenApiDocument());
  const std::pair<const char*, const google::protobuf::Descriptor*> requests[] = {
      {"/v1/enterprises", v1::ListEnterprisesRequest::descriptor()},
      {"/v1/prefixes", v1::ListPrefixesRequest::descriptor()},
      {"/v1/templates", v1::ListTemplatesRequest::descriptor()},
      {"/v1/applications", v1::ListApplicationsRequest::descriptor()},
      {"/v1/users", v1::ListUsersRequest::descriptor()},
      {"/v1/grants", v1::ListGrantsRequest::descriptor()},
      {"/v1/audit", v1::ListAuditEntriesRequest::descriptor()}};
  for (const auto& [path, message] : requests) {
    std::set<std::string> described;
    for (const auto& parameter :
         document.at("paths").at(path).at("get").at("parameters").as_array()) {
      const auto* reference = parameter.as_object().if_contains("$ref");
      boost::system::error_code ec;
      const auto* resolved =
          reference == nullptr
              ? &parameter
              : document.find_pointer(std::string_view(reference->as_string()).substr(1), ec);
      ASSERT_NE(resolved, nullptr);
      described.insert(std::string(resolved->at("name").as_string()));
    }
    EXPECT_EQ(described, FieldsOf(*message)) << path;
  }
}

TEST(RouterTest, VerbsAndThreeParameters) {
  const Match state = MatchRoute(Method::kPost, "/v1/prefixes/88.108.1001:setState");
  EXPECT_EQ(state.operation, Operation::kSetPrefixState);
  EXPECT_EQ(state.parameters[0], "88.108.1001");
  const Match publish = MatchRoute(Method::kPost, "/v1/templates/88.108.1001/a:b/2:publish");
  EXPECT_EQ(publish.operation, Operation::kPublishTemplate);
  EXPECT_EQ(publish.parameters[0], "88.108.1001");
  EXPECT_EQ(publish.parameters[1], "a:b");
  EXPECT_EQ(publish.parameters[2], "2");
  EXPECT_EQ(MatchRoute(Method::kPost, "/v1/templates/a/b/2:withdraw").operation,
            Operation::kWithdrawTemplate);
  EXPECT_EQ(MatchRoute(Method::kGet, "/v1/templates/a/b").parameters[2], "");
  EXPECT_EQ(MatchRoute(Method::kPost, "/v1/users/a@b:enable").operation, Operation::kEnableUser);
  const Match unbind = MatchRoute(Method::kDelete, "/v1/applications/erp/certificates/AA:BB:CC");
  EXPECT_EQ(unbind.operation, Operation::kUnbindCertificate);
  EXPECT_EQ(unbind.parameters[1], "AA:BB:CC");
  EXPECT_FALSE(MatchRoute(Method::kPost, "/v1/templates/a/b/2:erase").path_known);
  EXPECT_FALSE(MatchRoute(Method::kPost, "/v1/users/:enable").path_known);
  EXPECT_EQ(AllowedMethods("/v1/templates/a/b/2:publish"), "POST, OPTIONS");
  EXPECT_EQ(AllowedMethods("/v1/templates/a/b/2"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(AllowedMethods("/v1/prefixes/a/quota"), "PUT, OPTIONS");
}

TEST(RouterTest, SnmsPathsAreReserved) {
  for (const char* path : {"/identity/token", "/identityv2/data", "/snms/api/v3/ent/page",
                           "/resolve/88.108.1001/SN1"}) {
    EXPECT_TRUE(IsSnmsPath(path)) << path;
    EXPECT_TRUE(IsReserved(path)) << path;
    EXPECT_FALSE(MatchRoute(Method::kGet, path).path_known) << path;
  }
  for (const char* path : {"/identity", "/identityv3/data", "/snms/SN1", "/resolver/SN1"}) {
    EXPECT_FALSE(IsSnmsPath(path)) << path;
  }
}

TEST(RouterTest, EveryOperationHasALabelOfItsOwn) {
  std::set<std::string_view> labels;
  for (std::size_t i = 0; i < kOperations; ++i) {
    labels.insert(OperationLabel(static_cast<Operation>(i)));
  }
  EXPECT_EQ(labels.size(), kOperations);
  EXPECT_EQ(labels.count(""), 0U);
}

TEST(MessageFieldsTest, QueriesFillFields) {
  const auto fill = [](std::string_view text, google::protobuf::Message& message) {
    return SetQueryFields(message, *Query::Parse(text), {"prefix"});
  };
  v1::ListAuditEntriesRequest audit;
  ASSERT_TRUE(
      fill("pageSize=7&pageToken=x%3D&from=2026-11-22T02:00:00.5Z&refusedOnly=true&who=a", audit)
          .ok());
  EXPECT_EQ(audit.page_size(), 7U);
  EXPECT_EQ(audit.page_token(), "x=");
  EXPECT_EQ(audit.from().seconds(), 1'795'312'800);
  EXPECT_EQ(audit.from().nanos(), 500'000'000);
  EXPECT_TRUE(audit.refused_only());
  EXPECT_EQ(audit.who(), "a");
  v1::ListPrefixesRequest prefixes;
  ASSERT_TRUE(fill("state=STOPPED", prefixes).ok());
  EXPECT_EQ(prefixes.state(), v1::STOPPED);

  for (const auto& [query, field] :
       std::map<std::string, std::string>{{"pageSize=-1", "pageSize"},
                                          {"pageSize=4294967296", "pageSize"},
                                          {"pageSize=1x", "pageSize"},
                                          {"refusedOnly=yes", "refusedOnly"},
                                          {"from=yesterday", "from"},
                                          {"page_size=1", "page_size"},
                                          {"none=1", "none"},
                                          {"who=%ff", "who"}}) {
    const auto filled = fill(query, audit);
    ASSERT_EQ(filled.code(), Errc::kInvalidRequest) << query;
    EXPECT_EQ(filled.error().field, field) << query;
  }
  EXPECT_EQ(fill("state=stopped", prefixes).error().field, "state");
  v1::GetPrefixRequest get;
  EXPECT_EQ(fill("prefix=88.108.1001", get).error().field, "prefix") << "the path's to say";
  v1::CreateApplicationRequest lists;
  EXPECT_EQ(fill("prefixes=a", lists).error().field, "prefixes") << "a list is no parameter";
}

TEST(MessageFieldsTest, PathsFillFieldsAndContradictNothing) {
  v1::UpdateEnterpriseRequest update;
  ASSERT_TRUE(SetPathField(update, "enterprise.credit_code", "91").ok());
  EXPECT_EQ(update.enterprise().credit_code(), "91");
  EXPECT_TRUE(SetPathField(update, "enterprise.credit_code", "91").ok());
  EXPECT_EQ(SetPathField(update, "enterprise.credit_code", "92").error().field,
            "enterprise.creditCode");
  v1::TemplateName name;
  EXPECT_TRUE(SetPathField(name, "version", "3").ok());
  EXPECT_EQ(name.version(), 3U);
  EXPECT_EQ(SetPathField(name, "version", "three").error().field, "version");
  v1::DisableUserRequest disable;
  EXPECT_TRUE(SetPathField(disable, "enable", "false").ok());
  EXPECT_TRUE(SetPathField(disable, "enable", "true").ok());
  EXPECT_EQ(SetPathField(disable, "enable", "false").error().field, "enable");
}

TEST(AdminRoutesTest, EachIsFoundByItsOperation) {
  for (const AdminRoute& route : AdminRoutes()) EXPECT_EQ(FindAdminRoute(route.operation), &route);
  EXPECT_EQ(FindAdminRoute(Operation::kResolve), nullptr);
  EXPECT_EQ(FindAdminRoute(Operation::kNone), nullptr);
}

}  // namespace
}  // namespace idnode::frontend::http
