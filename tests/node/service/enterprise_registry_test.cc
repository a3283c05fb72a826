#include "node/service/enterprise_registry.h"

#include <gtest/gtest.h>

#include "node/service/enterprise_row.h"
#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

EnterpriseInfo Shoemaker(unsigned n = 1) {
  EnterpriseInfo enterprise;
  enterprise.credit_code = TestCreditCode(n);
  enterprise.name = "晋江鞋业有限公司";
  enterprise.industry = "1952";
  enterprise.region = "350582";
  enterprise.address = "福建省泉州市晋江市";
  enterprise.contact = {"王小明", "+86 595-8888 1234", "wang@maker.example"};
  enterprise.legal_person = {"李华", "13800001234", "li@maker.example"};
  enterprise.nature = 1;
  return enterprise;
}

EnterpriseQuery Where(const std::string& name, const std::string& industry,
                      const std::string& region) {
  EnterpriseQuery query;
  query.name_contains = name;
  query.industry = industry;
  query.region = region;
  return query;
}

EnterpriseQuery PageOf(std::uint32_t size) {
  EnterpriseQuery query;
  query.page_size = size;
  return query;
}

class EnterpriseRegistryTest : public testing::Test {
 protected:
  Result<EnterpriseInfo> Create(const EnterpriseInfo& enterprise) {
    return node_.enterprises->Create(node_.Operator(), enterprise, node_.Soon());
  }
  Result<EnterpriseInfo> Update(const Actor& actor, const EnterpriseInfo& enterprise,
                                std::uint32_t expected = 0) {
    return node_.enterprises->Update(actor, enterprise, expected, node_.Soon());
  }
  std::string FieldOf(const EnterpriseInfo& enterprise) {
    const auto created = Create(enterprise);
    if (created.ok()) return "ok";
    EXPECT_EQ(created.code(), Errc::kInvalidRequest);
    return created.error().field;
  }

  TestNode node_;
};

TEST_F(EnterpriseRegistryTest, AnEnterpriseIsKeptInItsNormalForm) {
  EnterpriseInfo asked = Shoemaker();
  for (char& c : asked.credit_code) c = static_cast<char>(std::tolower(c));
  const auto created = Create(asked);
  ASSERT_TRUE(created.ok()) << created.error().detail;
  EXPECT_EQ(created->credit_code, TestCreditCode(1));
  EXPECT_EQ(created->industry, "C1952");
  EXPECT_EQ(created->region, "350582");
  EXPECT_EQ(created->created_ms, kTestNowMs);
  EXPECT_EQ(created->revision, 1u);
  ASSERT_TRUE(node_.enterprises->Load().ok());  // as after a restart
  const auto found = node_.enterprises->Find(TestCreditCode(1));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, asked.name);
  EXPECT_EQ(found->address, asked.address);
  EXPECT_EQ(found->contact, asked.contact);
  EXPECT_EQ(found->legal_person, asked.legal_person);
  EXPECT_EQ(found->nature, 1u);
  EXPECT_EQ(found->updated_ms, kTestNowMs);
  EXPECT_EQ(node_.enterprises->Get(node_.Operator(), asked.credit_code)->name, asked.name)
      << "lower case finds it";
  EXPECT_EQ(node_.enterprises->Find(TestCreditCode(2)), nullptr);
}

TEST_F(EnterpriseRegistryTest, ThereIsOneOfACreditCode) {
  ASSERT_TRUE(Create(Shoemaker()).ok());
  const auto again = Create(Shoemaker());
  EXPECT_EQ(again.code(), Errc::kAlreadyExists);
  EXPECT_EQ(again.error().field, "creditCode");
}

TEST_F(EnterpriseRegistryTest, AMissingRegionIsTheCreditCodes) {
  EnterpriseInfo enterprise = Shoemaker();
  enterprise.region.clear();
  EXPECT_EQ(Create(enterprise)->region, "440300");
  enterprise.credit_code = "12100000400000624D";  // registered with an authority of the state
  EXPECT_EQ(Create(enterprise)->region, "");
}

TEST_F(EnterpriseRegistryTest, FieldsAreChecked) {
  const auto with = [](auto change) {
    EnterpriseInfo enterprise = Shoemaker();
    change(enterprise);
    return enterprise;
  };
  using E = EnterpriseInfo;
  EXPECT_EQ(FieldOf(with([](E& e) { e.credit_code = "91440300708461136X"; })), "creditCode");
  EXPECT_EQ(FieldOf(with([](E& e) { e.credit_code = ""; })), "creditCode");
  EXPECT_EQ(FieldOf(with([](E& e) { e.name = ""; })), "name");
  EXPECT_EQ(FieldOf(with([](E& e) { e.name = "a\nb"; })), "name");
  EXPECT_EQ(FieldOf(with([](E& e) { e.name = "\xff"; })), "name");
  EXPECT_EQ(FieldOf(with([](E& e) { e.industry = ""; })), "industry");
  EXPECT_EQ(FieldOf(with([](E& e) { e.industry = "A1952"; })), "industry");
  EXPECT_EQ(FieldOf(with([](E& e) { e.region = "999999"; })), "region");
  EXPECT_EQ(FieldOf(with([](E& e) { e.nature = 6; })), "nature");
  EXPECT_EQ(FieldOf(with([](E& e) { e.contact.phone = "138x"; })), "contact.phone");
  EXPECT_EQ(FieldOf(with([](E& e) { e.contact.phone = " - "; })), "contact.phone");
  EXPECT_EQ(FieldOf(with([](E& e) { e.legal_person.phone = "(010)"; })), "legalPerson.phone");
  for (const char* email : {"a", "@b", "a@", "a@b@c", "a b@c", "a@b\n"}) {
    EXPECT_EQ(FieldOf(with([&](E& e) { e.contact.email = email; })), "contact.email") << email;
  }
  EXPECT_TRUE(node_.AuditEntries().empty()) << "nothing was done and nobody refused";
}

TEST_F(EnterpriseRegistryTest, LengthsEndWhereTheyAreNamed) {
  const auto text = [](std::size_t size) { return std::string(size, '1'); };
  const auto email = [&](std::size_t size) { return "a@" + std::string(size - 2, 'b'); };
  struct Bound {
    std::size_t most;
    const char* field;
    std::function<void(EnterpriseInfo&, std::size_t)> set;
  };
  const std::vector<Bound> bounds = {
      {kEnterpriseNameBytesMax, "name", [&](auto& e, auto n) { e.name = text(n); }},
      {kEnterpriseAddressBytesMax, "address", [&](auto& e, auto n) { e.address = text(n); }},
      {kContactNameBytesMax, "contact.name", [&](auto& e, auto n) { e.contact.name = text(n); }},
      {kContactPhoneBytesMax, "contact.phone", [&](auto& e, auto n) { e.contact.phone = text(n); }},
      {kContactEmailBytesMax, "contact.email",
       [&](auto& e, auto n) { e.contact.email = email(n); }},
      {kContactNameBytesMax, "legalPerson.name",
       [&](auto& e, auto n) { e.legal_person.name = text(n); }},
      {kContactEmailBytesMax, "legalPerson.email",
       [&](auto& e, auto n) { e.legal_person.email = email(n); }},
  };
  unsigned n = 10;
  for (const auto& bound : bounds) {
    EnterpriseInfo enterprise = Shoemaker(n++);
    bound.set(enterprise, bound.most + 1);
    EXPECT_EQ(FieldOf(enterprise), bound.field);
    bound.set(enterprise, bound.most);
    EXPECT_EQ(FieldOf(enterprise), "ok") << bound.field;
  }
}

TEST_F(EnterpriseRegistryTest, TheOperatorReplacesAllOfIt) {
  ASSERT_TRUE(Create(Shoemaker()).ok());
  node_.clock.AdvanceMs(1'000);
  EnterpriseInfo next = Shoemaker();
  next.name = "New name";
  next.industry = "C30";
  next.region = "360200";
  next.legal_person.name = "赵敏";
  const auto updated = Update(node_.Operator(), next, 1);
  ASSERT_TRUE(updated.ok()) << updated.error().detail;
  EXPECT_EQ(updated->revision, 2u);
  EXPECT_EQ(updated->created_ms, kTestNowMs);
  EXPECT_EQ(updated->updated_ms, kTestNowMs + 1'000);
  ASSERT_TRUE(node_.enterprises->Load().ok());
  EXPECT_EQ(node_.enterprises->Find(TestCreditCode(1))->industry, "C30");
  const auto stale = Update(node_.Operator(), next, 1);
  EXPECT_EQ(stale.code(), Errc::kPreconditionFailed);
  EXPECT_EQ(Update(node_.Operator(), Shoemaker(2)).code(), Errc::kNotFound);
  next.industry = "X";
  EXPECT_EQ(Update(node_.Operator(), next).error().field, "industry");
}

TEST_F(EnterpriseRegistryTest, WhatIsAsItWasIsNoChange) {
  ASSERT_TRUE(Create(Shoemaker()).ok());
  node_.clock.AdvanceMs(1'000);
  const auto same = Update(node_.Operator(), Shoemaker());
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->revision, 1u);
  EXPECT_EQ(same->updated_ms, kTestNowMs);
  EXPECT_EQ(node_.AuditEntries().size(), 1u);
}

TEST_F(EnterpriseRegistryTest, AnAdministratorChangesAddressAndContactsOfItsOwn) {
  ASSERT_TRUE(Create(Shoemaker()).ok());
  const Actor own = node_.Administrator(TestCreditCode(1));
  EnterpriseInfo next = Shoemaker();
  next.address = "elsewhere";
  next.contact = {"张三", "010-1234", "zhang@maker.example"};
  next.legal_person.phone = "139 0000 9999";
  next.legal_person.email = "l@maker.example";
  ASSERT_TRUE(Update(own, next).ok());
  EXPECT_EQ(Update(node_.Administrator(TestCreditCode(2)), next).code(), Errc::kPermissionDenied);
  EXPECT_EQ(Update(node_.App("erp", {"88.108.1"}, TestCreditCode(1)), next).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(Update(node_.Auditor(), next).code(), Errc::kPermissionDenied);
  EXPECT_EQ(Update(node_.Stranger(), next).code(), Errc::kUnauthenticated);
  const auto refused_field = [&](auto change) {
    EnterpriseInfo more = next;
    change(more);
    const auto updated = Update(own, more);
    EXPECT_EQ(updated.code(), Errc::kPermissionDenied);
    return updated.ok() ? std::string() : updated.error().field;
  };
  EXPECT_EQ(refused_field([](auto& e) { e.name = "other"; }), "name");
  EXPECT_EQ(refused_field([](auto& e) { e.industry = "C30"; }), "industry");
  EXPECT_EQ(refused_field([](auto& e) { e.region = "360200"; }), "region");
  EXPECT_EQ(refused_field([](auto& e) { e.nature = 2; }), "nature");
  EXPECT_EQ(refused_field([](auto& e) { e.legal_person.name = "x"; }), "legalPerson.name");
  std::uint64_t refusals = 0;
  for (const auto& entry : node_.AuditEntries()) {
    if (!entry.refused.empty()) refusals += entry.count;
  }
  EXPECT_EQ(refusals, 9u);
}

TEST_F(EnterpriseRegistryTest, OnlyTheOperatorCreates) {
  for (const Actor& actor : {node_.Auditor(), node_.App("erp", {"88.108.1"}, TestCreditCode(1)),
                             node_.Administrator(TestCreditCode(1))}) {
    EXPECT_EQ(node_.enterprises->Create(actor, Shoemaker(), node_.Soon()).code(),
              Errc::kPermissionDenied);
  }
  EXPECT_EQ(node_.enterprises->Create(node_.Stranger(), Shoemaker(), node_.Soon()).code(),
            Errc::kUnauthenticated);
  EXPECT_EQ(node_.AuditEntries().size(), 4u);
}

TEST_F(EnterpriseRegistryTest, OthersSeeTheirOwnOnly) {
  ASSERT_TRUE(Create(Shoemaker(1)).ok());
  ASSERT_TRUE(Create(Shoemaker(2)).ok());
  const auto& registry = *node_.enterprises;
  const std::string first = TestCreditCode(1);
  for (const Actor& actor : {node_.App("erp", {"88.108.1"}, first), node_.Administrator(first)}) {
    EXPECT_TRUE(registry.Get(actor, first).ok());
    EXPECT_EQ(registry.Get(actor, TestCreditCode(2)).code(), Errc::kPermissionDenied);
    EXPECT_EQ(registry.Get(actor, TestCreditCode(3)).code(), Errc::kPermissionDenied)
        << "nor whether it is there";
    const auto page = registry.List(actor, {});
    ASSERT_EQ(page->enterprises.size(), 1u);
    EXPECT_EQ(page->enterprises[0].credit_code, first);
  }
  EXPECT_TRUE(registry.List(node_.App("no-one's", {"88.108.9"}), {})->enterprises.empty());
  EXPECT_EQ(registry.Get(node_.App("no-one's", {}), "").code(), Errc::kPermissionDenied);
  for (const Actor& actor : {node_.Operator(), node_.Auditor()}) {
    EXPECT_TRUE(registry.Get(actor, first).ok());
    EXPECT_EQ(registry.Get(actor, TestCreditCode(3)).code(), Errc::kNotFound);
    EXPECT_EQ(registry.List(actor, {})->enterprises.size(), 2u);
  }
  EXPECT_EQ(registry.Get(node_.Stranger(), first).code(), Errc::kUnauthenticated);
  EXPECT_EQ(registry.List(node_.Stranger(), {}).code(), Errc::kUnauthenticated);
}

TEST_F(EnterpriseRegistryTest, ListsArePagedAndNarrowed) {
  const std::array industries = {"C1952", "C1951", "C14", "A01"};
  const std::array regions = {"350582", "350500", "350000", "440300"};
  for (unsigned n = 0; n < 8; ++n) {
    EnterpriseInfo enterprise = Shoemaker(n);
    enterprise.industry = industries[n % 4];
    enterprise.region = regions[n % 4];
    enterprise.name = "鞋厂 " + std::to_string(n);
    ASSERT_TRUE(Create(enterprise).ok());
  }
  const auto count = [&](EnterpriseQuery query) {
    query.page_size = 3;
    std::size_t found = 0;
    std::string last;
    do {
      const auto page = node_.enterprises->List(node_.Operator(), query);
      EXPECT_TRUE(page.ok()) << page.error().detail;
      if (!page.ok()) break;
      EXPECT_LE(page->enterprises.size(), 3u);
      for (const auto& enterprise : page->enterprises) {
        EXPECT_LT(last, enterprise.credit_code);
        last = enterprise.credit_code;
        ++found;
      }
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return found;
  };
  EXPECT_EQ(count({}), 8u);
  EXPECT_EQ(count(Where("", "C", "")), 6u);
  EXPECT_EQ(count(Where("", "195", "")), 4u);
  EXPECT_EQ(count(Where("", "C1952", "")), 2u);
  EXPECT_EQ(count(Where("", "", "350000")), 6u);
  EXPECT_EQ(count(Where("", "", "350500")), 4u);
  EXPECT_EQ(count(Where("", "", "350582")), 2u);
  EXPECT_EQ(count(Where("厂 3", "", "")), 1u);
  EXPECT_EQ(count(Where("鞋", "A", "440000")), 2u);

  const auto code = [&](const EnterpriseQuery& query) {
    return node_.enterprises->List(node_.Operator(), query).code();
  };
  EXPECT_EQ(code(PageOf(kEnterprisePageSizeMax)), Errc::kOk);
  EXPECT_EQ(code(PageOf(kEnterprisePageSizeMax + 1)), Errc::kInvalidRequest);
  EXPECT_EQ(code(Where("", "no", "")), Errc::kInvalidRequest);
  EXPECT_EQ(code(Where("", "", "no")), Errc::kInvalidRequest);
  EnterpriseQuery query;
  query.page_token = "abc";
  EXPECT_EQ(code(query), Errc::kInvalidPageToken);
  query.page_token = node_.enterprises->List(node_.Operator(), PageOf(1))->next_page_token;
  EXPECT_EQ(code(query), Errc::kOk);
  query.industry = "C";
  EXPECT_EQ(code(query), Errc::kInvalidPageToken) << "of another list";
}

TEST_F(EnterpriseRegistryTest, TheAuditLogShowsChangesAndNoPersonalData) {
  ASSERT_TRUE(Create(Shoemaker()).ok());
  EnterpriseInfo next = Shoemaker();
  next.industry = "C30";
  ASSERT_TRUE(Update(node_.Operator(), next).ok());
  const auto entries = node_.AuditEntries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].action, "enterprise.create");
  EXPECT_EQ(entries[0].target, TestCreditCode(1));
  EXPECT_EQ(entries[0].before, "");
  EXPECT_EQ(entries[1].before, entries[0].after);
  EXPECT_NE(entries[1].before.find(R"("industry":"C1952")"), std::string::npos);
  EXPECT_NE(entries[1].after.find(R"("industry":"C30")"), std::string::npos);
  EXPECT_NE(
      entries[0].after.find(R"("name":"王**","phone":"****1234","email":"w***@maker.example")"),
      std::string::npos)
      << entries[0].after;
  for (const auto& entry : entries) {
    for (const std::string_view secret :
         {"王小明", "李华", "8888", "13800001234", "1380000", "wang@", "li@"}) {
      EXPECT_EQ(entry.after.find(secret), std::string::npos) << secret;
      EXPECT_EQ(entry.before.find(secret), std::string::npos) << secret;
    }
  }
}

TEST_F(EnterpriseRegistryTest, FollowersHearOfEveryChange) {
  std::vector<std::string> heard;
  node_.enterprises->OnChange([&](const EnterpriseInfo& enterprise) {
    EXPECT_NE(node_.enterprises->Find(enterprise.credit_code), nullptr) << "no lock is held";
    heard.push_back(enterprise.industry);
  });
  ASSERT_TRUE(Create(Shoemaker()).ok());
  EnterpriseInfo next = Shoemaker();
  next.industry = "14";
  ASSERT_TRUE(Update(node_.Operator(), next).ok());
  ASSERT_FALSE(Create(Shoemaker()).ok());
  EXPECT_EQ(heard, (std::vector<std::string>{"C1952", "C14"}));
}

TEST_F(EnterpriseRegistryTest, AnotherNodesChangesAreSeenBeforeTheyAreOverwritten) {
  EnterpriseRegistry other(*node_.engine, *node_.audit, node_.clock);
  ASSERT_TRUE(other.Create(node_.Operator(), Shoemaker(), node_.Soon()).ok());
  EXPECT_EQ(Create(Shoemaker()).code(), Errc::kAlreadyExists);
  EXPECT_NE(node_.enterprises->Find(TestCreditCode(1)), nullptr) << "known from then on";
  EnterpriseInfo next = Shoemaker();
  next.address = "theirs";
  ASSERT_TRUE(other.Update(node_.Operator(), next, 0, node_.Soon()).ok());
  next.address = "ours";
  EXPECT_EQ(Update(node_.Operator(), next).code(), Errc::kConflict);
  EXPECT_EQ(node_.enterprises->Find(TestCreditCode(1))->address, "theirs");
  EXPECT_TRUE(Update(node_.Operator(), next).ok());
}

TEST(EnterpriseRegistryFaultTest, WhatFailsIsNotThere) {
  auto faulty = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(1));
  auto& engine = *faulty;
  TestNodeOptions options;
  options.given_engine = std::move(faulty);
  TestNode node(std::move(options));
  engine.SetStorageFull(true);
  EXPECT_EQ(node.enterprises->Create(node.Operator(), Shoemaker(), node.Soon()).code(),
            Errc::kStorageFull);
  EXPECT_EQ(node.enterprises->Find(TestCreditCode(1)), nullptr);
  engine.SetStorageFull(false);
  EXPECT_TRUE(node.enterprises->Create(node.Operator(), Shoemaker(), node.Soon()).ok());
}

TEST(EnterpriseRowTest, DamagedRowsAreFound) {
  EnterpriseInfo enterprise = Shoemaker();
  enterprise.revision = 1;
  const std::string bytes = EncodeEnterprise(enterprise);
  EXPECT_EQ(EncodeEnterprise(*DecodeEnterprise(enterprise.credit_code, bytes)), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeEnterprise("x", bytes.substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(DecodeEnterprise("x", bytes + "x").code(), Errc::kCorruption);
  TestNode node;
  storage::WriteSet writes;
  const std::string key = EnterpriseKey("x");
  writes.inserts.push_back({key, "damaged"});
  const std::string_view view = key;
  const auto read = node.engine->Read(0, {&view, 1}, node.Soon());
  ASSERT_TRUE(node.engine->Commit(0, read->version, writes, node.Soon()).ok());
  EXPECT_EQ(node.enterprises->Load().code(), Errc::kCorruption);
}

}  // namespace
}  // namespace idnode::service
