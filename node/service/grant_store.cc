#include "node/service/grant_store.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/model/codes.h"
#include "node/model/identifier.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 1000;
constexpr std::chrono::seconds kScanMax{30};
constexpr std::size_t kIdBytes = 8;  // random, so that an id tells nothing and meets no other
constexpr std::size_t kApplicationBytesMax = 64;
constexpr unsigned char kRowFormat = 1;
constexpr char kSpace = static_cast<char>(storage::Space::kGrant);

std::string GrantKey(std::string_view prefix, std::string_view id) {
  std::string key(1, kSpace);
  key += prefix;
  key += '\0';
  key += id;
  return key;
}

// Zigzag, so that a time before 1970 takes no ten bytes.
void AppendTime(std::int64_t unix_ms, std::string& out) {
  const auto bits = static_cast<std::uint64_t>(unix_ms);
  AppendVarint(bits << 1 ^ (unix_ms < 0 ? ~std::uint64_t{0} : 0), out);
}

bool TakeTime(std::string_view& bytes, std::int64_t& unix_ms) {
  std::uint64_t number = 0;
  if (!TakeVarint(bytes, number)) return false;
  unix_ms = static_cast<std::int64_t>(number >> 1 ^ (~(number & 1) + 1));
  return true;
}

std::string EncodeGrant(const GrantInfo& grant) {
  std::string bytes(1, static_cast<char>(kRowFormat));
  AppendTime(grant.created_ms, bytes);
  AppendTime(grant.ends_ms, bytes);
  for (const std::string* text : {&grant.template_name, &grant.identifier, &grant.to_enterprise,
                                  &grant.to_application, &grant.created_by}) {
    AppendSized(*text, bytes);
  }
  AppendVarint(grant.items.size(), bytes);
  for (const std::string& item : grant.items) AppendSized(item, bytes);
  return bytes;
}

Result<GrantInfo> DecodeGrant(std::string_view key, std::string_view bytes) {
  const Error damaged(Errc::kCorruption, "the row of a grant is damaged");
  GrantInfo grant;
  const std::string_view names = key.substr(1);
  const std::size_t split = names.find('\0');
  if (split == std::string_view::npos) return damaged;
  grant.prefix = names.substr(0, split);
  grant.id = names.substr(split + 1);
  if (bytes.empty() || bytes.front() != static_cast<char>(kRowFormat)) return damaged;
  bytes.remove_prefix(1);
  if (!TakeTime(bytes, grant.created_ms) || !TakeTime(bytes, grant.ends_ms)) return damaged;
  for (std::string* text : {&grant.template_name, &grant.identifier, &grant.to_enterprise,
                            &grant.to_application, &grant.created_by}) {
    std::string_view taken;
    if (!TakeSized(bytes, taken)) return damaged;
    *text = taken;
  }
  std::uint64_t items = 0;
  if (!TakeVarint(bytes, items) || items > kGrantItemsMax) return damaged;
  for (std::uint64_t left = items; left > 0; --left) {
    std::string_view taken;
    if (!TakeSized(bytes, taken)) return damaged;
    grant.items.emplace_back(taken);
  }
  if (!bytes.empty()) return damaged;
  return grant;
}

// What is in a grant has been checked: no control characters, so these two are all that needs
// escapes.
void AppendMember(std::string_view name, std::string_view text, std::string& json) {
  if (text.empty()) return;
  json.append(json.size() > 1 ? ",\"" : "\"").append(name).append("\":\"");
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  json += '"';
}

// For the audit log.
std::string JsonOf(const GrantInfo& grant) {
  std::string json = "{";
  AppendMember("template", grant.template_name, json);
  std::string items;
  for (const std::string& item : grant.items) {
    if (!items.empty()) items += ", ";
    items += item;
  }
  AppendMember("items", items, json);
  AppendMember("identifier", grant.identifier, json);
  AppendMember("toEnterprise", grant.to_enterprise, json);
  AppendMember("toApplication", grant.to_application, json);
  if (grant.ends_ms != 0) AppendMember("endsAtMs", std::to_string(grant.ends_ms), json);
  return json + "}";
}

std::string TargetOf(std::string_view prefix, std::string_view id) {
  return std::string(prefix) + " " + std::string(id);
}

Error Invalid(std::string detail, std::string field) {
  return Error(Errc::kInvalidRequest, std::move(detail), std::move(field));
}

bool IsName(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && IsUtf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

bool IsApplicationName(std::string_view name) {
  return !name.empty() && name.size() <= kApplicationBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

// "shoe" or "shoe@2".
Result<void> CheckTemplate(std::string_view text) {
  const std::string_view name = text.substr(0, text.find('@'));
  if (!IsName(name, kGrantTemplateBytesMax) || name.find('/') != std::string_view::npos) {
    return Invalid("name a template, such as shoe, or one version of it, such as shoe@2",
                   "grant.template");
  }
  if (name.size() == text.size()) return {};
  const std::string_view version = text.substr(name.size() + 1);
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size() || number == 0 ||
      version.front() == '0') {
    return Invalid("a version is a number from 1 on, as in shoe@2", "grant.template");
  }
  return {};
}

Result<void> CheckItems(const std::vector<std::string>& items) {
  if (items.size() > kGrantItemsMax) {
    return Invalid("a grant names at most " + std::to_string(kGrantItemsMax) + " items",
                   "grant.items");
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!IsName(items[i], kGrantItemBytesMax)) {
      return Invalid("an item's name has 1 to " + std::to_string(kGrantItemBytesMax) +
                         " bytes of UTF-8 without control characters",
                     "grant.items[" + std::to_string(i) + "]");
    }
  }
  return {};
}

// Of what the grant is.
Result<void> CheckSubject(GrantInfo& grant) {
  if (grant.template_name.empty() == grant.identifier.empty()) {
    return Invalid("give either a template or an identifier",
                   grant.identifier.empty() ? "grant.template" : "grant.identifier");
  }
  if (grant.identifier.empty()) return CheckTemplate(grant.template_name);
  const auto parsed = ParseIdentifier(grant.identifier);
  if (!parsed.ok()) return Invalid(parsed.error().detail, "grant.identifier");
  const std::size_t prefix_bytes = parsed->prefix.size();
  grant.identifier = FoldIdentifier(grant.identifier);
  if (std::string_view(grant.identifier).substr(0, prefix_bytes) != grant.prefix) {
    return Invalid("the identifier is not under the prefix " + grant.prefix, "grant.identifier");
  }
  return {};
}

using Applications = std::function<bool(std::string_view)>;

// To whom it is.
Result<void> CheckGrantee(GrantInfo& grant, const Applications& exists) {
  if (grant.to_enterprise.empty() == grant.to_application.empty()) {
    return Invalid("give either an enterprise or an application",
                   grant.to_application.empty() ? "grant.toEnterprise" : "grant.toApplication");
  }
  if (grant.to_enterprise.empty()) {
    if (!IsApplicationName(grant.to_application)) {
      return Invalid("an application's name has 1 to " + std::to_string(kApplicationBytesMax) +
                         " of a-z, 0-9, \".\", \"_\" and \"-\"",
                     "grant.toApplication");
    }
    if (exists != nullptr && exists(grant.to_application)) return {};
    return Invalid("there is no application " + grant.to_application, "grant.toApplication");
  }
  auto code = CheckCreditCode(grant.to_enterprise);
  if (!code.ok()) return Invalid(code.error().detail, "grant.toEnterprise");
  grant.to_enterprise = *std::move(code);
  return {};
}

// Checks and folds what the caller gave.
Result<void> CheckGrant(GrantInfo& grant, std::int64_t now_ms, const Applications& exists) {
  IDNODE_RETURN_IF_ERROR(CheckSubject(grant));
  IDNODE_RETURN_IF_ERROR(CheckItems(grant.items));
  IDNODE_RETURN_IF_ERROR(CheckGrantee(grant, exists));
  if (!grant.InForceAt(now_ms)) {
    return Invalid("the end is not in the future", "grant.endsAt");
  }
  std::sort(grant.items.begin(), grant.items.end());
  grant.items.erase(std::unique(grant.items.begin(), grant.items.end()), grant.items.end());
  return {};
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

enum class Grantee : char { kEnterprise = 'e', kApplication = 'a' };
enum class Subject : char { kIdentifier = 'i', kTemplate = 't' };

// What grants of one prefix are looked up by. Neither name has a zero byte.
void MakeIndexKey(Grantee kind, std::string_view grantee, Subject subject, std::string_view name,
                  std::string& key) {
  key.clear();
  key += static_cast<char>(kind);
  key += grantee;
  key += '\0';
  key += static_cast<char>(subject);
  key += name;
}

std::uint64_t NewGeneration() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1) + 1;
}

// Whom an identifier was granted to.
std::string GranteeOf(const GrantInfo& grant) {
  return grant.to_enterprise.empty()
             ? static_cast<char>(Grantee::kApplication) + grant.to_application
             : static_cast<char>(Grantee::kEnterprise) + grant.to_enterprise;
}

std::string IndexKeyOf(const GrantInfo& grant) {
  std::string key;
  const bool enterprise = !grant.to_enterprise.empty();
  const bool whole_class = grant.identifier.empty();
  MakeIndexKey(enterprise ? Grantee::kEnterprise : Grantee::kApplication,
               enterprise ? grant.to_enterprise : grant.to_application,
               whole_class ? Subject::kTemplate : Subject::kIdentifier,
               whole_class ? grant.template_name : grant.identifier, key);
  return key;
}

}  // namespace

bool GrantInfo::NamesItem(std::string_view item) const {
  return std::binary_search(items.begin(), items.end(), item);
}

class GrantStore::Impl {
 public:
  Impl(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes, const Clock& clock)
      : engine_(engine), audit_(audit), prefixes_(prefixes), clock_(clock) {}

  void SetApplications(Applications exists) { exists_ = std::move(exists); }
  Result<void> Load();
  Result<GrantInfo> Create(const Actor& actor, GrantInfo grant, Deadline deadline);
  Result<GrantInfo> Revoke(const Actor& actor, std::string_view prefix, const std::string& id,
                           Deadline deadline);
  Result<std::vector<GrantInfo>> List(const Actor& actor, std::string_view prefix) const;
  std::vector<GrantRef> Of(std::string_view folded_prefix) const;
  void Find(const Match& match, std::vector<GrantRef>& out) const;
  bool HasOfIdentifiers(std::string_view folded_prefix, std::string_view enterprise,
                        std::string_view application) const;
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  struct OfPrefix {
    std::map<std::string, GrantRef, std::less<>> by_id;
    TextMap<std::vector<GrantRef>> in_force;  ///< by index key; ended ones too
    TextMap<std::size_t> of_identifiers;      ///< how many of these are of one; by grantee
  };

  void PutInForce(OfPrefix& of, const GrantRef& grant);
  /// False where it was not in force.
  bool TakeOutOfForce(OfPrefix& of, const GrantInfo& grant);
  void Add(const GrantRef& grant);
  GrantRef FindById(std::string_view prefix, std::string_view id) const;

  storage::Engine& engine_;
  AuditLog& audit_;
  const PrefixRegistry& prefixes_;
  const Clock& clock_;
  Applications exists_;
  std::mutex acts_;  ///< one act at a time; taken before mutex_
  mutable std::shared_mutex mutex_;
  TextMap<OfPrefix> by_prefix_;
  std::atomic<std::uint64_t> generation_{NewGeneration()};  ///< changes while mutex_ is held
};

void GrantStore::Impl::PutInForce(OfPrefix& of, const GrantRef& grant) {
  of.in_force[IndexKeyOf(*grant)].push_back(grant);
  if (!grant->identifier.empty()) ++of.of_identifiers[GranteeOf(*grant)];
  generation_.store(NewGeneration(), std::memory_order_release);
}

bool GrantStore::Impl::TakeOutOfForce(OfPrefix& of, const GrantInfo& grant) {
  const auto found = of.in_force.find(IndexKeyOf(grant));
  if (found == of.in_force.end()) return false;
  const auto taken =
      std::erase_if(found->second, [&](const GrantRef& other) { return other->id == grant.id; });
  if (found->second.empty()) of.in_force.erase(found);
  if (taken == 0) return false;
  if (!grant.identifier.empty()) {
    const auto counted = of.of_identifiers.find(GranteeOf(grant));
    if (--counted->second == 0) of.of_identifiers.erase(counted);
  }
  generation_.store(NewGeneration(), std::memory_order_release);
  return true;
}

void GrantStore::Impl::Add(const GrantRef& grant) {
  const std::unique_lock lock(mutex_);
  OfPrefix& of = by_prefix_[grant->prefix];
  if (of.by_id.emplace(grant->id, grant).second) PutInForce(of, grant);
}

GrantRef GrantStore::Impl::FindById(std::string_view prefix, std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto of = by_prefix_.find(prefix);
  if (of == by_prefix_.end()) return nullptr;
  const auto found = of->second.by_id.find(id);
  return found == of->second.by_id.end() ? nullptr : found->second;
}

Result<void> GrantStore::Impl::Load() {
  std::string from(1, kSpace);
  const std::string to(1, static_cast<char>(kSpace + 1));
  for (;;) {
    auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(kScanMax));
    if (!rows.ok()) return rows.error();
    for (const storage::ScanRow& row : *rows) {
      auto grant = DecodeGrant(row.key, row.value);
      if (!grant.ok()) return grant.error();
      Add(std::make_shared<const GrantInfo>(*std::move(grant)));
    }
    if (rows->size() < kScanRows) return {};
    from = rows->back().key + '\0';
  }
}

Result<GrantInfo> GrantStore::Impl::Create(const Actor& actor, GrantInfo grant, Deadline deadline) {
  if (const auto checked = CheckPrefix(grant.prefix); !checked.ok()) {
    return Invalid(checked.error().detail, "grant.prefix");
  }
  grant.prefix = FoldIdentifier(grant.prefix);
  IDNODE_RETURN_IF_ERROR(audit_.Permit(
      actor, Action::kGrantCreate, prefixes_.MayWrite(actor.who(), grant.prefix), grant.prefix));
  if (!prefixes_.IsResponsible(grant.prefix)) {
    return Invalid("this node is not responsible for the prefix", "grant.prefix");
  }
  grant.created_ms = clock_.WallMs();
  IDNODE_RETURN_IF_ERROR(CheckGrant(grant, grant.created_ms, exists_));
  grant.created_by = WhoIs(actor.who());
  grant.id = Hex(SecureRandom(kIdBytes));

  const std::lock_guard acts(acts_);
  if (Of(grant.prefix).size() >= kGrantsOfPrefixMax) {
    return Error(Errc::kQuotaExceeded,
                 "the prefix gives " + std::to_string(kGrantsOfPrefixMax) +
                     " grants, which is the most; revoke some, ended ones first",
                 "grant.prefix");
  }
  const RowChange row{GrantKey(grant.prefix, grant.id), EncodeGrant(grant), std::string()};
  const Act act{Action::kGrantCreate, TargetOf(grant.prefix, grant.id), {}, JsonOf(grant)};
  const Result<void> done = audit_.Do(actor, act, {&row, 1}, deadline);
  // What may have been stored is in force and listed, so that its owner can revoke it.
  if (done.ok() || done.code() == Errc::kUndetermined) {
    Add(std::make_shared<const GrantInfo>(grant));
  }
  if (!done.ok()) return done.error();
  return grant;
}

Result<GrantInfo> GrantStore::Impl::Revoke(const Actor& actor, std::string_view prefix,
                                           const std::string& id, Deadline deadline) {
  const std::string folded = FoldIdentifier(prefix);
  const std::string target = TargetOf(folded, id);
  IDNODE_RETURN_IF_ERROR(
      audit_.Permit(actor, Action::kGrantRevoke, prefixes_.MayWrite(actor.who(), folded), target));
  const std::lock_guard acts(acts_);
  const GrantRef grant = FindById(folded, id);
  if (grant == nullptr) {
    return Error(Errc::kNotFound, "the prefix gives no grant of this id", "id");
  }
  bool was_in_force = false;
  {
    const std::unique_lock lock(mutex_);
    was_in_force = TakeOutOfForce(by_prefix_[folded], *grant);
  }
  const RowChange row{GrantKey(folded, id), std::nullopt, std::nullopt};
  const Act act{Action::kGrantRevoke, target, JsonOf(*grant), {}};
  const Result<void> done = audit_.Do(actor, act, {&row, 1}, deadline);
  const std::unique_lock lock(mutex_);
  OfPrefix& of = by_prefix_[folded];
  if (done.ok()) {
    of.by_id.erase(id);
    if (of.by_id.empty()) by_prefix_.erase(folded);
    return *grant;
  }
  // An outcome that is not known leaves it listed but out of force: whoever wanted it gone repeats.
  if (was_in_force && done.code() != Errc::kUndetermined) PutInForce(of, grant);
  return done.error();
}

Result<std::vector<GrantInfo>> GrantStore::Impl::List(const Actor& actor,
                                                      std::string_view prefix) const {
  const std::string folded = FoldIdentifier(prefix);
  const Caller& caller = actor.who();
  const bool own = folded.empty() || prefixes_.MayWrite(caller, folded);
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kGrantRead, own, folded));
  const bool everything = caller.role == Role::kOperator || caller.role == Role::kAuditor;

  std::vector<GrantRef> found;
  const auto got = [&](const GrantInfo& grant) {
    return (!grant.to_enterprise.empty() && grant.to_enterprise == caller.enterprise) ||
           (!grant.to_application.empty() && grant.to_application == caller.application);
  };
  if (!folded.empty()) {
    found = Of(folded);
  } else {
    const std::shared_lock lock(mutex_);
    for (const auto& [owner, of] : by_prefix_) {
      const bool gave = everything || prefixes_.MayWrite(caller, owner);
      for (const auto& [id, grant] : of.by_id) {
        if (gave || got(*grant)) found.push_back(grant);
        if (found.size() > kGrantsListedMax) {
          return Error(Errc::kInvalidRequest,
                       "there are more than " + std::to_string(kGrantsListedMax) +
                           " grants; ask for those of one prefix",
                       "prefix");
        }
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const GrantRef& a, const GrantRef& b) {
    return std::tie(a->prefix, a->created_ms, a->id) < std::tie(b->prefix, b->created_ms, b->id);
  });
  std::vector<GrantInfo> listed;
  listed.reserve(found.size());
  for (const GrantRef& grant : found) listed.push_back(*grant);
  return listed;
}

std::vector<GrantRef> GrantStore::Impl::Of(std::string_view folded_prefix) const {
  std::vector<GrantRef> found;
  const std::shared_lock lock(mutex_);
  const auto of = by_prefix_.find(folded_prefix);
  if (of == by_prefix_.end()) return found;
  found.reserve(of->second.by_id.size());
  for (const auto& [id, grant] : of->second.by_id) found.push_back(grant);
  return found;
}

void GrantStore::Impl::Find(const Match& match, std::vector<GrantRef>& out) const {
  const std::string_view prefix =
      match.folded_identifier.substr(0, match.folded_identifier.find('/'));
  thread_local std::string key;
  const std::size_t before = out.size();
  {
    const std::shared_lock lock(mutex_);
    const auto of = by_prefix_.find(prefix);
    if (of == by_prefix_.end()) return;
    const auto add = [&](Grantee kind, std::string_view grantee, Subject subject,
                         std::string_view name) {
      MakeIndexKey(kind, grantee, subject, name, key);
      const auto found = of->second.in_force.find(std::string_view(key));
      if (found == of->second.in_force.end()) return;
      out.insert(out.end(), found->second.begin(), found->second.end());
    };
    const auto add_all = [&](Grantee kind, std::string_view grantee) {
      if (grantee.empty()) return;
      add(kind, grantee, Subject::kIdentifier, match.folded_identifier);
      if (match.template_ref.empty()) return;
      add(kind, grantee, Subject::kTemplate, match.template_ref);
      const std::size_t at = match.template_ref.rfind('@');
      if (at == std::string_view::npos) return;
      add(kind, grantee, Subject::kTemplate, match.template_ref.substr(0, at));
    };
    add_all(Grantee::kEnterprise, match.enterprise);
    add_all(Grantee::kApplication, match.application);
  }
  if (out.size() == before) return;
  const std::int64_t now_ms = clock_.WallMs();
  out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                           [&](const GrantRef& grant) { return !grant->InForceAt(now_ms); }),
            out.end());
}

bool GrantStore::Impl::HasOfIdentifiers(std::string_view folded_prefix, std::string_view enterprise,
                                        std::string_view application) const {
  const std::shared_lock lock(mutex_);
  const auto of = by_prefix_.find(folded_prefix);
  if (of == by_prefix_.end() || of->second.of_identifiers.empty()) return false;
  std::string key;
  const auto has = [&](Grantee kind, std::string_view grantee) {
    if (grantee.empty()) return false;
    key.assign(1, static_cast<char>(kind)).append(grantee);
    return of->second.of_identifiers.contains(std::string_view(key));
  };
  return has(Grantee::kEnterprise, enterprise) || has(Grantee::kApplication, application);
}

GrantStore::GrantStore(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes,
                       const Clock& clock)
    : impl_(std::make_unique<Impl>(engine, audit, prefixes, clock)) {}

GrantStore::~GrantStore() = default;

void GrantStore::SetApplications(std::function<bool(std::string_view)> exists) {
  impl_->SetApplications(std::move(exists));
}

Result<void> GrantStore::Load() { return impl_->Load(); }

Result<GrantInfo> GrantStore::Create(const Actor& actor, GrantInfo grant, Deadline deadline) {
  return impl_->Create(actor, std::move(grant), deadline);
}

Result<GrantInfo> GrantStore::Revoke(const Actor& actor, const std::string& prefix,
                                     const std::string& id, Deadline deadline) {
  return impl_->Revoke(actor, prefix, id, deadline);
}

Result<std::vector<GrantInfo>> GrantStore::List(const Actor& actor,
                                                const std::string& prefix) const {
  return impl_->List(actor, prefix);
}

std::vector<GrantRef> GrantStore::Of(std::string_view folded_prefix) const {
  return impl_->Of(folded_prefix);
}

void GrantStore::Find(const Match& match, std::vector<GrantRef>& out) const {
  impl_->Find(match, out);
}

bool GrantStore::HasOfIdentifiers(std::string_view folded_prefix, std::string_view enterprise,
                                  std::string_view application) const {
  return impl_->HasOfIdentifiers(folded_prefix, enterprise, application);
}

std::uint64_t GrantStore::generation() const { return impl_->generation(); }

}  // namespace idnode::service
