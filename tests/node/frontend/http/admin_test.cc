// The administration face: metrics, live, ready.
#include <string>

#include <gtest/gtest.h>

#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

class AdminTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(admin_.Start().ok()); }
  void TearDown() override { admin_.Stop(); }
  Answer Ask(const char* method, const char* target) {
    Client client(admin_.Port());
    EXPECT_TRUE(client.Send(RequestText(method, target)));
    return client.Read(std::string_view(method) == "HEAD").value_or(Answer());
  }

  HttpNode node_;
  AdminFrontend admin_{AdminOptions(), node_.services()};
};

TEST_F(AdminTest, ServesMetrics) {
  node_.Ask("GET", "/88.108.1001/none");
  const Answer answer = Ask("GET", "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.Get("access-control-allow-origin"), "");
  EXPECT_NE(answer.body.find("# TYPE idnode_request_seconds histogram"), std::string::npos);
  EXPECT_NE(
      answer.body.find(R"(idnode_requests_total{code="404",face="http",operation="resolve"} 1)"),
      std::string::npos);
  EXPECT_NE(answer.body.find(R"(idnode_connections{face="admin"} 1)"), std::string::npos)
      << answer.body;
  EXPECT_EQ(answer.body.find("88.108.1001"), std::string::npos);
}

TEST_F(AdminTest, LiveWhileItAnswers) {
  node_.state().ready = false;
  EXPECT_EQ(Ask("GET", "/live").status, 200);
  EXPECT_EQ(Ask("HEAD", "/live").status, 200);
}

TEST_F(AdminTest, ReadyAsTheNodeIs) {
  EXPECT_EQ(Ask("GET", "/ready").body, R"({"ready":true,"registering":true})");
  node_.state().stopped_by = Error(Errc::kStorageFull, "3 MiB are left on /var/lib/idnode");
  const Answer full = Ask("GET", "/ready");
  EXPECT_EQ(full.status, 200);  // it resolves
  EXPECT_EQ(
      full.body,
      R"({"ready":true,"registering":false,"stoppedBy":"storage-full","detail":"There is no room for registrations"})");
  node_.state().ready = false;
  node_.state().stopped_by = Error(Errc::kShuttingDown, "the node drains");
  const Answer stopping = Ask("GET", "/ready");
  EXPECT_EQ(stopping.status, 503);
  EXPECT_EQ(stopping.Get("retry-after"), "1");
  EXPECT_EQ(stopping.Get("cache-control"), "no-store");
  EXPECT_NE(stopping.body.find("\"ready\":false"), std::string::npos);
}

TEST_F(AdminTest, NothingElseIsHere) {
  EXPECT_EQ(Ask("GET", "/").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/volume").status, 404);
  const Answer post = Ask("POST", "/metrics");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.Get("allow"), "GET, HEAD");
}

TEST_F(AdminTest, NamesItsOwnSection) {
  AdminOptions options;
  options.listen.address = "0.0.0.0";
  AdminFrontend refused(options, node_.services());
  EXPECT_NE(refused.Start().error().detail.find("[admin] address"), std::string::npos);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
