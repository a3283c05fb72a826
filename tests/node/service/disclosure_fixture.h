#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/model/record.h"
#include "node/service/disclosure.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {

/// A node with one record of everything there is to see and to withhold, and everybody who may
/// look at it. The record is of template "shoe@1":
///
///   attributes  colour (public), cost (for granted parties), recipe (private), each an item, and
///               batch, which no item names
///   values      1 URL (public), 2 LINK (granted by its bits), 3 KEY (private by its bits): of no
///               item; 2003 SIZE (public item), 2004 PRICE (granted item), 2005 FORMULA (private
///               item), 2006 WEIGHT (public item, but for granted parties by its bits)
class DisclosureFixture {
 public:
  static constexpr std::string_view kPrefix = "88.108.1001";
  static constexpr std::string_view kIdentifier = "88.108.1001/SN1";
  static constexpr std::string_view kFolded = "88.108.1001/sn1";

  /// A failure is a failure of the test.
  DisclosureFixture();

  TestNode& node() { return *node_; }
  /// The record as stored.
  RecordView record() const { return resolved_.record; }
  const std::string& owner_enterprise() const { return owner_enterprise_; }
  const std::string& partner_enterprise() const { return partner_enterprise_; }

  /// Gives a grant as the operator, of prefix kPrefix; its id.
  std::string Grant(GrantInfo grant);
  /// Grants that the fixture's partner and application get: item cost of any version of shoe to
  /// the enterprise, all of the identifier to application "inspector".
  void GrantBoth();

  /// Who looks, by name: "anonymous", "operator", "auditor", "owner-application",
  /// "owner-administrator", "partner-administrator", "partner-application", "inspector",
  /// "stranger-application".
  std::vector<std::pair<std::string, CallerRef>> Everybody() const;
  /// One of them.
  const Caller& Who(std::string_view name) const;

  /// What is seen, as "colour batch 1 2003": attributes, then the indexes of values.
  std::string Seen(const Disclosure& disclosure) const;
  std::string SeenBy(std::string_view name) const;
  Disclosure DisclosureFor(std::string_view name) const;

 private:
  std::unique_ptr<TestNode> node_;
  std::string owner_enterprise_;
  std::string partner_enterprise_;
  std::vector<std::pair<std::string, CallerRef>> everybody_;
  ResolvedRecord resolved_;
};

}  // namespace idnode::service
