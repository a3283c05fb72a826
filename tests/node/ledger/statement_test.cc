#include "node/ledger/statement.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

namespace idnode::ledger {
namespace {

Statement Example() {
  Statement statement;
  statement.origin = "idnode.example/88.108";
  statement.month = Month::Parse("2026-11").value();
  statement.time_zone = "Asia/Shanghai";
  statement.status = StatementStatus::kFinal;
  statement.tree_start = {0, EmptyRoot()};
  statement.tree_end = {3, LeafHash("x")};
  statement.figures = {3, 4, 1, 2, 1};
  statement.rows = {
      {Breakdown::kDay, "2026-11-01", {3, 4, 1, 2, 1}},
      {Breakdown::kApplication, "", {1, 1, 0, 0, 0}},
      {Breakdown::kApplication, "-", {0, 0, 0, 2, 0}},
      {Breakdown::kApplication, "app one 100%", {2, 3, 1, 0, 1}},
  };
  statement.target = 15'000'000;
  statement.target_met = false;
  statement.evidence = {{"share-never-resolved", "0.6667 ± 0.0082"},
                        {"longest-sequence-run", "3 88.108.1/SN3"}};
  statement.generated_at_ms = 1'796'054'400'123;
  statement.previous = LeafHash("previous");
  return statement;
}

constexpr std::string_view kExample =
    "idnode.example/88.108 registration statement v1\n"
    "month: 2026-11\n"
    "time-zone: Asia/Shanghai\n"
    "status: final\n"
    "tree-start: 0 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    "tree-end: 3 @ROOT@\n"
    "first-ever: 3\n"
    "registrations: 4\n"
    "re-registrations: 1\n"
    "deletions: 2\n"
    "net: 2\n"
    "reported-upward: 1\n"
    "columns: key first-ever registrations re-registrations deletions net reported-upward\n"
    "by-day: 2026-11-01 3 4 1 2 2 1\n"
    "by-application: - 1 1 0 0 1 0\n"
    "by-application: %2D 0 0 0 2 -2 0\n"
    "by-application: app%20one%20100%25 2 3 1 0 3 1\n"
    "target: 15000000\n"
    "target-met: no\n"
    "share-never-resolved: 0.6667 ± 0.0082\n"
    "longest-sequence-run: 3 88.108.1/SN3\n"
    "generated-at: 2026-11-30T16:00:00.123Z\n"
    "previous: @PREVIOUS@\n";

std::string ExampleText() {
  std::string text(kExample);
  text.replace(text.find("@ROOT@"), 6, HashText(LeafHash("x")));
  const Hash previous = LeafHash("previous");
  text.replace(text.find("@PREVIOUS@"), 10,
               Hex({reinterpret_cast<const char*>(previous.data()), previous.size()}));
  return text;
}

TEST(StatementTest, WritesTheExample) {
  const auto text = FormatStatement(Example());
  ASSERT_TRUE(text.ok()) << text.error().detail;
  EXPECT_EQ(*text, ExampleText());
  EXPECT_TRUE(CheckNoteText(*text).ok());
  EXPECT_EQ(StatementDigest(*text), Sha256(*text));
}

TEST(StatementTest, ReadsBackWhatItWrote) {
  const auto statement = ParseStatement(ExampleText());
  ASSERT_TRUE(statement.ok()) << statement.error().detail;
  EXPECT_EQ(*statement, Example());
}

TEST(StatementTest, FirstAndProvisional) {
  Statement statement = Example();
  statement.previous.reset();
  statement.status = StatementStatus::kProvisional;
  statement.rows.clear();
  statement.evidence.clear();
  const std::string text = FormatStatement(statement).value();
  EXPECT_NE(text.find("previous: none\n"), std::string::npos);
  EXPECT_NE(text.find("status: provisional\n"), std::string::npos);
  EXPECT_EQ(ParseStatement(text).value(), statement);
}

TEST(StatementTest, RowsAreOrdered) {
  Statement statement = Example();
  std::reverse(statement.rows.begin(), statement.rows.end());
  EXPECT_EQ(FormatStatement(statement).value(), ExampleText());
}

TEST(StatementTest, EscapesWhatANoteMayNotHold) {
  Statement statement = Example();
  statement.rows[3].key = "tab\tline\nspace %\x7f";
  statement.evidence[0].second = "not\xffutf8 标";
  const std::string text = FormatStatement(statement).value();
  EXPECT_TRUE(CheckNoteText(text).ok());
  EXPECT_NE(text.find("tab%09line%0Aspace%20%25%7F"), std::string::npos);
  EXPECT_EQ(ParseStatement(text).value(), statement);
}

TEST(StatementTest, EveryLineIsNeededOnceAndInOrder) {
  const std::string text = ExampleText();
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  const auto join = [](const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& part : parts) all += part;
    return all;
  };
  const auto is_optional = [](const std::string& line) {
    return line.starts_with("by-") || line.starts_with("share-") || line.starts_with("longest-");
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(ParseStatement(join(without)).ok(), is_optional(lines[i])) << lines[i];
    auto twice = lines;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    EXPECT_EQ(ParseStatement(join(twice)).code(), Errc::kInvalidRequest) << lines[i];
    if (i + 1 < lines.size()) {
      auto swapped = lines;
      std::swap(swapped[i], swapped[i + 1]);
      const bool both_evidence = lines[i].starts_with("share-");
      EXPECT_EQ(ParseStatement(join(swapped)).ok(), both_evidence) << lines[i];
    }
  }
  EXPECT_FALSE(ParseStatement(text.substr(0, text.size() - 1)).ok());
  EXPECT_FALSE(ParseStatement(text + "\n").ok());
}

TEST(StatementTest, RefusesOtherForms) {
  const auto replaced = [](std::string_view from, std::string_view to) {
    std::string text = ExampleText();
    text.replace(text.find(from), from.size(), to);
    return ParseStatement(text).code();
  };
  EXPECT_EQ(replaced("statement v1", "statement v2"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("2026-11\n", "2026-13\n"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("status: final", "status: Final"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("net: 2", "net: 3"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("first-ever: 3", "first-ever: 03"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("first-ever: 3", "first-ever: 3 "), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("%2D", "%2d"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("%2D", "%2"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("app%20one", "app%6Fone"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced(" 0 0 0 2 -2 0", " 0 0 0 2 -2"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced(" 0 0 0 2 -2 0", " 0 0 0 2 -2 0 0"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("by-application: -", "by-colour: -"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("target-met: no", "target-met: maybe"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("longest-sequence-run", "share-never-resolved"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("longest-sequence-run", "Longest"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("2026-11-30T16", "2026-11-31T16"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("2026-11-30T16", "2026-11-30T24"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("tree-end: 3 ", "tree-end: 03 "), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("deletions: 2", "deletions: 9223372036854775807"), Errc::kInvalidRequest);
  EXPECT_EQ(replaced("deletions: 2", "deletions: -9223372036854775808"), Errc::kInvalidRequest);
}

TEST(StatementTest, RefusesToWriteBeyondItsBounds) {
  const auto field_of = [](const std::function<void(Statement&)>& change) {
    Statement statement = Example();
    change(statement);
    const auto text = FormatStatement(statement);
    return text.ok() ? "none" : text.error().field;
  };
  EXPECT_EQ(field_of([](Statement& s) { s.origin = ""; }), "origin");
  EXPECT_EQ(field_of([](Statement& s) { s.origin = "a\nb"; }), "origin");
  EXPECT_EQ(field_of([](Statement& s) { s.time_zone = "a\tb"; }), "time-zone");
  EXPECT_EQ(field_of([](Statement& s) { s.figures.deletions = INT64_MAX; }), "figures");
  EXPECT_EQ(field_of([](Statement& s) { s.tree_end.size = kTreeSizeMax + 1; }), "tree");
  EXPECT_EQ(field_of([](Statement& s) { s.rows.push_back(s.rows[0]); }), "rows");
  EXPECT_EQ(
      field_of([](Statement& s) { s.rows[1].key = std::string(kStatementValueBytesMax + 1, 'x'); }),
      "rows");
  EXPECT_EQ(field_of([](Statement& s) { s.evidence.emplace_back("month", "x"); }), "evidence");
  EXPECT_EQ(field_of([](Statement& s) { s.evidence.emplace_back("by-day", "x"); }), "evidence");
  EXPECT_EQ(field_of([](Statement& s) { s.evidence.emplace_back("a b", "x"); }), "evidence");
  EXPECT_EQ(field_of([](Statement& s) { s.evidence.emplace_back("empty", ""); }), "evidence");
  EXPECT_EQ(field_of([](Statement& s) { s.evidence.push_back(s.evidence[0]); }), "evidence");
  EXPECT_EQ(field_of([](Statement& s) {
              s.rows.clear();
              for (std::size_t i = 0; i <= kStatementRowsMax; ++i) {
                s.rows.push_back({Breakdown::kDay, std::to_string(i), {}});
              }
            }),
            "rows");
}

TEST(StatementTest, FiguresMustAgree) {
  EXPECT_TRUE(CheckFigures(Example()).ok()) << CheckFigures(Example()).error().detail;
  const auto code = [](const std::function<void(Statement&)>& change) {
    Statement statement = Example();
    change(statement);
    return CheckFigures(statement).code();
  };
  EXPECT_EQ(code([](Statement& s) { s.tree_end.size = 4; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.tree_start.size = 4; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.figures.registrations = 5; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.figures.deletions = -1; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.target_met = true; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.target = 3; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.rows.pop_back(); }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.rows[0].figures.reported_upward = 2; }), Errc::kCorruption);
  EXPECT_EQ(code([](Statement& s) { s.rows.clear(); }), Errc::kOk);
}

// The row of all others has a written key that no other key has.
TEST(StatementTest, OthersAreNotMistakenForAKey) {
  EXPECT_EQ(EscapeStatementKey(kStatementOthersKey), "*");
  EXPECT_EQ(EscapeStatementKey("*"), "%2A");
  Statement statement = *ParseStatement(*FormatStatement(Example()));
  statement.rows = {{Breakdown::kTemplate, "*", {1, 1, 0, 0, 0}},
                    {Breakdown::kTemplate, "(others)", {1, 1, 0, 0, 0}},
                    {Breakdown::kTemplate, std::string(kStatementOthersKey), {1, 1, 0, 0, 0}}};
  const auto text = FormatStatement(statement);
  ASSERT_TRUE(text.ok()) << text.error().detail;
  const auto read = ParseStatement(*text);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  ASSERT_EQ(read->rows.size(), 3u);
  EXPECT_EQ(read->rows[2].key, kStatementOthersKey);
  std::string other = *text;
  other.replace(other.find("by-template: * "), 15, "by-template: %FF%2A ");
  EXPECT_FALSE(ParseStatement(other).ok());
}

}  // namespace
}  // namespace idnode::ledger
