// The hand-written bytes of the hot path are what protobuf writes of the same message.
#include "node/frontend/convert/record_wire.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "node/frontend/convert/proto_convert.h"

namespace idnode::frontend {
namespace {

std::string OfMessage(std::string_view identifier, const RecordView& record,
                      const service::Disclosure* disclosure) {
  v1::ResolveResponse response;
  FillRecord(identifier, record, *response.mutable_record(), disclosure);
  return response.SerializeAsString();
}

class RecordWireTest : public testing::Test {
 protected:
  // A record of random shape; the same seed gives the same one.
  std::string RandomRecord(std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto number = [&random](std::uint32_t below) {
      return static_cast<std::uint32_t>(random() % below);
    };
    std::vector<std::string> texts(12);
    for (auto& text : texts) {
      text = std::string(number(4) == 0 ? number(400) : number(40), 'a');
      for (auto& c : text) c = static_cast<char>('!' + number(90));
    }
    texts[0] += number(2) == 0 ? "\x01\xff" : "鞋";
    std::vector<ReferenceView> references(number(3));
    for (auto& reference : references) reference = {"88.108.1001/R", number(3)};
    std::vector<ValueView> values(number(5));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i].index = static_cast<std::uint32_t>(i * 200 + 1);
      values[i].type = i % 2 == 0 ? "URL" : "EMAIL";
      values[i].data = texts[i];
      values[i].ttl_seconds = number(3) == 0 ? number(90'000) : 86'400;
      values[i].absolute_ttl = number(5) == 0;
      values[i].permissions = static_cast<std::uint8_t>(number(16));
      if (i == 1) values[i].references = references;
    }
    ContentInput content;
    if (number(2) == 0) content.object_class = std::string_view(texts[5]).substr(0, 60);
    if (number(2) == 0) content.template_ref = "shoe@2";
    if (number(2) == 0) content.attributes_json = R"({"sizes":[1,2.5,null,"red"]})";
    content.values = values;
    RecordHeader header;
    header.state = static_cast<State>(number(3));
    header.change = number(2) == 0 ? ChangeKind::kRegistered : ChangeKind::kUpdated;
    header.revision = 1 + number(1000);
    header.first_registered_ms = 1'795'312'800'000 + number(100'000);
    header.registered_ms = header.first_registered_ms + number(2) * 1000;
    header.updated_ms = header.registered_ms + number(100'000);
    if (number(2) == 0) header.application = "erp";
    std::string times;
    if (values.size() > 1 && header.change == ChangeKind::kUpdated) {
      AppendValueTime(values[0].index, header.registered_ms, times);
    }
    header.value_times = times;
    std::string bytes;
    EncodeRecordHeader(header, bytes);
    EXPECT_TRUE(EncodeContent(content, RecordLimits(), bytes).ok()) << "seed " << seed;
    return bytes;
  }
};

TEST_F(RecordWireTest, IsWhatProtobufWritesOfTheMessage) {
  const std::uint32_t first = std::random_device()();
  const auto all = service::Disclosure::All();
  const auto some = service::Disclosure::Public();
  const std::array<const service::Disclosure*, 3> disclosures = {nullptr, &all, &some};
  for (std::uint32_t seed = first; seed != first + 2000; ++seed) {
    const std::string bytes = RandomRecord(seed);
    const auto record = DecodeRecord(bytes);
    ASSERT_TRUE(record.ok()) << "seed " << seed;
    for (const service::Disclosure* disclosure : disclosures) {
      std::string wire;
      AppendResolveResponse("88.108.1001/SN1", *record, disclosure, wire);
      ASSERT_EQ(wire, OfMessage("88.108.1001/SN1", *record, disclosure)) << "seed " << seed;
    }
  }
}

TEST_F(RecordWireTest, AppendsToWhatIsThere) {
  const std::string bytes = RandomRecord(7);
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  std::string wire = "before";
  AppendResolveResponse("88.108.1001/SN1", *record, nullptr, wire);
  EXPECT_EQ(wire, "before" + OfMessage("88.108.1001/SN1", *record, nullptr));
}

// Whatever attributes there are, both say the same; their order is not protobuf's.
TEST_F(RecordWireTest, AttributesAreThoseOfTheMessage) {
  const std::string deep = std::string(30, '[') + "1" + std::string(30, ']');
  const std::vector<std::string> texts = {
      R"({"a":"x"})",
      R"({"":""})",
      R"({"a":"","b":0,"c":false,"d":null,"e":[],"f":{},"g":true})",
      R"({"n":[0,-1,1.5,-2.25e-7,1e+21,1.7976931348623157e+308,5e-324,9007199254740993]})",
      R"({"text":"\"\\\b\f\n\r\t\u0001","\u0001\n":"\u00e9\ud83d\ude00 鞋 😀"})",
      R"({"o":{"p":{"q":[{"r":[1,[2,[null,"x",{"s":true}]]]},[],{}]}},"z":"last"})",
      R"({"long":")" + std::string(20'000, 'x') + R"(","after":[")" + std::string(300, 'y') +
          "\"]}",
      R"({"deep":)" + deep + "}",
      R"({"alternate":[{"a":[{"b":[{"c":[{"d":[]}]}]}]}]})",
  };
  for (const std::string& text : texts) {
    std::string bytes;
    EncodeRecordHeader({}, bytes);
    ContentInput content;
    content.attributes_json = text;
    ASSERT_TRUE(EncodeContent(content, RecordLimits(), bytes).ok()) << text;
    const auto record = DecodeRecord(bytes);
    ASSERT_TRUE(record.ok());
    v1::ResolveResponse filled;
    FillRecord("88.108.1001/SN1", *record, *filled.mutable_record());
    ASSERT_TRUE(filled.record().has_attributes()) << text;
    std::string wire;
    AppendResolveResponse("88.108.1001/SN1", *record, nullptr, wire);
    v1::ResolveResponse read;
    ASSERT_TRUE(read.ParseFromString(wire)) << text;
    EXPECT_EQ(wire.size(), filled.ByteSizeLong()) << text;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(filled, read)) << text;
  }
}

TEST_F(RecordWireTest, DamagedAttributesAreLeftOut) {
  for (const std::string text :
       {"{", "[1]", R"({"a":})", R"({"a":[1,})", R"({"a":[1 2]})", R"({"a":1} x)", R"({"a":1e999})",
        R"({"a":01})", R"({"a":{"b"}})", R"({"a":"\ud800"})"}) {
    RecordView record;
    record.attributes_json = text;
    v1::ResolveResponse filled;
    FillRecord("88.108.1001/SN1", record, *filled.mutable_record());
    EXPECT_FALSE(filled.record().has_attributes()) << text;
    std::string wire;
    AppendResolveResponse("88.108.1001/SN1", record, nullptr, wire);
    EXPECT_EQ(wire, filled.SerializeAsString()) << text;
  }
}

}  // namespace
}  // namespace idnode::frontend
