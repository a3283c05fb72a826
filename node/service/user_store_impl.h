#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/text.h"
#include "node/service/user_rows.h"
#include "node/service/user_store.h"

namespace idnode::service {

/// Key of a user's row.
std::string UserKey(std::string_view name);

/// SHA-256, lower-case hexadecimal.
std::string HexSha256(std::string_view bytes);

inline constexpr std::size_t kPasswordBytesMin = 10;
inline constexpr std::size_t kPasswordBytesMax = 256;
/// Errors: kInvalidRequest (field password).
Result<void> CheckPassword(std::string_view password);

/// A name for the audit log: what is none is not repeated there.
std::string_view UserTarget(const std::string& name);

/// Who is known, and who logs in: user_store.cc. What is done to people: user_store_acts.cc.
class UserStore::Impl {
 public:
  Impl(storage::Engine& engine, AuditLog& audit, const EnterpriseRegistry& enterprises,
       const Clock& clock, UserOptions options);

  Result<void> Load(const std::string& data_dir);
  /// `secret`: the password's SHA-256, or why it is none.
  Result<UserInfo> Create(const Actor& actor, UserInfo user, const Result<std::string>& secret,
                          Deadline deadline);
  Result<std::vector<UserInfo>> List(const Actor& actor, const std::string& enterprise);
  Result<UserInfo> SetPassword(const Actor& actor, const std::string& name,
                               const std::string& password, const std::string& old_password,
                               Deadline deadline);
  Result<UserInfo> Disable(const Actor& actor, const std::string& name, bool disabled,
                           Deadline deadline);
  Result<Session> Login(const Actor& actor, const std::string& name, const std::string& password);
  Result<Session> LoginDaily(const Actor& actor, const std::string& name, const std::string& hash);
  Result<CallerRef> CallerOf(std::string_view token) const;

 private:
  struct Entry {
    StoredUser stored;
    CallerRef caller;
  };
  using EntryRef = std::shared_ptr<const Entry>;

  // One of the few runs of scrypt at once, each of which takes some 32 MiB.
  class Run {
   public:
    Run(std::atomic<unsigned>& running, unsigned at_most) : running_(running) {
      admitted_ = running_.fetch_add(1) < at_most;
    }
    ~Run() { running_.fetch_sub(1); }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    bool admitted() const { return admitted_; }

   private:
    std::atomic<unsigned>& running_;
    bool admitted_ = false;
  };

  EntryRef Find(std::string_view name) const;
  void Put(StoredUser user);
  void Publish(StoredUser user);
  /// Changes what is known of a known user; returns what it is then.
  StoredUser Apply(const std::string& name, const std::function<void(StoredUser&)>& edit);
  Result<void> Learn(const std::string& name, Deadline deadline);
  void DropDailyHashes();
  Result<void> CheckNew(const Caller& caller, UserInfo& user) const;
  Result<EntryRef> FindPermitted(const Actor& actor, Action action, const std::string& name,
                                 Deadline deadline);
  Result<UserInfo> CreateNew(const Actor& actor, UserInfo user, const Result<std::string>& secret,
                             Deadline deadline);
  Result<UserInfo> ChangePassword(const Actor& actor, const EntryRef& known,
                                  const std::string& password, const std::string& old_password,
                                  Deadline deadline);
  Result<UserInfo> DisableNow(const Actor& actor, const StoredUser& before, Deadline deadline);
  Result<UserInfo> Enable(const Actor& actor, const std::string& name, Deadline deadline);
  Result<PasswordHash> HashOf(const std::string& secret);
  Result<bool> Matches(const std::string& secret, const PasswordHash& stored);
  Result<void> Write(const Actor& actor, Action action, const StoredUser* before,
                     const StoredUser& after, Deadline deadline);
  std::uint64_t NextGeneration(const StoredUser& user) const;
  Result<Session> Accept(const Actor& actor, const EntryRef& entry);
  Error Refuse(const Actor& actor, const EntryRef& entry, Error error);
  void Renew(const EntryRef& entry, const Actor& actor, const std::string& secret);

  storage::Engine& engine_;
  AuditLog& audit_;
  const EnterpriseRegistry& enterprises_;
  const Clock& clock_;
  const UserOptions options_;
  PasswordHash nobody_;  ///< what the password of a name that is not there is compared with
  std::string key_;
  std::atomic<unsigned> running_{0};
  std::mutex acts_;  ///< one act at a time; disabling does not wait for it
  mutable std::shared_mutex mutex_;
  std::map<std::string, EntryRef, std::less<>> by_name_;
  std::set<std::string> unsure_;  ///< names whose creation has an unknown outcome
};

}  // namespace idnode::service
