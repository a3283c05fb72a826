// The worked examples of storage/FORMAT.md are what the code writes.

#include <gtest/gtest.h>

#include "node/base/text.h"
#include "node/model/record.h"
#include "storage/counters.h"
#include "storage/key_codec.h"
#include "storage/rocksdb/disk_key.h"
#include "storage/rocksdb/store_files.h"

namespace idnode::storage {
namespace {

constexpr std::int64_t kCommitMs = 1'795'312'800'123;  // 2026-11-22T02:00:00.123Z

TEST(FormatExampleTest, RecordKey) {
  EXPECT_EQ(Hex(DiskKey(3, RecordKey("88.108.1001/sn1")).slice().ToStringView()),
            "00037238382e3130382e313030312f736e31");
}

TEST(FormatExampleTest, RecordRow) {
  RecordHeader header;
  header.updated_ms = kCommitMs;
  header.application = "line-7";
  header.display = "88.108.1001/SN1";
  ValueView value;
  value.index = 1;
  value.type = "URL";
  value.data = "https://maker.example/SN1";
  ContentInput content;
  content.object_class = "product";
  content.values = {&value, 1};
  std::string row;
  EncodeRecordHeader(header, row);
  ASSERT_TRUE(EncodeContent(content, RecordLimits(), row).ok());
  EXPECT_EQ(Hex(row),
            "14"
            "7b51fb00a201"
            "066c696e652d37"
            "0f38382e3130382e313030312f534e31"
            "0770726f64756374"
            "0000"
            "01"
            "0100"
            "0355524c"
            "1968747470733a2f2f6d616b6572"
            "2e6578616d706c652f534e31");
}

TEST(FormatExampleTest, CounterRow) {
  const auto month = Month::Parse("2026-11");
  ASSERT_TRUE(month.ok());
  EXPECT_EQ(Hex(CounterKey(*month, static_cast<std::uint8_t>(Dimension::kDay), "2026-11-22")),
            "6300005f0201323032362d31312d3232");
  CounterRow row;
  row.version = 7;
  row.figures.first_ever = 1024;
  row.figures.registrations = 1024;
  EXPECT_EQ(Hex(EncodeCounter(row)), "0780088008000000");
}

TEST(FormatExampleTest, Keys) {
  EXPECT_EQ(Hex(HistoryKey("a/b", 2)), "68612f620000000002");
  EXPECT_EQ(Hex(FeedKey(258)), "660000000000000102");
  EXPECT_EQ(Hex(ShardKey()), "73");
  EXPECT_EQ(Hex(RequestKey(1, "app", "r1")), "7100000001617070007231");
  EXPECT_EQ(kFormatVersion, 1U);
}

}  // namespace
}  // namespace idnode::storage
