// `idnode enterprise` and `idnode prefix`, against a node that keeps what it is told.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/cli/command_line.h"
#include "tests/node/cli/fake_node.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kFootwear[] = "91440101MA5D70N10A";
constexpr char kFood[] = "91510100MA6DF00287";
constexpr char kCeramics[] = "91360200MA35T003XK";

class EnterpriseCommandTest : public testing::Test {
 protected:
  CliResult Run(std::vector<std::string> arguments, const CliSetup& setup = {}) {
    arguments.insert(arguments.begin(), {"--server", node_.address()});
    return RunCli(std::move(arguments), setup);
  }
  CliResult AddFootwear(const std::string& name = "Footwear Co.") {
    return Run({"enterprise", "add", kFootwear, "--name", name, "--industry", "1952", "--region",
                "440100"});
  }
  FakeAdministration& administration() { return node_.administration(); }
  FakeNode node_;
  TestFolder folder_;
};

TEST_F(EnterpriseCommandTest, AddsShowsAndLists) {
  const CliResult added = AddFootwear();
  EXPECT_EQ(added.code, kExitDone) << added.err;
  EXPECT_THAT(added.err, HasSubstr(std::string("added ") + kFootwear));
  EXPECT_EQ(administration().enterprise(kFootwear).industry(), "C1952");  // with its section
  const CliResult shown = Run({"enterprise", "show", kFootwear});
  EXPECT_THAT(shown.out, AllOf(HasSubstr(kFootwear), HasSubstr("Footwear Co."), HasSubstr("C1952"),
                               HasSubstr("440100")));
  EXPECT_THAT(Run({"enterprise", "show", kFootwear, "--json"}).out,
              HasSubstr(R"({"enterprise":{"creditCode":)"));
  const CliResult listed = Run({"enterprise", "list"});
  EXPECT_THAT(listed.out, HasSubstr(kFootwear));
  EXPECT_EQ(listed.err, "1 listed\n");
  EXPECT_EQ(Run({"enterprise", "show", kFood}).code, kExitFailed);
}

TEST_F(EnterpriseCommandTest, AddingAgainIsSafeAndOtherContentIsAConflict) {
  ASSERT_EQ(AddFootwear().code, kExitDone);
  const CliResult again = AddFootwear();
  EXPECT_EQ(again.code, kExitDone);
  EXPECT_THAT(again.err, HasSubstr("unchanged"));
  const CliResult other = AddFootwear("Another");
  EXPECT_EQ(other.code, kExitFailed);
  EXPECT_THAT(other.err, AllOf(HasSubstr("another name"), HasSubstr("enterprise set")));
  EXPECT_EQ(administration().enterprise(kFootwear).name(), "Footwear Co.");
}

TEST_F(EnterpriseCommandTest, WrongCodesAreSaidBeforeTheNodeIsAsked) {
  const CliResult wrong = Run({"enterprise", "add", "91440101MA5D70N10B", "--name", "x", "--json"});
  EXPECT_EQ(wrong.code, kExitFailed);
  EXPECT_THAT(wrong.out, HasSubstr(R"("field":"creditCode")"));
  EXPECT_THAT(Run({"enterprise", "add", kFootwear, "--industry", "Z99", "--json"}).out,
              HasSubstr(R"("field":"industry")"));
  EXPECT_EQ(administration().requests(), 0);
  EXPECT_EQ(Run({"enterprise", "add"}).code, kExitUsage);
  EXPECT_EQ(Run({"enterprise", "add", kFootwear, "--nature", "many"}).code, kExitUsage);
}

TEST_F(EnterpriseCommandTest, DryRunSaysWhatWouldBeAndChangesNothing) {
  const CliResult dry =
      Run({"enterprise", "add", kFootwear, "--name", "Footwear Co.", "--dry-run"});
  EXPECT_EQ(dry.code, kExitDone) << dry.err;
  EXPECT_THAT(dry.err, AllOf(HasSubstr("would add"), HasSubstr("dry run")));
  EXPECT_EQ(administration().enterprises(), 0U);
  AddFootwear();
  EXPECT_THAT(Run({"enterprise", "add", kFootwear, "--name", "Footwear Co.", "--industry", "C1952",
                   "--region", "440100", "--dry-run", "--json"})
                  .out,
              HasSubstr(R"("outcome":"unchanged")"));
  const CliResult set = Run({"enterprise", "set", kFootwear, "--industry", "C1951", "--dry-run"});
  EXPECT_THAT(set.out, AllOf(HasSubstr("C1952"), HasSubstr("C1951"), Not(HasSubstr("440100"))));
  EXPECT_EQ(administration().enterprise(kFootwear).industry(), "C1952");
}

TEST_F(EnterpriseCommandTest, SetChangesWhatIsGivenAndKeepsTheRest) {
  AddFootwear();
  ASSERT_EQ(Run({"enterprise", "set", kFootwear, "--contact", "Li Ming", "--nature", "3"}).code,
            kExitDone);
  v1::Enterprise now = administration().enterprise(kFootwear);
  EXPECT_EQ(now.name(), "Footwear Co.");
  EXPECT_EQ(now.contact().name(), "Li Ming");
  EXPECT_EQ(now.nature(), 3U);
  EXPECT_EQ(now.revision(), 2U);
  // An option may empty a field; what is said already is no change.
  ASSERT_EQ(Run({"enterprise", "set", kFootwear, "--contact", ""}).code, kExitDone);
  EXPECT_EQ(administration().enterprise(kFootwear).contact().name(), "");
  EXPECT_THAT(Run({"enterprise", "set", kFootwear, "--nature", "3"}).err, HasSubstr("unchanged"));
  EXPECT_EQ(Run({"enterprise", "set", kFootwear, "--name", "x", "--if-revision", "9"}).code,
            kExitFailed);
  EXPECT_EQ(Run({"enterprise", "set", kFood, "--name", "x"}).code, kExitFailed);
}

TEST_F(EnterpriseCommandTest, AFileOfManyIsSafeToRepeatAndKeepsItsRejects) {
  const std::string path = folder_.Write(
      "many.csv", "credit_code,name,industry,region\n" + std::string(kFootwear) +
                      ",\"Shoes, No. 1\",C1952,440100\n" + kFood + ",Food,C1432,510100\n" +
                      "91510100MA6DF00288,Wrong check,C1432,510100\n" + kCeramics +
                      ",Ceramics,C3074,360200,extra\n");
  const CliResult first = Run({"enterprise", "add", "--file", path, "--json"});
  EXPECT_EQ(first.code, kExitPartly) << first.err;
  EXPECT_THAT(first.out, AllOf(HasSubstr(R"({"rows":4,"done":2,"unchanged":0,"rejected":2)"),
                               HasSubstr("many.rejects.csv")));
  EXPECT_EQ(administration().enterprise(kFootwear).name(), "Shoes, No. 1");
  const std::string rejects = folder_.Read("many.rejects.csv");
  EXPECT_THAT(rejects, AllOf(HasSubstr("credit_code,name,industry,region,idnode_outcome"),
                             HasSubstr("91510100MA6DF00288,Wrong check"),
                             HasSubstr("REJECTED,invalid-request,creditCode")));
  const CliResult again = Run({"enterprise", "add", "--file", path});
  EXPECT_EQ(again.code, kExitPartly);
  EXPECT_THAT(again.out, HasSubstr("unchanged  2"));
  EXPECT_THAT(again.err, HasSubstr("many.csv:4: "));
  EXPECT_EQ(administration().enterprises(), 2U);
}

TEST_F(EnterpriseCommandTest, FilesOfJson) {
  const std::string one =
      folder_.Write("one.json", R"({"creditCode":")" + std::string(kFood) +
                                    R"(","name":"Food","contact":{)" + R"("phone":"028-1"}})");
  EXPECT_EQ(Run({"enterprise", "add", "--file", one}).code, kExitDone);
  EXPECT_EQ(administration().enterprise(kFood).contact().phone(), "028-1");
  const std::string lines = folder_.Write(
      "more.jsonl", R"({"creditCode":")" + std::string(kFood) + R"(","industry":"C1432"})" + "\n" +
                        R"({"creditCode":")" + kFootwear + R"(","industry":"C1952"})" + "\n");
  const CliResult set = Run({"enterprise", "set", "--file", lines, "--json"});
  EXPECT_EQ(set.code, kExitPartly);  // the second is not there
  EXPECT_EQ(administration().enterprise(kFood).industry(), "C1432");
  EXPECT_EQ(administration().enterprise(kFood).name(), "Food");
  EXPECT_THAT(folder_.Read("more.rejects.jsonl"), HasSubstr(R"("reason":"not-found")"));
  EXPECT_EQ(Run({"enterprise", "add", "--file", folder_.Write("bad.json", "[]")}).code, kExitUsage);
}

TEST_F(EnterpriseCommandTest, UnknownColumnsAndAMissingTokenStopTheRun) {
  const std::string wrong = folder_.Write("w.csv", "credit_code,colour\nx,y\n");
  const CliResult unknown = Run({"enterprise", "add", "--file", wrong});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("colour"), HasSubstr("legal_person_name")));
  node_.RequireToken("secret");
  const std::string path =
      folder_.Write("f.csv", std::string("credit_code\n") + kFood + "\n" + kFootwear + "\n");
  EXPECT_EQ(Run({"enterprise", "add", "--file", path}).code, kExitNotAuthorised);
  EXPECT_FALSE(folder_.Has("f.rejects.csv"));  // nothing is wrong with the rows
  node_.Stop();
  const CliResult away = Run({"enterprise", "add", "--file", path, "--timeout", "1"});
  EXPECT_EQ(away.code, kExitTryAgain);
  EXPECT_THAT(away.err, HasSubstr("the same command goes on"));
}

TEST_F(EnterpriseCommandTest, ListGoesOverPages) {
  std::string text = "credit_code,name\n";
  for (const char* code : {kFootwear, kFood, kCeramics}) text += std::string(code) + ",x\n";
  Run({"enterprise", "add", "--file", folder_.Write("l.csv", text)});
  const CliResult some = Run({"enterprise", "list", "--limit", "2", "--json"});
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 2);
  EXPECT_THAT(some.err, HasSubstr("more with: idnode enterprise list --page-token"));
}

// ---- prefixes ------------------------------------------------------------------------

class PrefixCommandTest : public EnterpriseCommandTest {};

TEST_F(PrefixCommandTest, AppliesAndMovesThroughItsStates) {
  const CliResult applied = Run({"prefix", "apply", "88.108.1001", "--enterprise", kFootwear});
  EXPECT_EQ(applied.code, kExitDone) << applied.err;
  EXPECT_THAT(applied.err, HasSubstr("awaits audit"));
  EXPECT_THAT(Run({"prefix", "state", "88.108.1001", "--set", "in-audit"}).err,
              HasSubstr("88.108.1001 is in audit"));
  EXPECT_EQ(Run({"prefix", "state", "88.108.1001", "--set", "active", "--reason", "papers complete",
                 "--json"})
                .out.find(R"({"prefix":{"prefix":"88.108.1001")"),
            0U);
  const CliResult shown = Run({"prefix", "show", "88.108.1001"});
  EXPECT_THAT(shown.out,
              AllOf(HasSubstr("active"), HasSubstr("papers complete"), HasSubstr("operator")));
  EXPECT_EQ(Run({"prefix", "state", "88.108.1001", "--set", "melted"}).code, kExitUsage);
}

TEST_F(PrefixCommandTest, StoppingAsksFirst) {
  Run({"prefix", "admit", "88.108.1001"});
  EXPECT_EQ(Run({"prefix", "state", "88.108.1001", "--set", "stopped"}).code, kExitUsage);
  EXPECT_EQ(administration().prefix("88.108.1001").state(), v1::PREFIX_ACTIVE);
  CliSetup person;
  person.terminal = true;
  person.in = "no\n";
  EXPECT_EQ(Run({"prefix", "state", "88.108.1001", "--set", "stopped"}, person).code, kExitUsage);
  person.in = "yes\n";
  const CliResult stopped = Run({"prefix", "state", "88.108.1001", "--set", "stopped"}, person);
  EXPECT_EQ(stopped.code, kExitDone) << stopped.err;
  EXPECT_EQ(administration().prefix("88.108.1001").state(), v1::STOPPED);
  const CliResult dry =
      Run({"prefix", "state", "88.108.1001", "--set", "pending-deletion", "--dry-run", "--json"});
  EXPECT_THAT(dry.out, HasSubstr(R"("before":"STOPPED","after":"PENDING_DELETION")"));
  EXPECT_EQ(administration().prefix("88.108.1001").state(), v1::STOPPED);
  EXPECT_EQ(Run({"prefix", "state", "88.108.1001", "--set", "pending-deletion", "--yes"}).code,
            kExitDone);
}

TEST_F(PrefixCommandTest, RoutesAndQuotas) {
  Run({"prefix", "admit", "88.108.1003", "--enterprise", kCeramics});
  EXPECT_EQ(Run({"prefix", "route", "88.108.1003"}).code, kExitUsage);
  EXPECT_EQ(Run({"prefix", "route", "88.108.1003", "--address", "192.0.2.7"}).code, kExitUsage);
  EXPECT_EQ(Run({"prefix", "route", "88.108.1003", "--hosted", "--address", "::1"}).code,
            kExitUsage);
  const CliResult routed = Run({"prefix", "route", "88.108.1003", "--address", "2001:db8::7",
                                "--tcp-port", "2641", "--http-port", "8080"});
  EXPECT_EQ(routed.code, kExitDone) << routed.err;
  EXPECT_THAT(routed.err, HasSubstr("self-hosted [2001:db8::7] tcp 2641 http 8080"));
  EXPECT_EQ(administration().prefix("88.108.1003").hosting(), v1::SELF_HOSTED);

  EXPECT_EQ(Run({"prefix", "quota", "88.108.1003"}).code, kExitUsage);
  ASSERT_EQ(Run({"prefix", "quota", "88.108.1003", "--identifiers-hard", "1000"}).code, kExitDone);
  // What is not given stays.
  const CliResult more = Run({"prefix", "quota", "88.108.1003", "--rate-hard", "50"});
  EXPECT_THAT(more.out, AllOf(HasSubstr("1,000 hard"), HasSubstr("50 hard")));
  ASSERT_EQ(Run({"prefix", "quota", "88.108.1003", "--identifiers-hard", "0"}).code, kExitDone);
  const v1::PrefixQuota quota = administration().prefix("88.108.1003").quota();
  EXPECT_EQ(quota.identifiers_hard(), 0U);
  EXPECT_EQ(quota.rate_hard(), 50U);
}

TEST_F(PrefixCommandTest, ListsEveryPageAndByState) {
  for (const char* prefix : {"88.108.1", "88.108.2", "88.108.3"}) {
    ASSERT_EQ(Run({"prefix", "admit", prefix}).code, kExitDone);
  }
  Run({"prefix", "apply", "88.108.4", "--enterprise", kFood});
  const CliResult all = Run({"prefix", "list"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 5) << all.out;
  EXPECT_THAT(Run({"prefix", "list", "--json"}).out, HasSubstr(R"({"prefixes":[{"prefix":)"));
  const CliResult waiting = Run({"prefix", "list", "--state", "awaiting-audit"});
  EXPECT_THAT(waiting.out, AllOf(HasSubstr("88.108.4"), Not(HasSubstr("88.108.1 "))));
}

TEST_F(PrefixCommandTest, ExportOfAllLeavesOutWhatLivesElsewhere) {
  for (const char* prefix : {"88.108.1", "88.108.2", "88.108.3"}) {
    ASSERT_EQ(Run({"prefix", "admit", prefix}).code, kExitDone);
    ASSERT_EQ(Run({"register", std::string(prefix) + "/a"}).code, kExitDone);
  }
  Run({"prefix", "route", "88.108.2", "--address", "192.0.2.7", "--tcp-port", "2641"});
  const CliResult all = Run({"export", "--all-prefixes"});
  EXPECT_EQ(all.code, kExitDone) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("88.108.1/a"), HasSubstr("88.108.3/a"),
                             Not(HasSubstr("88.108.2/a"))));
}

TEST_F(PrefixCommandTest, AFileOfPrefixes) {
  const std::string path =
      folder_.Write("p.csv", "prefix,enterprise\n88.108.1," + std::string(kFood) + "\n88.108.2,\n");
  EXPECT_EQ(Run({"prefix", "apply", "--file", path, "--dry-run"}).code, kExitDone);
  EXPECT_EQ(administration().prefix("88.108.1").prefix(), "");
  EXPECT_EQ(Run({"prefix", "apply", "--file", path}).code, kExitDone);
  const CliResult again = Run({"prefix", "apply", "--file", path, "--json"});
  EXPECT_THAT(again.out, HasSubstr(R"("done":0,"unchanged":2)"));
  // They are there, but not as admitting would have made them.
  EXPECT_EQ(Run({"prefix", "admit", "--file", path}).code, kExitFailed);
  EXPECT_EQ(Run({"prefix", "admit"}).code, kExitUsage);
  EXPECT_EQ(Run({"prefix", "admit", "88.108.9", "--file", path}).code, kExitUsage);
}

}  // namespace
}  // namespace idnode::cli
