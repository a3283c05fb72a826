// Who gets what over HTTP: grants, caching, the deny list, referrals to self-hosted prefixes.
#include <string>

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "idnode/v1/common.pb.h"
#include "idnode/v1/resolution.pb.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

constexpr std::string_view kBrowser = "Accept: text/html\r\n";

TemplateItem Item(std::string name, std::uint32_t index, ItemVisibilityDefault visibility) {
  TemplateItem item;
  item.name = std::move(name);
  item.index = index;
  item.visibility = visibility;
  return item;
}

// The names of attributes and the indexes of values: "colour 1 2001".
std::string Shown(const Answer& answer) {
  v1::Record record;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(answer.body, &record).ok())
      << answer.body;
  std::string shown;
  for (const std::string name : {"colour", "cost", "recipe"}) {
    if (record.attributes().fields().contains(name)) shown += name + " ";
  }
  for (const auto& value : record.values()) shown += std::to_string(value.index()) + " ";
  return shown;
}

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    service::TestNode& node = node_.node();
    DataTemplate content;
    content.items = {Item("colour", 2000, ItemVisibilityDefault::kPublic),
                     Item("cost", 2001, ItemVisibilityDefault::kGranted),
                     Item("recipe", 2002, ItemVisibilityDefault::kPrivate),
                     Item("URL", 2003, ItemVisibilityDefault::kGranted)};
    ASSERT_TRUE(
        node.templates->Put(node.Operator(), "88.108.1001", "shoe", content, node.Soon()).ok());
    ASSERT_TRUE(
        node.templates->Publish(node.Operator(), "88.108.1001", "shoe", 1, node.Soon()).ok());
    node_.Register(R"json([
      {"identifier":"88.108.1001/SN1","template":"shoe@1",
       "attributes":{"colour":"red","cost":"17","recipe":"x"},
       "values":[{"index":1,"type":"NAME","data":"shoe"},
                 {"index":2,"type":"NOTE","data":"n","permissions":12},
                 {"index":2003,"type":"URL","data":"https://maker.example/secret"}]}])json");
    owner_ = node_.NewApplication("erp", "88.108.1001");
    partner_ = node_.NewApplication("shop", "88.108.1002");
  }

  std::string Grant(service::GrantInfo grant) {
    grant.prefix = "88.108.1001";
    service::TestNode& node = node_.node();
    const auto made = node.grants->Create(node.Operator(), grant, node.Soon());
    EXPECT_TRUE(made.ok()) << made.error().detail;
    return made.ok() ? made->id : std::string();
  }
  void SelfHost(const std::string& prefix, const service::PrefixRoute& route) {
    service::TestNode& node = node_.node();
    ASSERT_TRUE(node.prefixes->Admit(node.Operator(), prefix, "", node.Soon()).ok());
    const auto set = node.prefixes->SetRoute(node.Operator(), prefix, service::Hosting::kSelfHosted,
                                             route, node.Soon());
    ASSERT_TRUE(set.ok()) << set.error().detail;
  }

  HttpNode node_;
  std::string owner_;
  std::string partner_;
};

TEST_F(AccessTest, AGrantShowsAndItsEndHides) {
  constexpr std::string_view kPath = "/88.108.1001/SN1";
  EXPECT_EQ(Shown(node_.Ask("GET", kPath)), "colour 1 ");
  EXPECT_EQ(Shown(node_.AskAs(partner_, "GET", kPath)), "colour 1 ");
  EXPECT_EQ(Shown(node_.AskAs(owner_, "GET", kPath)), "colour cost recipe 1 2 2003 ");
  EXPECT_EQ(Shown(node_.AskAsOperator("GET", kPath)), "colour cost recipe 1 2 2003 ");

  service::GrantInfo grant;
  grant.template_name = "shoe";
  grant.items = {"cost"};
  grant.to_application = "shop";
  grant.ends_ms = node_.clock().WallMs() + 60'000;
  Grant(grant);
  for (const std::string_view path : {kPath, std::string_view("/v1/identifiers/88.108.1001/SN1")}) {
    EXPECT_EQ(Shown(node_.AskAs(partner_, "GET", path)), "colour cost 1 ");
    EXPECT_EQ(Shown(node_.Ask("GET", path)), "colour 1 ");
  }
  const Answer list = node_.AskAs(partner_, "GET", "/v1/prefixes/88.108.1001/identifiers");
  EXPECT_NE(list.body.find(R"("cost":"17")"), std::string::npos) << list.body;
  EXPECT_EQ(list.body.find("recipe"), std::string::npos) << list.body;
  const Answer batch = node_.AskAs(partner_, "POST", "/v1/identifiers:batchResolve",
                                   R"({"identifiers":["88.108.1001/SN1"]})");
  EXPECT_NE(batch.body.find(R"("cost":"17")"), std::string::npos) << batch.body;
  EXPECT_EQ(batch.body.find("recipe"), std::string::npos) << batch.body;

  node_.clock().AdvanceMs(60'000);
  EXPECT_EQ(Shown(node_.AskAs(partner_, "GET", kPath)), "colour 1 ");
}

TEST_F(AccessTest, AnswersToTheKnownAreTheirsAlone) {
  constexpr std::string_view kPath = "/88.108.1001/SN1";
  service::GrantInfo grant;
  grant.identifier = "88.108.1001/SN1";
  grant.to_application = "shop";
  Grant(grant);
  const Answer anonymous = node_.Ask("GET", kPath);
  const Answer partner = node_.AskAs(partner_, "GET", kPath);
  const Answer owner = node_.AskAs(owner_, "GET", kPath);
  EXPECT_EQ(anonymous.Get("cache-control").substr(0, 6), "public");
  EXPECT_EQ(partner.Get("cache-control"), "private, no-cache");
  EXPECT_EQ(owner.Get("cache-control"), "private, no-cache");
  EXPECT_NE(anonymous.Get("etag"), partner.Get("etag"));
  EXPECT_NE(owner.Get("etag"), partner.Get("etag"));
  EXPECT_EQ(anonymous.Get("vary"), "Accept, Authorization");

  // A tag got as one caller does not stand for what another sees.
  const std::string condition = "If-None-Match: " + std::string(anonymous.Get("etag")) + "\r\n";
  EXPECT_EQ(node_.Ask("GET", kPath, condition).status, 304);
  EXPECT_EQ(
      node_.Ask("GET", kPath, condition + "Authorization: Bearer " + partner_ + "\r\n").status,
      200);
  // If-Match goes by what the caller sees.
  const std::string match = "If-Match: " + std::string(owner.Get("etag")) +
                            "\r\nAuthorization: Bearer " + owner_ +
                            "\r\nContent-Type: application/json\r\n";
  EXPECT_EQ(node_
                .Ask("PATCH", "/v1/identifiers/88.108.1001/SN1", match,
                     R"({"values":[{"index":1,"type":"NAME","data":"boot"}]})")
                .status,
            200);
}

TEST_F(AccessTest, NobodyIsSentToAUrlThatIsNotPublic) {
  const Answer anonymous = node_.Ask("GET", "/88.108.1001/SN1", kBrowser);
  EXPECT_EQ(anonymous.status, 200);
  EXPECT_EQ(anonymous.body.find("maker.example"), std::string::npos);
  const Answer owner =
      node_.Ask("GET", "/88.108.1001/SN1",
                std::string(kBrowser) + "Authorization: Bearer " + owner_ + "\r\n");
  EXPECT_EQ(owner.status, 200);
  EXPECT_EQ(owner.Get("location"), "");
}

TEST_F(AccessTest, ASelfHostedPrefixIsReferredTo) {
  SelfHost("88.108.3001", {"192.0.2.7", 2641, 0, 8081});
  SelfHost("88.108.3002", {"2001:db8::7", 2641, 2641, 80});
  SelfHost("88.108.3003", {"192.0.2.8", 2641, 0, 0});
  const Answer browser = node_.Ask("GET", "/88.108.3001/a%2Fb%3F", kBrowser);
  EXPECT_EQ(browser.status, 307);
  EXPECT_EQ(browser.Get("location"), "http://192.0.2.7:8081/88.108.3001/a%2Fb%3F");
  EXPECT_EQ(browser.Get("cache-control"), "no-store");
  EXPECT_EQ(node_.Ask("GET", "/88.108.3002/SN1?redirect=true").Get("location"),
            "http://[2001:db8::7]:80/88.108.3002/SN1");

  for (const std::string_view path :
       {"/88.108.3001/SN1", "/v1/identifiers/88.108.3001/SN1", "/88.108.3001/SN1?redirect=false"}) {
    const Answer answer = node_.Ask("GET", path);
    EXPECT_EQ(answer.status, 421) << path;
    EXPECT_EQ(answer.Get("content-type"), "application/problem+json");
    EXPECT_NE(answer.body.find("urn:idnode:error:self-hosted"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find(R"("route":{"address":"192.0.2.7","tcpPort":2641,"httpPort":8081})"),
              std::string::npos)
        << answer.body;
  }
  // A browser gets the problem where there is no HTTP to send it to.
  const Answer without = node_.Ask("GET", "/88.108.3003/SN1", kBrowser);
  EXPECT_EQ(without.status, 421);
  EXPECT_NE(without.body.find(R"("route":{"address":"192.0.2.8","tcpPort":2641})"),
            std::string::npos)
      << without.body;

  const Answer batch =
      node_.Ask("POST", "/v1/identifiers:batchResolve", "Content-Type: application/json\r\n",
                R"({"identifiers":["88.108.3001/SN1","88.108.1001/SN1"]})");
  ASSERT_EQ(batch.status, 200);
  v1::BatchResolveResponse results;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(batch.body, &results).ok());
  EXPECT_EQ(results.results(0).reason(), "self-hosted");
  EXPECT_TRUE(results.results(1).has_record());
  EXPECT_EQ(node_.Ask("GET", "/v1/prefixes/88.108.3001/identifiers").status, 421);
}

TEST(DenyListTest, DeniedIdentifiersAreShownToNobodyButTheWatchers) {
  service::TestNodeOptions options;
  options.throttle.deny_identifiers = {"88.108.1001/BAD", "88.108.1009/"};
  HttpNode node({}, true, nullptr, std::move(options));
  node.Register(R"json([{"identifier":"88.108.1001/bad","values":[{"type":"N","data":"x"}]},
                        {"identifier":"88.108.1001/good","values":[{"type":"N","data":"x"}]},
                        {"identifier":"88.108.1009/SN1","values":[{"type":"N","data":"x"}]}])json");
  const std::string owner = node.NewApplication("erp", "88.108.1001");
  for (const std::string_view path : {"/88.108.1001/Bad", "/v1/identifiers/88.108.1001/bad",
                                      "/88.108.1009/SN1", "/88.108.1009/never-registered"}) {
    EXPECT_EQ(node.Ask("GET", path).status, 403) << path;
    EXPECT_EQ(node.AskAs(owner, "GET", path).status, 403) << path;
  }
  EXPECT_EQ(node.AskAs(owner, "GET", "/v1/identifiers/88.108.1001/bad?history=true").status, 403);
  for (const std::string_view path : {"/v1/access:whoCanSee", "/v1/access:preview"}) {
    EXPECT_EQ(node.AskAs(owner, "POST", path, R"({"identifier":"88.108.1001/bad"})").status, 403);
    EXPECT_EQ(node.AskAs(owner, "POST", path, R"({"identifier":"88.108.1001/good"})").status, 200);
    EXPECT_EQ(node.AskAsOperator("POST", path, R"({"identifier":"88.108.1001/bad"})").status, 200);
  }
  // A tag must not be guessed by it.
  const std::string matching = "Authorization: Bearer " + owner + "\r\nIf-Match: \"x\"\r\n";
  EXPECT_EQ(node.Ask("DELETE", "/v1/identifiers/88.108.1001/BAD", matching).status, 403);
  EXPECT_EQ(node.Ask("DELETE", "/v1/identifiers/88.108.1001/good", matching).status, 412);
  const Answer list = node.Ask("GET", "/v1/prefixes/88.108.1001/identifiers");
  EXPECT_EQ(list.body.find("88.108.1001/bad"), std::string::npos) << list.body;
  EXPECT_NE(list.body.find("88.108.1001/good"), std::string::npos) << list.body;
  EXPECT_EQ(node.AskAsOperator("GET", "/88.108.1001/bad").status, 200);
  EXPECT_EQ(node.Ask("GET", "/88.108.1001/good").status, 200);
  const Answer batch =
      node.Ask("POST", "/v1/identifiers:batchResolve", "Content-Type: application/json\r\n",
               R"({"identifiers":["88.108.1001/bad","88.108.1001/good"]})");
  v1::BatchResolveResponse results;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(batch.body, &results).ok());
  EXPECT_EQ(results.results(0).reason(), "permission-denied");
  EXPECT_FALSE(results.results(0).has_record());
  EXPECT_TRUE(results.results(1).has_record());
}

}  // namespace
}  // namespace idnode::frontend::http::testing
