// The hand-written JSON shows each caller what the message of the same record shows him.
#include <string>

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/http/conditional.h"
#include "node/frontend/http/json_writer.h"
#include "tests/node/service/disclosure_fixture.h"

namespace idnode::frontend::http {
namespace {

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageDifferencer;
using service::DisclosureFixture;

constexpr std::string_view kDisplayed = DisclosureFixture::kIdentifier;

TEST(DisclosureJsonTest, ShowsEachWhatTheMessageShows) {
  DisclosureFixture fixture;
  fixture.GrantBoth();
  service::TestNode& node = fixture.node();
  auto page =
      node.resolution->List(DisclosureFixture::kPrefix, 0, "", *service::Anonymous(), node.Soon());
  ASSERT_TRUE(page.ok());
  for (const auto& [name, caller] : fixture.Everybody()) {
    const auto disclosure = fixture.DisclosureFor(name);
    v1::Record filled;
    FillRecord(kDisplayed, fixture.record(), filled, &disclosure);
    std::string json;
    AppendRecord(kDisplayed, fixture.record(), &disclosure, json);
    v1::Record read;
    ASSERT_TRUE(JsonStringToMessage(json, &read).ok()) << name << json;
    EXPECT_TRUE(MessageDifferencer::Equals(filled, read)) << name << json;

    const service::Viewer viewer(*node.disclosure, *caller);
    std::string list;
    ASSERT_TRUE(AppendList(*page, viewer, list).ok());
    EXPECT_EQ(list, R"({"identifiers":[)" + json + "]}") << name;
    const std::string_view identifiers[] = {kDisplayed};
    const auto results = node.resolution->BatchResolve(identifiers, *caller, node.Soon());
    ASSERT_TRUE(results.ok());
    std::string result;
    AppendResolveResult(results->front(), kDisplayed, viewer, result);
    EXPECT_EQ(result, R"({"identifier":"88.108.1001/SN1","record":)" + json + "}") << name;
  }
}

TEST(DisclosureJsonTest, TagsAreEqualWhereWhatIsSeenIs) {
  DisclosureFixture fixture;
  const auto tag = [&](std::string_view name) {
    const auto disclosure = fixture.DisclosureFor(name);
    std::string json;
    AppendRecord(kDisplayed, fixture.record(), &disclosure, json);
    std::string etag;
    AppendEtag(json, etag);
    return etag;
  };
  const std::string strangers = tag("anonymous");
  EXPECT_EQ(tag("inspector"), strangers);
  EXPECT_NE(tag("owner-application"), strangers);
  EXPECT_EQ(tag("owner-application"), tag("auditor"));
  // The record has not changed, but what the inspector sees of it has.
  fixture.GrantBoth();
  EXPECT_NE(tag("inspector"), strangers);
  EXPECT_NE(tag("inspector"), tag("partner-application"));
  EXPECT_EQ(tag("anonymous"), strangers);
}

}  // namespace
}  // namespace idnode::frontend::http
