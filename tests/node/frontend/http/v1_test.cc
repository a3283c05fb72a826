// `/v1/…` over a socket: every route, its outcomes and its errors.
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

namespace json = boost::json;

constexpr const char* kItem =
    R"({"identifier":"88.108.1001/SN1","objectClass":"product",)"
    R"("values":[{"index":1,"type":"URL","data":"https://maker.example/SN1"}],)"
    R"("template":"shoe@2","attributes":{"colour":"red","size":42}})";

json::value Parse(const Answer& answer) {
  boost::system::error_code ec;
  json::value value = json::parse(answer.body, ec);
  EXPECT_FALSE(ec) << answer.body;
  return value;
}

std::string Slug(const Answer& answer) {
  const json::value problem = Parse(answer);
  const auto* type = problem.is_object() ? problem.as_object().if_contains("type") : nullptr;
  constexpr std::string_view kStart = "urn:idnode:error:";
  if (type == nullptr || !type->is_string()) return "no problem: " + answer.body;
  return std::string(type->as_string()).substr(kStart.size());
}

std::string Field(const Answer& answer) {
  const json::value problem = Parse(answer);
  const auto* field = problem.as_object().if_contains("field");
  return field == nullptr ? "" : std::string(field->as_string());
}

std::string Outcome(const Answer& answer, std::size_t item = 0) {
  if (answer.status != 200) return answer.body;
  return std::string(Parse(answer).at("results").at(item).at("outcome").as_string());
}

class V1Test : public ::testing::Test {
 protected:
  Answer Post(const std::string& target, const std::string& body) {
    return node_.AskAsOperator("POST", target, body);
  }
  Answer RegisterOne() {
    return Post("/v1/identifiers:batchRegister", std::string(R"({"items":[)") + kItem + "]}");
  }
  Answer Get(const std::string& target) { return node_.AskAsOperator("GET", target); }
  Answer WithHeaders(const std::string& method, const std::string& target,
                     const std::string& headers, const std::string& body = {}) {
    return node_.Ask(method, target,
                     "Authorization: Bearer " + node_.operator_token() + "\r\n" + headers, body);
  }

  HttpNode node_;
};

TEST_F(V1Test, BatchRegisterAnswersEachItem) {
  const Answer answer = Post("/v1/identifiers:batchRegister",
                             std::string(R"({"requestId":"r1","items":[)") + kItem +
                                 R"(,{"identifier":"no-slash"},{"identifier":"88.999.1/x"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Get("content-type"), "application/json");
  EXPECT_EQ(answer.Get("cache-control"), "no-store");
  const json::value body = Parse(answer);
  EXPECT_EQ(body.at("requestId").as_string(), "r1");
  const auto& results = body.at("results").as_array();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(json::serialize(results[0]),
            R"({"identifier":"88.108.1001/SN1","outcome":"REGISTERED"})");
  EXPECT_EQ(results[1].at("outcome").as_string(), "REJECTED");
  EXPECT_EQ(results[1].at("reason").as_string(), "invalid-identifier");
  EXPECT_EQ(results[1].at("field").as_string(), "identifier");
  EXPECT_EQ(results[2].at("reason").as_string(), "not-responsible");
  EXPECT_EQ(Outcome(RegisterOne()), "UNCHANGED");
  EXPECT_EQ(Outcome(Post("/v1/identifiers:batchRegister",
                         R"({"items":[{"identifier":"88.108.1001/sn1","objectClass":"other"}]})")),
            "CONFLICT");
}

TEST_F(V1Test, LargeBatchGoesThroughTheWorkers) {
  std::string items;
  for (int i = 0; i < 2'000; ++i) {
    items += (i > 0 ? "," : "") + std::string(R"({"identifier":"88.108.1001/L)") +
             std::to_string(i) + "\"}";
  }
  const Answer answer = Post("/v1/identifiers:batchRegister", "{\"items\":[" + items + "]}");
  ASSERT_EQ(answer.status, 200);
  const auto results = Parse(answer).at("results").as_array();
  ASSERT_EQ(results.size(), 2'000U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].at("identifier").as_string(), "88.108.1001/L" + std::to_string(i));
    EXPECT_EQ(results[i].at("outcome").as_string(), "REGISTERED");
  }
}

TEST_F(V1Test, BatchAsAWholeIsRefused) {
  const std::string target = "/v1/identifiers:batchRegister";
  const Answer unknown = Post(target, R"({"items":[{"identifier":"88.108.1001/x","foo":1}]})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(Slug(unknown), "invalid-request");
  EXPECT_EQ(Field(unknown), "items[0].foo");
  EXPECT_EQ(Slug(Post(target, "{")), "invalid-request");
  EXPECT_EQ(Slug(Post(target, R"({"items":[]})")), "invalid-request");
  EXPECT_EQ(Slug(WithHeaders("POST", target, "")), "invalid-request");
  EXPECT_EQ(Slug(Post(target + "?x=1", R"({"items":[]})")), "invalid-request");
  std::string items = "{}";
  for (int i = 0; i < 10'000; ++i) items += ",{}";
  const Answer too_many = Post(target, "{\"items\":[" + items + "]}");
  EXPECT_EQ(too_many.status, 413);
  EXPECT_EQ(Slug(too_many), "batch-too-large");

  const Answer xml = WithHeaders("POST", target, "Content-Type: application/xml\r\n", "<a/>");
  EXPECT_EQ(xml.status, 415);
  EXPECT_EQ(Slug(xml), "unsupported-media-type");
  EXPECT_EQ(Field(xml), "Content-Type");
  EXPECT_EQ(WithHeaders("POST", target, "Content-Encoding: gzip\r\n", "{}").status, 415);
  EXPECT_EQ(
      Outcome(WithHeaders("POST", target, "Content-Type: Application/JSON ; charset=utf-8\r\n",
                          R"({"items":[{"identifier":"88.108.1001/charset"}]})")),
      "REGISTERED");
}

TEST_F(V1Test, ChangesNeedACredential) {
  struct Case {
    const char* method;
    const char* target;
  };
  for (const Case& c : {Case{"POST", "/v1/identifiers:batchRegister"},
                        {"POST", "/v1/identifiers:batchUpdate"},
                        {"POST", "/v1/identifiers:batchDelete"},
                        {"POST", "/v1/identifiers:batchSetState"},
                        {"PATCH", "/v1/identifiers/88.108.1001/SN1"},
                        {"DELETE", "/v1/identifiers/88.108.1001/SN1"}}) {
    const Answer anonymous = node_.Ask(c.method, c.target, "", "{}");
    EXPECT_EQ(anonymous.status, 401) << c.target;
    EXPECT_EQ(Slug(anonymous), "unauthenticated") << c.target;
    EXPECT_EQ(anonymous.Get("www-authenticate"), "Bearer realm=\"idnode\"") << c.target;
    for (const char* wrong : {"Authorization: Bearer wrong\r\n", "Authorization: Basic YTpi\r\n",
                              "Authorization: Bearer\r\n"}) {
      EXPECT_EQ(node_.Ask(c.method, c.target, wrong, "{}").status, 401) << c.target << wrong;
    }
    node_.clock().AdvanceMs(3'600'000);  // until the address may try again
  }
}

TEST_F(V1Test, ApplicationsWriteUnderTheirPrefixesOnly) {
  const std::string token = node_.NewApplication("factory", "88.108.1001");
  const Answer answer =
      node_.Ask("POST", "/v1/identifiers:batchRegister", "authorization: bearer " + token + "\r\n",
                R"({"items":[{"identifier":"88.108.1001/a"},{"identifier":"88.108.1002/a"}]})");
  EXPECT_EQ(Outcome(answer, 0), "REGISTERED");
  EXPECT_EQ(Outcome(answer, 1), "REJECTED");
  EXPECT_EQ(Parse(answer).at("results").at(1).at("reason").as_string(), "permission-denied");
}

TEST_F(V1Test, StoppedRegistrationIsSaidAtOnce) {
  node_.clock().SetWallMs(HttpNode::kStartMs + 400LL * 86'400'000);
  const Answer answer = RegisterOne();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(Slug(answer), "clock-untrusted");
  EXPECT_EQ(answer.Get("retry-after"), "1");
  EXPECT_EQ(Get("/v1/identifiers/88.108.1001/SN1").status, 404);  // reading goes on
}

TEST_F(V1Test, ReadsOneIdentifier) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const Answer answer = node_.Ask("GET", "/v1/identifiers/88.108.1001/SN1");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value record = Parse(answer);
  EXPECT_EQ(record.at("identifier").as_string(), "88.108.1001/SN1");
  EXPECT_EQ(record.at("state").as_string(), "ACTIVE");
  EXPECT_EQ(record.at("template").as_string(), "shoe@2");
  EXPECT_EQ(record.at("attributes").at("colour").as_string(), "red");
  EXPECT_EQ(record.at("attributes").at("size").as_int64(), 42);
  EXPECT_EQ(record.at("registeredAt").as_string(), "2026-11-22T02:00:00.123Z");
  EXPECT_EQ(record.at("revision").as_int64(), 1);
  EXPECT_EQ(answer.Get("etag").size(), 34U);
  EXPECT_EQ(node_
                .Ask("GET", "/v1/identifiers/88.108.1001/SN1",
                     "If-None-Match: " + answer.Get("etag") + "\r\n")
                .status,
            304);
  EXPECT_EQ(node_.Ask("GET", "/v1/identifiers/88.108.1001/SN1?history=false").body, answer.body);
  // A browser gets the record, not the redirect of the public face.
  EXPECT_EQ(node_.Ask("GET", "/v1/identifiers/88.108.1001/SN1", "Accept: text/html\r\n").status,
            200);
  EXPECT_EQ(Slug(node_.Ask("GET", "/v1/identifiers/88.108.1001/none")), "identifier-not-found");
  EXPECT_EQ(Slug(node_.Ask("GET", "/v1/identifiers/88.108.1001/%zz")), "invalid-identifier");
  EXPECT_EQ(Field(node_.Ask("GET", "/v1/identifiers/88.108.1001/SN1?colour=red")), "colour");
  EXPECT_EQ(Field(node_.Ask("GET", "/v1/identifiers/88.108.1001/SN1?history=maybe")), "history");
  EXPECT_EQ(node_.Ask("GET", "/v1/identifiers/88.108.1001/SN1?pageSize=1").status, 400);
}

TEST_F(V1Test, PatchChangesOneIdentifier) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const std::string target = "/v1/identifiers/88.108.1001/SN1";
  const Answer changed = node_.AskAsOperator(
      "PATCH", target, R"({"values":[{"index":2,"type":"NAME","data":"shoe"}]})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.body, R"({"identifier":"88.108.1001/SN1","outcome":"UPDATED"})");
  EXPECT_NE(Get(target).body.find("shoe"), std::string::npos);
  EXPECT_EQ(Slug(node_.AskAsOperator("PATCH", "/v1/identifiers/88.108.1001/none",
                                     R"({"objectClass":"x"})")),
            "identifier-not-found");
  const Answer other = node_.AskAsOperator("PATCH", target, R"({"identifier":"88.108.1001/SN2"})");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(Field(other), "identifier");
  EXPECT_EQ(Field(node_.AskAsOperator("PATCH", target, R"({"colour":"red"})")), "colour");
  const Answer bad_value =
      node_.AskAsOperator("PATCH", target, R"({"values":[{"index":3,"data":"x"}]})");
  EXPECT_EQ(bad_value.status, 400);
  EXPECT_EQ(Slug(bad_value), "invalid-value");
  EXPECT_EQ(Field(bad_value), "values[0].type");
  EXPECT_EQ(WithHeaders("PATCH", target, "Content-Type: text/plain\r\n", "{}").status, 415);
  const Answer stale =
      node_.AskAsOperator("PATCH", target, R"({"objectClass":"y","expectedRevision":1})");
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(Slug(stale), "precondition-failed");
  EXPECT_EQ(
      node_.AskAsOperator("PATCH", target, R"({"objectClass":"y","expectedRevision":2})").status,
      200);
}

TEST_F(V1Test, IfMatchGuardsChanges) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const std::string target = "/v1/identifiers/88.108.1001/SN1";
  const std::string etag = Get(target).Get("etag");
  const std::string change = R"({"objectClass":"a"})";
  EXPECT_EQ(WithHeaders("PATCH", target, "If-Match: \"other\"\r\n", change).status, 412);
  EXPECT_EQ(WithHeaders("PATCH", target, "If-Match: W/" + etag + "\r\n", change).status, 412);
  EXPECT_EQ(WithHeaders("PATCH", target, "If-Match: \"x\", " + etag + "\r\n", change).status, 200);
  EXPECT_EQ(
      WithHeaders("PATCH", target, "If-Match: " + etag + "\r\n", R"({"objectClass":"b"})").status,
      412);
  EXPECT_EQ(WithHeaders("DELETE", target, "If-Match: " + etag + "\r\n").status, 412);
  EXPECT_EQ(WithHeaders("PATCH", target, "If-Match: *\r\n", R"({"objectClass":"c"})").status, 200);
  EXPECT_EQ(WithHeaders("DELETE", target, "If-Match: " + Get(target).Get("etag") + "\r\n").status,
            200);
  EXPECT_EQ(WithHeaders("PATCH", target, "If-Match: " + etag + "\r\n", change).status, 404);
}

TEST_F(V1Test, DeleteThenRegisterAgainCountsOnce) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const std::string target = "/v1/identifiers/88.108.1001/SN1";
  EXPECT_EQ(node_.AskAsOperator("DELETE", target + "?expectedRevision=9").status, 412);
  EXPECT_EQ(node_.AskAsOperator("DELETE", target + "?expectedRevision=x").status, 400);
  const Answer deleted = node_.AskAsOperator("DELETE", target + "?expectedRevision=1");
  ASSERT_EQ(deleted.status, 200) << deleted.body;
  EXPECT_EQ(deleted.body, R"({"identifier":"88.108.1001/SN1","outcome":"DELETED"})");
  EXPECT_EQ(Slug(node_.AskAsOperator("DELETE", target)), "identifier-not-found");
  EXPECT_EQ(Outcome(RegisterOne()), "RE_REGISTERED");
  const json::value volume = Parse(node_.Ask("GET", "/v1/volume/2026-11"));
  EXPECT_EQ(volume.at("firstEver").as_string(), "1");
  EXPECT_EQ(volume.at("registrations").as_string(), "2");
  EXPECT_EQ(volume.at("reRegistrations").as_string(), "1");
  EXPECT_EQ(volume.at("deletions").as_string(), "1");
  EXPECT_EQ(volume.at("net").as_string(), "1");
}

TEST_F(V1Test, FrozenForbidsChanges) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  EXPECT_EQ(Outcome(Post("/v1/identifiers:batchSetState",
                         R"({"items":[{"identifier":"88.108.1001/SN1","state":"FROZEN"}]})")),
            "STATE_CHANGED");
  const Answer refused =
      node_.AskAsOperator("PATCH", "/v1/identifiers/88.108.1001/SN1", R"({"objectClass":"x"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(Slug(refused), "identifier-frozen");
}

TEST_F(V1Test, BatchUpdateAndDelete) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const Answer updated = Post(
      "/v1/identifiers:batchUpdate",
      R"({"items":[{"identifier":"88.108.1001/SN1","objectClass":"x"},{"identifier":"88.108.1001/none","objectClass":"x"}]})");
  EXPECT_EQ(Outcome(updated, 0), "UPDATED");
  EXPECT_EQ(Outcome(updated, 1), "NOT_FOUND");
  EXPECT_EQ(Field(Post("/v1/identifiers:batchUpdate", R"({"items":[{"color":1}]})")),
            "items[0].color");
  const Answer deleted =
      Post("/v1/identifiers:batchDelete", R"({"items":[{"identifier":"88.108.1001/SN1"}]})");
  EXPECT_EQ(Outcome(deleted), "DELETED");
  EXPECT_EQ(Field(Post("/v1/identifiers:batchDelete", R"({"items":[{"values":[]}]})")),
            "items[0].values");
  EXPECT_EQ(Field(Post("/v1/identifiers:batchSetState", R"({"items":[{"state":"ASLEEP"}]})")),
            "items[0].state");
}

TEST_F(V1Test, HistoryIsForTheOwner) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const std::string target = "/v1/identifiers/88.108.1001/SN1";
  ASSERT_EQ(node_.AskAsOperator("PATCH", target, R"({"objectClass":"second"})").status, 200);
  ASSERT_EQ(node_.AskAsOperator("PATCH", target, R"({"objectClass":"third"})").status, 200);
  const Answer answer = Get(target + "?history=true&pageSize=2");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value page = Parse(answer);
  const auto& revisions = page.at("revisions").as_array();
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].at("record").at("objectClass").as_string(), "third");
  EXPECT_EQ(revisions[0].at("change").as_string(), "CHANGE_UPDATED");
  EXPECT_EQ(revisions[1].at("record").at("objectClass").as_string(), "second");
  const std::string token(page.at("nextPageToken").as_string());
  const json::value last = Parse(Get(target + "?history=true&pageSize=2&pageToken=" + token));
  ASSERT_EQ(last.at("revisions").as_array().size(), 1U);
  EXPECT_EQ(last.at("revisions").at(0).at("change").as_string(), "CHANGE_REGISTERED");
  EXPECT_EQ(last.as_object().if_contains("nextPageToken"), nullptr);
  const Answer anonymous = node_.Ask("GET", target + "?history=true");
  EXPECT_TRUE(anonymous.status == 401 || anonymous.status == 403) << anonymous.body;
}

TEST_F(V1Test, ListsAPrefixPageByPage) {
  node_.Register(
      R"([{"identifier":"88.108.1001/c"},{"identifier":"88.108.1001/A"},{"identifier":"88.108.1001/b"},
                     {"identifier":"88.108.1002/z"}])");
  std::string token;
  std::vector<std::string> seen;
  for (int pages = 0; pages < 5; ++pages) {
    const Answer answer = node_.Ask("GET", "/v1/prefixes/88.108.1001/identifiers?pageSize=2" +
                                               (token.empty() ? "" : "&pageToken=" + token));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const json::value page = Parse(answer);
    for (const auto& record : page.at("identifiers").as_array())
      seen.emplace_back(record.at("identifier").as_string());
    const auto* next = page.as_object().if_contains("nextPageToken");
    if (next == nullptr) break;
    token = std::string(next->as_string());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"88.108.1001/A", "88.108.1001/b", "88.108.1001/c"}));
  const std::string target = "/v1/prefixes/88.108.1001/identifiers";
  EXPECT_EQ(node_.Ask("GET", target + "?pageSize=1000").status, 200);
  EXPECT_EQ(node_.Ask("GET", target + "?pageSize=1001").status, 400);
  EXPECT_EQ(Slug(node_.Ask("GET", target + "?pageToken=nonsense")), "invalid-page-token");
  EXPECT_EQ(Field(node_.Ask("GET", target + "?pageSize=many")), "pageSize");
  EXPECT_EQ(Field(node_.Ask("GET", target + "?size=1")), "size");
  EXPECT_EQ(node_.Ask("GET", "/v1/prefixes/..bad/identifiers").status, 400);
  EXPECT_EQ(node_.Ask("GET", "/v1/prefixes/%zz/identifiers").status, 400);
}

TEST_F(V1Test, BatchResolveAnswersEach) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  node_.Register(
      R"([{"identifier":"88.108.1001/s","values":[{"type":"COST","data":"secret","permissions":12}]}])");
  const std::string body =
      R"({"identifiers":["88.108.1001/sn1","88.108.1001/none","bad","88.108.1001/s"]})";
  const Answer answer = node_.Ask("POST", "/v1/identifiers:batchResolve", "", body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value results = Parse(answer).at("results");
  EXPECT_EQ(results.at(0).at("identifier").as_string(), "88.108.1001/sn1");
  EXPECT_EQ(results.at(0).at("record").at("identifier").as_string(), "88.108.1001/SN1");
  EXPECT_EQ(results.at(1).at("reason").as_string(), "identifier-not-found");
  EXPECT_EQ(results.at(2).at("reason").as_string(), "invalid-identifier");
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_NE(Post("/v1/identifiers:batchResolve", body).body.find("secret"), std::string::npos);
  EXPECT_EQ(Field(Post("/v1/identifiers:batchResolve", R"({"ids":[]})")), "ids");
  EXPECT_EQ(node_.Ask("POST", "/v1/identifiers:batchResolve", "", R"({"identifiers":[]})").status,
            400);
}

TEST_F(V1Test, VolumeByMonthAndDay) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  const Answer answer = node_.Ask("GET", "/v1/volume/2026-11?groupBy=day");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value volume = Parse(answer);
  EXPECT_EQ(volume.at("month").as_string(), "2026-11");
  EXPECT_EQ(volume.at("timeZone").as_string(), "Asia/Shanghai");
  EXPECT_EQ(volume.at("firstEver").as_string(), "1");
  EXPECT_EQ(volume.at("reRegistrations").as_string(), "0");
  EXPECT_EQ(volume.at("target").as_string(), "15000000");
  EXPECT_FALSE(volume.at("targetMet").as_bool());
  EXPECT_EQ(volume.at("groups").at(0).at("key").as_string(), "2026-11-22");
  EXPECT_EQ(volume.at("groups").at(0).at("firstEver").as_string(), "1");
  EXPECT_EQ(Parse(node_.Ask("GET", "/v1/volume")).at("month").as_string(), "2026-11");
  EXPECT_EQ(Parse(node_.Ask("GET", "/v1/volume/2026-10")).at("firstEver").as_string(), "0");
  const Answer bad_month = node_.Ask("GET", "/v1/volume/2026-13");
  EXPECT_EQ(bad_month.status, 400);
  EXPECT_EQ(Field(bad_month), "month");
  const Answer bad_group = node_.Ask("GET", "/v1/volume?groupBy=colour");
  EXPECT_EQ(bad_group.status, 400);
  EXPECT_EQ(Field(bad_group), "groupBy");
  EXPECT_EQ(Field(node_.Ask("GET", "/v1/volume?group_by=day")), "group_by");
}

TEST_F(V1Test, OperatorManagesApplications) {
  const Answer created =
      Post("/v1/applications", R"({"name":"factory-1","prefixes":["88.108.1001"]})");
  ASSERT_EQ(created.status, 200) << created.body;
  EXPECT_EQ(created.Get("cache-control"), "no-store");
  const std::string token(Parse(created).at("token").as_string());
  EXPECT_EQ(Outcome(node_.Ask("POST", "/v1/identifiers:batchRegister",
                              "Authorization: Bearer " + token + "\r\n",
                              R"({"items":[{"identifier":"88.108.1001/a"}]})")),
            "REGISTERED");
  const Answer again =
      Post("/v1/applications", R"({"name":"factory-1","prefixes":["88.108.1001"]})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(Slug(again), "already-exists");
  EXPECT_EQ(Post("/v1/applications", R"({"name":"No Good","prefixes":["88.108.1001"]})").status,
            400);
  const Answer list = Get("/v1/applications");
  EXPECT_EQ(Parse(list).at("applications").at(0).at("name").as_string(), "factory-1");
  EXPECT_EQ(list.body.find(token), std::string::npos);
  for (const char* method : {"GET", "POST"}) {
    EXPECT_EQ(node_
                  .Ask(method, "/v1/applications", "Authorization: Bearer " + token + "\r\n",
                       method[0] == 'P' ? R"({"name":"x","prefixes":["88.108.1001"]})" : "")
                  .status,
              403)
        << method;
  }
  const Answer revoked = node_.AskAsOperator("DELETE", "/v1/applications/factory-1");
  ASSERT_EQ(revoked.status, 200) << revoked.body;
  EXPECT_TRUE(Parse(revoked).at("application").at("revoked").as_bool());
  EXPECT_EQ(node_.Ask("GET", "/v1/volume", "Authorization: Bearer " + token + "\r\n").status, 401);
  EXPECT_EQ(node_.AskAsOperator("DELETE", "/v1/applications/nobody").status, 404);
}

TEST(V1PrefixTest, OperatorAdmitsPrefixes) {
  HttpNode node({}, /*admit_on_first_use=*/false);
  const std::string item = R"({"items":[{"identifier":"88.108.7/a"}]})";
  const Answer refused = node.AskAsOperator("POST", "/v1/identifiers:batchRegister", item);
  EXPECT_EQ(Parse(refused).at("results").at(0).at("reason").as_string(), "prefix-not-admitted");
  const Answer admitted = node.AskAsOperator("POST", "/v1/prefixes", R"({"prefix":"88.108.7"})");
  ASSERT_EQ(admitted.status, 200) << admitted.body;
  EXPECT_EQ(Parse(admitted).at("prefix").at("prefix").as_string(), "88.108.7");
  EXPECT_EQ(Outcome(node.AskAsOperator("POST", "/v1/identifiers:batchRegister", item)),
            "REGISTERED");
  EXPECT_EQ(Slug(node.AskAsOperator("POST", "/v1/prefixes", R"({"prefix":"88.108.7"})")),
            "already-exists");
  EXPECT_EQ(node.AskAsOperator("POST", "/v1/prefixes", R"({"prefix":"99.1.1"})").status, 421);
  EXPECT_EQ(Parse(node.AskAsOperator("GET", "/v1/prefixes"))
                .at("prefixes")
                .at(0)
                .at("prefix")
                .as_string(),
            "88.108.7");
  EXPECT_TRUE(node.Ask("POST", "/v1/prefixes", "", R"({"prefix":"88.108.8"})").status == 401 ||
              node.Ask("POST", "/v1/prefixes", "", R"({"prefix":"88.108.8"})").status == 403);
}

TEST_F(V1Test, StrangersAreRefusedBeforeTheBodyIsRead) {
  for (const char* target : {"/v1/applications", "/v1/prefixes", "/v1/users", "/v1/templates"}) {
    EXPECT_EQ(Slug(node_.Ask("POST", target, "", "no JSON")), "unauthenticated") << target;
    EXPECT_EQ(Slug(Post(target, "no JSON")), "invalid-request") << target;
  }
}

TEST_F(V1Test, RecountsAMonth) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  for (const char* target : {"/v1/volume/2026-11:recount", "/v1/volume:recount"}) {
    for (const char* body : {"", "{}"}) {
      const Answer answer = Post(target, body);
      ASSERT_EQ(answer.status, 200) << answer.body;
      const json::value report = Parse(answer);
      EXPECT_EQ(report.at("month").as_string(), "2026-11");
      EXPECT_TRUE(report.at("equal").as_bool());
      EXPECT_EQ(report.at("counters").at("firstEver").as_string(), "1");
      EXPECT_EQ(report.at("recounted").at("firstEver").as_string(), "1");
      EXPECT_EQ(report.at("records").as_string(), "1");
      EXPECT_TRUE(report.at("differences").as_array().empty());
    }
  }
  EXPECT_EQ(Post("/v1/volume/2026-11:recount", R"({"month":"2026-11"})").status, 200);
  EXPECT_EQ(Field(Post("/v1/volume/2026-11:recount", R"({"month":"2026-10"})")), "month");
  EXPECT_EQ(Field(Post("/v1/volume/2026-13:recount", "")), "month");
  const std::string token = node_.NewApplication("factory", "88.108.1001");
  EXPECT_EQ(node_.Ask("POST", "/v1/volume:recount").status, 401);
  EXPECT_EQ(
      node_.Ask("POST", "/v1/volume:recount", "Authorization: Bearer " + token + "\r\n").status,
      403);
}

TEST_F(V1Test, ARecountEndsWithTheDrain) {
  ASSERT_EQ(Outcome(RegisterOne()), "REGISTERED");
  Client client(node_.port());
  ASSERT_TRUE(client.Send(RequestText("GET", "/v1/volume")));
  EXPECT_EQ(client.Read()->status, 200);
  // The connection is under way when the drain begins, so its recount is still heard, and refused.
  const std::string recount = RequestText(
      "POST", "/v1/volume:recount", "Authorization: Bearer " + node_.operator_token() + "\r\n");
  ASSERT_TRUE(client.Send(recount.substr(0, recount.size() - 2) +
                          "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.Read()->status, 100);
  node_.frontend().Drain(node_.clock().After(std::chrono::milliseconds(0)));
  ASSERT_TRUE(client.Send("{}"));
  const auto answer = client.Read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(Slug(*answer), "shutting-down");
}

TEST_F(V1Test, OperatorReadsTheStateAndAcceptsTheClock) {
  const Answer before = Get("/v1/status");
  ASSERT_EQ(before.status, 200) << before.body;
  EXPECT_EQ(Parse(before).at("engine").as_string(), "memory");
  EXPECT_EQ(Parse(before).at("timeZone").as_string(), "Asia/Shanghai");
  EXPECT_TRUE(Parse(before).at("registering").as_bool());

  node_.clock().SetWallMs(HttpNode::kStartMs + 3'600'000);
  EXPECT_EQ(Slug(RegisterOne()), "clock-untrusted");
  for (const char* headers : {"", "Authorization: Bearer wrong\r\n"}) {
    EXPECT_EQ(node_.Ask("GET", "/v1/status", headers).status, 401);
    EXPECT_EQ(node_.Ask("POST", "/v1/clock:accept", headers).status, 401);
  }
  EXPECT_EQ(Slug(RegisterOne()), "clock-untrusted");
  const Answer accepted = Post("/v1/clock:accept", "");
  ASSERT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_TRUE(Parse(accepted).as_object().contains("wallClock"));
  EXPECT_EQ(Outcome(RegisterOne()), "REGISTERED");
  EXPECT_EQ(Field(Post("/v1/clock:accept", R"({"force":true})")), "force");
}

TEST_F(V1Test, UnknownPathsAndMethods) {
  EXPECT_EQ(Slug(node_.Ask("GET", "/v1/nothing")), "not-found");
  EXPECT_EQ(Slug(node_.Ask("GET", "/v1")), "not-found");
  struct Case {
    const char* method;
    const char* target;
    const char* allow;
  };
  for (const Case& c :
       {Case{"GET", "/v1/identifiers:batchRegister", "POST, OPTIONS"},
        {"PUT", "/v1/identifiers/88.108.1001/a", "GET, HEAD, PATCH, DELETE, OPTIONS"},
        {"POST", "/v1/volume", "GET, HEAD, OPTIONS"},
        {"DELETE", "/v1/applications", "GET, HEAD, POST, OPTIONS"},
        {"GET", "/v1/applications/a", "DELETE, OPTIONS"},
        {"DELETE", "/v1/prefixes", "GET, HEAD, POST, OPTIONS"},
        {"POST", "/openapi.json", "GET, HEAD, OPTIONS"}}) {
    const Answer answer = node_.Ask(c.method, c.target);
    EXPECT_EQ(answer.status, 405) << c.target;
    EXPECT_EQ(answer.Get("allow"), c.allow) << c.target;
  }
}

TEST_F(V1Test, ServesItsDescription) {
  const Answer answer = node_.Ask("GET", "/openapi.json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Get("content-type"), "application/json");
  EXPECT_TRUE(Parse(answer).at("paths").as_object().contains("/v1/volume"));
}

TEST_F(V1Test, RequestTimeoutIsANumber) {
  EXPECT_EQ(node_.Ask("GET", "/v1/volume", "X-Request-Timeout-Ms: 1000\r\n").status, 200);
  for (const char* bad : {"0", "-1", "soon", "10s"}) {
    const Answer answer =
        node_.Ask("GET", "/v1/volume", "X-Request-Timeout-Ms: " + std::string(bad) + "\r\n");
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_EQ(Field(answer), "X-Request-Timeout-Ms") << bad;
  }
}

}  // namespace
}  // namespace idnode::frontend::http::testing
