// The command line as people and scripts meet it: options, help, languages, exit codes, answers.
#include "node/cli/command_line.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/cli/client.h"
#include "node/cli/items.h"
#include "node/cli/output.h"
#include "tests/node/cli/fake_node.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CommandLineTest : public testing::Test {
 protected:
  CliResult Run(std::vector<std::string> arguments, const CliSetup& setup = {}) {
    arguments.insert(arguments.begin(), {"--server", node_.address()});
    return RunCli(std::move(arguments), setup);
  }
  FakeNode node_;
  TestFolder folder_;
};

const std::vector<std::vector<std::string>> kAllCommands{{"register"},
                                                         {"update"},
                                                         {"delete"},
                                                         {"state"},
                                                         {"resolve"},
                                                         {"list"},
                                                         {"import"},
                                                         {"export"},
                                                         {"volume"},
                                                         {"volume", "recount"},
                                                         {"statement"},
                                                         {"enterprise"},
                                                         {"enterprise", "add"},
                                                         {"enterprise", "set"},
                                                         {"enterprise", "show"},
                                                         {"enterprise", "list"},
                                                         {"prefix"},
                                                         {"prefix", "apply"},
                                                         {"prefix", "admit"},
                                                         {"prefix", "state"},
                                                         {"prefix", "route"},
                                                         {"prefix", "quota"},
                                                         {"prefix", "show"},
                                                         {"prefix", "list"},
                                                         {"template"},
                                                         {"template", "put"},
                                                         {"template", "check"},
                                                         {"template", "publish"},
                                                         {"template", "withdraw"},
                                                         {"template", "delete"},
                                                         {"template", "show"},
                                                         {"template", "list"},
                                                         {"app"},
                                                         {"app", "create"},
                                                         {"app", "list"},
                                                         {"app", "revoke"},
                                                         {"app", "bind-certificate"},
                                                         {"app", "unbind-certificate"},
                                                         {"token"},
                                                         {"token", "create"},
                                                         {"token", "rotate"},
                                                         {"token", "revoke"},
                                                         {"token", "list"},
                                                         {"user"},
                                                         {"user", "add"},
                                                         {"user", "list"},
                                                         {"user", "password"},
                                                         {"user", "disable"},
                                                         {"user", "enable"},
                                                         {"login"},
                                                         {"grant"},
                                                         {"grant", "add"},
                                                         {"grant", "revoke"},
                                                         {"grant", "list"},
                                                         {"grant", "who"},
                                                         {"grant", "preview"},
                                                         {"audit"},
                                                         {"audit", "list"},
                                                         {"audit", "export"},
                                                         {"audit", "verify"},
                                                         {"clock"},
                                                         {"clock", "show"},
                                                         {"clock", "accept"},
                                                         {"status"},
                                                         {"wait-ready"},
                                                         {"ledger"},
                                                         {"ledger", "verify"},
                                                         {"ledger", "download"},
                                                         {"rank"},
                                                         {"witness"},
                                                         {"completion"}};

TEST(HelpTest, EveryCommandHelpsWithExamplesFirst) {
  EXPECT_THAT(RunCli({"--help"}).out, StartsWith("Examples:\n  idnode register"));
  for (std::vector<std::string> arguments : kAllCommands) {
    std::string words;
    for (const std::string& word : arguments) words += " " + word;
    arguments.push_back("--help");
    const CliResult result = RunCli(arguments);
    EXPECT_EQ(result.code, kExitDone) << words;
    EXPECT_THAT(result.out, StartsWith("Examples:\n")) << words;
    EXPECT_THAT(result.out, HasSubstr("idnode" + words)) << words;
    EXPECT_EQ(result.err, "") << words;
  }
}

TEST(HelpTest, SpeaksChinese) {
  CliSetup chinese;
  chinese.language = Language::kChinese;
  EXPECT_THAT(RunCli({"--help"}, chinese).out, AllOf(StartsWith("示例："), HasSubstr("解析标识")));
}

TEST(HelpTest, LanguageIsThatOfTheFirstVariableSet) {
  EXPECT_EQ(LanguageOf(nullptr, nullptr, "zh_CN.UTF-8"), Language::kChinese);
  EXPECT_EQ(LanguageOf("", "", "zh_CN.UTF-8"), Language::kChinese);
  EXPECT_EQ(LanguageOf("C", nullptr, "zh_CN.UTF-8"), Language::kEnglish);
  EXPECT_EQ(LanguageOf(nullptr, "zh_TW", "en_US"), Language::kChinese);
  EXPECT_EQ(LanguageOf(nullptr, nullptr, nullptr), Language::kEnglish);
}

TEST(UsageTest, WrongUseIsExitCodeTwoAndNamesTheHelp) {
  const CliResult unknown = RunCli({"state", "88.1.1/a", "--set", "melted"});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.err, HasSubstr("See: idnode state --help"));
  EXPECT_EQ(RunCli({}).code, kExitUsage);
  EXPECT_EQ(RunCli({"frobnicate"}).code, kExitUsage);
  EXPECT_EQ(RunCli({"register"}).code, kExitUsage);
  EXPECT_EQ(RunCli({"register", "88.1.1/a", "--value", "no-equals-sign"}).code, kExitUsage);
  EXPECT_EQ(RunCli({"--server", "nowhere", "volume"}).code, kExitUsage);
  EXPECT_EQ(RunCli({"--timeout", "0", "volume"}).code, kExitUsage);
  EXPECT_EQ(RunCli({"--plaintext", "--tls", "volume"}).code, kExitUsage);
}

TEST(UsageTest, ErrorsAreJsonWhereAskedFor) {
  const CliResult result = RunCli({"--json", "state", "88.1.1/a"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.out, StartsWith(R"({"error":{"slug":"invalid-request","detail":)"));
  EXPECT_EQ(result.err, "");
}

TEST(ValueOptionTest, IndexTypeAndData) {
  const auto plain = ParseValueOption("URL=https://a.example/?x=1");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->index(), 0U);
  EXPECT_EQ(plain->type(), "URL");
  EXPECT_EQ(plain->data(), "https://a.example/?x=1");
  const auto numbered = ParseValueOption("4294967295:88.1/type:x=");
  ASSERT_TRUE(numbered.ok());
  EXPECT_EQ(numbered->index(), 4294967295U);
  EXPECT_EQ(numbered->type(), "88.1/type:x");
  for (const char* bad : {"x", "=x", "1:=x", "0:URL=x", "4294967296:URL=x"}) {
    EXPECT_EQ(ParseValueOption(bad).code(), Errc::kInvalidRequest) << bad;
  }
}

TEST(ConnectionTest, PlainTextIsForThisMachine) {
  EXPECT_TRUE(IsLoopback("127.0.0.1:50051"));
  EXPECT_TRUE(IsLoopback("127.9.9.9:1"));
  EXPECT_TRUE(IsLoopback("localhost:1"));
  EXPECT_TRUE(IsLoopback("[::1]:1"));
  EXPECT_FALSE(IsLoopback("10.0.0.1:1"));
  EXPECT_FALSE(IsLoopback("127.0.0.1.example.com:1"));
  EXPECT_FALSE(IsLoopback("localhost.example.com:1"));
}

TEST(ConnectionTest, EverySlugIsFoundAgain) {
  int codes = 0;
  for (; ErrcName(static_cast<Errc>(codes)) != "unknown"; ++codes) {
    const auto code = static_cast<Errc>(codes);
    EXPECT_EQ(ErrcOfSlug(SlugOf(code)), code) << SlugOf(code);
  }
  EXPECT_GT(codes, static_cast<int>(Errc::kSelfHosted));
  EXPECT_EQ(ErrcOfSlug("no-such-slug"), Errc::kInternal);
}

TEST(OutputTest, TablesAlignWideCharactersAndNumbers) {
  Table table({"名称", "count"});
  table.Add({"ab", "7"});
  table.Add({"鞋子x", "1,234"});
  EXPECT_EQ(table.Text(), "名称   count\nab         7\n鞋子x  1,234\n");
}

TEST(OutputTest, PrefixesAndDatesAreNotNumbers) {
  Table table({"group", "count"});
  table.Add({"88.108.1", "7"});
  table.Add({"2026-11-22", "-1.5"});
  EXPECT_EQ(table.Text(), "group       count\n88.108.1        7\n2026-11-22   -1.5\n");
}

TEST(OutputTest, NumbersWordsAndControlCharacters) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(15'000'000), "15,000,000");
  EXPECT_EQ(FormatCount(-1'234), "-1,234");
  EXPECT_EQ(Printable("a\x1b[31mb\n\xC2\x9B"
                      "c"),
            "a?[31mb ?c");
  EXPECT_EQ(ShellQuoted("a-b.csv"), "a-b.csv");
  EXPECT_EQ(ShellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuoted(""), "''");
}

TEST_F(CommandLineTest, RegistersAndResolves) {
  const CliResult first = Run({"register", "88.108.1001/SN1", "--class", "product", "--value",
                               "URL=https://a.example", "--value", "EMAIL=a@a.example"});
  EXPECT_EQ(first.code, kExitDone) << first.err;
  EXPECT_THAT(first.out, HasSubstr("registered"));
  EXPECT_EQ(Run({"register", "88.108.1001/SN1"}).code, kExitFailed);
  const CliResult shown = Run({"resolve", "88.108.1001/sn1"});
  EXPECT_EQ(shown.code, kExitDone);
  EXPECT_THAT(shown.out, AllOf(HasSubstr("88.108.1001/SN1"), HasSubstr("https://a.example"),
                               HasSubstr("active")));
  const CliResult json = Run({"resolve", "88.108.1001/SN1", "--json"});
  EXPECT_THAT(json.out, HasSubstr(R"("values":[{"type":"URL","data":"https://a.example"})"));
}

TEST_F(CommandLineTest, GlobalOptionsMayFollowTheSubcommand) {
  const CliResult result = RunCli({"volume", "--json", "--server", node_.address()});
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("firstEver":"0")"));
}

TEST_F(CommandLineTest, ShowsStatementsInThreeForms) {
  const CliResult table = Run({"statement", "--month", "2026-10"});
  ASSERT_EQ(table.code, kExitDone) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("2026-10"), HasSubstr("final"), HasSubstr("15,000,001"),
                               HasSubstr("target met"), HasSubstr("enterprise-prefix"),
                               HasSubstr("from 0 to 15,000,001 leaves"),
                               HasSubstr("share-never-resolved"), HasSubstr("0.1?")));
  // Byte for byte: it is signed.
  EXPECT_EQ(Run({"statement", "--month", "2026-10", "--format", "note"}).out,
            "a statement\n\n— idnode.example AAAAAAA=\n");
  const CliResult json = Run({"statement", "--month", "2026-10", "--format", "json"});
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("firstEver":"15000001")"), HasSubstr("FINAL")));
  EXPECT_EQ(Run({"statement", "--month", "2026-10", "--json"}).out, json.out);
  EXPECT_THAT(Run({"statement"}).out, HasSubstr("2026-11"));
  EXPECT_EQ(Run({"statement", "--format", "pdf"}).code, kExitUsage);
  node_.RefuseWith({grpc::StatusCode::NOT_FOUND, "this node keeps no ledger"}, "not-found");
  EXPECT_EQ(Run({"statement"}).code, kExitFailed);
}

TEST_F(CommandLineTest, ErrorsCarrySlugFieldAndExitCode) {
  const CliResult missing = Run({"resolve", "88.108.1001/none", "--json"});
  EXPECT_EQ(missing.code, kExitFailed);
  EXPECT_EQ(missing.out, R"({"error":{"slug":"identifier-not-found","detail":"no such identifier",)"
                         R"("field":"identifier"}})"
                         "\n");
  const CliResult said = Run({"resolve", "88.108.1001/none"});
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err, "error: no such identifier (field identifier)\n");

  node_.RefuseWith({grpc::StatusCode::PERMISSION_DENIED, "not yours"}, "permission-denied");
  EXPECT_EQ(Run({"volume"}).code, kExitNotAuthorised);
  node_.RefuseWith({grpc::StatusCode::RESOURCE_EXHAUSTED, "full"}, "storage-full");
  EXPECT_EQ(Run({"volume"}).code, kExitTryAgain);
  node_.RefuseWith({grpc::StatusCode::INTERNAL, "broken"}, "");
  EXPECT_EQ(Run({"volume"}).code, kExitFailed);
}

TEST_F(CommandLineTest, TokenComesFromFileOrEnvironment) {
  node_.RequireToken("secret");
  const CliResult without = Run({"volume"});
  EXPECT_EQ(without.code, kExitNotAuthorised);
  EXPECT_THAT(without.err, HasSubstr("--token-file"));
  EXPECT_EQ(Run({"volume", "--token-file", folder_.Write("t", "secret\n")}).code, kExitDone);
  CliSetup setup;
  setup.token = "secret";
  EXPECT_EQ(Run({"volume"}, setup).code, kExitDone);
  // A file that holds no token is refused before it is sent anywhere.
  EXPECT_EQ(Run({"volume", "--token-file", folder_.Write("b", "two words")}).code, kExitUsage);
  EXPECT_EQ(Run({"volume", "--token-file", folder_.Write("l", std::string(4096, 'x'))}).code,
            kExitNotAuthorised);
  EXPECT_EQ(Run({"volume", "--token-file", folder_.Write("m", std::string(4097, 'x'))}).code,
            kExitUsage);
}

TEST_F(CommandLineTest, ManyIdentifiersFromStandardInput) {
  CliSetup setup;
  setup.in = R"({"identifier":"88.108.1001/a"})"
             "\n\n"
             R"({"identifier":"88.108.1001/b c"})"
             "\n";
  const CliResult registered = Run({"register", "--file", "-", "--json"}, setup);
  EXPECT_EQ(registered.code, kExitPartly);
  EXPECT_THAT(registered.out, AllOf(HasSubstr(R"("outcome":"REGISTERED")"),
                                    HasSubstr(R"("reason":"invalid-identifier")")));
  setup.in = "88.108.1001/a\n88.108.1001/z\n";
  const CliResult resolved = Run({"resolve", "--from-file", "-", "--json"}, setup);
  EXPECT_EQ(resolved.code, kExitPartly);
  EXPECT_THAT(resolved.out, HasSubstr(R"({"identifier":"88.108.1001/z","reason":)"));
  setup.in = "{\"identifier\":\"88.108.1001/c\"}\n{\"identifer\":1}\n";
  const CliResult wrong = Run({"register", "--file", "-"}, setup);
  EXPECT_THAT(wrong.err, HasSubstr("standard input line 2"));
}

TEST_F(CommandLineTest, LinesAtTheirBoundAndBeyond) {
  CliSetup setup;
  setup.in = std::string(kItemLineBytesMax, 'x') + "\n";
  EXPECT_EQ(Run({"resolve", "--from-file", "-"}, setup).code, kExitFailed);  // looked up, not there
  setup.in = std::string(kItemLineBytesMax + 1, 'x') + "\n";
  EXPECT_EQ(Run({"resolve", "--from-file", "-"}, setup).code, kExitUsage);
}

TEST_F(CommandLineTest, DeletingManyAsksFirst) {
  Run({"register", "88.108.1001/a"});
  Run({"register", "88.108.1001/b"});
  const CliResult dry = Run({"delete", "88.108.1001/a", "88.108.1001/c", "--dry-run"});
  EXPECT_EQ(dry.code, kExitDone);
  EXPECT_THAT(dry.out, AllOf(HasSubstr("would delete"), HasSubstr("missing")));
  EXPECT_EQ(Run({"delete", "88.108.1001/a", "88.108.1001/b"}).code, kExitUsage);
  EXPECT_EQ(node_.records(), 2U);
  EXPECT_EQ(Run({"delete", "88.108.1001/a", "88.108.1001/b", "--yes"}).code, kExitDone);
  EXPECT_EQ(node_.records(), 0U);
  EXPECT_EQ(Run({"delete", "88.108.1001/a"}).code, kExitFailed);
}

TEST_F(CommandLineTest, ListGoesOverPagesUpToItsLimit) {
  CliSetup setup;
  for (int i = 0; i < 1'200; ++i) {
    setup.in += R"({"identifier":"88.108.1001/)" + std::to_string(10'000 + i) + "\"}\n";
  }
  ASSERT_EQ(Run({"register", "--file", "-", "--json"}, setup).code, kExitDone);
  const CliResult all = Run({"list", "88.108.1001", "--limit", "5000", "--json"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 1'200);
  const CliResult some = Run({"list", "88.108.1001", "--limit", "1100", "--json"});
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 1'100);
  EXPECT_THAT(some.err, HasSubstr("more with: idnode list 88.108.1001 --page-token"));
  const CliResult csv = Run({"export", "88.108.1001", "--format", "csv", "--value-column", "URL"});
  EXPECT_EQ(csv.code, kExitDone) << csv.err;
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 1'201);
}

TEST_F(CommandLineTest, VolumeShowsProgressTowardsTheTarget) {
  for (const char* name : {"a", "b"}) Run({"register", std::string("88.108.1001/") + name});
  const CliResult volume = Run({"volume", "--group-by", "day"});
  EXPECT_EQ(volume.code, kExitDone);
  EXPECT_THAT(volume.out,
              AllOf(HasSubstr("Registration volume 2026-11 (Asia/Shanghai)"), HasSubstr("0.20 %"),
                    HasSubstr("998 to go"), HasSubstr("2026-11-22")));
  CliSetup chinese;
  chinese.language = Language::kChinese;
  EXPECT_THAT(Run({"volume"}, chinese).out, AllOf(HasSubstr("首次注册量"), HasSubstr("还差 998")));
  EXPECT_EQ(Run({"volume", "--group-by", "colour"}).code, kExitUsage);
}

TEST_F(CommandLineTest, RecountDiffersWithExitCodeOne) {
  const CliResult equal = Run({"volume", "recount", "--month", "2026-11"});
  EXPECT_EQ(equal.code, kExitDone);
  EXPECT_THAT(equal.out, HasSubstr("equal"));
  const CliResult different = Run({"volume", "recount", "--month", "2026-10"});
  EXPECT_EQ(different.code, kExitFailed);
  EXPECT_THAT(different.out, HasSubstr("firstEver"));
  EXPECT_THAT(Run({"volume", "recount", "--json"}).out, HasSubstr(R"("equal":true)"));
}

TEST_F(CommandLineTest, TokenOfAnApplicationIsPrintedOnceOrKeptForItsOwner) {
  const CliResult printed = Run({"app", "create", "erp", "--prefix", "88.108.1001"});
  EXPECT_EQ(printed.code, kExitDone);
  EXPECT_EQ(printed.out, "token-of-erp\n");
  const std::string path = folder_.Path("erp.token");
  const CliResult kept =
      Run({"app", "create", "erp", "--prefix", "88.108.1001", "--output", path, "--json"});
  EXPECT_EQ(kept.code, kExitDone) << kept.err;
  EXPECT_THAT(kept.out + kept.err, Not(HasSubstr("token-of-erp")));
  EXPECT_EQ(folder_.Read("erp.token"), "token-of-erp\n");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(Run({"app", "create", "erp", "--prefix", "88.1.1", "--output", path}).code, kExitUsage);
}

TEST_F(CommandLineTest, WaitsUntilTheNodeServes) {
  EXPECT_EQ(Run({"wait-ready", "--timeout", "10"}).code, kExitDone);
  node_.Stop();
  const CliResult absent = Run({"wait-ready", "--timeout", "0.3"});
  EXPECT_EQ(absent.code, kExitTryAgain);
  EXPECT_THAT(absent.err, HasSubstr("not ready"));
}

TEST(CompletionTest, EveryShellHasAScript) {
  EXPECT_THAT(RunCli({"completion", "bash"}).out, HasSubstr("complete -o filenames -F _idnode"));
  EXPECT_THAT(RunCli({"completion", "zsh"}).out, StartsWith("#compdef idnode\n"));
  EXPECT_THAT(RunCli({"completion", "fish"}).out,
              HasSubstr("__fish_seen_subcommand_from state' -l set -x -a 'active frozen revoked'"));
  EXPECT_EQ(RunCli({"completion", "tcsh"}).code, kExitUsage);
}

}  // namespace
}  // namespace idnode::cli
