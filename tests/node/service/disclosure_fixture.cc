#include "tests/node/service/disclosure_fixture.h"

#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace idnode::service {
namespace {

constexpr std::array<std::string_view, 4> kAttributes = {"batch", "colour", "cost", "recipe"};
constexpr std::string_view kAttributesJson =
    R"({"batch":"B7","colour":"red","cost":"17","recipe":"secret"})";
constexpr std::uint8_t kForGranted = 0b1100;  // admin read and write
constexpr std::uint8_t kForNobody = 0b0100;

TemplateItem Item(std::string name, std::uint32_t index, ItemVisibilityDefault visibility) {
  TemplateItem item;
  item.name = std::move(name);
  item.index = index;
  item.visibility = visibility;
  return item;
}

DataTemplate Shoe() {
  constexpr auto kPublic = ItemVisibilityDefault::kPublic;
  constexpr auto kGranted = ItemVisibilityDefault::kGranted;
  constexpr auto kPrivate = ItemVisibilityDefault::kPrivate;
  DataTemplate content;
  content.title = "鞋";
  content.extra_attributes = true;
  content.items = {Item("colour", 2000, kPublic),  Item("cost", 2001, kGranted),
                   Item("recipe", 2002, kPrivate), Item("SIZE", 2003, kPublic),
                   Item("PRICE", 2004, kGranted),  Item("FORMULA", 2005, kPrivate),
                   Item("WEIGHT", 2006, kPublic)};
  return content;
}

ValueView Value(std::uint32_t index, std::string_view type,
                std::uint8_t permissions = kDefaultPermissions) {
  ValueView value;
  value.index = index;
  value.type = type;
  value.data = type;
  value.permissions = permissions;
  return value;
}

}  // namespace

DisclosureFixture::DisclosureFixture() : node_(std::make_unique<TestNode>()) {
  TestNode& node = *node_;
  owner_enterprise_ = node.AddEnterprise(1);
  partner_enterprise_ = node.AddEnterprise(2);
  const std::string prefix(kPrefix);
  const auto admitted =
      node.prefixes->Admit(node.Operator(), prefix, owner_enterprise_, node.Soon());
  EXPECT_TRUE(admitted.ok()) << admitted.error().detail;
  const auto put = node.templates->Put(node.Operator(), prefix, "shoe", Shoe(), node.Soon());
  EXPECT_TRUE(put.ok()) << put.error().field << ": " << put.error().detail;
  const auto published = node.templates->Publish(node.Operator(), prefix, "shoe", 1, node.Soon());
  EXPECT_TRUE(published.ok()) << published.error().detail;

  for (const std::string name : {"shop", "inspector", "late", "elsewhere"}) {
    const auto made = node.access->CreateApplication(
        node.Operator(), AnApplication(name, {"88.108.1009"}), node.Soon());
    EXPECT_TRUE(made.ok()) << made.error().detail;
  }

  const std::array<ValueView, 7> values = {Value(1, "URL"),
                                           Value(2, "LINK", kForGranted),
                                           Value(3, "KEY", kForNobody),
                                           Value(2003, "SIZE"),
                                           Value(2004, "PRICE"),
                                           Value(2005, "FORMULA"),
                                           Value(2006, "WEIGHT", kForGranted)};
  const auto registered = node.Run(node.operator_caller(), {}, 1, [&](Batch& batch) {
    batch.AddRegister({kIdentifier, {"product", "shoe@1", kAttributesJson, values}});
  });
  EXPECT_TRUE(registered.ok());
  if (registered.ok()) {
    EXPECT_EQ(registered->results[0].outcome, Outcome::kRegistered)
        << registered->results[0].field << ": " << registered->results[0].detail;
  }
  const auto found =
      node.resolution->Read(kIdentifier, *node.operator_caller(), node.Soon(), resolved_);
  EXPECT_TRUE(found.ok()) << found.error().detail;

  everybody_ = {
      {"anonymous", Anonymous()},
      {"operator", node.Operator().caller},
      {"auditor", node.Auditor().caller},
      {"owner-application", node.App("erp", {prefix}, owner_enterprise_).caller},
      {"owner-administrator", node.Administrator(owner_enterprise_, "alice").caller},
      {"partner-administrator", node.Administrator(partner_enterprise_, "bob").caller},
      {"partner-application", node.App("shop", {"88.108.1002"}, partner_enterprise_).caller},
      {"inspector", node.App("inspector", {"88.108.1003"}).caller},
      {"stranger-application", node.App("other", {"88.108.1004"}).caller},
  };
}

std::string DisclosureFixture::Grant(GrantInfo grant) {
  grant.prefix = kPrefix;
  const auto made = node_->grants->Create(node_->Operator(), std::move(grant), node_->Soon());
  EXPECT_TRUE(made.ok()) << made.error().field << ": " << made.error().detail;
  return made.ok() ? made->id : std::string();
}

void DisclosureFixture::GrantBoth() {
  GrantInfo of_class;
  of_class.template_name = "shoe";
  of_class.items = {"cost"};
  of_class.to_enterprise = partner_enterprise_;
  Grant(of_class);
  GrantInfo of_one;
  of_one.identifier = kIdentifier;
  of_one.to_application = "inspector";
  Grant(of_one);
}

std::vector<std::pair<std::string, CallerRef>> DisclosureFixture::Everybody() const {
  return everybody_;
}

const Caller& DisclosureFixture::Who(std::string_view name) const {
  for (const auto& [known, caller] : everybody_) {
    if (known == name) return *caller;
  }
  ADD_FAILURE() << "nobody is called " << name;
  return *everybody_.front().second;
}

std::string DisclosureFixture::Seen(const Disclosure& disclosure) const {
  std::string seen;
  const auto add = [&](std::string_view name) {
    if (!seen.empty()) seen += ' ';
    seen += name;
  };
  for (const std::string_view attribute : kAttributes) {
    if (disclosure.SeesAttribute(attribute)) add(attribute);
  }
  ValueReader values = resolved_.record.values();
  ValueView value;
  while (values.Next(value)) {
    if (disclosure.SeesValue(value)) add(std::to_string(value.index));
  }
  return seen;
}

std::string DisclosureFixture::SeenBy(std::string_view name) const {
  return Seen(DisclosureFor(name));
}

Disclosure DisclosureFixture::DisclosureFor(std::string_view name) const {
  return node_->disclosure->For(Who(name), kFolded, resolved_.record);
}

}  // namespace idnode::service
