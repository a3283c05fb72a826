#include "node/service/grant_store.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr const char* kPrefix = "88.108.1001";

GrantInfo ClassGrant(const std::string& to_application = "shop") {
  GrantInfo grant;
  grant.prefix = kPrefix;
  grant.template_name = "shoe";
  grant.items = {"cost"};
  grant.to_application = to_application;
  return grant;
}

class GrantStoreTest : public testing::Test {
 protected:
  GrantStoreTest() {
    for (const std::string& name :
         {std::string("shop"), std::string("gone"), std::string(64, 'a')}) {
      AddApplication(name);
    }
  }
  void AddApplication(const std::string& name) {
    const auto made = node_.access->CreateApplication(
        node_.Operator(), AnApplication(name, {"88.108.1009"}), node_.Soon());
    EXPECT_TRUE(made.ok()) << made.error().detail;
  }
  Result<GrantInfo> Create(const GrantInfo& grant) {
    return node_.grants->Create(node_.Operator(), grant, node_.Soon());
  }
  std::vector<GrantRef> Found(std::string_view application, std::string_view enterprise = {},
                              std::string_view identifier = "88.108.1001/sn1",
                              std::string_view template_ref = "shoe@2") {
    std::vector<GrantRef> found;
    node_.grants->Find({identifier, template_ref, enterprise, application}, found);
    return found;
  }
  std::string FieldOf(const GrantInfo& grant) {
    const auto made = Create(grant);
    EXPECT_EQ(made.code(), Errc::kInvalidRequest);
    return made.ok() ? std::string() : made.error().field;
  }

  TestNode node_;
};

TEST_F(GrantStoreTest, KeepsWhatWasGiven) {
  GrantInfo grant = ClassGrant();
  grant.prefix = "88.108.1001";
  grant.items = {"size", "cost", "size"};
  grant.ends_ms = kTestNowMs + 1;
  grant.id = "mine";
  grant.created_by = "me";
  const auto made = Create(grant);
  ASSERT_TRUE(made.ok()) << made.error().detail;
  EXPECT_EQ(made->id.size(), 16U);
  EXPECT_EQ(made->items, (std::vector<std::string>{"cost", "size"}));
  EXPECT_EQ(made->created_ms, kTestNowMs);
  EXPECT_EQ(made->created_by, "operator");

  const auto listed = node_.grants->List(node_.Operator(), kPrefix);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ((*listed)[0].id, made->id);
  EXPECT_EQ((*listed)[0].ends_ms, kTestNowMs + 1);
}

TEST_F(GrantStoreTest, ComesBackAfterARestart) {
  GrantInfo of_one;
  of_one.prefix = kPrefix;
  of_one.identifier = "88.108.1001/SN1";
  of_one.to_enterprise = TestCreditCode(7);
  const auto first = Create(ClassGrant());
  const auto second = Create(of_one);
  const auto revoked = Create(ClassGrant("gone"));
  ASSERT_TRUE(first.ok() && second.ok() && revoked.ok());
  ASSERT_TRUE(node_.grants->Revoke(node_.Operator(), kPrefix, revoked->id, node_.Soon()).ok());

  GrantStore again(*node_.engine, *node_.audit, *node_.prefixes, node_.clock);
  ASSERT_TRUE(again.Load().ok());
  const auto grants = again.Of(kPrefix);
  ASSERT_EQ(grants.size(), 2U);
  for (const GrantRef& grant : grants) {
    const GrantInfo& made = grant->id == first->id ? *first : *second;
    EXPECT_EQ(grant->id, made.id);
    EXPECT_EQ(grant->prefix, made.prefix);
    EXPECT_EQ(grant->template_name, made.template_name);
    EXPECT_EQ(grant->items, made.items);
    EXPECT_EQ(grant->identifier, made.identifier);
    EXPECT_EQ(grant->to_enterprise, made.to_enterprise);
    EXPECT_EQ(grant->to_application, made.to_application);
    EXPECT_EQ(grant->ends_ms, made.ends_ms);
    EXPECT_EQ(grant->created_ms, made.created_ms);
    EXPECT_EQ(grant->created_by, made.created_by);
  }
  std::vector<GrantRef> found;
  again.Find({"88.108.1001/sn1", "shoe@2", of_one.to_enterprise, "shop"}, found);
  EXPECT_EQ(found.size(), 2U);
}

TEST_F(GrantStoreTest, CallsADamagedRowCorruption) {
  ASSERT_TRUE(Create(ClassGrant()).ok());
  const std::string space(1, 'g');
  auto rows = node_.engine->Scan(0, space, "h", 10, false, node_.Soon());
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 1U);
  const std::string key = rows->front().key;
  const std::string whole = rows->front().value;
  // Cut short anywhere, or with more behind it, it is damaged.
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string damaged = size == whole.size() ? whole + "x" : whole.substr(0, size);
    storage::WriteSet writes;
    writes.updates.push_back({key, damaged});
    const auto heads = node_.engine->Heads(std::vector<storage::ShardId>{0}, node_.Soon());
    ASSERT_TRUE(heads.ok());
    const auto committed = node_.engine->Commit(0, heads->front(), writes, node_.Soon());
    ASSERT_TRUE(committed.ok());
    ASSERT_EQ(*committed, storage::CommitStatus::kCommitted);
    GrantStore again(*node_.engine, *node_.audit, *node_.prefixes, node_.clock);
    EXPECT_EQ(again.Load().code(), Errc::kCorruption) << size;
  }
}

TEST_F(GrantStoreTest, NamesTheFieldAtFault) {
  GrantInfo grant = ClassGrant();
  grant.template_name.clear();
  EXPECT_EQ(FieldOf(grant), "grant.template");
  grant = ClassGrant();
  grant.identifier = "88.108.1001/SN1";
  EXPECT_EQ(FieldOf(grant), "grant.identifier");
  grant.template_name.clear();
  grant.identifier = "88.108.1002/SN1";
  EXPECT_EQ(FieldOf(grant), "grant.identifier");
  grant.identifier = "nothing";
  EXPECT_EQ(FieldOf(grant), "grant.identifier");

  grant = ClassGrant();
  grant.to_application.clear();
  EXPECT_EQ(FieldOf(grant), "grant.toEnterprise");
  grant = ClassGrant();
  grant.to_enterprise = TestCreditCode(1);
  EXPECT_EQ(FieldOf(grant), "grant.toApplication");
  grant.to_application.clear();
  grant.to_enterprise = "123";
  EXPECT_EQ(FieldOf(grant), "grant.toEnterprise");
  EXPECT_EQ(FieldOf(ClassGrant("No Name")), "grant.toApplication");
  EXPECT_EQ(FieldOf(ClassGrant(std::string(65, 'a'))), "grant.toApplication");

  for (const std::string name :
       {"shoe@", "shoe@0", "shoe@01", "shoe@x", "@1", "a/b", "a\nb", "shoe@99999999999"}) {
    grant = ClassGrant();
    grant.template_name = name;
    EXPECT_EQ(FieldOf(grant), "grant.template") << name;
  }
  grant = ClassGrant();
  grant.ends_ms = kTestNowMs;
  EXPECT_EQ(FieldOf(grant), "grant.endsAt");
  grant.ends_ms = -1;
  EXPECT_EQ(FieldOf(grant), "grant.endsAt");
  grant = ClassGrant();
  grant.prefix = "88..1";
  EXPECT_EQ(FieldOf(grant), "grant.prefix");
  grant.prefix = "88.999.1";
  EXPECT_EQ(FieldOf(grant), "grant.prefix");
}

TEST_F(GrantStoreTest, HoldsItsBounds) {
  GrantInfo grant = ClassGrant(std::string(64, 'a'));
  grant.template_name = std::string(kGrantTemplateBytesMax, 't') + "@4294967295";
  grant.items.clear();
  for (std::size_t i = 0; i < kGrantItemsMax; ++i) grant.items.push_back("i" + std::to_string(i));
  grant.items[0] = std::string(kGrantItemBytesMax, 'i');
  EXPECT_TRUE(Create(grant).ok());

  GrantInfo longer = grant;
  longer.items[7] += std::string(kGrantItemBytesMax, 'i');
  EXPECT_EQ(FieldOf(longer), "grant.items[7]");
  longer = grant;
  longer.items[3].clear();
  EXPECT_EQ(FieldOf(longer), "grant.items[3]");
  longer = grant;
  longer.items.push_back("more");
  EXPECT_EQ(FieldOf(longer), "grant.items");
  longer = grant;
  longer.template_name = std::string(kGrantTemplateBytesMax + 1, 't');
  EXPECT_EQ(FieldOf(longer), "grant.template");
}

TEST_F(GrantStoreTest, FindsWhatBearsOnTheRecordAndTheAsker) {
  const std::string enterprise = TestCreditCode(3);
  GrantInfo to_enterprise = ClassGrant();
  to_enterprise.to_application.clear();
  to_enterprise.to_enterprise = enterprise;
  to_enterprise.template_name = "shoe@2";
  GrantInfo of_one = ClassGrant();
  of_one.template_name.clear();
  of_one.identifier = "88.108.1001/SN1";
  ASSERT_TRUE(Create(to_enterprise).ok());
  ASSERT_TRUE(Create(of_one).ok());
  ASSERT_TRUE(Create(ClassGrant()).ok());

  EXPECT_EQ(Found("shop", enterprise).size(), 3U);
  EXPECT_EQ(Found("shop").size(), 2U);
  EXPECT_EQ(Found("other", enterprise).size(), 1U);
  EXPECT_EQ(Found("other").size(), 0U);
  EXPECT_EQ(Found("", "").size(), 0U);
  EXPECT_EQ(Found("shop", enterprise, "88.108.1001/sn2").size(), 2U);
  EXPECT_EQ(Found("shop", enterprise, "88.108.1001/sn2", "shoe@1").size(), 1U);
  EXPECT_EQ(Found("shop", enterprise, "88.108.1001/sn2", "").size(), 0U);
  EXPECT_EQ(Found("shop", enterprise, "88.108.1002/sn1").size(), 0U);
}

TEST_F(GrantStoreTest, OnlyTheOwnerGivesTakesAndLists) {
  const std::string owner = node_.AddEnterprise(1);
  const std::string other = node_.AddEnterprise(2);
  ASSERT_TRUE(node_.prefixes->Admit(node_.Operator(), kPrefix, owner, node_.Soon()).ok());
  const auto given = Create(ClassGrant());
  ASSERT_TRUE(given.ok());
  const std::vector<std::pair<Actor, Errc>> actors = {
      {node_.Stranger(), Errc::kUnauthenticated},
      {node_.App("other", {"88.108.1002"}, other), Errc::kPermissionDenied},
      {node_.Administrator(other), Errc::kPermissionDenied},
      {node_.App("erp", {kPrefix}, owner), Errc::kOk},
      {node_.Administrator(owner), Errc::kOk},
      {node_.Operator(), Errc::kOk},
  };
  for (const auto& [actor, code] : actors) {
    const std::string who = WhoIs(actor.who());
    const auto made = node_.grants->Create(actor, ClassGrant(), node_.Soon());
    EXPECT_EQ(made.code(), code) << who;
    EXPECT_EQ(node_.grants->List(actor, kPrefix).code(), code) << who;
    const std::string id = made.ok() ? made->id : given->id;
    EXPECT_EQ(node_.grants->Revoke(actor, kPrefix, id, node_.Soon()).code(), code) << who;
  }
  // The auditor reads and changes nothing.
  EXPECT_TRUE(node_.grants->List(node_.Auditor(), kPrefix).ok());
  EXPECT_EQ(node_.grants->Create(node_.Auditor(), ClassGrant(), node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(node_.grants->Of(kPrefix).size(), 1U);

  std::size_t done = 0;
  std::size_t refused = 0;
  for (const AuditEntry& entry : node_.AuditEntries()) {
    if (!entry.action.starts_with("grant.")) continue;
    if (entry.refused.empty()) {
      ++done;
    } else {
      ++refused;
    }
  }
  EXPECT_EQ(done, 7U);      // the first, and three given and taken
  EXPECT_GE(refused, 10U);  // three times three, and the auditor's
}

TEST_F(GrantStoreTest, ListsWhatOneGaveOrGot) {
  const std::string owner = node_.AddEnterprise(1);
  const std::string partner = node_.AddEnterprise(2);
  ASSERT_TRUE(node_.prefixes->Admit(node_.Operator(), kPrefix, owner, node_.Soon()).ok());
  GrantInfo to_partner = ClassGrant();
  to_partner.to_application.clear();
  to_partner.to_enterprise = partner;
  ASSERT_TRUE(Create(to_partner).ok());
  ASSERT_TRUE(Create(ClassGrant("shop")).ok());
  GrantInfo of_another = ClassGrant("shop");
  of_another.prefix = "88.108.1002";
  ASSERT_TRUE(Create(of_another).ok());

  const auto count = [&](const Actor& actor) {
    const auto listed = node_.grants->List(actor, "");
    return listed.ok() ? static_cast<int>(listed->size()) : -1;
  };
  EXPECT_EQ(count(node_.Operator()), 3);
  EXPECT_EQ(count(node_.Auditor()), 3);
  EXPECT_EQ(count(node_.Administrator(owner)), 2);
  EXPECT_EQ(count(node_.Administrator(partner)), 1);
  EXPECT_EQ(count(node_.App("shop", {"88.108.1009"}, partner)), 3);
  EXPECT_EQ(count(node_.App("other", {"88.108.1009"})), 0);
  EXPECT_EQ(count(node_.Stranger()), -1);
}

TEST_F(GrantStoreTest, AnEndedGrantStaysInTheListAndIsNotInForce) {
  GrantInfo grant = ClassGrant();
  grant.ends_ms = kTestNowMs + 5;
  ASSERT_TRUE(Create(grant).ok());
  EXPECT_EQ(Found("shop").size(), 1U);
  node_.clock.AdvanceMs(5);
  EXPECT_EQ(Found("shop").size(), 0U);
  const auto listed = node_.grants->List(node_.Operator(), kPrefix);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_FALSE((*listed)[0].InForceAt(node_.clock.WallMs()));
}

TEST_F(GrantStoreTest, RevokingWhatIsNotThereIsNotFound) {
  EXPECT_EQ(node_.grants->Revoke(node_.Operator(), kPrefix, "0123", node_.Soon()).code(),
            Errc::kNotFound);
  const auto made = Create(ClassGrant());
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(node_.grants->Revoke(node_.Operator(), "88.108.1002", made->id, node_.Soon()).code(),
            Errc::kNotFound);
  const auto revoked =
      node_.grants->Revoke(node_.Operator(), "88.108.1001", made->id, node_.Soon());
  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(revoked->id, made->id);
  EXPECT_EQ(Found("shop").size(), 0U);
  EXPECT_EQ(node_.grants->Revoke(node_.Operator(), kPrefix, made->id, node_.Soon()).code(),
            Errc::kNotFound);
}

TEST_F(GrantStoreTest, WritesWhatWasDoneToTheAuditLog) {
  const auto made = Create(ClassGrant());
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(node_.grants->Revoke(node_.Operator(), kPrefix, made->id, node_.Soon()).ok());
  std::vector<AuditEntry> entries;
  for (AuditEntry& entry : node_.AuditEntries()) {
    if (entry.action.starts_with("grant.")) entries.push_back(std::move(entry));
  }
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].action, "grant.create");
  EXPECT_EQ(entries[0].target, std::string(kPrefix) + " " + made->id);
  EXPECT_EQ(entries[0].before, "");
  EXPECT_EQ(entries[0].after, R"({"template":"shoe","items":"cost","toApplication":"shop"})");
  EXPECT_EQ(entries[1].action, "grant.revoke");
  EXPECT_EQ(entries[1].before, entries[0].after);
  EXPECT_EQ(entries[1].after, "");
}

// Otherwise who makes an application of that name, in whatever enterprise, would have the grant.
TEST_F(GrantStoreTest, AnApplicationMustBeThere) {
  EXPECT_EQ(FieldOf(ClassGrant("later")), "grant.toApplication");
  AddApplication("later");
  EXPECT_TRUE(Create(ClassGrant("later")).ok());
  // Its name is not given again, so it may be a revoked one's.
  ASSERT_TRUE(node_.access->RevokeApplication(node_.Operator(), "later", node_.Soon()).ok());
  EXPECT_TRUE(Create(ClassGrant("later")).ok());

  GrantStore knows_none(*node_.engine, *node_.audit, *node_.prefixes, node_.clock);
  EXPECT_EQ(knows_none.Create(node_.Operator(), ClassGrant(), node_.Soon()).code(),
            Errc::kInvalidRequest);
}

TEST_F(GrantStoreTest, ItsGenerationChangesWithWhatItFinds) {
  std::set<std::uint64_t> seen = {node_.grants->generation()};
  const auto changed = [&] { return seen.insert(node_.grants->generation()).second; };
  const auto made = Create(ClassGrant());
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(changed());
  EXPECT_EQ(Found("shop").size(), 1U);
  EXPECT_FALSE(changed());
  ASSERT_TRUE(node_.grants->Revoke(node_.Operator(), kPrefix, made->id, node_.Soon()).ok());
  EXPECT_TRUE(changed());
  const GrantStore other(*node_.engine, *node_.audit, *node_.prefixes, node_.clock);
  EXPECT_TRUE(seen.insert(other.generation()).second) << "no two stores have the same";
}

TEST_F(GrantStoreTest, KnowsWhoHasGrantsOfIdentifiers) {
  const std::string enterprise = TestCreditCode(3);
  ASSERT_TRUE(Create(ClassGrant()).ok());
  const auto has = [&](std::string_view who, std::string_view code = {}) {
    return node_.grants->HasOfIdentifiers(kPrefix, code, who);
  };
  EXPECT_FALSE(has("shop"));
  GrantInfo of_one = ClassGrant();
  of_one.template_name.clear();
  of_one.identifier = "88.108.1001/SN1";
  const auto first = Create(of_one);
  const auto second = Create(of_one);
  of_one.to_application.clear();
  of_one.to_enterprise = enterprise;
  ASSERT_TRUE(first.ok() && second.ok() && Create(of_one).ok());
  EXPECT_TRUE(has("shop"));
  EXPECT_FALSE(has("gone"));
  EXPECT_FALSE(has(""));
  EXPECT_TRUE(has("gone", enterprise));
  EXPECT_FALSE(node_.grants->HasOfIdentifiers("88.108.1002", enterprise, "shop"));
  for (const auto& grant : {first, second}) {
    EXPECT_TRUE(has("shop"));
    ASSERT_TRUE(node_.grants->Revoke(node_.Operator(), kPrefix, grant->id, node_.Soon()).ok());
  }
  EXPECT_FALSE(has("shop"));
}

}  // namespace
}  // namespace idnode::service
