// What each sees of a record of every kind of value and attribute, on both encoders of the wire.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/convert/record_wire.h"
#include "tests/node/service/disclosure_fixture.h"

namespace idnode::frontend {
namespace {

using service::DisclosureFixture;

constexpr std::string_view kDisplayed = DisclosureFixture::kIdentifier;

// As DisclosureFixture::Seen writes it.
std::string Shown(const v1::Record& record) {
  std::vector<std::string> names;
  for (const auto& [name, value] : record.attributes().fields()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const auto& value : record.values()) names.push_back(std::to_string(value.index()));
  std::string shown;
  for (const std::string& name : names) shown += (shown.empty() ? "" : " ") + name;
  return shown;
}

class DisclosureConvertTest : public testing::Test {
 protected:
  DisclosureConvertTest() { fixture_.GrantBoth(); }

  DisclosureFixture fixture_;
};

TEST_F(DisclosureConvertTest, EachGetsWhatHeMaySeeOnBothEncoders) {
  const std::string everything = "batch colour cost recipe 1 2 3 2003 2004 2005 2006";
  const std::map<std::string, std::string> expected = {
      {"anonymous", "batch colour 1 2003"},
      {"operator", everything},
      {"auditor", everything},
      {"owner-application", everything},
      {"owner-administrator", everything},
      {"partner-administrator", "batch colour cost 1 2003"},
      {"partner-application", "batch colour cost 1 2003"},
      {"inspector", "batch colour cost 1 2 2003 2004 2006"},
      {"stranger-application", "batch colour 1 2003"},
  };
  const RecordView record = fixture_.record();
  for (const auto& [name, caller] : fixture_.Everybody()) {
    const auto disclosure = fixture_.DisclosureFor(name);
    v1::ResolveResponse filled;
    FillRecord(kDisplayed, record, *filled.mutable_record(), &disclosure);
    EXPECT_EQ(Shown(filled.record()), expected.at(name)) << name;
    EXPECT_EQ(filled.record().content_digest().empty(), expected.at(name) != everything) << name;

    std::string wire;
    AppendResolveResponse(kDisplayed, record, &disclosure, wire);
    v1::ResolveResponse read;
    ASSERT_TRUE(read.ParseFromString(wire)) << name;
    EXPECT_EQ(Shown(read.record()), expected.at(name)) << name;
    // Byte for byte equal, but for the order of attributes, which protobuf leaves open.
    EXPECT_EQ(wire.size(), filled.ByteSizeLong()) << name;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(filled, read)) << name;
    EXPECT_EQ(read.record().content_digest(), filled.record().content_digest()) << name;
    // What is withheld is nowhere in the bytes.
    for (const std::string_view secret : {"recipe", "FORMULA", "KEY", "secret"}) {
      EXPECT_EQ(wire.find(secret) != std::string::npos, disclosure.all()) << name << secret;
    }
  }
}

TEST_F(DisclosureConvertTest, ListsAndBatchesShowEachRecordAsTheViewerSeesIt) {
  service::TestNode& node = fixture_.node();
  auto page =
      node.resolution->List(DisclosureFixture::kPrefix, 0, "", *service::Anonymous(), node.Soon());
  ASSERT_TRUE(page.ok());
  const std::string_view identifiers[] = {kDisplayed, "88.108.1001/NONE"};
  v1::BatchResolveRequest request;
  for (const std::string_view identifier : identifiers) {
    request.add_identifiers(std::string(identifier));
  }
  for (const auto& [name, caller] : fixture_.Everybody()) {
    const service::Viewer viewer(*node.disclosure, *caller);
    const std::string seen = fixture_.SeenBy(name);
    v1::ListIdentifiersResponse list;
    ASSERT_TRUE(FillList(*page, list, viewer).ok());
    ASSERT_EQ(list.identifiers_size(), 1);
    EXPECT_EQ(Shown(list.identifiers(0)), seen) << name;
    const auto results = node.resolution->BatchResolve(identifiers, *caller, node.Soon());
    ASSERT_TRUE(results.ok());
    v1::BatchResolveResponse batch;
    FillBatchResolve(request, *results, batch, viewer);
    EXPECT_EQ(Shown(batch.results(0).record()), seen) << name;
    EXPECT_EQ(batch.results(1).reason(), "identifier-not-found");
  }
}

TEST_F(DisclosureConvertTest, AttributesAreCutOutOfTheirText) {
  const auto anonymous = fixture_.DisclosureFor("anonymous");
  struct Case {
    std::string json;
    std::string seen;
    bool withheld;
  };
  const std::vector<Case> cases = {
      {"", "", false},
      {"{}", "", false},
      {R"({"colour":"red"})", R"({"colour":"red"})", false},
      {R"({"cost":"17"})", "", true},
      {R"({"a":1,"cost":17,"z":2})", R"({"a":1,"z":2})", true},
      {R"({"cost":[1,{"x":"}"},"]"],"z":[{}]})", R"({"z":[{}]})", true},
      {R"({"a":"\"cost\":","recipe":"\\"})", R"({"a":"\"cost\":"})", true},
      // A name may be written with escapes, though canonical JSON does not.
      {R"({"c\u006fst":17,"z":true})", R"({"z":true})", true},
      // What does not read as it should is withheld whole.
      {R"({"colour":"red")", "", true},
      {R"({"colour":"red"}x)", "", true},
      {R"(["colour"])", "", true},
  };
  for (const Case& one : cases) {
    std::string out = "kept";
    EXPECT_EQ(AppendSeenAttributes(one.json, &anonymous, out), one.withheld) << one.json;
    EXPECT_EQ(out, "kept" + one.seen) << one.json;
    out.clear();
    EXPECT_FALSE(AppendSeenAttributes(one.json, nullptr, out));
    EXPECT_EQ(out, one.json);
  }
}

// Cutting the text gives what removing members of the parsed object gives.
TEST_F(DisclosureConvertTest, CuttingTheTextEqualsRemovingMembers) {
  const std::uint32_t seed = std::random_device()();
  std::mt19937 random(seed);
  const auto anonymous = fixture_.DisclosureFor("anonymous");
  const std::vector<std::string> names = {"batch",   "colour",  "cost", "recipe",
                                          "\"q\"\\", "FORMULA", "鞋",   ""};
  for (int round = 0; round < 500; ++round) {
    google::protobuf::Struct attributes;
    for (const std::string& name : names) {
      if (random() % 2 == 0) continue;
      auto& value = (*attributes.mutable_fields())[name];
      switch (random() % 4) {
        case 0:
          value.set_number_value(static_cast<double>(random() % 1000) / 8);
          break;
        case 1:
          value.set_string_value("},\"cost\":[\n");
          break;
        case 2:
          (*value.mutable_struct_value()->mutable_fields())["recipe"].set_bool_value(true);
          break;
        default:
          value.mutable_list_value()->add_values()->set_null_value(google::protobuf::NULL_VALUE);
      }
    }
    const auto json = CanonicalJson(attributes);
    ASSERT_TRUE(json.ok());
    for (const std::string hidden : {"cost", "recipe", "FORMULA"}) {
      attributes.mutable_fields()->erase(hidden);
    }
    std::string seen;
    AppendSeenAttributes(*json, &anonymous, seen);
    EXPECT_EQ(seen, *CanonicalJson(attributes)) << "seed " << seed << ": " << *json;
  }
}

}  // namespace
}  // namespace idnode::frontend
