// What is done to people: every act is permitted, checked, written with its audit entry.
#include <algorithm>
#include <chrono>
#include <utility>

#include "node/model/codes.h"
#include "node/service/logged_act.h"
#include "node/service/session_token.h"
#include "node/service/user_store_impl.h"

namespace idnode::service {
namespace {

constexpr std::size_t kUnsureMax = 1000;
constexpr std::chrono::seconds kLearnMax{5};  // a look at a few rows

}  // namespace

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
  const std::string target(UserTarget(user.name));
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kUserCreate, own, target));
  return LoggedAct(audit_, actor, Action::kUserCreate, target,
                   [&] { return CreateNew(actor, std::move(user), secret, deadline); });
}

Result<UserInfo> UserStore::Impl::CreateNew(const Actor& actor, UserInfo user,
                                            const Result<std::string>& secret, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(CheckNew(actor.who(), user));
  if (!secret.ok()) return secret.error();
  user.created_ms = clock_.WallMs();
  user.disabled = false;
  auto hash = HashOf(*secret);
  if (!hash.ok()) return hash.error();
  StoredUser stored{std::move(user), 0, *std::move(hash), {}};
  stored.generation = NextGeneration(stored);
  if (options_.allow_daily_hash) stored.daily = *secret;
  const std::string name = stored.info.name;
  const std::lock_guard one(acts_);
  if (auto created = Write(actor, Action::kUserCreate, nullptr, stored, deadline); !created.ok()) {
    auto error = created.error();
    if (error.code == Errc::kAlreadyExists) {
      error.detail = "there is a user of this name";
      error.field = "name";
      // Perhaps made by a call whose outcome was not known then.
      if (Find(name) == nullptr) (void)Learn(name, deadline);
    } else if (error.code == Errc::kUndetermined) {
      std::unique_lock lock(mutex_);
      if (unsure_.size() < kUnsureMax) unsure_.insert(name);
    }
    return error;
  }
  UserInfo info = stored.info;
  std::unique_lock lock(mutex_);
  unsure_.erase(name);
  Put(std::move(stored));
  return info;
}

Result<std::vector<UserInfo>> UserStore::Impl::List(const Actor& actor,
                                                    const std::string& enterprise) {
  const Caller& caller = actor.who();
  const bool sees_all = caller.role == Role::kOperator || caller.role == Role::kAuditor;
  const std::string& wanted = enterprise.empty() && !sees_all ? caller.enterprise : enterprise;
  const bool own = caller.role == Role::kEnterpriseAdministrator && !wanted.empty() &&
                   wanted == caller.enterprise;
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kUserRead, own, wanted));
  std::set<std::string> unsure;
  {
    std::shared_lock lock(mutex_);
    unsure = unsure_;
  }
  const Deadline deadline = clock_.After(kLearnMax);
  for (const auto& name : unsure) (void)Learn(name, deadline);
  std::vector<UserInfo> infos;
  std::shared_lock lock(mutex_);
  for (const auto& [name, entry] : by_name_) {
    const UserInfo& info = entry->stored.info;
    if (wanted.empty() || info.enterprise == wanted) infos.push_back(info);
  }
  return infos;
}

Result<UserStore::Impl::EntryRef> UserStore::Impl::FindPermitted(const Actor& actor, Action action,
                                                                 const std::string& name,
                                                                 Deadline deadline) {
  const Caller& caller = actor.who();
  EntryRef entry = Find(name);
  if (entry == nullptr && caller.role == Role::kOperator && IsUserName(name)) {
    (void)Learn(name, deadline);
    entry = Find(name);
  }
  const bool self = entry != nullptr && !caller.user.empty() && caller.user == name;
  const bool of_enterprise = entry != nullptr && caller.role == Role::kEnterpriseAdministrator &&
                             !caller.enterprise.empty() &&
                             caller.enterprise == entry->stored.info.enterprise;
  const std::string_view target = UserTarget(name);
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, action, self || of_enterprise, target));
  if (entry != nullptr) return entry;
  audit_.Refused(actor, ActionName(action), target, Errc::kNotFound);
  return Error(Errc::kNotFound, "there is no user " + std::string(target), "name");
}

Result<UserInfo> UserStore::Impl::SetPassword(const Actor& actor, const std::string& name,
                                              const std::string& password,
                                              const std::string& old_password, Deadline deadline) {
  const auto known = FindPermitted(actor, Action::kUserSetPassword, name, deadline);
  if (!known.ok()) return known.error();
  return LoggedAct(audit_, actor, Action::kUserSetPassword, name,
                   [&] { return ChangePassword(actor, *known, password, old_password, deadline); });
}

Result<UserInfo> UserStore::Impl::ChangePassword(const Actor& actor, const EntryRef& known,
                                                 const std::string& password,
                                                 const std::string& old_password,
                                                 Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(CheckPassword(password));
  const std::string& name = known->stored.info.name;
  // Whoever found an open session must not be able to take the account over.
  const bool own = actor.who().user == name;
  if (own) {
    const auto right = Matches(HexSha256(old_password), known->stored.password);
    if (!right.ok()) return right.error();
    if (!*right) return Error(Errc::kUnauthenticated, "the old password is wrong", "oldPassword");
  }
  const std::string secret = HexSha256(password);
  auto hash = HashOf(secret);
  if (!hash.ok()) return hash.error();
  const std::lock_guard one(acts_);
  const StoredUser before = Find(name)->stored;
  // The old password spoke for the state that it was compared with. An operator who has reset it or
  // disabled the user meanwhile must not be undone by it.
  if (own && before.generation != known->stored.generation) {
    return Error(Errc::kConflict, "the user was changed meanwhile; log in anew and repeat");
  }
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
  const auto known = FindPermitted(actor, Action::kUserDisable, name, deadline);
  if (!known.ok()) return known.error();
  return LoggedAct(audit_, actor, Action::kUserDisable, name, [&] {
    return disabled ? DisableNow(actor, (*known)->stored, deadline) : Enable(actor, name, deadline);
  });
}

// In memory before it is durable, and whatever becomes of that.
Result<UserInfo> UserStore::Impl::DisableNow(const Actor& actor, const StoredUser& before,
                                             Deadline deadline) {
  const std::string& name = before.info.name;
  const auto edit = [&](StoredUser& user) {
    user.info.disabled = true;
    user.generation = NextGeneration(user);
  };
  Apply(name, edit);
  const std::lock_guard one(acts_);
  // Again: an act that was under way may have written, or enabled, the user meanwhile.
  const StoredUser after = Apply(name, edit);
  const auto written =
      Write(actor, Action::kUserDisable, &before, after, AtOnceDeadline(clock_, deadline));
  if (written.code() == Errc::kUndetermined) {
    // Here it holds, whether or not the entry of the act was written.
    audit_.Refused(actor, ActionName(Action::kUserDisable), name, written.code());
  }
  if (!written.ok()) return written.error();
  return after.info;
}

Result<UserInfo> UserStore::Impl::Enable(const Actor& actor, const std::string& name,
                                         Deadline deadline) {
  const std::lock_guard one(acts_);
  const StoredUser before = Find(name)->stored;
  StoredUser after = before;
  after.info.disabled = false;
  after.generation = NextGeneration(before);
  IDNODE_RETURN_IF_ERROR(Write(actor, Action::kUserDisable, &before, after, deadline));
  const StoredUser now = Apply(name, [&](StoredUser& user) {
    // Somebody disables the user at this moment, and writes that next.
    if (user.generation != before.generation) return;
    user.info.disabled = after.info.disabled;
    // What is stored, so that the sessions of now outlive a restart.
    user.generation = after.generation;
  });
  return now.info;
}

}  // namespace idnode::service
