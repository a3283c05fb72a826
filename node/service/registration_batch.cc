#include "node/service/registration_batch.h"

#include <cstring>
#include <utility>

#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "storage/key_codec.h"

namespace idnode::service {

PendingBatch::PendingBatch(CallerRef caller, std::string_view request_id, std::size_t items,
                           const PrefixRegistry& prefixes, const RegistrationLimits& limits,
                           storage::ShardId shards)
    : caller_(std::move(caller)),
      request_id_(request_id),
      prefixes_(prefixes),
      limits_(limits),
      shards_(shards) {
  items_.reserve(items);
  results_.reserve(items);
}

void PendingBatch::AddRejected(Error error) {
  items_.emplace_back();
  ItemResult result;
  result.outcome = Outcome::kRejected;
  result.reason = error.code;
  result.field = std::move(error.field);
  result.detail = std::move(error.detail);
  results_.push_back(std::move(result));
}

// Parses and admits the identifier and copies it into the arena. On failure the item is added as
// rejected.
bool PendingBatch::Start(std::string_view identifier, ItemKind kind, PendingItem& item) {
  const auto parsed = ParseIdentifier(identifier, limits_.record.identifier_bytes_max);
  if (!parsed.ok()) {
    AddRejected(parsed.error());
    return false;
  }
  folded_.clear();
  folded_ += static_cast<char>(storage::Space::kRecord);
  AppendAsciiFolded(folded_, identifier);
  const std::string_view prefix = std::string_view(folded_).substr(1, parsed->prefix.size());
  if (!last_prefix_ok_ || prefix != last_prefix_) {
    last_prefix_ok_ = false;
    auto admitted = prefixes_.CheckAdmitted(prefix);
    if (admitted.ok() && !caller_->MayWrite(prefix)) {
      admitted = Error(Errc::kPermissionDenied,
                       "the token is not for prefix " + std::string(prefix), "identifier");
    }
    if (!admitted.ok()) {
      AddRejected(admitted.error());
      return false;
    }
    last_prefix_ = prefix;
    last_prefix_ok_ = true;
    last_shard_ = storage::ShardOf(prefix, shards_);
  }
  item.kind = kind;
  item.shard = last_shard_;
  item.prefix_bytes = prefix.size();
  item.key = arena_.Copy(folded_);
  item.identifier = item.folded() == identifier ? item.folded() : arena_.Copy(identifier);
  return true;
}

void PendingBatch::AddRegister(const RegisterInput& input) {
  PendingItem item;
  if (!Start(input.identifier, ItemKind::kRegister, item)) return;
  scratch_.clear();
  RecordHeader header;
  header.application = caller_->application;
  header.display = item.display();
  EncodeRecordHeader(header, scratch_);
  const std::size_t header_bytes = scratch_.size();
  if (auto encoded = EncodeContent(input.content, limits_.record, scratch_); !encoded.ok()) {
    AddRejected(encoded.error());
    return;
  }
  item.record_bytes = scratch_.size();
  item.content_bytes = scratch_.size() - header_bytes;
  item.record = arena_.Allocate(item.record_bytes);
  std::memcpy(item.record, scratch_.data(), item.record_bytes);
  item.content_digest = Sha256(item.content());
  item.object_class = arena_.Copy(input.content.object_class);
  item.template_ref = arena_.Copy(input.content.template_ref);
  items_.push_back(item);
  results_.emplace_back();
}

void PendingBatch::AddUpdate(const UpdateInput& input) {
  PendingItem item;
  if (!Start(input.identifier, ItemKind::kUpdate, item)) return;
  item.expected_revision = input.expected_revision;
  auto update = std::make_unique<PendingUpdate>();
  // Checked now, so that a fault is found before anything is queued; checked again when merged.
  scratch_.clear();
  ContentInput content;
  content.object_class = input.object_class;
  content.template_ref = input.template_ref;
  content.attributes_json = input.attributes_json;
  content.values = input.values;
  if (auto encoded = EncodeContent(content, limits_.record, scratch_); !encoded.ok()) {
    AddRejected(encoded.error());
    return;
  }
  for (const auto& value : input.values) {
    ValueView copy = value;
    copy.type = arena_.Copy(value.type);
    copy.data = arena_.Copy(value.data);
    std::vector<ReferenceView> references;
    for (const auto& reference : value.references) {
      references.push_back({arena_.Copy(reference.identifier), reference.index});
    }
    update->references.push_back(std::move(references));
    update->values.push_back(copy);
  }
  for (std::size_t i = 0; i < update->values.size(); ++i) {
    update->values[i].references = update->references[i];
  }
  update->remove_indexes.assign(input.remove_indexes.begin(), input.remove_indexes.end());
  update->replace_values = input.replace_values;
  update->set_object_class = input.set_object_class;
  update->set_template = input.set_template;
  update->set_attributes = input.set_attributes;
  update->object_class = arena_.Copy(input.object_class);
  update->template_ref = arena_.Copy(input.template_ref);
  update->attributes_json = arena_.Copy(input.attributes_json);
  item.content_bytes = scratch_.size();
  item.content_digest = Sha256(scratch_);
  item.update = update.get();
  updates_.push_back(std::move(update));
  items_.push_back(item);
  results_.emplace_back();
}

void PendingBatch::AddDelete(std::string_view identifier, std::uint32_t expected_revision) {
  PendingItem item;
  if (!Start(identifier, ItemKind::kDelete, item)) return;
  item.expected_revision = expected_revision;
  items_.push_back(item);
  results_.emplace_back();
}

void PendingBatch::AddSetState(std::string_view identifier, State state,
                               std::uint32_t expected_revision) {
  PendingItem item;
  if (!Start(identifier, ItemKind::kSetState, item)) return;
  item.state = state;
  item.expected_revision = expected_revision;
  items_.push_back(item);
  results_.emplace_back();
}

Digest PendingBatch::Fingerprint() const {
  std::string bytes;
  bytes.reserve(items_.size() * 72);
  for (const auto& item : items_) {
    bytes += static_cast<char>(item.kind);
    bytes += static_cast<char>(item.state);
    AppendSized(item.key, bytes);
    AppendVarint(item.expected_revision, bytes);
    bytes.append(reinterpret_cast<const char*>(item.content_digest.data()),
                 item.content_digest.size());
    if (item.update != nullptr) {
      const auto& update = *item.update;
      bytes +=
          static_cast<char>((update.replace_values ? 1 : 0) | (update.set_object_class ? 2 : 0) |
                            (update.set_template ? 4 : 0) | (update.set_attributes ? 8 : 0));
      for (const auto index : update.remove_indexes) AppendVarint(index, bytes);
    }
  }
  return Sha256(bytes);
}

}  // namespace idnode::service
