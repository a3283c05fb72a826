#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "node/service/template_registry.h"
#include "node/service/template_row.h"

namespace idnode::service {

/// One version of a template as it is in the store.
struct TemplateEntry {
  TemplateRow::Status status = TemplateRow::Status::kDraft;
  TemplateRef info;        ///< nullptr where it is gone
  ReadyTemplateRef ready;  ///< of published and withdrawn ones
  std::shared_ptr<std::atomic<bool>> used = std::make_shared<std::atomic<bool>>(false);
};

/// All templates at one time. Immutable once it is published.
struct TemplateSnapshot {
  /// Keys are those of rows, so that versions of a name stand together in their order.
  std::map<std::string, TemplateEntry, std::less<>> by_key;
  /// By owner 0x00 reference: what records name.
  absl::flat_hash_map<std::string, ReadyTemplateRef> by_reference;
};

/// "shoe@2".
std::string TemplateReference(std::string_view name, std::uint32_t version);
/// Key of TemplateSnapshot::by_reference.
std::string TemplateReferenceKey(std::string_view owner, std::string_view reference);
/// The beginning that the keys of all versions of a name share.
std::string TemplateNameStart(std::string_view owner, std::string_view name);

/// Makes a version ready to check; `before` is the same version as it was, whose checker is taken
/// over where the content is the same. Errors: kInvalidRequest for a pattern that does not compile.
Result<TemplateEntry> MakeTemplateEntry(TemplateRow::Status status, const TemplateInfo& info,
                                        std::shared_ptr<std::atomic<bool>> used,
                                        const TemplateEntry* before = nullptr);
void PlaceTemplate(TemplateSnapshot& snapshot, std::string key, TemplateEntry entry);

/// Names that an owner has, also of what is deleted but keeps its number.
std::size_t CountTemplateNames(const TemplateSnapshot& snapshot, std::string_view owner);
/// Who else would be meant by the name: the secondary prefix above `owner`, or where `owner` is
/// one, a prefix below it. Empty: nobody.
std::string OtherOwnerOfName(const TemplateSnapshot& snapshot, std::string_view owner,
                             std::string_view name);
/// Whether the owner has room for `entry` under `key`. Errors: kInvalidRequest (field "name") with
/// the bound that would be passed.
Result<void> CheckTemplateRoom(const TemplateSnapshot& snapshot, std::string_view key,
                               const TemplateEntry& entry);

/// The present form of a version: whether it is in use changes without an act.
TemplateRef SeenTemplate(const TemplateEntry& entry);
/// Nullptr where there is none, or it is gone.
const TemplateEntry* TemplateEntryOf(const TemplateSnapshot& snapshot, std::string_view key);

/// The newest version of the name behind `start` (TemplateNameStart) that `wanted` takes.
template <typename Wanted>
const TemplateEntry* NewestTemplate(const TemplateSnapshot& snapshot, const std::string& start,
                                    Wanted wanted) {
  std::string end = start;
  end.append(4, '\xff');
  auto at = snapshot.by_key.upper_bound(end);
  while (at != snapshot.by_key.begin()) {
    --at;
    if (!at->first.starts_with(start)) break;
    if (wanted(at->second)) return &at->second;
  }
  return nullptr;
}

}  // namespace idnode::service
