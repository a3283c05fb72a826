// The hand-written JSON of the hot path is protobuf's mapping of the same messages.
#include "node/frontend/http/json_writer.h"

#include <string>
#include <vector>

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "idnode/v1/common.pb.h"
#include "idnode/v1/registration.pb.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/http/proto_json.h"

namespace idnode::frontend::http {
namespace {

constexpr std::int64_t kTimeMs = 1'795'312'800'123;

struct Sample {
  std::string name;
  ContentInput content;
  std::vector<ValueView> values;
  RecordHeader header;
  bool byte_equal = true;  ///< false where protobuf orders or escapes freely
};

ValueView MakeValue(std::uint32_t index, std::string_view type, std::string_view data,
                    std::uint32_t ttl_seconds = kDefaultTtlSeconds,
                    std::uint8_t permissions = kDefaultPermissions) {
  ValueView value;
  value.index = index;
  value.type = type;
  value.data = data;
  value.ttl_seconds = ttl_seconds;
  value.permissions = permissions;
  return value;
}

std::string Encode(Sample sample) {
  sample.content.values = sample.values;
  std::string content;
  EXPECT_TRUE(EncodeContent(sample.content, RecordLimits(), content).ok()) << sample.name;
  std::string bytes;
  EncodeRecordHeader(sample.header, bytes);
  bytes += content;
  return bytes;
}

RecordHeader PlainHeader() {
  RecordHeader header;
  header.updated_ms = header.registered_ms = header.first_registered_ms = kTimeMs;
  return header;
}

RecordHeader ChangedHeader(State state) {
  RecordHeader header = PlainHeader();
  header.state = state;
  header.change = ChangeKind::kUpdated;
  header.revision = 7;
  header.updated_ms = kTimeMs + 86'400'877;  // ends in a whole second
  header.application = "factory-1";
  header.display = "88.108.1001/SN1";
  return header;
}

const ReferenceView kReferences[] = {{"88.108.1001/PART", 2}, {"88.108.1001/OTHER", 0}};

std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  samples.push_back({"empty", {}, {}, PlainHeader()});

  Sample plain{"plain", {}, {}, PlainHeader()};
  plain.content.object_class = "product";
  plain.values.push_back(MakeValue(1, "URL", "https://maker.example/SN1"));
  samples.push_back(plain);

  Sample rich{"rich", {}, {}, ChangedHeader(State::kFrozen)};
  rich.content.object_class = "product";
  rich.content.template_ref = "shoe@2";
  rich.content.attributes_json = R"({"colour":"red"})";
  rich.values.push_back(MakeValue(1, "URL", "https://maker.example/SN1", 60));
  rich.values.push_back(MakeValue(2, "NAME", "运动鞋 \"飞\" \\ <b>\t\n&'", 86'400, 0b1110));
  rich.values.push_back(MakeValue(5, "BYTES", std::string_view("\x00\xff\x10\x80", 4)));
  rich.values.push_back(MakeValue(6, "BYTES", std::string_view("\x00\xff\x10\x80\x81", 5)));
  rich.values.push_back(MakeValue(7, "BYTES", std::string_view("\x00\xff\x10", 3)));
  rich.values.push_back(MakeValue(9, "EMPTY", ""));
  rich.values.push_back(MakeValue(10, "PART", "x", 0, 0b0110));
  rich.values.back().references = kReferences;
  samples.push_back(rich);

  Sample expiring{"value with a time of expiry", {}, {}, ChangedHeader(State::kRevoked)};
  expiring.values.push_back(MakeValue(1, "URL", "https://maker.example/", 1'800'000'000));
  expiring.values.back().absolute_ttl = true;
  samples.push_back(expiring);

  Sample attributes{"many attributes", {}, {}, PlainHeader(), false};
  attributes.content.attributes_json =
      R"({"a":[1,2.5,-3e+30,null,true,{"x":{}}],"b":"é<","c":false,"size":42})";
  samples.push_back(attributes);
  return samples;
}

// Leaves in what anyone may read, as AppendRecord does with Disclosure::Public.
void Withhold(v1::Record& record) {
  google::protobuf::RepeatedPtrField<v1::Value> shown;
  for (const auto& value : record.values()) {
    if ((value.permissions() & 0b0010) != 0) *shown.Add() = value;
  }
  if (shown.size() != record.values_size()) record.clear_content_digest();
  record.mutable_values()->Swap(&shown);
}

void ExpectEqual(const v1::Record& expected, const std::string& json, const Sample& sample) {
  v1::Record read;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &read);
  ASSERT_TRUE(parsed.ok()) << sample.name << ": " << parsed.ToString() << "\n" << json;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(expected, read))
      << sample.name << ": " << json << "\n"
      << expected.DebugString();
  if (sample.byte_equal) {
    EXPECT_EQ(json, ToJson(expected)) << sample.name;
  }
}

TEST(JsonWriterTest, RecordEqualsProtobufMapping) {
  for (const Sample& sample : Samples()) {
    const std::string bytes = Encode(sample);
    const auto record = DecodeRecord(bytes);
    ASSERT_TRUE(record.ok()) << sample.name;
    v1::Record expected;
    FillRecord("88.108.1001/SN1", *record, expected);
    std::string json = "kept:";
    AppendRecord("88.108.1001/SN1", *record, nullptr, json);
    ASSERT_EQ(json.substr(0, 5), "kept:");
    ExpectEqual(expected, json.substr(5), sample);
  }
}

TEST(JsonWriterTest, PublicRecordHoldsPublicValuesOnly) {
  Sample sample{"mixed", {}, {}, PlainHeader()};
  sample.values.push_back(MakeValue(1, "SECRET", "for the owner", 60, 0b1100));
  sample.values.push_back(MakeValue(2, "URL", "https://maker.example/SN1", 60, 0b0010));
  sample.values.push_back(MakeValue(3, "SECRET", "for no one", 60, 0));
  const std::string bytes = Encode(sample);
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  v1::Record expected;
  FillRecord("88.108.1001/SN1", *record, expected);
  Withhold(expected);
  ASSERT_EQ(expected.values_size(), 1);
  std::string json;
  const auto disclosure = service::Disclosure::Public();
  AppendRecord("88.108.1001/SN1", *record, &disclosure, json);
  ExpectEqual(expected, json, sample);
  EXPECT_EQ(json.find("SECRET"), std::string::npos);
  EXPECT_EQ(json.find("contentDigest"), std::string::npos);
}

TEST(JsonWriterTest, RecordWithoutHiddenValuesIsTheSameForAll) {
  for (const Sample& sample : Samples()) {
    if (sample.name == "rich") continue;
    const std::string bytes = Encode(sample);
    const auto record = DecodeRecord(bytes);
    ASSERT_TRUE(record.ok());
    std::string all;
    std::string shown;
    const auto disclosure = service::Disclosure::Public();
    AppendRecord("88.108.1001/SN1", *record, nullptr, all);
    AppendRecord("88.108.1001/SN1", *record, &disclosure, shown);
    EXPECT_EQ(all, shown) << sample.name;
  }
}

TEST(JsonWriterTest, ItemResultEqualsProtobufMapping) {
  const std::vector<service::ItemResult> results = {
      {service::Outcome::kRegistered, Errc::kOk, "", "", {}},
      {service::Outcome::kUnchanged, Errc::kOk, "", "", {}},
      {service::Outcome::kConflict, Errc::kOk, "", "", {}},
      {service::Outcome::kNotFound, Errc::kOk, "", "", {}},
      {service::Outcome::kRejected,
       Errc::kInvalidValue,
       "values[0].data",
       "the value has \"too\" much",
       {}},
      {service::Outcome::kRejected, Errc::kCorruption, "", "a secret path", {}},
      {service::Outcome::kUndetermined, Errc::kUndetermined, "", "no answer in time", {}},
      {service::Outcome::kUnspecified, Errc::kOk, "", "", {}},
      {service::Outcome::kRegistered, Errc::kOk, "", "", 0, 1},
      {service::Outcome::kRegistered, Errc::kOk, "", "", 14'999'999, 15'000'000},
  };
  for (const service::ItemResult& result : results) {
    v1::ItemResult expected;
    FillItemResult(result, "88.108.1001/SN1", expected);
    std::string json;
    AppendItemResult(result, "88.108.1001/SN1", json);
    EXPECT_EQ(json, ToJson(expected));
    EXPECT_EQ(json.find("secret"), std::string::npos);
  }
}

TEST(JsonWriterTest, ListHistoryAndBatchResolveEqualProtobufMapping) {
  Sample sample = Samples()[1];
  Sample deleted{"deleted", {}, {}, ChangedHeader(State::kDeleted)};
  deleted.header.change = ChangeKind::kDeleted;
  service::RecordPage page;
  page.rows.push_back({"88.108.1001/SN1", Encode(sample)});
  page.rows.push_back({"88.108.1001/SN1", Encode(deleted)});
  for (const std::string token : {"", "token=="}) {
    page.next_page_token = token;
    v1::ListIdentifiersResponse list;
    ASSERT_TRUE(FillList(page, list).ok());
    std::string json;
    ASSERT_TRUE(AppendList(page, service::Viewer(), json).ok());
    EXPECT_EQ(json, ToJson(list));
    v1::GetHistoryResponse history;
    ASSERT_TRUE(FillHistory(page, history).ok());
    json.clear();
    ASSERT_TRUE(AppendHistory(page, json).ok());
    EXPECT_EQ(json, ToJson(history));
  }
  std::string empty;
  ASSERT_TRUE(AppendList({}, service::Viewer(), empty).ok());
  EXPECT_EQ(empty, "{}");

  page.rows[0].bytes = "\xff";
  std::string ignored;
  EXPECT_EQ(AppendList(page, service::Viewer(), ignored).code(), Errc::kCorruption);
}

TEST(JsonStringTest, EscapesAsProtobufDoes) {
  const std::vector<std::string> texts = {
      "",
      "plain",
      "\"\\/",
      "\b\f\n\r\t\x01\x1f\x7f",
      "<script>&'</script>",
      "标识",
      "\xf0\x9f\x91\x9f",
  };
  for (const std::string& text : texts) {
    v1::ResolveRequest message;
    message.set_identifier(text);
    std::string json = "{\"identifier\":";
    AppendJsonString(text, json);
    json += "}";
    if (text.empty()) {
      EXPECT_EQ(json, "{\"identifier\":\"\"}");
    } else {
      EXPECT_EQ(json, ToJson(message));
    }
  }
}

TEST(JsonStringTest, ReplacesWhatIsNotUtf8) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},                  // overlong
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // surrogate
      {"\xe6\xa0", "\xef\xbf\xbd\xef\xbf\xbd"},                  // cut short
      {"\xf5\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const auto& [text, expected] : cases) {
    std::string json;
    AppendJsonString(text, json);
    EXPECT_EQ(json, "\"" + expected + "\"");
  }
}

TEST(ProtoJsonTest, NamesTheFieldAtFault) {
  struct Case {
    std::string json;
    std::string field;
  };
  const std::vector<Case> cases = {
      {R"({"items":[{"identifier":"a","foo":1}]})", "items[0].foo"},
      {R"({"foo":1})", "foo"},
      {R"({"items":[{"identifier":5}]})", "items[0].identifier"},
      {R"({"items":[{"values":[{"index":-1}]}]})", "items[0].values[0].index"},
      {R"({"items":[{"values":[{"dataBase64":"!!"}]}]})", "items[0].values[0].dataBase64"},
      {R"({"items":[{"values":[{"data":"a","dataBase64":"aa"}]}]})", "items[0].values[0]"},
      {R"({"items":[{)", ""},
      {"", ""},
      {"[]", ""},
      {"\"\xff\"", ""},
  };
  for (const Case& c : cases) {
    v1::BatchRegisterRequest message;
    const auto parsed = ParseJson(c.json, message);
    ASSERT_EQ(parsed.code(), Errc::kInvalidRequest) << c.json;
    EXPECT_EQ(parsed.error().field, c.field) << c.json << " " << parsed.error().detail;
    EXPECT_FALSE(parsed.error().detail.empty()) << c.json;
    EXPECT_EQ(parsed.error().detail.find('\n'), std::string::npos) << c.json;
  }
}

}  // namespace
}  // namespace idnode::frontend::http
