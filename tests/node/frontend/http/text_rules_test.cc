// The pure rules: percent-encoding, queries, negotiation, entity tags, languages, routes.
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/error_map.h"
#include "node/frontend/http/conditional.h"
#include "node/frontend/http/openapi.h"
#include "node/frontend/http/router.h"
#include "node/frontend/http/url.h"
#include "node/model/record.h"
#include "node/service/audit_rows.h"

namespace idnode::frontend::http {
namespace {

TEST(PercentDecodeTest, DecodesAndRefusesMalformed) {
  std::string scratch;
  EXPECT_EQ(PercentDecode("88.108.1001/SN1", scratch), "88.108.1001/SN1");
  EXPECT_EQ(PercentDecode("a%2Fb%3aC%20+", scratch), "a/b:C +");
  EXPECT_EQ(PercentDecode("%E6%A0%87", scratch), "标");
  EXPECT_EQ(PercentDecode("%00", scratch), std::string_view("\0", 1));
  EXPECT_EQ(PercentDecode("%41", scratch), "A");
  for (const char* malformed : {"%", "%4", "a%", "%4g", "%g4", "%%41", "% 41"}) {
    EXPECT_EQ(PercentDecode(malformed, scratch), std::nullopt) << malformed;
  }
}

TEST(QueryTest, ParsesDecodesAndRefuses) {
  const auto query = Query::Parse("pageSize=10&pageToken=a%3D%3D&flag&x=a+b&&history=true");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(*query->Find("pageToken"), "a==");
  EXPECT_EQ(*query->Find("flag"), "");
  EXPECT_EQ(*query->Find("x"), "a b");
  EXPECT_EQ(query->Find("y"), nullptr);
  EXPECT_EQ(*query->Number("pageSize"), 10U);
  EXPECT_EQ(*query->Number("none"), 0U);
  EXPECT_EQ(query->Number("x").error().field, "x");
  EXPECT_TRUE(*query->Flag("history"));
  EXPECT_FALSE(*query->Flag("none"));
  EXPECT_EQ(query->Flag("x").error().field, "x");
  EXPECT_EQ(query->Only({"pageSize", "pageToken", "flag", "x"}).error().field, "history");
  EXPECT_TRUE(query->Only({"pageSize", "pageToken", "flag", "x", "history"}).ok());
  EXPECT_EQ(Query::Parse("a=1&a=2").error().field, "a");
  EXPECT_EQ(Query::Parse("a=%zz").code(), Errc::kInvalidRequest);
  EXPECT_EQ(Query::Parse("n=4294967295")->Number("n").value(), 4294967295U);
  EXPECT_FALSE(Query::Parse("n=4294967296")->Number("n").ok());
  EXPECT_FALSE(Query::Parse("n=-1")->Number("n").ok());
}

TEST(QueryTest, ParametersAreBoundedInNumber) {
  std::string query;
  for (std::size_t i = 0; i < kQueryParametersMax; ++i) query += "&p" + std::to_string(i) + "=1";
  EXPECT_TRUE(Query::Parse(query).ok());
  EXPECT_EQ(Query::Parse(query + "&one=more").code(), Errc::kInvalidRequest);
}

TEST(SafeLocationTest, TakesHttpOnlyAndNoControlCharacters) {
  EXPECT_EQ(SafeLocation("https://maker.example/SN1?a=b#c"), "https://maker.example/SN1?a=b#c");
  EXPECT_EQ(SafeLocation("HTTP://maker.example"), "HTTP://maker.example");
  EXPECT_EQ(SafeLocation("https://maker.example/鞋"), "https://maker.example/%E9%9E%8B");
  for (const char* bad :
       {"", "https://", "javascript:alert(1)", "ftp://x/", "//x", "data:text/html,x",
        "https://x/\r\nSet-Cookie: a=b", "https://x/a b", "https://x/\x7f"}) {
    EXPECT_EQ(SafeLocation(bad), std::nullopt) << bad;
  }
  const std::string start = "https://x/";
  const std::string longest = start + std::string(kLocationBytesMax - start.size(), 'a');
  EXPECT_EQ(SafeLocation(longest), longest);
  EXPECT_EQ(SafeLocation(longest + "a"), std::nullopt);
}

TEST(NegotiateTest, PrefersJsonUnlessABrowserAsks) {
  const std::map<std::string, Wanted> cases = {
      {"", Wanted::kJson},
      {"*/*", Wanted::kJson},
      {"application/json", Wanted::kJson},
      {"Application/JSON; charset=utf-8", Wanted::kJson},
      {"application/*", Wanted::kJson},
      {"text/html", Wanted::kHtml},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Wanted::kHtml},
      {"text/html, */*", Wanted::kHtml},
      {"application/json, text/html", Wanted::kJson},
      {"application/json;q=0.5, text/html", Wanted::kHtml},
      {"text/html;q=0.5, application/json", Wanted::kJson},
      {"text/html;q=0, */*", Wanted::kJson},
      {"image/png", Wanted::kOther},
      {"application/json;q=0", Wanted::kOther},
      {"text/plain, image/*", Wanted::kOther},
      {"image/png, */*;q=0.1", Wanted::kJson},
  };
  for (const auto& [accept, wanted] : cases) EXPECT_EQ(Negotiate(accept), wanted) << accept;
}

TEST(EtagTest, IsStrongAndTellsApart) {
  const auto tag = [](std::string_view json) {
    std::string out;
    AppendEtag(json, out);
    return out;
  };
  const std::string etag = tag(R"({"identifier":"88.108.1001/SN1","revision":1})");
  EXPECT_EQ(etag.size(), 34U);
  EXPECT_EQ(etag.front(), '"');
  EXPECT_EQ(etag.back(), '"');
  EXPECT_EQ(etag, tag(R"({"identifier":"88.108.1001/SN1","revision":1})"));
  EXPECT_NE(etag, tag(R"({"identifier":"88.108.1001/SN1","revision":2})"));

  EXPECT_TRUE(EtagListed("*", etag));
  EXPECT_TRUE(EtagListed(etag, etag));
  EXPECT_TRUE(EtagListed("\"x\", W/" + etag, etag));
  EXPECT_FALSE(EtagListed("\"x\"", etag));
  EXPECT_FALSE(EtagListed("", etag));
  EXPECT_TRUE(EtagMatches("\"x\" , " + etag, etag));
  EXPECT_TRUE(EtagMatches("*", etag));
  EXPECT_FALSE(EtagMatches("W/" + etag, etag));
}

TEST(LanguageTest, ChineseOnlyWherePreferred) {
  const std::map<std::string, bool> cases = {
      {"", false},
      {"zh-CN", true},
      {"zh", true},
      {"ZH-Hant-TW", true},
      {"en", false},
      {"zh-CN,zh;q=0.9,en;q=0.8", true},
      {"en-GB,zh;q=0.9", false},
      {"en;q=0.5, zh;q=0.9", true},
      {"zh, en", true},
      {"en, zh", false},
      {"de, zh;q=0.1", true},
      {"zh;q=0", false},
      {"*", false},
  };
  for (const auto& [header, chinese] : cases) EXPECT_EQ(PrefersChinese(header), chinese) << header;
}

TEST(QualityTest, ReadsThousandths) {
  EXPECT_EQ(ParseQuality("1"), 1000);
  EXPECT_EQ(ParseQuality("0"), 0);
  EXPECT_EQ(ParseQuality("0.5"), 500);
  EXPECT_EQ(ParseQuality("0.123"), 123);
  EXPECT_EQ(ParseQuality("1.999"), 1000);
  EXPECT_EQ(ParseQuality("x"), 1000);
}

TEST(RouterTest, MatchesPathsAndParameters) {
  const Match get = MatchRoute(Method::kGet, "/v1/identifiers/88.108.1001/a/b:c");
  EXPECT_EQ(get.operation, Operation::kGetIdentifier);
  EXPECT_EQ(get.parameters[0], "88.108.1001");
  EXPECT_EQ(get.parameters[1], "a/b:c");
  EXPECT_EQ(MatchRoute(Method::kHead, "/v1/volume").operation, Operation::kGetVolume);
  EXPECT_EQ(MatchRoute(Method::kGet, "/v1/volume/2026-11").parameters[0], "2026-11");
  EXPECT_EQ(MatchRoute(Method::kGet, "/88.108.1001/SN1").operation, Operation::kResolve);
  EXPECT_EQ(MatchRoute(Method::kPost, "/v1/identifiers:batchRegister").operation,
            Operation::kBatchRegister);
  const Match wrong_method = MatchRoute(Method::kPut, "/v1/volume");
  EXPECT_EQ(wrong_method.operation, Operation::kNone);
  EXPECT_TRUE(wrong_method.path_known);
  for (const char* unknown :
       {"/", "", "/v1", "/v1/", "/v1/nothing", "/v1/identifiers", "/favicon.ico",
        "/v1/identifiers/88.108.1001", "/v1/identifiers/88.108.1001/",
        "/v1/prefixes/a/b/identifiers", "/v1/volume/", "/v1/applications/a/b"}) {
    EXPECT_FALSE(MatchRoute(Method::kGet, unknown).path_known) << unknown;
  }
  EXPECT_EQ(AllowedMethods("/v1/applications"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(AllowedMethods("/v1/identifiers/a/b"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(AllowedMethods("/88.108.1001/SN1"), "GET, HEAD, OPTIONS");
}

TEST(RouterTest, PasswordsAreCheckedApartFromAllElse) {
  for (const auto& [method, path, checks] :
       {std::tuple{Method::kPost, "/v1/login", true}, std::tuple{Method::kPost, "/v1/users", true},
        std::tuple{Method::kPut, "/v1/users/alice/password", true},
        std::tuple{Method::kGet, "/v1/users", false},
        std::tuple{Method::kPost, "/v1/users/alice:disable", false}}) {
    EXPECT_EQ(ChecksPassword(MatchRoute(method, path).operation), checks) << path;
  }
}

TEST(RouterTest, LedgerPathsAreReserved) {
  const Match tile = MatchRoute(Method::kGet, "/ledger/tile/0/x001/234.p/17");
  EXPECT_EQ(tile.operation, Operation::kGetTile);
  EXPECT_EQ(tile.parameters[1], "x001/234.p/17");
  EXPECT_EQ(MatchRoute(Method::kGet, "/ledger/tile/entries/x001/234").operation,
            Operation::kGetEntries);
  EXPECT_EQ(MatchRoute(Method::kHead, "/ledger/statement/2026-11").operation,
            Operation::kGetStatement);
  EXPECT_EQ(MatchRoute(Method::kGet, "/ledger/statement/2026-11/checkpoint").operation,
            Operation::kGetClosingCheckpoint);
  EXPECT_EQ(AllowedMethods("/ledger/cosignature"), "POST, OPTIONS");
  EXPECT_FALSE(MatchRoute(Method::kGet, "/ledger/other").path_known);
  EXPECT_TRUE(IsPublicRead(Operation::kGetTile));
  EXPECT_FALSE(IsPublicRead(Operation::kGetEntries));
  EXPECT_FALSE(IsPublicRead(Operation::kAddCosignature));
}

TEST(OpenApiTest, DescribesEveryRouteAndNothingElse) {
  std::set<std::string> served;
  for (const Route& route : Routes()) {
    std::string method(MethodName(route.method));
    for (char& c : method) c = AsciiLower(c);
    served.insert(method + " " + std::string(route.pattern));
  }
  std::set<std::string> described;
  const auto document = boost::json::parse(OpenApiDocument());
  EXPECT_TRUE(document.at("openapi").as_string().starts_with("3.1."));
  for (const auto& [path, methods] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      described.insert(std::string(method) + " " + std::string(path));
    }
  }
  EXPECT_EQ(described, served);
}

void CollectReferences(const boost::json::value& value, std::set<std::string>& references) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      if (key == "$ref") references.insert(std::string(member.as_string()));
      CollectReferences(member, references);
    }
  } else if (const auto* array = value.if_array()) {
    for (const auto& member : *array) CollectReferences(member, references);
  }
}

TEST(OpenApiTest, EveryReferenceLeadsSomewhere) {
  const auto document = boost::json::parse(OpenApiDocument());
  std::set<std::string> references;
  CollectReferences(document, references);
  EXPECT_GT(references.size(), 20U);
  for (const std::string& reference : references) {
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    boost::system::error_code ec;
    EXPECT_NE(document.find_pointer(reference.substr(1), ec), nullptr) << reference;
  }
}

TEST(RouterTest, AMonthEndsAtItsColon) {
  EXPECT_EQ(MatchRoute(Method::kPost, "/v1/volume/2026-11:recount").operation, Operation::kRecount);
  EXPECT_EQ(MatchRoute(Method::kPost, "/v1/volume/2026-11:recount").parameters[0], "2026-11");
  EXPECT_EQ(MatchRoute(Method::kPost, "/v1/volume:recount").operation, Operation::kRecount);
  EXPECT_EQ(MatchRoute(Method::kGet, "/v1/volume/2026-11").operation, Operation::kGetVolume);
  EXPECT_EQ(AllowedMethods("/v1/volume/2026-11:recount"), "POST, OPTIONS");
  EXPECT_FALSE(MatchRoute(Method::kPost, "/v1/volume/2026-11:other").path_known);
}

TEST(ProblemTest, KeepsPathsOfTheMachineFromTheWire) {
  Request request;
  for (const Errc code : {Errc::kUnavailable, Errc::kStorageFull, Errc::kUndetermined,
                          Errc::kCorruption, Errc::kInternal}) {
    const Response response =
        Problem(request,
                Error(code, "IO error: No space left on device: /var/lib/idnode/store/000012.log"));
    EXPECT_EQ(response.body.find("/var/lib"), std::string::npos) << response.body;
  }
}

// The service layer does not know the table, so it makes the slug out of the error's name.
TEST(ProblemTest, TheAuditLogNamesErrorsAsTheWireDoes) {
  for (int i = 1; i <= static_cast<int>(Errc::kSelfHosted); ++i) {
    const auto code = static_cast<Errc>(i);
    if (ErrcName(code) == "unknown" || code == Errc::kUnsupportedMedia) continue;
    EXPECT_EQ(service::AuditSlug(code), ToWire(code).slug);
  }
}

TEST(ProblemTest, FollowsTheTableOfErrors) {
  Request request;
  for (int i = 1; i <= static_cast<int>(Errc::kSelfHosted); ++i) {
    const auto code = static_cast<Errc>(i);
    const WireError wire = ToWire(code);
    const Response response = Problem(request, Error(code, "a detail", "a.field"));
    EXPECT_EQ(response.status, wire.http);
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto body = boost::json::parse(response.body).as_object();
    EXPECT_EQ(body.at("type").as_string(), "urn:idnode:error:" + std::string(wire.slug));
    EXPECT_EQ(body.at("title").as_string(), std::string(wire.title));
    EXPECT_EQ(body.at("status").as_int64(), wire.http);
    EXPECT_EQ(body.contains("detail"), !IsSecretDetail(code)) << wire.slug;
    EXPECT_EQ(response.headers.find("Retry-After: ") != std::string::npos, IsRetryable(code));
    EXPECT_EQ(response.headers.find("WWW-Authenticate: Bearer") != std::string::npos,
              code == Errc::kUnauthenticated);
    EXPECT_TRUE(StatusLine(wire.http).starts_with("HTTP/1.1 " + std::to_string(wire.http)))
        << wire.slug;
  }
}

}  // namespace
}  // namespace idnode::frontend::http
