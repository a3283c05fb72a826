#include "node/service/user_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "node/base/log.h"
#include "node/base/text.h"
#include "node/service/secret_file.h"
#include "node/service/session_token.h"
#include "node/service/user_store_impl.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHashDigits = 64;
constexpr std::chrono::seconds kLoadStepMax{30};
constexpr std::chrono::seconds kRenewMax{5};
constexpr std::string_view kLoginAction = "user.login";

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

Error WrongPassword() { return Error(Errc::kUnauthenticated, "the name or the password is wrong"); }

}  // namespace

Result<void> CheckPassword(std::string_view password) {
  if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax ||
      !IsUtf8(password)) {
    return Error(Errc::kInvalidRequest, "a password has 10 to 256 bytes of UTF-8", "password");
  }
  return {};
}

std::string UserKey(std::string_view name) {
  return static_cast<char>(storage::Space::kUser) + std::string(name);
}

std::string HexSha256(std::string_view bytes) {
  const Digest digest = Sha256(bytes);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string_view UserTarget(const std::string& name) {
  return IsUserName(name) ? std::string_view(name) : std::string_view("(no name)");
}

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
    unsure_.clear();
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
  std::unique_lock lock(mutex_);
  unsure_.erase(name);
  // What is known already is newer: disabling counts before it is durable.
  if (!by_name_.contains(name)) Put(*std::move(decoded));
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
