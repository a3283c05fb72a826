#include "node/service/template_registry.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <utility>

#include "node/base/text.h"
#include "node/model/identifier.h"
#include "node/model/template_forms.h"
#include "node/service/page_token.h"
#include "node/service/prefix_registry.h"
#include "node/service/template_row.h"
#include "node/service/template_snapshot.h"
#include "storage/key_codec.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr std::size_t kScanRows = 100;
constexpr std::chrono::seconds kLoadStepMax{30};
constexpr std::uint32_t kPageSizeDefault = 100;
constexpr std::uint32_t kPageSizeMax = 1'000;
constexpr std::string_view kListScope = "templates";
// Schemas up to this size are in the audit log whole, others as their digest.
constexpr std::size_t kAuditSchemaBytesMax = 8 * 1024;

std::string_view StatusName(TemplateRow::Status status) {
  switch (status) {  // no default: -Wswitch reports a forgotten status
    case TemplateRow::Status::kDraft:
      return "DRAFT";
    case TemplateRow::Status::kPublished:
      return "PUBLISHED";
    case TemplateRow::Status::kWithdrawn:
      return "WITHDRAWN";
    case TemplateRow::Status::kGone:
      return "DELETED";
  }
  return "UNKNOWN";
}

// The object before or after an act, as JSON.
std::string ForAudit(TemplateRow::Status status, const TemplateInfo& info) {
  const std::string schema = ToJsonSchema(info.content, info.name, info.version);
  std::string json = R"({"status":")" + std::string(StatusName(status)) + '"';
  if (schema.size() <= kAuditSchemaBytesMax) {
    json += ",\"schema\":" + schema;
  } else {
    const Digest digest = Sha256(schema);
    json += ",\"schemaSha256\":\"" +
            Hex({reinterpret_cast<const char*>(digest.data()), digest.size()}) + '"';
  }
  return json + '}';
}

TemplateRow RowOf(TemplateRow::Status status, const TemplateInfo& info) {
  TemplateRow row;
  row.status = status;
  row.created_ms = info.created_ms;
  row.published_ms = info.published_ms;
  if (status != TemplateRow::Status::kGone) row.content = info.content;
  return row;
}

Error NotFound(std::string_view name, std::uint32_t version) {
  return {Errc::kTemplateNotFound,
          "there is no template " + (version == 0 ? std::string(name) + " that is published"
                                                  : TemplateReference(name, version)),
          "name"};
}

}  // namespace

std::string TemplateInfo::Reference() const { return TemplateReference(name, version); }

class TemplateRegistry::Impl {
 public:
  Impl(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes, const Clock& clock)
      : engine_(engine), audit_(audit), prefixes_(prefixes), clock_(clock) {}

  Result<void> Load();
  Result<TemplateRef> Put(const Actor& actor, const std::string& owner, const std::string& name,
                          DataTemplate content, Deadline deadline);
  Result<TemplateRef> Publish(const Actor& actor, const std::string& owner, const std::string& name,
                              std::uint32_t version, Deadline deadline);
  Result<TemplateRef> Withdraw(const Actor& actor, const std::string& owner,
                               const std::string& name, std::uint32_t version, Deadline deadline);
  Result<void> Delete(const Actor& actor, const std::string& owner, const std::string& name,
                      std::uint32_t version, Deadline deadline);
  Result<TemplateRef> Get(const Actor& actor, const std::string& owner, const std::string& name,
                          std::uint32_t version) const;
  Result<TemplatePage> List(const Actor& actor, const std::string& owner, std::uint32_t page_size,
                            std::string_view page_token) const;

  std::shared_ptr<const TemplateSnapshot> Now() const {
    std::shared_lock lock(mutex_);
    return snapshot_;
  }

 private:
  Result<std::string> Permitted(const Actor& actor, Action action, const std::string& owner,
                                const std::string& name, std::uint32_t version);
  Result<void> Learn(Deadline deadline);
  Result<TemplateRef> Change(const Actor& actor, Action action, const TemplateEntry* before,
                             TemplateRow::Status status, const TemplateInfo& next,
                             Deadline deadline);
  Result<void> CheckNewName(const TemplateSnapshot& snapshot, const std::string& owner,
                            const std::string& name) const;
  void Accept(const std::string& key, TemplateEntry entry);
  bool MayRead(const Caller& caller, Action action, const std::string& owner) const {
    return service::Permit(caller, action, prefixes_.MayWrite(caller, owner)).ok();
  }

  storage::Engine& engine_;
  AuditLog& audit_;
  const PrefixRegistry& prefixes_;
  const Clock& clock_;
  std::mutex acts_;               ///< one act at a time
  std::set<std::string> unsure_;  ///< rows whose last act has an unknown outcome; guarded by acts_
  mutable std::shared_mutex mutex_;
  std::shared_ptr<const TemplateSnapshot> snapshot_ = std::make_shared<const TemplateSnapshot>();
};

Result<void> TemplateRegistry::Impl::Load() {
  const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kTemplate) + 1));
  std::string from(1, static_cast<char>(storage::Space::kTemplate));
  auto snapshot = std::make_shared<TemplateSnapshot>();
  for (;;) {
    const auto rows = engine_.Scan(0, from, to, kScanRows, false, clock_.After(kLoadStepMax));
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      auto key = DecodeTemplateKey(row.key);
      if (!key.ok()) return key.error();
      if (key->used) {  // it follows the row of its version
        const auto version = snapshot->by_key.find(row.key.substr(0, row.key.size() - 1));
        if (version != snapshot->by_key.end()) version->second.used->store(true);
        continue;
      }
      auto decoded = DecodeTemplateRow(row.value);
      if (!decoded.ok()) return Prefix(key->name, decoded.error());
      TemplateInfo info;
      info.owner = std::move(key->owner);
      info.name = std::move(key->name);
      info.version = key->version;
      info.created_ms = decoded->created_ms;
      info.published_ms = decoded->published_ms;
      info.content = std::move(decoded->content);
      auto entry =
          MakeTemplateEntry(decoded->status, info, std::make_shared<std::atomic<bool>>(false));
      if (!entry.ok()) return Prefix(info.Reference(), entry.error());
      PlaceTemplate(*snapshot, row.key, std::move(*entry));
    }
    if (rows->size() < kScanRows) break;
    from = rows->back().key + '\0';
  }
  std::unique_lock lock(mutex_);
  snapshot_ = std::move(snapshot);
  return {};
}

// The folded owner, where the actor may do `action` to its templates.
Result<std::string> TemplateRegistry::Impl::Permitted(const Actor& actor, Action action,
                                                      const std::string& owner,
                                                      const std::string& name,
                                                      std::uint32_t version) {
  const std::string folded = FoldIdentifier(owner);
  const bool own = prefixes_.MayWrite(actor.who(), folded);
  const std::string target =
      folded + "/" + (version == 0 ? name : TemplateReference(name, version));
  IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, action, own, target.substr(0, 256)));
  if (auto checked = CheckPrefix(folded); !checked.ok()) {
    return Error(Errc::kInvalidRequest, checked.error().detail, "owner");
  }
  if (!prefixes_.IsResponsible(folded)) {
    return Error(Errc::kNotResponsible, "this node is not responsible for prefix " + folded,
                 "owner");
  }
  return folded;
}

// Rows whose last act has an unknown outcome are read again.
Result<void> TemplateRegistry::Impl::Learn(Deadline deadline) {
  while (!unsure_.empty()) {
    const std::string key = *unsure_.begin();
    const auto decoded_key = DecodeTemplateKey(key);
    IDNODE_CHECK(decoded_key.ok());
    const std::array<std::string, 2> texts = {key, key + 'u'};
    const std::array<std::string_view, 2> keys = {texts[0], texts[1]};
    const auto rows = engine_.MultiGet(0, keys, deadline);
    if (!rows.ok()) return rows.error();
    const auto snapshot = Now();
    if (!(*rows)[0].has_value()) {
      auto next = std::make_shared<TemplateSnapshot>(*snapshot);
      next->by_key.erase(key);
      next->by_reference.erase(TemplateReferenceKey(
          decoded_key->owner, TemplateReference(decoded_key->name, decoded_key->version)));
      std::unique_lock lock(mutex_);
      snapshot_ = std::move(next);
    } else {
      auto row = DecodeTemplateRow(*(*rows)[0]);
      if (!row.ok()) return row.error();
      TemplateInfo info;
      info.owner = decoded_key->owner;
      info.name = decoded_key->name;
      info.version = decoded_key->version;
      info.created_ms = row->created_ms;
      info.published_ms = row->published_ms;
      info.content = std::move(row->content);
      const auto present = snapshot->by_key.find(key);
      auto used = present == snapshot->by_key.end() ? std::make_shared<std::atomic<bool>>(false)
                                                    : present->second.used;
      if ((*rows)[1].has_value()) used->store(true);
      auto entry =
          MakeTemplateEntry(row->status, info, std::move(used), TemplateEntryOf(*snapshot, key));
      if (!entry.ok()) return entry.error();
      Accept(key, std::move(*entry));
    }
    unsure_.erase(key);
  }
  return {};
}

void TemplateRegistry::Impl::Accept(const std::string& key, TemplateEntry entry) {
  auto next = std::make_shared<TemplateSnapshot>(*Now());
  PlaceTemplate(*next, key, std::move(entry));
  std::unique_lock lock(mutex_);
  snapshot_ = std::move(next);
}

// Writes a version's next row with the audit entry, and takes it over.
Result<TemplateRef> TemplateRegistry::Impl::Change(const Actor& actor, Action action,
                                                   const TemplateEntry* before,
                                                   TemplateRow::Status status,
                                                   const TemplateInfo& next, Deadline deadline) {
  const std::string key = storage::TemplateKey(next.owner, next.name, next.version);
  auto used = before == nullptr ? std::make_shared<std::atomic<bool>>(false) : before->used;
  // Made first: what does not compile, or has no room, is not written.
  auto made = MakeTemplateEntry(status, next, used, before);
  if (!made.ok()) return made.error();
  if (action == Action::kTemplatePut) {
    IDNODE_RETURN_IF_ERROR(CheckTemplateRoom(*Now(), key, *made));
  }
  Act act;
  act.action = action;
  act.target = next.owner + "/" + next.Reference();
  if (before != nullptr) act.before = ForAudit(before->status, *before->info);
  std::string expected;
  if (before != nullptr) expected = EncodeTemplateRow(RowOf(before->status, *before->info));
  std::vector<RowChange> rows;
  const bool ends = action == Action::kTemplateDelete;
  if (ends && before->status == TemplateRow::Status::kDraft) {
    rows.push_back({key, std::nullopt, expected});
  } else {
    rows.push_back({key, EncodeTemplateRow(RowOf(status, next)), expected});
  }
  if (ends) {
    // Nothing may be there, and nothing will be: who marks it used later finds its row gone.
    rows.push_back({storage::TemplateUsedKey(next.owner, next.name, next.version), std::nullopt,
                    std::string()});
  } else {
    act.after = ForAudit(status, next);
  }
  if (auto done = audit_.Do(actor, act, rows, deadline); !done.ok()) {
    unsure_.insert(key);
    const bool moved = done.code() == Errc::kAlreadyExists || done.code() == Errc::kConflict;
    if (!moved) return done.error();
    IDNODE_RETURN_IF_ERROR(Learn(deadline));
    if (ends) {
      const auto snapshot = Now();
      const TemplateEntry* present = TemplateEntryOf(*snapshot, key);
      if (present != nullptr && present->used->load()) {
        return Error(Errc::kTemplateInUse, "records use template " + next.Reference(), "version");
      }
    }
    return Error(Errc::kPreconditionFailed, "the template was changed meanwhile; look at it again");
  }
  if (ends && before->status == TemplateRow::Status::kDraft) {
    auto snapshot = std::make_shared<TemplateSnapshot>(*Now());
    snapshot->by_key.erase(key);
    std::unique_lock lock(mutex_);
    snapshot_ = std::move(snapshot);
    return TemplateRef();
  }
  // A record may have come to name it meanwhile.
  Accept(key, std::move(*made));
  if (ends) return TemplateRef();
  const auto snapshot = Now();
  return SeenTemplate(*TemplateEntryOf(*snapshot, key));
}

// A name that nobody has below a secondary prefix and on it: what records mean by "shoe@1" must not
// change because somebody makes a template. Also that `owner` may have one more name.
Result<void> TemplateRegistry::Impl::CheckNewName(const TemplateSnapshot& snapshot,
                                                  const std::string& owner,
                                                  const std::string& name) const {
  if (const std::string other = OtherOwnerOfName(snapshot, owner, name); !other.empty()) {
    return Error(Errc::kAlreadyExists,
                 "prefix " + other + " has a template " + name +
                     "; a secondary prefix and those below it do not share names",
                 "name");
  }
  if (CountTemplateNames(snapshot, owner) >= kTemplatesPerOwnerMax) {
    return Error(Errc::kInvalidRequest,
                 "prefix " + owner + " has " + std::to_string(kTemplatesPerOwnerMax) +
                     " templates; it may have no more",
                 "name");
  }
  return {};
}

Result<TemplateRef> TemplateRegistry::Impl::Put(const Actor& actor, const std::string& owner,
                                                const std::string& name, DataTemplate content,
                                                Deadline deadline) {
  const auto folded = Permitted(actor, Action::kTemplatePut, owner, name, 0);
  if (!folded.ok()) return folded.error();
  IDNODE_RETURN_IF_ERROR(CheckTemplateName(name));
  std::lock_guard act(acts_);
  IDNODE_RETURN_IF_ERROR(Learn(deadline));
  const auto snapshot = Now();
  const std::string start = TemplateNameStart(*folded, name);
  const TemplateEntry* newest =
      NewestTemplate(*snapshot, start, [](const TemplateEntry&) { return true; });
  const TemplateEntry* before = NewestTemplate(
      *snapshot, start, [](const TemplateEntry& entry) { return entry.ready != nullptr; });
  const bool replaces = newest != nullptr && newest->status == TemplateRow::Status::kDraft;
  TemplateInfo next;
  next.owner = *folded;
  next.name = name;
  next.created_ms = clock_.WallMs();
  if (replaces) {
    next.version = newest->info->version;
  } else if (newest == nullptr) {
    IDNODE_RETURN_IF_ERROR(CheckNewName(*snapshot, *folded, name));
    next.version = 1;
  } else {
    const auto last = snapshot->by_key.upper_bound(start + std::string(4, '\xff'));
    next.version = DecodeTemplateKey(std::prev(last)->first)->version + 1;
    if (next.version > kTemplateVersionMax) {
      return Error(Errc::kInvalidRequest,
                   "a template has at most " + std::to_string(kTemplateVersionMax) + " versions",
                   "name");
    }
  }
  const DataTemplate* old = before == nullptr ? nullptr : &before->info->content;
  NumberItems(content, old);
  IDNODE_RETURN_IF_ERROR(CheckDataTemplate(content));
  if (old != nullptr) IDNODE_RETURN_IF_ERROR(CheckSuccession(*old, content));
  next.content = std::move(content);
  return Change(actor, Action::kTemplatePut, replaces ? newest : nullptr,
                TemplateRow::Status::kDraft, next, deadline);
}

Result<TemplateRef> TemplateRegistry::Impl::Publish(const Actor& actor, const std::string& owner,
                                                    const std::string& name, std::uint32_t version,
                                                    Deadline deadline) {
  const auto folded = Permitted(actor, Action::kTemplatePublish, owner, name, version);
  if (!folded.ok()) return folded.error();
  std::lock_guard act(acts_);
  IDNODE_RETURN_IF_ERROR(Learn(deadline));
  const auto snapshot = Now();
  const TemplateEntry* present =
      TemplateEntryOf(*snapshot, storage::TemplateKey(*folded, name, version));
  if (present == nullptr) return NotFound(name, version);
  if (present->status != TemplateRow::Status::kDraft) {
    return Error(Errc::kPreconditionFailed,
                 "template " + present->info->Reference() + " is published already", "version");
  }
  TemplateInfo next = *present->info;
  next.published_ms = clock_.WallMs();
  return Change(actor, Action::kTemplatePublish, present, TemplateRow::Status::kPublished, next,
                deadline);
}

Result<TemplateRef> TemplateRegistry::Impl::Withdraw(const Actor& actor, const std::string& owner,
                                                     const std::string& name, std::uint32_t version,
                                                     Deadline deadline) {
  const auto folded = Permitted(actor, Action::kTemplateWithdraw, owner, name, version);
  if (!folded.ok()) return folded.error();
  std::lock_guard act(acts_);
  IDNODE_RETURN_IF_ERROR(Learn(deadline));
  const auto snapshot = Now();
  const TemplateEntry* present =
      TemplateEntryOf(*snapshot, storage::TemplateKey(*folded, name, version));
  if (present == nullptr) return NotFound(name, version);
  if (present->status == TemplateRow::Status::kWithdrawn) return SeenTemplate(*present);
  if (present->status != TemplateRow::Status::kPublished) {
    return Error(Errc::kPreconditionFailed,
                 "template " + present->info->Reference() + " is a draft; delete it", "version");
  }
  return Change(actor, Action::kTemplateWithdraw, present, TemplateRow::Status::kWithdrawn,
                *present->info, deadline);
}

Result<void> TemplateRegistry::Impl::Delete(const Actor& actor, const std::string& owner,
                                            const std::string& name, std::uint32_t version,
                                            Deadline deadline) {
  const auto folded = Permitted(actor, Action::kTemplateDelete, owner, name, version);
  if (!folded.ok()) return folded.error();
  std::lock_guard act(acts_);
  IDNODE_RETURN_IF_ERROR(Learn(deadline));
  const auto snapshot = Now();
  const TemplateEntry* present =
      TemplateEntryOf(*snapshot, storage::TemplateKey(*folded, name, version));
  if (present == nullptr) return NotFound(name, version);
  if (present->used->load(std::memory_order_acquire)) {
    return Error(Errc::kTemplateInUse, "records use template " + present->info->Reference(),
                 "version");
  }
  auto deleted = Change(actor, Action::kTemplateDelete, present, TemplateRow::Status::kGone,
                        *present->info, deadline);
  if (!deleted.ok()) return deleted.error();
  return {};
}

Result<TemplateRef> TemplateRegistry::Impl::Get(const Actor& actor, const std::string& owner,
                                                const std::string& name,
                                                std::uint32_t version) const {
  const std::string folded = FoldIdentifier(owner);
  const auto snapshot = Now();
  const TemplateEntry* found = nullptr;
  if (version == 0) {
    found = NewestTemplate(
        *snapshot, TemplateNameStart(folded, name),
        [](const TemplateEntry& entry) { return entry.status == TemplateRow::Status::kPublished; });
  } else {
    found = TemplateEntryOf(*snapshot, storage::TemplateKey(folded, name, version));
  }
  if (found == nullptr) return NotFound(name, version);
  if (found->status == TemplateRow::Status::kDraft) {
    const bool own = prefixes_.MayWrite(actor.who(), folded);
    IDNODE_RETURN_IF_ERROR(audit_.Permit(actor, Action::kTemplateReadDraft, own,
                                         folded + "/" + found->info->Reference()));
  }
  return SeenTemplate(*found);
}

Result<TemplatePage> TemplateRegistry::Impl::List(const Actor& actor, const std::string& owner,
                                                  std::uint32_t page_size,
                                                  std::string_view page_token) const {
  if (page_size > kPageSizeMax) {
    return Error(Errc::kInvalidRequest,
                 "a page has 1 to " + std::to_string(kPageSizeMax) + " entries", "pageSize");
  }
  if (page_size == 0) page_size = kPageSizeDefault;
  const std::string folded = FoldIdentifier(owner);
  const std::string scope = std::string(kListScope) + "/" + folded;
  std::string start(1, static_cast<char>(storage::Space::kTemplate));
  if (!folded.empty()) start += folded + '\0';
  std::string from = start;
  if (!page_token.empty()) {
    auto position = ReadPageToken(scope, page_token);
    if (!position.ok()) return position.error();
    from = std::move(*position);
  }
  TemplatePage page;
  const auto snapshot = Now();
  std::optional<std::string> asked;  // owner whose drafts were asked for last
  bool drafts = false;
  for (auto at = snapshot->by_key.lower_bound(from); at != snapshot->by_key.end(); ++at) {
    if (!at->first.starts_with(start)) break;
    const TemplateEntry& entry = at->second;
    if (entry.info == nullptr) continue;
    if (entry.status == TemplateRow::Status::kDraft) {
      if (asked != entry.info->owner) {
        asked = entry.info->owner;
        drafts = MayRead(actor.who(), Action::kTemplateReadDraft, *asked);
      }
      if (!drafts) continue;
    }
    if (page.templates.size() == page_size) {
      page.next_page_token = MakePageToken(scope, at->first);
      break;
    }
    page.templates.push_back(SeenTemplate(entry));
  }
  return page;
}

TemplateRegistry::TemplateRegistry(storage::Engine& engine, AuditLog& audit,
                                   const PrefixRegistry& prefixes, const Clock& clock,
                                   TemplateOptions options)
    : impl_(std::make_shared<Impl>(engine, audit, prefixes, clock)),
      marks_(NewMarks()),
      options_(options) {}

Result<void> TemplateRegistry::Load() { return impl_->Load(); }

Result<TemplateRef> TemplateRegistry::Put(const Actor& actor, const std::string& owner,
                                          const std::string& name, DataTemplate content,
                                          Deadline deadline) {
  return impl_->Put(actor, owner, name, std::move(content), deadline);
}

Result<TemplateRef> TemplateRegistry::Publish(const Actor& actor, const std::string& owner,
                                              const std::string& name, std::uint32_t version,
                                              Deadline deadline) {
  return impl_->Publish(actor, owner, name, version, deadline);
}

Result<TemplateRef> TemplateRegistry::Withdraw(const Actor& actor, const std::string& owner,
                                               const std::string& name, std::uint32_t version,
                                               Deadline deadline) {
  return impl_->Withdraw(actor, owner, name, version, deadline);
}

Result<void> TemplateRegistry::Delete(const Actor& actor, const std::string& owner,
                                      const std::string& name, std::uint32_t version,
                                      Deadline deadline) {
  return impl_->Delete(actor, owner, name, version, deadline);
}

Result<TemplateRef> TemplateRegistry::Get(const Actor& actor, const std::string& owner,
                                          const std::string& name, std::uint32_t version) const {
  return impl_->Get(actor, owner, name, version);
}

Result<TemplatePage> TemplateRegistry::List(const Actor& actor, const std::string& owner,
                                            std::uint32_t page_size,
                                            std::string_view page_token) const {
  return impl_->List(actor, owner, page_size, page_token);
}

ReadyTemplateRef TemplateRegistry::Lookup(std::string_view folded_prefix,
                                          std::string_view reference) const {
  const auto snapshot = impl_->Now();
  if (snapshot->by_reference.empty()) return nullptr;
  auto found = snapshot->by_reference.find(TemplateReferenceKey(folded_prefix, reference));
  if (found == snapshot->by_reference.end()) {
    found = snapshot->by_reference.find(
        TemplateReferenceKey(SecondaryPrefixOf(folded_prefix), reference));
  }
  return found == snapshot->by_reference.end() ? nullptr : found->second;
}

TemplateRef TemplateRegistry::Find(std::string_view folded_prefix,
                                   std::string_view reference) const {
  const auto ready = Lookup(folded_prefix, reference);
  return ready == nullptr ? nullptr : ready->info;
}

TemplateRef TemplateRegistry::FindNewest(std::string_view folded_prefix,
                                         std::string_view name) const {
  const auto snapshot = impl_->Now();
  for (const std::string_view owner : {folded_prefix, SecondaryPrefixOf(folded_prefix)}) {
    const TemplateEntry* found = NewestTemplate(
        *snapshot, TemplateNameStart(owner, name),
        [](const TemplateEntry& entry) { return entry.status == TemplateRow::Status::kPublished; });
    if (found != nullptr) return found->info;
  }
  return nullptr;
}

}  // namespace idnode::service
