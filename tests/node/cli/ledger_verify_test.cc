// `idnode ledger verify` against logs that are right, and logs that are wrong in one way each.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/cli/ledger/mirror.h"
#include "node/cli/ledger/verify.h"
#include "node/ledger/signed_note.h"
#include "tests/node/cli/ledger_verify_fixture.h"
#include "tests/node/cli/run_cli.h"

namespace idnode::cli {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(LedgerVerifyTest, RightLogVerifiesAndSaysWhatWasNotChecked) {
  Build();
  const VerifyReport report = Verify();
  EXPECT_EQ(Told(report), "");
  EXPECT_EQ(report.leaves_read, kSecond);
  const std::vector<std::string> unchecked = Unchecked(report);
  EXPECT_THAT(unchecked, Contains(HasSubstr("--since-start")));
  EXPECT_THAT(unchecked, Contains(HasSubstr("re-registrations")));
  const std::vector<std::string> checked = Checked(report);
  EXPECT_THAT(checked, Contains(HasSubstr("follows the one of 2026-10")));
  EXPECT_THAT(checked, Contains(HasSubstr("all 1500 leaves, from 700 on")));
  EXPECT_THAT(checked, Contains(HasSubstr("the newest checkpoint is consistent")));
}

TEST_F(LedgerVerifyTest, EveryWayOfReadingVerifies) {
  Build();
  VerifyOptions options = Options();
  options.keys.push_back(log_.verifier_sm2());
  options.since_start = true;
  EXPECT_EQ(Verify(options).leaves_read, kFirst + kSecond);
  EXPECT_EQ(Told(Verify(options)), "");
  options.all_months = true;
  EXPECT_EQ(Told(Verify(options)), "");
  options.month = kOctober;
  EXPECT_EQ(Told(Verify(options)), "");
  options = Options();
  options.memory_bytes = 4096;  // a dozen partitions on disk
  EXPECT_EQ(Told(Verify(options)), "");
  options.sample = 40;
  options.seed = 7;
  const VerifyReport sampled = Verify(options);
  EXPECT_EQ(Told(sampled), "");
  EXPECT_EQ(sampled.sample->drawn, 40U);
  EXPECT_EQ(sampled.leaves_read, 40U);
  options.sample = 1'000'000;
  EXPECT_EQ(Verify(options).sample->drawn, kSecond);
}

TEST_F(LedgerVerifyTest, EmptyMonthAndProvisionalStatementVerify) {
  log_.Close(kOctober);
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember, ledger::StatementStatus::kProvisional);
  log_.AddMonth(kNovember, 5, "X");
  log_.Write(Dir());
  // As a node has it: a month that runs has no closing checkpoint, and is held against the newest.
  std::filesystem::remove(Dir() + "/statement/2026-11.checkpoint");
  VerifyOptions options = Options();
  EXPECT_EQ(Told(Verify(options)), "");
  EXPECT_THAT(Checked(Verify(options)), Contains(HasSubstr("the newest checkpoint is consistent")));
  Overwrite("checkpoint", log_.SignedHead(200));  // smaller than what is stated
  EXPECT_THAT(Kinds(Verify(options)), ElementsAre(FaultKind::kForkedCheckpoint));
  log_.Write(Dir());
  options.month = kOctober;
  EXPECT_EQ(Told(Verify(options)), "");
}

TEST_F(LedgerVerifyTest, TamperedLeaf) {
  Build();
  for (const std::uint64_t leaf : {kFirst, std::uint64_t{1000}, log_.size() - 11}) {
    SCOPED_TRACE(leaf);
    log_.Write(Dir());
    const std::uint64_t end = kFirst + kSecond;
    const std::uint64_t size = leaf / 256 == end / 256 ? end : log_.size();
    ReplaceEntry(Dir(), leaf, size, [](std::vector<std::string>& entries, std::size_t at) {
      entries[at][2] = '9';  // 88.108 becomes 98.108: still a leaf
    });
    const VerifyReport report = Verify();
    ASSERT_THAT(Kinds(report), Contains(FaultKind::kTamperedLeaf)) << Told(report);
    EXPECT_EQ(std::count_if(report.faults.begin(), report.faults.end(),
                            [&](const Fault& fault) {
                              return fault.kind == FaultKind::kTamperedLeaf && fault.leaf == leaf;
                            }),
              1);
    VerifyOptions options = Options();
    options.sample = kSecond;
    EXPECT_THAT(Kinds(Verify(options)), ElementsAre(FaultKind::kTamperedLeaf));
  }
}

TEST_F(LedgerVerifyTest, ReorderedLeaves) {
  Build();
  ReplaceEntry(Dir(), 1030, log_.size(), [](std::vector<std::string>& entries, std::size_t at) {
    std::swap(entries[at], entries[at + 3]);
  });
  const VerifyReport report = Verify();
  EXPECT_THAT(Kinds(report), ElementsAre(FaultKind::kReorderedLeaf, FaultKind::kReorderedLeaf));
  EXPECT_THAT(Told(report), HasSubstr("reordered leaf 1030"));
  EXPECT_THAT(Told(report), HasSubstr("belongs at 1033"));
}

TEST_F(LedgerVerifyTest, DuplicateInOtherCaseAndInTheSame) {
  log_.AddMonth(kNovember, 600);
  log_.leaves()[400].identifier = "88.108.1002/sN1";  // leaf 1 is 88.108.1002/SN1
  log_.leaves()[500].identifier = log_.leaves()[2].identifier;
  log_.Close(kNovember);
  log_.Write(Dir());
  for (const std::size_t memory : {std::size_t{256} << 20, std::size_t{2048}}) {
    VerifyOptions options = Options();
    options.memory_bytes = memory;
    const VerifyReport report = Verify(options);
    EXPECT_THAT(Kinds(report),
                ElementsAre(FaultKind::kDuplicate, FaultKind::kDuplicate, FaultKind::kWrongCount));
    EXPECT_THAT(Told(report), HasSubstr("in other case: leaf 1 is \"88.108.1002/SN1\" and leaf "
                                        "400 is \"88.108.1002/sN1\""));
    EXPECT_THAT(Told(report), HasSubstr("leaves 2 and 500 are both"));
    EXPECT_THAT(Told(report), HasSubstr("says 600 first-ever registrations; 598"));
  }
}

TEST_F(LedgerVerifyTest, IdentifierOfAnEarlierMonthIsFoundSinceStart) {
  log_.AddMonth(kOctober, 300);
  log_.Close(kOctober);
  log_.AddMonth(kNovember, 300);
  log_.leaves()[450].identifier = log_.leaves()[7].identifier;
  log_.leaves()[450].application = "erp";
  log_.Close(kNovember);
  log_.Write(Dir());
  EXPECT_EQ(Told(Verify()), "");  // of the month alone nothing is wrong, and it is said
  VerifyOptions options = Options();
  options.since_start = true;
  EXPECT_THAT(Kinds(Verify(options)), ElementsAre(FaultKind::kDuplicate, FaultKind::kWrongCount));
}

TEST_F(LedgerVerifyTest, LeafOutsideTheMonth) {
  log_.AddMonth(kNovember, 300);
  // The boundary instant belongs to the new month: 2026-12-01T00:00 in Shanghai.
  log_.Add({"88.108.1001/late", 1796054400000, "", "product"});
  log_.Close(kNovember);
  log_.Write(Dir());
  const VerifyReport report = Verify();
  EXPECT_THAT(Kinds(report), ElementsAre(FaultKind::kLeafOutsideMonth, FaultKind::kWrongCount))
      << Told(report);
  EXPECT_THAT(Told(report), HasSubstr("leaf 300 is outside the month"));
  VerifyOptions options = Options();
  options.sample = 1000;
  EXPECT_THAT(Kinds(Verify(options)), ElementsAre(FaultKind::kLeafOutsideMonth));
}

TEST_F(LedgerVerifyTest, ForkedCheckpoints) {
  Build();
  TestLog other = log_;  // the same keys, another history
  other.leaves()[800].identifier += "x";
  // A head of the same size with another root.
  Overwrite("statement/2026-11.checkpoint", other.SignedHead(kFirst + kSecond));
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kForkedCheckpoint));
  EXPECT_THAT(Told(Verify()), HasSubstr("are both of 2200 leaves but have different roots"));
  log_.Write(Dir());
  // A newer head that does not begin with the month's.
  Overwrite("checkpoint", other.SignedHead(other.size()));
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kForkedCheckpoint));
  EXPECT_THAT(Told(Verify()), HasSubstr("is not the beginning of"));
  log_.Write(Dir());
  // A head that somebody else was shown.
  VerifyOptions options = Options();
  options.seen = {{"seen.note", other.SignedHead(1000)}};
  EXPECT_THAT(Kinds(Verify(options)), ElementsAre(FaultKind::kForkedCheckpoint));
  options.seen = {{"seen.note", log_.SignedHead(1000)}};
  EXPECT_EQ(Told(Verify(options)), "");
  // Tiles and entries of the other history under the signed head of this one.
  other.Write(folder_.Path("other"));
  std::filesystem::copy(
      folder_.Path("other/tile"), Dir() + "/tile",
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(Kinds(Verify()), Contains(FaultKind::kForkedCheckpoint));
}

TEST_F(LedgerVerifyTest, WrongCounts) {
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember, ledger::StatementStatus::kFinal, [](ledger::Statement& statement) {
    statement.figures.first_ever += 1000;
    statement.figures.registrations += 1000;
    statement.rows.clear();
  });
  log_.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongCount));
  EXPECT_THAT(Told(Verify()), HasSubstr("first-ever is 1300, but the tree grew by 300"));
}

TEST_F(LedgerVerifyTest, WrongSignatures) {
  Build();
  const std::string note = log_.StatementNote(kNovember);
  std::string changed = note;
  changed.replace(changed.find("by-application: -"), 17, "by-application: z");
  Overwrite("statement/2026-11", changed);
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongSignature));
  // Another node's key of the same name.
  const TestLog other;
  Overwrite("statement/2026-11", other.SignStatement(log_.StatementOf(kNovember)));
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongSignature));
  log_.Write(Dir());
  Overwrite("checkpoint", other.SignedHead(0));
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongSignature));
  // The second key was asked for, and did not sign.
  log_.Write(Dir());
  const ledger::Signer one[] = {log_.signer()};
  Overwrite("statement/2026-11",
            ledger::FormatNote(
                ledger::SignText(ledger::FormatStatement(log_.StatementOf(kNovember)).value(), one)
                    .value()));
  VerifyOptions options = Options();
  EXPECT_EQ(Told(Verify(options)), "");
  options.keys.push_back(log_.verifier_sm2());
  EXPECT_THAT(Kinds(Verify(options)), ElementsAre(FaultKind::kWrongSignature));
}

TEST_F(LedgerVerifyTest, BrokenChain) {
  log_.AddMonth(kOctober, 300);
  log_.Close(kOctober);
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember);
  log_.Write(Dir());
  // October is stated anew after November named its text.
  ledger::Statement october = log_.StatementOf(kOctober);
  ++october.figures.registrations;
  ++october.figures.re_registrations;
  october.rows.clear();
  Overwrite("statement/2026-10", log_.SignStatement(october));
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kBrokenChain));
  ledger::Statement november = log_.StatementOf(kNovember);
  november.previous.reset();
  Overwrite("statement/2026-11", log_.SignStatement(november));
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kBrokenChain));
  EXPECT_THAT(Told(Verify()), HasSubstr("already had 300 leaves"));
}

TEST_F(LedgerVerifyTest, MissingAndMalformed) {
  Build();
  std::filesystem::remove(Dir() + "/tile/entries/004");
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kMissing));
  EXPECT_THAT(Told(Verify()), HasSubstr("tile/entries/004"));
  log_.Write(Dir());
  Overwrite("tile/entries/004", "x");
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kMalformed));
  log_.Write(Dir());
  Overwrite("tile/0/002.p/188", std::string(32, 'x'));
  EXPECT_THAT(Kinds(Verify()), Contains(FaultKind::kMalformed));
  log_.Write(Dir());
  Overwrite("statement/2026-11", "no note\n");
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kMalformed));
  std::filesystem::remove(Dir() + "/statement/2026-11");
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kMissing));
}

TEST_F(LedgerVerifyTest, FullTileStandsInForAPartialOneThatIsGone) {
  Build();
  std::filesystem::remove_all(Dir() + "/tile/0/002.p");
  EXPECT_EQ(Told(Verify()), "");
}

TEST_F(LedgerVerifyTest, MirrorOfAMonthVerifiesAndGoesOn) {
  Build();
  DirectorySource source(Dir());
  const std::string mirror = folder_.Path("mirror");
  const auto first = MirrorLedger(source, mirror, kNovember, nullptr);
  ASSERT_TRUE(first.ok()) << first.error().detail;
  EXPECT_EQ(first->kept, 0U);
  const auto again = MirrorLedger(source, mirror, kNovember, nullptr);
  ASSERT_TRUE(again.ok());
  EXPECT_GT(again->kept, 10U);
  EXPECT_LT(again->fetched, 10U);
  DirectorySource copy(mirror);
  VerifyOptions options = Options();
  EXPECT_EQ(Told(VerifyMonth(copy, options, nullptr).value()), "");
  options.sample = 100;
  EXPECT_EQ(Told(VerifyMonth(copy, options, nullptr).value()), "");
  const auto all = MirrorLedger(source, mirror, std::nullopt, nullptr);
  ASSERT_TRUE(all.ok());
  options = Options();
  options.since_start = true;
  EXPECT_EQ(Told(VerifyMonth(copy, options, nullptr).value()), "");
}

TEST_F(LedgerVerifyTest, CommandSaysItInBothLanguagesAndAsJson) {
  Build();
  const std::string vkey = folder_.Write("vkey", log_.verifier().Vkey() + "\n");
  const std::vector<std::string> arguments{"ledger",  "verify",  "--dir",  Dir(),
                                           "--month", "2026-11", "--vkey", vkey};
  const CliResult right = RunCli(arguments);
  EXPECT_EQ(right.code, kExitDone) << right.err;
  EXPECT_THAT(right.out, HasSubstr("verified: nothing wrong"));
  EXPECT_THAT(right.out, HasSubstr("1,500"));
  ReplaceEntry(Dir(), 1030, log_.size(), [](std::vector<std::string>& entries, std::size_t at) {
    std::swap(entries[at], entries[at + 3]);
  });
  const CliResult wrong = RunCli(arguments);
  EXPECT_EQ(wrong.code, kExitFailed);
  EXPECT_THAT(wrong.out, HasSubstr("NOT verified: 2 faults"));
  CliSetup chinese;
  chinese.language = Language::kChinese;
  EXPECT_THAT(RunCli(arguments, chinese).out, HasSubstr("第 1030 条记录次序被调换"));
  std::vector<std::string> json = arguments;
  json.push_back("--json");
  EXPECT_THAT(RunCli(json).out, HasSubstr(R"("kind":"reordered-leaf")"));
  json.insert(json.end(), {"--sample", "100", "--seed", "1"});
  EXPECT_THAT(RunCli(json).out, HasSubstr(R"("shareMissedAt1Percent":0.0450074)"));
  json.back() = "2";
  json[json.size() - 3] = "1500";  // all of them, and so the swapped ones
  EXPECT_THAT(RunCli(json).out, testing::AllOf(HasSubstr(R"("failedShare":0.00133333)"),
                                               Not(HasSubstr("shareMissedAt1Percent"))));
  std::vector<std::string> sampled = arguments;
  sampled.insert(sampled.end(), {"--sample", "1500"});
  EXPECT_THAT(RunCli(sampled).out, testing::AllOf(HasSubstr("2 of 1500 sampled leaves"),
                                                  Not(HasSubstr("the chance of missing it"))));
  EXPECT_EQ(RunCli({"ledger", "verify", "--dir", Dir(), "--month", "2026-11", "--vkey", vkey,
                    "--vkey-sm2", vkey})
                .code,
            kExitUsage);
  EXPECT_EQ(RunCli({"ledger", "verify", "--month", "2026-11", "--vkey", vkey}).code, kExitUsage);
  EXPECT_EQ(RunCli({"ledger", "verify", "--dir", Dir(), "--month", "2026-13", "--vkey", vkey}).code,
            kExitUsage);
  EXPECT_EQ(RunCli({"ledger", "verify", "--dir", Dir(), "--month", "2026-11", "--vkey", "x"}).code,
            kExitUsage);
}

TEST_F(LedgerVerifyTest, OtherZoneThanTheAgreedOneIsAFault) {
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember, ledger::StatementStatus::kFinal,
             [](ledger::Statement& statement) { statement.time_zone = "Pacific/Kiritimati"; });
  log_.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongTime));
  EXPECT_THAT(Told(Verify()), HasSubstr("Pacific/Kiritimati"));
  VerifyOptions options = Options();
  options.time_zone = "Pacific/Kiritimati";  // agreed: the leaves are judged by it
  EXPECT_THAT(Kinds(Verify(options)), Contains(FaultKind::kLeafOutsideMonth));
  EXPECT_THAT(Kinds(Verify(options)), Not(Contains(FaultKind::kWrongTime)));
  DirectorySource source(Dir());
  for (const char* zone : {"", "/etc/localtime", "../UTC", "a:b", "No/Such"}) {
    options.time_zone = zone;
    EXPECT_EQ(VerifyMonth(source, options, nullptr).code(), Errc::kInvalidRequest) << zone;
  }
}

TEST_F(LedgerVerifyTest, FinalBeforeTheEndOfTheMonthIsAFault) {
  log_.AddMonth(kNovember, 300);
  std::int64_t shift = -101;  // a millisecond before the end
  log_.Close(kNovember, ledger::StatementStatus::kFinal,
             [&](ledger::Statement& statement) { statement.generated_at_ms += shift; });
  log_.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongTime));
  ledger::Statement late = log_.StatementOf(kNovember);
  late.generated_at_ms += 90'000'000;
  Overwrite("statement/2026-11", log_.SignStatement(late));
  EXPECT_EQ(Told(Verify()), "");
  EXPECT_THAT(Unchecked(Verify()), Contains(HasSubstr("more than a day after the month's end")));
}

// What leaves do not tell is held to the total, and said to be no more than that.
TEST_F(LedgerVerifyTest, EarlierStatementThatIsNamedMustBeThereForAllMonths) {
  Build();
  std::filesystem::remove(Dir() + "/statement/2026-10");
  EXPECT_EQ(Told(Verify()), "");
  VerifyOptions options = Options();
  options.all_months = true;
  EXPECT_THAT(Kinds(Verify(options)), Contains(FaultKind::kMissing));
}

TEST_F(LedgerVerifyTest, StartHeadOfAProvisionalMonthIsExact) {
  log_.AddMonth(kOctober, 300);
  log_.Close(kOctober);
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember, ledger::StatementStatus::kProvisional);
  log_.Write(Dir());
  Overwrite("statement/2026-10.checkpoint", log_.SignedHead(400));  // of the log, but not its start
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kForkedCheckpoint));
}

TEST_F(LedgerVerifyTest, FolderOfOneMonthSaysThatItLacksTheOthers) {
  Build();
  DirectorySource source(Dir());
  ASSERT_TRUE(MirrorLedger(source, folder_.Path("mirror"), kNovember, nullptr).ok());
  DirectorySource mirror(folder_.Path("mirror"));
  VerifyOptions options = Options();
  options.since_start = true;
  const auto report = VerifyMonth(mirror, options, nullptr);
  EXPECT_EQ(report.code(), Errc::kInvalidRequest);
  EXPECT_THAT(report.error().detail, HasSubstr("download without --month"));
}

TEST_F(LedgerVerifyTest, AbsurdSizesAreFaultsAndCostNothing) {
  log_.AddMonth(kNovember, 10);
  log_.Close(kNovember, ledger::StatementStatus::kFinal, [](ledger::Statement& statement) {
    statement.tree_end.size = std::uint64_t{1} << 61;
    statement.figures.first_ever = std::int64_t{1} << 61;
    statement.figures.registrations = std::int64_t{1} << 61;
    statement.target_met = true;
    statement.rows.clear();
  });
  const std::string note = log_.StatementNote(kNovember);
  std::filesystem::create_directories(Dir() + "/statement");
  Overwrite("statement/2026-11", note);
  EXPECT_THAT(Told(Verify()), HasSubstr("more than any node can have"));
  // To copy it takes its checkpoint at its word, and fails at the first tile.
  Overwrite(
      "checkpoint",
      ledger::FormatNote(
          ledger::SignText(ledger::FormatCheckpoint(
                               {log_.verifier().name(), log_.StatementOf(kNovember).tree_end, {}}),
                           std::vector<ledger::Signer>{log_.signer()})
              .value()));
  DirectorySource source(Dir());
  EXPECT_EQ(MirrorLedger(source, folder_.Path("m"), kNovember, nullptr).code(), Errc::kNotFound);
  EXPECT_EQ(MirrorLedger(source, folder_.Path("m"), std::nullopt, nullptr).code(), Errc::kNotFound);
}

TEST_F(LedgerVerifyTest, MirrorKeepsNoBundleThatIsNone) {
  Build();
  Overwrite("tile/entries/004", "x");
  DirectorySource source(Dir());
  EXPECT_EQ(MirrorLedger(source, folder_.Path("mirror"), kNovember, nullptr).code(),
            Errc::kCorruption);
  EXPECT_FALSE(folder_.Has("mirror/tile/entries/004"));
}

}  // namespace
}  // namespace idnode::cli
