// Administration over `/v1`: each operation once as it should go, and what is wrong with requests.
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "node/frontend/admin_calls/admin_calls.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

namespace json = boost::json;

constexpr const char* kPassword = "correct horse battery";
constexpr const char* kFingerprint =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

std::string Text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

class V1AdminTest : public ::testing::Test {
 protected:
  void SetUp() override {
    code_ = node_.node().AddEnterprise(1);
    const auto actor = node_.node().Operator();
    ASSERT_TRUE(
        node_.node().prefixes->Admit(actor, "88.108.1001", code_, node_.node().Soon()).ok());
  }

  Answer Ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    return node_.AskAsOperator(method, target, body);
  }

  // The answer of a request that succeeds.
  json::value Do(const std::string& method, const std::string& target,
                 const std::string& body = {}) {
    const Answer answer = Ask(method, target, body);
    EXPECT_EQ(answer.status, 200) << method << " " << target << ": " << answer.body;
    EXPECT_EQ(answer.Get("cache-control"), "no-store") << target;
    boost::system::error_code ec;
    return json::parse(answer.body, ec);
  }

  // The text of a member of that answer, by its JSON pointer; "absent" where there is none.
  std::string Get(const std::string& pointer, const std::string& method, const std::string& target,
                  const std::string& body = {}) {
    const json::value answer = Do(method, target, body);
    boost::system::error_code ec;
    const auto* found = answer.find_pointer(pointer, ec);
    return found == nullptr ? "absent" : Text(*found);
  }

  // "slug field" of a request that fails.
  std::string Fault(const std::string& method, const std::string& target,
                    const std::string& body = {}) {
    const Answer answer = Ask(method, target, body);
    EXPECT_GE(answer.status, 400) << method << " " << target << ": " << answer.body;
    boost::system::error_code ec;
    const json::value problem = json::parse(answer.body, ec);
    if (ec || !problem.is_object()) return answer.body;
    constexpr std::string_view kUrn = "urn:idnode:error:";
    std::string fault = Text(problem.at("type")).substr(kUrn.size());
    if (const auto* field = problem.as_object().if_contains("field")) fault += " " + Text(*field);
    return fault;
  }

  HttpNode node_{{}, /*admit_on_first_use=*/false};
  std::string code_;
};

TEST_F(V1AdminTest, Enterprises) {
  const std::string other = service::TestCreditCode(7);
  EXPECT_EQ(Get("/enterprise/industry", "POST", "/v1/enterprises",
                R"({"enterprise":{"creditCode":")" + other +
                    R"(","name":"陶瓷厂","industry":"C307","region":"440600",)"
                    R"("contact":{"name":"Li","email":"li@maker.example"}}})"),
            "C307");
  EXPECT_EQ(Get("/enterprise/prefixes/0", "GET", "/v1/enterprises/" + code_), "88.108.1001");
  const json::value page = Do("GET", "/v1/enterprises?pageSize=1");
  ASSERT_EQ(page.at("enterprises").as_array().size(), 1U);
  EXPECT_NE(Get("/enterprises/0/creditCode", "GET",
                "/v1/enterprises?pageSize=1&pageToken=" + Text(page.at("nextPageToken"))),
            Text(page.at("enterprises").at(0).at("creditCode")));
  EXPECT_EQ(Get("/enterprises/0/creditCode", "GET", "/v1/enterprises?industry=C30"), other);
  EXPECT_EQ(
      Get("/enterprises/0/creditCode", "GET", "/v1/enterprises?nameContains=%E9%99%B6%E7%93%B7"),
      other);
  EXPECT_EQ(Fault("POST", "/v1/enterprises",
                  R"({"enterprise":{"creditCode":"91440300MA5DB4RW3X","name":"a"}})"),
            "invalid-request creditCode");
  EXPECT_EQ(Fault("POST", "/v1/enterprises", R"({"enterprise":{"colour":"red"}})"),
            "invalid-request enterprise.colour");
  EXPECT_EQ(Fault("GET", "/v1/enterprises/" + service::TestCreditCode(8)), "not-found creditCode");
  EXPECT_EQ(Fault("GET", "/v1/enterprises?pageSize=many"), "invalid-request pageSize");
  EXPECT_EQ(Fault("GET", "/v1/enterprises?page=2"), "invalid-request page");
}

TEST_F(V1AdminTest, PatchOfAnEnterpriseKeepsWhatItDoesNotName) {
  const std::string target = "/v1/enterprises/" + code_;
  const json::value patched =
      Do("PATCH", target, R"({"enterprise":{"contact":{"name":"Li","phone":"1"}}})");
  EXPECT_EQ(Text(patched.at("enterprise").at("name")), "Enterprise 1");
  EXPECT_EQ(Text(patched.at("enterprise").at("contact").at("phone")), "1");
  EXPECT_EQ(Text(patched.at("enterprise").at("revision")), "2");
  const json::value emptied =
      Do("PATCH", target, R"({"enterprise":{"contact":{"phone":null},"address":"street 1"}})");
  EXPECT_FALSE(emptied.at("enterprise").at("contact").as_object().contains("phone"));
  EXPECT_EQ(Text(emptied.at("enterprise").at("contact").at("name")), "Li");
  EXPECT_EQ(Text(emptied.at("enterprise").at("address")), "street 1");
  EXPECT_EQ(Fault("PATCH", target, R"({"expectedRevision":1,"enterprise":{"address":"x"}})")
                .substr(0, 19),
            "precondition-failed");
  EXPECT_EQ(Fault("PATCH", target,
                  R"({"enterprise":{"creditCode":")" + service::TestCreditCode(8) + R"("}})"),
            "invalid-request enterprise.creditCode");
  EXPECT_EQ(Fault("PATCH", target, R"({"enterprise":{"industry":"Z99"}})"),
            "invalid-request industry");
  EXPECT_EQ(Fault("PATCH", target, R"({"enterprise":{"colour":"red"}})"),
            "invalid-request enterprise.colour");
  EXPECT_EQ(Fault("PATCH", target, "[]").substr(0, 15), "invalid-request");
}

TEST_F(V1AdminTest, PrefixesAndTheirLife) {
  EXPECT_EQ(Get("/prefix/state", "POST", "/v1/prefixes:apply",
                R"({"prefix":"88.108.7","enterprise":")" + code_ + "\"}"),
            "AWAITING_AUDIT");
  const std::string target = "/v1/prefixes/88.108.7";
  EXPECT_EQ(Get("/prefix/state", "POST", target + ":setState", R"({"state":"IN_AUDIT"})"),
            "IN_AUDIT");
  EXPECT_EQ(
      Get("/prefix/history/2/by", "POST", target + ":setState", R"({"state":"PREFIX_ACTIVE"})"),
      "operator");
  EXPECT_EQ(Get("/prefix/quota/rateHard", "PUT", target + "/quota",
                R"({"quota":{"identifiersHard":"10","rateHard":"5"}})"),
            "5");
  EXPECT_EQ(Get("/prefix/route/tcpPort", "PUT", target + "/route",
                R"({"hosting":"SELF_HOSTED","route":{"address":"2001:db8::1","tcpPort":2641}})"),
            "2641");
  EXPECT_EQ(Get("/prefix/hosting", "GET", target), "SELF_HOSTED");
  EXPECT_EQ(Get("/prefixes/1/prefix", "GET", "/v1/prefixes?enterprise=" + code_), "88.108.7");
  EXPECT_EQ(Get("/prefixes", "GET", "/v1/prefixes?state=PREFIX_REJECTED"), "absent");

  EXPECT_EQ(Fault("POST", target + ":setState", R"({"state":"AWAITING_AUDIT","reason":"r"})")
                .substr(0, 19),
            "precondition-failed");
  EXPECT_EQ(Fault("POST", target + ":setState", R"({"state":"GONE"})"), "invalid-request state");
  EXPECT_EQ(Fault("POST", target + ":setState", R"({"prefix":"88.108.8","state":"STOPPED"})"),
            "invalid-request prefix");
  EXPECT_EQ(Fault("PUT", target + "/route",
                  R"({"hosting":"SELF_HOSTED","route":{"address":"nowhere","tcpPort":1}})"),
            "invalid-request route.address");
  EXPECT_EQ(Fault("PUT", target + "/route",
                  R"({"hosting":"SELF_HOSTED","route":{"address":"::1","tcpPort":65536}})"),
            "invalid-request route.tcpPort");
  EXPECT_EQ(Fault("PUT", target + "/route", "{}"), "invalid-request hosting");
  EXPECT_EQ(
      Fault("PUT", target + "/quota", R"({"quota":{"identifiersSoft":"2","identifiersHard":"1"}})")
          .substr(0, 15),
      "invalid-request");
  EXPECT_EQ(Fault("GET", "/v1/prefixes?state=GONE"), "invalid-request state");
  EXPECT_EQ(Fault("GET", "/v1/prefixes/88.108.9").substr(0, 9), "not-found");
}

TEST_F(V1AdminTest, PagesOfPrefixesAreWholeAndDisjoint) {
  for (int i = 0; i < 5; ++i) {
    Do("POST", "/v1/prefixes", R"({"prefix":"88.108.200)" + std::to_string(i) + "\"}");
  }
  std::string listed;
  std::string token;
  int pages = 0;
  do {
    const json::value page =
        Do("GET", "/v1/prefixes?pageSize=4" + (token.empty() ? "" : "&pageToken=" + token));
    for (const auto& prefix : page.at("prefixes").as_array()) {
      listed += Text(prefix.at("prefix")) + " ";
    }
    const auto* next = page.as_object().if_contains("nextPageToken");
    token = next == nullptr ? "" : Text(*next);
    ++pages;
  } while (!token.empty() && pages < 9);
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(listed, "88.108.1001 88.108.2000 88.108.2001 88.108.2002 88.108.2003 88.108.2004 ");
  EXPECT_EQ(Fault("GET", "/v1/prefixes?pageSize=4&pageToken=rubbish").substr(0, 18),
            "invalid-page-token");
}

TEST_F(V1AdminTest, TemplatesFromDraftToWithdrawal) {
  const std::string put =
      R"({"owner":"88.108.1001","name":"shoe","schema":{"type":"object","title":"Shoe",)"
      R"("properties":{"colour":{"type":"string","maxLength":10}}}})";
  EXPECT_EQ(Get("/template/status", "POST", "/v1/templates", put), "DRAFT");
  const std::string target = "/v1/templates/88.108.1001/shoe";
  EXPECT_EQ(node_.Ask("GET", target + "/1").status, 401) << "a draft";
  EXPECT_EQ(Get("/template/reference", "POST", target + "/1:publish"), "shoe@1");
  EXPECT_EQ(Get("/template/schema/properties/colour/maxLength", "GET", target), "10");
  EXPECT_EQ(node_.Ask("GET", target).status, 200) << "published: anybody's";
  EXPECT_EQ(node_.Ask("GET", target).Get("access-control-allow-origin"), "*");
  EXPECT_NE(Get("/template/schema/items/0/idIndex", "GET", target + "/1?form=SNMS"), "absent");
  const json::value listed = Do("GET", "/v1/templates?owner=88.108.1001");
  EXPECT_EQ(Text(listed.at("templates").at(0).at("name")), "shoe");
  EXPECT_FALSE(listed.at("templates").at(0).as_object().contains("schema"));
  EXPECT_EQ(Get("/template/version", "POST", "/v1/templates", put), "2");
  EXPECT_EQ(Get("", "DELETE", target + "/2"), "{}");
  EXPECT_EQ(Get("/template/status", "POST", target + "/1:withdraw", "{}"), "WITHDRAWN");

  EXPECT_EQ(Fault("GET", target + "/1?form=XML"), "invalid-request form");
  EXPECT_EQ(Fault("GET", target + "/one"), "invalid-request version");
  EXPECT_EQ(Fault("DELETE", target + "/0"), "invalid-request version");
  EXPECT_EQ(Fault("POST", target + "/1:publish", R"({"version":2})"), "invalid-request version");
  EXPECT_EQ(Fault("POST", target + "/9:publish").substr(0, 18), "template-not-found");
  EXPECT_EQ(Fault("POST", "/v1/templates", R"({"owner":"88.108.1001","name":"hat"})"),
            "invalid-request schema");
}

TEST_F(V1AdminTest, ApplicationsTokensAndCertificates) {
  const json::value created = Do("POST", "/v1/applications",
                                 R"({"name":"erp","prefixes":["88.108.1001"],"enterprise":")" +
                                     code_ + R"(","expiresInSeconds":"3600"})");
  EXPECT_EQ(Text(created.at("application").at("role")), "APPLICATION");
  EXPECT_EQ(Text(created.at("application").at("tokens").at(0).at("expiresAt")),
            "2026-11-22T03:00:00.123Z");
  const std::string first = Text(created.at("token"));
  const std::string target = "/v1/applications/erp";
  const json::value second = Do("POST", target + "/tokens", R"({"rotate":true})");
  EXPECT_EQ(Text(second.at("id")), "t2");
  EXPECT_EQ(node_.AskAs(first, "GET", "/v1/prefixes").status, 401) << "rotated without overlap";
  EXPECT_EQ(node_.AskAs(Text(second.at("token")), "GET", "/v1/prefixes").status, 200);
  EXPECT_EQ(Get("/application/tokens/1/revoked", "DELETE", target + "/tokens/t2"), "true");
  EXPECT_EQ(node_.AskAs(Text(second.at("token")), "GET", "/v1/prefixes").status, 401);
  const std::string bind = R"({"fingerprint":")" + std::string(kFingerprint) + "\"}";
  EXPECT_EQ(Get("/application/certificates/0", "POST", target + "/certificates", bind),
            kFingerprint);
  EXPECT_EQ(Get("/application/certificates", "DELETE",
                target + "/certificates/" + std::string(kFingerprint)),
            "absent");
  EXPECT_EQ(Get("/applications/0/name", "GET", "/v1/applications?enterprise=" + code_), "erp");

  EXPECT_EQ(Fault("POST", target + "/certificates", R"({"fingerprint":"00"})"),
            "invalid-request fingerprint");
  EXPECT_EQ(Fault("POST", target + "/tokens", R"({"name":"other"})"), "invalid-request name");
  EXPECT_EQ(Fault("POST", target + "/tokens", R"({"expiresInSeconds":"18446744073709551615"})"),
            "invalid-request expiresInSeconds");
  EXPECT_EQ(Fault("POST", target + "/tokens", R"({"overlapSeconds":"18446744073709551615"})"),
            "invalid-request overlapSeconds");
  EXPECT_EQ(Fault("POST", "/v1/applications", R"({"name":"x","role":99})"), "invalid-request role");
  EXPECT_EQ(Fault("DELETE", target + "/tokens/t9").substr(0, 9), "not-found");
  EXPECT_EQ(Fault("DELETE", target + "?x=1"), "invalid-request x");
}

TEST_F(V1AdminTest, PeopleAndTheirLogins) {
  const std::string user = R"({"name":"alice","role":"ENTERPRISE_ADMINISTRATOR","enterprise":")" +
                           code_ + R"(","password":")" + kPassword + "\"}";
  EXPECT_EQ(Get("/user/role", "POST", "/v1/users", user), "ENTERPRISE_ADMINISTRATOR");
  EXPECT_EQ(Get("/users/0/name", "GET", "/v1/users?enterprise=" + code_), "alice");
  const std::string login = R"({"name":"alice","password":")" + std::string(kPassword) + "\"}";
  const Answer logged_in = node_.Ask("POST", "/v1/login", "", login);
  ASSERT_EQ(logged_in.status, 200) << logged_in.body;
  const std::string token = Text(json::parse(logged_in.body).at("token"));
  EXPECT_EQ(node_.AskAs(token, "GET", "/v1/enterprises/" + code_).status, 200);
  EXPECT_EQ(logged_in.body.find(kPassword), std::string::npos);

  EXPECT_EQ(
      node_
          .AskAs(token, "PUT", "/v1/users/alice/password",
                 R"({"password":"another horse battery","oldPassword":"correct horse battery"})")
          .status,
      200);
  EXPECT_EQ(node_.AskAs(token, "GET", "/v1/prefixes").status, 401) << "its sessions ended";
  EXPECT_EQ(node_.Ask("POST", "/v1/login", "", login).status, 401);
  EXPECT_EQ(Get("/user/disabled", "POST", "/v1/users/alice:disable"), "true");
  EXPECT_EQ(Get("/user/disabled", "POST", "/v1/users/alice:enable"), "absent");

  EXPECT_EQ(Fault("PUT", "/v1/users/alice/password", R"({"password":"short"})"),
            "invalid-request password");
  EXPECT_EQ(Fault("POST", "/v1/users/alice:disable", R"({"enable":true})"),
            "invalid-request enable");
  EXPECT_EQ(Fault("POST", "/v1/users/nobody:disable"), "not-found name");
  EXPECT_EQ(Fault("POST", "/v1/login", R"({"name":"alice","passwort":"x"})"),
            "invalid-request passwort");
}

TEST_F(V1AdminTest, GrantsAndWhatTheyShow) {
  node_.Register(R"([{"identifier":"88.108.1001/SN1","values":[
      {"index":1,"type":"COST","data":"17","permissions":12}]}])");
  const std::string partner = node_.node().AddEnterprise(2);
  const std::string preview =
      R"({"identifier":"88.108.1001/SN1","asEnterprise":")" + partner + "\"}";
  EXPECT_EQ(Get("/record/values", "POST", "/v1/access:preview", preview), "absent");
  const std::string id =
      Get("/grant/id", "POST", "/v1/grants",
          R"({"grant":{"prefix":"88.108.1001","identifier":"88.108.1001/SN1","toEnterprise":")" +
              partner + R"(","endsAt":"2027-01-01T00:00:00Z"}})");
  EXPECT_EQ(Get("/record/values/0/data", "POST", "/v1/access:preview", preview), "17");
  EXPECT_EQ(Get("/items/0/enterprises/0", "POST", "/v1/access:whoCanSee",
                R"({"identifier":"88.108.1001/sn1"})"),
            partner);
  EXPECT_EQ(Get("/grants/0/endsAt", "GET", "/v1/grants?prefix=88.108.1001"),
            "2027-01-01T00:00:00Z");
  EXPECT_EQ(Get("/grant/id", "DELETE", "/v1/grants/88.108.1001/" + id), id);
  EXPECT_EQ(Get("/record/values", "POST", "/v1/access:preview", preview), "absent");

  // As an application of theirs: whom it belongs to counts.
  const std::string app = R"({"identifier":"88.108.1001/SN1","asApplication":"shop"})";
  node_.NewApplication("shop", "88.108.1001", code_);
  EXPECT_EQ(Get("/record/values/0/data", "POST", "/v1/access:preview", app), "17") << "its owner";
  EXPECT_EQ(Get("/record/values", "POST", "/v1/access:preview",
                R"({"identifier":"88.108.1001/SN1","asApplication":"unknown"})"),
            "absent");

  EXPECT_EQ(Fault("POST", "/v1/access:preview",
                  R"({"identifier":"88.108.1001/SN1","asApplication":"a","asEnterprise":"b"})"),
            "invalid-request asApplication");
  EXPECT_EQ(
      Fault("POST", "/v1/access:preview", R"({"identifier":"88.108.1001/SN1","asEnterprise":"b"})"),
      "invalid-request asEnterprise");
  EXPECT_EQ(Fault("POST", "/v1/access:whoCanSee", R"({"identifier":"no-slash"})"),
            "invalid-identifier identifier");
  EXPECT_EQ(
      Fault("POST", "/v1/access:whoCanSee", R"({"identifier":"88.108.1001/none"})").substr(0, 20),
      "identifier-not-found");
  EXPECT_EQ(Fault("POST", "/v1/grants", R"({"grant":{"prefix":"88.108.1001"}})").substr(0, 15),
            "invalid-request");
}

TEST_F(V1AdminTest, TheAuditLogTellsAllOfIt) {
  EXPECT_EQ(node_.Ask("POST", "/v1/prefixes", "", "{}").status, 401);
  Do("PUT", "/v1/prefixes/88.108.1001/quota", R"({"quota":{"identifiersSoft":"9"}})");
  (void)node_.node().AuditEntries();  // writes the refusal
  const json::value quota = Do("GET", "/v1/audit?action=prefix.set-quota");
  ASSERT_EQ(quota.at("entries").as_array().size(), 1U);
  const json::value& entry = quota.at("entries").at(0);
  EXPECT_EQ(Text(entry.at("who")), "operator");
  EXPECT_EQ(Text(entry.at("target")), "88.108.1001");
  EXPECT_EQ(Text(entry.at("from")), "127.0.0.1");
  const json::value refused = Do("GET", "/v1/audit?refusedOnly=true&action=prefix.&ascending=true");
  ASSERT_EQ(refused.at("entries").as_array().size(), 1U);
  EXPECT_EQ(Text(refused.at("entries").at(0).at("refused")), "unauthenticated");
  EXPECT_EQ(Text(refused.at("entries").at(0).at("who")), "anonymous");
  EXPECT_EQ(Get("/entries", "GET", "/v1/audit?from=2026-12-01T00:00:00Z"), "absent");

  const json::value page = Do("GET", "/v1/audit?pageSize=1");
  EXPECT_EQ(page.at("entries").as_array().size(), 1U);
  EXPECT_NE(Get("/entries/0/number", "GET",
                "/v1/audit?pageSize=1&pageToken=" + Text(page.at("nextPageToken"))),
            Text(page.at("entries").at(0).at("number")));
  const json::value check = Do("POST", "/v1/audit:verify");
  EXPECT_FALSE(check.as_object().contains("brokenAt"));
  EXPECT_EQ(Text(check.at("first")), "1");
  EXPECT_EQ(Fault("GET", "/v1/audit?from=yesterday"), "invalid-request from");
  EXPECT_EQ(Fault("GET", "/v1/audit?pageSize=1001").substr(0, 15), "invalid-request");
}

TEST_F(V1AdminTest, BodiesAreBounded) {
  const auto padded = [](std::size_t bytes) { return "{" + std::string(bytes - 2, ' ') + "}"; };
  const Answer longest = Ask("POST", "/v1/enterprises", padded(admin_calls::kRequestBytesMax));
  EXPECT_EQ(longest.status, 400) << longest.body;
  EXPECT_EQ(Fault("POST", "/v1/enterprises", padded(admin_calls::kRequestBytesMax + 1)),
            "payload-too-large");
  const auto login = [&](std::size_t bytes) {
    return node_.Ask("POST", "/v1/login", "", padded(bytes)).status;
  };
  EXPECT_EQ(login(admin_calls::kStrangersRequestBytesMax), 401);
  EXPECT_EQ(login(admin_calls::kStrangersRequestBytesMax + 1), 413);
}

TEST_F(V1AdminTest, RequestsWithoutABodyTakeNone) {
  EXPECT_EQ(Fault("POST", "/v1/enterprises"), "invalid-request");
  EXPECT_EQ(Fault("POST", "/v1/audit:verify?x=1"), "invalid-request x");
  EXPECT_EQ(Fault("POST", "/v1/audit:verify", "[1]").substr(0, 15), "invalid-request");
}

TEST(V1ThrottleTest, AddressesThatFailWaitOnEveryPath) {
  service::TestNodeOptions options;
  options.throttle.failures_free = 2;
  HttpNode node({}, true, nullptr, std::move(options));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(node.AskAs("guess", "GET", "/v1/volume").status, 401);
  for (const char* target : {"/v1/volume", "/88.108.1001/SN1", "/openapi.json", "/v1/nothing"}) {
    const Answer answer = node.AskAsOperator("GET", target);
    EXPECT_EQ(answer.status, 429) << target;
    EXPECT_NE(answer.Get("retry-after"), "") << target;
  }
  node.clock().AdvanceMs(60'000);
  EXPECT_EQ(node.AskAsOperator("GET", "/v1/volume").status, 200);
}

TEST(V1ThrottleTest, FailedLoginsCountToo) {
  service::TestNodeOptions options;
  options.throttle.failures_free = 1;
  HttpNode node({}, true, nullptr, std::move(options));
  const std::string body = R"({"name":"alice","password":"a wrong password"})";
  EXPECT_EQ(node.Ask("POST", "/v1/login", "", body).status, 401);
  EXPECT_EQ(node.Ask("POST", "/v1/login", "", body).status, 401);
  EXPECT_EQ(node.Ask("POST", "/v1/login", "", body).status, 429);
}

TEST(V1ThrottleTest, ATokenOfOnesOwnForgetsNoFailedLogins) {
  service::TestNodeOptions options;
  options.throttle.failures_free = 1;
  HttpNode node({}, true, nullptr, std::move(options));
  const std::string body = R"({"name":"alice","password":"a wrong password"})";
  for (const int status : {401, 401, 429}) {
    EXPECT_EQ(node.Ask("POST", "/v1/login", "", body).status, status);
    EXPECT_EQ(node.AskAsOperator("GET", "/v1/volume").status, 200);
  }
}

TEST(V1ThrottleTest, AWrongOldPasswordIsAFailedLogin) {
  service::TestNodeOptions options;
  options.throttle.failures_free = 1;
  HttpNode node({}, true, nullptr, std::move(options));
  const std::string user =
      R"({"name":"alice","role":"AUDITOR","password":")" + std::string(kPassword) + "\"}";
  ASSERT_EQ(node.AskAsOperator("POST", "/v1/users", user).status, 200);
  const std::string login = R"({"name":"alice","password":")" + std::string(kPassword) + "\"}";
  const Answer logged_in = node.Ask("POST", "/v1/login", "", login);
  ASSERT_EQ(logged_in.status, 200) << logged_in.body;
  const std::string token = Text(json::parse(logged_in.body).at("token"));
  const auto change = [&](const std::string& old_password) {
    return node
        .AskAs(token, "PUT", "/v1/users/alice/password",
               R"({"password":"another horse battery","oldPassword":")" + old_password + "\"}")
        .status;
  };
  EXPECT_EQ(change("guess 1"), 401);
  EXPECT_EQ(change("guess 2"), 401);
  EXPECT_EQ(change(kPassword), 429);
  EXPECT_EQ(node.Ask("POST", "/v1/login", "", login).status, 429);
  EXPECT_EQ(
      node.AskAsOperator("PUT", "/v1/users/bob/password", R"({"password":"0123456789"})").status,
      404)
      << "an operator needs no old one, so waits for nothing";
  node.clock().AdvanceMs(1'000);
  EXPECT_EQ(change(kPassword), 200);
}

TEST(V1ThrottleTest, AddressesAndIdentitiesAreBounded) {
  service::TestNodeOptions options;
  options.throttle.per_identity = 1;
  options.throttle.burst_seconds = 1;
  HttpNode node({}, true, nullptr, std::move(options));
  EXPECT_EQ(node.AskAsOperator("GET", "/v1/volume").status, 200);
  EXPECT_EQ(node.AskAsOperator("GET", "/v1/volume").status, 429);
  EXPECT_EQ(node.Ask("GET", "/v1/volume").status, 200);
  EXPECT_EQ(node.Ask("GET", "/v1/volume").status, 200);

  service::TestNodeOptions listed;
  listed.throttle.deny_addresses = {"127.0.0.1/32"};
  HttpNode closed({}, true, nullptr, std::move(listed));
  EXPECT_EQ(closed.AskAsOperator("GET", "/v1/volume").status, 403);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
