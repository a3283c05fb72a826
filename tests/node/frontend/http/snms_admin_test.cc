// The SNMS face over a socket: templates, enterprises, prefixes, files.
#include <string>

#include "tests/node/frontend/http/snms_fixture.h"

namespace idnode::frontend::http::testing {
namespace {

constexpr std::string_view kTemplate = "/snms/api/v5/template";
constexpr std::string_view kApply = "/snms/api/v3/ent/apply";
constexpr std::string_view kColumn =
    R"({"name":"列","idType":"column","metadata":{"type":"string","minLength":1,"maxLength":9}})";

class SnmsTemplateTest : public SnmsTest {
 protected:
  json::object Get(std::string_view version, std::string_view token,
                   std::string_view path = kTemplate) {
    return Ask(
        "GET",
        std::string(path) + "?prefix=" + std::string(kPrefix) + "&version=" + std::string(version),
        {}, token);
  }
  std::string Send(std::string_view method, std::string_view items, std::string_view token,
                   std::string_view version = "1.0") {
    return Outcome(Ask(method, kTemplate, TemplateBody(kPrefix, version, items), token));
  }
};

TEST_F(SnmsTemplateTest, ItemsWithoutAnIndexAreNumberedFrom2000) {
  const std::string token = AdmitAlice();
  const json::object answer = Get("1.0", token);
  ASSERT_EQ(Outcome(answer), "1 success");
  const json::object& data = answer.at("data").as_object();
  EXPECT_EQ(data.at("prefix").as_string(), kPrefix);
  EXPECT_EQ(data.at("version").as_string(), "1.0");
  EXPECT_EQ(data.at("industryCategory").as_string(), "C");
  EXPECT_EQ(data.at("industrySpecific").as_string(), "19");
  ASSERT_EQ(data.at("items").as_array().size(), 2U);
  const json::value& second = data.at("items").at(1);
  EXPECT_EQ(second.at("idIndex").to_number<int>(), 2001);
  EXPECT_EQ(second.at("idType").as_string(), "colour");
  EXPECT_EQ(second.at("name").as_string(), "颜色");
  EXPECT_EQ(second.at("state").to_number<int>(), 1);
  EXPECT_EQ(second.at("metadata").at("type").as_string(), "string");
  EXPECT_EQ(second.at("metadata").at("maxLength").to_number<int>(), 20);
  // The older paths give the same.
  for (const char* path : {"/snms/api/v3/template", "/snms/api/template/v1"}) {
    EXPECT_EQ(json::serialize(Get("1.0", token, path)), json::serialize(answer)) << path;
  }
}

TEST_F(SnmsTemplateTest, AMissingTemplateIsAFailureWithoutData) {
  const std::string token = AdmitAlice();
  EXPECT_EQ(Outcome(Get("9.9", token)), "-2 数据模板不存在");
  EXPECT_EQ(Outcome(Get("", token)), "-2 缺少必要的请求参数: version");
  EXPECT_EQ(Send("PUT", kColumn, token, "9.9"), "-2 数据模板不存在");
  EXPECT_EQ(Outcome(Ask("DELETE", kTemplate, R"({"prefix":"88.108.2001","version":"9.9"})", token)),
            "-2 数据模板不存在");
}

TEST_F(SnmsTemplateTest, AVersionIsMadeOnce) {
  const std::string token = AdmitAlice();
  EXPECT_EQ(Send("POST", kColumn, token, "2.0"), "1 success");
  EXPECT_EQ(Send("POST", kColumn, token, "2.0"), "1 success");  // a repeat
  EXPECT_EQ(
      Send("POST",
           R"({"name":"x","idType":"x","metadata":{"type":"string","minLength":1,"maxLength":9}})",
           token, "2.0"),
      "-2 数据模板已存在");
}

// Versions are named by clients, and an identifier of the prefix may mean either by the name.
TEST_F(SnmsTemplateTest, AVersionOfTheSecondaryPrefixIsNotMadeBelowIt) {
  const std::string token = AdmitAlice();
  const std::string body = TemplateBody("88.108", "3.0", kColumn);
  ASSERT_EQ(Outcome(AsOperator("POST", kTemplate, body)), "1 success");
  EXPECT_EQ(Send("POST", kColumn, token, "3.0"),
            "-2 上级或下级前缀已有该版本的数据模板，请更换版本: 3.0");
  EXPECT_EQ(Outcome(AsOperator("POST", kTemplate, TemplateBody("88.108", "1.0", kColumn))),
            "-2 上级或下级前缀已有该版本的数据模板，请更换版本: 1.0");
  EXPECT_EQ(Send("POST", kColumn, token, "3.1"), "1 success");
}

TEST_F(SnmsTemplateTest, APutAddsAndDisablesByIndexAndType) {
  const std::string token = AdmitAlice();
  EXPECT_EQ(Send("PUT",
                 R"({"name":"颜色2","idType":"colour","idIndex":"2001","state":0,)"
                 R"("metadata":{"type":"String","minLength":0,"maxLength":30}},)" +
                     std::string(kColumn),
                 token),
            "1 success");
  const json::object changed = Get("1.0", token);
  const json::array& items = changed.at("data").at("items").as_array();
  ASSERT_EQ(items.size(), 3U);  // what was not named stays
  EXPECT_EQ(items[0].at("idType").as_string(), "name");
  EXPECT_TRUE(items[0].at("required").as_bool());
  EXPECT_EQ(items[1].at("name").as_string(), "颜色2");
  EXPECT_EQ(items[1].at("state").to_number<int>(), 0);
  EXPECT_EQ(items[1].at("metadata").at("maxLength").to_number<int>(), 30);
  EXPECT_EQ(items[2].at("idIndex").to_number<int>(), 2002);
  EXPECT_EQ(items[2].at("idType").as_string(), "column");
  // A state that is left out stays, a name that does not fit its index is refused.
  EXPECT_EQ(Send("PUT",
                 R"({"name":"颜色3","idType":"colour","idIndex":2001,)"
                 R"("metadata":{"type":"string","minLength":0,"maxLength":30}})",
                 token),
            "1 success");
  EXPECT_EQ(Get("1.0", token).at("data").at("items").at(1).at("state").to_number<int>(), 0);
  EXPECT_EQ(Send("PUT", R"({"name":"x","idType":"other","idIndex":2001,"metadata":{}})", token),
            "-2 模板属性索引与英文名称不匹配: 2001 other");
  EXPECT_EQ(Send("PUT", kColumn, token), "-2 模板属性英文名称重复: column");
}

TEST_F(SnmsTemplateTest, ATemplateInUseStays) {
  const std::string token = AdmitAlice();
  const std::string body = R"({"prefix":"88.108.2001","version":"1.0"})";
  ASSERT_EQ(Send("PUT", kColumn, token), "1 success");
  EXPECT_EQ(Outcome(Ask("DELETE", kTemplate, body, token)), "1 success");
  EXPECT_EQ(Outcome(Get("1.0", token)), "-2 数据模板不存在");
  ASSERT_EQ(
      Send(
          "POST",
          R"({"name":"名","idType":"name","metadata":{"type":"string","minLength":1,"maxLength":9}})",
          token),
      "1 success");
  ASSERT_EQ(Outcome(Ask("POST", "/identityv2/data", ItemBody("a", "x"), token)), "1 success");
  EXPECT_EQ(Outcome(Ask("DELETE", kTemplate, body, token)), "-2 数据模板已被使用，不能删除");
  EXPECT_EQ(Outcome(Get("1.0", token)), "1 success");
}

TEST_F(SnmsTemplateTest, AnothersTemplatesAreRead) {
  AdmitAlice();
  Admit(2, kOtherPrefix, "bob");
  const std::string bob = Login("bob");
  EXPECT_EQ(Outcome(Get("1.0", bob)), "1 success");
  for (const char* method : {"POST", "PUT"}) {
    EXPECT_EQ(Send(method, kColumn, bob), "-3 没有权限") << method;
  }
  EXPECT_EQ(Outcome(Ask("DELETE", kTemplate, R"({"prefix":"88.108.2001","version":"1.0"})", bob)),
            "-3 没有权限");
}

// ---- enterprises ------------------------------------------------------------------------------

TEST_F(SnmsTest, AnApplicationMakesEnterprisePrefixAndAdministrator) {
  const std::int64_t licence = Upload();
  const std::string body = json::serialize(Application(1, kPrefix, "alice", licence));
  EXPECT_EQ(Outcome(AsOperator("POST", kApply, body)), "1 success");
  const auto prefix = node_.services().prefixes.Get(OperatorActor(), std::string(kPrefix));
  ASSERT_TRUE(prefix.ok());
  EXPECT_EQ(prefix->state, service::PrefixState::kAwaitingAudit);
  EXPECT_EQ(prefix->enterprise, CreditCode(1));
  const auto users = node_.services().admin.users.List(OperatorActor(), CreditCode(1));
  ASSERT_TRUE(users.ok());
  ASSERT_EQ(users->size(), 1U);
  EXPECT_EQ((*users)[0].role, service::Role::kEnterpriseAdministrator);
  // A repeat after a lost answer.
  EXPECT_EQ(Outcome(AsOperator("POST", kApply, body)), "1 success");
  EXPECT_FALSE(Login("alice").empty());
}

TEST_F(SnmsTest, AnApplicationIsRefusedWholeForWhatWasKnownBefore) {
  Admit(1, kPrefix, "alice");
  const auto apply = [&](json::object body) {
    return Outcome(AsOperator("POST", kApply, json::serialize(body)));
  };
  const auto edited = [&](std::string_view part, std::string_view key, json::value value) {
    json::object body = Application(2, kOtherPrefix, "bob", Upload());
    body[part].as_object()[key] = std::move(value);
    return body;
  };
  EXPECT_EQ(apply(edited("entBasicInfo", "orgName", nullptr)),
            "-2 缺少必要的请求参数: entBasicInfo.orgName");
  EXPECT_EQ(apply(edited("entBasicInfo", "orgCrtType", 2)),
            "-2 单位证件类型只支持1（统一社会信用代码）: entBasicInfo.orgCrtType");
  EXPECT_TRUE(apply(edited("entBasicInfo", "orgCrtCode", "91440300MA5DA1234A"))
                  .starts_with("-2 单位证件号（统一社会信用代码）无效"));
  EXPECT_TRUE(
      apply(edited("entBasicInfo", "industryCategory", "Z")).starts_with("-2 行业代码无效"));
  EXPECT_EQ(apply(edited("entBasicInfo", "entPrefix", "88.999.1")),
            "-2 企业前缀不属于本节点: 88.999.1");
  EXPECT_EQ(apply(edited("entBasicInfo", "entPrefix", json::string(kPrefix))), "-2 企业前缀已存在");
  EXPECT_EQ(apply(edited("entBasicInfo", "orgCrtImgRid", 12345)), "-2 文件不存在: 12345");
  EXPECT_EQ(apply(edited("sysUser", "userName", "alice")), "-2 用户名已存在");
  // Nothing was made of any of them.
  EXPECT_EQ(node_.services().admin.enterprises.Find(CreditCode(2)), nullptr);
  EXPECT_EQ(apply(Application(2, kOtherPrefix, "bob", Upload())), "1 success");
}

TEST_F(SnmsTest, AFileServesOneEnterprise) {
  const std::int64_t licence = Upload();
  EXPECT_EQ(Outcome(AsOperator("POST", kApply,
                               json::serialize(Application(1, kPrefix, "alice", licence)))),
            "1 success");
  EXPECT_EQ(Outcome(AsOperator("POST", kApply,
                               json::serialize(Application(2, kOtherPrefix, "bob", licence)))),
            "-2 文件已被关联: " + std::to_string(licence));
  EXPECT_EQ(Outcome(UploadAnswer("no picture", node_.operator_token())).substr(0, 3), "-2 ");
  EXPECT_EQ(Outcome(UploadAnswer("GIF89a", {})), "-1 没有登录，需要验证");
  EXPECT_EQ(Outcome(UploadAnswer("GIF89a", node_.NewApplication("erp", "88.108.2001"))),
            "-3 没有权限");
}

TEST_F(SnmsTest, OnlyTheOperatorAdmits) {
  Admit(1, kPrefix, "alice");
  const std::string alice = Login("alice");
  EXPECT_EQ(Outcome(Ask("POST", kApply, "{}", alice)), "-3 没有权限");
}

TEST_F(SnmsTest, EnterprisesArePagedAndShown) {
  Admit(1, kPrefix, "alice");
  node_.clock().AdvanceMs(60'000);
  Admit(2, kOtherPrefix, "bob");
  const json::object page = AsOperator(
      "GET", "/snms/api/v3/ent/page?orgName=&startDate=&endDate=&currentPage=1&pageSize=1");
  ASSERT_EQ(Outcome(page), "1 success");
  const json::object& data = page.at("data").as_object();
  EXPECT_EQ(data.at("totalElements").as_int64(), 2);
  EXPECT_EQ(data.at("totalPages").as_int64(), 2);
  EXPECT_FALSE(data.at("last").as_bool());
  const json::value& newest = data.at("content").at(0);
  EXPECT_EQ(newest.at("orgCrtCode").as_string(), CreditCode(2));
  EXPECT_EQ(newest.at("createDate").as_string(), "2026-11-22 10:01:00");
  const json::object found =
      AsOperator("GET", "/snms/api/ent/page?orgName=%E4%BC%81%E4%B8%9A1&endDate=2026-11-22");
  EXPECT_EQ(found.at("data").at("totalElements").as_int64(), 1);
  EXPECT_EQ(Outcome(AsOperator("GET", "/snms/api/v3/ent/page?pageSize=0")),
            "-2 请求参数应为正整数: pageSize");

  const json::object detail =
      AsOperator("GET", "/snms/api/v3/ent/detail?id=" + std::to_string(newest.at("id").as_int64()));
  ASSERT_EQ(Outcome(detail), "1 success");
  const json::object& basic = detail.at("data").at("entBasicInfo").as_object();
  EXPECT_EQ(basic.at("orgCrtCode").as_string(), CreditCode(2));
  EXPECT_EQ(basic.at("industrySpecific").as_string(), "19");
  EXPECT_EQ(basic.at("orgAddrCity").as_string(), "440300");
  EXPECT_EQ(basic.at("entPrefix").as_string(), kOtherPrefix);
  EXPECT_EQ(Outcome(AsOperator("GET", "/snms/api/v3/ent/detail?id=1")), "-2 企业不存在");
  // An administrator's own, without a number; and no other.
  const std::string alice = Login("alice");
  const json::object own = Ask("GET", "/snms/api/v3/ent/detail?id=", {}, alice);
  ASSERT_EQ(Outcome(own), "1 success");
  EXPECT_EQ(own.at("data").at("entBasicInfo").at("orgCrtCode").as_string(), CreditCode(1));
  EXPECT_EQ(Outcome(Ask("GET", "/snms/api/v3/ent/detail?id=" + CreditCode(2), {}, alice)),
            "-3 没有权限");
}

TEST_F(SnmsTest, AnUpgradeChangesTheRecordAndAsksForAPrefix) {
  Admit(1, kPrefix, "alice");
  json::object body{
      {"entBasicInfo",
       {{"orgCrtCode", CreditCode(1)}, {"orgAddr", "新路2号"}, {"entPrefix", "88.108.2009"}}}};
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_EQ(Outcome(AsOperator("POST", "/snms/api/v3/ent/upgrade-apply", json::serialize(body))),
              "1 success");
  }
  EXPECT_EQ(node_.services().admin.enterprises.Find(CreditCode(1))->address, "新路2号");
  EXPECT_EQ(node_.services().prefixes.EnterpriseOf("88.108.2009"), CreditCode(1));
  body["entBasicInfo"].as_object()["orgCrtCode"] = CreditCode(3);
  EXPECT_EQ(Outcome(AsOperator("POST", "/snms/api/v3/ent/upgrade-apply", json::serialize(body))),
            "-2 企业不存在");
}

// ---- prefixes ---------------------------------------------------------------------------------

TEST_F(SnmsTest, PrefixesAreQueriedAndPaged) {
  Admit(1, kPrefix, "alice");
  EXPECT_EQ(Outcome(AsOperator("POST", kApply,
                               json::serialize(Application(2, kOtherPrefix, "bob", Upload())))),
            "1 success");
  const json::object query =
      AsOperator("GET", "/snms/api/prefix/query?prefix=" + std::string(kPrefix));
  ASSERT_EQ(Outcome(query), "1 success");
  EXPECT_EQ(query.at("data").at("status").as_int64(), 1);
  EXPECT_EQ(query.at("data").at("entNameCn").as_string(), "企业1");
  EXPECT_EQ(query.at("data").at("entIndustry").as_string(), "C");
  EXPECT_TRUE(query.at("data").as_object().contains("entWebSite"));
  EXPECT_EQ(AsOperator("GET", "/snms/api/prefix/query?prefix=" + std::string(kOtherPrefix))
                .at("data")
                .at("status")
                .as_int64(),
            4);
  EXPECT_EQ(Outcome(AsOperator("GET", "/snms/api/prefix/query?prefix=88.108.9999")),
            "-2 前缀不存在");
  const json::object page = AsOperator(
      "GET", "/snms/api/prefix/page?entName=%E4%BC%81%E4%B8%9A2&entPrefix=&currentPage=&pageSize=");
  ASSERT_EQ(Outcome(page), "1 success");
  ASSERT_EQ(page.at("data").at("totalElements").as_int64(), 1);
  const json::value& row = page.at("data").at("content").at(0);
  EXPECT_EQ(row.at("entPrefix").as_string(), kOtherPrefix);
  EXPECT_EQ(row.at("entprefix").as_string(), kOtherPrefix);
  EXPECT_EQ(row.at("proxyState").as_int64(), 4);
  // An administrator sees its own.
  const json::object own = Ask("GET", "/snms/api/prefix/page", {}, Login("alice"));
  EXPECT_EQ(own.at("data").at("totalElements").as_int64(), 1);
}

TEST_F(SnmsTest, ConfigMakesAPrefixSelfHostedAndBack) {
  Admit(1, kPrefix, "alice");
  constexpr std::string_view kConfig = "/snms/api/ent/config";
  const auto config = [&](const std::string& members, const std::string& beside = {}) {
    return Outcome(AsOperator(
        "POST", kConfig,
        R"({"entPrefixConfig":{"entPrefix":"88.108.2001")" + members + "}" + beside + "}"));
  };
  EXPECT_EQ(
      config(R"(,"hdlType":"HS_SITE","ipType":6,"ip":"2031::aaa","tcpPort":"","httpPort":"")"),
      "-2 端口至少填写一个（http、tcp、udp）");
  EXPECT_EQ(config(R"(,"ipType":"4","ip":"2031::aaa","tcpPort":"2643")"),
            "-2 地址与类型不一致: entPrefixConfig.ipType");
  EXPECT_EQ(config(R"(,"ip":"2031::aaa","tcpPort":"99999")"),
            "-2 端口无效: entPrefixConfig.tcpPort");
  EXPECT_EQ(config(""), "-2 缺少必要的请求参数: entPrefixConfig.ip");
  EXPECT_EQ(config(R"(,"hdlType":"HS_SITE","ipType":"6","ip":"2031::aaa","tcpPort":"2643",)"
                   R"("udpPort":"","httpPort":"")"),
            "1 success");
  const auto route = node_.services().prefixes.RouteOf(kPrefix);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->address, "2031::aaa");
  EXPECT_EQ(route->tcp_port, 2643);
  EXPECT_EQ(Ask("GET", "/resolve/88.108.2001/a").at("responseCode").as_int64(), 303);
  EXPECT_EQ(config("", R"(,"proxyServerId":1)"), "1 success");
  EXPECT_EQ(node_.services().prefixes.RouteOf(kPrefix), nullptr);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
