#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "node/service/prefix_registry.h"
#include "storage/engine.h"

namespace idnode::service {

/// Bounds of grants; each is tested at the boundary.
inline constexpr std::size_t kGrantItemsMax = 256;          ///< items one grant names
inline constexpr std::size_t kGrantItemBytesMax = 100;      ///< bytes of an item's name
inline constexpr std::size_t kGrantTemplateBytesMax = 128;  ///< bytes of a template's name
inline constexpr std::size_t kGrantsOfPrefixMax =
    10'000;                                              ///< grants a prefix gives, ended ones too
inline constexpr std::size_t kGrantsListedMax = 10'000;  ///< grants in one answer

/// One grant (授权): of template items (同类授权) or of an identifier (单个授权), to an enterprise
/// or an application.
struct GrantInfo {
  std::string id;
  std::string prefix;         ///< owner's, folded
  std::string template_name;  ///< "shoe", or "shoe@2" for that version alone; or empty
  /// Names of template items; "values[7]" for a value that is of no item. Sorted. Empty: all items
  /// of the template, or all of the identifier.
  std::vector<std::string> items;
  std::string identifier;  ///< folded; instead of a template
  std::string to_enterprise;
  std::string to_application;
  std::int64_t ends_ms = 0;  ///< 0: does not end; in force before it
  std::int64_t created_ms = 0;
  std::string created_by;

  bool NamesItem(std::string_view item) const;
  bool InForceAt(std::int64_t now_ms) const { return ends_ms == 0 || now_ms < ends_ms; }
};
/// Immutable; shared.
using GrantRef = std::shared_ptr<const GrantInfo>;

/// What there is of grants. Thread-safe; reads are in memory and take no lock that a writer holds
/// for long.
class GrantStore {
 public:
  GrantStore(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes,
             const Clock& clock);
  ~GrantStore();
  /// How to ask whether there is an application of a name; until then there is none. Before the
  /// first Create.
  void SetApplications(std::function<bool(std::string_view)> exists);
  /// Reads the grants from the store. Errors: those of the engine, kCorruption.
  Result<void> Load();

  /// The owner of the prefix (administrator, application), or the operator. Id, creation time and
  /// creator are set here. An application must be there: whoever made one of that name later would
  /// get the grant. Errors: kInvalidRequest (field "grant.…"), kPermissionDenied,
  /// kQuotaExceeded (the prefix has kGrantsOfPrefixMax); those of the audit log. After
  /// kUndetermined the grant is in force, and listed, until the node starts anew; then what is
  /// stored holds.
  Result<GrantInfo> Create(const Actor& actor, GrantInfo grant, Deadline deadline);
  /// Effective at once, before it is durable. Errors: kNotFound, kPermissionDenied; those of the
  /// audit log. After kUndetermined the grant is not in force but still listed: revoke it again.
  Result<GrantInfo> Revoke(const Actor& actor, const std::string& prefix, const std::string& id,
                           Deadline deadline);
  /// Of a prefix, for its owner, auditors and the operator; ended ones are among them. Empty: all
  /// that the caller gave or got. In order of prefix and creation. Errors: kPermissionDenied,
  /// kInvalidRequest (field "prefix") where there are more than kGrantsListedMax.
  Result<std::vector<GrantInfo>> List(const Actor& actor, const std::string& prefix) const;

  /// What `prefix` gave, in a snapshot that stays as it is: ended ones too (InForceAt tells).
  std::vector<GrantRef> Of(std::string_view folded_prefix) const;

  /// Which grants bear on one record and one asker.
  struct Match {
    std::string_view folded_identifier;
    std::string_view template_ref;  ///< "shoe@2"; empty: none
    std::string_view enterprise;    ///< of the asker; empty: none
    std::string_view application;   ///< likewise
  };
  /// Appends those in force now. Costs one look-up where the prefix gave no grants, at most seven
  /// otherwise, however many there are.
  void Find(const Match& match, std::vector<GrantRef>& out) const;
  /// Whether any grant of an identifier, in force or ended, that `folded_prefix` gave bears on the
  /// asker. Where there is none, Find gives the same for all records of a template.
  bool HasOfIdentifiers(std::string_view folded_prefix, std::string_view enterprise,
                        std::string_view application) const;
  /// Another number after each change of what Find gives, but for grants that end; no two stores
  /// ever have the same. For those who keep what they found.
  std::uint64_t generation() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::service
