#include "node/service/template_snapshot.h"

#include <utility>

#include "node/model/identifier.h"
#include "storage/key_codec.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

// The beginning that the keys of all templates of an owner share.
std::string OwnerStart(std::string_view owner) {
  std::string start(1, static_cast<char>(storage::Space::kTemplate));
  start += owner;
  start += '\0';
  return start;
}

Error NoRoom(std::string_view owner, std::string_view what, std::size_t bound) {
  return {Errc::kInvalidRequest,
          "prefix " + std::string(owner) + " may have " + std::to_string(bound) + " " +
              std::string(what) + "; it may have no more",
          "name"};
}

}  // namespace

std::string TemplateReferenceKey(std::string_view owner, std::string_view reference) {
  std::string key;
  key.reserve(owner.size() + 1 + reference.size());
  key += owner;
  key += '\0';
  key += reference;
  return key;
}

std::string TemplateReference(std::string_view name, std::uint32_t version) {
  return std::string(name) + "@" + std::to_string(version);
}

std::string TemplateNameStart(std::string_view owner, std::string_view name) {
  std::string key = storage::TemplateKey(owner, name, 0);
  key.resize(key.size() - 4);
  return key;
}

TemplateRef SeenTemplate(const TemplateEntry& entry) {
  if (entry.info->in_use == entry.used->load(std::memory_order_acquire)) return entry.info;
  auto seen = std::make_shared<TemplateInfo>(*entry.info);
  seen->in_use = !seen->in_use;
  return seen;
}

const TemplateEntry* TemplateEntryOf(const TemplateSnapshot& snapshot, std::string_view key) {
  const auto found = snapshot.by_key.find(key);
  if (found == snapshot.by_key.end() || found->second.info == nullptr) return nullptr;
  return &found->second;
}

Result<TemplateEntry> MakeTemplateEntry(TemplateRow::Status status, const TemplateInfo& info,
                                        std::shared_ptr<std::atomic<bool>> used,
                                        const TemplateEntry* before) {
  TemplateEntry entry;
  entry.status = status;
  entry.used = std::move(used);
  if (status == TemplateRow::Status::kGone) return entry;
  auto made = std::make_shared<TemplateInfo>(info);
  made->status = static_cast<TemplateStatus>(status);
  made->in_use = entry.used->load(std::memory_order_acquire);
  if (before != nullptr && before->info != nullptr && before->info->content == info.content) {
    made->checker = before->info->checker;
  } else {
    auto checker = TemplateChecker::Make(info.content);
    if (!checker.ok()) return checker.error();
    made->checker = std::move(*checker);
  }
  entry.info = made;
  if (status == TemplateRow::Status::kDraft) return entry;
  auto ready = std::make_shared<ReadyTemplate>();
  ready->info = entry.info;
  ready->used = entry.used;
  entry.ready = std::move(ready);
  return entry;
}

std::size_t CountTemplateNames(const TemplateSnapshot& snapshot, std::string_view owner) {
  const std::string start = OwnerStart(owner);
  std::size_t count = 0;
  std::string_view last;
  for (auto at = snapshot.by_key.lower_bound(start); at != snapshot.by_key.end(); ++at) {
    const std::string_view key = at->first;
    if (!key.starts_with(start)) break;
    const std::string_view name = key.substr(0, key.find('\0', start.size()));
    if (name != last) ++count;
    last = name;
  }
  return count;
}

std::string OtherOwnerOfName(const TemplateSnapshot& snapshot, std::string_view owner,
                             std::string_view name) {
  const std::string_view secondary = SecondaryPrefixOf(owner);
  if (secondary != owner) {
    const std::string start = TemplateNameStart(secondary, name);
    const auto at = snapshot.by_key.lower_bound(start);
    const bool has = at != snapshot.by_key.end() && at->first.starts_with(start);
    return has ? std::string(secondary) : std::string();
  }
  std::string below(1, static_cast<char>(storage::Space::kTemplate));
  below += owner;
  below += '.';
  for (auto at = snapshot.by_key.lower_bound(below); at != snapshot.by_key.end(); ++at) {
    const std::string_view key = at->first;
    if (!key.starts_with(below)) break;
    const std::size_t owner_end = key.find('\0');
    const std::string_view rest = key.substr(owner_end + 1);
    if (rest.size() > name.size() && rest.starts_with(name) && rest[name.size()] == '\0') {
      return std::string(key.substr(1, owner_end - 1));
    }
  }
  return {};
}

Result<void> CheckTemplateRoom(const TemplateSnapshot& snapshot, std::string_view key,
                               const TemplateEntry& entry) {
  const std::string& owner = entry.info->owner;
  const std::string start = OwnerStart(owner);
  std::size_t numbers = 1;
  std::size_t versions = 1;
  std::size_t bytes = entry.info->checker->memory();
  for (auto at = snapshot.by_key.lower_bound(start); at != snapshot.by_key.end(); ++at) {
    if (!at->first.starts_with(start)) break;
    if (at->first == key) continue;  // the draft that it replaces
    ++numbers;
    if (at->second.info == nullptr) continue;
    ++versions;
    bytes += at->second.info->checker->memory();
  }
  if (versions > kTemplateVersionsPerOwnerMax) {
    return NoRoom(owner, "versions of templates", kTemplateVersionsPerOwnerMax);
  }
  if (numbers > kTemplateNumbersPerOwnerMax) {
    return NoRoom(owner, "versions of templates with those deleted", kTemplateNumbersPerOwnerMax);
  }
  if (bytes > kTemplateBytesPerOwnerMax) {
    return NoRoom(owner, "bytes of templates", kTemplateBytesPerOwnerMax);
  }
  return {};
}

void PlaceTemplate(TemplateSnapshot& snapshot, std::string key, TemplateEntry entry) {
  const auto decoded = DecodeTemplateKey(key);
  IDNODE_CHECK(decoded.ok());
  const std::string reference =
      TemplateReferenceKey(decoded->owner, TemplateReference(decoded->name, decoded->version));
  if (entry.ready != nullptr) {
    snapshot.by_reference[reference] = entry.ready;
  } else {
    snapshot.by_reference.erase(reference);
  }
  snapshot.by_key[std::move(key)] = std::move(entry);
}

}  // namespace idnode::service
