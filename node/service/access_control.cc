#include "node/service/access_control.h"

#include <algorithm>
#include <utility>

#include "node/base/log.h"
#include "node/base/text.h"
#include "node/service/access_control_impl.h"
#include "node/service/secret_file.h"
#include "node/service/user_store.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
// Every JSON Web Token begins so, and none of our own tokens.
constexpr std::string_view kSessionStart = "eyJ";

std::string_view BytesOf(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string ApplicationKey(std::string_view name) {
  return static_cast<char>(storage::Space::kApplication) + std::string(name);
}

AccessControl::Impl::EntryRef AccessControl::Impl::EntryOf(StoredApplication stored) {
  auto caller = std::make_shared<Caller>();
  caller->role = stored.info.role;
  caller->application = stored.info.name;
  caller->enterprise = stored.info.enterprise;
  caller->prefixes = stored.info.prefixes;
  auto entry = std::make_shared<Entry>();
  entry->stored = std::move(stored);
  entry->caller = std::move(caller);
  return entry;
}

// With the mutex held. Replaces what is known of the application.
void AccessControl::Impl::Publish(EntryRef entry) {
  const EntryRef known = std::exchange(by_name_[entry->stored.info.name], entry);
  std::vector<std::string> of_several;
  if (known != nullptr) {
    for (const auto& hash : known->stored.token_hashes) by_hash_.erase(hash);
    for (const auto& fingerprint : known->stored.info.certificates) {
      const auto bound = by_certificate_.find(fingerprint);
      if (bound == by_certificate_.end()) continue;
      if (bound->second == nullptr) of_several.push_back(fingerprint);
      if (bound->second == known) by_certificate_.erase(bound);
    }
  }
  for (std::size_t i = 0; i < entry->stored.token_hashes.size(); ++i) {
    by_hash_[entry->stored.token_hashes[i]] = {entry, i};
  }
  if (!entry->stored.info.revoked) {
    for (const auto& fingerprint : entry->stored.info.certificates) {
      const auto [bound, is_new] = by_certificate_.emplace(fingerprint, entry);
      if (is_new || bound->second == nullptr) continue;
      // A revocation did not reach the store before the certificate went to another: nobody's then.
      LogError("a certificate is bound to two applications, so to none",
               {{"fingerprint", fingerprint}, {"application", entry->stored.info.name}});
      bound->second = nullptr;
    }
  }
  for (const auto& fingerprint : of_several) Settle(fingerprint);
}

// With the mutex held. A certificate that several applications had is that one's which alone is
// left, if so. Goes through all applications: there is hardly ever such a certificate.
void AccessControl::Impl::Settle(const std::string& fingerprint) {
  EntryRef left;
  std::size_t holders = 0;
  for (const auto& [name, entry] : by_name_) {
    const auto& certificates = entry->stored.info.certificates;
    if (entry->stored.info.revoked ||
        std::find(certificates.begin(), certificates.end(), fingerprint) == certificates.end()) {
      continue;
    }
    left = entry;
    ++holders;
  }
  by_certificate_.erase(fingerprint);
  if (holders > 0) by_certificate_.emplace(fingerprint, holders == 1 ? left : nullptr);
}

Result<void> AccessControl::Impl::Load(const std::string& data_dir) {
  auto token = ReadOrMakeSecret(data_dir + "/operator.token", "idn_op_", "token");
  if (!token.ok()) return token.error();
  if (token->starts_with(kSessionStart)) {
    return Error(Errc::kInvalidRequest,
                 data_dir + "/operator.token holds a session's token; remove it to have one made");
  }
  auto root = std::make_shared<Entry>();
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kOperator;
  root->caller = std::move(caller);
  root->stored.info.tokens.emplace_back();
  root->stored.token_hashes.push_back(Sha256(*token));

  std::vector<StoredApplication> applications;
  std::string from = ApplicationKey("");
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kApplication) + 1));
  for (;;) {
    auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(std::chrono::seconds(30)));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      auto decoded = DecodeApplication(std::string_view(row.key).substr(1), row.value);
      if (!decoded.ok()) return decoded.error();
      applications.push_back(*std::move(decoded));
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  std::unique_lock lock(mutex_);
  by_hash_.clear();
  by_name_.clear();
  by_certificate_.clear();
  for (auto& application : applications) Publish(EntryOf(std::move(application)));
  by_hash_[root->stored.token_hashes[0]] = {root, 0};
  return {};
}

Result<CallerRef> AccessControl::Impl::Authenticate(std::string_view bearer) const {
  if (bearer.empty()) return Anonymous();
  if (users_ != nullptr && bearer.starts_with(kSessionStart)) return users_->CallerOf(bearer);
  // Longer credentials are not even hashed.
  if (bearer.size() > kSecretBytesMax)
    return Error(Errc::kUnauthenticated, "the token is not valid");
  const Digest hash = Sha256(bearer);
  std::shared_lock lock(mutex_);
  // The table is keyed by a hash that a guesser cannot steer, so its timing tells nothing; the
  // final comparison is in constant time all the same.
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end() || !ConstantTimeEqual(BytesOf(found->first), BytesOf(hash)))
    return Error(Errc::kUnauthenticated, "the token is not valid");
  const Entry& entry = *found->second.entry;
  const TokenInfo& token = entry.stored.info.tokens[found->second.token];
  if (entry.stored.info.revoked || token.revoked) {
    return Error(Errc::kUnauthenticated, "the token is revoked");
  }
  if (token.expires_ms != 0 && clock_.WallMs() >= token.expires_ms) {
    return Error(Errc::kUnauthenticated, "the token has expired");
  }
  return entry.caller;
}

Result<CallerRef> AccessControl::Impl::AuthenticateCertificate(std::string_view fingerprint) const {
  std::shared_lock lock(mutex_);
  const auto found = by_certificate_.find(fingerprint);
  if (found == by_certificate_.end() || found->second == nullptr) {
    return Error(Errc::kUnauthenticated, "the client's certificate is bound to no application");
  }
  return found->second->caller;
}

AccessControl::Impl::EntryRef AccessControl::Impl::Find(const std::string& name) const {
  std::shared_lock lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

bool AccessControl::Impl::Exists(std::string_view name) const {
  std::shared_lock lock(mutex_);
  return by_name_.contains(name);
}

// Reads an application from the store into memory, unless it is there.
Result<void> AccessControl::Impl::Learn(const std::string& name, Deadline deadline) {
  auto row = engine_.Get(0, ApplicationKey(name), deadline);
  if (!row.ok()) return row.error();
  auto decoded = DecodeApplication(name, *row);
  if (!decoded.ok()) return decoded.error();
  std::unique_lock lock(mutex_);
  unsure_.erase(name);
  // What is known already is newer: a revocation counts before it is durable.
  if (!by_name_.contains(name)) Publish(EntryOf(*std::move(decoded)));
  return {};
}

AccessControl::AccessControl(storage::Engine& engine, AuditLog& audit,
                             const PrefixRegistry& prefixes, const Clock& clock)
    : impl_(std::make_unique<Impl>(engine, audit, prefixes, clock)) {}
AccessControl::~AccessControl() = default;

void AccessControl::SetUsers(const UserStore* users) { impl_->SetUsers(users); }

Result<void> AccessControl::Load(const std::string& data_dir) { return impl_->Load(data_dir); }

Result<CallerRef> AccessControl::Authenticate(std::string_view bearer) const {
  return impl_->Authenticate(bearer);
}

Result<CallerRef> AccessControl::AuthenticateCertificate(std::string_view fingerprint) const {
  return impl_->AuthenticateCertificate(fingerprint);
}

Result<std::pair<ApplicationInfo, std::string>> AccessControl::CreateApplication(
    const Actor& actor, const NewApplication& wanted, Deadline deadline) {
  return impl_->Create(actor, wanted, deadline);
}

Result<std::vector<ApplicationInfo>> AccessControl::ListApplications(
    const Actor& actor, const std::string& enterprise) const {
  return impl_->List(actor, enterprise);
}

bool AccessControl::Exists(std::string_view name) const { return impl_->Exists(name); }

Result<ApplicationInfo> AccessControl::RevokeApplication(const Actor& actor,
                                                         const std::string& name,
                                                         Deadline deadline) {
  return impl_->Revoke(actor, name, deadline);
}

Result<AccessControl::NewToken> AccessControl::CreateToken(
    const Actor& actor, const std::string& name, std::chrono::seconds expires_in, bool rotate,
    std::chrono::seconds overlap, Deadline deadline) {
  return impl_->CreateToken(actor, name, expires_in, rotate, overlap, deadline);
}

Result<ApplicationInfo> AccessControl::RevokeToken(const Actor& actor, const std::string& name,
                                                   const std::string& id, Deadline deadline) {
  return impl_->RevokeToken(actor, name, id, deadline);
}

Result<ApplicationInfo> AccessControl::BindCertificate(const Actor& actor, const std::string& name,
                                                       const std::string& fingerprint,
                                                       Deadline deadline) {
  return impl_->Bind(actor, name, fingerprint, deadline);
}

Result<ApplicationInfo> AccessControl::UnbindCertificate(const Actor& actor,
                                                         const std::string& name,
                                                         const std::string& fingerprint,
                                                         Deadline deadline) {
  return impl_->Unbind(actor, name, fingerprint, deadline);
}

}  // namespace idnode::service
