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
  const Caller& caller;
  const RecordLimits& limits;
  std::string_view source_address;
  storage::GroupContext& group;
};

// Counts the change and tells it to the feed.
void Announce(const Context& context, ChangeKind change, std::string_view identifier,
              std::string_view object_class, std::string_view template_ref, const Digest& digest) {
  storage::Event event;
  event.change = change;
  event.prefix = context.item.prefix();
  event.application = context.caller.application;
  event.object_class = object_class;
  event.template_ref = template_ref;
  event.source_address = context.source_address;
  event.has_attributes = context.item.has_attributes;
  context.group.Count(event);
  storage::FeedEntry entry;
  entry.change = change;
  entry.identifier = identifier;
  entry.content_digest = digest;
  entry.application = context.caller.application;
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
  header.application = context.caller.application;
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

std::string_view DisplayOf(const Context& context, const RecordView& record) {
  return record.display.empty() ? context.item.folded() : record.display;
}

ItemResult ApplyRegister(const Context& context, const RecordView* before,
                         std::string_view before_bytes) {
  auto& item = context.item;
  if (before == nullptr) {
    PatchCommitTime(item.record, context.group.commit_ms());
    context.group.Put(context.slot, item.record_view());
    Announce(context, ChangeKind::kRegistered, item.identifier, item.object_class,
             item.template_ref, item.content_digest);
    return Plain(Outcome::kRegistered);
  }
  if (before->state != State::kDeleted) {
    return Plain(before->content == item.content() ? Outcome::kUnchanged : Outcome::kConflict);
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
  if (auto encoded = EncodeContent(input, context.limits, content); !encoded.ok()) {
    return Rejected(encoded.error().code, encoded.error().detail, encoded.error().field);
  }
  if (content == before->content) return Plain(Outcome::kUnchanged);
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

ItemResult ApplyItem(PendingItem& item, storage::Slot slot, const Caller& caller,
                     const RecordLimits& limits, std::string_view source_address,
                     storage::GroupContext& group) {
  const Context context{item, slot, caller, limits, source_address, group};
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
