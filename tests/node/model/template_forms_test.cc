#include "node/model/template_forms.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/node/model/random_template.h"

namespace idnode {
namespace {

std::string FieldOf(const Result<DataTemplate>& read) {
  if (read.ok()) return "ok";
  EXPECT_EQ(read.code(), Errc::kInvalidRequest);
  return read.error().field;
}

std::string Schema(std::string_view item) {
  return R"({"properties":{"a":)" + std::string(item) + "}}";
}

TEST(JsonSchemaTest, WhatIsWrittenReadsTheSame) {
  RandomTemplates random(20261123);
  for (int i = 0; i < 500; ++i) {
    const DataTemplate content = random.Next();
    const std::string json = ToJsonSchema(content, "shoe", 3);
    const auto read = FromJsonSchema(json);
    ASSERT_TRUE(read.ok()) << random.Name(i) << ": " << read.error().detail << "\n" << json;
    ASSERT_EQ(*read, content) << random.Name(i) << "\n" << json;
  }
}

TEST(JsonSchemaTest, OneTemplateInWords) {
  DataTemplate content;
  content.title = "Shoe";
  content.industry = "C1952";
  TemplateItem size;
  size.name = "size";
  size.title = "尺码";
  size.title_en = "Size";
  size.index = 2000;
  size.type = ItemType::kNumber;
  size.minimum = 10;
  size.maximum = 52.5;
  size.unit = "mm";
  size.required = true;
  TemplateItem made;
  made.name = "made";
  made.index = 2001;
  made.type = ItemType::kDate;
  made.unique = true;
  made.disabled = true;
  made.visibility = ItemVisibilityDefault::kGranted;
  content.items = {size, made};
  EXPECT_EQ(ToJsonSchema(content, "shoe", 2),
            R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)"
            R"("x-idnode-template":"shoe@2","title":"Shoe","x-idnode-industry":"C1952",)"
            R"("type":"object","properties":{"size":{"type":"number","title":"尺码",)"
            R"("minimum":10,"maximum":52.5,"x-idnode-index":2000,"x-idnode-title-en":"Size",)"
            R"("x-idnode-unit":"mm"},"made":{"type":"string","format":"date",)"
            R"("x-idnode-index":2001,"x-idnode-unique":true,"x-idnode-disabled":true,)"
            R"("x-idnode-visibility":"granted"}},"required":["size"],)"
            R"("additionalProperties":false})");
}

TEST(JsonSchemaTest, WhatIsNotSaidIsAsTheStandardHasIt) {
  const auto read = FromJsonSchema(R"({"properties":{"b":{"type":"string"},"a":{"enum":["x"]}}})");
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_TRUE(read->extra_attributes);
  ASSERT_EQ(read->items.size(), 2u);
  EXPECT_EQ(read->items[0].name, "b");
  EXPECT_EQ(read->items[0].index, 0u);  // given when the version before is known
  EXPECT_EQ(read->items[1].type, ItemType::kEnum);
  EXPECT_TRUE(FromJsonSchema("{}").ok());
}

TEST(JsonSchemaTest, TypesAreReadFromTheirKeywords) {
  const auto type = [](std::string_view item) {
    const auto read = FromJsonSchema(Schema(item));
    EXPECT_TRUE(read.ok()) << item;
    return read.ok() ? read->items[0].type : ItemType::kString;
  };
  EXPECT_EQ(type(R"({"type":"string"})"), ItemType::kString);
  EXPECT_EQ(type(R"({"type":"number"})"), ItemType::kNumber);
  EXPECT_EQ(type(R"({"type":"integer"})"), ItemType::kInteger);
  EXPECT_EQ(type(R"({"type":"boolean"})"), ItemType::kBoolean);
  EXPECT_EQ(type(R"({"type":"string","format":"date"})"), ItemType::kDate);
  EXPECT_EQ(type(R"({"type":"string","format":"date-time"})"), ItemType::kDateTime);
  EXPECT_EQ(type(R"({"type":"string","format":"uri"})"), ItemType::kFile);
  EXPECT_EQ(type(R"({"type":"string","enum":["a"]})"), ItemType::kEnum);
  EXPECT_EQ(type(R"({"type":"string","x-idnode-reference":""})"), ItemType::kReference);
}

TEST(JsonSchemaTest, AnnotationsPassAndUnknownAssertionsAreNamed) {
  EXPECT_EQ(FieldOf(FromJsonSchema(
                R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:x",)"
                R"("$comment":"c","x-erp":{"a":[1]},"properties":{"a":{"type":"string",)"
                R"("default":"x","examples":["y"],"deprecated":true,"readOnly":true,)"
                R"("x-erp-column":"C1"}}})")),
            "ok");
  for (const char* keyword : {"multipleOf", "exclusiveMinimum", "const", "$ref", "anyOf", "not",
                              "items", "contentSchema", "x-idnode-idx", "Minimum"}) {
    const auto read =
        FromJsonSchema(Schema(R"({"type":"number",")" + std::string(keyword) + R"(":1})"));
    EXPECT_EQ(FieldOf(read), "properties.a." + std::string(keyword));
    EXPECT_NE(read.error().detail.find(keyword), std::string::npos) << read.error().detail;
  }
  for (const char* keyword : {"patternProperties", "minProperties", "$defs", "if", "allOf",
                              "dependentRequired", "unevaluatedProperties", "x-idnode-name"}) {
    EXPECT_EQ(FieldOf(FromJsonSchema(R"({")" + std::string(keyword) + R"(":1})")), keyword);
  }
}

TEST(JsonSchemaTest, FaultsAreNamedByTheirPlace) {
  const auto item = [](std::string_view text) { return FieldOf(FromJsonSchema(Schema(text))); };
  EXPECT_EQ(item("true"), "properties.a");
  EXPECT_EQ(item("{}"), "properties.a.type");
  EXPECT_EQ(item(R"({"type":["string","null"]})"), "properties.a.type");
  EXPECT_EQ(item(R"({"type":"object"})"), "properties.a.type");
  EXPECT_EQ(item(R"({"type":"string","format":"email"})"), "properties.a.format");
  EXPECT_EQ(item(R"({"type":"number","format":"date"})"), "properties.a.format");
  EXPECT_EQ(item(R"({"type":"number","enum":["1"]})"), "properties.a.enum");
  EXPECT_EQ(item(R"({"type":"string","enum":[1]})"), "properties.a.enum");
  EXPECT_EQ(item(R"({"type":"string","enum":"x"})"), "properties.a.enum");
  EXPECT_EQ(item(R"({"type":"number","minimum":"1"})"), "properties.a.minimum");
  EXPECT_EQ(item(R"({"type":"number","maximum":1e999})"), "properties.a.maximum");
  EXPECT_EQ(item(R"({"type":"string","maxLength":-1})"), "properties.a.maxLength");
  EXPECT_EQ(item(R"({"type":"string","maxLength":1.5})"), "properties.a.maxLength");
  EXPECT_EQ(item(R"({"type":"string","maxLength":"1"})"), "properties.a.maxLength");
  EXPECT_EQ(item(R"({"type":"string","minLength":5,"maxLength":4})"), "properties.a.maxLength");
  EXPECT_EQ(item(R"({"type":"string","pattern":"["})"), "properties.a.pattern");
  EXPECT_EQ(item(R"({"type":"string","title":1})"), "properties.a.title");
  EXPECT_EQ(item(R"({"type":"string","x-idnode-index":1999})"), "properties.a.x-idnode-index");
  EXPECT_EQ(item(R"({"type":"string","x-idnode-visibility":"all"})"),
            "properties.a.x-idnode-visibility");
  EXPECT_EQ(item(R"({"type":"string","x-idnode-unique":1})"), "properties.a.x-idnode-unique");
  EXPECT_EQ(item(R"({"type":"number","x-idnode-reference":"x"})"),
            "properties.a.x-idnode-reference");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"required":["a"]})")), "required");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"required":"a"})")), "required");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"type":"array"})")), "type");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"additionalProperties":{}})")), "additionalProperties");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"properties":[]})")), "properties");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"$schema":"http://json-schema.org/draft-07/schema#"})")),
            "$schema");
  EXPECT_EQ(FieldOf(FromJsonSchema(R"({"x-idnode-industry":"ZZ"})")), "x-idnode-industry");
}

TEST(TemplateFormsTest, EveryReaderRefusesWhatIsNoObjectOrTooLarge) {
  for (const auto read : {FromJsonSchema, FromSnmsTemplate, FromIdhubMetadata}) {
    for (const std::string_view bad :
         {"", "[]", "1", "{", "{}x", "{\"a\":1,\"a\":1}", "{\"a\":\"\xff\"}", "null"}) {
      EXPECT_EQ(read(bad).code(), Errc::kInvalidRequest) << bad;
    }
    const auto padded = [](std::size_t size) { return "{}" + std::string(size - 2, ' '); };
    EXPECT_TRUE(read(padded(kTemplateSchemaBytesMax)).ok());
    EXPECT_EQ(read(padded(kTemplateSchemaBytesMax + 1)).code(), Errc::kInvalidRequest);
    const auto nested = [](std::size_t depth) {
      return "{\"x-deep\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_TRUE(read(nested(kTemplateDepthMax - 1)).ok());
    EXPECT_EQ(read(nested(kTemplateDepthMax)).code(), Errc::kInvalidRequest);
  }
}

TEST(SnmsTemplateTest, ReadsWhatClientsSend) {
  const auto read = FromSnmsTemplate(
      R"({"prefix":"88.108.1001","version":"v1","industryCategory":"C","industrySpecific":"19",)"
      R"("industryTrade":"195","industrySubclass":"1952","type":1,"description":"鞋",)"
      R"("createdTime":"x","items":[)"
      R"({"name":"颜色","idType":"colour","idIndex":"2003","required":true,"state":1,)"
      R"("metadata":{"type":"String","minLength":1,"maxLength":"10"}},)"
      R"({"name":"尺码","idType":"size","required":false,"metadata":{"type":"string"}},)"
      R"({"name":"old","idType":"old","idIndex":2001,"required":true,"state":0},)"
      R"({"name":"last","idType":"last","idIndex":null,"state":"1"}]})");
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->industry, "C1952");
  EXPECT_TRUE(read->active_carrier);
  EXPECT_EQ(read->description, "鞋");
  EXPECT_FALSE(read->extra_attributes);
  ASSERT_EQ(read->items.size(), 4u);  // in the order of their indexes
  EXPECT_EQ(read->items[0].name, "size");
  EXPECT_EQ(read->items[0].index, 2000u);
  EXPECT_EQ(read->items[0].title, "尺码");
  EXPECT_EQ(read->items[1].name, "old");
  EXPECT_TRUE(read->items[1].disabled);
  EXPECT_FALSE(read->items[1].required);
  EXPECT_EQ(read->items[2].name, "last");
  EXPECT_EQ(read->items[2].index, 2002u);
  EXPECT_EQ(read->items[3].name, "colour");
  EXPECT_TRUE(read->items[3].required);
  EXPECT_EQ(read->items[3].length_min, 1u);
  EXPECT_EQ(read->items[3].length_max, 10u);
}

TEST(SnmsTemplateTest, WritesTheFormAndReadsItBack) {
  RandomTemplates random(20261124);
  for (int i = 0; i < 200; ++i) {
    DataTemplate content = random.Next();
    const auto first = FromSnmsTemplate(ToSnmsTemplate(content, "88.108.1001", "v2"));
    ASSERT_TRUE(first.ok()) << random.Name(i) << ": " << first.error().detail;
    EXPECT_EQ(first->industry, content.industry);
    EXPECT_EQ(first->active_carrier, content.active_carrier);
    ASSERT_EQ(first->items.size(), content.items.size());
    for (std::size_t k = 0; k < content.items.size(); ++k) {
      EXPECT_EQ(first->items[k].name, content.items[k].name);
      EXPECT_EQ(first->items[k].index, content.items[k].index);
      EXPECT_EQ(first->items[k].required, content.items[k].required);
      EXPECT_EQ(first->items[k].disabled, content.items[k].disabled);
      EXPECT_EQ(first->items[k].length_max, content.items[k].length_max);
    }
    // What the form can say is kept from then on.
    const auto second = FromSnmsTemplate(ToSnmsTemplate(*first, "88.108.1001", "v2"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(*second, *first) << random.Name(i);
  }
  DataTemplate shoe;
  shoe.industry = "A0111";
  shoe.description = "d";
  TemplateItem item;
  item.name = "colour";
  item.title = "颜色";
  item.index = 2000;
  item.length_max = 10;
  item.disabled = true;
  shoe.items = {item};
  EXPECT_EQ(ToSnmsTemplate(shoe, "88.108.1001", "v2"),
            R"({"prefix":"88.108.1001","version":"v2","industryCategory":"A",)"
            R"("industrySpecific":"01","industryTrade":"011","industrySubclass":"0111","type":2,)"
            R"("description":"d","items":[{"name":"颜色","idType":"colour","idIndex":2000,)"
            R"("required":false,"state":0,"metadata":{"type":"string","maxLength":10}}]})");
}

TEST(SnmsTemplateTest, FaultsAreNamedByTheirPlace) {
  const auto items = [](std::string_view list) {
    return FieldOf(FromSnmsTemplate(R"({"items":)" + std::string(list) + "}"));
  };
  EXPECT_EQ(items("{}"), "items");
  EXPECT_EQ(items("[1]"), "items[0]");
  EXPECT_EQ(items("[{}]"), "items[0].idType");
  EXPECT_EQ(items(R"([{"idType":"a","idIndex":"x"}])"), "items[0].idIndex");
  EXPECT_EQ(items(R"([{"idType":"a","idIndex":1999}])"), "items[0].idIndex");
  EXPECT_EQ(items(R"([{"idType":"a","idIndex":2001},{"idType":"b","idIndex":2001}])"),
            "items[1].idIndex");
  EXPECT_EQ(items(R"([{"idType":"b","idIndex":2001},{"idType":"a","idIndex":1}])"),
            "items[1].idIndex");
  EXPECT_EQ(items(R"([{"idType":"a"},{"idType":"A"}])"), "items[1].idType");
  EXPECT_EQ(items(R"([{"idType":"a","state":2}])"), "items[0].state");
  EXPECT_EQ(items(R"([{"idType":"a","required":2}])"), "items[0].required");
  EXPECT_EQ(items(R"([{"idType":"a","metadata":[]}])"), "items[0].metadata");
  EXPECT_EQ(items(R"([{"idType":"a","metadata":{"type":"number"}}])"), "items[0].metadata.type");
  EXPECT_EQ(items(R"([{"idType":"a","metadata":{"minLength":2,"maxLength":1}}])"),
            "items[0].metadata.maxLength");
  EXPECT_EQ(FieldOf(FromSnmsTemplate(R"({"type":3})")), "type");
  EXPECT_EQ(FieldOf(FromSnmsTemplate(R"({"industryCategory":"Z"})")), "industryCategory");
  EXPECT_EQ(FieldOf(FromSnmsTemplate(
                R"({"industryCategory":"C","industrySpecific":"19","industryTrade":"205"})")),
            "industryTrade");
  EXPECT_TRUE(FromSnmsTemplate(R"({"industryCategory":"C"})").ok());
}

TEST(IdhubMetadataTest, ReadsEveryDataType) {
  const auto read = FromIdhubMetadata(
      R"({"metaHandle":"88.300.1/m","metaName":"鞋","metaCode":"shoe","classifyCode":"195",)"
      R"("metaDesc":"d","items":[)"
      R"({"itemCode":"s","englishName":"Serial","chineseName":"序号","required":1,)"
      R"("uniqueField":1,"inputNecessary":0,"dataType":1},)"
      R"({"itemCode":"n","dataType":2,"inputNecessary":true},{"itemCode":"d","dataType":3},)"
      R"({"itemCode":"f","dataType":4},)"
      R"({"itemCode":"r","dataType":5,"referenceMetaHandle":"88.300.1/part"},)"
      R"({"itemCode":"a","dataType":6},{"itemCode":"v","dataType":7,"state":2},)"
      R"({"englishName":"i","dataType":8,"state":1,"required":true}]})");
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->title, "鞋");
  EXPECT_EQ(read->industry, "C195");
  ASSERT_EQ(read->items.size(), 8u);
  const auto& items = read->items;
  EXPECT_EQ(items[0].title, "序号");
  EXPECT_EQ(items[0].title_en, "Serial");
  EXPECT_TRUE(items[0].required && items[0].unique);
  EXPECT_EQ(items[0].length_max, 4'000u);
  EXPECT_EQ(items[1].type, ItemType::kNumber);
  EXPECT_TRUE(items[1].required);
  EXPECT_EQ(items[2].type, ItemType::kDate);
  EXPECT_EQ(items[3].type, ItemType::kFile);
  EXPECT_EQ(items[4].type, ItemType::kReference);
  EXPECT_EQ(items[4].reference_template, "88.300.1/part");
  EXPECT_EQ(items[5].file_kind, FileKind::kAudio);
  EXPECT_EQ(items[6].file_kind, FileKind::kVideo);
  EXPECT_TRUE(items[6].disabled);
  EXPECT_EQ(items[7].name, "i");
  EXPECT_EQ(items[7].file_kind, FileKind::kImage);
  EXPECT_TRUE(items[7].disabled);
  EXPECT_FALSE(items[7].required);
}

TEST(IdhubMetadataTest, WritesTheFormAndReadsItBack) {
  RandomTemplates random(20261125);
  for (int i = 0; i < 200; ++i) {
    const DataTemplate content = random.Next();
    auto first = FromIdhubMetadata(ToIdhubMetadata(content, "88.300.1/m"));
    ASSERT_TRUE(first.ok()) << random.Name(i) << ": " << first.error().detail;
    EXPECT_EQ(first->title, content.title);
    EXPECT_EQ(first->industry, content.industry);
    NumberItems(*first, &content);
    ASSERT_EQ(first->items.size(), content.items.size());
    for (std::size_t k = 0; k < content.items.size(); ++k) {
      EXPECT_EQ(first->items[k].name, content.items[k].name);
      EXPECT_EQ(first->items[k].index, content.items[k].index);
      EXPECT_EQ(first->items[k].required, content.items[k].required);
      EXPECT_EQ(first->items[k].unique, content.items[k].unique);
      EXPECT_EQ(first->items[k].disabled, content.items[k].disabled);
      EXPECT_EQ(first->items[k].file_kind, content.items[k].file_kind);
    }
    auto second = FromIdhubMetadata(ToIdhubMetadata(*first, "88.300.1/m"));
    ASSERT_TRUE(second.ok());
    NumberItems(*second, &content);
    EXPECT_EQ(*second, *first) << random.Name(i);
  }
}

TEST(IdhubMetadataTest, FaultsAreNamedByTheirPlace) {
  const auto item = [](std::string_view text) {
    return FieldOf(FromIdhubMetadata(R"({"items":[)" + std::string(text) + "]}"));
  };
  EXPECT_EQ(item("1"), "items[0]");
  EXPECT_EQ(item("{}"), "items[0].itemCode");
  EXPECT_EQ(item(R"({"itemCode":"a","dataType":9})"), "items[0].dataType");
  EXPECT_EQ(item(R"({"itemCode":"a","dataType":0})"), "items[0].dataType");
  EXPECT_EQ(item(R"({"itemCode":"a","state":3})"), "items[0].state");
  EXPECT_EQ(item(R"({"itemCode":"a","required":2})"), "items[0].required");
  EXPECT_EQ(item(R"({"itemCode":"a"},{"itemCode":"a"})"), "items[1].itemCode");
  EXPECT_EQ(item(R"({"itemCode":"a","referenceMetaHandle":"x"})"), "items[0].referenceMetaHandle");
  EXPECT_EQ(FieldOf(FromIdhubMetadata(R"({"items":1})")), "items");
}

}  // namespace
}  // namespace idnode
