#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "node/frontend/convert/proto_convert.h"

namespace idnode::frontend {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

Struct OneNumber(double number) {
  Struct attributes;
  (*attributes.mutable_fields())["n"].set_number_value(number);
  return attributes;
}

std::string NumberText(double number) {
  const auto json = CanonicalJson(OneNumber(number));
  EXPECT_TRUE(json.ok());
  if (!json.ok() || !json->starts_with("{\"n\":")) return {};
  return json->substr(5, json->size() - 6);
}

// Objects in one another, `depth` of them.
Struct Nested(int depth) {
  Struct attributes;
  Struct* at = &attributes;
  for (int i = 1; i < depth; ++i) at = (*at->mutable_fields())["a"].mutable_struct_value();
  (*at->mutable_fields())["a"].set_bool_value(true);
  return attributes;
}

TEST(CanonicalJsonTest, WritesTheNumbersOfRfc8785AppendixB) {
  const struct {
    std::uint64_t bits;
    const char* text;
  } kVectors[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& vector : kVectors) {
    EXPECT_EQ(NumberText(std::bit_cast<double>(vector.bits)), vector.text)
        << std::hex << vector.bits;
  }
}

TEST(CanonicalJsonTest, WritesWholeNumbersWithoutAPoint) {
  EXPECT_EQ(NumberText(1), "1");
  EXPECT_EQ(NumberText(-42), "-42");
  EXPECT_EQ(NumberText(100), "100");
  EXPECT_EQ(NumberText(1.5), "1.5");
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(-0.05), "-0.05");
}

TEST(CanonicalJsonTest, RefusesNumbersThatJsonLacks) {
  for (const double number : {std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(), std::nan("")}) {
    const auto json = CanonicalJson(OneNumber(number));
    ASSERT_FALSE(json.ok());
    EXPECT_EQ(json.code(), Errc::kInvalidValue);
    EXPECT_EQ(json.error().field, "attributes");
  }
}

TEST(CanonicalJsonTest, ReadsBackEveryNumberTheSame) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::bit_cast<double>(static_cast<std::uint64_t>(random()));
    if (!std::isfinite(number)) continue;
    const auto json = CanonicalJson(OneNumber(number));
    ASSERT_TRUE(json.ok());
    Struct read;
    ASSERT_TRUE(ParseAttributes(*json, read).ok()) << *json;
    ASSERT_EQ(read.fields().at("n").number_value(), number) << *json;
  }
}

TEST(CanonicalJsonTest, SortsKeysBytewiseAndWritesNoSpace) {
  Struct attributes;
  auto& fields = *attributes.mutable_fields();
  fields["b"].set_bool_value(false);
  fields["B"].set_null_value(google::protobuf::NULL_VALUE);
  fields["颜色"].set_string_value("红");
  fields["a"].mutable_list_value()->add_values()->set_number_value(1);
  fields["a"].mutable_list_value()->add_values()->mutable_struct_value();
  EXPECT_EQ(*CanonicalJson(attributes), R"({"B":null,"a":[1,{}],"b":false,"颜色":"红"})");
}

TEST(CanonicalJsonTest, EscapesOnlyWhatMustBe) {
  Struct attributes;
  (*attributes.mutable_fields())["k\n"].set_string_value(
      std::string("\0\x1f\"\\/\b\f\r\t\x7fé", 12));
  EXPECT_EQ(*CanonicalJson(attributes), "{\"k\\n\":\"\\u0000\\u001f\\\"\\\\/\\b\\f\\r\\t\x7fé\"}");
}

TEST(CanonicalJsonTest, GivesNothingForAnEmptyStruct) {
  EXPECT_EQ(*CanonicalJson(Struct()), "");
  Struct read;
  (*read.mutable_fields())["old"].set_bool_value(true);
  ASSERT_TRUE(ParseAttributes("", read).ok());
  EXPECT_TRUE(read.fields().empty());
}

TEST(CanonicalJsonTest, TakesObjects32DeepAndNoDeeper) {
  const auto json = CanonicalJson(Nested(32));
  ASSERT_TRUE(json.ok());
  Struct read;
  ASSERT_TRUE(ParseAttributes(*json, read).ok());
  EXPECT_EQ(*CanonicalJson(read), *json);
  const auto deeper = CanonicalJson(Nested(33));
  ASSERT_FALSE(deeper.ok());
  EXPECT_EQ(deeper.code(), Errc::kInvalidValue);
  EXPECT_EQ(deeper.error().field, "attributes");
}

TEST(CanonicalJsonTest, TakesLists32DeepAndNoDeeper) {
  const auto lists = [](int depth) {
    Struct attributes;  // the first level
    ListValue* at = (*attributes.mutable_fields())["a"].mutable_list_value();
    for (int i = 2; i < depth; ++i) at = at->add_values()->mutable_list_value();
    return attributes;
  };
  EXPECT_TRUE(CanonicalJson(lists(32)).ok());
  EXPECT_EQ(CanonicalJson(lists(33)).code(), Errc::kInvalidValue);
}

TEST(CanonicalJsonTest, RefusesAValueWithoutKind) {
  Struct attributes;
  (*attributes.mutable_fields())["a"] = Value();
  EXPECT_EQ(CanonicalJson(attributes).code(), Errc::kInvalidValue);
}

TEST(CanonicalJsonTest, RoundTripsEveryKind) {
  Struct attributes;
  auto& fields = *attributes.mutable_fields();
  fields["text"].set_string_value("a\"b\\c\n颜色");
  fields["number"].set_number_value(-12.75);
  fields["yes"].set_bool_value(true);
  fields["nothing"].set_null_value(google::protobuf::NULL_VALUE);
  auto& list = *fields["list"].mutable_list_value();
  list.add_values()->set_string_value("x");
  list.add_values()->mutable_list_value();
  (*list.add_values()->mutable_struct_value()->mutable_fields())["y"].set_number_value(7);
  const auto json = CanonicalJson(attributes);
  ASSERT_TRUE(json.ok());
  Struct read;
  ASSERT_TRUE(ParseAttributes(*json, read).ok());
  EXPECT_EQ(*CanonicalJson(read), *json);
  EXPECT_EQ(read.fields().at("text").string_value(), "a\"b\\c\n颜色");
  EXPECT_EQ(read.fields().at("list").list_value().values_size(), 3);
}

TEST(CanonicalJsonTest, CallsDamagedTextCorruption) {
  for (const char* text : {"[]", "1", "\"a\"", "true", "null", "{", "{}}", "{\"a\":}",
                           "{\"a\":1e999}", "{} {}", "{\"a\":1}x", " "}) {
    Struct read;
    EXPECT_EQ(ParseAttributes(text, read).code(), Errc::kCorruption) << text;
    EXPECT_TRUE(read.fields().empty()) << text;
  }
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += "{\"a\":";
  deep += "1" + std::string(33, '}');
  Struct read;
  EXPECT_EQ(ParseAttributes(deep, read).code(), Errc::kCorruption);
}

}  // namespace
}  // namespace idnode::frontend
