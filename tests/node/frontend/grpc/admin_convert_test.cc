#include "node/frontend/convert/admin_convert.h"

#include <string>
#include <vector>

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "node/frontend/convert/timestamps.h"

namespace idnode::frontend {
namespace {

using google::protobuf::util::MessageDifferencer;

// Every field of the message and of those in it is set: one that a new version adds is missed here.
void ExpectAllSet(const google::protobuf::Message& message) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  if (descriptor->full_name() == "google.protobuf.Timestamp") return;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->is_repeated()) {
      EXPECT_GT(reflection->FieldSize(message, field), 0) << field->full_name();
      continue;
    }
    EXPECT_TRUE(reflection->HasField(message, field)) << field->full_name();
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      ExpectAllSet(reflection->GetMessage(message, field));
    }
  }
}

TEST(AdminConvertTest, CarriesAnEnterpriseBothWays) {
  service::EnterpriseInfo info;
  info.credit_code = "91440300MA5EXAMPLE";
  info.name = "鞋厂";
  info.industry = "C1952";
  info.region = "440300";
  info.address = "1 Road";
  info.contact = {"Li", "123", "li@maker.example"};
  info.legal_person = {"Wang", "456", "wang@maker.example"};
  info.nature = 3;
  info.created_ms = 1'000;
  info.updated_ms = 2'001;
  info.revision = 7;
  const std::vector<std::string> prefixes = {"88.108.1001", "88.108.1002"};
  v1::Enterprise out;
  FillEnterprise(info, prefixes, out);
  ExpectAllSet(out);
  EXPECT_EQ(out.prefixes_size(), 2);
  EXPECT_EQ(ToUnixMs(out.updated_at()), 2'001);

  const service::EnterpriseInfo back = ToEnterprise(out);
  EXPECT_EQ(back.created_ms, 0);  // the node's to say
  EXPECT_EQ(back.revision, 0U);
  v1::Enterprise again;
  FillEnterprise(back, prefixes, again);
  out.clear_created_at();
  out.clear_updated_at();
  out.clear_revision();
  EXPECT_TRUE(MessageDifferencer::Equals(out, again));
}

TEST(AdminConvertTest, CarriesAPrefix) {
  service::PrefixInfo info;
  info.prefix = "88.108.1001";
  info.admitted_ms = 5;
  info.enterprise = "91440300MA5EXAMPLE";
  info.state = service::PrefixState::kInAudit;
  info.hosting = service::Hosting::kSelfHosted;
  info.route = {"2001:db8::1", 2641, 2642, 8080};
  info.quota = {1, 2, 3, 4};
  info.history = {{service::PrefixState::kAwaitingAudit, "user:bob", "wants it", 6}};
  info.identifiers = 9;
  v1::Prefix out;
  FillPrefix(info, out);
  ExpectAllSet(out);
  ExpectAllSet(out.history(0));
  EXPECT_EQ(out.state(), v1::IN_AUDIT);
  EXPECT_EQ(out.hosting(), v1::SELF_HOSTED);
  const auto route = ToRoute(out.route());
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(route->address, info.route.address);
  EXPECT_EQ(route->tcp_port, 2641);
  EXPECT_EQ(route->udp_port, 2642);
  EXPECT_EQ(route->http_port, 8080);
  const service::PrefixQuota quota = ToQuota(out.quota());
  EXPECT_EQ(quota.identifiers_soft, 1U);
  EXPECT_EQ(quota.identifiers_hard, 2U);
  EXPECT_EQ(quota.rate_soft, 3U);
  EXPECT_EQ(quota.rate_hard, 4U);

  v1::Prefix plain;
  FillPrefix({}, plain);
  EXPECT_FALSE(plain.has_admitted_at());
  EXPECT_FALSE(plain.has_route());
  EXPECT_FALSE(plain.has_quota());
}

TEST(AdminConvertTest, RefusesPortsThatAreNone) {
  v1::PrefixRoute route;
  route.set_address("192.0.2.1");
  route.set_tcp_port(65'535);
  EXPECT_TRUE(ToRoute(route).ok());
  const auto field = [&route] {
    const auto made = ToRoute(route);
    EXPECT_EQ(made.code(), Errc::kInvalidRequest);
    return made.ok() ? std::string() : made.error().field;
  };
  route.set_http_port(65'536);
  EXPECT_EQ(field(), "route.httpPort");
  route.set_udp_port(4'000'000'000U);
  EXPECT_EQ(field(), "route.udpPort");
  route.set_tcp_port(65'536);
  EXPECT_EQ(field(), "route.tcpPort");
}

TEST(AdminConvertTest, CarriesATemplateInEachForm) {
  service::TemplateInfo info;
  info.owner = "88.108.1001";
  info.name = "shoe";
  info.version = 2;
  info.status = service::TemplateStatus::kPublished;
  info.content.title = "鞋";
  info.content.description = "shoes";
  info.content.industry = "C1952";
  TemplateItem item;
  item.name = "colour";
  item.index = 2000;
  info.content.items = {item};
  info.created_ms = 1;
  info.published_ms = 2;
  info.in_use = true;
  for (const auto form : {v1::JSON_SCHEMA, v1::SNMS, v1::IDHUB}) {
    v1::Template out;
    ASSERT_TRUE(FillTemplate(info, form, true, out).ok()) << form;
    ExpectAllSet(out);
    EXPECT_EQ(out.reference(), "shoe@2");
    v1::PutTemplateRequest request;
    request.set_form(form);
    *request.mutable_schema() = out.schema();
    const auto read = ToTemplate(request);
    ASSERT_TRUE(read.ok()) << form << " " << read.error().field << ": " << read.error().detail;
    ASSERT_EQ(read->items.size(), 1U);
    EXPECT_EQ(read->items[0].name, "colour");
  }
  v1::Template bare;
  ASSERT_TRUE(FillTemplate(info, v1::JSON_SCHEMA, false, bare).ok());
  EXPECT_FALSE(bare.has_schema());

  const auto unknown = static_cast<v1::TemplateForm>(9);
  v1::Template ignored;
  EXPECT_EQ(FillTemplate(info, unknown, true, ignored).error().field, "form");
  v1::PutTemplateRequest request;
  EXPECT_EQ(ToTemplate(request).error().field, "schema");
  (*request.mutable_schema()->mutable_fields())["type"].set_string_value("object");
  request.set_form(unknown);
  EXPECT_EQ(ToTemplate(request).error().field, "form");
}

TEST(AdminConvertTest, CarriesApplicationsAndUsers) {
  service::ApplicationInfo info;
  info.name = "erp";
  info.prefixes = {"88.108.1001"};
  info.created_ms = 1;
  info.revoked = true;
  info.role = service::Role::kApplication;
  info.enterprise = "91440300MA5EXAMPLE";
  info.tokens = {{"t1", 1, 2, true}, {"t2", 1, 0, false}};
  info.certificates = {"ab"};
  v1::Application out;
  FillApplication(info, out);
  ExpectAllSet(out);
  ExpectAllSet(out.tokens(0));
  EXPECT_FALSE(out.tokens(1).has_expires_at());

  service::UserInfo user;
  user.name = "alice";
  user.role = service::Role::kEnterpriseAdministrator;
  user.enterprise = "91440300MA5EXAMPLE";
  user.disabled = true;
  user.created_ms = 3;
  v1::User filled;
  FillUser(user, filled);
  ExpectAllSet(filled);
}

TEST(AdminConvertTest, CarriesAGrantBothWays) {
  service::GrantInfo info;
  info.id = "0123";
  info.prefix = "88.108.1001";
  info.template_name = "shoe";
  info.items = {"cost"};
  info.identifier = "88.108.1001/sn1";
  info.to_enterprise = "91440300MA5EXAMPLE";
  info.to_application = "shop";
  info.ends_ms = 9;
  info.created_ms = 8;
  info.created_by = "operator";
  v1::Grant out;
  FillGrant(info, out);
  ExpectAllSet(out);
  const service::GrantInfo back = ToGrant(out);
  EXPECT_EQ(back.id, "");
  EXPECT_EQ(back.created_ms, 0);
  EXPECT_EQ(back.prefix, info.prefix);
  EXPECT_EQ(back.template_name, info.template_name);
  EXPECT_EQ(back.items, info.items);
  EXPECT_EQ(back.identifier, info.identifier);
  EXPECT_EQ(back.to_enterprise, info.to_enterprise);
  EXPECT_EQ(back.to_application, info.to_application);
  EXPECT_EQ(back.ends_ms, 9);

  // Without an end it does not end; an end at the epoch is one.
  out.clear_ends_at();
  EXPECT_EQ(ToGrant(out).ends_ms, 0);
  out.mutable_ends_at();
  EXPECT_NE(ToGrant(out).ends_ms, 0);
}

TEST(AdminConvertTest, CarriesAuditEntriesAndQueries) {
  service::AuditEntry entry;
  entry.number = 1;
  entry.at_ms = 2;
  entry.who = "user:alice";
  entry.role = "operator";
  entry.from = "192.0.2.1";
  entry.action = "prefix.admit";
  entry.target = "88.108.1001";
  entry.refused = "permission-denied";
  entry.before = "{}";
  entry.after = "{}";
  entry.count = 3;
  v1::AuditEntry out;
  FillAuditEntry(entry, out);
  ExpectAllSet(out);
  EXPECT_EQ(out.refused(), "permission-denied");
  EXPECT_EQ(out.hash().size(), 32U);

  v1::ListAuditEntriesRequest request;
  request.set_page_size(5);
  request.set_page_token("t");
  SetTime(7'001, *request.mutable_from());
  request.mutable_to()->set_seconds(INT64_MAX);  // no time: the last there is
  request.set_who("w");
  request.set_action("a.");
  request.set_target("x");
  request.set_refused_only(true);
  request.set_ascending(true);
  const service::AuditQuery query = ToAuditQuery(request);
  EXPECT_EQ(query.page_size, 5U);
  EXPECT_EQ(query.page_token, "t");
  EXPECT_EQ(query.from_ms, 7'001);
  EXPECT_EQ(query.to_ms, 253'402'300'799'000);
  EXPECT_EQ(query.who, "w");
  EXPECT_EQ(query.action, "a.");
  EXPECT_EQ(query.target, "x");
  EXPECT_TRUE(query.refused_only);
  EXPECT_TRUE(query.ascending);
}

TEST(AdminConvertTest, RolesGoBothWays) {
  for (const auto role : {v1::APPLICATION, v1::ENTERPRISE_ADMINISTRATOR, v1::AUDITOR, v1::OPERATOR,
                          v1::ROLE_UNSPECIFIED}) {
    EXPECT_EQ(FromRole(ToRole(role)), role);
  }
  EXPECT_EQ(ToRole(v1::ROLE_UNSPECIFIED), service::Role::kAnonymous);
  EXPECT_EQ(ToRole(static_cast<v1::Role>(17)), service::Role::kAnonymous);
}

// The numbers that conversions take over as they are.
TEST(AdminConvertTest, EnumsHaveTheSameNumbers) {
  EXPECT_EQ(static_cast<int>(service::PrefixState::kStopped), v1::STOPPED);
  EXPECT_EQ(static_cast<int>(service::PrefixState::kActive), v1::PREFIX_ACTIVE);
  EXPECT_EQ(static_cast<int>(service::PrefixState::kPendingDeletion), v1::PENDING_DELETION);
  EXPECT_EQ(static_cast<int>(service::PrefixState::kRejected), v1::PREFIX_REJECTED);
  EXPECT_EQ(static_cast<int>(service::PrefixState::kAwaitingAudit), v1::AWAITING_AUDIT);
  EXPECT_EQ(static_cast<int>(service::PrefixState::kInAudit), v1::IN_AUDIT);
  EXPECT_EQ(static_cast<int>(service::Hosting::kHosted), v1::HOSTED);
  EXPECT_EQ(static_cast<int>(service::Hosting::kSelfHosted), v1::SELF_HOSTED);
  EXPECT_EQ(static_cast<int>(service::TemplateStatus::kDraft), v1::DRAFT);
  EXPECT_EQ(static_cast<int>(service::TemplateStatus::kPublished), v1::PUBLISHED);
  EXPECT_EQ(static_cast<int>(service::TemplateStatus::kWithdrawn), v1::WITHDRAWN);
}

}  // namespace
}  // namespace idnode::frontend
