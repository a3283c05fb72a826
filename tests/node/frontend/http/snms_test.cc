// The SNMS face over a socket: logging in, identifiers one and many, reading.
#include <string>
#include <vector>

#include "node/base/text.h"
#include "node/frontend/http/snms/call.h"
#include "tests/node/frontend/http/snms_fixture.h"

namespace idnode::frontend::http::testing {
namespace {

constexpr std::string_view kData = "/identityv2/data";
constexpr std::string_view kBatchCreate = "/identityv2/data/batchCreate";
constexpr std::string_view kColour =
    R"(,{"index":2001,"type":"colour","auth":"","data":{"format":"string","value":"red"}})";

std::string Codes(const json::object& answer) {
  std::string codes;
  for (const json::value& item : answer.at("data").as_array()) {
    codes += std::to_string(item.at("code").as_int64()) + " " +
             std::string(item.at("msg").as_string()) + ";";
  }
  return codes;
}

class SnmsDataTest : public SnmsTest {
 protected:
  json::object Detail(std::string_view suffix, std::string_view token) {
    return Ask("GET",
               "/identityv2/data/detail?handle=" + std::string(kPrefix) + "/" + std::string(suffix),
               {}, token);
  }
  /// "1001=1.0 2000=shoe": the values that are shown.
  static std::string Values(const json::object& holder) {
    std::string shown;
    for (const json::value& value : holder.at("value").as_array()) {
      if (!shown.empty()) shown += " ";
      shown += std::to_string(value.at("index").as_int64()) + "=" +
               std::string(value.at("data").at("value").as_string());
    }
    return shown;
  }
};

// ---- logging in -------------------------------------------------------------------------------

TEST_F(SnmsTest, LoginGivesATokenThatIsGoodForADay) {
  Admit(1, kPrefix, "alice");
  const json::object body{{"username", "alice"}, {"password", json::string(kPassword)}};
  const json::object answer = Ask("POST", "/identity/token", json::serialize(body));
  ASSERT_EQ(Outcome(answer), "1 success");
  EXPECT_EQ(answer.at("data").at("expire").as_int64(), 24 * 3600);
  const std::string token(answer.at("data").at("token").as_string());
  const std::string target = "/snms/api/prefix/query?prefix=" + std::string(kPrefix);
  EXPECT_EQ(Outcome(Ask("GET", target, {}, token)), "1 success");
  node_.clock().AdvanceMs(24 * 3'600'000 + 1'000);
  // All threads of a client learn of it at once; it can log in again all the same.
  for (int thread = 0; thread < 20; ++thread) {
    EXPECT_EQ(Outcome(Ask("GET", target, {}, token)), "-1 没有登录，需要验证");
  }
  EXPECT_EQ(Outcome(Ask("GET", target, {}, Login("alice"))), "1 success");
}

TEST_F(SnmsTest, LoginRefusesWithoutSayingWhatIsWrong) {
  Admit(1, kPrefix, "alice");
  const auto login = [&](std::string_view body) {
    return Outcome(Ask("POST", "/identity/token", std::string(body)));
  };
  EXPECT_EQ(login(R"({"username":"alice","password":"wrong password"})"), "-2 用户名/密码错误！");
  EXPECT_EQ(login(R"({"username":"nobody","password":"wrong password"})"), "-2 用户名/密码错误！");
  EXPECT_EQ(login(R"({"username":"alice"})"), "-2 缺少必要的请求参数: password");
  EXPECT_EQ(login("alice"), "-2 请求体不是合法的JSON");
}

TEST_F(SnmsTest, FailedLoginsMakeTheAddressWait) {
  Admit(1, kPrefix, "alice");
  std::string last;
  for (int i = 0; i < 20 && !last.starts_with("-4"); ++i) {
    last = Outcome(Ask("POST", "/identity/token", R"({"username":"alice","password":"not it"})"));
  }
  EXPECT_TRUE(last.starts_with("-4 请求过于频繁")) << last;
}

TEST_F(SnmsTest, ATokenOfOnesOwnForgetsNoFailedLogins) {
  Admit(1, kPrefix, "alice");
  const std::string token = Login("alice");
  const std::string target = "/snms/api/prefix/query?prefix=" + std::string(kPrefix);
  std::string last;
  for (int i = 0; i < 20 && !last.starts_with("-4"); ++i) {
    last = Outcome(Ask("POST", "/identity/token", R"({"username":"alice","password":"not it"})"));
    EXPECT_EQ(Outcome(Ask("GET", target, {}, token)), "1 success");
  }
  EXPECT_TRUE(last.starts_with("-4 请求过于频繁")) << last;
}

TEST_F(SnmsTest, TheReplayableHashIsRefusedUnlessSwitchedOn) {
  Admit(1, kPrefix, "alice");
  const json::object body{{"username", "alice"}, {"password", std::string(64, 'a')}};
  EXPECT_EQ(Outcome(Ask("POST", "/identity/token/v1", json::serialize(body))),
            "-2 密文登录未启用，请使用 /identity/token");
}

TEST_F(SnmsTest, NothingIsDoneForWhoHasNotLoggedIn) {
  for (const snms::EndpointRow& row : snms::EndpointRows()) {
    if (snms::IsForAnybody(row.endpoint)) continue;
    const std::string method(MethodName(row.method));
    const std::string body = row.method == Method::kGet ? "" : "{}";
    EXPECT_EQ(Outcome(Ask(method, row.path, body)), "-1 没有登录，需要验证") << row.path;
    EXPECT_EQ(Outcome(Ask(method, row.path, body, "no-such-token")), "-1 没有登录，需要验证")
        << row.path;
    // Until the address may try again.
    node_.clock().AdvanceMs(3'600'000);
  }
}

TEST_F(SnmsTest, UnknownPathsAndMethodsAreNotHttp200) {
  const Answer path = node_.AskAsOperator("GET", "/snms/api/nothing");
  EXPECT_EQ(path.status, 404);
  EXPECT_EQ(path.body, R"({"message":"请求的接口不存在","status":-2,"data":null})");
  const Answer method = node_.AskAsOperator("PUT", "/snms/api/v3/template", "{}");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.Get("allow"), "GET, POST, DELETE");
}

// ---- one identifier ---------------------------------------------------------------------------

TEST_F(SnmsDataTest, RegistersOnceAndTakesARepeatAsSuccess) {
  const std::string token = AdmitAlice();
  const json::object first = Ask("POST", kData, ItemBody("a", "shoe", kColour), token);
  EXPECT_EQ(json::serialize(first), R"({"message":"success","status":1,"data":true})");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "shoe", kColour), token)), "1 success");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("A", "shoe", kColour), token)), "1 success");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "boot", kColour), token)), "-2 标识已存在");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "shoe"), token)), "-2 标识已存在");
}

TEST_F(SnmsDataTest, HoldsValuesToTheTemplate) {
  const std::string token = AdmitAlice();
  const auto registered = [&](const std::string& body) {
    return Outcome(Ask("POST", kData, body, token));
  };
  EXPECT_EQ(registered(ItemBody("b", "x", R"(,{"index":1000,"type":"t","data":{"value":"x"}})")),
            "-2 非法操作，索引1000在模板中不存在");
  EXPECT_EQ(registered(ItemBody("b", "x", R"(,{"index":2001,"type":"size","data":{"value":"x"}})")),
            "-2 非法操作，索引2001的类型与模板不一致，应为colour");
  EXPECT_TRUE(registered(ItemBody("b", std::string(21, 'x'))).starts_with("-2 "));
  const bool known = node_.services().admin.templates.options().require_known;
  EXPECT_EQ(registered(ItemBody("b", "x", {}, "9.9")),
            known ? "-2 数据模板不存在: 9.9" : "1 success");
  // Case of the type is no matter; what is shown is the template's.
  EXPECT_EQ(
      registered(ItemBody("c", "x", R"(,{"index":2001,"type":"COLOUR","data":{"value":"r"}})")),
      "1 success");
  EXPECT_EQ(Detail("c", token).at("data").at("value").at(2).at("type").as_string(), "colour");
}

TEST_F(SnmsDataTest, AnothersPrefixIsNotPermitted) {
  AdmitAlice();
  Admit(2, kOtherPrefix, "bob");
  const std::string bob = Login("bob");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "x"), bob)), "-3 没有权限");
  EXPECT_EQ(Outcome(Ask("PUT", kData, ItemBody("a", "x"), bob)), "-3 没有权限");
  EXPECT_EQ(Outcome(Ask("DELETE", kData, R"({"handle":"88.108.2001/a"})", bob)), "-3 没有权限");
}

TEST_F(SnmsDataTest, APrefixThatIsNotActiveIsNamed) {
  const std::string token = AdmitAlice();
  ASSERT_TRUE(node_.services()
                  .prefixes
                  .SetState(OperatorActor(), std::string(kPrefix), service::PrefixState::kStopped,
                            "unpaid", Soon())
                  .ok());
  const std::string outcome = Outcome(Ask("POST", kData, ItemBody("a", "x"), token));
  EXPECT_TRUE(outcome.starts_with("-2 企业前缀状态不允许该操作")) << outcome;
}

TEST_F(SnmsDataTest, AnUpdateReplacesWhatItNamesAndKeepsTheRest) {
  const std::string token = AdmitAlice();
  ASSERT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "shoe", kColour), token)), "1 success");
  EXPECT_EQ(json::serialize(Ask("PUT", kData, ItemBody("a", "boot"), token)),
            R"({"message":"success","status":1,"data":true})");
  EXPECT_EQ(Values(Detail("a", token).at("data").as_object()), "1001=1.0 2000=boot 2001=red");
  EXPECT_EQ(Outcome(Ask("PUT", kData, ItemBody("a", "boot"), token)), "1 success");
  EXPECT_EQ(Outcome(Ask("PUT", kData, ItemBody("none", "boot"), token)), "-2 标识不存在");
  // What detail showed may be written back as it is.
  json::object shown = Detail("a", token).at("data").as_object();
  EXPECT_EQ(Outcome(Ask("PUT", kData, json::serialize(shown), token)), "1 success");
}

TEST_F(SnmsDataTest, DeletesWithABody) {
  const std::string token = AdmitAlice();
  ASSERT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "shoe"), token)), "1 success");
  EXPECT_EQ(json::serialize(Ask("DELETE", kData, R"({"handle":"88.108.2001/a"})", token)),
            R"({"message":"success","status":1,"code":1,"data":true})");
  EXPECT_EQ(json::serialize(Ask("DELETE", kData, R"({"handle":"88.108.2001/a"})", token)),
            R"({"message":"没有找到标识","status":-2,"code":-2,"data":null})");
  EXPECT_EQ(Outcome(Detail("a", token)), "-2 标识不存在");
}

TEST_F(SnmsDataTest, ARepeatIsASuccessAlsoUnderANewerTemplate) {
  const std::string token = AdmitAlice();
  ASSERT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "shoe", kColour), token)), "1 success");
  ASSERT_EQ(
      Outcome(Ask("PUT", "/snms/api/v5/template",
                  TemplateBody(kPrefix, "1.0",
                               R"({"name":"尺码","idType":"size","state":1,)"
                               R"("metadata":{"type":"string","minLength":1,"maxLength":9}})"),
                  token)),
      "1 success");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "shoe", kColour), token)), "1 success");
  EXPECT_EQ(Outcome(Ask("POST", kData, ItemBody("a", "boot", kColour), token)), "-2 标识已存在");
  const std::string batch = "[" + ItemBody("a", "shoe", kColour) + "," +
                            ItemBody("a", "boot", kColour) + "," + ItemBody("n", "new") + "]";
  EXPECT_EQ(Codes(Ask("POST", kBatchCreate, batch, token)), "1 success;-2 标识已存在;1 success;");
}

// ---- batches ----------------------------------------------------------------------------------

TEST_F(SnmsDataTest, ABatchOfTwoThousandIsAnsweredItemByItem) {
  constexpr int kItems = 2'000;
  const std::string token = AdmitAlice();
  const auto batch = [&](std::string_view name) {
    std::string body = "[";
    for (int i = 0; i < kItems; ++i) {
      if (i > 0) body += ",";
      body += ItemBody("n" + std::to_string(i), i == 7 ? name : "shoe");
    }
    return body + "]";
  };
  const json::object first = Ask("POST", kBatchCreate, batch("shoe"), token);
  ASSERT_EQ(Outcome(first), "1 success");
  const json::array& items = first.at("data").as_array();
  ASSERT_EQ(items.size(), static_cast<std::size_t>(kItems));
  EXPECT_EQ(json::serialize(items[1999]),
            R"({"handle":"88.108.2001/n1999","code":1,"msg":"success"})");
  // A repeat after a lost answer, of which one item is not what it was.
  const json::object again = Ask("POST", kBatchCreate, batch("boot"), token);
  ASSERT_EQ(Outcome(again), "1 success");
  int refused = 0;
  for (const json::value& item : again.at("data").as_array()) {
    if (item.at("code").as_int64() == 1) continue;
    ++refused;
    EXPECT_EQ(json::serialize(item), R"({"handle":"88.108.2001/n7","code":-2,"msg":"标识已存在"})");
  }
  EXPECT_EQ(refused, 1);
}

TEST_F(SnmsDataTest, FaultyItemsDoNotTouchTheOthers) {
  const std::string token = AdmitAlice();
  const std::string batch = "[" + ItemBody("a", "x") + R"(,{"handle":"88.108.2001/b"},7,)" +
                            ItemBody("a", "x") + R"(,{"handle":"88.108.2002/c",)" +
                            R"("templateVersion":"1.0","value":[]},)" + ItemBody("d", "y") + "]";
  const json::object answer = Ask("POST", kBatchCreate, batch, token);
  ASSERT_EQ(Outcome(answer), "1 success");
  const json::array& items = answer.at("data").as_array();
  ASSERT_EQ(items.size(), 6U);
  EXPECT_EQ(items[0].at("code").as_int64(), 1);
  EXPECT_EQ(items[1].at("msg").as_string(), "缺少必要的请求参数: templateVersion");
  EXPECT_EQ(items[2].at("msg").as_string(), "请求体应为JSON对象");
  EXPECT_EQ(items[3].at("code").as_int64(), 1);  // the same once more
  EXPECT_NE(items[4].at("code").as_int64(), 1);
  EXPECT_EQ(items[5].at("code").as_int64(), 1);
}

TEST_F(SnmsDataTest, UpdatesAndDeletesInBatches) {
  const std::string token = AdmitAlice();
  ASSERT_EQ(Codes(Ask("POST", kBatchCreate,
                      "[" + ItemBody("a", "x") + "," + ItemBody("b", "x") + "]", token)),
            "1 success;1 success;");
  EXPECT_EQ(Codes(Ask("PUT", "/identityv2/data/batchUpdate",
                      "[" + ItemBody("a", "y") + "," + ItemBody("none", "y") + "]", token)),
            "1 success;-2 标识不存在;");
  EXPECT_EQ(Values(Detail("a", token).at("data").as_object()), "1001=1.0 2000=y");
  EXPECT_EQ(Codes(Ask("DELETE", "/identityv2/data/batchDelete",
                      R"(["88.108.2001/a","88.108.2001/none"])", token)),
            "1 success;-2 标识不存在;");
  EXPECT_EQ(Codes(Ask("DELETE", "/identityv2/data/batchDelete", R"({"handles":["88.108.2001/b"]})",
                      token)),
            "1 success;");
}

TEST_F(SnmsDataTest, BatchesAsAWholeAreBound) {
  const std::string token = AdmitAlice();
  const std::size_t most = node_.services().registration.limits().batch_items_max;
  ASSERT_GE(most, 2'000U);
  const auto batch = [](std::size_t items) {
    std::string body = "[";
    for (std::size_t i = 0; i < items; ++i) body += i == 0 ? "\"x\"" : ",\"x\"";
    return body + "]";
  };
  constexpr std::string_view kDelete = "/identityv2/data/batchDelete";
  EXPECT_EQ(Outcome(Ask("DELETE", kDelete, batch(most), token)), "1 success");
  EXPECT_EQ(Outcome(Ask("DELETE", kDelete, batch(most + 1), token)),
            "-2 批量操作最大支持" + std::to_string(most) + "条");
  EXPECT_EQ(Outcome(Ask("DELETE", kDelete, "[]", token)), "-2 批量操作至少1条");
  EXPECT_EQ(Outcome(Ask("POST", kBatchCreate, "{}", token)), "-2 请求体应为JSON数组");
}

TEST_F(SnmsDataTest, AnUnknownOutcomeIsNeitherSuccessNorFailure) {
  snms::SnmsOptions options;
  const snms::Context context{options, node_.services(), nullptr};
  Request request;
  snms::Call call;
  call.request = &request;
  call.endpoint = snms::Endpoint::kBatchCreate;
  call.caller = OperatorActor().caller;
  call.deadline = Soon();
  snms::Change change;
  change.handles = {"88.108.2001/a", "88.108.2001/b"};
  change.refused.resize(2);
  change.items.resize(2);
  change.items[1].handle = "88.108.2001/b";
  change.items[1].template_version = "1.0";
  change.items[1].template_ref = "1.0@2";
  service::BatchResult result;
  result.results.resize(2);
  result.results[0].outcome = service::Outcome::kUndetermined;
  result.results[1].outcome = service::Outcome::kConflict;
  // The second would have to be read for, which this thread may not.
  EXPECT_TRUE(snms::NeedsReading(call, change, result));
  const snms::Reply reply = snms::ChangeReply(context, call, change, result, false);
  EXPECT_EQ(reply.data, R"([{"handle":"88.108.2001/a","code":-4,"msg":"结果未知，请重新提交"},)"
                        R"({"handle":"88.108.2001/b","code":-4,"msg":"结果未知，请重新提交"}])");
  const snms::Reply whole =
      snms::ChangeReply(context, call, change, Error(Errc::kOverloaded, "the queue is full"), true);
  EXPECT_EQ(whole.status, snms::Status::kInternal);
}

// ---- reading ----------------------------------------------------------------------------------

TEST_F(SnmsDataTest, DetailHasTheShapeClientsKnow) {
  const std::string token = AdmitAlice();
  ASSERT_EQ(Outcome(Ask("POST", kData, ItemBody("Sn1", "鞋"), token)), "1 success");
  EXPECT_EQ(
      json::serialize(Detail("sn1", token)),
      R"({"message":"success","status":1,"data":{"code":"200","prefix":"88.108.2001",)"
      R"("handle":"88.108.2001/Sn1","templateVersion":"1.0","value":[)"
      R"({"data":{"format":"string","value":"1.0"},"auth":"1","index":1001,"type":"TEMPLATE"},)"
      R"({"data":{"format":"string","value":"鞋"},"auth":"1","index":2000,"type":"name"}]}})");
  EXPECT_EQ(Outcome(Ask("GET", "/identityv2/data/detail", {}, token)),
            "-2 缺少必要的请求参数: handle");
  EXPECT_EQ(Outcome(Ask("GET", "/identityv2/data/detail?handle=x", {}, token)).substr(0, 3), "-2 ");
}

TEST_F(SnmsDataTest, ShowsWhatTheAskerMaySee) {
  const std::string alice = AdmitAlice();
  Admit(2, kOtherPrefix, "bob");
  const std::string bob = Login("bob");
  ASSERT_EQ(Outcome(Ask("POST", kData,
                        ItemBody("a", "shoe",
                                 R"(,{"index":2001,"type":"colour","auth":"0",)"
                                 R"("data":{"value":"secret"}})"),
                        alice)),
            "1 success");
  EXPECT_EQ(Values(Detail("a", alice).at("data").as_object()), "1001=1.0 2000=shoe 2001=secret");
  EXPECT_EQ(Detail("a", alice).at("data").at("value").at(2).at("auth").as_string(), "0");
  EXPECT_EQ(Values(Detail("a", bob).at("data").as_object()), "1001=1.0 2000=shoe");
  EXPECT_EQ(Values(Detail("a", node_.operator_token()).at("data").as_object()),
            "1001=1.0 2000=shoe 2001=secret");
  EXPECT_EQ(Values(Ask("GET", "/resolve/88.108.2001/a")), "1001=1.0 2000=shoe");
  EXPECT_EQ(Values(Ask("GET", "/resolve/88.108.2001/a", {}, alice)),
            "1001=1.0 2000=shoe 2001=secret");
}

TEST_F(SnmsDataTest, AttributesOfOtherFacesAreValuesOfTheirItems) {
  const std::string token = AdmitAlice();
  node_.Register(R"([{"identifier":"88.108.2001/v1","template":"1.0@1",)"
                 R"("attributes":{"name":"sandal","colour":"red"}}])");
  EXPECT_EQ(Values(Detail("v1", token).at("data").as_object()), "1001=1.0 2000=sandal 2001=red");
}

TEST_F(SnmsDataTest, ResolutionAnswersByResponseCode) {
  const std::string token = AdmitAlice();
  ASSERT_EQ(Outcome(Ask("POST", kData, ItemBody("a/b", "shoe"), token)), "1 success");
  const json::object found = Ask("GET", "/resolve/88.108.2001%2Fa/b");
  EXPECT_EQ(found.at("responseCode").as_int64(), 1);
  EXPECT_EQ(found.at("handle").as_string(), "88.108.2001/a/b");
  EXPECT_EQ(found.at("value").at(1).at("type").as_string(), "name");
  EXPECT_EQ(found.at("value").at(1).at("ttl").as_int64(), 86'400);
  EXPECT_EQ(json::serialize(Ask("GET", "/resolve/88.108.2001/none")),
            R"({"responseCode":100,"msg":"标识不存在"})");
  EXPECT_EQ(Ask("GET", "/resolve/88.999.1/none").at("responseCode").as_int64(), 301);
  EXPECT_EQ(Ask("GET", "/resolve/88.108.2001/a%zz").at("responseCode").as_int64(), 102);
  EXPECT_EQ(Ask("GET", "/resolve/88.108.2001/a", {}, "no-token").at("responseCode").as_int64(),
            402);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
