#include "node/model/record.h"

#include <array>

#include <gtest/gtest.h>

namespace idnode {
namespace {

ValueView Make(std::uint32_t index, std::string_view type, std::string_view data) {
  ValueView value;
  value.index = index;
  value.type = type;
  value.data = data;
  return value;
}

std::string Encoded(std::span<const ValueView> values, const RecordLimits& limits = {}) {
  ContentInput input;
  input.object_class = "product";
  input.values = values;
  std::string out;
  EXPECT_TRUE(EncodeContent(input, limits, out).ok());
  return out;
}

TEST(RecordTest, RoundTripsEveryField) {
  const std::array references = {ReferenceView{"88.1/other", 7}, ReferenceView{"88.1/more", 0}};
  std::array values = {Make(3, "URL", "https://maker.example/SN1"), Make(1, "NAME", "鞋")};
  values[0].ttl_seconds = 60;
  values[0].permissions = 0b0110;
  values[0].references = references;
  values[1].ttl_seconds = 1'900'000'000;
  values[1].absolute_ttl = true;
  ContentInput input{"product", "shoe@2", R"({"colour":"red"})", values};

  RecordHeader header;
  header.state = State::kFrozen;
  header.change = ChangeKind::kStateChanged;
  header.revision = 300;
  header.updated_ms = 1'795'000'000'123;
  header.registered_ms = 1'794'000'000'000;
  header.first_registered_ms = 1'793'000'000'000;
  header.application = "erp";
  header.display = "88.108.1001/SN1";
  std::string times;
  AppendValueTime(1, 1'794'000'000'001, times);
  header.value_times = times;
  std::string bytes;
  EncodeRecordHeader(header, bytes);
  ASSERT_TRUE(EncodeContent(input, {}, bytes).ok());

  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->state, State::kFrozen);
  EXPECT_EQ(record->change, ChangeKind::kStateChanged);
  EXPECT_EQ(record->revision, 300u);
  EXPECT_EQ(record->updated_ms, header.updated_ms);
  EXPECT_EQ(record->registered_ms, header.registered_ms);
  EXPECT_EQ(record->first_registered_ms, header.first_registered_ms);
  EXPECT_EQ(record->application, "erp");
  EXPECT_EQ(record->display, "88.108.1001/SN1");
  EXPECT_EQ(record->object_class, "product");
  EXPECT_EQ(record->template_ref, "shoe@2");
  EXPECT_EQ(record->attributes_json, R"({"colour":"red"})");
  EXPECT_EQ(record->ValueTimeMs(1), 1'794'000'000'001);
  EXPECT_EQ(record->ValueTimeMs(3), header.updated_ms);
  auto reader = record->values();
  ValueView value;
  ASSERT_TRUE(reader.Next(value));
  EXPECT_EQ(value.index, 1u);
  EXPECT_EQ(value.data, "鞋");
  EXPECT_TRUE(value.absolute_ttl);
  ASSERT_TRUE(reader.Next(value));
  EXPECT_EQ(value.index, 3u);
  EXPECT_EQ(value.ttl_seconds, 60u);
  EXPECT_EQ(value.permissions, 0b0110);
  ASSERT_EQ(value.references.size(), 2u);
  EXPECT_EQ(value.references[0].identifier, "88.1/other");
  EXPECT_EQ(value.references[0].index, 7u);
  EXPECT_FALSE(reader.Next(value));
  EXPECT_FALSE(reader.damaged());
}

TEST(RecordTest, ShortFormCostsSevenBytesAndTheApplication) {
  RecordHeader header;
  header.application = "erp";
  std::string bytes;
  EncodeRecordHeader(header, bytes);
  EXPECT_EQ(bytes.size(), 7u + 4u);
  bytes += Encoded({});
  PatchCommitTime(bytes.data(), 1'795'000'000'123);
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->updated_ms, 1'795'000'000'123);
  EXPECT_EQ(record->registered_ms, 1'795'000'000'123);
  EXPECT_EQ(record->first_registered_ms, 1'795'000'000'123);
  EXPECT_EQ(record->revision, 1u);
}

TEST(RecordTest, EqualContentHasEqualBytes) {
  const std::array a = {Make(2, "B", "b"), Make(1, "A", "a")};
  const std::array b = {Make(1, "A", "a"), Make(2, "B", "b")};
  const std::array unnumbered = {Make(0, "A", "a"), Make(0, "B", "b")};
  EXPECT_EQ(Encoded(a), Encoded(b));
  EXPECT_EQ(Encoded(a), Encoded(unnumbered));
}

TEST(RecordTest, FreeIndexesGoToValuesWithoutOne) {
  const std::array mixed = {Make(0, "A", "a"), Make(1, "B", "b"), Make(0, "C", "c")};
  const std::array numbered = {Make(2, "A", "a"), Make(1, "B", "b"), Make(3, "C", "c")};
  EXPECT_EQ(Encoded(mixed), Encoded(numbered));
}

void ExpectInvalid(const ContentInput& input, const RecordLimits& limits, std::string_view field) {
  std::string out = "kept";
  const auto encoded = EncodeContent(input, limits, out);
  ASSERT_FALSE(encoded.ok()) << field;
  EXPECT_EQ(encoded.error().code, Errc::kInvalidValue);
  EXPECT_EQ(encoded.error().field, field);
  EXPECT_EQ(out, "kept");
}

TEST(RecordTest, RefusalsNameTheField) {
  const std::array twice = {Make(1, "A", "a"), Make(1, "B", "b")};
  ExpectInvalid({"c", "", "", twice}, {}, "values[1].index");
  const std::array no_type = {Make(1, "A", "a"), Make(2, "", "b")};
  ExpectInvalid({"c", "", "", no_type}, {}, "values[1].type");
  const std::array tab = {Make(1, "A\tB", "a")};
  ExpectInvalid({"c", "", "", tab}, {}, "values[0].type");
  std::array permissions = {Make(1, "A", "a")};
  permissions[0].permissions = 16;
  ExpectInvalid({"c", "", "", permissions}, {}, "values[0].permissions");
  ExpectInvalid({"a\tb", "", "", {}}, {}, "objectClass");
  ExpectInvalid({"c", "a\nb", "", {}}, {}, "template");
}

TEST(RecordTest, EveryLimitHoldsAtItsBoundary) {
  RecordLimits limits;
  limits.values_max = 2;
  limits.value_bytes_max = 5;
  limits.record_bytes_max = 8;
  limits.type_bytes_max = 3;
  limits.references_max = 1;
  limits.object_class_bytes_max = 4;
  limits.template_bytes_max = 4;
  limits.attributes_bytes_max = 4;
  const std::array two_references = {ReferenceView{"88.1/x", 1}, ReferenceView{"88.1/y", 1}};
  std::array full = {Make(1, "URL", "12345"), Make(2, "URL", "123")};
  full[0].references = std::span(two_references).first(1);
  std::string out;
  EXPECT_TRUE(EncodeContent({"1234", "1234", "1234", full}, limits, out).ok());

  ExpectInvalid({"12345", "", "", {}}, limits, "objectClass");
  ExpectInvalid({"", "12345", "", {}}, limits, "template");
  ExpectInvalid({"", "", "12345", {}}, limits, "attributes");
  const std::array three = {Make(1, "A", ""), Make(2, "A", ""), Make(3, "A", "")};
  ExpectInvalid({"", "", "", three}, limits, "values");
  const std::array long_data = {Make(1, "A", "123456")};
  ExpectInvalid({"", "", "", long_data}, limits, "values[0].data");
  const std::array long_type = {Make(1, "ABCD", "")};
  ExpectInvalid({"", "", "", long_type}, limits, "values[0].type");
  const std::array heavy = {Make(1, "A", "12345"), Make(2, "A", "1234")};
  ExpectInvalid({"", "", "", heavy}, limits, "values");
  std::array references = {Make(1, "A", "")};
  references[0].references = two_references;
  ExpectInvalid({"", "", "", references}, limits, "values[0].references");
}

TEST(RecordTest, DefaultLimitsAreThoseOfTheIssue) {
  const RecordLimits limits;
  EXPECT_EQ(limits.identifier_bytes_max, 255u);
  EXPECT_EQ(limits.values_max, 256u);
  EXPECT_EQ(limits.value_bytes_max, 65'536u);
}

TEST(RecordTest, EveryCutOfARecordIsFoundOut) {
  RecordHeader header;
  header.revision = 2;
  header.change = ChangeKind::kUpdated;
  header.application = "erp";
  header.display = "88.1/X";
  std::string bytes;
  EncodeRecordHeader(header, bytes);
  const std::array references = {ReferenceView{"88.1/other", 7}};
  std::array values = {Make(1, "URL", "https://maker.example")};
  values[0].references = references;
  values[0].ttl_seconds = 1;
  values[0].permissions = 2;
  bytes += Encoded(values);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto record = DecodeRecord(std::string_view(bytes).substr(0, size));
    if (!record.ok()) {
      EXPECT_EQ(record.error().code, Errc::kCorruption);
      continue;
    }
    auto reader = record->values();
    ValueView value;
    while (reader.Next(value)) {
    }
    EXPECT_TRUE(reader.damaged()) << size;
  }
}

TEST(RecordTest, TextIsUtf8WithoutControlCharacters) {
  EXPECT_TRUE(IsTextData("line\r\n\ttab 标识"));
  EXPECT_FALSE(IsTextData(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsTextData("\x7f"));
  EXPECT_FALSE(IsTextData("\xff\xfe"));
}

TEST(RecordTest, CachesFollowTheShortestTtl) {
  std::array values = {Make(1, "A", "a"), Make(2, "B", "b")};
  values[1].ttl_seconds = 30;
  std::string bytes;
  EncodeRecordHeader({}, bytes);
  bytes += Encoded(values);
  EXPECT_EQ(CacheSeconds(*DecodeRecord(bytes)), 30u);
  bytes.clear();
  EncodeRecordHeader({}, bytes);
  bytes += Encoded({});
  EXPECT_EQ(CacheSeconds(*DecodeRecord(bytes)), kDefaultTtlSeconds);
}

}  // namespace
}  // namespace idnode
