// Every method and path of the SNMS-compatible face, asked by every role, against a table. A path
// without a row fails.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/frontend/http/snms/endpoint.h"
#include "tests/node/frontend/access/access_node.h"

namespace idnode::frontend::testing {
namespace {

// As in access_table_test.cc: 'Y' status 1, 'A' -1, 'D' -3, 'y' another.
constexpr const char* kAdministrators = "ADDYDDY";
constexpr const char* kOwners = "AYDYDDY";
constexpr const char* kOwnersAndAuditors = "AYDYDYY";
constexpr const char* kKnown = "AYYYYYY";
constexpr const char* kEverybody = "YYYYYYY";

struct Row {
  http::Method method;
  const char* path;
  const char* query;  ///< with its question mark, or what follows the path
  const char* body;
  const char* expected;
  std::vector<RpcRequest> before{};
  std::vector<HttpRequest> before_http{};
};

const char* const kTemplate =
    R"({"prefix":"88.108.1001","version":"1.$ROLE","industryCategory":"C",)"
    R"("industrySpecific":"19","industryTrade":"195","industrySubclass":"1952","type":2,)"
    R"("description":"鞋","items":[{"name":"名称","idType":"name","required":true,)"
    R"("metadata":{"type":"string","minLength":1,"maxLength":20}}]})";
const char* const kTemplateChange =
    R"({"prefix":"88.108.1001","version":"1.$ROLE","items":[{"name":"尺码","idType":"size",)"
    R"("state":1,"metadata":{"type":"string","minLength":1,"maxLength":9}}]})";
const char* const kTemplateName = R"({"prefix":"88.108.1001","version":"1.$ROLE"})";
const char* const kTemplateQuery = "?prefix=88.108.1001&version=1.$ROLE";
const char* const kItem =
    R"({"handle":"88.108.1001/S$ROLE","templateVersion":"1.$ROLE","value":[{"index":2000,)"
    R"("type":"name","auth":"","data":{"format":"string","value":"shoe"}}]})";
const char* const kItemBatch =
    R"([{"handle":"88.108.1001/S$ROLE","templateVersion":"1.$ROLE","value":[{"index":2000,)"
    R"("type":"name","auth":"","data":{"format":"string","value":"shoe"}}]}])";
const char* const kHandle = R"({"handle":"88.108.1001/S$ROLE"})";
const char* const kUpgrade = R"({"entBasicInfo":{"orgCrtCode":"$OWN","orgAddr":"road $ROLE"}})";
const char* const kConfig =
    R"({"entPrefixConfig":{"entPrefix":"88.108.300$ROLE","ipType":"4","ip":"192.0.2.1",)"
    R"("tcpPort":"2641"}})";
const char* const kLogin = R"({"username":"user$ROLE","password":"correct horse battery"})";

const HttpRequest kMakeTemplate{"POST", "/snms/api/v5/template", kTemplate};
const HttpRequest kMakeItem{"POST", "/identityv2/data", kItem};
const RpcRequest kUser{"AccessService.CreateUser",
                       R"({"name":"user$ROLE","role":"ENTERPRISE_ADMINISTRATOR",)"
                       R"("enterprise":"$OWN","password":"correct horse battery"})"};
const RpcRequest kPrefix{"AccessService.AdmitPrefix",
                         R"({"prefix":"88.108.300$ROLE","enterprise":"$OWN"})"};

const std::vector<Row>& Rows() {
  using enum http::Method;
  static const std::vector<Row> kRows = {
      {kPost, "/identity/token", "", kLogin, kEverybody, {kUser}},
      {kPost, "/identity/token/v1", "", kLogin, "yyyyyyy", {kUser}},  // switched off
      {kGet, "/identityv2/data/detail", "?handle=88.108.1001/SN1", "", kKnown},
      {kPost, "/identityv2/data", "", kItem, kOwners, {}, {kMakeTemplate}},
      {kPut, "/identityv2/data", "", kItem, kOwners, {}, {kMakeTemplate, kMakeItem}},
      {kDelete, "/identityv2/data", "", kHandle, kOwners, {}, {kMakeTemplate, kMakeItem}},
      {kPost, "/identityv2/data/batchCreate", "", kItemBatch, kOwners, {}, {kMakeTemplate}},
      {kPut,
       "/identityv2/data/batchUpdate",
       "",
       kItemBatch,
       kOwners,
       {},
       {kMakeTemplate, kMakeItem}},
      {kDelete,
       "/identityv2/data/batchDelete",
       "",
       R"(["88.108.1001/S$ROLE"])",
       kOwners,
       {},
       {kMakeTemplate, kMakeItem}},
      {kGet, "/snms/api/v5/template", kTemplateQuery, "", kKnown, {}, {kMakeTemplate}},
      {kPost, "/snms/api/v5/template", "", kTemplate, kOwners},
      {kPut, "/snms/api/v5/template", "", kTemplateChange, kOwners, {}, {kMakeTemplate}},
      {kDelete, "/snms/api/v5/template", "", kTemplateName, kOwners, {}, {kMakeTemplate}},
      {kGet, "/snms/api/v3/template", kTemplateQuery, "", kKnown, {}, {kMakeTemplate}},
      {kPost, "/snms/api/v3/template", "", kTemplate, kOwners},
      {kDelete, "/snms/api/v3/template", "", kTemplateName, kOwners, {}, {kMakeTemplate}},
      {kGet, "/snms/api/template/v1", kTemplateQuery, "", kKnown, {}, {kMakeTemplate}},
      {kPost, "/snms/api/template/v1", "", kTemplate, kOwners},
      {kDelete, "/snms/api/template/v1", "", kTemplateName, kOwners, {}, {kMakeTemplate}},
      // What the operator sends leads nowhere here: snms_admin_test.cc applies in earnest.
      {kPost, "/snms/api/v3/ent/apply", "", "{}", "ADDDDDy"},
      {kPost, "/snms/api/ent/apply", "", "{}", "ADDDDDy"},
      {kPost, "/snms/api/v3/ent/upgrade-apply", "", kUpgrade, kAdministrators},
      {kPost, "/snms/api/ent/upgrade-apply", "", kUpgrade, kAdministrators},
      {kGet, "/snms/api/v3/ent/page", "", "", kKnown},
      {kGet, "/snms/api/ent/page", "", "", kKnown},
      {kGet, "/snms/api/v3/ent/detail", "?orgCrtCode=$OWN", "", kOwnersAndAuditors},
      {kGet, "/snms/api/ent/detail", "?orgCrtCode=$OWN", "", kOwnersAndAuditors},
      {kPost, "/snms/api/ent/config", "", kConfig, kAdministrators, {kPrefix}},
      {kGet, "/snms/api/prefix/query", "?prefix=88.108.1001", "", kOwnersAndAuditors},
      {kGet, "/snms/api/prefix/page", "", "", kKnown},
      {kPost, "/snms/api/file/upload", "", "{}", "ADDDDDy"},
      {kGet, "/resolve/", "88.108.1001/SN1", "", kEverybody},
  };
  return kRows;
}

TEST(SnmsTableTest, EveryPathByEveryRole) {
  for (const Row& row : Rows()) {
    AccessNode node;
    const HttpRequest request{std::string(http::MethodName(row.method)),
                              std::string(row.path) + row.query, row.body};
    for (std::size_t i = 0; i < kAskers; ++i) {
      const auto asker = static_cast<Asker>(i);
      SCOPED_TRACE(::testing::Message()
                   << request.method << " " << row.path << " by " << AskerName(asker));
      for (const RpcRequest& before : row.before) node.Prepare(asker, before);
      for (const HttpRequest& before : row.before_http) node.Prepare(asker, before);
      const Verdict verdict = node.AskSnms(asker, request);
      if (row.expected[i] == 'y') {
        EXPECT_TRUE(verdict.letter != "A" && verdict.letter != "D") << verdict.body;
      } else {
        EXPECT_EQ(verdict.letter, std::string(1, row.expected[i])) << verdict.body;
      }
    }
  }
}

TEST(SnmsTableTest, EveryPathHasARow) {
  std::set<std::string> paths;
  for (const auto& row : http::snms::EndpointRows()) {
    paths.insert(std::string(http::MethodName(row.method)) + " " + std::string(row.path));
  }
  std::set<std::string> rows;
  for (const Row& row : Rows()) {
    rows.insert(std::string(http::MethodName(row.method)) + " " + row.path);
  }
  EXPECT_EQ(rows, paths);
}

}  // namespace
}  // namespace idnode::frontend::testing
