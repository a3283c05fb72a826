#include "node/cli/csv.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace idnode::cli {
namespace {

using testing::ElementsAre;

std::vector<std::string> Fields(const CsvRow& row) {
  return {row.fields.begin(), row.fields.end()};
}

/// All records of a text that is there as a whole.
std::vector<std::vector<std::string>> ParseAll(std::string_view text, char delimiter = ',') {
  std::vector<std::vector<std::string>> records;
  CsvRow row;
  while (ParseCsvRecord(text, true, delimiter, row) == CsvParse::kRecord) {
    records.push_back(Fields(row));
    text.remove_prefix(row.size);
  }
  return records;
}

TEST(CsvTest, ReadsPlainAndQuotedFields) {
  EXPECT_THAT(ParseAll("a,b,c\n\"x,y\",\"say \"\"hi\"\"\",\r\n"),
              ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("x,y", "say \"hi\"", "")));
}

TEST(CsvTest, KeepsLineEndsInsideQuotes) {
  CsvRow row;
  const std::string_view text = "\"one\r\ntwo\nthree\",x\r\nnext";
  ASSERT_EQ(ParseCsvRecord(text, true, ',', row), CsvParse::kRecord);
  EXPECT_THAT(row.fields, ElementsAre("one\r\ntwo\nthree", "x"));
  EXPECT_EQ(row.raw, "\"one\r\ntwo\nthree\",x");
  EXPECT_EQ(row.size, text.size() - 4);
  EXPECT_EQ(row.lines, 3U);
}

TEST(CsvTest, EveryRecordEndsAtItsLineEndOrTheEndOfTheText) {
  EXPECT_THAT(ParseAll("a\nb\r\nc"),
              ElementsAre(ElementsAre("a"), ElementsAre("b"), ElementsAre("c")));
  EXPECT_THAT(ParseAll("a,\n,b"), ElementsAre(ElementsAre("a", ""), ElementsAre("", "b")));
  EXPECT_THAT(ParseAll(""), ElementsAre());
}

TEST(CsvTest, QuoteInsideAnUnquotedFieldIsText) {
  EXPECT_THAT(ParseAll("5\" pipe,a\"b\"\n"), ElementsAre(ElementsAre("5\" pipe", "a\"b\"")));
}

TEST(CsvTest, TextAfterAClosingQuoteIsKeptAndMarked) {
  CsvRow row;
  ASSERT_EQ(ParseCsvRecord("\"a\"b,c\n", true, ',', row), CsvParse::kRecord);
  EXPECT_TRUE(row.malformed);
  EXPECT_THAT(row.fields, ElementsAre("ab", "c"));
  ASSERT_EQ(ParseCsvRecord("\"a\",c\n", true, ',', row), CsvParse::kRecord);
  EXPECT_FALSE(row.malformed);
}

TEST(CsvTest, OpenQuoteAtTheEndIsReported) {
  CsvRow row;
  EXPECT_EQ(ParseCsvRecord("a,\"open\nrest", true, ',', row), CsvParse::kOpenQuote);
  EXPECT_EQ(ParseCsvRecord("a,\"open\nrest", false, ',', row), CsvParse::kIncomplete);
}

TEST(CsvTest, AnyCutOfTheTextIsIncompleteNeverWrong) {
  const std::string text = "\"a\"\"b\",\"c\r\nd\",e\r\n";
  CsvRow row;
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(ParseCsvRecord(std::string_view(text).substr(0, size), false, ',', row),
              CsvParse::kIncomplete)
        << size;
  }
  ASSERT_EQ(ParseCsvRecord(text, false, ',', row), CsvParse::kRecord);
  EXPECT_THAT(row.fields, ElementsAre("a\"b", "c\r\nd", "e"));
}

TEST(CsvTest, OtherDelimiters) {
  EXPECT_THAT(ParseAll("a;b,c;\"d;e\"\n", ';'), ElementsAre(ElementsAre("a", "b,c", "d;e")));
  EXPECT_THAT(ParseAll("a\tb\n", '\t'), ElementsAre(ElementsAre("a", "b")));
}

TEST(CsvTest, ManyUnquotedFieldsKeepTheirViews) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\"q\"\"" + std::to_string(i) + "\",";
  text += "end\n";
  CsvRow row;
  ASSERT_EQ(ParseCsvRecord(text, true, ',', row), CsvParse::kRecord);
  ASSERT_EQ(row.fields.size(), 201U);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(row.fields[static_cast<std::size_t>(i)], "q\"" + std::to_string(i));
  }
}

TEST(CsvTest, WrittenFieldsReadBack) {
  const std::vector<std::string> cells{"plain", "a,b", "say \"hi\"", "two\nlines", "", "\r"};
  std::string line;
  for (const std::string& cell : cells) {
    if (!line.empty()) line += ',';
    AppendCsvField(cell, ',', line);
  }
  EXPECT_THAT(ParseAll(line + "\n"), ElementsAre(testing::ElementsAreArray(cells)));
}

}  // namespace
}  // namespace idnode::cli
