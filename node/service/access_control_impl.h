#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/service/access_control.h"
#include "node/service/access_rows.h"

namespace idnode::service {

/// Key of an application's row.
std::string ApplicationKey(std::string_view name);

/// Hashes are random already, so any part of one will do.
struct HashOfDigest {
  std::size_t operator()(const Digest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};

/// What is known, and who is who: access_control.cc. What is done: access_control_acts.cc.
class AccessControl::Impl {
 public:
  Impl(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes, const Clock& clock)
      : engine_(engine), audit_(audit), prefixes_(prefixes), clock_(clock) {}

  void SetUsers(const UserStore* users) { users_ = users; }
  Result<void> Load(const std::string& data_dir);
  Result<CallerRef> Authenticate(std::string_view bearer) const;
  Result<CallerRef> AuthenticateCertificate(std::string_view fingerprint) const;
  Result<std::pair<ApplicationInfo, std::string>> Create(const Actor& actor,
                                                         const NewApplication& wanted,
                                                         Deadline deadline);
  Result<std::vector<ApplicationInfo>> List(const Actor& actor, const std::string& enterprise);
  bool Exists(std::string_view name) const;
  Result<ApplicationInfo> Revoke(const Actor& actor, const std::string& name, Deadline deadline);
  Result<NewToken> CreateToken(const Actor& actor, const std::string& name,
                               std::chrono::seconds expires_in, bool rotate,
                               std::chrono::seconds overlap, Deadline deadline);
  Result<ApplicationInfo> RevokeToken(const Actor& actor, const std::string& name,
                                      const std::string& id, Deadline deadline);
  Result<ApplicationInfo> Bind(const Actor& actor, const std::string& name,
                               const std::string& fingerprint, Deadline deadline);
  Result<ApplicationInfo> Unbind(const Actor& actor, const std::string& name,
                                 const std::string& fingerprint, Deadline deadline);

 private:
  struct Entry {
    StoredApplication stored;
    CallerRef caller;
  };
  using EntryRef = std::shared_ptr<const Entry>;
  struct Slot {
    EntryRef entry;
    std::size_t token = 0;
  };
  /// Changes an application. May run again, on what the application has become meanwhile.
  using Edit = std::function<void(StoredApplication&)>;

  EntryRef Find(const std::string& name) const;
  Result<void> Learn(const std::string& name, Deadline deadline);
  Result<EntryRef> FindPermitted(const Actor& actor, Action action, const std::string& name,
                                 bool gives_credentials, Deadline deadline);
  Result<std::pair<ApplicationInfo, std::string>> CreateNew(const Actor& actor,
                                                            const NewApplication& wanted,
                                                            Deadline deadline);
  Result<NewToken> AddToken(const Actor& actor, const std::string& name,
                            std::chrono::seconds expires_in, bool rotate,
                            std::chrono::seconds overlap, Deadline deadline);
  Result<ApplicationInfo> AddCertificate(const Actor& actor, const std::string& name,
                                         const std::string& fingerprint, Deadline deadline);
  bool Owns(const Caller& caller, const ApplicationInfo& info, bool gives_credentials) const;
  bool AllOfEnterprise(const std::vector<std::string>& prefixes, std::string_view enterprise) const;
  Result<ApplicationInfo> Checked(const Caller& caller, const NewApplication& wanted) const;
  Result<void> CheckRole(const ApplicationInfo& info) const;
  std::string CommonEnterprise(const std::vector<std::string>& prefixes) const;

  void Publish(EntryRef entry);
  void Settle(const std::string& fingerprint);
  EntryRef Apply(const std::string& name, const Edit& edit);
  Result<ApplicationInfo> Do(const Actor& actor, Action action, const std::string& name,
                             const Edit& edit, Deadline deadline);
  Result<ApplicationInfo> DoAtOnce(const Actor& actor, Action action, const std::string& name,
                                   const Edit& edit, Deadline deadline);

  static EntryRef EntryOf(StoredApplication stored);

  storage::Engine& engine_;
  AuditLog& audit_;
  const PrefixRegistry& prefixes_;
  const Clock& clock_;
  const UserStore* users_ = nullptr;
  std::mutex acts_;  ///< one act at a time; what is revoked at once does not wait for it
  mutable std::shared_mutex mutex_;
  // Caches of the store: looking at it adds to them.
  std::unordered_map<Digest, Slot, HashOfDigest> by_hash_;
  std::map<std::string, EntryRef, std::less<>> by_name_;
  std::map<std::string, EntryRef, std::less<>> by_certificate_;  ///< null: bound to several
  std::set<std::string> unsure_;  ///< names whose creation has an unknown outcome
};

}  // namespace idnode::service
