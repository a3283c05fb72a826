#include "node/service/registration_batch.h"

#include <cstring>
#include <utility>

#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

// First byte of an item as sent. Fingerprints are on disk for a day: numbers do not change.
constexpr char kSentRejected = 0;
constexpr char kSentRegister = 1;
constexpr char kSentUpdate = 2;
constexpr char kSentDelete = 3;
constexpr char kSentSetState = 4;

constexpr std::size_t kSourceAddressBytesMax = 64;

}  // namespace

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

void PendingBatch::SetSourceAddress(std::string_view address) {
  source_address_ = address.substr(0, kSourceAddressBytesMax);
}

void PendingBatch::AddRejected(Error error, std::string_view as_sent) {
  SentItem(kSentRejected, as_sent);
  if (!request_id_.empty()) {
    AppendVarint(static_cast<std::uint64_t>(error.code), item_sent_);
    AppendSized(error.field, item_sent_);
    AppendSized(error.detail, item_sent_);
  }
  SentEnd();
  placed_ = false;
  Reject(std::move(error));
}

void PendingBatch::Reject(Error error) {
  auto& item = items_.emplace_back();
  item.placed = placed_;
  item.shard = placed_shard_;
  ItemResult result;
  result.outcome = Outcome::kRejected;
  result.reason = error.code;
  result.field = std::move(error.field);
  result.detail = std::move(error.detail);
  results_.push_back(std::move(result));
}

// What follows puts down the items as sent, for a batch that has a request_id: each into
// `item_sent_`, and its digest into `sent_`, so that a batch costs one digest an item.
void PendingBatch::SentItem(char kind, std::string_view identifier) {
  if (request_id_.empty()) return;
  item_sent_.assign(1, kind);
  AppendSized(identifier, item_sent_);
}

void PendingBatch::SentContent(const ContentInput& content) {
  if (request_id_.empty()) return;
  AppendSized(content.object_class, item_sent_);
  AppendSized(content.template_ref, item_sent_);
  AppendSized(content.attributes_json, item_sent_);
  AppendVarint(content.values.size(), item_sent_);
  for (const auto& value : content.values) {
    AppendVarint(value.index, item_sent_);
    AppendSized(value.type, item_sent_);
    AppendSized(value.data, item_sent_);
    AppendVarint(value.ttl_seconds, item_sent_);
    item_sent_ += static_cast<char>(value.permissions);
    item_sent_ += static_cast<char>(value.absolute_ttl);
    AppendVarint(value.references.size(), item_sent_);
    for (const auto& reference : value.references) {
      AppendSized(reference.identifier, item_sent_);
      AppendVarint(reference.index, item_sent_);
    }
  }
}

void PendingBatch::SentEnd() {
  if (request_id_.empty()) return;
  const Digest digest = Sha256(item_sent_);
  sent_.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

// Parses and admits the identifier and copies it into the arena. On failure the item is added as
// rejected.
bool PendingBatch::Start(std::string_view identifier, ItemKind kind, PendingItem& item) {
  placed_ = false;
  const auto parsed = ParseIdentifier(identifier, limits_.record.identifier_bytes_max);
  if (!parsed.ok()) {
    Reject(parsed.error());
    return false;
  }
  folded_.clear();
  folded_ += static_cast<char>(storage::Space::kRecord);
  AppendAsciiFolded(folded_, identifier);
  const std::string_view prefix = std::string_view(folded_).substr(1, parsed->prefix.size());
  if (!last_prefix_ok_ || prefix != last_prefix_) {
    last_prefix_ok_ = false;
    last_shard_ = storage::ShardOf(prefix, shards_);
    placed_ = true;
    placed_shard_ = last_shard_;
    auto admitted = prefixes_.CheckAdmitted(prefix);
    if (admitted.ok() && !caller_->MayWrite(prefix)) {
      admitted = Error(Errc::kPermissionDenied,
                       "the token is not for prefix " + std::string(prefix), "identifier");
    }
    if (!admitted.ok()) {
      Reject(admitted.error());
      return false;
    }
    last_prefix_ = prefix;
    last_prefix_ok_ = true;
  }
  placed_ = item.placed = true;
  placed_shard_ = last_shard_;
  item.kind = kind;
  item.shard = last_shard_;
  item.prefix_bytes = prefix.size();
  item.key = arena_.Copy(folded_);
  item.identifier = item.folded() == identifier ? item.folded() : arena_.Copy(identifier);
  return true;
}

void PendingBatch::AddRegister(const RegisterInput& input) {
  SentItem(kSentRegister, input.identifier);
  SentContent(input.content);
  SentEnd();
  PendingItem item;
  if (!Start(input.identifier, ItemKind::kRegister, item)) return;
  scratch_.clear();
  RecordHeader header;
  header.application = caller_->application;
  header.display = item.display();
  EncodeRecordHeader(header, scratch_);
  const std::size_t header_bytes = scratch_.size();
  if (auto encoded = EncodeContent(input.content, limits_.record, scratch_); !encoded.ok()) {
    Reject(encoded.error());
    return;
  }
  item.record_bytes = scratch_.size();
  item.content_bytes = scratch_.size() - header_bytes;
  item.record = arena_.Allocate(item.record_bytes);
  std::memcpy(item.record, scratch_.data(), item.record_bytes);
  item.content_digest = Sha256(item.content());
  item.has_attributes = !input.content.attributes_json.empty() || !input.content.values.empty();
  item.object_class = arena_.Copy(input.content.object_class);
  item.template_ref = arena_.Copy(input.content.template_ref);
  items_.push_back(item);
  results_.emplace_back();
}

void PendingBatch::AddUpdate(const UpdateInput& input) {
  ContentInput content;
  content.object_class = input.object_class;
  content.template_ref = input.template_ref;
  content.attributes_json = input.attributes_json;
  content.values = input.values;
  SentItem(kSentUpdate, input.identifier);
  SentContent(content);
  if (!request_id_.empty()) {
    AppendVarint(input.expected_revision, item_sent_);
    item_sent_ +=
        static_cast<char>((input.replace_values ? 1 : 0) | (input.set_object_class ? 2 : 0) |
                          (input.set_template ? 4 : 0) | (input.set_attributes ? 8 : 0));
    AppendVarint(input.remove_indexes.size(), item_sent_);
    for (const auto index : input.remove_indexes) AppendVarint(index, item_sent_);
  }
  SentEnd();
  PendingItem item;
  if (!Start(input.identifier, ItemKind::kUpdate, item)) return;
  item.expected_revision = input.expected_revision;
  auto update = std::make_unique<PendingUpdate>();
  // Checked now, so that a fault is found before anything is queued; checked again when merged.
  scratch_.clear();
  if (auto encoded = EncodeContent(content, limits_.record, scratch_); !encoded.ok()) {
    Reject(encoded.error());
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
  item.update = update.get();
  updates_.push_back(std::move(update));
  items_.push_back(item);
  results_.emplace_back();
}

void PendingBatch::AddDelete(std::string_view identifier, std::uint32_t expected_revision) {
  SentItem(kSentDelete, identifier);
  if (!request_id_.empty()) AppendVarint(expected_revision, item_sent_);
  SentEnd();
  PendingItem item;
  if (!Start(identifier, ItemKind::kDelete, item)) return;
  item.expected_revision = expected_revision;
  items_.push_back(item);
  results_.emplace_back();
}

void PendingBatch::AddSetState(std::string_view identifier, State state,
                               std::uint32_t expected_revision) {
  SentItem(kSentSetState, identifier);
  if (!request_id_.empty()) {
    item_sent_ += static_cast<char>(state);
    AppendVarint(expected_revision, item_sent_);
  }
  SentEnd();
  PendingItem item;
  if (!Start(identifier, ItemKind::kSetState, item)) return;
  item.state = state;
  item.expected_revision = expected_revision;
  items_.push_back(item);
  results_.emplace_back();
}

}  // namespace idnode::service
