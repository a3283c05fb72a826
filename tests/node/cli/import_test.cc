// `idnode import` against a node that overloads, breaks, restarts and forgets to answer.
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/node/cli/fake_node.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kAlways = 1'000'000;

/// Signals must find no thread that dies of them; the command under test takes them.
bool BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  return pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0;
}

class ImportTest : public testing::Test {
 protected:
  /// Interrupts the command at batch `at`. What follows finds the node overloaded, so that the
  /// input cannot end before the signal is noticed, however busy the machine is.
  void InterruptAt(int at) {
    node_.OnBatch([this, at](int number) {
      if (number != at) return;
      node_.Overload(kAlways, 10);
      ::kill(::getpid(), SIGINT);
    });
  }
  void Recover() {
    node_.OnBatch(nullptr);
    node_.Overload(0, 0);
  }

  /// A catalogue of `rows` rows, each with its own GTIN.
  std::string Catalogue(int rows) {
    std::string text = "gtin,name\n";
    for (int i = 0; i < rows; ++i) {
      text.append(std::to_string(1'000 + i)).append(",\"Shoe, no. 5\"\n");
    }
    return folder_.Write("goods.csv", text);
  }
  CliResult Import(const std::string& file, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--server", node_.address(), "import",          file,
                                       "--prefix", "88.108.1001",   "--suffix-column", "gtin",
                                       "--map",    "name=NAME",     "--json",          "--batch",
                                       "10"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(arguments);
  }

  const bool blocked_ = BlockSignals();  // before any thread
  TestFolder folder_;
  FakeNode node_;
};

TEST_F(ImportTest, RegistersEveryRowOnce) {
  const CliResult result = Import(Catalogue(95));
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("rows":95,"registered":95,"reRegistered":0,"unchanged":0)"));
  EXPECT_EQ(node_.records(), 95U);
  EXPECT_EQ(node_.batches(), 10);
  EXPECT_FALSE(folder_.Has("goods.csv.idnode-import.json"));
  EXPECT_FALSE(folder_.Has("goods.rejects.csv"));
}

TEST_F(ImportTest, SecondRunFindsEverythingUnchanged) {
  const std::string file = Catalogue(25);
  EXPECT_EQ(Import(file).code, kExitDone);
  const CliResult again = Import(file);
  EXPECT_EQ(again.code, kExitDone);
  EXPECT_THAT(again.out, HasSubstr(R"("registered":0,"reRegistered":0,"unchanged":25)"));
}

TEST_F(ImportTest, RowsNotRegisteredAreKeptWithTheirReasons) {
  const std::string file = folder_.Write("goods.csv",
                                         "gtin,name\n"
                                         "1,Shoe\n"
                                         "1,Shoe\n"
                                         "1,Boot\n"
                                         ",Nameless\n"
                                         "2\n"
                                         "a b,Space\n"
                                         "3,\"multi\nline\"\n");
  const CliResult result = Import(file);
  EXPECT_EQ(result.code, kExitPartly);
  EXPECT_THAT(result.out, HasSubstr(R"("rows":7,"registered":2,"reRegistered":0,"unchanged":1,)"
                                    R"("conflicting":1,"rejected":3)"));
  EXPECT_EQ(folder_.Read("goods.rejects.csv"),
            "gtin,name,idnode_outcome,idnode_reason,idnode_field,idnode_detail,idnode_line\n"
            "1,Boot,CONFLICT,identifier-exists,,,4\n"
            ",Nameless,REJECTED,invalid-identifier,gtin,the row has no gtin,5\n"
            "2,,REJECTED,invalid-value,,\"the row has 1 columns, the header 2\",6\n"
            "a b,Space,REJECTED,invalid-identifier,identifier,a space,7\n");
}

TEST_F(ImportTest, NothingDoneAtAllIsAFailure) {
  EXPECT_EQ(Import(folder_.Write("goods.csv", "gtin,name\n,x\n,y\n")).code, kExitFailed);
}

TEST_F(ImportTest, WaitsWhileTheNodeIsOverloaded) {
  node_.Overload(5, 20);
  const CliResult result = Import(Catalogue(100));
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("registered":100)"));
  EXPECT_EQ(node_.overloads(), 5);
  EXPECT_THAT(result.err, HasSubstr("the node asks to wait"));
}

TEST_F(ImportTest, AnswersLostWithTheConnectionAreAskedForAgain) {
  node_.BreakAtBatch(4);
  const CliResult result = Import(Catalogue(100));
  EXPECT_EQ(result.code, kExitDone) << result.err;
  // The batch whose answer was lost is reported as registered: its request id is the same.
  EXPECT_THAT(result.out, HasSubstr(R"("registered":100,"reRegistered":0,"unchanged":0)"));
  EXPECT_THAT(result.err, HasSubstr("connection lost"));
  const std::vector<std::string> ids = node_.request_ids();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 10U);
  EXPECT_GT(ids.size(), 10U);
}

TEST_F(ImportTest, UnknownOutcomesAreAskedForUntilKnown) {
  node_.Undetermine(3);
  const CliResult result = Import(Catalogue(40));
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("registered":40,"reRegistered":0,"unchanged":0)"));
}

TEST_F(ImportTest, GoesOnAfterTheNodeIsStoppedAndStarted) {
  std::thread restarting;
  node_.OnBatch([this, &restarting](int number) {
    if (number != 5) return;
    restarting = std::thread([this] {
      node_.Stop();
      node_.Start();
    });
  });
  const CliResult result = Import(Catalogue(300));
  ASSERT_TRUE(restarting.joinable());
  restarting.join();
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("registered":300,"reRegistered":0,"unchanged":0)"));
  EXPECT_EQ(node_.records(), 300U);
}

TEST_F(ImportTest, InterruptionPrintsWhatResumesAndResumesExactly) {
  const std::string file = Catalogue(500);
  InterruptAt(6);
  const CliResult interrupted = Import(file, {"--in-flight", "2"});
  EXPECT_EQ(interrupted.code, kExitInterrupted);
  EXPECT_THAT(interrupted.err, HasSubstr("resume with:\n  idnode --server"));
  EXPECT_THAT(interrupted.err, HasSubstr("--in-flight 2 --resume\n"));
  EXPECT_THAT(interrupted.out, HasSubstr(R"("interrupted":true)"));
  ASSERT_TRUE(folder_.Has("goods.csv.idnode-import.json"));
  const std::size_t before = node_.records();
  ASSERT_LT(before, 500U);

  Recover();
  const CliResult refused = Import(file);
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_THAT(refused.out, HasSubstr("--resume"));

  const CliResult resumed = Import(file, {"--resume"});
  EXPECT_EQ(resumed.code, kExitDone) << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr(R"("rows":500,"registered":500,"reRegistered":0,)"
                                     R"("unchanged":0)"));
  EXPECT_EQ(node_.records(), 500U);
  EXPECT_FALSE(folder_.Has("goods.csv.idnode-import.json"));
}

TEST_F(ImportTest, ResumeRefusesOtherInputAndOtherMapping) {
  const std::string file = Catalogue(500);
  InterruptAt(3);
  ASSERT_EQ(Import(file, {"--in-flight", "2"}).code, kExitInterrupted);
  Recover();
  const CliResult mapping = Import(file, {"--resume", "--class", "part"});
  EXPECT_EQ(mapping.code, kExitUsage);
  EXPECT_THAT(mapping.out, HasSubstr("differ"));
  Catalogue(501);
  const CliResult input = Import(file, {"--resume"});
  EXPECT_EQ(input.code, kExitUsage);
  EXPECT_THAT(input.out, HasSubstr("has changed"));
  const CliResult restarted = Import(file, {"--restart"});
  EXPECT_EQ(restarted.code, kExitDone) << restarted.err;
  EXPECT_EQ(node_.records(), 501U);
}

TEST_F(ImportTest, GivesUpWithoutProgressAndKeepsItsPlace) {
  node_.Overload(kAlways, 10);
  const CliResult result = Import(Catalogue(30), {"--retry-for", "0.3"});
  EXPECT_EQ(result.code, kExitTryAgain);
  EXPECT_THAT(result.out, HasSubstr(R"("slug":"unavailable")"));
  EXPECT_THAT(result.err, HasSubstr("--resume"));
  node_.Overload(0, 0);
  EXPECT_EQ(Import(folder_.Path("goods.csv"), {"--resume"}).code, kExitDone);
  EXPECT_EQ(node_.records(), 30U);
}

TEST_F(ImportTest, WithoutAValidTokenNothingIsLeftBehind) {
  node_.RequireToken("secret");
  const CliResult result = Import(Catalogue(30));
  EXPECT_EQ(result.code, kExitNotAuthorised);
  EXPECT_THAT(result.out, HasSubstr(R"("slug":"unauthenticated")"));
  EXPECT_FALSE(folder_.Has("goods.csv.idnode-import.json"));
}

TEST_F(ImportTest, RowsBeforeABrokenOneAreRegistered) {
  const std::string file = folder_.Write("goods.csv", "gtin,name\n1,a\n2,b\n3,\"open\n4,c\n");
  const CliResult result = Import(file);
  EXPECT_EQ(result.code, kExitFailed);
  EXPECT_THAT(result.out, HasSubstr("line 4: a quoted field"));
  EXPECT_EQ(node_.records(), 2U);
}

TEST_F(ImportTest, DryRunSendsNothing) {
  const std::string file = folder_.Write("goods.csv", "gtin,name\n1,a\n,b\n");
  const CliResult result = Import(file, {"--dry-run", "--rejects", folder_.Path("r.csv")});
  EXPECT_EQ(result.code, kExitPartly);
  EXPECT_EQ(result.out, "{\"dryRun\":true,\"rows\":2,\"wouldRegister\":1,\"rejected\":1}\n");
  EXPECT_THAT(result.err, HasSubstr("goods.csv:3: the row has no gtin"));
  EXPECT_THAT(folder_.Read("r.csv"), HasSubstr(",b,REJECTED,invalid-identifier,gtin"));
  EXPECT_EQ(node_.batches(), 0);
}

TEST_F(ImportTest, BatchesAtTheirBoundsAndBeyond) {
  const std::string file = Catalogue(12);
  const auto with = [&](const std::string& option, const std::string& value) {
    return RunCli({"--server", node_.address(), "import", file, "--prefix", "88.108.1001",
                   "--suffix-column", "gtin", option, value})
        .code;
  };
  EXPECT_EQ(with("--batch", "10000"), kExitDone);
  EXPECT_EQ(with("--batch", "10001"), kExitUsage);
  EXPECT_EQ(with("--batch", "0"), kExitUsage);
  EXPECT_EQ(with("--in-flight", "64"), kExitDone);
  EXPECT_EQ(with("--in-flight", "65"), kExitUsage);
}

TEST_F(ImportTest, ExportedRecordsAreImportedAgain) {
  ASSERT_EQ(Import(Catalogue(20)).code, kExitDone);
  const std::string exported = folder_.Path("all.jsonl");
  const CliResult result =
      RunCli({"--server", node_.address(), "export", "88.108.1001", "--output", exported});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_FALSE(folder_.Has("all.jsonl.part"));
  const CliResult again = RunCli({"--server", node_.address(), "import", exported, "--json"});
  EXPECT_EQ(again.code, kExitDone) << again.err;
  EXPECT_THAT(again.out, HasSubstr(R"("unchanged":20)"));
}

TEST_F(ImportTest, UnreachableNodeIsSaidAtOnce) {
  node_.Stop();
  const CliResult result = Import(Catalogue(3));
  EXPECT_EQ(result.code, kExitTryAgain);
  EXPECT_THAT(result.out, HasSubstr(node_.address()));
  EXPECT_THAT(result.err, Not(HasSubstr("--resume")));
}

}  // namespace
}  // namespace idnode::cli
