#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/audit_log.h"
#include "storage/engine.h"

namespace idnode::service {

struct ContactInfo {
  std::string name;
  std::string phone;  ///< digits, "+", "-" and blanks
  std::string email;
  friend bool operator==(const ContactInfo&, const ContactInfo&) = default;
};

/// An enterprise (企业), by its unified social credit code.
struct EnterpriseInfo {
  std::string credit_code;  ///< upper case
  std::string name;
  std::string industry;  ///< GB/T 4754, such as "C1952"'s group "195"
  std::string region;    ///< GB/T 2260, six digits
  std::string address;
  ContactInfo contact;
  ContactInfo legal_person;
  std::uint32_t nature = 0;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::uint32_t revision = 0;
};

/// Bounds of an enterprise's fields, in bytes of UTF-8; each is tested at the boundary.
inline constexpr std::size_t kEnterpriseNameBytesMax = 300;
inline constexpr std::size_t kEnterpriseAddressBytesMax = 600;
inline constexpr std::size_t kContactNameBytesMax = 120;
inline constexpr std::size_t kContactPhoneBytesMax = 32;
inline constexpr std::size_t kContactEmailBytesMax = 254;  // RFC 5321 §4.5.3.1.3
inline constexpr std::uint32_t kEnterpriseNatureMax = 5;
inline constexpr std::uint32_t kEnterprisePageSizeMax = 1'000;

struct EnterpriseQuery {
  std::uint32_t page_size = 0;  ///< 0: 100; at most kEnterprisePageSizeMax
  std::string page_token;
  std::string name_contains;
  std::string industry;  ///< only this or below it: "C" has "C1952" in it
  std::string region;    ///< likewise: "440000" has "440305" in it
};
struct EnterprisePage {
  std::vector<EnterpriseInfo> enterprises;
  std::string next_page_token;
};

/// The enterprises of this node. Thread-safe; reads are in memory. The audit log shows names of
/// people, phones and emails masked.
class EnterpriseRegistry {
 public:
  EnterpriseRegistry(storage::Engine& engine, AuditLog& audit, const Clock& clock);
  Result<void> Load();

  /// Operator. Without a region it is the one in the credit code, where that is one. Errors:
  /// kInvalidRequest with the field ("creditCode", "industry", "region", "name", "contact.email",
  /// …), kAlreadyExists; those of the audit log.
  Result<EnterpriseInfo> Create(const Actor& actor, EnterpriseInfo enterprise, Deadline deadline);
  /// Operator: all of it. An enterprise's administrator: address, contact, and the legal person's
  /// phone and email, of its own; other changes are kPermissionDenied. A record that is as it was
  /// is no change. Errors: kNotFound, kPreconditionFailed, kConflict (another node changed it),
  /// those of Create.
  Result<EnterpriseInfo> Update(const Actor& actor, EnterpriseInfo enterprise,
                                std::uint32_t expected_revision, Deadline deadline);
  /// Operator, auditor, and whoever is of the enterprise. List: those that the caller may get.
  /// Errors: kUnauthenticated, kPermissionDenied, kNotFound; kInvalidRequest, kInvalidPageToken.
  Result<EnterpriseInfo> Get(const Actor& actor, const std::string& credit_code) const;
  Result<EnterprisePage> List(const Actor& actor, const EnterpriseQuery& query) const;

  /// For the node itself: nullptr where there is none.
  std::shared_ptr<const EnterpriseInfo> Find(std::string_view credit_code) const;
  /// Called after each change, in their order, with the mutex free: PrefixRegistry follows industry
  /// and region. It must not change enterprises. Set before the first change.
  void OnChange(std::function<void(const EnterpriseInfo&)> changed);

 private:
  using Ref = std::shared_ptr<const EnterpriseInfo>;

  /// Reads one from the store: what it holds counts from now on. `acts_` is held.
  Result<void> Reload(const std::string& credit_code, Deadline deadline);
  /// `acts_` is held.
  void Publish(Ref enterprise);
  Result<void> CheckAllowed(const Actor& actor, const EnterpriseInfo& present,
                            const EnterpriseInfo& next);

  storage::Engine& engine_;
  AuditLog& audit_;
  const Clock& clock_;
  std::mutex acts_;  ///< one act at a time
  mutable std::shared_mutex mutex_;
  std::map<std::string, Ref, std::less<>> by_code_;
  std::function<void(const EnterpriseInfo&)> changed_;
};

}  // namespace idnode::service
