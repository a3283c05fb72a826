#include "node/service/registration_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "node/service/permissions.h"
#include "node/service/registration_apply.h"
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

ItemResult RejectedFor(Error error) {
  ItemResult result;
  result.outcome = Outcome::kRejected;
  result.reason = error.code;
  result.field = std::move(error.field);
  result.detail = std::move(error.detail);
  return result;
}

}  // namespace

bool PendingUpdate::TouchesItems() const {
  if (set_template || set_attributes || replace_values) return true;
  return std::any_of(values.begin(), values.end(),
                     [](const ValueView& value) { return value.index >= kTemplateIndexMin; }) ||
         std::any_of(remove_indexes.begin(), remove_indexes.end(),
                     [](std::uint32_t index) { return index >= kTemplateIndexMin; });
}

PendingBatch::PendingBatch(CallerRef caller, std::string_view request_id, std::size_t items,
                           const Environment& environment)
    : caller_(std::move(caller)),
      request_id_(request_id),
      environment_(environment),
      limits_(environment.limits) {
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
  results_.push_back(RejectedFor(std::move(error)));
}

void PendingBatch::RejectLate(std::uint32_t index, const Error& error) {
  items_[index].kind = ItemKind::kRejected;
  results_[index] = RejectedFor(error);
}

void PendingBatch::RejectGone(const std::vector<ReadyTemplateRef>& gone) {
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    PendingItem& item = items_[i];
    if (item.kind == ItemKind::kRejected || item.named == nullptr) continue;
    const bool is_gone = std::any_of(gone.begin(), gone.end(),
                                     [&](const auto& each) { return each.get() == item.named; });
    if (!is_gone) continue;
    if (item.kind == ItemKind::kRegister) --item.use->registers;
    RejectLate(i, Error(Errc::kTemplateNotFound,
                        "template " + item.named->info->Reference() + " was deleted meanwhile",
                        "template"));
  }
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
  if (last_use_ == nullptr || last_use_->prefix != prefix) last_use_ = &UseOf(prefix);
  PrefixUse& use = *last_use_;
  placed_ = item.placed = true;
  placed_shard_ = use.shard;
  if (use.error.has_value()) {
    Reject(*use.error);
    return false;
  }
  item.kind = kind;
  item.shard = use.shard;
  item.use = &use;
  item.prefix_bytes = prefix.size();
  item.key = arena_.Copy(folded_);
  item.identifier = item.folded() == identifier ? item.folded() : arena_.Copy(identifier);
  return true;
}

PrefixUse& PendingBatch::UseOf(std::string_view prefix) {
  if (const auto found = use_by_prefix_.find(prefix); found != use_by_prefix_.end()) {
    return *found->second;
  }
  PrefixUse& use = *uses_.emplace_back(std::make_unique<PrefixUse>());
  use.prefix = arena_.Copy(prefix);
  use.shard = storage::ShardOf(prefix, environment_.shards);
  use_by_prefix_.emplace(use.prefix, &use);
  auto admitted = environment_.prefixes.CheckAdmitted(prefix);
  if (admitted.ok() && !environment_.prefixes.MayWrite(*caller_, prefix)) {
    admitted = Error(Errc::kPermissionDenied, "the token is not for prefix " + std::string(prefix),
                     "identifier");
    if (environment_.audit != nullptr) {
      environment_.audit->Refused({caller_, source_address_}, ActionName(Action::kRegister), prefix,
                                  Errc::kPermissionDenied);
    }
  }
  if (admitted.ok()) {
    use.standing = environment_.prefixes.StandingOf(prefix);
  } else {
    use.error = admitted.error();
  }
  return use;
}

PendingBatch::KnownTemplate& PendingBatch::TemplateOf(const PrefixUse& use,
                                                      std::string_view reference) {
  if (last_template_ != nullptr && last_template_use_ == &use && last_reference_ == reference) {
    return *last_template_;
  }
  std::string key(use.prefix);
  key += '\0';
  key += reference;
  auto& known = template_by_key_[std::move(key)];
  if (known == nullptr) {
    known = templates_.emplace_back(std::make_unique<KnownTemplate>()).get();
    known->ready = environment_.templates->Lookup(use.prefix, reference);
  }
  last_template_use_ = &use;
  last_reference_.assign(reference);
  last_template_ = known;
  return *known;
}

std::vector<ReadyTemplateRef> PendingBatch::UnusedTemplates() const {
  std::vector<ReadyTemplateRef> unused;
  for (const auto& known : templates_) {
    if (!known->wanted || known->ready->used->load(std::memory_order_acquire)) continue;
    if (std::find(unused.begin(), unused.end(), known->ready) == unused.end()) {
      unused.push_back(known->ready);
    }
  }
  return unused;
}

// Checks a registration against the template it names, and keeps what it claims.
Result<void> PendingBatch::CheckTemplate(const ContentInput& content, PendingItem& item) {
  if (content.template_ref.empty() || environment_.templates == nullptr) return {};
  KnownTemplate& known = TemplateOf(*item.use, content.template_ref);
  if (known.ready == nullptr) {
    if (!environment_.templates->options().require_known) return {};
    return UnknownTemplate(content.template_ref);
  }
  item.named = known.ready.get();
  item.withdrawn = known.ready->withdrawn();
  const TemplateChecker& checker = *known.ready->info->checker;
  if (check_scratch_ == nullptr) check_scratch_ = TemplateChecker::NewScratch();
  found_claims_.clear();
  IDNODE_RETURN_IF_ERROR(checker.Check(content.attributes_json, content.values, *check_scratch_,
                                       checker.has_unique_items() ? &found_claims_ : nullptr));
  // What is registered already may be sent again: it claims nothing, and the template has been
  // noted.
  if (item.withdrawn) return {};
  known.wanted = true;
  if (!found_claims_.empty()) AddClaims(found_claims_, *known.ready->info, item);
  return {};
}

void PendingBatch::AddClaims(const std::vector<UniqueClaim>& found, const TemplateInfo& info,
                             PendingItem& item) {
  item.first_claim = static_cast<std::uint32_t>(claims_.size());
  item.claims = static_cast<std::uint32_t>(found.size());
  for (const auto& claim : found) {
    PendingClaim& pending = claims_.emplace_back();
    pending.key =
        arena_.Copy(storage::UniqueKey(item.use->prefix, info.name, claim.item, claim.canonical));
    pending.field = arena_.Copy(claim.Field());
    pending.name = arena_.Copy(claim.item);
  }
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
  if (auto fits = CheckTemplate(input.content, item); !fits.ok()) {
    Reject(fits.error());
    return;
  }
  ++item.use->registers;
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
  if (environment_.templates != nullptr && input.set_template && !input.template_ref.empty()) {
    KnownTemplate& known = TemplateOf(*item.use, input.template_ref);
    if (known.ready == nullptr && environment_.templates->options().require_known) {
      Reject(UnknownTemplate(input.template_ref));
      return;
    }
    // One that is withdrawn may be the record's own: that is seen when it is read.
    known.wanted = known.ready != nullptr;
    update->ready = known.ready;
    item.named = known.ready.get();
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
