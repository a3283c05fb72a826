// `/{prefix}/{suffix}` over a socket: representations, conditions, redirects, permissions.
#include <string>

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "idnode/v1/common.pb.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

constexpr std::string_view kBrowser =
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";

class ResolutionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.Register(R"json([
      {"identifier":"88.108.1001/SN1","objectClass":"product",
       "values":[{"index":1,"type":"URL","data":"https://maker.example/SN1","ttl":600},
                 {"index":2,"type":"NAME","data":"鞋","ttl":3600},
                 {"index":3,"type":"COST","data":"12.50","permissions":12}]},
      {"identifier":"88.108.1001/plain","values":[{"type":"NAME","data":"x"}]},
      {"identifier":"88.108.1001/a/b:c d%","values":[{"type":"NAME","data":"odd"}]},
      {"identifier":"88.108.1001/鞋","values":[{"type":"NAME","data":"utf-8"}]},
      {"identifier":"88.108.1001/script","values":[{"type":"URL","data":"javascript:alert(1)"}]},
      {"identifier":"88.108.1001/split",
       "values":[{"type":"URL","data":"https://maker.example/\r\nX-Evil: 1"}]},
      {"identifier":"88.108.1001/hidden",
       "values":[{"index":1,"type":"URL","data":"https://maker.example/hidden","permissions":12}]},
      {"identifier":"88.108.1001/gone","values":[{"type":"NAME","data":"x"}]}])json");
  }
  void SetState(const std::string& identifier, const std::string& state) {
    const Answer answer = node_.AskAsOperator(
        "POST", "/v1/identifiers:batchSetState",
        R"({"items":[{"identifier":")" + identifier + R"(","state":")" + state + R"("}]})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    ASSERT_NE(answer.body.find("STATE_CHANGED"), std::string::npos) << answer.body;
  }

  HttpNode node_;
};

TEST_F(ResolutionTest, AnswersJsonByDefault) {
  for (const char* accept : {"", "Accept: */*\r\n", "Accept: application/json\r\n"}) {
    const Answer answer = node_.Ask("GET", "/88.108.1001/SN1", accept);
    ASSERT_EQ(answer.status, 200) << accept;
    EXPECT_EQ(answer.Get("content-type"), "application/json");
    EXPECT_EQ(answer.Get("content-length"), std::to_string(answer.body.size()));
    EXPECT_EQ(answer.Get("cache-control"), "public, max-age=600");
    EXPECT_EQ(answer.Get("vary"), "Accept, Authorization");
    EXPECT_EQ(answer.Get("access-control-allow-origin"), "*");
    EXPECT_EQ(answer.Get("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.Get("date"), "Sun, 22 Nov 2026 02:00:00 GMT");
    v1::Record record;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer.body, &record).ok())
        << answer.body;
    EXPECT_EQ(record.identifier(), "88.108.1001/SN1");
    EXPECT_EQ(record.state(), v1::ACTIVE);
    EXPECT_EQ(record.object_class(), "product");
    ASSERT_EQ(record.values_size(), 2);
    EXPECT_EQ(record.values(0).data(), "https://maker.example/SN1");
    EXPECT_EQ(record.values(1).data(), "鞋");
  }
}

TEST_F(ResolutionTest, FoldsCase) {
  const Answer answer = node_.Ask("GET", "/88.108.1001/sn1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("identifier":"88.108.1001/SN1")"), std::string::npos);
}

TEST_F(ResolutionTest, DecodesThePath) {
  EXPECT_NE(node_.Ask("GET", "/88.108.1001/a/b:c%20d%25").body.find("odd"), std::string::npos);
  EXPECT_NE(node_.Ask("GET", "/88.108.1001/a%2fb%3Ac%20d%25").body.find("odd"), std::string::npos);
  EXPECT_NE(node_.Ask("GET", "/88%2e108.1001%2FA/B:c%20d%25").body.find("odd"), std::string::npos);
  EXPECT_NE(node_.Ask("GET", "/88.108.1001/%E9%9E%8B").body.find("utf-8"), std::string::npos);
  EXPECT_NE(node_.Ask("GET", "/88.108.1001/鞋").body.find("utf-8"), std::string::npos);
  // RFC 9112 §3.2.2: a proxy's absolute form.
  EXPECT_NE(node_.Ask("GET", "http://node.example/88.108.1001/plain").body.find("\"x\""),
            std::string::npos);
  for (const char* malformed : {"/88.108.1001/%", "/88.108.1001/%zz", "/88.108.1001/a%2"}) {
    const Answer answer = node_.Ask("GET", malformed);
    EXPECT_EQ(answer.status, 400) << malformed;
    EXPECT_NE(answer.body.find("invalid-identifier"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/%00").status, 400);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/").status, 400);
  const std::string longest(255 - std::string("88.108.1001/").size(), 'a');
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/" + longest).status, 404);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/a" + longest).status, 400);
}

TEST_F(ResolutionTest, SaysWhyThereIsNone) {
  const Answer missing = node_.Ask("GET", "/88.108.1001/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.Get("content-type"), "application/problem+json");
  EXPECT_EQ(missing.Get("cache-control"), "no-store");
  EXPECT_NE(missing.body.find("urn:idnode:error:identifier-not-found"), std::string::npos);
  EXPECT_NE(missing.body.find("The identifier is not registered"), std::string::npos);
  EXPECT_EQ(node_.Ask("GET", "/88.999.1/SN1").status, 421);
  EXPECT_NE(node_.Ask("GET", "/").body.find("urn:idnode:error:not-found"), std::string::npos);
  EXPECT_EQ(node_.Ask("GET", "/favicon.ico").status, 404);
}

TEST_F(ResolutionTest, SpeaksChineseWhereAsked) {
  const Answer answer =
      node_.Ask("GET", "/88.108.1001/none", "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n");
  EXPECT_NE(answer.body.find("\"title\":\"标识不存在\""), std::string::npos) << answer.body;
  EXPECT_EQ(answer.Get("vary"), "Accept-Language");
}

TEST_F(ResolutionTest, HeadIsGetWithoutTheBody) {
  for (const char* target : {"/88.108.1001/SN1", "/88.108.1001/none", "/v1/volume"}) {
    const Answer get = node_.Ask("GET", target);
    Client client(node_.port());
    // The second request shows that no body follows the first answer.
    ASSERT_TRUE(client.Send(RequestText("HEAD", target) + RequestText("GET", target)));
    const auto head = client.Read(true);
    const auto next = client.Read();
    ASSERT_TRUE(head && next) << target;
    EXPECT_EQ(head->head, get.head) << target;
    EXPECT_EQ(next->body, get.body) << target;
  }
}

TEST_F(ResolutionTest, ConditionalGet) {
  const Answer first = node_.Ask("GET", "/88.108.1001/SN1");
  const std::string etag = first.Get("etag");
  ASSERT_EQ(etag.front(), '"');
  for (const std::string& condition : {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
    const Answer same =
        node_.Ask("GET", "/88.108.1001/SN1", "If-None-Match: " + condition + "\r\n");
    EXPECT_EQ(same.status, 304) << condition;
    EXPECT_EQ(same.Get("etag"), etag);
    EXPECT_EQ(same.Get("cache-control"), "public, max-age=600");
    EXPECT_TRUE(same.body.empty());
    EXPECT_EQ(same.Get("content-length"), "");
  }
  // A field that came twice is one list.
  EXPECT_EQ(
      node_
          .Ask("GET", "/88.108.1001/SN1", "If-None-Match: \"x\"\r\nIf-None-Match: " + etag + "\r\n")
          .status,
      304);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1", "If-None-Match: \"x\"\r\n").status, 200);
  SetState("88.108.1001/SN1", "FROZEN");
  const Answer changed = node_.Ask("GET", "/88.108.1001/SN1", "If-None-Match: " + etag + "\r\n");
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.Get("etag"), etag);
  EXPECT_NE(changed.body.find("\"state\":\"FROZEN\""), std::string::npos);
}

TEST_F(ResolutionTest, RedirectsBrowsersAndThoseWhoAsk) {
  const Answer browser = node_.Ask("GET", "/88.108.1001/SN1", kBrowser);
  EXPECT_EQ(browser.status, 302);
  EXPECT_EQ(browser.Get("location"), "https://maker.example/SN1");
  EXPECT_EQ(browser.Get("cache-control"), "public, max-age=600");
  EXPECT_EQ(browser.Get("vary"), "Accept, Authorization");
  EXPECT_EQ(browser.body, "");
  EXPECT_EQ(node_.Ask("HEAD", "/88.108.1001/SN1", kBrowser).status, 302);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1?redirect=true").status, 302);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1?redirect=302").status, 302);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1?utm_source=x&redirect=307").status, 307);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1?redirect=false", kBrowser).status, 200);
  const Answer nonsense = node_.Ask("GET", "/88.108.1001/SN1?redirect=maybe");
  EXPECT_EQ(nonsense.status, 400);
  EXPECT_NE(nonsense.body.find("\"field\":\"redirect\""), std::string::npos);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1?utm_source=100%").status, 200);
}

TEST_F(ResolutionTest, WithoutAUrlABrowserGetsJson) {
  for (const char* target :
       {"/88.108.1001/plain", "/88.108.1001/script", "/88.108.1001/split", "/88.108.1001/hidden"}) {
    const Answer answer = node_.Ask("GET", target, kBrowser);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.Get("location"), "") << target;
    EXPECT_EQ(answer.Get("x-evil"), "") << target;
    EXPECT_EQ(answer.Get("content-type"), "application/json") << target;
  }
}

TEST_F(ResolutionTest, OtherRepresentationsAreNotAcceptable) {
  const Answer answer = node_.Ask("GET", "/88.108.1001/SN1", "Accept: image/png\r\n");
  EXPECT_EQ(answer.status, 406);
  EXPECT_NE(answer.body.find("not-acceptable"), std::string::npos);
}

TEST_F(ResolutionTest, RevokedIsGoneForThePublic) {
  SetState("88.108.1001/gone", "REVOKED");
  const Answer answer = node_.Ask("GET", "/88.108.1001/gone");
  EXPECT_EQ(answer.status, 410);
  EXPECT_NE(answer.body.find("identifier-revoked"), std::string::npos);
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/gone", kBrowser).status, 410);
  EXPECT_NE(node_.Ask("GET", "/v1/identifiers/88.108.1001/gone").body.find("REVOKED"),
            std::string::npos);
}

TEST_F(ResolutionTest, ValuesThatAreNotPublicAreTheOwners) {
  const std::string owner = node_.NewApplication("owner", "88.108.1001");
  const std::string stranger = node_.NewApplication("stranger", "88.108.1002");
  for (const char* target : {"/88.108.1001/SN1", "/v1/identifiers/88.108.1001/SN1"}) {
    const auto ask = [&](const std::string& token) {
      return node_.Ask("GET", target,
                       token.empty() ? "" : "Authorization: Bearer " + token + "\r\n");
    };
    const Answer anonymous = ask("");
    EXPECT_EQ(anonymous.body.find("12.50"), std::string::npos) << target;
    EXPECT_EQ(anonymous.body.find("contentDigest"), std::string::npos) << target;
    EXPECT_EQ(ask(stranger).body, anonymous.body) << target;
    const Answer owned = ask(owner);
    EXPECT_NE(owned.body.find("12.50"), std::string::npos) << target;
    EXPECT_NE(owned.body.find("contentDigest"), std::string::npos) << target;
    EXPECT_EQ(owned.Get("cache-control"), "private, no-cache") << target;
    EXPECT_NE(owned.Get("etag"), anonymous.Get("etag")) << target;
    EXPECT_EQ(ask(node_.operator_token()).body, owned.body) << target;
  }
  EXPECT_EQ(node_.Ask("GET", "/88.108.1001/SN1", "Authorization: Bearer wrong\r\n").status, 401);
}

TEST_F(ResolutionTest, OtherMethodsAreNotAllowed) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "PROPFIND"}) {
    const Answer answer = node_.Ask(method, "/88.108.1001/SN1");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.Get("allow"), "GET, HEAD, OPTIONS") << method;
    EXPECT_NE(answer.body.find("method-not-allowed"), std::string::npos) << method;
  }
}

TEST_F(ResolutionTest, PreflightOfCors) {
  const Answer answer =
      node_.Ask("OPTIONS", "/88.108.1001/SN1",
                "Origin: https://shop.example\r\nAccess-Control-Request-Method: GET\r\n");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.Get("access-control-allow-origin"), "*");
  EXPECT_EQ(answer.Get("access-control-allow-methods"), "GET, HEAD, OPTIONS");
  EXPECT_NE(answer.Get("access-control-allow-headers").find("Authorization"), std::string::npos);
  EXPECT_NE(answer.Get("access-control-max-age"), "");
  // Pages of other origins may read; what changes anything is not for them.
  const Answer record = node_.Ask("OPTIONS", "/v1/identifiers/88.108.1001/x");
  EXPECT_EQ(record.Get("allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(record.Get("access-control-allow-methods"), "GET, HEAD, OPTIONS");
  const Answer registration = node_.Ask("OPTIONS", "/v1/identifiers:batchRegister");
  EXPECT_EQ(registration.Get("allow"), "POST, OPTIONS");
  EXPECT_EQ(registration.Get("access-control-allow-origin"), "");
  EXPECT_EQ(registration.Get("access-control-allow-methods"), "");
  EXPECT_EQ(node_.Ask("OPTIONS", "*").status, 204);
  EXPECT_EQ(node_.Ask("OPTIONS", "/nothing").status, 404);
}

TEST_F(ResolutionTest, OnlyPublicReadsAreForAnyOrigin) {
  struct Case {
    const char* method;
    const char* target;
    const char* origin;
  };
  for (const Case& c : {Case{"GET", "/88.108.1001/SN1", "*"},
                        {"GET", "/88.108.1001/none", "*"},
                        {"GET", "/v1/identifiers/88.108.1001/SN1", "*"},
                        {"GET", "/v1/prefixes/88.108.1001/identifiers", "*"},
                        {"GET", "/v1/volume", "*"},
                        {"GET", "/openapi.json", "*"},
                        {"POST", "/v1/identifiers:batchRegister", ""},
                        {"DELETE", "/v1/identifiers/88.108.1001/SN1", ""},
                        {"GET", "/v1/applications", ""},
                        {"GET", "/v1/prefixes", ""},
                        {"GET", "/v1/status", ""},
                        {"POST", "/v1/volume:recount", ""}}) {
    EXPECT_EQ(node_.Ask(c.method, c.target).Get("access-control-allow-origin"), c.origin)
        << c.method << " " << c.target;
  }
}

TEST_F(ResolutionTest, CountsRequestsAndTheirTime) {
  node_.Ask("GET", "/88.108.1001/SN1");
  node_.Ask("GET", "/88.108.1001/none");
  const std::string text = node_.metrics().Expose();
  EXPECT_NE(text.find(R"(idnode_requests_total{code="200",face="http",operation="resolve"} 1)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(idnode_requests_total{code="404",face="http",operation="resolve"} 1)"),
            std::string::npos);
  EXPECT_NE(text.find(R"(idnode_request_seconds_count{face="http",operation="resolve"} 2)"),
            std::string::npos);
}

// A remote engine's reads may wait: they go to the workers, with the same answers.
TEST(RemoteResolutionTest, AnswersFromAWorker) {
  HttpOptions options;
  options.local_reads = false;
  HttpNode node(options);
  node.Register(R"([{"identifier":"88.108.1001/SN1","values":[{"type":"NAME","data":"x"}]}])");
  const Answer found = node.Ask("GET", "/88.108.1001/SN1");
  EXPECT_EQ(found.status, 200);
  EXPECT_NE(found.body.find("88.108.1001/SN1"), std::string::npos);
  EXPECT_EQ(node.Ask("GET", "/88.108.1001/none").status, 404);
  EXPECT_EQ(node.Ask("GET", "/v1/identifiers/88.108.1001/SN1").body, found.body);
}

TEST(RedirectOptionTest, DefaultStatusIsConfigurable) {
  HttpOptions options;
  options.redirect_status = 307;
  HttpNode node(options);
  node.Register(
      R"([{"identifier":"88.108.1001/SN1","values":[{"type":"URL","data":"http://x.example/"}]}])");
  EXPECT_EQ(node.Ask("GET", "/88.108.1001/SN1", kBrowser).status, 307);
  options.redirect_status = 301;
  HttpFrontend frontend(options, node.services());
  const auto started = frontend.Start();
  ASSERT_EQ(started.code(), Errc::kInvalidRequest);
  EXPECT_NE(started.error().detail.find("[http] redirect_status"), std::string::npos);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
