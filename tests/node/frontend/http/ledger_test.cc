// `/ledger/…` over a socket: every route, who may have it, how long caches may keep it, its errors.
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "node/base/text.h"
#include "node/frontend/convert/ledger_convert.h"
#include "node/frontend/http/ledger_handler.h"
#include "node/frontend/http/ledger_page.h"
#include "tests/node/frontend/fake_ledger.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::testing {
namespace {

using frontend::testing::FakeLedger;
using frontend::testing::StatementOf;
namespace json = boost::json;

constexpr std::string_view kTextPlain = "text/plain; charset=utf-8";

json::value Parse(const Answer& answer) {
  boost::system::error_code ec;
  json::value value = json::parse(answer.body, ec);
  EXPECT_FALSE(ec) << answer.body;
  return value;
}

std::string Text(const json::value& object, std::string_view name) {
  const auto* member = object.as_object().if_contains(name);
  return member == nullptr || !member->is_string() ? "(absent)" : std::string(member->as_string());
}

std::string Slug(const Answer& answer) {
  EXPECT_EQ(answer.Get("content-type"), "application/problem+json");
  return Text(Parse(answer), "type").substr(std::string("urn:idnode:error:").size());
}

ledger::Hash HashOf(std::string_view base64) {
  const auto hash = ledger::ParseHashText(base64);
  EXPECT_TRUE(hash.ok()) << base64;
  return hash.ok() ? *hash : ledger::Hash{};
}

std::vector<ledger::Hash> Hashes(const json::value& proof) {
  std::vector<ledger::Hash> hashes;
  for (const auto& hash : proof.at("hashes").as_array()) hashes.push_back(HashOf(hash.as_string()));
  return hashes;
}

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() : node_({}, true, &ledger_) {}

  // Registers through the node, and appends the leaf as the sequencer would.
  void Register(const std::string& identifier, bool is_private = false) {
    node_.Register(R"([{"identifier":")" + identifier +
                   R"(","objectClass":"product","values":[{"index":1,"type":"PIN","data":"17",)" +
                   R"("permissions":)" + (is_private ? "12" : "14") + "}]}]");
    service::ResolvedRecord resolved;
    service::Caller caller;
    caller.role = service::Role::kOperator;
    const auto found = node_.services().resolution.Resolve(
        identifier, caller, node_.clock().After(std::chrono::seconds(30)), resolved);
    ASSERT_TRUE(found.ok());
    ledger_.Add(identifier, Sha256(resolved.record.content));
  }
  void Fill(int leaves) {
    for (int i = 0; i < leaves; ++i) {
      ledger_.Add("88.108.1001/L" + std::to_string(i), Sha256(std::to_string(i)));
    }
  }
  Answer Get(const std::string& target, std::string_view headers = {}) {
    return node_.Ask("GET", target, headers);
  }
  Answer Inclusion(const std::string& identifier) {
    return Get("/ledger/proof/inclusion?identifier=" + identifier);
  }
  ledger::Checkpoint Open(const std::string& note) {
    const auto opened = ledger::OpenCheckpoint(note, ledger_.Verifiers(), FakeLedger::kOrigin);
    EXPECT_TRUE(opened.ok()) << note;
    return opened.ok() ? opened->checkpoint : ledger::Checkpoint();
  }

  FakeLedger ledger_;
  HttpNode node_;
};

const Month kNovember = *Month::Parse("2026-11");
const Month kOctober = *Month::Parse("2026-10");

TEST_F(LedgerTest, CheckpointIsASignedNote) {
  Fill(3);
  const Answer answer = Get("/ledger/checkpoint");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Get("content-type"), kTextPlain);
  EXPECT_EQ(answer.Get("cache-control"), "public, max-age=2");
  EXPECT_EQ(answer.Get("access-control-allow-origin"), "*");
  EXPECT_EQ(Open(answer.body).tree, ledger_.Head(3));
  // Of a key, since the notes of two requests may differ in length: each is signed anew here.
  const Answer head = node_.Ask("HEAD", "/ledger/vkey");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Get("content-length"), std::to_string(ledger_.VerifierKey().size() + 1));
  EXPECT_TRUE(head.body.empty());
}

TEST_F(LedgerTest, ShowsBothVerifierKeys) {
  const Answer ed25519 = Get("/ledger/vkey");
  ASSERT_EQ(ed25519.status, 200);
  EXPECT_EQ(ed25519.body, ledger_.VerifierKey() + "\n");
  EXPECT_EQ(ed25519.Get("content-type"), kTextPlain);
  EXPECT_EQ(Get("/ledger/vkey-sm2").body, ledger_.VerifierKeySm2() + "\n");
  FakeLedger without(false);
  HttpNode other({}, true, &without);
  const Answer none = other.Ask("GET", "/ledger/vkey-sm2");
  EXPECT_EQ(none.status, 404);
  EXPECT_NE(none.body.find("SM2"), std::string::npos);
}

TEST_F(LedgerTest, TilesAreForAnyoneAndFullOnesForEver) {
  Fill(300);
  const Answer full = Get("/ledger/tile/0/000");
  ASSERT_EQ(full.status, 200) << full.body;
  EXPECT_EQ(full.Get("content-type"), "application/octet-stream");
  EXPECT_EQ(full.Get("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(full.Get("access-control-allow-origin"), "*");
  ASSERT_EQ(full.body.size(), ledger::kFullTileBytes);
  const Answer partial = Get("/ledger/tile/0/001.p/44");
  ASSERT_EQ(partial.status, 200) << partial.body;
  EXPECT_EQ(partial.Get("cache-control"), "public, max-age=3600");
  EXPECT_EQ(partial.body.size(), 44 * sizeof(ledger::Hash));
  // The tile above holds the hash of the full one.
  const Answer above = Get("/ledger/tile/1/000.p/1");
  ASSERT_EQ(above.status, 200) << above.body;
  EXPECT_EQ(ledger::HashAt(above.body, 0), *ledger::FullTileHash(full.body));
}

TEST_F(LedgerTest, RefusesTilesThatAreNoneOrNotThere) {
  Fill(300);
  for (const char* path : {"0/001", "0/001.p/45", "1/001", "0/x001/000"}) {
    const Answer answer = Get(std::string("/ledger/tile/") + path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(Slug(answer), "not-found") << path;
    EXPECT_EQ(answer.Get("cache-control"), "no-store") << path;
  }
  for (const char* path : {"0/1", "0/001.p/0", "0/001.p/256", "64/000", "0/x000/001", "00/000",
                           "0/001.p/44/x", "a/000", "0/%30%30%30"}) {
    const Answer answer = Get(std::string("/ledger/tile/") + path);
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_EQ(Slug(answer), "invalid-request") << path;
  }
  EXPECT_EQ(Get("/ledger/tile/0/000?x=1").status, 400);
  EXPECT_EQ(Get("/ledger/tile/0").status, 404);
}

TEST_F(LedgerTest, EntriesAreForAuditorsAndTheOperator) {
  Fill(300);
  const Answer stranger = Get("/ledger/tile/entries/000");
  EXPECT_EQ(stranger.status, 401);
  EXPECT_EQ(Slug(stranger), "unauthenticated");
  EXPECT_EQ(stranger.Get("access-control-allow-origin"), "");
  const std::string application = node_.NewApplication("erp", "88.108.1001");
  const std::string bearer = "Authorization: Bearer ";
  EXPECT_EQ(Get("/ledger/tile/entries/000", bearer + application + "\r\n").status, 403);
  EXPECT_EQ(Get("/ledger/tile/entries/000", bearer + "wrong\r\n").status, 401);
  const Answer answer = node_.AskAsOperator("GET", "/ledger/tile/entries/000");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Get("cache-control"), "private, max-age=31536000, immutable");
  EXPECT_EQ(answer.Get("vary"), "Authorization");
  const auto entries = ledger::ParseEntryBundle(answer.body, 256);
  ASSERT_TRUE(entries.ok());
  EXPECT_NE(entries->front().find("88.108.1001/L0"), std::string::npos);
  const Answer partial = node_.AskAsOperator("GET", "/ledger/tile/entries/001.p/44");
  EXPECT_EQ(partial.Get("cache-control"), "private, max-age=3600");
  EXPECT_EQ(node_.AskAsOperator("GET", "/ledger/tile/entries/002").status, 404);
  // What is refused is refused before anything is looked up.
  EXPECT_EQ(Get("/ledger/tile/entries/nonsense").status, 401);
}

TEST_F(LedgerTest, ProvesInclusion) {
  Fill(200);
  Register("88.108.1001/SN1");
  Fill(50);
  const Answer answer = Inclusion("88.108.1001%2Fsn1");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Get("cache-control"), "no-store");
  EXPECT_EQ(answer.Get("access-control-allow-origin"), "*");
  const json::value proof = Parse(answer);
  EXPECT_EQ(Text(proof, "index"), "200");
  EXPECT_EQ(Text(proof, "treeSize"), "251");
  const auto leaf = DecodeBase64(Text(proof, "leaf"));
  ASSERT_TRUE(leaf.ok());
  EXPECT_EQ(ledger::ParseLeaf(*leaf)->identifier, "88.108.1001/SN1");
  const ledger::Hash leaf_hash = HashOf(Text(proof, "leafHash"));
  EXPECT_EQ(leaf_hash, ledger::LeafHash(*leaf));
  const ledger::TreeHead head = Open(Text(proof, "checkpoint")).tree;
  EXPECT_EQ(head.size, 251U);
  EXPECT_TRUE(ledger::VerifyInclusion(leaf_hash, 200, 251, Hashes(proof), head.root).ok());
}

TEST_F(LedgerTest, WithholdsLeavesThatCouldTellOfPrivateValues) {
  Register("88.108.1001/OPEN");
  Register("88.108.1001/SECRET", true);
  const auto leaf_of = [&](const std::string& identifier, const std::string& token) {
    const Answer answer =
        Get("/ledger/proof/inclusion?identifier=" + identifier,
            token.empty() ? std::string() : "Authorization: Bearer " + token + "\r\n");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json::value proof = Parse(answer);
    EXPECT_NE(Text(proof, "leafHash"), "");
    return Text(proof, "leaf");
  };
  const std::string owner = node_.NewApplication("erp", "88.108.1001");
  const std::string other = node_.NewApplication("mes", "88.108.2002");
  EXPECT_NE(leaf_of("88.108.1001/OPEN", ""), "");
  EXPECT_EQ(leaf_of("88.108.1001/SECRET", ""), "");
  EXPECT_EQ(leaf_of("88.108.1001/SECRET", other), "");
  EXPECT_NE(leaf_of("88.108.1001/SECRET", owner), "");
  EXPECT_NE(leaf_of("88.108.1001/SECRET", node_.operator_token()), "");
  // What the first content was is the history's to tell, once there is another; and a deleted
  // record is not there for strangers.
  const Answer updated =
      node_.AskAsOperator("PATCH", "/v1/identifiers/88.108.1001/OPEN",
                          R"({"values":[{"index":1,"type":"PIN","data":"18"}]})");
  ASSERT_EQ(updated.status, 200) << updated.body;
  EXPECT_EQ(leaf_of("88.108.1001/OPEN", ""), "");
  EXPECT_NE(leaf_of("88.108.1001/OPEN", owner), "");
  ASSERT_EQ(node_.AskAsOperator("DELETE", "/v1/identifiers/88.108.1001/OPEN").status, 200);
  EXPECT_EQ(leaf_of("88.108.1001/OPEN", ""), "");
}

TEST_F(LedgerTest, RefusesQuestionsAboutNoIdentifier) {
  Fill(3);
  const Answer unknown = Inclusion("88.108.1001/none");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(Slug(unknown), "identifier-not-found");
  EXPECT_EQ(Get("/ledger/proof/inclusion").status, 400);
  EXPECT_EQ(Get("/ledger/proof/inclusion?identifier=a&identifier=b").status, 400);
  EXPECT_EQ(Get("/ledger/proof/inclusion?identifier=a&colour=red").status, 400);
  // The identifier's bound, and the query's.
  const std::string prefix = "88.108.1001/";
  const std::string longest = prefix + std::string(kProofIdentifierBytesMax - prefix.size(), 'x');
  EXPECT_EQ(Inclusion(longest).status, 404);
  EXPECT_EQ(Slug(Inclusion(longest + "x")), "invalid-identifier");
  const std::string path = "/ledger/proof/inclusion?";
  const std::string query(kLedgerQueryBytesMax, '&');
  EXPECT_EQ(Slug(Get(path + query)), "invalid-identifier") << "as without a query";
  EXPECT_EQ(Slug(Get(path + query + "&")), "invalid-request");
}

TEST_F(LedgerTest, ProvesConsistency) {
  Fill(300);
  const Answer answer = Get("/ledger/proof/consistency?from=123&to=300");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value proof = Parse(answer);
  EXPECT_EQ(Text(proof, "from"), "123");
  EXPECT_EQ(Text(proof, "to"), "300");
  EXPECT_TRUE(ledger::VerifyConsistency(123, ledger_.Head(123).root, 300, ledger_.Head(300).root,
                                        Hashes(proof))
                  .ok());
  EXPECT_EQ(Open(Text(proof, "checkpoint")).tree.size, 300U);
  EXPECT_EQ(Text(Parse(Get("/ledger/proof/consistency?from=123")), "to"), "300");
  EXPECT_EQ(Text(Parse(Get("/ledger/proof/consistency?from=1&to=299")), "checkpoint"), "");
  EXPECT_EQ(Get("/ledger/proof/consistency?from=0&to=300").status, 200);
}

TEST_F(LedgerTest, ReadsTreeSizesStrictly) {
  Fill(10);
  const std::string path = "/ledger/proof/consistency?";
  for (const char* query :
       {"", "to=5", "from=", "from=-1", "from=+1", "from=01", "from=1x", "from=9223372036854775808",
        "from=00000000000000000001", "from=1&to=x", "from=6&to=5", "from=1&to=11", "from=1&at=2"}) {
    const Answer answer = Get(path + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(Slug(answer), "invalid-request") << query;
  }
  EXPECT_EQ(*ParseTreeSize("9223372036854775807", "from"), ledger::kTreeSizeMax);
  EXPECT_EQ(*ParseTreeSize("0", "from"), 0U);
  EXPECT_EQ(ParseTreeSize(std::string(kTreeSizeDigitsMax + 1, '1'), "to").error().field, "to");
}

TEST_F(LedgerTest, StatementComesInTheFormAskedFor) {
  Fill(30);
  ledger_.SetStatement(StatementOf(ledger_, kOctober, 10, ledger::StatementStatus::kFinal));
  const std::string target = "/ledger/statement/2026-10";
  const Answer note = Get(target);
  ASSERT_EQ(note.status, 200) << note.body;
  EXPECT_EQ(note.Get("content-type"), kTextPlain);
  EXPECT_EQ(note.Get("cache-control"), "public, max-age=60");
  EXPECT_EQ(note.Get("vary"), "Accept");
  EXPECT_TRUE(ledger::OpenNote(note.body, ledger_.Verifiers()).ok());
  for (const char* same : {".note", "?format=note"}) EXPECT_EQ(Get(target + same).body, note.body);
  const Answer as_json = Get(target, "Accept: application/json\r\n");
  EXPECT_EQ(as_json.Get("content-type"), "application/json");
  for (const char* same : {".json", "?format=json"}) {
    EXPECT_EQ(Get(target + same).body, as_json.body);
  }
  const Answer page = Get(target, "Accept: text/html,application/xml;q=0.9,*/*;q=0.8\r\n");
  EXPECT_EQ(page.Get("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.Get("content-security-policy").find("default-src 'none'"), std::string::npos);
  for (const char* same : {".html", "?format=html"}) EXPECT_EQ(Get(target + same).body, page.body);
  EXPECT_EQ(Get(target + ".html", "Accept: application/json\r\n").body, page.body);
  EXPECT_EQ(Get(target, "Accept: image/png\r\n").status, 406);
  EXPECT_EQ(Get(target + ".pdf").status, 400);
  EXPECT_EQ(Get(target + "?format=pdf").status, 400);
  EXPECT_EQ(Get(target + "?colour=red").status, 400);
}

TEST_F(LedgerTest, StatementAsJsonHasWhatTheNoteSays) {
  Fill(30);
  ledger::Statement written = StatementOf(ledger_, kOctober, 10, ledger::StatementStatus::kFinal);
  written.previous = Sha256("the one before");
  ledger_.SetStatement(written);
  const json::value read = Parse(Get("/ledger/statement/2026-10.json"));
  EXPECT_EQ(Text(read, "month"), "2026-10");
  EXPECT_EQ(Text(read, "status"), "FINAL");
  EXPECT_EQ(Text(read, "timeZone"), "Asia/Shanghai");
  EXPECT_EQ(Text(read, "firstEver"), "20");
  EXPECT_EQ(Text(read, "registrations"), "21");
  EXPECT_EQ(Text(read, "net"), "19");
  EXPECT_EQ(Text(read, "reported"), "0");
  EXPECT_FALSE(read.at("targetMet").as_bool());
  EXPECT_EQ(Text(read.at("treeStart"), "size"), "10");
  EXPECT_EQ(HashOf(Text(read.at("treeEnd"), "root")), ledger_.Head(30).root);
  EXPECT_EQ(Text(read.at("breakdowns").at(0), "name"), "day");
  EXPECT_EQ(Text(read.at("breakdowns").at(0).at("groups").at(0), "key"), "2026-10-22");
  EXPECT_EQ(Text(read.at("breakdowns").at(1).at("groups").at(0), "key"), "");
  EXPECT_EQ(Text(read.at("evidence").at(0), "name"), "share-never-resolved");
  EXPECT_EQ(Text(read, "generatedAt"), "2026-11-22T02:00:00.123Z");
  const auto hex = [](const Digest& digest) {
    return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(Text(read, "previous"), hex(*written.previous));
  const auto note = ledger::ParseNote(Text(read, "note"));
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(Text(read, "digest"), hex(ledger::StatementDigest(note->text)));
  EXPECT_EQ(Open(Text(read, "checkpoint")).tree, ledger_.Head(30));
  EXPECT_EQ(Text(read, "verifierKey"), ledger_.VerifierKey());
}

TEST_F(LedgerTest, RunningMonthIsProvisional) {
  Fill(12);
  ledger_.SetStatement(StatementOf(ledger_, kOctober, 0, ledger::StatementStatus::kFinal));
  ledger_.SetStatement(StatementOf(ledger_, kNovember, 12, ledger::StatementStatus::kProvisional));
  const Answer running = Get("/ledger/statement/2026-11.json");
  ASSERT_EQ(running.status, 200);
  EXPECT_EQ(running.Get("cache-control"), "public, max-age=10");
  EXPECT_EQ(Text(Parse(running), "status"), "PROVISIONAL");
  EXPECT_EQ(Get("/ledger/statement/2026-11/checkpoint").status, 404);
  const Answer closing = Get("/ledger/statement/2026-10/checkpoint");
  ASSERT_EQ(closing.status, 200);
  EXPECT_EQ(Open(closing.body).tree.size, 12U);
  const json::value list = Parse(Get("/ledger/statements"));
  ASSERT_EQ(list.at("months").as_array().size(), 1U);
  EXPECT_EQ(list.at("months").at(0).as_string(), "2026-10");
  EXPECT_EQ(Get("/ledger/statement/2026-09").status, 404);
  for (const char* month : {"2026-13", "2026", "2026-1", "november", "2026-11x"}) {
    const Answer answer = Get(std::string("/ledger/statement/") + month);
    EXPECT_EQ(answer.status, 400) << month;
    EXPECT_EQ(Text(Parse(answer), "field"), "month");
  }
}

TEST_F(LedgerTest, PageIsForPeopleAndEscaped) {
  Fill(30);
  ledger::Statement statement = StatementOf(ledger_, kOctober, 0, ledger::StatementStatus::kFinal);
  statement.figures.first_ever = 15'000'001;
  statement.target_met = true;
  statement.rows = {
      {ledger::Breakdown::kApplication, "<script>alert('x')</script>&\"", statement.figures}};
  statement.evidence = {{"largest-application", "<b>erp</b>"}, {"unheard-of", "17"}};
  ledger_.SetStatement(statement);
  const std::string page = Get("/ledger/statement/2026-10.html").body;
  for (const char* shown :
       {"月度注册量声明", "Monthly registration statement", "15,000,001",
        "The target of 15,000,000 is met", "终计", "按应用",
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;", "&lt;b&gt;erp&lt;/b&gt;",
        "unheard-of", "The application that registered most", "如何核对", "@media print",
        "SHA-256"}) {
    EXPECT_NE(page.find(shown), std::string::npos) << shown;
  }
  std::string key;
  AppendHtml(ledger_.VerifierKey(), key);
  EXPECT_NE(page.find(key), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_TRUE(IsUtf8(page));
}

TEST_F(LedgerTest, PageShowsTheLargestRowsFirstUpToItsBound) {
  ledger::Statement statement =
      StatementOf(ledger_, kOctober, 0, ledger::StatementStatus::kProvisional);
  statement.rows.clear();
  for (std::size_t i = 0; i <= kPageRowsMax; ++i) {
    ledger::StatementRow row;
    row.breakdown = ledger::Breakdown::kEnterprisePrefix;
    row.key = "88.108." + std::to_string(100'000 + i);
    row.figures.first_ever = row.figures.registrations = static_cast<std::int64_t>(i);
    statement.rows.push_back(row);
  }
  ledger_.SetStatement(statement);
  const std::string page = Get("/ledger/statement/2026-10.html").body;
  const std::string body = page.substr(0, page.find("<pre>"));  // the note lists all
  const std::size_t largest = body.find("88.108." + std::to_string(100'000 + kPageRowsMax));
  const std::size_t second = body.find("88.108." + std::to_string(100'000 + kPageRowsMax - 1));
  ASSERT_NE(largest, std::string::npos);
  EXPECT_LT(largest, second);
  EXPECT_EQ(body.find("88.108.100000"), std::string::npos) << "one row too many";
  EXPECT_NE(body.find("88.108.100001"), std::string::npos);
  EXPECT_NE(body.find("The first 500 of 501 rows"), std::string::npos);
}

TEST_F(LedgerTest, TakesCosignatures) {
  Fill(3);
  const std::string note = Get("/ledger/checkpoint").body;
  const Answer taken =
      node_.Ask("POST", "/ledger/cosignature", "Content-Type: text/plain\r\n", note);
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_EQ(taken.body, "{}");
  EXPECT_EQ(taken.Get("access-control-allow-origin"), "");
  EXPECT_EQ(ledger_.cosignatures(), std::vector<std::string>{note});
  EXPECT_EQ(node_.Ask("POST", "/ledger/cosignature", {}, note).status, 200);
  EXPECT_EQ(Slug(node_.Ask("POST", "/ledger/cosignature", {}, "no note")), "invalid-request");
  EXPECT_EQ(node_.Ask("POST", "/ledger/cosignature", "Content-Length: 0\r\n").status, 400);
  EXPECT_EQ(
      node_.Ask("POST", "/ledger/cosignature", "Content-Type: application/json\r\n", note).status,
      415);
  // The bound of a note: one that long is looked at, a longer one is not.
  const std::string longest(kCosignatureNoteBytesMax, 'x');
  EXPECT_EQ(node_.Ask("POST", "/ledger/cosignature", {}, longest).status, 400);
  EXPECT_EQ(Slug(node_.Ask("POST", "/ledger/cosignature", {}, longest + "x")), "payload-too-large");
  const Answer wrong_method = Get("/ledger/cosignature");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.Get("allow"), "POST, OPTIONS");
}

TEST_F(LedgerTest, SaysWhatTheServiceSays) {
  Fill(3);
  ledger_.SetStatement(StatementOf(ledger_, kOctober, 0, ledger::StatementStatus::kFinal));
  ledger_.FailWith(Error(Errc::kUnavailable, "/var/lib/idnode is gone"));
  for (const char* path :
       {"/ledger/checkpoint", "/ledger/tile/0/000.p/3", "/ledger/proof/consistency?from=1",
        "/ledger/proof/inclusion?identifier=88.108.1001/L0", "/ledger/statements",
        "/ledger/statement/2026-10", "/ledger/statement/2026-10/checkpoint"}) {
    const Answer answer = Get(path);
    EXPECT_EQ(answer.status, 503) << path;
    EXPECT_EQ(Slug(answer), "unavailable") << path;
    EXPECT_EQ(answer.body.find("/var/lib"), std::string::npos) << path;
  }
}

TEST_F(LedgerTest, UnknownPathsAreNoIdentifiers) {
  for (const char* path : {"/ledger/", "/ledger/nothing", "/ledger/proof/", "/ledger/statement/",
                           "/ledger/statement/2026-10/x"}) {
    const Answer answer = Get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(Slug(answer), "not-found") << path;
  }
}

TEST_F(LedgerTest, CountsEachOperation) {
  Fill(3);
  Get("/ledger/checkpoint");
  Get("/ledger/tile/entries/000.p/3");
  const std::string text = node_.metrics().Expose();
  for (const char* line :
       {R"(idnode_requests_total{code="200",face="http",operation="get-checkpoint"} 1)",
        R"(idnode_requests_total{code="401",face="http",operation="get-entries"} 1)"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST_F(LedgerTest, RegistrationCarriesReceiptsWhereAskedFor) {
  ledger_.SetReceipt({100, 1000});
  const auto post = [&](const std::string& names, const char* more) {
    const Answer answer = node_.AskAsOperator("POST", "/v1/identifiers:batchRegister",
                                              "{\"items\":[" + names + "]" + more + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Parse(answer).at("results").as_array();
  };
  const std::string items =
      R"({"identifier":"88.108.1001/A"},{"identifier":"no slash"},{"identifier":"88.108.1001/B"})";
  const auto results = post(items, R"(,"waitForLedger":true)");
  EXPECT_EQ(Text(results[0], "leafIndex"), "100");
  EXPECT_EQ(Text(results[0], "treeSize"), "1000");
  EXPECT_EQ(Text(results[1], "leafIndex"), "(absent)");
  EXPECT_EQ(Text(results[2], "leafIndex"), "101");
  for (const auto& result : post(items, R"(,"waitForLedger":true)")) {
    EXPECT_EQ(Text(result, "leafIndex"), "(absent)") << "nothing is new";
  }
  const auto unasked = post(R"({"identifier":"88.108.1001/C"})", "");
  EXPECT_EQ(Text(unasked[0], "outcome"), "REGISTERED");
  EXPECT_EQ(Text(unasked[0], "leafIndex"), "(absent)");
}

TEST_F(LedgerTest, RegistrationHoldsWhereTheLedgerIsLate) {
  const Answer answer =
      node_.AskAsOperator("POST", "/v1/identifiers:batchRegister",
                          R"({"items":[{"identifier":"88.108.1001/A"}],"waitForLedger":true})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value results = Parse(answer).at("results");
  EXPECT_EQ(Text(results.at(0), "outcome"), "REGISTERED");
  EXPECT_EQ(Text(results.at(0), "leafIndex"), "(absent)");
}

// Whence registrations come is counted, for the statement's evidence.
TEST_F(LedgerTest, CountsWhereRegistrationsComeFrom) {
  Register("88.108.1001/SN1");
  EXPECT_EQ(node_.Ask("GET", "/v1/volume?groupBy=source-address").status, 401);
  service::Caller auditor;
  auditor.role = service::Role::kAuditor;
  const auto report = node_.services().volume.GetVolume(
      auditor, {}, "source-address", node_.clock().After(std::chrono::seconds(30)));
  ASSERT_TRUE(report.ok()) << report.error().detail;
  ASSERT_EQ(report->groups.size(), 1U);
  EXPECT_EQ(report->groups[0].first, "127.0.0.1");
  EXPECT_EQ(report->groups[0].second.first_ever, 1);
}

TEST(NoLedgerTest, SaysThatThereIsNone) {
  HttpNode node;
  for (const char* path : {"/ledger/checkpoint", "/ledger/vkey", "/ledger/tile/0/000",
                           "/ledger/proof/inclusion?identifier=88.108.1001/x",
                           "/ledger/statement/2026-11", "/ledger/statements"}) {
    const Answer answer = node.Ask("GET", path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_NE(answer.body.find("keeps no ledger"), std::string::npos) << answer.body;
  }
}

TEST(StatementFormTest, FollowsAccept) {
  struct Case {
    const char* accept;
    StatementForm form;
  };
  for (const Case& c : {Case{"", StatementForm::kNote},
                        {"*/*", StatementForm::kNote},
                        {"text/*", StatementForm::kNote},
                        {"text/plain", StatementForm::kNote},
                        {"application/*", StatementForm::kJson},
                        {"application/json, */*", StatementForm::kJson},
                        {"text/html", StatementForm::kHtml},
                        {"TEXT/HTML, */*;q=0.8", StatementForm::kHtml},
                        {"text/html, text/plain", StatementForm::kNote},
                        {"text/html;q=0.5, application/json;q=0.7", StatementForm::kJson},
                        {"text/plain;q=0, */*", StatementForm::kJson}}) {
    const auto form = WantedForm({}, nullptr, c.accept);
    ASSERT_TRUE(form.ok()) << c.accept;
    EXPECT_EQ(*form, c.form) << c.accept;
  }
  EXPECT_EQ(WantedForm({}, nullptr, "image/*").code(), Errc::kNotAcceptable);
  EXPECT_EQ(WantedForm({}, nullptr, "*/*;q=0").code(), Errc::kNotAcceptable);
}

TEST(StatementFormTest, SplitsNames) {
  EXPECT_EQ(SplitStatementName("2026-11").form, "");
  EXPECT_EQ(SplitStatementName("2026-11.html").month, "2026-11");
  EXPECT_EQ(SplitStatementName("2026-11.html").form, "html");
  EXPECT_EQ(SplitStatementName("2026-11.").month, "2026-11");
}

TEST(GroupedDigitsTest, SeparatesThousands) {
  EXPECT_EQ(GroupedDigits(0), "0");
  EXPECT_EQ(GroupedDigits(999), "999");
  EXPECT_EQ(GroupedDigits(1'000), "1,000");
  EXPECT_EQ(GroupedDigits(15'000'000), "15,000,000");
  EXPECT_EQ(GroupedDigits(-123), "-123");
  EXPECT_EQ(GroupedDigits(-1'234), "-1,234");
  EXPECT_EQ(GroupedDigits(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(LedgerDenyListTest, DeniedIdentifiersAreProvedToNobodyButTheWatchers) {
  FakeLedger ledger;
  service::TestNodeOptions options;
  options.throttle.deny_identifiers = {"88.108.1001/BAD"};
  HttpNode node({}, true, &ledger, std::move(options));
  ledger.Add("88.108.1001/bad", Sha256("content"));
  constexpr std::string_view kPath = "/ledger/proof/inclusion?identifier=88.108.1001/bad";
  EXPECT_EQ(node.Ask("GET", kPath).status, 403);
  EXPECT_EQ(node.AskAs(node.NewApplication("erp", "88.108.1001"), "GET", kPath).status, 403);
  EXPECT_EQ(node.AskAsOperator("GET", kPath).status, 200);
}

}  // namespace
}  // namespace idnode::frontend::http::testing
