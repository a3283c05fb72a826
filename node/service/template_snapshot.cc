#include "node/service/template_snapshot.h"

#include <utility>

#include "storage/key_codec.h"

namespace idnode::service {

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
