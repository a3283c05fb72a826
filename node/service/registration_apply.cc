#include "node/service/registration_apply.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/key_codec.h"

namespace idnode::service {
namespace {

ItemResult Plain(Outcome outcome) {
  ItemResult result;
  result.outcome = outcome;
  return result;
}

ItemResult Rejected(Errc reason, std::string detail, std::string field = {}) {
  ItemResult result;
  result.outcome = Outcome::kRejected;
  result.reason = reason;
  result.detail = std::move(detail);
  result.field = std::move(field);
  return result;
}

// What one call of ApplyItem works with.
struct Context {
  PendingItem& item;
  storage::Slot slot;
  std::span<const PendingClaim> claims;
  std::span<const storage::Slot> claim_slots;
  ApplyEnvironment& environment;
  storage::GroupContext& group;

  const Caller& caller() const { return environment.caller; }
};

// Counts the change and tells it to the feed.
void Announce(const Context& context, ChangeKind change, std::string_view identifier,
              std::string_view object_class, std::string_view template_ref, const Digest& digest) {
  storage::Event event;
  event.change = change;
  event.prefix = context.item.prefix();
  event.application = context.caller().application;
  event.object_class = object_class;
  event.template_ref = template_ref;
  event.source_address = context.environment.source_address;
  event.industry = context.item.use->standing->industry;
  event.region = context.item.use->standing->region;
  event.has_attributes = context.item.has_attributes;
  context.group.Count(event);
  storage::FeedEntry entry;
  entry.change = change;
  entry.identifier = identifier;
  entry.content_digest = digest;
  entry.application = context.caller().application;
  entry.object_class = object_class;
  entry.template_ref = template_ref;
  context.group.Feed(entry);
}

// Writes the next revision of a record and keeps the one it replaces.
void WriteRevision(const Context& context, const RecordView& before, std::string_view before_bytes,
                   RecordHeader header, std::string_view content) {
  header.revision = before.revision + 1;
  header.updated_ms = context.group.commit_ms();
  header.first_registered_ms = before.first_registered_ms;
  header.application = context.caller().application;
  std::string bytes;
  bytes.reserve(content.size() + 64 + header.value_times.size() + header.display.size());
  EncodeRecordHeader(header, bytes);
  bytes.append(content);
  auto& group = context.group;
  const std::string_view history_key =
      group.Hold(storage::HistoryKey(context.item.folded(), before.revision));
  // A copy: the bytes before may belong to the group before this one.
  group.Insert(history_key, group.Hold(std::string(before_bytes)));
  group.Put(context.slot, group.Hold(std::move(bytes)));
}

// Why a claim cannot be had; an empty detail: it can. Others of the prefix are no secret here.
ItemResult Taken(const PendingClaim& claim, std::string_view owner) {
  return Rejected(Errc::kUniqueViolation,
                  std::string(claim.name) + ": " + std::string(owner) + " has this value (unique)",
                  std::string(claim.field));
}

// True (with `refusal`) if another identifier has a value that this one claims.
bool ClaimsTaken(const Context& context, std::span<const PendingClaim> claims,
                 std::span<const storage::Slot> slots, ItemResult& refusal) {
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const std::string_view* owner = context.group.Find(slots[i]);
    if (owner == nullptr || *owner == context.item.folded()) continue;
    refusal = Taken(claims[i], *owner);
    return true;
  }
  return false;
}

// A value once claimed stays its identifier's: whatever becomes of the record, a serial number is
// not given away again.
void WriteClaims(const Context& context, std::span<const storage::Slot> slots) {
  for (const auto slot : slots) {
    if (context.group.Find(slot) == nullptr) context.group.Put(slot, context.item.folded());
  }
}

std::string_view DisplayOf(const Context& context, const RecordView& record) {
  return record.display.empty() ? context.item.folded() : record.display;
}

ItemResult ApplyRegister(const Context& context, const RecordView* before,
                         std::string_view before_bytes) {
  auto& item = context.item;
  if (before != nullptr && before->state != State::kDeleted) {
    return Plain(before->content == item.content() ? Outcome::kUnchanged : Outcome::kConflict);
  }
  if (item.withdrawn) {
    const Error error = WithdrawnTemplate(item.template_ref);
    return Rejected(error.code, error.detail, error.field);
  }
  PrefixUse& use = *item.use;
  if (use.no_room.has_value() && use.taken == use.reserved) {
    return Rejected(use.no_room->code, use.no_room->detail, use.no_room->field);
  }
  ItemResult refusal;
  if (ClaimsTaken(context, context.claims, context.claim_slots, refusal)) return refusal;
  WriteClaims(context, context.claim_slots);
  ++use.taken;
  if (before == nullptr) {
    PatchCommitTime(item.record, context.group.commit_ms());
    context.group.Put(context.slot, item.record_view());
    Announce(context, ChangeKind::kRegistered, item.identifier, item.object_class,
             item.template_ref, item.content_digest);
    return Plain(Outcome::kRegistered);
  }
  RecordHeader header;
  header.state = State::kActive;
  header.change = ChangeKind::kReRegistered;
  header.registered_ms = context.group.commit_ms();
  header.display = item.display();
  WriteRevision(context, *before, before_bytes, header, item.content());
  Announce(context, ChangeKind::kReRegistered, item.identifier, item.object_class,
           item.template_ref, item.content_digest);
  return Plain(Outcome::kReRegistered);
}

// True (with `refusal`) if the record's state or revision forbids the change.
bool Forbidden(const Context& context, const RecordView* before, ItemResult& refusal) {
  if (before == nullptr || before->state == State::kDeleted) {
    refusal = Plain(Outcome::kNotFound);
    return true;
  }
  const std::uint32_t expected = context.item.expected_revision;
  if (expected != 0 && expected != before->revision) {
    refusal = Rejected(Errc::kPreconditionFailed,
                       "the record has revision " + std::to_string(before->revision) + ", not " +
                           std::to_string(expected),
                       "expectedRevision");
    return true;
  }
  return false;
}

bool SameValue(const ValueView& a, const ValueView& b) {
  return a.index == b.index && a.type == b.type && a.data == b.data &&
         a.ttl_seconds == b.ttl_seconds && a.absolute_ttl == b.absolute_ttl &&
         a.permissions == b.permissions &&
         std::equal(a.references.begin(), a.references.end(), b.references.begin(),
                    b.references.end(), [](const ReferenceView& x, const ReferenceView& y) {
                      return x.identifier == y.identifier && x.index == y.index;
                    });
}

// The values of a record, with the references they point to kept alive.
struct ValueList {
  std::vector<ValueView> values;
  std::vector<std::unique_ptr<std::vector<ReferenceView>>> references;

  bool Load(const RecordView& record) {
    auto reader = record.values();
    ValueView value;
    while (reader.Next(value)) {
      if (!value.references.empty()) {
        references.push_back(std::make_unique<std::vector<ReferenceView>>(value.references.begin(),
                                                                          value.references.end()));
        value.references = *references.back();
      }
      values.push_back(value);
    }
    return !reader.damaged();
  }
};

std::vector<ValueView> Merge(const std::vector<ValueView>& before, const PendingUpdate& update) {
  std::vector<ValueView> after;
  if (!update.replace_values) after = before;
  std::erase_if(after, [&](const ValueView& value) {
    return std::find(update.remove_indexes.begin(), update.remove_indexes.end(), value.index) !=
           update.remove_indexes.end();
  });
  for (const auto& value : update.values) {
    const auto same = std::find_if(after.begin(), after.end(), [&](const ValueView& present) {
      return value.index != 0 && present.index == value.index;
    });
    if (same != after.end()) {
      *same = value;
    } else {
      after.push_back(value);
    }
  }
  return after;
}

// Times of the values that this revision leaves as they were.
std::string KeptTimes(const RecordView& before, const std::vector<ValueView>& old_values,
                      const RecordView& decoded) {
  std::string times;
  auto reader = decoded.values();
  ValueView value;
  while (reader.Next(value)) {
    const bool kept = std::any_of(old_values.begin(), old_values.end(),
                                  [&](const ValueView& old) { return SameValue(old, value); });
    if (kept) AppendValueTime(value.index, before.ValueTimeMs(value.index), times);
  }
  return times;
}

// Which field of an update a fault of the merged record lies in.
std::string FieldOfUpdate(const Error& error, const std::vector<ValueView>& merged,
                          const PendingUpdate& update) {
  constexpr std::string_view kValues = "values[";
  if (!error.field.starts_with(kValues)) return error.field;
  std::size_t position = 0;
  std::size_t at = kValues.size();
  while (at < error.field.size() && error.field[at] >= '0' && error.field[at] <= '9') {
    position = position * 10 + static_cast<std::size_t>(error.field[at++] - '0');
  }
  for (std::size_t i = 0; i < update.values.size(); ++i) {
    if (position < merged.size() && update.values[i].index == merged[position].index) {
      return "values[" + std::to_string(i) + error.field.substr(at);
    }
  }
  return "values";  // of the record, and not among those that the update names
}

struct UpdateClaims {
  std::vector<PendingClaim> claims;  ///< texts are held by the group
  std::vector<storage::Slot> slots;
};

// The template that a changed record is to fit; nullptr: none that is known.
ReadyTemplateRef TemplateFor(const Context& context, const RecordView& before,
                             std::string_view reference) {
  const PendingUpdate& update = *context.item.update;
  if (context.environment.templates == nullptr || reference.empty() || !update.TouchesItems()) {
    return nullptr;
  }
  if (update.set_template && reference != before.template_ref) return update.ready;
  return context.environment.templates->Lookup(context.item.prefix(), reference);
}

// What an update leaves as it was, where the record stays under the same version: it was held to it
// when it came.
struct Unchanged {
  ItemSet items;                        ///< whose texts match their patterns
  std::vector<std::string> claim_keys;  ///< storage::UniqueKey; the identifier has them
};

Unchanged UnchangedOf(const Context& context, const ReadyTemplate& ready, const RecordView& before,
                      const std::vector<ValueView>& old_values, const ContentInput& input,
                      const std::vector<ValueView>& merged) {
  Unchanged unchanged;
  auto& environment = context.environment;
  // Without `require_known` a record may be older than the template it names.
  if (input.template_ref != before.template_ref ||
      !environment.templates->options().require_known) {
    return unchanged;
  }
  std::vector<ValueView> same_values;
  for (const auto& value : old_values) {
    if (value.index < kTemplateIndexMin) continue;
    const bool same = std::any_of(merged.begin(), merged.end(), [&](const ValueView& now) {
      return now.index == value.index && now.type == value.type && now.data == value.data;
    });
    if (same) same_values.push_back(value);
  }
  const bool same_attributes = input.attributes_json == before.attributes_json;
  const TemplateChecker& checker = *ready.info->checker;
  unchanged.items = checker.Present(same_attributes ? input.attributes_json : std::string_view(),
                                    same_values, *environment.scratch);
  if (!checker.has_unique_items()) return unchanged;
  std::vector<UniqueClaim> had;
  checker.Present(before.attributes_json, old_values, *environment.scratch, &had);
  for (const auto& claim : had) {
    unchanged.claim_keys.push_back(
        storage::UniqueKey(context.item.prefix(), ready.info->name, claim.item, claim.canonical));
  }
  return unchanged;
}

// Checks the record as it will be. True (with `refusal`) if it does not fit, or claims what is
// another's.
bool MergedMisfits(const Context& context, const ReadyTemplate& ready, const RecordView& before,
                   const std::vector<ValueView>& old_values, const ContentInput& input,
                   const std::vector<ValueView>& merged, UpdateClaims& claims,
                   ItemResult& refusal) {
  auto& environment = context.environment;
  if (ready.withdrawn() && input.template_ref != before.template_ref) {
    const Error error = WithdrawnTemplate(input.template_ref);
    refusal = Rejected(error.code, error.detail, error.field);
    return true;
  }
  if (environment.scratch == nullptr) environment.scratch = TemplateChecker::NewScratch();
  const ItemSet kept =
      ready.info->checker->Present(before.attributes_json, old_values, *environment.scratch);
  const Unchanged unchanged = UnchangedOf(context, ready, before, old_values, input, merged);
  std::vector<UniqueClaim> found;
  if (auto fits = ready.info->checker->Check(input.attributes_json, merged, *environment.scratch,
                                             &found, &kept, &unchanged.items);
      !fits.ok()) {
    refusal = Rejected(fits.error().code, fits.error().detail,
                       FieldOfUpdate(fits.error(), merged, *context.item.update));
    return true;
  }
  for (const auto& claim : found) {
    std::string key =
        storage::UniqueKey(context.item.prefix(), ready.info->name, claim.item, claim.canonical);
    // Each look-up is a read of its own, and holds up the shard.
    if (std::find(unchanged.claim_keys.begin(), unchanged.claim_keys.end(), key) !=
        unchanged.claim_keys.end()) {
      continue;
    }
    PendingClaim pending;
    pending.name = context.group.Hold(std::string(claim.item));
    pending.field = context.group.Hold(FieldOfUpdate(
        Error(Errc::kUniqueViolation, {}, claim.Field()), merged, *context.item.update));
    claims.claims.push_back(pending);
    claims.slots.push_back(context.group.AddLate(std::move(key)));
  }
  return ClaimsTaken(context, claims.claims, claims.slots, refusal);
}

ItemResult ApplyUpdate(const Context& context, const RecordView* before,
                       std::string_view before_bytes) {
  ItemResult refusal;
  if (Forbidden(context, before, refusal)) return refusal;
  if (before->state == State::kFrozen) {
    return Rejected(Errc::kIdentifierFrozen, "the identifier is frozen; set it active first");
  }
  if (before->state == State::kRevoked) {
    return Rejected(Errc::kIdentifierRevoked, "the identifier is revoked; set it active first");
  }
  ValueList old_values;
  if (!old_values.Load(*before)) {
    return Rejected(Errc::kCorruption, "the stored record is damaged");
  }
  const PendingUpdate& update = *context.item.update;
  const std::vector<ValueView> merged = Merge(old_values.values, update);
  ContentInput input;
  input.object_class = update.set_object_class ? update.object_class : before->object_class;
  input.template_ref = update.set_template ? update.template_ref : before->template_ref;
  input.attributes_json = update.set_attributes ? update.attributes_json : before->attributes_json;
  input.values = merged;
  std::string content;
  if (auto encoded = EncodeContent(input, context.environment.limits, content); !encoded.ok()) {
    return Rejected(encoded.error().code, encoded.error().detail, encoded.error().field);
  }
  if (content == before->content) return Plain(Outcome::kUnchanged);
  UpdateClaims claims;
  if (const auto ready = TemplateFor(context, *before, input.template_ref);
      ready != nullptr &&
      MergedMisfits(context, *ready, *before, old_values.values, input, merged, claims, refusal)) {
    return refusal;
  }
  WriteClaims(context, claims.slots);
  // Decode what was just encoded: values without an index have theirs now.
  std::string record_bytes;
  EncodeRecordHeader(RecordHeader{}, record_bytes);
  record_bytes += content;
  const auto decoded = DecodeRecord(record_bytes);
  IDNODE_CHECK(decoded.ok());
  const std::string times = KeptTimes(*before, old_values.values, *decoded);
  RecordHeader header;
  header.state = before->state;
  header.change = ChangeKind::kUpdated;
  header.registered_ms = before->registered_ms;
  header.display = before->display;
  header.value_times = times;
  WriteRevision(context, *before, before_bytes, header, content);
  Announce(context, ChangeKind::kUpdated, DisplayOf(context, *before),
           context.group.Hold(std::string(input.object_class)),
           context.group.Hold(std::string(input.template_ref)), Sha256(content));
  return Plain(Outcome::kUpdated);
}

ItemResult ApplyDelete(const Context& context, const RecordView* before,
                       std::string_view before_bytes) {
  ItemResult refusal;
  if (Forbidden(context, before, refusal)) return refusal;
  if (before->state == State::kFrozen) {
    return Rejected(Errc::kIdentifierFrozen, "the identifier is frozen; set it active first");
  }
  // The tombstone keeps class and template: what the deletion counts under.
  ContentInput input;
  input.object_class = before->object_class;
  input.template_ref = before->template_ref;
  RecordLimits stored;  // it was accepted once: limits lowered since do not matter
  stored.object_class_bytes_max = input.object_class.size();
  stored.template_bytes_max = input.template_ref.size();
  std::string content;
  if (auto encoded = EncodeContent(input, stored, content); !encoded.ok()) {
    return Rejected(encoded.error().code, encoded.error().detail, encoded.error().field);
  }
  RecordHeader header;
  header.state = State::kDeleted;
  header.change = ChangeKind::kDeleted;
  header.registered_ms = before->registered_ms;
  header.display = before->display;
  WriteRevision(context, *before, before_bytes, header, content);
  Announce(context, ChangeKind::kDeleted, DisplayOf(context, *before), before->object_class,
           before->template_ref, Digest{});
  return Plain(Outcome::kDeleted);
}

ItemResult ApplySetState(const Context& context, const RecordView* before,
                         std::string_view before_bytes) {
  ItemResult refusal;
  if (Forbidden(context, before, refusal)) return refusal;
  if (before->state == context.item.state) return Plain(Outcome::kUnchanged);
  RecordHeader header;
  header.state = context.item.state;
  header.change = ChangeKind::kStateChanged;
  header.registered_ms = before->registered_ms;
  header.display = before->display;
  std::string times;
  auto reader = before->values();
  ValueView value;
  while (reader.Next(value)) {
    AppendValueTime(value.index, before->ValueTimeMs(value.index), times);
  }
  header.value_times = times;
  WriteRevision(context, *before, before_bytes, header, before->content);
  Announce(context, ChangeKind::kStateChanged, DisplayOf(context, *before), before->object_class,
           before->template_ref, Sha256(before->content));
  return Plain(Outcome::kStateChanged);
}

}  // namespace

Error UnknownTemplate(std::string_view reference) {
  return {Errc::kTemplateNotFound, "there is no published template " + std::string(reference),
          "template"};
}

Error WithdrawnTemplate(std::string_view reference) {
  return {Errc::kTemplateNotFound,
          "template " + std::string(reference) + " is withdrawn; new records cannot name it",
          "template"};
}

ItemResult ApplyItem(PendingItem& item, storage::Slot slot, std::span<const PendingClaim> claims,
                     std::span<const storage::Slot> claim_slots, ApplyEnvironment& environment,
                     storage::GroupContext& group) {
  const Context context{item, slot, claims, claim_slots, environment, group};
  RecordView view;
  const RecordView* before = nullptr;
  std::string_view before_bytes;
  if (const std::string_view* present = group.Find(slot); present != nullptr) {
    auto decoded = DecodeRecord(*present);
    if (!decoded.ok()) return Rejected(Errc::kCorruption, "the stored record is damaged");
    view = *decoded;
    before = &view;
    before_bytes = *present;
  }
  switch (item.kind) {
    case ItemKind::kRegister:
      return ApplyRegister(context, before, before_bytes);
    case ItemKind::kUpdate:
      return ApplyUpdate(context, before, before_bytes);
    case ItemKind::kDelete:
      return ApplyDelete(context, before, before_bytes);
    case ItemKind::kSetState:
      return ApplySetState(context, before, before_bytes);
    case ItemKind::kRejected:
      break;
  }
  return Rejected(Errc::kInternal, "an item without an operation");
}

}  // namespace idnode::service
