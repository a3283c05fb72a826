#include "node/frontend/convert/proto_convert.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "node/frontend/error_map.h"
#include "tests/node/service/test_node.h"

namespace idnode::frontend {
namespace {

using service::Outcome;

class ProtoConvertTest : public testing::Test {
 protected:
  template <typename Request>
  std::vector<service::ItemResult> Run(const Request& request) {
    auto batch =
        ToBatch(request, request.ByteSizeLong(), node_.operator_caller(), *node_.registration);
    EXPECT_TRUE(batch.ok()) << batch.error().detail;
    if (!batch.ok()) return {};
    auto result = node_.registration->Run(*std::move(batch), node_.Soon());
    EXPECT_TRUE(result.ok()) << result.error().detail;
    return result.ok() ? result->results : std::vector<service::ItemResult>();
  }

  v1::Record Resolve(const std::string& identifier) {
    service::ResolvedRecord resolved;
    v1::Record record;
    auto found =
        node_.resolution->Resolve(identifier, *service::Anonymous(), node_.Soon(), resolved);
    EXPECT_TRUE(found.ok()) << identifier;
    if (found.ok()) FillRecord(resolved.identifier, resolved.record, record);
    return record;
  }

  service::TestNode node_;
};

v1::RegisterItem& AddItem(v1::BatchRegisterRequest& request, const std::string& identifier) {
  auto& item = *request.add_items();
  item.set_identifier(identifier);
  return item;
}

TEST_F(ProtoConvertTest, CarriesEveryFieldOfARegistration) {
  v1::BatchRegisterRequest request;
  auto& item = AddItem(request, "88.108.1001/SN1");
  item.set_object_class("product");
  item.set_template_("shoe@2");
  (*item.mutable_attributes()->mutable_fields())["colour"].set_string_value("red");
  auto& text = *item.add_values();
  text.set_index(7);
  text.set_type("URL");
  text.set_data("https://maker.example/SN1");
  text.set_ttl(60);
  text.set_permissions(6);
  auto& reference = *text.add_references();
  reference.set_identifier("88.108.1001/BOX");
  reference.set_index(3);
  auto& bytes = *item.add_values();
  bytes.set_type("KEY");
  bytes.set_data_base64(std::string("\x00\xff\x01", 3));
  auto& last = *item.add_values()->add_references();
  last.set_identifier("88.108.1001/LOT");

  const auto results = Run(request);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].outcome, Outcome::kRejected);  // the third value has no type
  EXPECT_EQ(results[0].field, "values[2].type");

  request.mutable_items(0)->mutable_values(2)->set_type("LOT");
  ASSERT_EQ(Run(request)[0].outcome, Outcome::kRegistered);
  const auto record = Resolve("88.108.1001/sn1");
  EXPECT_EQ(record.identifier(), "88.108.1001/SN1");
  EXPECT_EQ(record.state(), v1::ACTIVE);
  EXPECT_EQ(record.object_class(), "product");
  EXPECT_EQ(record.template_(), "shoe@2");
  EXPECT_EQ(record.attributes().fields().at("colour").string_value(), "red");
  EXPECT_EQ(record.revision(), 1U);
  ASSERT_EQ(record.values_size(), 3);
  const auto& key = record.values(0);  // the lowest free indexes, 1 and 2
  EXPECT_EQ(key.index(), 1U);
  EXPECT_EQ(key.data_base64(), std::string("\x00\xff\x01", 3));
  EXPECT_EQ(key.ttl(), kDefaultTtlSeconds);
  EXPECT_EQ(key.permissions(), kDefaultPermissions);
  EXPECT_EQ(record.values(1).references(0).identifier(), "88.108.1001/LOT");
  const auto& url = record.values(2);
  EXPECT_EQ(url.index(), 7U);
  EXPECT_EQ(url.data(), "https://maker.example/SN1");
  EXPECT_EQ(url.ttl(), 60U);
  EXPECT_EQ(url.permissions(), 6U);
  ASSERT_EQ(url.references_size(), 1);
  EXPECT_EQ(url.references(0).identifier(), "88.108.1001/BOX");
  EXPECT_EQ(url.references(0).index(), 3U);
}

TEST_F(ProtoConvertTest, WritesTimesToTheMillisecondAndTheDigestOfTheContent) {
  v1::BatchRegisterRequest request;
  AddItem(request, "88.108.1001/SN1").set_object_class("product");
  ASSERT_EQ(Run(request)[0].outcome, Outcome::kRegistered);
  const auto record = Resolve("88.108.1001/SN1");
  for (const auto& time :
       {record.registered_at(), record.updated_at(), record.first_registered_at()}) {
    EXPECT_EQ(time.seconds(), service::kTestNowMs / 1000);
    EXPECT_EQ(time.nanos(), 123'000'000);
  }
  std::string content;
  ASSERT_TRUE(EncodeContent({"product", "", "", {}}, RecordLimits(), content).ok());
  const Digest digest = Sha256(content);
  EXPECT_EQ(record.content_digest(), std::string(digest.begin(), digest.end()));
}

TEST_F(ProtoConvertTest, RefusesPermissionsBeyondTheMask) {
  v1::BatchRegisterRequest request;
  for (const std::uint32_t permissions : {15U, 16U, 256U + 14U, UINT32_MAX}) {
    auto& value = *AddItem(request, "88.108.1001/P" + std::to_string(permissions)).add_values();
    value.set_type("URL");
    value.set_permissions(permissions);
  }
  const auto results = Run(request);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].outcome, Outcome::kRegistered);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(results[i].outcome, Outcome::kRejected) << i;
    EXPECT_EQ(results[i].field, "values[0].permissions") << i;
  }
}

TEST_F(ProtoConvertTest, RejectsOnlyTheItemWhoseAttributesAreBad) {
  v1::BatchRegisterRequest request;
  auto& bad = AddItem(request, "88.108.1001/BAD");
  (*bad.mutable_attributes()->mutable_fields())["n"].set_number_value(1.0 / 0.0);
  AddItem(request, "88.108.1001/GOOD");
  const auto results = Run(request);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].outcome, Outcome::kRejected);
  EXPECT_EQ(results[0].reason, Errc::kInvalidValue);
  EXPECT_EQ(results[0].field, "attributes");
  EXPECT_EQ(results[1].outcome, Outcome::kRegistered);
}

TEST_F(ProtoConvertTest, UpdatesOnlyWhatTheRequestNames) {
  v1::BatchRegisterRequest request;
  auto& item = AddItem(request, "88.108.1001/SN1");
  item.set_object_class("product");
  item.set_template_("shoe@2");
  (*item.mutable_attributes()->mutable_fields())["colour"].set_string_value("red");
  for (const std::uint32_t index : {1U, 2U}) {
    auto& value = *item.add_values();
    value.set_index(index);
    value.set_type("URL");
    value.set_data("old");
  }
  ASSERT_EQ(Run(request)[0].outcome, Outcome::kRegistered);

  v1::UpdateRequest update;
  auto& change = *update.add_items();
  change.set_identifier("88.108.1001/SN1");
  change.set_object_class("part");
  change.mutable_attributes();  // present and empty: there are none any more
  change.add_remove_indexes(1);
  change.set_expected_revision(1);
  auto& value = *change.add_values();
  value.set_index(2);
  value.set_type("URL");
  value.set_data("new");
  ASSERT_EQ(Run(update)[0].outcome, Outcome::kUpdated);
  auto record = Resolve("88.108.1001/SN1");
  EXPECT_EQ(record.object_class(), "part");
  EXPECT_EQ(record.template_(), "shoe@2");
  EXPECT_FALSE(record.has_attributes());
  ASSERT_EQ(record.values_size(), 1);
  EXPECT_EQ(record.values(0).data(), "new");

  EXPECT_EQ(Run(update)[0].reason, Errc::kPreconditionFailed);  // it expects revision 1

  v1::UpdateRequest replace;
  auto& all = *replace.add_items();
  all.set_identifier("88.108.1001/SN1");
  all.set_replace_values(true);
  all.set_template_("");
  ASSERT_EQ(Run(replace)[0].outcome, Outcome::kUpdated);
  record = Resolve("88.108.1001/SN1");
  EXPECT_EQ(record.values_size(), 0);
  EXPECT_EQ(record.template_(), "");
  EXPECT_EQ(record.object_class(), "part");
}

TEST_F(ProtoConvertTest, SetsKnownStatesAndRejectsOthers) {
  node_.Register("88.108.1001/SN1");
  v1::SetStateRequest request;
  for (const int state : {0, 2, 3, 1, 77}) {
    auto& item = *request.add_items();
    item.set_identifier("88.108.1001/SN1");
    item.set_state(static_cast<v1::State>(state));
  }
  const auto results = Run(request);
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[0].reason, Errc::kInvalidValue);
  EXPECT_EQ(results[0].field, "state");
  EXPECT_EQ(results[1].outcome, Outcome::kStateChanged);
  EXPECT_EQ(results[2].outcome, Outcome::kStateChanged);
  EXPECT_EQ(results[3].outcome, Outcome::kStateChanged);
  EXPECT_EQ(results[4].field, "state");

  v1::SetStateRequest revoke;
  revoke.add_items()->set_identifier("88.108.1001/SN1");
  revoke.mutable_items(0)->set_state(v1::REVOKED);
  Run(revoke);
  EXPECT_EQ(Resolve("88.108.1001/SN1").state(), v1::REVOKED);
}

TEST_F(ProtoConvertTest, DeletesWithTheExpectedRevision) {
  node_.Register("88.108.1001/SN1");
  v1::DeleteRequest request;
  request.add_items()->set_identifier("88.108.1001/SN1");
  request.mutable_items(0)->set_expected_revision(2);
  EXPECT_EQ(Run(request)[0].reason, Errc::kPreconditionFailed);
  request.mutable_items(0)->set_expected_revision(1);
  EXPECT_EQ(Run(request)[0].outcome, Outcome::kDeleted);
}

TEST_F(ProtoConvertTest, EchoesIdentifiersAndRequestId) {
  v1::BatchRegisterRequest request;
  request.set_request_id("r1");
  AddItem(request, "88.108.1001/Sn1");
  AddItem(request, "no identifier");
  service::BatchResult result{Run(request)};
  v1::BatchRegisterResponse response;
  FillResponse(result, request, response);
  EXPECT_EQ(response.request_id(), "r1");
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).identifier(), "88.108.1001/Sn1");
  EXPECT_EQ(response.results(0).outcome(), v1::REGISTERED);
  EXPECT_EQ(response.results(0).reason(), "");
  EXPECT_EQ(response.results(1).identifier(), "no identifier");
  EXPECT_EQ(response.results(1).outcome(), v1::REJECTED);
  EXPECT_EQ(response.results(1).reason(), "invalid-identifier");
  EXPECT_FALSE(response.results(1).detail().empty());
}

TEST(ItemResultTest, NamesTheReasonAndHidesSecrets) {
  service::ItemResult result;
  result.outcome = Outcome::kUndetermined;
  result.reason = Errc::kUndetermined;
  result.detail = "cannot write file 4711";
  v1::ItemResult out;
  FillItemResult(result, "i", out);
  EXPECT_EQ(out.reason(), "undetermined");
  EXPECT_EQ(out.detail(), ToWire(Errc::kUndetermined).title);

  result.outcome = Outcome::kRejected;
  result.reason = Errc::kCorruption;
  result.detail = "block 17 of file 4711 is damaged";
  v1::ItemResult hidden;
  FillItemResult(result, "i", hidden);
  EXPECT_EQ(hidden.reason(), "corruption");
  EXPECT_EQ(hidden.detail(), ToWire(Errc::kCorruption).title);
}

TEST(ItemResultTest, HasTheNumbersOfTheProtocol) {
  const auto* names = v1::Outcome_descriptor();
  for (int number = 0; number <= static_cast<int>(Outcome::kNotFound); ++number) {
    ASSERT_NE(names->FindValueByNumber(number), nullptr) << number;
    EXPECT_EQ(names->FindValueByNumber(number)->name(),
              service::OutcomeName(static_cast<Outcome>(number)));
  }
  EXPECT_EQ(names->value_count(), static_cast<int>(Outcome::kNotFound) + 1);
}

TEST_F(ProtoConvertTest, FillsHistoryNewestFirst) {
  node_.Register("88.108.1001/SN1");
  node_.Delete("88.108.1001/SN1");
  auto page =
      node_.resolution->History("88.108.1001/SN1", 0, "", *node_.operator_caller(), node_.Soon());
  ASSERT_TRUE(page.ok());
  v1::GetHistoryResponse response;
  ASSERT_TRUE(FillHistory(*page, response).ok());
  ASSERT_EQ(response.revisions_size(), 2);
  EXPECT_EQ(response.revisions(0).change(), v1::CHANGE_DELETED);
  EXPECT_EQ(response.revisions(0).record().state(), v1::STATE_UNSPECIFIED);
  EXPECT_EQ(response.revisions(1).change(), v1::CHANGE_REGISTERED);
  EXPECT_EQ(response.revisions(1).record().state(), v1::ACTIVE);
  EXPECT_EQ(response.revisions(1).record().revision(), 1U);
}

TEST(PageTest, CallsDamagedRowsCorruption) {
  service::RecordPage page;
  page.rows.push_back({"88.108.1001/SN1", ""});
  v1::ListIdentifiersResponse list;
  EXPECT_EQ(FillList(page, list).code(), Errc::kCorruption);
  v1::GetHistoryResponse history;
  EXPECT_EQ(FillHistory(page, history).code(), Errc::kCorruption);
}

TEST(VolumeConvertTest, CarriesEveryFigure) {
  service::VolumeReport report;
  report.month = *Month::Parse("2026-11");
  report.time_zone = "Asia/Shanghai";
  report.figures = {
      .first_ever = 1, .registrations = 5, .re_registrations = 3, .deletions = 7, .reported = 9};
  report.target = 15'000'000;
  report.target_met = true;
  report.groups = {{"2026-11-22", {.first_ever = 2, .registrations = 4, .reported = 6}}};
  v1::Volume out;
  FillVolume(report, out);
  EXPECT_EQ(out.month(), "2026-11");
  EXPECT_EQ(out.time_zone(), "Asia/Shanghai");
  EXPECT_EQ(out.first_ever(), 1);
  EXPECT_EQ(out.registrations(), 5);
  EXPECT_EQ(out.re_registrations(), 3);
  EXPECT_EQ(out.deletions(), 7);
  EXPECT_EQ(out.net(), -2);
  EXPECT_EQ(out.reported(), 9);
  EXPECT_EQ(out.target(), 15'000'000);
  EXPECT_TRUE(out.target_met());
  ASSERT_EQ(out.groups_size(), 1);
  EXPECT_EQ(out.groups(0).key(), "2026-11-22");
  EXPECT_EQ(out.groups(0).net(), 4);
  EXPECT_EQ(out.groups(0).reported(), 6);
}

TEST(RecountConvertTest, CarriesDifferences) {
  service::RecountReport report;
  report.month = *Month::Parse("2026-11");
  report.records = 12;
  report.counters.first_ever = 1;
  report.recounted.first_ever = 2;
  v1::RecountReport equal;
  FillRecount(report, equal);
  EXPECT_TRUE(equal.equal());
  EXPECT_EQ(equal.records(), 12);
  report.differences = {{"day", "2026-11-22", "firstEver", 1, 2}};
  v1::RecountReport out;
  FillRecount(report, out);
  EXPECT_FALSE(out.equal());
  EXPECT_EQ(out.counters().first_ever(), 1);
  EXPECT_EQ(out.recounted().first_ever(), 2);
  ASSERT_EQ(out.differences_size(), 1);
  EXPECT_EQ(out.differences(0).dimension(), "day");
  EXPECT_EQ(out.differences(0).key(), "2026-11-22");
  EXPECT_EQ(out.differences(0).figure(), "firstEver");
  EXPECT_EQ(out.differences(0).counted(), 1);
  EXPECT_EQ(out.differences(0).recounted(), 2);
}

TEST_F(ProtoConvertTest, TellsWhatStopsRegistration) {
  v1::Status status;
  FillStatus(node_.services(), status);
  EXPECT_FALSE(status.version().empty());
  EXPECT_EQ(status.engine(), "memory");
  EXPECT_EQ(status.shards(), 4U);
  EXPECT_TRUE(status.registering());
  EXPECT_EQ(status.stopped_by(), "");
  EXPECT_EQ(status.wall_clock().seconds(), service::kTestNowMs / 1000);
  EXPECT_EQ(status.time_zone(), "Asia/Shanghai");

  node_.clock.SetWallMs(service::kTestNowMs + 3'600'000);
  v1::Status stopped;
  FillStatus(node_.services(), stopped);
  EXPECT_FALSE(stopped.registering());
  EXPECT_EQ(stopped.stopped_by(), "clock-untrusted");
  EXPECT_FALSE(stopped.detail().empty());
}

}  // namespace
}  // namespace idnode::frontend
