#include "tests/node/frontend/http/snms_fixture.h"

#include "node/base/text.h"
#include "node/model/codes.h"

namespace idnode::frontend::http::testing {
namespace {

HttpOptions Options(const TemporaryDirectory& files) {
  HttpOptions options;
  options.snms_files_directory = files.path("files");
  return options;
}

std::string Sha256Hex(std::string_view text) {
  const Digest digest = Sha256(text);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

SnmsTest::SnmsTest() : node_(Options(files_)) {}

json::object SnmsTest::Ask(std::string_view method, std::string_view target,
                           const std::string& body, std::string_view token) {
  std::string headers;
  if (!token.empty()) headers.append("Authorization: Bearer ").append(token).append("\r\n");
  if (!body.empty()) headers += "Content-Type: application/json\r\n";
  const Answer answer = node_.Ask(method, target, headers, body);
  EXPECT_EQ(answer.status, 200) << method << " " << target << ": " << answer.body;
  boost::system::error_code ec;
  const json::value value = json::parse(answer.body, ec);
  EXPECT_TRUE(!ec && value.is_object()) << answer.body;
  return value.is_object() ? value.as_object() : json::object();
}

std::string SnmsTest::Outcome(const json::object& answer) {
  const json::value* status = answer.if_contains("status");
  const json::value* message = answer.if_contains("message");
  if (status == nullptr || message == nullptr || !message->is_string()) return "no envelope";
  const json::value* data = answer.if_contains("data");
  if (status->as_int64() != 1 && (data == nullptr || !data->is_null())) return "data is not null";
  return std::to_string(status->as_int64()) + " " + std::string(message->as_string());
}

service::Actor SnmsTest::OperatorActor() const {
  auto caller = std::make_shared<service::Caller>();
  caller->role = service::Role::kOperator;
  return {caller, "192.0.2.1"};
}

std::string SnmsTest::CreditCode(unsigned n) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  std::string code = "91440300MA5DA";
  code += std::to_string(100 + n);
  for (const char organisation : std::string_view("0123456789X")) {
    for (const char check : kAlphabet) {
      if (CheckCreditCode(code + organisation + check).ok()) return code + organisation + check;
    }
  }
  ADD_FAILURE() << "no check characters fit " << code;
  return {};
}

json::object SnmsTest::Application(unsigned n, std::string_view prefix, std::string_view user,
                                   std::int64_t licence) {
  return {{"sysUser",
           {{"userName", json::string(user)},
            {"password", Sha256Hex(kPassword)},
            {"email", "a@example.com"},
            {"mobile", "13800000000"}}},
          {"entBasicInfo",
           {{"orgName", "企业" + std::to_string(n)},
            {"orgNature", 1},
            {"orgAddr", "科技路1号"},
            {"orgAddrProvince", "440000"},
            {"orgAddrCity", "440300"},
            {"orgCrtType", 1},
            {"orgCrtCode", CreditCode(n)},
            {"orgCrtImgRid", licence},
            {"industryCategory", "C"},
            {"industrySpecific", "19"},
            {"contactName", "张三"},
            {"contactCrtType", 1},
            {"contactCrtNo", "x"},
            {"contactEmail", "zhang@example.com"},
            {"contactPhone", "13900000000"},
            {"legalName", "李四"},
            {"legalCrtType", 1},
            {"legalCrtNo", "x"},
            {"entPrefix", json::string(prefix)}}}};
}

json::object SnmsTest::UploadAnswer(std::string_view content, std::string_view token) {
  std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"licence.png\"\r\n\r\n";
  body.append(content).append("\r\n--b--\r\n");
  std::string headers = "Content-Type: multipart/form-data; boundary=b\r\n";
  if (!token.empty()) headers.append("Authorization: Bearer ").append(token).append("\r\n");
  const Answer answer = node_.Ask("POST", "/snms/api/file/upload", headers, body);
  EXPECT_EQ(answer.status, 200);
  boost::system::error_code ec;
  const json::value value = json::parse(answer.body, ec);
  EXPECT_TRUE(!ec && value.is_object()) << answer.body;
  return value.is_object() ? value.as_object() : json::object();
}

std::int64_t SnmsTest::Upload(std::string_view content) {
  const json::object answer = UploadAnswer(content, node_.operator_token());
  EXPECT_EQ(Outcome(answer), "1 success");
  const json::value* data = answer.if_contains("data");
  return data != nullptr && data->is_object() ? data->at("id").as_int64() : 0;
}

void SnmsTest::Activate(std::string_view prefix) {
  for (const auto state : {service::PrefixState::kInAudit, service::PrefixState::kActive}) {
    const auto moved =
        node_.services().prefixes.SetState(OperatorActor(), std::string(prefix), state, {}, Soon());
    EXPECT_TRUE(moved.ok()) << moved.error().detail;
  }
}

void SnmsTest::Admit(unsigned n, std::string_view prefix, std::string_view user) {
  const json::object body = Application(n, prefix, user, Upload());
  EXPECT_EQ(Outcome(AsOperator("POST", "/snms/api/v3/ent/apply", json::serialize(body))),
            "1 success");
  Activate(prefix);
}

std::string SnmsTest::Login(std::string_view user, std::string_view password) {
  const json::object body{{"username", json::string(user)}, {"password", json::string(password)}};
  const json::object answer = Ask("POST", "/identity/token", json::serialize(body));
  EXPECT_EQ(Outcome(answer), "1 success");
  const json::value* data = answer.if_contains("data");
  return data != nullptr && data->is_object() ? std::string(data->at("token").as_string()) : "";
}

std::string SnmsTest::AdmitAlice() {
  Admit(1, kPrefix, "alice");
  const std::string token = Login("alice");
  EXPECT_EQ(
      Outcome(Ask("POST", "/snms/api/v5/template",
                  TemplateBody(kPrefix, "1.0",
                               R"({"name":"名称","idType":"name","required":true,)"
                               R"("metadata":{"type":"string","minLength":1,"maxLength":20}},)"
                               R"({"name":"颜色","idType":"colour","required":false,)"
                               R"("metadata":{"type":"String","minLength":0,"maxLength":20}})"),
                  token)),
      "1 success");
  return token;
}

std::string SnmsTest::TemplateBody(std::string_view prefix, std::string_view version,
                                   std::string_view items) {
  std::string body = R"({"prefix":")";
  body.append(prefix).append(R"(","version":")").append(version);
  body.append(R"(","industryCategory":"C","industrySpecific":"19","industryTrade":"195",)");
  body.append(R"("industrySubclass":"1952","type":2,"description":"鞋","items":[)");
  return body.append(items).append("]}");
}

std::string SnmsTest::ItemBody(std::string_view suffix, std::string_view name,
                               std::string_view more, std::string_view version) {
  std::string body = R"({"handle":")";
  body.append(kPrefix).append("/").append(suffix);
  body.append(R"(","templateVersion":")").append(version);
  body.append(R"(","value":[{"index":2000,"type":"name","auth":"",)");
  body.append(R"("data":{"format":"string","value":")").append(name).append(R"("}})");
  return body.append(more).append("]}");
}

}  // namespace idnode::frontend::http::testing
