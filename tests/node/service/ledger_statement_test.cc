#include "node/service/ledger_statement.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/node/service/ledger_fixture.h"
#include "tests/node/service/standing_fixture.h"

namespace idnode::service {
namespace {

using storage::Dimension;

constexpr Month kMonth{24'322};

// Parts whose total and days agree with a tree of `leaves`.
StatementParts PartsOf(std::int64_t leaves) {
  StatementParts parts;
  parts.origin = kTestOrigin;
  parts.month = kMonth;
  parts.time_zone = "Asia/Shanghai";
  parts.status = ledger::StatementStatus::kFinal;
  parts.tree_start = {0, ledger::EmptyRoot()};
  parts.tree_end = {static_cast<std::uint64_t>(leaves), Sha256("x")};
  parts.evidence = storage::LedgerEvidence{1, 1, "88.108.1/secret"};
  parts.resolved = 1;
  storage::Figures figures;
  figures.first_ever = figures.registrations = leaves;
  for (const auto& row : storage::Dimensions()) {
    parts.counters[{kMonth, row.dimension, ""}] = figures;
  }
  return parts;
}

// Moves all of a dimension from "" to values of the caller's, one or more each.
void Spread(StatementParts& parts, Dimension dimension, const std::vector<std::string>& values) {
  storage::Figures& rest = parts.counters[{kMonth, dimension, ""}];
  for (const auto& value : values) {
    storage::Figures one;
    one.first_ever = one.registrations = 1;
    parts.counters[{kMonth, dimension, value}] += one;
    rest -= one;
  }
}

std::string EvidenceOf(const ledger::Statement& statement, std::string_view name) {
  for (const auto& [each, value] : statement.evidence) {
    if (each == name) return value;
  }
  return "(absent)";
}

std::size_t RowsOf(const ledger::Statement& statement, ledger::Breakdown breakdown) {
  return static_cast<std::size_t>(
      std::count_if(statement.rows.begin(), statement.rows.end(),
                    [&](const auto& row) { return row.breakdown == breakdown; }));
}

// Whatever texts clients choose, there is a statement, and it can be read.
TEST(LedgerStatementTest, HostileKeysAreStated) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> names = {"(others)", "*", "-", "%2A", "%2D", "\xe2\x80\xa8", " "};
  for (int round = 0; round < 6; ++round) {
    std::vector<std::string> values = names;
    const std::size_t length = round < 2 ? 1020 : 1 + random() % 1020;
    for (int i = 0; i < 7'000; ++i) {
      std::string value(length, round % 2 == 0 ? ' ' : '%');
      for (int digit = i; digit > 0; digit /= 10) {
        value[random() % std::min<std::size_t>(length, 8)] = static_cast<char>('0' + digit % 10);
      }
      values.push_back(std::move(value));
    }
    auto parts = PartsOf(20'000);
    for (const auto dimension :
         {Dimension::kTemplate, Dimension::kObjectClass, Dimension::kApplication}) {
      Spread(parts, dimension, values);
    }
    const auto made = SignStatement(parts, TestKeys().signers);
    ASSERT_TRUE(made.ok()) << made.error().detail;
    const auto note = ledger::ParseNote(made->note, ledger::kStatementNoteBytesMax);
    ASSERT_TRUE(note.ok());
    const auto read = ledger::ParseStatement(note->text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_TRUE(ledger::CheckFigures(*read).ok());
    EXPECT_EQ(ledger::StatementDigest(note->text), made->digest);
  }
}

TEST(LedgerStatementTest, TheOthersAreSummedUpUnderAKeyOfTheirOwn) {
  std::vector<std::string> values = {"(others)", "*", "*", "*"};
  for (int i = 0; i < 7'000; ++i) values.push_back("t" + std::to_string(i));
  auto parts = PartsOf(static_cast<std::int64_t>(values.size()));
  Spread(parts, Dimension::kTemplate, values);
  const auto statement = MakeStatement(parts);
  ASSERT_TRUE(statement.ok()) << statement.error().detail;
  std::int64_t others = 0;
  std::int64_t stars = 0;
  for (const auto& row : statement->rows) {
    if (row.breakdown != ledger::Breakdown::kTemplate) continue;
    if (row.key == ledger::kStatementOthersKey) others += row.figures.first_ever;
    if (row.key == "*") stars += row.figures.first_ever;
  }
  EXPECT_GT(others, 500);
  EXPECT_EQ(stars, 3);
}

TEST(LedgerStatementTest, ABreakdownThatWasNotCountedFromTheBeginningIsLeftOut) {
  auto parts = PartsOf(10);
  for (const auto dimension : {Dimension::kTemplate, Dimension::kAttributes}) {
    auto& figures = parts.counters[{kMonth, dimension, ""}];
    figures.first_ever = figures.registrations = 4;
  }
  parts.counters.erase({kMonth, Dimension::kSourceAddress, ""});
  parts.counters.erase({kMonth, Dimension::kRegion, ""});
  const auto statement = MakeStatement(parts);
  ASSERT_TRUE(statement.ok()) << statement.error().detail;
  EXPECT_EQ(RowsOf(*statement, ledger::Breakdown::kTemplate), 0u);
  EXPECT_EQ(RowsOf(*statement, ledger::Breakdown::kRegion), 0u);
  EXPECT_EQ(RowsOf(*statement, ledger::Breakdown::kIndustry), 1u);
  EXPECT_EQ(RowsOf(*statement, ledger::Breakdown::kObjectClass), 1u);
  EXPECT_EQ(EvidenceOf(*statement, "share-without-attributes"), "(absent)");
  EXPECT_EQ(EvidenceOf(*statement, "largest-source-address"), "(absent)");
  EXPECT_EQ(EvidenceOf(*statement, "largest-application"), "1.0000 -");
  // More than the total is no late beginning.
  parts.counters[{kMonth, Dimension::kTemplate, ""}].first_ever = 11;
  EXPECT_EQ(MakeStatement(parts).code(), Errc::kCorruption);
}

std::map<std::string, std::int64_t> FirstEverBy(const ledger::Statement& statement,
                                                ledger::Breakdown breakdown) {
  std::map<std::string, std::int64_t> figures;
  for (const auto& row : statement.rows) {
    if (row.breakdown == breakdown) figures[row.key] = row.figures.first_ever;
  }
  return figures;
}

using FirstEver = std::map<std::string, std::int64_t>;

TEST(LedgerStatementTest, IndustryAndRegionAreBrokenDown) {
  auto parts = PartsOf(10);
  Spread(parts, Dimension::kIndustry, {"C1952", "C1952", "C1952", "C3074"});
  Spread(parts, Dimension::kRegion, std::vector<std::string>(10, "440100"));
  const auto statement = MakeStatement(parts);
  ASSERT_TRUE(statement.ok()) << statement.error().detail;
  EXPECT_EQ(FirstEverBy(*statement, ledger::Breakdown::kIndustry),
            (FirstEver{{"", 6}, {"C1952", 3}, {"C3074", 1}}));
  EXPECT_EQ(FirstEverBy(*statement, ledger::Breakdown::kRegion), (FirstEver{{"440100", 10}}));
  const auto text = *ledger::FormatStatement(*statement);
  EXPECT_NE(text.find("\nby-industry: - 6 6 0 0 6 0\nby-industry: C1952 3 3 0 0 3 0\n"),
            std::string::npos);
  EXPECT_NE(text.find("\nby-region: 440100 10 10 0 0 10 0\n"), std::string::npos);
}

// What the statement says of industries is what they were when the registrations were made, in the
// running month and in its final statement alike.
TEST(LedgerStatementTest, StatesTheStandingAtRegistration) {
  LedgerNode node;
  TestNode& inner = node.node;
  const std::string enterprise = inner.AddEnterprise(1, "C1952", "440100");
  ASSERT_TRUE(inner.prefixes->Admit(inner.Operator(), "88.108.1", enterprise, inner.Soon()).ok());
  inner.RegisterMany(Ids(1, 0, 4));
  SetStanding(inner, enterprise, "C1951", "440300");
  inner.RegisterMany(Ids(1, 4, 3));
  inner.RegisterMany(Ids(2, 0, 2));
  inner.Delete(Id(1, 0));
  node.Settle();
  const Month month = node.state().month;
  for (const bool closed : {false, true}) {
    if (closed) {
      inner.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
      node.Settle();
    }
    const auto report = node.reader->Statement(month, inner.Soon());
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_EQ(report->read.status,
              closed ? ledger::StatementStatus::kFinal : ledger::StatementStatus::kProvisional);
    EXPECT_EQ(FirstEverBy(report->read, ledger::Breakdown::kIndustry),
              (FirstEver{{"", 2}, {"C1951", 3}, {"C1952", 4}}));
    EXPECT_EQ(FirstEverBy(report->read, ledger::Breakdown::kRegion),
              (FirstEver{{"", 2}, {"440100", 4}, {"440300", 3}}));
    EXPECT_TRUE(ledger::CheckFigures(report->read).ok());
  }
  ExpectMonthsAreTrue(node);
}

TEST(LedgerStatementTest, NamesNoAddressAndNoIdentifier) {
  auto parts = PartsOf(10);
  Spread(parts, Dimension::kSourceAddress, {"192.0.2.1", "192.0.2.1"});
  Spread(parts, Dimension::kSourceAddress, std::vector<std::string>(8, "192.0.2.9"));
  const auto statement = MakeStatement(parts);
  ASSERT_TRUE(statement.ok()) << statement.error().detail;
  EXPECT_EQ(EvidenceOf(*statement, "largest-source-address"), "0.8000");
  EXPECT_EQ(EvidenceOf(*statement, "longest-sequence-run"), "1");
  const auto text = *ledger::FormatStatement(*statement);
  EXPECT_EQ(text.find("192.0.2"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST(LedgerStatementTest, WhatIsNotKnownIsNotStated) {
  auto parts = PartsOf(10);
  parts.evidence.reset();
  parts.resolved.reset();
  const auto statement = MakeStatement(parts);
  ASSERT_TRUE(statement.ok());
  for (const char* name : {"distinct-content", "share-identical-content", "longest-sequence-run",
                           "share-never-resolved"}) {
    EXPECT_EQ(EvidenceOf(*statement, name), "(absent)") << name;
  }
}

}  // namespace
}  // namespace idnode::service
