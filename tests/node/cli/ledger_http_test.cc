// The ledger over HTTP: connections, repeats, limits, tokens, and live resolution of a sample.
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/text.h"
#include "node/cli/ledger/http_client.h"
#include "node/cli/ledger/mirror.h"
#include "node/cli/ledger/verify.h"
#include "tests/node/cli/ledger_http_log.h"
#include "tests/node/cli/ledger_log.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::Each;
using testing::HasSubstr;

class LedgerHttpTest : public testing::Test {
 protected:
  LedgerHttpTest() {
    log_.AddMonth(kNovember, 600);
    log_.Close(kNovember);
    log_.Write(folder_.Path("log"));
  }
  std::unique_ptr<HttpSource> Open(const HttpLog& node, const std::string& token = {}) const {
    HttpOptions options;
    options.url = node.url();
    options.token = token;
    options.backoff = std::chrono::milliseconds(1);
    auto client = HttpClient::Create(options);
    EXPECT_TRUE(client.ok());
    return std::make_unique<HttpSource>(*std::move(client));
  }
  VerifyOptions Options() const {
    VerifyOptions options;
    options.month = kNovember;
    options.keys = {log_.verifier()};
    options.temp_dir = folder_.Path("");
    return options;
  }
  /// What a node answers about an identifier of the log.
  std::string Record(const std::string& identifier) const {
    for (std::uint64_t i = 0; i < log_.size(); ++i) {
      const TestLeaf& leaf = const_cast<TestLog&>(log_).leaves()[i];
      if (leaf.identifier != identifier) continue;
      const Digest digest = Sha256(identifier);
      std::string time = FormatUtcMs(leaf.commit_ms);
      if (leaf.commit_ms % 1000 == 0) time.replace(time.size() - 5, 5, "Z");
      return R"({"identifier":")" + identifier + R"(","registeredAt":")" + time +
             R"(","updatedAt":")" + time + R"(","firstRegisteredAt":")" + time +
             R"(","contentDigest":")" +
             Base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) + R"("})";
    }
    return "{}";
  }

  TestFolder folder_;
  TestLog log_;
};

TEST_F(LedgerHttpTest, VerifiesOverKeptConnections) {
  const HttpLog node(folder_.Path("log"));
  const auto source = Open(node);
  const auto report = VerifyMonth(*source, Options(), nullptr);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->faults_total, 0U);
  EXPECT_LE(node.connections(), 4);
}

TEST_F(LedgerHttpTest, RepeatsWhatIsRefusedForNowOrLost) {
  std::atomic<int> calls{0};
  const HttpLog node(folder_.Path("log"), [&](const auto&, const auto&, const auto&) {
    switch (calls.fetch_add(1) % 4) {
      case 0:
        return HttpLog::Reply{429, "", "0"};
      case 1:
        return HttpLog::Reply{503, "", ""};
      case 2:
        return HttpLog::Reply{1, "", ""};  // lost
      default:
        return HttpLog::Reply{};
    }
  });
  const auto source = Open(node);
  const auto note = FetchOne(*source, "checkpoint", 1 << 20);
  ASSERT_TRUE(note.ok()) << note.error().detail;
  EXPECT_EQ(*note, folder_.Read("log/checkpoint"));
}

TEST_F(LedgerHttpTest, GivesUpAndSaysWhy) {
  const HttpLog busy(folder_.Path("log"), [](const auto&, const auto&, const auto&) {
    return HttpLog::Reply{503, "", ""};
  });
  EXPECT_EQ(FetchOne(*Open(busy), "checkpoint", 100).code(), Errc::kOverloaded);
  const HttpLog node(folder_.Path("log"));
  EXPECT_EQ(FetchOne(*Open(node), "checkpoint", 10).code(), Errc::kPayloadTooLarge);
  EXPECT_EQ(FetchOne(*Open(node), "none", 10).code(), Errc::kNotFound);
  std::string gone;
  {
    const HttpLog closed(folder_.Path("log"));
    gone = closed.url();
  }
  HttpOptions options;
  options.url = gone;
  options.attempts = 1;
  HttpSource source(HttpClient::Create(options).value());
  EXPECT_EQ(FetchOne(source, "checkpoint", 10).code(), Errc::kUnavailable);
}

TEST_F(LedgerHttpTest, OnlyWhatWasAskedForHasItsLimit) {
  unsigned status = 404;
  const HttpLog node(folder_.Path("log"), [&](const auto&, const auto&, const auto&) {
    return HttpLog::Reply{status, std::string(5000, 'x'), "0"};
  });
  EXPECT_EQ(FetchOne(*Open(node), "checkpoint", 10).code(), Errc::kNotFound);
  // What the log is not to blame for: something in between refuses, redirects or fails.
  for (const unsigned other : {301U, 400U, 418U, 500U, 502U}) {
    status = other;
    EXPECT_EQ(FetchOne(*Open(node), "checkpoint", 10).code(), Errc::kUnavailable) << other;
  }
  status = 200;
  EXPECT_EQ(FetchOne(*Open(node), "checkpoint", 10).code(), Errc::kPayloadTooLarge);
}

TEST_F(LedgerHttpTest, LooksIntoTilesWhileTheNextWindowComes) {
  // October ends in the first window, and its wrong leaf is looked for while the second is read.
  TestLog log;
  log.AddMonth(kOctober, 300);
  log.Close(kOctober);
  log.AddMonth(kNovember, 40'000);
  log.Close(kNovember);
  const std::string dir = folder_.Path("long");
  log.Write(dir);
  ReplaceEntry(dir, 7, log.size(),
               [](std::vector<std::string>& entries, std::size_t at) { entries[at][2] = '9'; });
  const HttpLog node(dir);
  VerifyOptions options = Options();
  options.keys = {log.verifier()};
  options.all_months = true;
  const auto report = VerifyMonth(*Open(node), options, nullptr);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  ASSERT_FALSE(report->faults.empty());
  EXPECT_EQ(report->faults.front().kind, FaultKind::kTamperedLeaf);
  EXPECT_EQ(report->faults.front().leaf, 7U);
  EXPECT_EQ(report->leaves_read, log.size());
}

TEST_F(LedgerHttpTest, NodeWithoutItsNewestCheckpointIsAFault) {
  const HttpLog node(folder_.Path("log"), [](const auto&, const std::string& target, const auto&) {
    return target == "/ledger/checkpoint" ? HttpLog::Reply{404, "", ""} : HttpLog::Reply{};
  });
  const auto report = VerifyMonth(*Open(node), Options(), nullptr);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  ASSERT_EQ(report->faults_total, 1U);
  EXPECT_EQ(report->faults.front().kind, FaultKind::kMissing);
}

TEST_F(LedgerHttpTest, EntriesNeedTheToken) {
  const HttpLog node(folder_.Path("log"),
                     [](const auto&, const std::string& target, const std::string& authorization) {
                       const bool entries = target.find("/entries/") != std::string::npos;
                       const bool denied = entries && authorization != "Bearer secret";
                       return denied ? HttpLog::Reply{401, "", ""} : HttpLog::Reply{};
                     });
  const auto refused = VerifyMonth(*Open(node), Options(), nullptr);
  EXPECT_EQ(refused.code(), Errc::kUnauthenticated);
  const auto report = VerifyMonth(*Open(node, "secret"), Options(), nullptr);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->faults_total, 0U);
  const std::string token = folder_.Write("token", "secret\n");
  const std::string vkey = log_.verifier().Vkey();
  EXPECT_EQ(RunCli({"--token-file", token, "ledger", "verify", "--url", node.url(), "--month",
                    "2026-11", "--vkey", vkey})
                .code,
            kExitDone);
  EXPECT_EQ(
      RunCli({"ledger", "verify", "--url", node.url(), "--month", "2026-11", "--vkey", vkey}).code,
      kExitNotAuthorised);
  EXPECT_EQ(RunCli({"--token-file", token, "ledger", "download", "--url", node.url(), "--dir",
                    folder_.Path("mirror"), "--month", "2026-11"})
                .code,
            kExitDone);
  EXPECT_EQ(RunCli({"ledger", "verify", "--dir", folder_.Path("mirror"), "--month", "2026-11",
                    "--vkey", vkey})
                .code,
            kExitDone);
}

TEST_F(LedgerHttpTest, SampleIsResolvedLive) {
  std::string wrong;
  const HttpLog node(
      folder_.Path("log"),
      [&](const auto&, const std::string& target, const auto&) -> HttpLog::Reply {
        if (target.rfind("/ledger/", 0) == 0) return {};
        const std::string identifier = target.substr(1);
        if (identifier == "88.108.1001/SN0") return {404, "", ""};
        if (identifier == wrong) {
          std::string record = Record(identifier);
          return {200, record.replace(record.find('T', record.find("firstRegisteredAt")), 3, "T24"),
                  ""};
        }
        return {200, Record(identifier), ""};
      });
  VerifyOptions options = Options();
  options.sample = 600;
  auto report = VerifyMonth(*Open(node), options, nullptr);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->sample->resolved, 599U);
  EXPECT_EQ(report->sample->same_content, 599U);
  EXPECT_EQ(report->sample->unresolved, 1U);
  EXPECT_EQ(report->faults_total, 1U);
  EXPECT_TRUE(report->sound());
  wrong = "88.108.1002/SN1";
  report = VerifyMonth(*Open(node), options, nullptr);
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->sound());
  EXPECT_THAT(report->faults.back().text.en + report->faults.front().text.en,
              HasSubstr("record differs"));
}

TEST_F(LedgerHttpTest, TokenGoesToThisMachineOrEncrypted) {
  const auto code = [](const std::string& url, bool plaintext = false) {
    HttpOptions options;
    options.url = url;
    options.token = "secret";
    options.plaintext = plaintext;
    return HttpClient::Create(options).code();
  };
  EXPECT_EQ(code("http://node.example:8080"), Errc::kInvalidRequest);
  EXPECT_EQ(code("http://node.example:8080", true), Errc::kOk);
  EXPECT_EQ(code("http://127.0.0.1:8080"), Errc::kOk);
  EXPECT_EQ(code("https://node.example"), Errc::kOk);
  for (const char* url : {"node.example", "ftp://node.example", "https://node.example?x",
                          "https://a@node.example", "https://"}) {
    EXPECT_EQ(code(url), Errc::kInvalidRequest) << url;
  }
  EXPECT_EQ(PercentEncoded("88.1/a b%+中"), "88.1/a%20b%25%2B%E4%B8%AD");
}

}  // namespace
}  // namespace idnode::cli
