#include "node/cli/record_reader.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kBoundBytes = 100;

class RecordReaderTest : public testing::Test {
 protected:
  std::unique_ptr<RecordReader> Open(const std::string& text,
                                     InputFormat format = InputFormat::kCsv,
                                     std::size_t bound = kInputRecordBytesMax) {
    auto reader = RecordReader::Open(folder_.Write("input", text), format, ',', bound);
    EXPECT_TRUE(reader.ok());
    return *std::move(reader);
  }
  std::vector<std::string> RawOf(RecordReader& reader) {
    std::vector<std::string> records;
    InputRecord record;
    while (true) {
      const auto more = reader.Next(record);
      EXPECT_TRUE(more.ok());
      if (!more.ok() || !*more) return records;
      records.emplace_back(record.raw);
    }
  }
  TestFolder folder_;
};

TEST_F(RecordReaderTest, PassesOverMarkAndEmptyLines) {
  const auto reader = Open("\xEF\xBB\xBFgtin,name\r\n\r\n1,a\n\n2,b");
  EXPECT_THAT(RawOf(*reader), ElementsAre("gtin,name", "1,a", "2,b"));
}

TEST_F(RecordReaderTest, GoesOnWhereAnotherStopped) {
  const std::string text = "h\n1\n\"2\nx\"\n3\n4\n";
  const auto first = Open(text);
  InputRecord record;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(*first->Next(record));
  const auto second = Open(text);
  ASSERT_TRUE(second->Seek(first->offset(), first->line()).ok());
  ASSERT_TRUE(*second->Next(record));
  EXPECT_EQ(record.raw, "3");
  EXPECT_EQ(record.line, 5U);
}

TEST_F(RecordReaderTest, ReadsFilesLargerThanItsBuffer) {
  std::string text = "h\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",\"x\ny\"\n";
  const auto reader = Open(text);
  const std::vector<std::string> records = RawOf(*reader);
  ASSERT_EQ(records.size(), 100'001U);
  EXPECT_EQ(records.back(), "99999,\"x\ny\"");
  EXPECT_EQ(reader->offset(), text.size());
  EXPECT_EQ(reader->line(), 200'002U);
}

TEST_F(RecordReaderTest, RecordAtItsBoundIsReadBeyondItIsNot) {
  for (const InputFormat format : {InputFormat::kCsv, InputFormat::kJsonLines}) {
    const auto at = Open(std::string(kBoundBytes, 'x') + "\nnext\n", format, kBoundBytes);
    EXPECT_THAT(RawOf(*at), ElementsAre(std::string(kBoundBytes, 'x'), "next"));
    const auto over =
        Open("first\n" + std::string(kBoundBytes + 1, 'x') + "\n", format, kBoundBytes);
    InputRecord record;
    ASSERT_TRUE(*over->Next(record));
    const auto refused = over->Next(record);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().detail, HasSubstr("line 2"));
    EXPECT_THAT(refused.error().detail, HasSubstr("100 bytes"));
  }
}

TEST_F(RecordReaderTest, OpenQuoteNamesTheLineWhereItsRecordBegins) {
  const auto reader = Open("h\n1\n\"open\n2\n3\n");
  InputRecord record;
  ASSERT_TRUE(*reader->Next(record));
  ASSERT_TRUE(*reader->Next(record));
  const auto refused = reader->Next(record);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("line 3: a quoted field"));
}

TEST_F(RecordReaderTest, FolderIsNotAFile) {
  const auto refused = RecordReader::Open(folder_.Path("."), InputFormat::kCsv, ',');
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Errc::kInvalidRequest);
}

TEST(InputFormatTest, IsToldByTheName) {
  EXPECT_EQ(*InputFormatOf("a/b.csv"), InputFormat::kCsv);
  EXPECT_EQ(*InputFormatOf("b.tsv"), InputFormat::kCsv);
  EXPECT_EQ(*InputFormatOf("b.jsonl"), InputFormat::kJsonLines);
  EXPECT_EQ(InputFormatOf("b.xlsx").code(), Errc::kInvalidRequest);
}

}  // namespace
}  // namespace idnode::cli
