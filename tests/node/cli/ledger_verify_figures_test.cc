// `idnode ledger verify` and a statement's figures: breakdowns, evidence, what leaves do not tell.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/cli/ledger/breakdown_counter.h"
#include "node/cli/ledger/verify.h"
#include "tests/node/cli/ledger_verify_fixture.h"

namespace idnode::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(LedgerVerifyTest, WrongBreakdown) {
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember, ledger::StatementStatus::kFinal, [](ledger::Statement& statement) {
    for (ledger::StatementRow& row : statement.rows) {
      const std::int64_t shift = row.key == "88.108.1001" ? 5 : row.key == "88.108.1002" ? -5 : 0;
      row.figures.first_ever += shift;
      row.figures.registrations += shift;
    }
  });
  log_.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongCount, FaultKind::kWrongCount));
  EXPECT_THAT(Told(Verify()), HasSubstr("says 105 first-ever by enterprise-prefix "
                                        "\"88.108.1001\"; the leaves give 100"));
}

TEST_F(LedgerVerifyTest, IdentifiersAreIdentifiersOfThePrefix) {
  log_.AddMonth(kNovember, 300);
  log_.leaves()[7].identifier = "no identifier";
  log_.leaves()[8].identifier = "88.109.1001/X";
  log_.Close(kNovember);
  log_.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kBadIdentifier));
  EXPECT_THAT(Told(Verify()), HasSubstr("leaf 7 is \"no identifier\""));
  EXPECT_THAT(Unchecked(Verify()), Contains(HasSubstr("under 88.108, 88.109: give --prefix")));
  VerifyOptions options = Options();
  options.prefixes = {"88.108"};
  EXPECT_THAT(Told(Verify(options)), HasSubstr("leaf 8 is \"88.109.1001/X\""));
  options.sample = 300;
  EXPECT_EQ(Verify(options).faults_total, 2U);
  EXPECT_EQ(Verify(options).sample->failed, 2U);
  options.prefixes.push_back("88.109");
  EXPECT_EQ(Verify(options).faults_total, 1U);
}

TEST_F(LedgerVerifyTest, RowOfAllOthers) {
  const auto close = [](std::size_t listed) {
    return [listed](ledger::Statement& statement) {
      std::vector<ledger::StatementRow> rows;
      ledger::StatementRow others{
          ledger::Breakdown::kEnterprisePrefix, std::string(ledger::kStatementOthersKey), {}};
      std::size_t kept = 0;
      for (const ledger::StatementRow& row : statement.rows) {
        if (row.breakdown != ledger::Breakdown::kEnterprisePrefix || kept++ < listed) {
          rows.push_back(row);
          continue;
        }
        others.figures.first_ever += row.figures.first_ever;
        others.figures.registrations += row.figures.registrations;
      }
      rows.push_back(others);
      statement.rows = rows;
    };
  };
  for (std::uint64_t i = 0; i < 6'300; ++i) {
    log_.Add({"88.108." + std::to_string(10'000 + i) + "/SN", 1'794'000'000'000, "", "product"});
  }
  TestLog hides = log_;
  log_.Close(kNovember, ledger::StatementStatus::kFinal, close(6'250));
  log_.Write(Dir());
  EXPECT_EQ(Told(Verify()), "");
  // Beside a few rows there is room for all.
  hides.Close(kNovember, ledger::StatementStatus::kFinal, close(10));
  hides.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongCount));
  EXPECT_THAT(Told(Verify()), HasSubstr("sums rows by enterprise-prefix up in one"));
}

TEST_F(LedgerVerifyTest, IndustryAndRegionAreHeldToTheTotal) {
  const auto stating = [](std::int64_t shoes, const std::string& others_key) {
    return [shoes, others_key](ledger::Statement& statement) {
      const auto add = [&](ledger::Breakdown breakdown, const std::string& key,
                           std::int64_t count) {
        statement.rows.push_back({breakdown, key, {count, count, 0, 0, 0}});
      };
      add(ledger::Breakdown::kIndustry, "C1952", shoes);
      add(ledger::Breakdown::kIndustry, others_key, 100);
      add(ledger::Breakdown::kRegion, "440100", 300);
    };
  };
  log_.AddMonth(kNovember, 300);
  TestLog short_sum = log_;
  TestLog hides = log_;
  log_.Close(kNovember, ledger::StatementStatus::kFinal, stating(200, ""));
  log_.Write(Dir());
  const VerifyReport report = Verify();
  EXPECT_EQ(Told(report), "");
  EXPECT_THAT(Unchecked(report), Contains(HasSubstr("rows by industry: that they add up")));
  EXPECT_THAT(Unchecked(report), Contains(HasSubstr("rows by region: that they add up")));
  short_sum.Close(kNovember, ledger::StatementStatus::kFinal, stating(199, ""));
  short_sum.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongCount));
  EXPECT_THAT(Told(Verify()), HasSubstr("industry"));
  hides.Close(kNovember, ledger::StatementStatus::kFinal,
              stating(200, std::string(ledger::kStatementOthersKey)));
  hides.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongCount));
  EXPECT_THAT(Told(Verify()), HasSubstr("sums rows by industry up in one"));
}

TEST_F(LedgerVerifyTest, OmittedBreakdownAndEvidenceAreSaidAloud) {
  log_.AddMonth(kNovember, 300);
  log_.Close(kNovember, ledger::StatementStatus::kFinal, [](ledger::Statement& statement) {
    statement.rows.clear();
    statement.evidence = {{"longest-sequence-run", "17"},
                          {"distinct-content", "300 ± 7"},
                          {"largest-source-address", "1.0000 10.0.0.1"}};
  });
  log_.Write(Dir());
  const VerifyReport report = Verify();
  EXPECT_THAT(Unchecked(report), Contains(HasSubstr("NO BREAKDOWN BY day")));
  EXPECT_THAT(Unchecked(report), Contains(HasSubstr("NO BREAKDOWN BY application")));
  EXPECT_THAT(Unchecked(report), Contains(HasSubstr("NO BREAKDOWN BY industry")));
  EXPECT_THAT(Unchecked(report), Contains(HasSubstr("\"largest-source-address\"")));
  EXPECT_THAT(Kinds(report), Contains(FaultKind::kWrongCount));
  EXPECT_THAT(Told(report), HasSubstr("longest-sequence-run \"17\""));
}

TEST_F(LedgerVerifyTest, LargestApplicationIsRecomputed) {
  log_.AddMonth(kNovember, 301);
  TestLog wrong = log_;
  const auto state = [](const std::string& value) {
    return [value](ledger::Statement& statement) {
      statement.evidence = {{"largest-application", value}};
    };
  };
  log_.Close(kNovember, ledger::StatementStatus::kFinal, state("0.5017 erp"));
  log_.Write(Dir());
  EXPECT_EQ(Told(Verify()), "");
  wrong.Close(kNovember, ledger::StatementStatus::kFinal, state("0.4983 -"));
  wrong.Write(Dir());
  EXPECT_THAT(Kinds(Verify()), ElementsAre(FaultKind::kWrongCount));
}

}  // namespace
}  // namespace idnode::cli
