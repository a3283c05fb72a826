#include "node/service/disclosure.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/node/service/disclosure_fixture.h"

namespace idnode::service {
namespace {

constexpr const char* kEverything = "batch colour cost recipe 1 2 3 2003 2004 2005 2006";
constexpr const char* kPublicOnly = "batch colour 1 2003";
constexpr const char* kAllButPrivate = "batch colour cost 1 2 2003 2004 2006";
constexpr const char* kWithCost = "batch colour cost 1 2003";

class DisclosureTest : public testing::Test {
 protected:
  DisclosureFixture fixture_;
};

TEST_F(DisclosureTest, WithoutGrantsOnlyTheOwnerAndTheWatchersSeeMoreThanWhatIsPublic) {
  const std::map<std::string, std::string> expected = {
      {"anonymous", kPublicOnly},
      {"operator", kEverything},
      {"auditor", kEverything},
      {"owner-application", kEverything},
      {"owner-administrator", kEverything},
      {"partner-administrator", kPublicOnly},
      {"partner-application", kPublicOnly},
      {"inspector", kPublicOnly},
      {"stranger-application", kPublicOnly},
  };
  for (const auto& [name, caller] : fixture_.Everybody()) {
    EXPECT_EQ(fixture_.SeenBy(name), expected.at(name)) << name;
  }
}

TEST_F(DisclosureTest, GrantsShowWhatTheyCoverToWhomTheyAreGiven) {
  fixture_.GrantBoth();
  const std::map<std::string, std::string> expected = {
      {"anonymous", kPublicOnly},
      {"operator", kEverything},
      {"auditor", kEverything},
      {"owner-application", kEverything},
      {"owner-administrator", kEverything},
      {"partner-administrator", kWithCost},
      {"partner-application", kWithCost},  // it has its enterprise's
      {"inspector", kAllButPrivate},
      {"stranger-application", kPublicOnly},
  };
  for (const auto& [name, caller] : fixture_.Everybody()) {
    EXPECT_EQ(fixture_.SeenBy(name), expected.at(name)) << name;
  }
}

TEST_F(DisclosureTest, AGrantOfAClassCoversItsTemplateAlone) {
  struct Case {
    std::string template_name;
    std::vector<std::string> items;
    std::string seen;
  };
  const std::vector<Case> cases = {
      // All items, but not value 2, which is of none.
      {"shoe", {}, "batch colour cost 1 2003 2004 2006"},
      {"shoe@1", {}, "batch colour cost 1 2003 2004 2006"},
      {"shoe@2", {}, kPublicOnly},
      {"sho", {}, kPublicOnly},
      {"shoe", {"PRICE"}, "batch colour 1 2003 2004"},
      {"shoe", {"WEIGHT", "cost"}, "batch colour cost 1 2003 2006"},
      {"shoe", {"recipe", "FORMULA"}, kPublicOnly},  // private stays private
      {"shoe", {"values[2]", "values[3]"}, "batch colour 1 2 2003"},
  };
  for (const Case& one : cases) {
    GrantInfo grant;
    grant.template_name = one.template_name;
    grant.items = one.items;
    grant.to_application = "inspector";
    const std::string id = fixture_.Grant(grant);
    EXPECT_EQ(fixture_.SeenBy("inspector"), one.seen) << one.template_name;
    EXPECT_EQ(fixture_.SeenBy("partner-application"), kPublicOnly);
    ASSERT_TRUE(fixture_.node()
                    .grants
                    ->Revoke(fixture_.node().Operator(), std::string(fixture_.kPrefix), id,
                             fixture_.node().Soon())
                    .ok());
    EXPECT_EQ(fixture_.SeenBy("inspector"), kPublicOnly);
  }
}

TEST_F(DisclosureTest, AGrantOfAnIdentifierCoversThatOneAlone) {
  GrantInfo grant;
  grant.identifier = "88.108.1001/Sn1";  // any case
  grant.items = {"cost", "values[2]"};
  grant.to_enterprise = fixture_.partner_enterprise();
  fixture_.Grant(grant);
  EXPECT_EQ(fixture_.SeenBy("partner-application"), "batch colour cost 1 2 2003");
  EXPECT_EQ(fixture_.SeenBy("inspector"), kPublicOnly);

  const Disclosure of_another = fixture_.node().disclosure->For(
      fixture_.Who("partner-application"), "88.108.1001/sn2", fixture_.record());
  EXPECT_EQ(fixture_.Seen(of_another), kPublicOnly);
}

TEST_F(DisclosureTest, AGrantEndsAtItsEnd) {
  GrantInfo grant;
  grant.identifier = fixture_.kIdentifier;
  grant.to_application = "inspector";
  grant.ends_ms = fixture_.node().clock.WallMs() + 1'000;
  fixture_.Grant(grant);
  EXPECT_EQ(fixture_.SeenBy("inspector"), kAllButPrivate);
  fixture_.node().clock.AdvanceMs(999);
  EXPECT_EQ(fixture_.SeenBy("inspector"), kAllButPrivate);
  fixture_.node().clock.AdvanceMs(1);
  EXPECT_EQ(fixture_.SeenBy("inspector"), kPublicOnly);
}

TEST_F(DisclosureTest, WithoutATemplateBitsDecide) {
  std::string bytes;
  EncodeRecordHeader({}, bytes);
  std::vector<ValueView> values(3);
  const std::uint8_t permissions[] = {0b0010, 0b1000, 0b0101};
  for (std::size_t i = 0; i < 3; ++i) {
    values[i].index = static_cast<std::uint32_t>(i + 1);
    values[i].type = "T";
    values[i].permissions = permissions[i];
  }
  ContentInput content;
  content.values = values;
  content.attributes_json = R"({"cost":"17"})";
  ASSERT_TRUE(EncodeContent(content, {}, bytes).ok());
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  const auto seen = [&](std::string_view who) {
    const Disclosure disclosure =
        fixture_.node().disclosure->For(fixture_.Who(who), "88.108.1001/plain", *record);
    EXPECT_FALSE(disclosure.filters_attributes());
    std::string shown;
    for (const ValueView& value : values) {
      if (disclosure.SeesValue(value)) shown += std::to_string(value.index);
    }
    return shown;
  };
  EXPECT_EQ(seen("anonymous"), "1");
  EXPECT_EQ(seen("inspector"), "1");
  EXPECT_EQ(seen("owner-application"), "123");
  GrantInfo grant;
  grant.identifier = "88.108.1001/plain";
  grant.to_application = "inspector";
  fixture_.Grant(grant);
  EXPECT_EQ(seen("inspector"), "12");
  EXPECT_EQ(seen("partner-application"), "1");
}

TEST_F(DisclosureTest, ATemplateThatIsNotKnownHidesNothing) {
  std::string bytes;
  EncodeRecordHeader({}, bytes);
  ContentInput content;
  content.template_ref = "boot@1";
  content.attributes_json = R"({"cost":"17"})";
  ASSERT_TRUE(EncodeContent(content, {}, bytes).ok());
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  const Disclosure disclosure =
      fixture_.node().disclosure->For(*Anonymous(), "88.108.1001/b", *record);
  EXPECT_TRUE(disclosure.SeesAttribute("cost"));
  EXPECT_FALSE(disclosure.filters_attributes());
}

TEST_F(DisclosureTest, TellsWhoCanSee) {
  fixture_.GrantBoth();
  GrantInfo ended;
  ended.template_name = "shoe@1";
  ended.to_application = "late";
  ended.ends_ms = fixture_.node().clock.WallMs() + 10;
  fixture_.Grant(ended);
  fixture_.node().clock.AdvanceMs(10);
  GrantInfo elsewhere;
  elsewhere.identifier = "88.108.1001/SN2";
  elsewhere.to_application = "elsewhere";
  fixture_.Grant(elsewhere);

  const auto shown = fixture_.node().disclosure->WhoCanSee(fixture_.kFolded, fixture_.record());
  std::vector<std::string> lines;
  for (const ItemVisibility& item : shown) {
    std::string line = item.item + " " + std::to_string(static_cast<int>(item.visibility));
    for (const auto& enterprise : item.enterprises) {
      line += enterprise == fixture_.partner_enterprise() ? " partner" : " " + enterprise;
    }
    for (const auto& application : item.applications) line += " " + application;
    lines.push_back(line);
  }
  const std::vector<std::string> expected = {
      "attributes.batch 1",
      "attributes.colour 1",
      "attributes.cost 2 partner inspector",
      "attributes.recipe 3",
      "values[1] 1",
      "values[2] 2 inspector",
      "values[3] 3",
      "values[2003] 1",
      "values[2004] 2 inspector",
      "values[2005] 3",
      "values[2006] 2 inspector",
  };
  EXPECT_EQ(lines, expected);
}

// What the owner is told of who can see what is what they see.
TEST_F(DisclosureTest, WhoCanSeeAgreesWithWhatIsSeen) {
  fixture_.GrantBoth();
  for (const ItemVisibility& item :
       fixture_.node().disclosure->WhoCanSee(fixture_.kFolded, fixture_.record())) {
    for (const std::string who : {"partner-application", "inspector", "stranger-application"}) {
      const Caller& caller = fixture_.Who(who);
      const auto named = [](const std::vector<std::string>& names, const std::string& name) {
        return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
      };
      const bool told = item.visibility == Visibility::kPublic ||
                        named(item.enterprises, caller.enterprise) ||
                        named(item.applications, caller.application);
      const std::string name = item.item.starts_with("attributes.")
                                   ? item.item.substr(11)
                                   : item.item.substr(7, item.item.size() - 8);
      const std::string seen = " " + fixture_.SeenBy(who) + " ";
      EXPECT_EQ(seen.find(" " + name + " ") != std::string::npos, told) << who << " " << name;
    }
  }
}

// What was worked out before holds no longer than what it was worked out of.
TEST_F(DisclosureTest, FollowsGrantsAndTemplatesAtOnce) {
  TestNode& node = fixture_.node();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(fixture_.SeenBy("inspector"), kPublicOnly);
    GrantInfo grant;
    grant.template_name = "shoe";
    grant.items = {"cost"};
    grant.to_application = "inspector";
    grant.ends_ms = node.clock.WallMs() + 10;
    const std::string id = fixture_.Grant(grant);
    EXPECT_EQ(fixture_.SeenBy("inspector"), kWithCost);
    node.clock.AdvanceMs(9);
    EXPECT_EQ(fixture_.SeenBy("inspector"), kWithCost);
    if (round == 1) {
      const std::string prefix(fixture_.kPrefix);
      ASSERT_TRUE(node.grants->Revoke(node.Operator(), prefix, id, node.Soon()).ok());
    }
    EXPECT_EQ(fixture_.SeenBy("inspector"), round == 1 ? kPublicOnly : kWithCost);
    node.clock.AdvanceMs(1);
  }

  std::string bytes;
  EncodeRecordHeader({}, bytes);
  ContentInput content;
  content.template_ref = "boot@1";
  content.attributes_json = R"({"cost":"17"})";
  ASSERT_TRUE(EncodeContent(content, {}, bytes).ok());
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  const auto sees_cost = [&](std::string_view who) {
    return node.disclosure->For(fixture_.Who(who), "88.108.1001/b", *record).SeesAttribute("cost");
  };
  EXPECT_TRUE(sees_cost("anonymous"));
  EXPECT_TRUE(sees_cost("inspector"));
  TemplateItem item;
  item.name = "cost";
  item.index = 2000;
  item.visibility = ItemVisibilityDefault::kPrivate;
  DataTemplate boot;
  boot.items = {item};
  const std::string owner = "88.108";
  ASSERT_TRUE(node.templates->Put(node.Operator(), owner, "boot", boot, node.Soon()).ok());
  ASSERT_TRUE(node.templates->Publish(node.Operator(), owner, "boot", 1, node.Soon()).ok());
  EXPECT_FALSE(sees_cost("anonymous"));
  EXPECT_FALSE(sees_cost("inspector"));
  ASSERT_TRUE(node.templates->Delete(node.Operator(), owner, "boot", 1, node.Soon()).ok());
  EXPECT_TRUE(sees_cost("anonymous"));
  EXPECT_TRUE(sees_cost("inspector"));
}

// The one's grants of single identifiers are not the other's, nor of another identifier.
TEST_F(DisclosureTest, GrantsOfIdentifiersComeOnTopOfThoseOfTheirTemplate) {
  GrantInfo of_class;
  of_class.template_name = "shoe";
  of_class.items = {"cost"};
  of_class.to_application = "inspector";
  fixture_.Grant(of_class);
  EXPECT_EQ(fixture_.SeenBy("inspector"), kWithCost);
  GrantInfo of_one;
  of_one.identifier = fixture_.kIdentifier;
  of_one.items = {"PRICE"};
  of_one.to_application = "inspector";
  fixture_.Grant(of_one);
  EXPECT_EQ(fixture_.SeenBy("inspector"), "batch colour cost 1 2003 2004");
  EXPECT_EQ(fixture_.SeenBy("partner-application"), kPublicOnly);
  const Disclosure of_another = fixture_.node().disclosure->For(
      fixture_.Who("inspector"), "88.108.1001/sn2", fixture_.record());
  EXPECT_EQ(fixture_.Seen(of_another), kWithCost);
  EXPECT_EQ(fixture_.SeenBy("inspector"), "batch colour cost 1 2003 2004");
}

}  // namespace
}  // namespace idnode::service
