// `idnode rank`: order, eligibility, and what does not verify.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/cli/ledger/rank.h"
#include "tests/node/cli/ledger_log.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using ledger::StatementStatus;
using testing::HasSubstr;

/// A node that states a figure without having the leaves: ranking reads statements only.
struct RankedNode {
  explicit RankedNode(const std::string& origin) : log(origin) {}

  std::string Note(std::int64_t first_ever, StatementStatus status = StatementStatus::kFinal,
                   Month month = kNovember,
                   const std::function<void(ledger::Statement&)>& change = nullptr) {
    ledger::Statement statement;
    statement.origin = log.verifier().name();
    statement.month = month;
    statement.time_zone = "Asia/Shanghai";
    statement.status = status;
    statement.tree_start = {0, ledger::EmptyRoot()};
    statement.tree_end = {static_cast<std::uint64_t>(first_ever), ledger::LeafHash("any")};
    if (first_ever == 0) statement.tree_end = statement.tree_start;
    statement.figures = {first_ever, first_ever, 0, 0, 0};
    statement.target = kMonthlyTarget;
    statement.target_met = first_ever >= kMonthlyTarget;
    const TimeZone zone = TimeZone::Load("Asia/Shanghai").value();
    statement.generated_at_ms = zone.StartMs(Month{month.number + 1}) + 100;
    if (change) change(statement);
    return log.SignStatement(statement);
  }
  TestLog log;
};

class RankTest : public testing::Test {
 protected:
  RankedNode a_{"a.example/88.101"};
  RankedNode b_{"b.example/88.102"};
  RankedNode c_{"c.example/88.103"};
  RankedNode d_{"d.example/88.104"};
  const std::vector<ledger::Verifier> keys_{a_.log.verifier(), b_.log.verifier(), c_.log.verifier(),
                                            d_.log.verifier()};
  const TimeZone zone_ = TimeZone::Load("Asia/Shanghai").value();
  TestFolder folder_;
};

TEST_F(RankTest, OrderAndEligibility) {
  const auto rows = RankStatements({{"a", a_.Note(14'999'999)},
                                    {"b", b_.Note(15'000'000)},
                                    {"c", c_.Note(20'000'000)},
                                    {"d", d_.Note(15'000'000)}},
                                   keys_, std::nullopt, kMonthlyTarget, zone_);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].name, "c");
  EXPECT_EQ(rows[1].name, "b");
  EXPECT_EQ(rows[1].rank, 2U);
  EXPECT_EQ(rows[2].name, "d");
  EXPECT_EQ(rows[2].rank, 2U);  // equal figures, equal rank
  EXPECT_TRUE(rows[2].eligible);
  EXPECT_EQ(rows[3].rank, 4U);
  EXPECT_FALSE(rows[3].meets_target);
  EXPECT_FALSE(rows[3].eligible);
}

TEST_F(RankTest, SecondPlaceBelowTheTargetIsNotEligible) {
  const auto rows = RankStatements({{"a", a_.Note(10)}, {"b", b_.Note(15'000'000)}}, keys_,
                                   std::nullopt, kMonthlyTarget, zone_);
  EXPECT_TRUE(rows[1].top);
  EXPECT_FALSE(rows[1].eligible);
}

TEST_F(RankTest, WhatDoesNotVerifyIsKeptAndNotRanked) {
  std::string changed = b_.Note(16'000'000);
  changed.replace(changed.find("first-ever: 16"), 14, "first-ever: 99");
  const auto rows = RankStatements({{"a", a_.Note(15'500'000)},
                                    {"b", changed},
                                    {"c", "rubbish"},
                                    {"d", d_.Note(30'000'000, StatementStatus::kFinal, kOctober)},
                                    {"x", RankedNode("x.example").Note(40'000'000)}},
                                   keys_, std::nullopt, kMonthlyTarget, zone_);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0].name, "a");
  EXPECT_EQ(rows[0].rank, 1U);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_FALSE(rows[i].verified()) << rows[i].name;
    EXPECT_EQ(rows[i].rank, 0U);
    EXPECT_FALSE(rows[i].eligible);
  }
  EXPECT_THAT(rows[1].fault->en, HasSubstr("wrong signature"));
  EXPECT_THAT(rows[2].fault->en, HasSubstr("malformed"));
  EXPECT_THAT(rows[3].fault->en, HasSubstr("another month: 2026-10"));
  EXPECT_THAT(rows[4].fault->en, HasSubstr("no key of \"x.example\""));
}

TEST_F(RankTest, TwoStatementsOfOneNode) {
  const std::string note = a_.Note(16'000'000);
  auto rows = RankStatements({{"a", note}, {"again", note}, {"b", b_.Note(15'000'000)}}, keys_,
                             kNovember, kMonthlyTarget, zone_);
  EXPECT_EQ(rows[1].rank, 2U);
  EXPECT_THAT(rows[2].fault->en, HasSubstr("the same statement as a"));
  rows = RankStatements({{"a", note}, {"other", a_.Note(17'000'000)}}, keys_, kNovember,
                        kMonthlyTarget, zone_);
  EXPECT_FALSE(rows[0].verified());
  EXPECT_FALSE(rows[1].verified());
  rows = RankStatements({{"early", a_.Note(17, StatementStatus::kProvisional)}, {"a", note}}, keys_,
                        kNovember, kMonthlyTarget, zone_);
  EXPECT_EQ(rows[0].name, "a");
  EXPECT_THAT(rows[1].fault->en, HasSubstr("superseded by a"));
}

TEST_F(RankTest, TwoFinalStatementsFaultAllOfTheirNode) {
  const std::string one = a_.Note(16'000'000);
  const std::string two = a_.Note(17'000'000);
  const std::string three = a_.Note(18'000'000);
  const std::string early = a_.Note(5, StatementStatus::kProvisional);
  // Whatever their order and number, none of them slips through.
  for (const auto& entries : std::vector<std::vector<RankEntry>>{
           {{"1", one}, {"2", two}, {"3", three}},
           {{"1", one}, {"e", early}, {"2", two}},
           {{"e", early}, {"1", one}, {"1 again", one}, {"2", two}}}) {
    for (const RankRow& row : RankStatements(entries, keys_, kNovember, kMonthlyTarget, zone_)) {
      ASSERT_FALSE(row.verified()) << row.name;
      EXPECT_THAT(row.fault->en, HasSubstr("deny each other")) << row.name;
    }
  }
  // A provisional statement of more leaves than the final one: the log shrank.
  const auto rows =
      RankStatements({{"p", a_.Note(19'000'000, StatementStatus::kProvisional)}, {"1", one}}, keys_,
                     kNovember, kMonthlyTarget, zone_);
  EXPECT_FALSE(rows[0].verified());
  EXPECT_FALSE(rows[1].verified());
  // A final one whose figures are wrong is signed too.
  std::string wrong =
      a_.Note(20'000'000, StatementStatus::kFinal, kNovember, [](ledger::Statement& statement) {
        ++statement.figures.deletions;
        statement.target_met = false;
      });
  EXPECT_FALSE(
      RankStatements({{"1", one}, {"w", wrong}}, keys_, kNovember, kMonthlyTarget, zone_)[0]
          .verified());
}

TEST_F(RankTest, ZoneAndEndOfTheMonthAreTheAgreedOnes) {
  const std::int64_t end = zone_.StartMs(kDecember);
  const auto rank = [&](const std::function<void(ledger::Statement&)>& change) {
    return RankStatements({{"a", a_.Note(16'000'000, StatementStatus::kFinal, kNovember, change)}},
                          keys_, kNovember, kMonthlyTarget, zone_)[0];
  };
  EXPECT_TRUE(rank([&](auto& s) { s.generated_at_ms = end; }).verified());
  const RankRow early = rank([&](auto& s) { s.generated_at_ms = end - 1; });
  ASSERT_FALSE(early.verified());
  EXPECT_THAT(early.fault->en, HasSubstr("wrong time: final, but made at"));
  const RankRow other = rank([](auto& s) { s.time_zone = "Pacific/Kiritimati"; });
  ASSERT_FALSE(other.verified());
  EXPECT_THAT(other.fault->en, HasSubstr("Pacific/Kiritimati"));
  const RankRow late = rank([&](auto& s) { s.generated_at_ms = end + 90'000'000; });
  EXPECT_TRUE(late.eligible);
  EXPECT_THAT(late.note->en, HasSubstr("more than a day after"));
  EXPECT_FALSE(rank(nullptr).note.has_value());
}

TEST_F(RankTest, CommandMarksProvisionalAndEndsWithThree) {
  const std::string a = folder_.Write("a.note", a_.Note(16'000'000, StatementStatus::kProvisional));
  const std::string b = folder_.Write("b.note", b_.Note(15'000'000));
  const std::string bad = folder_.Write("bad.note", "rubbish");
  const std::string vkeys =
      folder_.Write("vkeys", a_.log.verifier().Vkey() + "\n" + b_.log.verifier().Vkey() + "\n");
  const CliResult right = RunCli({"rank", a, b, "--vkey", vkeys});
  EXPECT_EQ(right.code, kExitDone) << right.err;
  EXPECT_THAT(right.out, HasSubstr("not yet"));
  EXPECT_THAT(right.out, HasSubstr("provisional"));
  const CliResult partly = RunCli({"rank", a, b, bad, "--vkey", vkeys, "--json"});
  EXPECT_EQ(partly.code, kExitPartly);
  EXPECT_THAT(partly.out, HasSubstr(R"("origin":"b.example/88.102","month":"2026-11")"));
  EXPECT_EQ(RunCli({"rank", bad, "--vkey", vkeys}).code, kExitFailed);
  EXPECT_EQ(RunCli({"rank", folder_.Path("none"), "--vkey", vkeys}).code, kExitUsage);
  EXPECT_EQ(RunCli({"rank", a, b, "--vkey", vkeys, "--time-zone", "UTC"}).code, kExitFailed);
  EXPECT_EQ(RunCli({"rank", a, "--vkey", vkeys, "--time-zone", "../UTC"}).code, kExitUsage);
}

}  // namespace
}  // namespace idnode::cli
