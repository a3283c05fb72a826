#include "node/frontend/http/json_writer.h"

#include <array>
#include <charconv>

#include "node/base/text.h"
#include "node/base/time_zone.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/error_map.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http {
namespace {

void AppendNumber(std::uint64_t number, std::string& out) {
  std::array<char, 20> digits;
  out.append(digits.data(),
             std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void AppendQuotedNumber(std::uint64_t number, std::string& out) {
  out.push_back('"');
  AppendNumber(number, out);
  out.push_back('"');
}

// Protobuf's mapping of bytes: RFC 4648 §4 with padding.
void AppendBase64(std::string_view bytes, std::string& out) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = [&](std::size_t i) -> std::uint32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    const std::size_t left = bytes.size() - i;
    const std::array<char, 4> text = {kAlphabet[group >> 18], kAlphabet[group >> 12 & 63],
                                      left > 1 ? kAlphabet[group >> 6 & 63] : '=',
                                      left > 2 ? kAlphabet[group & 63] : '='};
    out.append(text.data(), text.size());
  }
}

// Protobuf's mapping of a Timestamp leaves out a fraction of zero. Times of one record are mostly
// the same: the text of the last one is copied.
class TimeWriter {
 public:
  void Append(std::int64_t unix_ms, std::string& out) {
    if (size_ > 0 && unix_ms == last_ms_) {
      out.append(out, at_, size_);
      return;
    }
    at_ = out.size();
    out.push_back('"');
    AppendUtcMs(out, unix_ms);
    if (unix_ms % 1000 == 0) out.replace(out.size() - 5, 5, "Z");
    out.push_back('"');
    size_ = out.size() - at_;
    last_ms_ = unix_ms;
  }

 private:
  std::int64_t last_ms_ = 0;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
};

// Puts commas between the members of one object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_.push_back('{'); }
  /// `key` with quotes and colon: "\"index\":".
  std::string& Key(std::string_view key) {
    if (any_) out_.push_back(',');
    any_ = true;
    return out_.append(key);
  }
  /// Left out where empty, as protobuf does.
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) AppendJsonString(text, Key(key));
  }
  void End() { out_.push_back('}'); }

 private:
  std::string& out_;
  bool any_ = false;
};

std::string_view StateName(State state) {
  switch (state) {
    case State::kActive:
      return "ACTIVE";
    case State::kFrozen:
      return "FROZEN";
    case State::kRevoked:
      return "REVOKED";
    case State::kDeleted:
      break;  // STATE_UNSPECIFIED: left out
  }
  return {};
}

std::string_view ChangeName(ChangeKind change) {
  switch (change) {
    case ChangeKind::kRegistered:
      return "CHANGE_REGISTERED";
    case ChangeKind::kReRegistered:
      return "CHANGE_RE_REGISTERED";
    case ChangeKind::kUpdated:
      return "CHANGE_UPDATED";
    case ChangeKind::kDeleted:
      return "CHANGE_DELETED";
    case ChangeKind::kStateChanged:
      return "CHANGE_STATE";
  }
  return {};
}

void AppendReferences(const ValueView& value, std::string& out) {
  out.push_back('[');
  for (std::size_t i = 0; i < value.references.size(); ++i) {
    if (i > 0) out.push_back(',');
    ObjectWriter object(out);
    object.Text("\"identifier\":", value.references[i].identifier);
    if (value.references[i].index != 0)
      AppendNumber(value.references[i].index, object.Key("\"index\":"));
    object.End();
  }
  out.push_back(']');
}

void AppendValue(const RecordView& record, const ValueView& value, TimeWriter& times,
                 std::string& out) {
  ObjectWriter object(out);
  if (value.index != 0) AppendNumber(value.index, object.Key("\"index\":"));
  object.Text("\"type\":", value.type);
  if (IsTextData(value.data)) {
    AppendJsonString(value.data, object.Key("\"data\":"));
  } else {
    object.Key("\"dataBase64\":").push_back('"');
    AppendBase64(value.data, out);
    out.push_back('"');
  }
  // A time of expiry is no number of seconds; 0 makes caches ask again, which is always right.
  AppendNumber(value.absolute_ttl ? 0 : value.ttl_seconds, object.Key("\"ttl\":"));
  AppendNumber(value.permissions, object.Key("\"permissions\":"));
  if (!value.references.empty()) AppendReferences(value, object.Key("\"references\":"));
  times.Append(record.ValueTimeMs(value.index), object.Key("\"timestamp\":"));
  object.End();
}

// Stored as canonical JSON: as good as it is. True if some were withheld.
bool AppendAttributes(std::string_view json, const service::Disclosure* disclosure,
                      ObjectWriter& object) {
  if (disclosure == nullptr || !disclosure->filters_attributes()) {
    object.Key("\"attributes\":").append(json);
    return false;
  }
  thread_local std::string seen;
  seen.clear();
  const bool withheld = AppendSeenAttributes(json, disclosure, seen);
  if (!seen.empty()) object.Key("\"attributes\":").append(seen);
  return withheld;
}

// True if some value was withheld.
bool AppendValues(const RecordView& record, const service::Disclosure* disclosure,
                  TimeWriter& times, ObjectWriter& object, std::string& out) {
  ValueReader reader = record.values();
  ValueView value;
  bool any = false;
  bool withheld = false;
  while (reader.Next(value)) {
    if (disclosure != nullptr && !disclosure->SeesValue(value)) {
      withheld = true;
      continue;
    }
    if (any) {
      out.push_back(',');
    } else {
      object.Key("\"values\":[");
    }
    any = true;
    AppendValue(record, value, times, out);
  }
  if (any) out.push_back(']');
  return withheld;
}

}  // namespace

void AppendRecord(std::string_view identifier, const RecordView& record,
                  const service::Disclosure* disclosure, std::string& out) {
  TimeWriter times;
  ObjectWriter object(out);
  object.Text("\"identifier\":", identifier);
  object.Text("\"state\":", StateName(record.state));
  object.Text("\"objectClass\":", record.object_class);
  object.Text("\"template\":", record.template_ref);
  bool withheld = false;
  if (!record.attributes_json.empty()) {
    withheld = AppendAttributes(record.attributes_json, disclosure, object);
  }
  if (AppendValues(record, disclosure, times, object, out)) withheld = true;
  object.Text("\"application\":", record.application);
  times.Append(record.registered_ms, object.Key("\"registeredAt\":"));
  times.Append(record.updated_ms, object.Key("\"updatedAt\":"));
  times.Append(record.first_registered_ms, object.Key("\"firstRegisteredAt\":"));
  if (record.revision != 0) AppendNumber(record.revision, object.Key("\"revision\":"));
  if (!withheld) {
    const Digest digest = Sha256(record.content);
    object.Key("\"contentDigest\":\"");
    AppendBase64({reinterpret_cast<const char*>(digest.data()), digest.size()}, out);
    out.push_back('"');
  }
  object.End();
}

void AppendItemResult(const service::ItemResult& result, std::string_view identifier,
                      std::string& out) {
  ObjectWriter object(out);
  object.Text("\"identifier\":", identifier);
  if (result.outcome != service::Outcome::kUnspecified) {
    object.Text("\"outcome\":", service::OutcomeName(result.outcome));
  }
  if (result.outcome == service::Outcome::kRejected ||
      result.outcome == service::Outcome::kUndetermined) {
    object.Text("\"reason\":", ToWire(result.reason).slug);
  }
  object.Text("\"field\":", result.field);
  if (!result.detail.empty()) {
    object.Text("\"detail\":",
                IsSecretDetail(result.reason) ? ToWire(result.reason).title : result.detail);
  }
  if (result.leaf_index.has_value()) {
    // Protobuf's mapping writes 64-bit numbers as strings, and leaves a size of 0 out.
    object.Key("\"leafIndex\":");
    AppendQuotedNumber(*result.leaf_index, out);
    if (result.tree_size != 0) {
      object.Key("\"treeSize\":");
      AppendQuotedNumber(result.tree_size, out);
    }
  }
  object.End();
}

void AppendResolveResult(const Result<service::ResolvedRecord>& result, std::string_view identifier,
                         const service::Viewer& viewer, std::string& out) {
  ObjectWriter object(out);
  object.Text("\"identifier\":", identifier);
  // Decoded again: the views of the result were made before it was moved.
  Result<RecordView> record = result.ok() ? DecodeRecord(result->bytes) : result.error();
  if (record.ok()) {
    const service::Disclosure disclosure = viewer.Of(FoldIdentifier(result->identifier), *record);
    object.Key("\"record\":");
    AppendRecord(result->identifier, *record, &disclosure, out);
  } else {
    object.Text("\"reason\":", ToWire(record.code()).slug);
    object.Text("\"detail\":", IsSecretDetail(record.code()) ? ToWire(record.code()).title
                                                             : record.error().detail);
  }
  object.End();
}

Result<void> AppendList(const service::RecordPage& page, const service::Viewer& viewer,
                        std::string& out) {
  ObjectWriter object(out);
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    const Result<RecordView> record = DecodeRecord(page.rows[i].bytes);
    if (!record.ok()) return record.error();
    if (i == 0) {
      object.Key("\"identifiers\":[");
    } else {
      out.push_back(',');
    }
    const service::Disclosure disclosure =
        viewer.Of(FoldIdentifier(page.rows[i].identifier), *record);
    AppendRecord(page.rows[i].identifier, *record, &disclosure, out);
  }
  if (!page.rows.empty()) out.push_back(']');
  object.Text("\"nextPageToken\":", page.next_page_token);
  object.End();
  return {};
}

Result<void> AppendHistory(const service::RecordPage& page, std::string& out) {
  ObjectWriter object(out);
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    const Result<RecordView> record = DecodeRecord(page.rows[i].bytes);
    if (!record.ok()) return record.error();
    if (i == 0) {
      object.Key("\"revisions\":[");
    } else {
      out.push_back(',');
    }
    ObjectWriter revision(out);
    AppendRecord(page.rows[i].identifier, *record, nullptr, revision.Key("\"record\":"));
    revision.Text("\"change\":", ChangeName(record->change));
    revision.End();
  }
  if (!page.rows.empty()) out.push_back(']');
  object.Text("\"nextPageToken\":", page.next_page_token);
  object.End();
  return {};
}

}  // namespace idnode::frontend::http
