#include "node/service/user_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "node/base/log.h"
#include "node/base/text.h"
#include "node/model/codes.h"
#include "node/service/secret_file.h"
#include "node/service/session_token.h"
#include "node/service/user_rows.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kPasswordBytesMin = 10;
constexpr std::size_t kPasswordBytesMax = 256;
constexpr std::chrono::seconds kLoadStepMax{30};
constexpr std::chrono::seconds kRenewMax{5};
constexpr std::string_view kLoginAction = "user.login";

std::string UserKey(std::string_view name) {
  return static_cast<char>(storage::Space::kUser) + std::string(name);
}

std::string HexSha256(std::string_view bytes) {
  const Digest digest = Sha256(bytes);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// 64 hexadecimal digits in lower case; nothing where it is no such text.
std::optional<std::string> HashText(std::string_view text) {
  std::string folded;
  AppendAsciiFolded(folded, text);
  const bool fine =
      folded.size() == kHashDigits && std::all_of(folded.begin(), folded.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      });
  if (!fine) return std::nullopt;
  return folded;
}

Result<void> CheckPassword(std::string_view password) {
  if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax ||
      !IsUtf8(password)) {
    return Error(Errc::kInvalidRequest, "a password has 10 to 256 bytes of UTF-8", "password");
  }
  return {};
}

// The day in Asia/Shanghai, which has been UTC+8 without summer time since 1992: "2026-11-22".
std::string ShanghaiDay(std::int64_t wall_ms) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> local{std::chrono::milliseconds(wall_ms) +
                                                               std::chrono::hours(8)};
  const std::chrono::year_month_day day(floor<std::chrono::days>(local));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

// A name for the audit log: what is none is not repeated there.
std::string_view TargetOf(const std::string& name) {
  return IsUserName(name) ? std::string_view(name) : std::string_view("(no name)");
}

Error WrongPassword() { return Error(Errc::kUnauthenticated, "the name or the password is wrong"); }

}  // namespace

class UserStore::Impl {
 public:
  Impl(storage::Engine& engine, AuditLog& audit, const EnterpriseRegistry& enterprises,
       const Clock& clock, UserOptions options);

  Result<void> Load(const std::string& data_dir);
  /// `secret`: the password's SHA-256, or why it is none.
  Result<UserInfo> Create(const Actor& actor, UserInfo user, const Result<std::string>& secret,
                          Deadline deadline);
  Result<std::vector<UserInfo>> List(const Actor& actor, const std::string& enterprise) const;
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
  Result<EntryRef> FindPermitted(const Actor& actor, Action action, const std::string& name) const;
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
};

UserStore::Impl::Impl(storage::Engine& engine, AuditLog& audit,
                      const EnterpriseRegistry& enterprises, const Clock& clock,
                      UserOptions options)
    : engine_(engine),
      audit_(audit),
      enterprises_(enterprises),
      clock_(clock),
      options_(options),
      nobody_{options.scrypt_log_n, options.scrypt_r, options.scrypt_p, SecureRandom(kSaltBytes),
              SecureRandom(kHashBytes)} {}

Result<void> UserStore::Impl::Load(const std::string& data_dir) {
  auto key = ReadOrMakeSecret(data_dir + "/session.key", "idn_session_", "key");
  if (!key.ok()) return key.error();
  std::vector<StoredUser> users;
  std::string from = UserKey("");
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kUser) + 1));
  for (;;) {
    auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(kLoadStepMax));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      auto decoded = DecodeUser(std::string_view(row.key).substr(1), row.value);
      if (!decoded.ok()) return decoded.error();
      users.push_back(*std::move(decoded));
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  key_ = *std::move(key);
  {
    std::unique_lock lock(mutex_);
    by_name_.clear();
  }
  for (auto& user : users) Publish(std::move(user));
  if (!options_.allow_daily_hash) DropDailyHashes();
  return {};
}

// The option was on once: what it had stored goes. A failure is tried again at the next start.
void UserStore::Impl::DropDailyHashes() {
  std::vector<StoredUser> users;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [name, entry] : by_name_) {
      if (!entry->stored.daily.empty()) users.push_back(entry->stored);
    }
  }
  auto configured = std::make_shared<Caller>();
  configured->role = Role::kOperator;
  const Actor actor{configured, "configuration"};
  for (auto& user : users) {
    const StoredUser before = user;
    user.daily.clear();
    const auto written =
        Write(actor, Action::kUserSetPassword, &before, user, clock_.After(kRenewMax));
    if (written.ok()) {
      Apply(user.info.name, [](StoredUser& known) { known.daily.clear(); });
    } else {
      LogWarning("a daily hash is still in the store",
                 {{"user", user.info.name}, {"detail", written.error().detail}});
    }
  }
}

UserStore::Impl::EntryRef UserStore::Impl::Find(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

// With the mutex held.
void UserStore::Impl::Put(StoredUser user) {
  auto caller = std::make_shared<Caller>();
  caller->role = user.info.role;
  caller->user = user.info.name;
  caller->enterprise = user.info.enterprise;
  auto entry = std::make_shared<Entry>();
  entry->stored = std::move(user);
  entry->caller = std::move(caller);
  by_name_[entry->stored.info.name] = std::move(entry);
}

void UserStore::Impl::Publish(StoredUser user) {
  std::unique_lock lock(mutex_);
  Put(std::move(user));
}

StoredUser UserStore::Impl::Apply(const std::string& name,
                                  const std::function<void(StoredUser&)>& edit) {
  std::unique_lock lock(mutex_);
  StoredUser user = by_name_.at(name)->stored;
  edit(user);
  Put(user);
  return user;
}

// Reads a user from the store into memory, unless there is one of that name.
Result<void> UserStore::Impl::Learn(const std::string& name, Deadline deadline) {
  auto row = engine_.Get(0, UserKey(name), deadline);
  if (!row.ok()) return row.error();
  auto decoded = DecodeUser(name, *row);
  if (!decoded.ok()) return decoded.error();
  if (Find(name) == nullptr) Publish(*std::move(decoded));
  return {};
}

Result<PasswordHash> UserStore::Impl::HashOf(const std::string& secret) {
  PasswordHash made{
      options_.scrypt_log_n, options_.scrypt_r, options_.scrypt_p, SecureRandom(kSaltBytes), {}};
  const Run run(running_, options_.logins_at_once_max);
  if (!run.admitted()) return Error(Errc::kOverloaded, "too many passwords are being checked");
  auto hash = Scrypt(secret, made);
  if (!hash.ok()) return hash.error();
  made.hash = *std::move(hash);
  return made;
}

Result<bool> UserStore::Impl::Matches(const std::string& secret, const PasswordHash& stored) {
  const Run run(running_, options_.logins_at_once_max);
  if (!run.admitted()) return Error(Errc::kOverloaded, "too many passwords are being checked");
  const auto hash = Scrypt(secret, stored);
  if (!hash.ok()) return hash.error();
  return ConstantTimeEqual(*hash, stored.hash);
}

// Sessions carry the generation that they began in. Times do for numbers: one that was used and
// did not reach the store is not used again after a restart.
std::uint64_t UserStore::Impl::NextGeneration(const StoredUser& user) const {
  return std::max(user.generation + 1, static_cast<std::uint64_t>(clock_.WallMs()));
}

Result<void> UserStore::Impl::Write(const Actor& actor, Action action, const StoredUser* before,
                                    const StoredUser& after, Deadline deadline) {
  RowChange row{UserKey(after.info.name), EncodeUser(after), std::nullopt};
  if (before == nullptr) row.expected = std::string();
  return audit_.Do(
      actor,
      {action, after.info.name, before == nullptr ? std::string() : UserJson(before->info),
       UserJson(after.info)},
      {&row, 1}, deadline);
}

Result<void> UserStore::Impl::CheckNew(const Caller& caller, UserInfo& user) const {
  if (!IsUserName(user.name)) {
    return Error(Errc::kInvalidRequest,
                 "a name is 1 to 64 of letters, digits, \".\", \"_\", \"-\" and \"@\"", "name");
  }
  if (user.role == Role::kAuditor || user.role == Role::kOperator) {
    if (user.enterprise.empty()) return {};
    return Error(Errc::kInvalidRequest, "auditors and operators are of no enterprise",
                 "enterprise");
  }
  if (user.role != Role::kEnterpriseAdministrator) {
    return Error(Errc::kInvalidRequest,
                 "give a role: enterprise administrator, auditor or operator", "role");
  }
  if (user.enterprise.empty()) user.enterprise = caller.enterprise;
  auto code = CheckCreditCode(user.enterprise);
  if (!code.ok()) return Error(Errc::kInvalidRequest, code.error().detail, "enterprise");
  if (enterprises_.Find(*code) == nullptr) {
    return Error(Errc::kInvalidRequest, "there is no enterprise " + *code, "enterprise");
  }
  user.enterprise = *std::move(code);
  return {};
}

Result<UserInfo> UserStore::Impl::Create(const Actor& actor, UserInfo user,
                                         const Result<std::string>& secret, Deadline deadline) {
  const Caller& caller = actor.who();
  const bool own = caller.role == Role::kEnterpriseAdministrator &&
                   user.role == Role::kEnterpriseAdministrator && !caller.enterprise.empty() &&
                   (user.enterprise.empty() || user.enterprise == caller.enterprise);
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kUserCreate, own, TargetOf(user.name)));
  IDNODE_RETURN_IF_ERROR(CheckNew(caller, user));
  if (!secret.ok()) return secret.error();
  user.created_ms = clock_.WallMs();
  user.disabled = false;
  auto hash = HashOf(*secret);
  if (!hash.ok()) return hash.error();
  StoredUser stored{std::move(user), 0, *std::move(hash), {}};
  stored.generation = NextGeneration(stored);
  if (options_.allow_daily_hash) stored.daily = *secret;
  const std::lock_guard one(acts_);
  if (auto created = Write(actor, Action::kUserCreate, nullptr, stored, deadline); !created.ok()) {
    auto error = created.error();
    if (error.code == Errc::kAlreadyExists) {
      error.detail = "there is a user of this name";
      error.field = "name";
      // Perhaps made by a call whose outcome was not known then.
      (void)Learn(stored.info.name, deadline);
    }
    return error;
  }
  UserInfo info = stored.info;
  Publish(std::move(stored));
  return info;
}

Result<std::vector<UserInfo>> UserStore::Impl::List(const Actor& actor,
                                                    const std::string& enterprise) const {
  const Caller& caller = actor.who();
  const bool sees_all = caller.role == Role::kOperator || caller.role == Role::kAuditor;
  const std::string& wanted = enterprise.empty() && !sees_all ? caller.enterprise : enterprise;
  const bool own = caller.role == Role::kEnterpriseAdministrator && !wanted.empty() &&
                   wanted == caller.enterprise;
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kUserRead, own, wanted));
  std::vector<UserInfo> infos;
  std::shared_lock lock(mutex_);
  for (const auto& [name, entry] : by_name_) {
    const UserInfo& info = entry->stored.info;
    if (wanted.empty() || info.enterprise == wanted) infos.push_back(info);
  }
  return infos;
}

Result<UserStore::Impl::EntryRef> UserStore::Impl::FindPermitted(const Actor& actor, Action action,
                                                                 const std::string& name) const {
  const Caller& caller = actor.who();
  EntryRef entry = Find(name);
  const bool self = entry != nullptr && !caller.user.empty() && caller.user == name;
  const bool of_enterprise = entry != nullptr && caller.role == Role::kEnterpriseAdministrator &&
                             !caller.enterprise.empty() &&
                             caller.enterprise == entry->stored.info.enterprise;
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, action, self || of_enterprise, TargetOf(name)));
  if (entry != nullptr) return entry;
  return Error(Errc::kNotFound, "there is no user " + std::string(TargetOf(name)), "name");
}

Result<UserInfo> UserStore::Impl::SetPassword(const Actor& actor, const std::string& name,
                                              const std::string& password,
                                              const std::string& old_password, Deadline deadline) {
  const auto known = FindPermitted(actor, Action::kUserSetPassword, name);
  if (!known.ok()) return known.error();
  IDNODE_RETURN_IF_ERROR(CheckPassword(password));
  // Whoever found an open session must not be able to take the account over.
  if (actor.who().user == name) {
    const auto right = Matches(HexSha256(old_password), (*known)->stored.password);
    if (!right.ok()) return right.error();
    if (!*right) {
      audit_.Refused(actor, ActionName(Action::kUserSetPassword), name, Errc::kUnauthenticated);
      return Error(Errc::kUnauthenticated, "the old password is wrong", "oldPassword");
    }
  }
  const std::string secret = HexSha256(password);
  auto hash = HashOf(secret);
  if (!hash.ok()) return hash.error();
  const std::lock_guard one(acts_);
  const StoredUser before = Find(name)->stored;
  StoredUser after = before;
  after.password = *std::move(hash);
  after.generation = NextGeneration(before);
  after.daily = options_.allow_daily_hash ? secret : std::string();
  const auto written = Write(actor, Action::kUserSetPassword, &before, after, deadline);
  // The sessions end also where the outcome is unknown; which password holds, the next start
  // tells.
  if (!written.ok() && written.code() != Errc::kUndetermined) return written.error();
  const StoredUser now = Apply(name, [&](StoredUser& user) {
    user.generation = std::max(user.generation, after.generation);
    if (!written.ok()) return;
    user.password = after.password;
    user.daily = after.daily;
  });
  if (!written.ok()) return written.error();
  return now.info;
}

Result<UserInfo> UserStore::Impl::Disable(const Actor& actor, const std::string& name,
                                          bool disabled, Deadline deadline) {
  const auto known = FindPermitted(actor, Action::kUserDisable, name);
  if (!known.ok()) return known.error();
  const StoredUser before = (*known)->stored;
  const auto edit = [&](StoredUser& user) {
    user.info.disabled = disabled;
    user.generation = NextGeneration(user);
  };
  if (disabled) Apply(name, edit);  // before it is durable, and whatever becomes of that
  const std::lock_guard one(acts_);
  StoredUser after = Find(name)->stored;
  if (!disabled) edit(after);
  IDNODE_RETURN_IF_ERROR(Write(actor, Action::kUserDisable, &before, after, deadline));
  if (!disabled) Apply(name, edit);
  return after.info;
}

Error UserStore::Impl::Refuse(const Actor& actor, const EntryRef& entry, Error error) {
  // A name that is not there may be a password in the wrong field: it is not repeated.
  audit_.Refused(
      actor, kLoginAction,
      entry == nullptr ? std::string_view("(unknown)") : std::string_view(entry->stored.info.name),
      error.code);
  return error;
}

// The password was right.
Result<Session> UserStore::Impl::Accept(const Actor& actor, const EntryRef& entry) {
  if (entry->stored.info.disabled) {
    return Refuse(actor, entry, Error(Errc::kUnauthenticated, "the user is disabled"));
  }
  SessionClaims claims;
  claims.user = entry->stored.info.name;
  // That of the password which was compared: one set meanwhile ends this session too.
  claims.generation = entry->stored.generation;
  claims.issued_s = clock_.WallMs() / 1000;
  claims.expires_s = claims.issued_s + options_.session.count();
  return Session{FormatSessionToken(claims, key_), claims.expires_s * 1000, entry->stored.info};
}

Result<Session> UserStore::Impl::Login(const Actor& actor, const std::string& name,
                                       const std::string& password) {
  const EntryRef entry = Find(name);
  // The length is the caller's own knowledge: nothing is told by refusing it at once.
  if (password.size() > kPasswordBytesMax) return Refuse(actor, entry, WrongPassword());
  const std::string secret = HexSha256(password);
  const auto right = Matches(secret, entry == nullptr ? nobody_ : entry->stored.password);
  if (!right.ok()) return right.error();
  if (entry == nullptr || !*right) return Refuse(actor, entry, WrongPassword());
  auto session = Accept(actor, entry);
  if (session.ok()) Renew(entry, actor, secret);
  return session;
}

Result<Session> UserStore::Impl::LoginDaily(const Actor& actor, const std::string& name,
                                            const std::string& hash) {
  if (!options_.allow_daily_hash) {
    audit_.Refused(actor, kLoginAction, "(daily hash)", Errc::kPermissionDenied);
    return Error(Errc::kPermissionDenied,
                 "logging in with a hash that holds all day is switched off ([access] "
                 "allow_daily_hash)");
  }
  const EntryRef entry = Find(name);
  // The work of a login with a password, so that guessing is as slow.
  if (const auto brake = Matches(name, nobody_); !brake.ok()) return brake.error();
  const bool kept = entry != nullptr && !entry->stored.daily.empty();
  const std::string inner = kept ? entry->stored.daily : Hex(nobody_.hash);
  const auto given = HashText(hash);
  const bool right = ConstantTimeEqual(given.value_or(std::string()),
                                       HexSha256(inner + ShanghaiDay(clock_.WallMs())));
  if (!kept || !right) return Refuse(actor, entry, WrongPassword());
  return Accept(actor, entry);
}

// Brings a row up to what the options ask for while the password is at hand: scrypt's parameters,
// and whether the hash for daily logins is kept.
void UserStore::Impl::Renew(const EntryRef& entry, const Actor& actor, const std::string& secret) {
  const StoredUser& before = entry->stored;
  const bool same_work = before.password.log_n == options_.scrypt_log_n &&
                         before.password.r == options_.scrypt_r &&
                         before.password.p == options_.scrypt_p;
  if (same_work && before.daily.empty() != options_.allow_daily_hash) return;
  StoredUser after = before;
  after.daily = options_.allow_daily_hash ? secret : std::string();
  if (!same_work) {
    auto hash = HashOf(secret);
    if (!hash.ok()) return;  // the next login tries again
    after.password = *std::move(hash);
  }
  const std::lock_guard one(acts_);
  if (Find(before.info.name)->stored.generation != before.generation) return;  // set meanwhile
  const auto written = Write({entry->caller, actor.source}, Action::kUserSetPassword, &before,
                             after, clock_.After(kRenewMax));
  if (!written.ok()) {
    LogWarning("a password's hash was not renewed",
               {{"user", before.info.name}, {"detail", written.error().detail}});
    return;
  }
  Apply(before.info.name, [&](StoredUser& user) {
    user.password = after.password;
    user.daily = after.daily;
  });
}

Result<CallerRef> UserStore::Impl::CallerOf(std::string_view token) const {
  const auto claims = ParseSessionToken(token, key_);
  if (!claims.ok()) return claims.error();
  const EntryRef entry = Find(claims->user);
  const bool goes_on = entry != nullptr && !entry->stored.info.disabled &&
                       entry->stored.generation == claims->generation &&
                       clock_.WallMs() / 1000 < claims->expires_s;
  if (!goes_on) return Error(Errc::kUnauthenticated, "the session has ended; log in again");
  return entry->caller;
}

UserStore::UserStore(storage::Engine& engine, AuditLog& audit,
                     const EnterpriseRegistry& enterprises, const Clock& clock, UserOptions options)
    : impl_(std::make_unique<Impl>(engine, audit, enterprises, clock, options)) {}
UserStore::~UserStore() = default;

Result<void> UserStore::Load(const std::string& data_dir) { return impl_->Load(data_dir); }

Result<UserInfo> UserStore::Create(const Actor& actor, UserInfo user, const std::string& password,
                                   Deadline deadline) {
  const auto checked = CheckPassword(password);
  return impl_->Create(actor, std::move(user),
                       checked.ok() ? Result<std::string>(HexSha256(password))
                                    : Result<std::string>(checked.error()),
                       deadline);
}

Result<UserInfo> UserStore::CreateWithHash(const Actor& actor, UserInfo user,
                                           const std::string& password_sha256, Deadline deadline) {
  const auto secret = HashText(password_sha256);
  const Error none(Errc::kInvalidRequest, "give the password's SHA-256: 64 hexadecimal digits",
                   "password");
  return impl_->Create(actor, std::move(user),
                       secret ? Result<std::string>(*secret) : Result<std::string>(none), deadline);
}

Result<std::vector<UserInfo>> UserStore::List(const Actor& actor,
                                              const std::string& enterprise) const {
  return impl_->List(actor, enterprise);
}

Result<UserInfo> UserStore::SetPassword(const Actor& actor, const std::string& name,
                                        const std::string& password,
                                        const std::string& old_password, Deadline deadline) {
  return impl_->SetPassword(actor, name, password, old_password, deadline);
}

Result<UserInfo> UserStore::Disable(const Actor& actor, const std::string& name, bool disabled,
                                    Deadline deadline) {
  return impl_->Disable(actor, name, disabled, deadline);
}

Result<Session> UserStore::Login(const Actor& actor, const std::string& name,
                                 const std::string& password) {
  return impl_->Login(actor, name, password);
}

Result<Session> UserStore::LoginDaily(const Actor& actor, const std::string& name,
                                      const std::string& hash) {
  return impl_->LoginDaily(actor, name, hash);
}

Result<CallerRef> UserStore::CallerOf(std::string_view token) const {
  return impl_->CallerOf(token);
}

}  // namespace idnode::service
