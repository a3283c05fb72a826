#include "node/cli/row_mapper.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace idnode::cli {
namespace {

using testing::HasSubstr;

Mapping CsvMapping() {
  Mapping mapping;
  mapping.prefix = "88.108.1001";
  mapping.suffix_column = "gtin";
  mapping.object_class = "product";
  mapping.values = {{"brand", "BRAND"}, {"name", "NAME"}};
  mapping.attributes = {{"colour", "colour"}};
  return mapping;
}

const std::vector<std::string_view> kHeader{"gtin", "name", "brand", "colour"};

Result<v1::RegisterItem> MapFields(RowMapper& mapper, const std::vector<std::string_view>& fields) {
  InputRecord record;
  record.fields = &fields;
  v1::RegisterItem item;
  auto mapped = mapper.Map(record, item);
  if (!mapped.ok()) return mapped.error();
  return item;
}

Result<v1::RegisterItem> MapLine(const Mapping& mapping, std::string_view line) {
  auto mapper = RowMapper::Create(mapping, {});
  if (!mapper.ok()) return mapper.error();
  InputRecord record;
  record.raw = line;
  v1::RegisterItem item;
  auto mapped = (*mapper)->Map(record, item);
  if (!mapped.ok()) return mapped.error();
  return item;
}

TEST(RowMapperTest, ColumnsBecomeValuesWithFixedIndexes) {
  auto mapper = RowMapper::Create(CsvMapping(), kHeader);
  ASSERT_TRUE(mapper.ok());
  const auto item = MapFields(**mapper, {"0012345", "Shoe", "Acme", "red"});
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->identifier(), "88.108.1001/0012345");
  EXPECT_EQ(item->object_class(), "product");
  ASSERT_EQ(item->values_size(), 2);
  EXPECT_EQ(item->values(0).index(), 1U);
  EXPECT_EQ(item->values(0).type(), "BRAND");
  EXPECT_EQ(item->values(0).data(), "Acme");
  EXPECT_EQ(item->values(1).data(), "Shoe");
  EXPECT_EQ(item->attributes().fields().at("colour").string_value(), "red");

  const auto empty_brand = MapFields(**mapper, {"1", "Shoe", "", ""});
  ASSERT_TRUE(empty_brand.ok());
  ASSERT_EQ(empty_brand->values_size(), 1);
  EXPECT_EQ(empty_brand->values(0).index(), 2U);
  EXPECT_FALSE(empty_brand->has_attributes());
}

TEST(RowMapperTest, RowsThatDoNotFitSayWhy) {
  auto mapper = RowMapper::Create(CsvMapping(), kHeader);
  ASSERT_TRUE(mapper.ok());
  const auto no_suffix = MapFields(**mapper, {"", "n", "b", "c"});
  ASSERT_EQ(no_suffix.code(), Errc::kInvalidIdentifier);
  EXPECT_EQ(no_suffix.error().field, "gtin");
  const auto narrow = MapFields(**mapper, {"1", "n", "b"});
  ASSERT_EQ(narrow.code(), Errc::kInvalidValue);
  EXPECT_THAT(narrow.error().detail, HasSubstr("3 columns, the header 4"));
  const auto bytes = MapFields(**mapper, {"1", "\xC3", "b", "c"});
  ASSERT_EQ(bytes.code(), Errc::kInvalidValue);
  EXPECT_EQ(bytes.error().field, "name");
}

TEST(RowMapperTest, UnknownColumnsAreNamedWithThoseThereAre) {
  Mapping mapping = CsvMapping();
  mapping.values.push_back({"wieght", "WEIGHT"});
  const auto mapper = RowMapper::Create(mapping, kHeader);
  ASSERT_EQ(mapper.code(), Errc::kInvalidRequest);
  EXPECT_THAT(mapper.error().detail, HasSubstr("no column wieght; it has: gtin, name"));
  const auto doubled = RowMapper::Create(CsvMapping(), {"gtin", "gtin", "name", "brand", "colour"});
  EXPECT_THAT(doubled.error().detail, HasSubstr("two columns named gtin"));
}

TEST(RowMapperTest, ReadsGb18030) {
  Mapping mapping = CsvMapping();
  mapping.encoding = Encoding::kGb18030;
  auto mapper = RowMapper::Create(mapping, kHeader);
  ASSERT_TRUE(mapper.ok());
  const auto item = MapFields(**mapper, {"1", "\xD0\xAC", "b", ""});  // GBK of 鞋
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->values(1).data(), "鞋");
  EXPECT_EQ(MapFields(**mapper, {"1", "\xFF\xFF", "b", ""}).code(), Errc::kInvalidValue);
  EXPECT_EQ(*ParseEncoding("GBK"), Encoding::kGb18030);
  EXPECT_EQ(ParseEncoding("latin1").code(), Errc::kInvalidRequest);
}

TEST(RowMapperTest, FlatJsonIsMappedLikeColumns) {
  Mapping mapping = CsvMapping();
  mapping.format = InputFormat::kJsonLines;
  const auto item = MapLine(mapping, R"({"gtin":877448001674,"name":"Shoe","brand":null})");
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->identifier(), "88.108.1001/877448001674");
  ASSERT_EQ(item->values_size(), 1);
  EXPECT_EQ(item->values(0).index(), 2U);
  EXPECT_EQ(MapLine(mapping, R"({"gtin":"1","name":["a"]})").code(), Errc::kInvalidValue);
  EXPECT_EQ(MapLine(mapping, "[1]").code(), Errc::kInvalidValue);
  EXPECT_EQ(MapLine(mapping, "{").code(), Errc::kInvalidValue);
}

TEST(RowMapperTest, WholeItemsAndExportedRecordsAreRead) {
  Mapping mapping;
  mapping.format = InputFormat::kJsonLines;
  const auto item = MapLine(
      mapping,
      R"({"identifier":"88.108.1001/SN1","state":"ACTIVE","objectClass":"product","revision":3,)"
      R"("registeredAt":"2026-11-22T02:00:00.123Z","attributes":{"colour":"red"},)"
      R"("values":[{"index":4,"type":"URL","data":"https://a.example","ttl":60,)"
      R"("timestamp":"2026-11-22T02:00:00.123Z"}]})");
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->identifier(), "88.108.1001/SN1");
  EXPECT_EQ(item->object_class(), "product");
  ASSERT_EQ(item->values_size(), 1);
  EXPECT_EQ(item->values(0).index(), 4U);
  EXPECT_EQ(item->values(0).ttl(), 60U);
  EXPECT_FALSE(item->values(0).has_timestamp());
  EXPECT_EQ(item->attributes().fields().at("colour").string_value(), "red");
  EXPECT_EQ(MapLine(mapping, R"({"identifier":"88.1.1/a","objectKlass":"x"})").code(),
            Errc::kInvalidValue);
  EXPECT_EQ(MapLine(mapping, "{}").code(), Errc::kInvalidIdentifier);
}

TEST(RowMapperTest, DigestChangesWithWhatChangesItems) {
  const std::string digest = CsvMapping().Digest();
  EXPECT_EQ(CsvMapping().Digest(), digest);
  Mapping other = CsvMapping();
  other.object_class = "part";
  EXPECT_NE(other.Digest(), digest);
  other = CsvMapping();
  std::swap(other.values[0], other.values[1]);
  EXPECT_NE(other.Digest(), digest);
  other = CsvMapping();
  other.attributes.swap(other.values);
  EXPECT_NE(other.Digest(), digest);
}

TEST(ColumnPairTest, SplitsAtTheFirstEqualsSign) {
  EXPECT_EQ(*ParseColumnPair("a=b=c", "--map"), (std::pair<std::string, std::string>("a", "b=c")));
  EXPECT_EQ(*ParseColumnPair("a", "--map"), (std::pair<std::string, std::string>("a", "a")));
  EXPECT_EQ(ParseColumnPair("=b", "--map").error().field, "map");
  EXPECT_EQ(ParseColumnPair("a=", "--map").code(), Errc::kInvalidRequest);
}

}  // namespace
}  // namespace idnode::cli
