#include "node/frontend/convert/proto_convert.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "node/frontend/convert/timestamps.h"
#include "node/frontend/error_map.h"
#include "node/model/identifier.h"
#include "node/model/json_scanner.h"

namespace idnode::frontend {
namespace {

// A mask beyond a byte is beyond the mask's four bits too: the check of the record refuses it.
constexpr std::uint32_t kPermissionsCap = 0xff;

// Views of one item's values; used again from item to item, so a batch costs few allocations.
struct Scratch {
  std::vector<ValueView> values;
  std::vector<ReferenceView> references;
};

void ViewValues(const google::protobuf::RepeatedPtrField<v1::Value>& values, Scratch& scratch) {
  scratch.values.clear();
  scratch.references.clear();
  std::size_t references = 0;
  for (const auto& value : values) references += static_cast<std::size_t>(value.references_size());
  scratch.references.reserve(references);  // spans point into it: it must not move
  for (const auto& value : values) {
    auto& view = scratch.values.emplace_back();
    view.index = value.index();
    view.type = value.type();
    view.data = value.content_case() == v1::Value::kDataBase64
                    ? std::string_view(value.data_base64())
                    : std::string_view(value.data());
    if (value.has_ttl()) view.ttl_seconds = value.ttl();
    if (value.has_permissions()) {
      view.permissions = static_cast<std::uint8_t>(std::min(value.permissions(), kPermissionsCap));
    }
    if (value.references_size() == 0) continue;
    const std::size_t first = scratch.references.size();
    for (const auto& reference : value.references()) {
      scratch.references.push_back({reference.identifier(), reference.index()});
    }
    view.references = std::span(scratch.references).subspan(first);
  }
}

// The canonical text of `attributes`, in `json`; empty where there are none.
Result<void> ViewAttributes(bool present, const google::protobuf::Struct& attributes,
                            std::string& json) {
  json.clear();
  if (!present) return {};
  auto canonical = CanonicalJson(attributes);
  if (!canonical.ok()) return canonical.error();
  json = std::move(*canonical);
  return {};
}

v1::ChangeKind ToProto(ChangeKind change) {
  switch (change) {  // no default: -Wswitch reports a forgotten kind
    case ChangeKind::kRegistered:
      return v1::CHANGE_REGISTERED;
    case ChangeKind::kReRegistered:
      return v1::CHANGE_RE_REGISTERED;
    case ChangeKind::kUpdated:
      return v1::CHANGE_UPDATED;
    case ChangeKind::kDeleted:
      return v1::CHANGE_DELETED;
    case ChangeKind::kStateChanged:
      return v1::CHANGE_STATE;
  }
  return v1::CHANGE_KIND_UNSPECIFIED;
}

std::string_view PublicDetail(Errc code, std::string_view detail) {
  return IsSecretDetail(code) ? ToWire(code).title : detail;
}

void FillValue(const ValueView& view, std::int64_t written_ms, v1::Value& out) {
  out.set_index(view.index);
  out.set_type(view.type.data(), view.type.size());
  if (IsTextData(view.data)) {
    out.set_data(view.data.data(), view.data.size());
  } else {
    out.set_data_base64(view.data.data(), view.data.size());
  }
  // A time of expiry is no number of seconds; 0 makes caches ask again, which is always right.
  out.set_ttl(view.absolute_ttl ? 0 : view.ttl_seconds);
  out.set_permissions(view.permissions);
  for (const auto& reference : view.references) {
    auto& added = *out.add_references();
    added.set_identifier(reference.identifier.data(), reference.identifier.size());
    added.set_index(reference.index);
  }
  SetTime(written_ms, *out.mutable_timestamp());
}

// Fills the figures that Volume, VolumeGroup and Figures have in common.
template <typename Message>
void FillFigures(const storage::Figures& figures, Message& out) {
  out.set_first_ever(figures.first_ever);
  out.set_registrations(figures.registrations);
  out.set_re_registrations(figures.re_registrations);
  out.set_deletions(figures.deletions);
  out.set_net(figures.net());
  out.set_reported(figures.reported);
}

template <typename Request>
Result<std::unique_ptr<service::Batch>> NewBatch(const Request& request, std::size_t request_bytes,
                                                 const service::CallerRef& caller,
                                                 const service::RegistrationService& registration,
                                                 std::string_view source) {
  auto batch = registration.NewBatch(caller, request.request_id(),
                                     static_cast<std::size_t>(request.items_size()), request_bytes);
  if (batch.ok() && !source.empty()) (*batch)->SetSourceAddress(source);
  return batch;
}

}  // namespace

Result<std::unique_ptr<service::Batch>> ToBatch(const v1::BatchRegisterRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source) {
  auto batch = NewBatch(request, request_bytes, caller, registration, source);
  if (!batch.ok()) return batch;
  if (request.wait_for_ledger()) (*batch)->WaitForLedger();
  Scratch scratch;
  std::string attributes;
  for (const auto& item : request.items()) {
    if (auto viewed = ViewAttributes(item.has_attributes(), item.attributes(), attributes);
        !viewed.ok()) {
      (*batch)->AddRejected(viewed.error(), item.identifier());
      continue;
    }
    ViewValues(item.values(), scratch);
    service::RegisterInput input;
    input.identifier = item.identifier();
    input.content.object_class = item.object_class();
    input.content.template_ref = item.template_();
    input.content.attributes_json = attributes;
    input.content.values = scratch.values;
    (*batch)->AddRegister(input);
  }
  return batch;
}

Result<std::unique_ptr<service::Batch>> ToBatch(const v1::UpdateRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source) {
  auto batch = NewBatch(request, request_bytes, caller, registration, source);
  if (!batch.ok()) return batch;
  Scratch scratch;
  std::string attributes;
  for (const auto& item : request.items()) {
    if (auto viewed = ViewAttributes(item.has_attributes(), item.attributes(), attributes);
        !viewed.ok()) {
      (*batch)->AddRejected(viewed.error(), item.identifier());
      continue;
    }
    ViewValues(item.values(), scratch);
    service::UpdateInput input;
    input.identifier = item.identifier();
    input.values = scratch.values;
    input.remove_indexes = std::span<const std::uint32_t>(
        item.remove_indexes().data(), static_cast<std::size_t>(item.remove_indexes_size()));
    input.replace_values = item.replace_values();
    input.set_object_class = item.has_object_class();
    input.object_class = item.object_class();
    input.set_template = item.has_template_();
    input.template_ref = item.template_();
    input.set_attributes = item.has_attributes();
    input.attributes_json = attributes;
    input.expected_revision = item.expected_revision();
    (*batch)->AddUpdate(input);
  }
  return batch;
}

Result<std::unique_ptr<service::Batch>> ToBatch(const v1::DeleteRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source) {
  auto batch = NewBatch(request, request_bytes, caller, registration, source);
  if (!batch.ok()) return batch;
  for (const auto& item : request.items()) {
    (*batch)->AddDelete(item.identifier(), item.expected_revision());
  }
  return batch;
}

Result<std::unique_ptr<service::Batch>> ToBatch(const v1::SetStateRequest& request,
                                                std::size_t request_bytes,
                                                const service::CallerRef& caller,
                                                const service::RegistrationService& registration,
                                                std::string_view source) {
  auto batch = NewBatch(request, request_bytes, caller, registration, source);
  if (!batch.ok()) return batch;
  for (const auto& item : request.items()) {
    switch (item.state()) {
      case v1::ACTIVE:
        (*batch)->AddSetState(item.identifier(), State::kActive, item.expected_revision());
        break;
      case v1::FROZEN:
        (*batch)->AddSetState(item.identifier(), State::kFrozen, item.expected_revision());
        break;
      case v1::REVOKED:
        (*batch)->AddSetState(item.identifier(), State::kRevoked, item.expected_revision());
        break;
      default:  // unspecified, or a number that a newer client knows
        (*batch)->AddRejected(
            Error(Errc::kInvalidValue,
                  "the state is missing or unknown; give ACTIVE, FROZEN or REVOKED", "state"),
            item.identifier());
    }
  }
  return batch;
}

void FillItemResult(const service::ItemResult& result, std::string_view identifier,
                    v1::ItemResult& out) {
  out.set_identifier(identifier.data(), identifier.size());
  out.set_outcome(static_cast<v1::Outcome>(result.outcome));
  if (result.outcome == service::Outcome::kRejected ||
      result.outcome == service::Outcome::kUndetermined) {
    const auto slug = ToWire(result.reason).slug;
    out.set_reason(slug.data(), slug.size());
  }
  if (!result.field.empty()) out.set_field(result.field);
  if (!result.detail.empty()) {
    const auto detail = PublicDetail(result.reason, result.detail);
    out.set_detail(detail.data(), detail.size());
  }
  if (result.leaf_index.has_value()) {
    out.set_leaf_index(*result.leaf_index);
    out.set_tree_size(result.tree_size);
  }
}

v1::State ToProto(State state) {
  switch (state) {  // no default: -Wswitch reports a forgotten state
    case State::kActive:
      return v1::ACTIVE;
    case State::kFrozen:
      return v1::FROZEN;
    case State::kRevoked:
      return v1::REVOKED;
    case State::kDeleted:
      break;  // seen in histories only, where the change says it
  }
  return v1::STATE_UNSPECIFIED;
}

bool AppendSeenAttributes(std::string_view json, const service::Disclosure* disclosure,
                          std::string& out) {
  if (disclosure == nullptr || !disclosure->filters_attributes()) {
    out.append(json);
    return false;
  }
  if (json.empty()) return false;
  const std::size_t begin = out.size();
  JsonScanner scanner(json, kAttributesDepthMax);
  std::string_view name;
  JsonToken value;
  std::string name_buffer;
  std::string value_buffer;
  bool withheld = false;
  const bool begun = scanner.Begin();
  while (begun && scanner.Next(name, name_buffer, value, value_buffer)) {
    if (!disclosure->SeesAttribute(name)) {
      withheld = true;
      continue;
    }
    out += out.size() == begin ? '{' : ',';
    out.append(scanner.member());
  }
  if (!scanner.Complete()) {
    out.resize(begin);
    return true;
  }
  if (out.size() > begin) out += '}';
  return withheld;
}

void FillRecord(std::string_view identifier, const RecordView& record, v1::Record& out,
                const service::Disclosure* disclosure) {
  out.set_identifier(identifier.data(), identifier.size());
  out.set_state(ToProto(record.state));
  out.set_object_class(record.object_class.data(), record.object_class.size());
  out.set_template_(record.template_ref.data(), record.template_ref.size());
  bool withheld = false;
  if (!record.attributes_json.empty()) {
    std::string seen;
    withheld = AppendSeenAttributes(record.attributes_json, disclosure, seen);
    if (!seen.empty() && !ParseAttributes(seen, *out.mutable_attributes()).ok()) {
      out.clear_attributes();  // what was stored by CanonicalJson reads back
    }
  }
  out.mutable_values()->Reserve(static_cast<int>(record.value_count));
  auto values = record.values();
  ValueView value;
  while (values.Next(value)) {
    if (disclosure == nullptr || disclosure->SeesValue(value)) {
      FillValue(value, record.ValueTimeMs(value.index), *out.add_values());
    } else {
      withheld = true;
    }
  }
  out.set_application(record.application.data(), record.application.size());
  SetTime(record.registered_ms, *out.mutable_registered_at());
  SetTime(record.updated_ms, *out.mutable_updated_at());
  SetTime(record.first_registered_ms, *out.mutable_first_registered_at());
  out.set_revision(record.revision);
  if (withheld) return;
  const Digest digest = Sha256(record.content);
  out.set_content_digest(digest.data(), digest.size());
}

Result<void> FillList(const service::RecordPage& page, v1::ListIdentifiersResponse& out,
                      const service::Viewer& viewer) {
  out.mutable_identifiers()->Reserve(static_cast<int>(page.rows.size()));
  for (const auto& row : page.rows) {
    const auto record = DecodeRecord(row.bytes);
    if (!record.ok()) return record.error();
    const auto disclosure = viewer.Of(FoldIdentifier(row.identifier), *record);
    FillRecord(row.identifier, *record, *out.add_identifiers(), &disclosure);
  }
  out.set_next_page_token(page.next_page_token);
  return {};
}

Result<void> FillHistory(const service::RecordPage& page, v1::GetHistoryResponse& out) {
  out.mutable_revisions()->Reserve(static_cast<int>(page.rows.size()));
  for (const auto& row : page.rows) {
    const auto record = DecodeRecord(row.bytes);
    if (!record.ok()) return record.error();
    auto& revision = *out.add_revisions();
    FillRecord(row.identifier, *record, *revision.mutable_record());
    revision.set_change(ToProto(record->change));
  }
  out.set_next_page_token(page.next_page_token);
  return {};
}

void FillBatchResolve(const v1::BatchResolveRequest& request,
                      const std::vector<Result<service::ResolvedRecord>>& results,
                      v1::BatchResolveResponse& out, const service::Viewer& viewer) {
  out.mutable_results()->Reserve(static_cast<int>(results.size()));
  for (std::size_t i = 0; i < results.size(); ++i) {
    auto& added = *out.add_results();
    added.set_identifier(request.identifiers(static_cast<int>(i)));
    if (results[i].ok()) {
      const auto& resolved = *results[i];
      const auto disclosure = viewer.Of(resolved.folded(), resolved.record);
      FillRecord(resolved.identifier, resolved.record, *added.mutable_record(), &disclosure);
      continue;
    }
    const auto& error = results[i].error();
    const auto slug = ToWire(error.code).slug;
    const auto detail = PublicDetail(error.code, error.detail);
    added.set_reason(slug.data(), slug.size());
    added.set_detail(detail.data(), detail.size());
  }
}

void FillVolume(const service::VolumeReport& report, v1::Volume& out) {
  out.set_month(report.month.Text());
  out.set_time_zone(report.time_zone);
  FillFigures(report.figures, out);
  out.set_target(report.target);
  out.set_target_met(report.target_met);
  for (const auto& [key, figures] : report.groups) {
    auto& group = *out.add_groups();
    group.set_key(key);
    FillFigures(figures, group);
  }
}

void FillRecount(const service::RecountReport& report, v1::RecountReport& out) {
  out.set_month(report.month.Text());
  out.set_equal(report.equal());
  FillFigures(report.counters, *out.mutable_counters());
  FillFigures(report.recounted, *out.mutable_recounted());
  out.set_records(report.records);
  for (const auto& difference : report.differences) {
    auto& added = *out.add_differences();
    added.set_dimension(difference.dimension);
    added.set_key(difference.key);
    added.set_figure(difference.figure);
    added.set_counted(difference.counted);
    added.set_recounted(difference.recounted);
  }
}

void FillStatus(const service::Services& services, v1::Status& out) {
  out.set_version(IDNODE_VERSION);
  out.set_engine(services.state.EngineName());
  out.set_shards(services.state.Shards());
  SetTime(services.clock.WallMs(), *out.mutable_wall_clock());
  const auto registering = services.state.Registering();
  out.set_registering(registering.ok());
  if (!registering.ok()) {
    const auto& error = registering.error();
    const auto slug = ToWire(error.code).slug;
    const auto detail = PublicDetail(error.code, error.detail);
    out.set_stopped_by(slug.data(), slug.size());
    out.set_detail(detail.data(), detail.size());
  }
  out.set_time_zone(services.state.TimeZoneName());
}

}  // namespace idnode::frontend
