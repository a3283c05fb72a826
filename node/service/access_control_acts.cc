// What is done to applications: every act is permitted, checked, written with its audit entry.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "node/base/text.h"
#include "node/model/codes.h"
#include "node/model/identifier.h"
#include "node/service/access_control_impl.h"
#include "node/service/logged_act.h"

namespace idnode::service {
namespace {

constexpr std::size_t kTokenBytes = 32;  // 256 bits from the system's generator
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kUnsureMax = 1000;
constexpr std::size_t kFingerprintDigits = 64;
constexpr std::chrono::milliseconds kLearnMax{5'000};  // a look at a few rows
constexpr std::chrono::seconds kExpiryMax{std::chrono::hours(24 * 3650)};
constexpr std::chrono::seconds kOverlapMax{std::chrono::hours(24 * 30)};

bool IsApplicationName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

// A name for the audit log: what is none is not repeated there.
std::string_view TargetOf(const std::string& name) {
  return IsApplicationName(name) ? std::string_view(name) : std::string_view("(no name)");
}

Error NoApplication(const std::string& name) {
  return Error(Errc::kNotFound, "there is no application " + std::string(TargetOf(name)), "name");
}

// Lower-case hexadecimal without colons.
Result<std::string> NormalFingerprint(std::string_view text) {
  std::string normal;
  for (const char c : text) {
    if (c == ':') continue;
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
    const bool digit = (lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f');
    if (!digit || normal.size() == kFingerprintDigits) {
      normal.clear();
      break;
    }
    normal += lower;
  }
  if (normal.size() == kFingerprintDigits) return normal;
  return Error(Errc::kInvalidRequest,
               "a fingerprint is the certificate's SHA-256: 64 hexadecimal digits, with or without "
               "colons",
               "fingerprint");
}

Result<std::int64_t> ExpiryOf(std::int64_t now_ms, std::chrono::seconds expires_in) {
  if (expires_in.count() < 0 || expires_in > kExpiryMax) {
    return Error(Errc::kInvalidRequest, "a token expires in 1 second to 3650 days, or never: 0",
                 "expiresInSeconds");
  }
  if (expires_in.count() == 0) return std::int64_t{0};
  return now_ms + std::chrono::milliseconds(expires_in).count();
}

bool IsLive(const TokenInfo& token, std::int64_t now_ms) {
  return !token.revoked && (token.expires_ms == 0 || now_ms < token.expires_ms);
}

std::string NextTokenId(const ApplicationInfo& info) {
  // Tokens are dropped from the front, so the last has the highest number there was.
  const std::uint64_t last =
      info.tokens.empty() ? 0 : std::strtoull(info.tokens.back().id.c_str() + 1, nullptr, 10);
  return "t" + std::to_string(last + 1);
}

// Makes room for one more token. False: all there are live.
bool DropDeadToken(StoredApplication& application, std::int64_t now_ms) {
  auto& tokens = application.info.tokens;
  if (tokens.size() < kApplicationTokensMax) return true;
  const auto dead = std::find_if(tokens.begin(), tokens.end(),
                                 [&](const TokenInfo& token) { return !IsLive(token, now_ms); });
  if (dead == tokens.end()) return false;
  application.token_hashes.erase(application.token_hashes.begin() + (dead - tokens.begin()));
  tokens.erase(dead);
  return true;
}

}  // namespace

bool AccessControl::Impl::AllOfEnterprise(const std::vector<std::string>& prefixes,
                                          std::string_view enterprise) const {
  return !enterprise.empty() &&
         std::all_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
           return prefixes_.OwnerOf(prefix) == enterprise;
         });
}

// Whether the caller owns the application. Who gets a credential of it gets its rights: an
// enterprise's administrator must have those too, so an integrator's application, which writes for
// other enterprises besides, is not the administrator's to give out.
bool AccessControl::Impl::Owns(const Caller& caller, const ApplicationInfo& info,
                               bool gives_credentials) const {
  if (!caller.application.empty() && caller.application == info.name) return true;
  if (caller.role != Role::kEnterpriseAdministrator || caller.enterprise.empty() ||
      caller.enterprise != info.enterprise) {
    return false;
  }
  return !gives_credentials ||
         (info.role == Role::kApplication && AllOfEnterprise(info.prefixes, caller.enterprise));
}

Result<AccessControl::Impl::EntryRef> AccessControl::Impl::FindPermitted(const Actor& actor,
                                                                         Action action,
                                                                         const std::string& name,
                                                                         bool gives_credentials,
                                                                         Deadline deadline) {
  EntryRef entry = Find(name);
  if (entry == nullptr && actor.who().role == Role::kOperator && IsApplicationName(name)) {
    (void)Learn(name, deadline);
    entry = Find(name);
  }
  const bool own = entry != nullptr && Owns(actor.who(), entry->stored.info, gives_credentials);
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, action, own, TargetOf(name)));
  if (entry == nullptr) {
    audit_.Refused(actor, ActionName(action), TargetOf(name), Errc::kNotFound);
    return NoApplication(name);
  }
  return entry;
}

std::string AccessControl::Impl::CommonEnterprise(const std::vector<std::string>& prefixes) const {
  if (prefixes.empty()) return {};
  std::string enterprise = prefixes_.OwnerOf(prefixes.front());
  return AllOfEnterprise(prefixes, enterprise) ? enterprise : std::string();
}

Result<void> AccessControl::Impl::CheckRole(const ApplicationInfo& info) const {
  switch (info.role) {
    case Role::kApplication:
      if (!info.prefixes.empty()) return {};
      return Error(Errc::kInvalidRequest, "give 1 to 1000 enterprise prefixes", "prefixes");
    case Role::kEnterpriseAdministrator:
      if (info.enterprise.empty()) {
        return Error(Errc::kInvalidRequest, "an administrator is one of an enterprise: name it",
                     "enterprise");
      }
      break;
    case Role::kAuditor:
    case Role::kOperator:
      if (!info.enterprise.empty()) {
        return Error(Errc::kInvalidRequest, "auditors and operators are of no enterprise",
                     "enterprise");
      }
      break;
    case Role::kAnonymous:
      return Error(Errc::kInvalidRequest,
                   "give a role: application, enterprise administrator, auditor or operator",
                   "role");
  }
  if (info.prefixes.empty()) return {};
  return Error(Errc::kInvalidRequest, "only applications have prefixes", "prefixes");
}

// What is to be created, with every field checked.
Result<ApplicationInfo> AccessControl::Impl::Checked(const Caller& caller,
                                                     const NewApplication& wanted) const {
  if (!IsApplicationName(wanted.name)) {
    return Error(Errc::kInvalidRequest,
                 "a name is 1 to 64 of lower-case letters, digits, \".\", \"_\" and \"-\"", "name");
  }
  if (wanted.prefixes.size() > kApplicationPrefixesMax) {
    return Error(Errc::kInvalidRequest, "give 1 to 1000 enterprise prefixes", "prefixes");
  }
  ApplicationInfo info;
  info.name = wanted.name;
  info.role = wanted.role;
  info.created_ms = clock_.WallMs();
  for (std::size_t i = 0; i < wanted.prefixes.size(); ++i) {
    if (auto checked = CheckPrefix(wanted.prefixes[i]); !checked.ok()) {
      return Error(Errc::kInvalidRequest, checked.error().detail,
                   "prefixes[" + std::to_string(i) + "]");
    }
    info.prefixes.push_back(FoldIdentifier(wanted.prefixes[i]));
  }
  if (!wanted.enterprise.empty()) {
    auto code = CheckCreditCode(wanted.enterprise);
    if (!code.ok()) return Error(Errc::kInvalidRequest, code.error().detail, "enterprise");
    info.enterprise = *std::move(code);
  } else if (caller.role == Role::kEnterpriseAdministrator) {
    info.enterprise = caller.enterprise;
  } else {
    info.enterprise = CommonEnterprise(info.prefixes);
  }
  IDNODE_RETURN_IF_ERROR(CheckRole(info));
  return info;
}

Result<std::pair<ApplicationInfo, std::string>> AccessControl::Impl::Create(
    const Actor& actor, const NewApplication& wanted, Deadline deadline) {
  const Caller& caller = actor.who();
  std::vector<std::string> folded;
  for (const auto& prefix : wanted.prefixes) folded.push_back(FoldIdentifier(prefix));
  const bool own = caller.role == Role::kEnterpriseAdministrator &&
                   wanted.role == Role::kApplication &&
                   (wanted.enterprise.empty() || wanted.enterprise == caller.enterprise) &&
                   AllOfEnterprise(folded, caller.enterprise);
  const std::string_view target = TargetOf(wanted.name);
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kApplicationCreate, own, target));
  return LoggedAct(audit_, actor, Action::kApplicationCreate, target,
                   [&] { return CreateNew(actor, wanted, deadline); });
}

Result<std::pair<ApplicationInfo, std::string>> AccessControl::Impl::CreateNew(
    const Actor& actor, const NewApplication& wanted, Deadline deadline) {
  auto info = Checked(actor.who(), wanted);
  if (!info.ok()) return info.error();
  const auto expires_ms = ExpiryOf(info->created_ms, wanted.expires_in);
  if (!expires_ms.ok()) return expires_ms.error();

  StoredApplication stored;
  stored.info = *std::move(info);
  std::string token = "idn_app_" + Base64Url(SecureRandom(kTokenBytes));
  stored.info.tokens.push_back(
      {NextTokenId(stored.info), stored.info.created_ms, *expires_ms, false});
  stored.token_hashes.push_back(Sha256(token));
  const std::string& name = wanted.name;
  const std::lock_guard one(acts_);
  const RowChange row{ApplicationKey(name), EncodeApplication(stored), std::string()};
  auto created =
      audit_.Do(actor, {Action::kApplicationCreate, name, {}, ApplicationJson(stored.info)},
                {&row, 1}, deadline);
  if (!created.ok()) {
    auto error = created.error();
    if (error.code == Errc::kAlreadyExists) {
      error.detail = "there is an application of this name";
      error.field = "name";
      // Perhaps made by a call whose outcome was not known then.
      if (Find(name) == nullptr) (void)Learn(name, deadline);
    } else if (error.code == Errc::kUndetermined) {
      std::unique_lock lock(mutex_);
      if (unsure_.size() < kUnsureMax) unsure_.insert(name);
    }
    return error;
  }
  auto entry = EntryOf(std::move(stored));
  std::unique_lock lock(mutex_);
  unsure_.erase(name);
  Publish(entry);
  return std::pair{entry->stored.info, std::move(token)};
}

Result<std::vector<ApplicationInfo>> AccessControl::Impl::List(const Actor& actor,
                                                               const std::string& enterprise) {
  const Caller& caller = actor.who();
  const bool sees_all = caller.role == Role::kOperator || caller.role == Role::kAuditor;
  const std::string& wanted = enterprise.empty() && !sees_all ? caller.enterprise : enterprise;
  const bool own = caller.role == Role::kEnterpriseAdministrator && !wanted.empty() &&
                   wanted == caller.enterprise;
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kApplicationRead, own, wanted));
  std::set<std::string> unsure;
  {
    std::shared_lock lock(mutex_);
    unsure = unsure_;
  }
  const Deadline deadline = clock_.After(kLearnMax);
  for (const auto& name : unsure) (void)Learn(name, deadline);
  std::vector<ApplicationInfo> infos;
  std::shared_lock lock(mutex_);
  for (const auto& [name, entry] : by_name_) {
    const ApplicationInfo& info = entry->stored.info;
    if (wanted.empty() || info.enterprise == wanted) infos.push_back(info);
  }
  return infos;
}

// What the application becomes; from now on it is that. It is known.
AccessControl::Impl::EntryRef AccessControl::Impl::Apply(const std::string& name,
                                                         const Edit& edit) {
  std::unique_lock lock(mutex_);
  StoredApplication stored = by_name_.at(name)->stored;
  edit(stored);
  EntryRef entry = EntryOf(std::move(stored));
  Publish(entry);
  return entry;
}

// Changes a known application once that is durable. With acts_ held.
Result<ApplicationInfo> AccessControl::Impl::Do(const Actor& actor, Action action,
                                                const std::string& name, const Edit& edit,
                                                Deadline deadline) {
  const EntryRef before = Find(name);
  StoredApplication after = before->stored;
  edit(after);
  // Whatever became of an earlier act, the row follows what is in memory.
  const RowChange row{ApplicationKey(name), EncodeApplication(after), std::nullopt};
  IDNODE_RETURN_IF_ERROR(audit_.Do(
      actor, {action, name, ApplicationJson(before->stored.info), ApplicationJson(after.info)},
      {&row, 1}, deadline));
  return Apply(name, edit)->stored.info;
}

// Changes a known application now, and then durably: what takes rights away fails closed.
Result<ApplicationInfo> AccessControl::Impl::DoAtOnce(const Actor& actor, Action action,
                                                      const std::string& name, const Edit& edit,
                                                      Deadline deadline) {
  const std::string before = ApplicationJson(Find(name)->stored.info);
  Apply(name, edit);
  const std::lock_guard one(acts_);
  const EntryRef now = Find(name);
  const RowChange row{ApplicationKey(name), EncodeApplication(now->stored), std::nullopt};
  const auto done = audit_.Do(actor, {action, name, before, ApplicationJson(now->stored.info)},
                              {&row, 1}, AtOnceDeadline(clock_, deadline));
  if (done.code() == Errc::kUndetermined) {
    // Here it holds, whether or not the entry of the act was written.
    audit_.Refused(actor, ActionName(action), name, done.code());
  }
  if (!done.ok()) return done.error();
  return now->stored.info;
}

Result<ApplicationInfo> AccessControl::Impl::Revoke(const Actor& actor, const std::string& name,
                                                    Deadline deadline) {
  const auto entry = FindPermitted(actor, Action::kApplicationRevoke, name, false, deadline);
  if (!entry.ok()) return entry.error();
  const Edit edit = [](StoredApplication& application) { application.info.revoked = true; };
  return LoggedAct(audit_, actor, Action::kApplicationRevoke, name, [&] {
    return DoAtOnce(actor, Action::kApplicationRevoke, name, edit, deadline);
  });
}

Result<AccessControl::NewToken> AccessControl::Impl::CreateToken(
    const Actor& actor, const std::string& name, std::chrono::seconds expires_in, bool rotate,
    std::chrono::seconds overlap, Deadline deadline) {
  const auto known = FindPermitted(actor, Action::kTokenCreate, name, true, deadline);
  if (!known.ok()) return known.error();
  return LoggedAct(audit_, actor, Action::kTokenCreate, name,
                   [&] { return AddToken(actor, name, expires_in, rotate, overlap, deadline); });
}

Result<AccessControl::NewToken> AccessControl::Impl::AddToken(
    const Actor& actor, const std::string& name, std::chrono::seconds expires_in, bool rotate,
    std::chrono::seconds overlap, Deadline deadline) {
  const std::int64_t now_ms = clock_.WallMs();
  const auto expires_ms = ExpiryOf(now_ms, expires_in);
  if (!expires_ms.ok()) return expires_ms.error();
  if (rotate && (overlap.count() < 0 || overlap > kOverlapMax)) {
    return Error(Errc::kInvalidRequest, "tokens overlap for 0 seconds to 30 days",
                 "overlapSeconds");
  }
  const std::int64_t end_ms = now_ms + std::chrono::milliseconds(overlap).count();
  const std::lock_guard one(acts_);
  const EntryRef entry = Find(name);
  if (entry->stored.info.revoked) {
    return Error(Errc::kPreconditionFailed, "the application is revoked", "name");
  }
  if (StoredApplication probe = entry->stored; !DropDeadToken(probe, now_ms)) {
    return Error(Errc::kPreconditionFailed,
                 "the application has 32 tokens that are valid; revoke one first", "name");
  }
  const std::string id = NextTokenId(entry->stored.info);
  std::string token = "idn_app_" + Base64Url(SecureRandom(kTokenBytes));
  const auto edit = [&](StoredApplication& application) {
    auto& tokens = application.info.tokens;
    for (auto& old : tokens) {
      if (rotate && (old.expires_ms == 0 || old.expires_ms > end_ms)) old.expires_ms = end_ms;
    }
    (void)DropDeadToken(application, now_ms);
    tokens.push_back({id, now_ms, *expires_ms, false});
    application.token_hashes.push_back(Sha256(token));
  };
  auto info = Do(actor, Action::kTokenCreate, name, edit, deadline);
  if (!info.ok()) return info.error();
  return NewToken{*std::move(info), std::move(token), id};
}

Result<ApplicationInfo> AccessControl::Impl::RevokeToken(const Actor& actor,
                                                         const std::string& name,
                                                         const std::string& id, Deadline deadline) {
  const auto entry = FindPermitted(actor, Action::kTokenRevoke, name, false, deadline);
  if (!entry.ok()) return entry.error();
  const auto& tokens = (*entry)->stored.info.tokens;
  const auto has_id = [&id](const TokenInfo& token) { return token.id == id; };
  const Edit edit = [&](StoredApplication& application) {
    for (auto& token : application.info.tokens) token.revoked = token.revoked || has_id(token);
  };
  const auto run = [&]() -> Result<ApplicationInfo> {
    if (std::none_of(tokens.begin(), tokens.end(), has_id)) {
      return Error(Errc::kNotFound, "the application has no token of this id", "id");
    }
    return DoAtOnce(actor, Action::kTokenRevoke, name, edit, deadline);
  };
  return LoggedAct(audit_, actor, Action::kTokenRevoke, name, run);
}

Result<ApplicationInfo> AccessControl::Impl::Bind(const Actor& actor, const std::string& name,
                                                  const std::string& fingerprint,
                                                  Deadline deadline) {
  const auto known = FindPermitted(actor, Action::kCertificateBind, name, true, deadline);
  if (!known.ok()) return known.error();
  return LoggedAct(audit_, actor, Action::kCertificateBind, name,
                   [&] { return AddCertificate(actor, name, fingerprint, deadline); });
}

Result<ApplicationInfo> AccessControl::Impl::AddCertificate(const Actor& actor,
                                                            const std::string& name,
                                                            const std::string& fingerprint,
                                                            Deadline deadline) {
  const auto normal = NormalFingerprint(fingerprint);
  if (!normal.ok()) return normal.error();
  const std::lock_guard one(acts_);
  const EntryRef entry = Find(name);
  if (entry->stored.info.revoked) {
    return Error(Errc::kPreconditionFailed, "the application is revoked", "name");
  }
  {
    std::shared_lock lock(mutex_);
    const auto bound = by_certificate_.find(*normal);
    if (bound != by_certificate_.end()) {
      if (bound->second == entry) return entry->stored.info;
      return Error(Errc::kAlreadyExists, "the certificate is bound to another application",
                   "fingerprint");
    }
  }
  if (entry->stored.info.certificates.size() >= kApplicationCertificatesMax) {
    return Error(Errc::kPreconditionFailed, "the application has 16 certificates; unbind one first",
                 "fingerprint");
  }
  return Do(
      actor, Action::kCertificateBind, name,
      [&](StoredApplication& application) { application.info.certificates.push_back(*normal); },
      deadline);
}

Result<ApplicationInfo> AccessControl::Impl::Unbind(const Actor& actor, const std::string& name,
                                                    const std::string& fingerprint,
                                                    Deadline deadline) {
  const auto entry = FindPermitted(actor, Action::kCertificateBind, name, false, deadline);
  if (!entry.ok()) return entry.error();
  const auto& certificates = (*entry)->stored.info.certificates;
  const auto run = [&]() -> Result<ApplicationInfo> {
    const auto normal = NormalFingerprint(fingerprint);
    if (!normal.ok()) return normal.error();
    if (std::find(certificates.begin(), certificates.end(), *normal) == certificates.end()) {
      return Error(Errc::kNotFound, "the certificate is not bound to the application",
                   "fingerprint");
    }
    const Edit edit = [&](StoredApplication& application) {
      std::erase(application.info.certificates, *normal);
    };
    return DoAtOnce(actor, Action::kCertificateBind, name, edit, deadline);
  };
  return LoggedAct(audit_, actor, Action::kCertificateBind, name, run);
}

}  // namespace idnode::service
