#include "node/model/record.h"

#include <algorithm>
#include <array>

#include "node/base/varint.h"

namespace idnode {
namespace {

// Header byte of a record: state in bits 0-1, then flags.
constexpr unsigned kStateMask = 0x03;
constexpr unsigned kHasDisplay = 0x04;
constexpr unsigned kRevised = 0x08;
constexpr unsigned kHasApplication = 0x10;
constexpr std::size_t kTimeBytes = 6;  // Unix ms fit 48 bits until the year 10889

// Flags byte of a value.
constexpr unsigned kTtlGiven = 0x01;
constexpr unsigned kTtlAbsolute = 0x02;
constexpr unsigned kPermissionsGiven = 0x04;
constexpr unsigned kHasReferences = 0x08;

Error InvalidValue(std::string detail, std::string field) {
  return Error(Errc::kInvalidValue, std::move(detail), std::move(field));
}

std::string ValueField(std::size_t position, std::string_view member) {
  return "values[" + std::to_string(position) + "]" + std::string(member);
}

Error TooLong(std::string_view what, std::size_t bytes, std::size_t bytes_max, std::string field) {
  return InvalidValue(std::string(what) + " has " + std::to_string(bytes) + " bytes; at most " +
                          std::to_string(bytes_max) + " are allowed",
                      std::move(field));
}

// A line of text: UTF-8 without control characters, as tabs and line ends separate ledger fields.
bool IsLine(std::string_view text) {
  return IsUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

Result<void> CheckValue(const ValueView& value, std::size_t position, const RecordLimits& limits) {
  if (value.type.empty()) {
    return InvalidValue("the type is missing; give one such as URL", ValueField(position, ".type"));
  }
  if (value.type.size() > limits.type_bytes_max) {
    return TooLong("the type", value.type.size(), limits.type_bytes_max,
                   ValueField(position, ".type"));
  }
  if (!IsLine(value.type)) {
    return InvalidValue("the type is not a line of UTF-8", ValueField(position, ".type"));
  }
  if (value.data.size() > limits.value_bytes_max) {
    return TooLong("the value", value.data.size(), limits.value_bytes_max,
                   ValueField(position, ".data"));
  }
  if (value.permissions > 15) {
    return InvalidValue("permissions are a mask of 8, 4, 2 and 1",
                        ValueField(position, ".permissions"));
  }
  if (value.references.size() > limits.references_max) {
    return InvalidValue("there are " + std::to_string(value.references.size()) +
                            " references; at most " + std::to_string(limits.references_max) +
                            " are allowed",
                        ValueField(position, ".references"));
  }
  for (const auto& reference : value.references) {
    if (reference.identifier.size() > limits.identifier_bytes_max ||
        !IsLine(reference.identifier)) {
      return InvalidValue("a reference is not an identifier", ValueField(position, ".references"));
    }
  }
  return {};
}

void AppendValue(const ValueView& value, std::uint32_t index, std::string& out) {
  unsigned flags = 0;
  if (value.ttl_seconds != kDefaultTtlSeconds || value.absolute_ttl) flags |= kTtlGiven;
  if (value.absolute_ttl) flags |= kTtlAbsolute;
  if (value.permissions != kDefaultPermissions) flags |= kPermissionsGiven;
  if (!value.references.empty()) flags |= kHasReferences;
  AppendVarint(index, out);
  out += static_cast<char>(flags);
  AppendSized(value.type, out);
  AppendSized(value.data, out);
  if ((flags & kTtlGiven) != 0) AppendVarint(value.ttl_seconds, out);
  if ((flags & kPermissionsGiven) != 0) out += static_cast<char>(value.permissions);
  if ((flags & kHasReferences) != 0) {
    AppendVarint(value.references.size(), out);
    for (const auto& reference : value.references) {
      AppendSized(reference.identifier, out);
      AppendVarint(reference.index, out);
    }
  }
}

struct NumberedValue {
  std::uint32_t index;
  std::uint32_t position;
};

// Gives every value its index and sorts by it. Errors: kInvalidValue where two share one.
Result<std::vector<NumberedValue>> NumberValues(std::span<const ValueView> values) {
  std::vector<NumberedValue> numbered;
  numbered.reserve(values.size());
  bool all_given = true;
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    numbered.push_back({values[i].index, i});
    all_given = all_given && values[i].index != 0;
  }
  const auto by_index = [](const NumberedValue& a, const NumberedValue& b) {
    return a.index < b.index;
  };
  if (!all_given) {
    std::vector<std::uint32_t> taken;
    for (const auto& value : numbered) {
      if (value.index != 0) taken.push_back(value.index);
    }
    std::sort(taken.begin(), taken.end());
    std::uint32_t next = 1;
    for (auto& value : numbered) {
      if (value.index != 0) continue;
      while (std::binary_search(taken.begin(), taken.end(), next)) ++next;
      value.index = next++;
    }
  }
  if (!std::is_sorted(numbered.begin(), numbered.end(), by_index)) {
    std::stable_sort(numbered.begin(), numbered.end(), by_index);
  }
  for (std::size_t i = 1; i < numbered.size(); ++i) {
    if (numbered[i].index == numbered[i - 1].index) {
      return InvalidValue("index " + std::to_string(numbered[i].index) + " is used twice",
                          ValueField(numbered[i].position, ".index"));
    }
  }
  return numbered;
}

}  // namespace

Result<void> EncodeContent(const ContentInput& content, const RecordLimits& limits,
                           std::string& out) {
  if (content.object_class.size() > limits.object_class_bytes_max) {
    return TooLong("the object class", content.object_class.size(), limits.object_class_bytes_max,
                   "objectClass");
  }
  if (!IsLine(content.object_class)) {
    return InvalidValue("the object class is not a line of UTF-8", "objectClass");
  }
  if (content.template_ref.size() > limits.template_bytes_max) {
    return TooLong("the template", content.template_ref.size(), limits.template_bytes_max,
                   "template");
  }
  if (!IsLine(content.template_ref)) {
    return InvalidValue("the template is not a line of UTF-8", "template");
  }
  if (content.attributes_json.size() > limits.attributes_bytes_max) {
    return TooLong("the attributes", content.attributes_json.size(), limits.attributes_bytes_max,
                   "attributes");
  }
  if (content.values.size() > limits.values_max) {
    return InvalidValue("there are " + std::to_string(content.values.size()) + " values; at most " +
                            std::to_string(limits.values_max) + " are allowed",
                        "values");
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < content.values.size(); ++i) {
    IDNODE_RETURN_IF_ERROR(CheckValue(content.values[i], i, limits));
    bytes += content.values[i].data.size();
  }
  if (bytes > limits.record_bytes_max) {
    return TooLong("the record", bytes, limits.record_bytes_max, "values");
  }

  const std::size_t start = out.size();
  AppendSized(content.object_class, out);
  AppendSized(content.template_ref, out);
  AppendSized(content.attributes_json, out);
  AppendVarint(content.values.size(), out);
  if (content.values.size() == 1) {  // the usual case needs no sorting
    AppendValue(content.values[0], std::max<std::uint32_t>(content.values[0].index, 1), out);
    return {};
  }
  auto numbered = NumberValues(content.values);
  if (!numbered.ok()) {
    out.resize(start);
    return numbered.error();
  }
  for (const auto& value : *numbered) AppendValue(content.values[value.position], value.index, out);
  return {};
}

bool ValueReader::Next(ValueView& value) {
  if (left_ == 0) {
    damaged_ = damaged_ || !rest_.empty();
    return false;
  }
  --left_;
  damaged_ = true;  // until the value has been read whole
  std::uint64_t number = 0;
  if (!TakeVarint(rest_, number) || number > UINT32_MAX || rest_.empty()) return false;
  value = ValueView{};
  value.index = static_cast<std::uint32_t>(number);
  const auto flags = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  if (!TakeSized(rest_, value.type) || !TakeSized(rest_, value.data)) return false;
  if ((flags & kTtlGiven) != 0) {
    if (!TakeVarint(rest_, number) || number > UINT32_MAX) return false;
    value.ttl_seconds = static_cast<std::uint32_t>(number);
    value.absolute_ttl = (flags & kTtlAbsolute) != 0;
  }
  if ((flags & kPermissionsGiven) != 0) {
    if (rest_.empty()) return false;
    value.permissions = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
  }
  if ((flags & kHasReferences) != 0) {
    std::uint64_t count = 0;
    // A reference takes at least two bytes, so a damaged count cannot reserve much.
    if (!TakeVarint(rest_, count) || count > rest_.size()) return false;
    references_.clear();
    for (std::uint64_t i = 0; i < count; ++i) {
      ReferenceView reference;
      if (!TakeSized(rest_, reference.identifier) || !TakeVarint(rest_, number) ||
          number > UINT32_MAX) {
        return false;
      }
      reference.index = static_cast<std::uint32_t>(number);
      references_.push_back(reference);
    }
    value.references = references_;
  }
  damaged_ = false;
  return true;
}

std::int64_t RecordView::ValueTimeMs(std::uint32_t index) const {
  std::string_view rest = value_times;
  std::uint64_t at = 0;
  std::uint64_t time = 0;
  while (TakeVarint(rest, at) && TakeVarint(rest, time)) {
    if (at == index) return static_cast<std::int64_t>(time);
  }
  return updated_ms;
}

void AppendValueTime(std::uint32_t index, std::int64_t unix_ms, std::string& out) {
  AppendVarint(index, out);
  AppendVarint(static_cast<std::uint64_t>(unix_ms), out);
}

void EncodeRecordHeader(const RecordHeader& header, std::string& out) {
  const bool revised = header.revision != 1 || header.change != ChangeKind::kRegistered;
  unsigned lead = static_cast<unsigned>(header.state) & kStateMask;
  if (!header.display.empty()) lead |= kHasDisplay;
  if (revised) lead |= kRevised;
  if (!header.application.empty()) lead |= kHasApplication;
  out += static_cast<char>(lead);
  AppendFixed(static_cast<std::uint64_t>(header.updated_ms), kTimeBytes, out);
  if (!header.application.empty()) AppendSized(header.application, out);
  if (!header.display.empty()) AppendSized(header.display, out);
  if (revised) {
    AppendVarint(header.revision, out);
    out += static_cast<char>(header.change);
    AppendFixed(static_cast<std::uint64_t>(header.registered_ms), kTimeBytes, out);
    AppendFixed(static_cast<std::uint64_t>(header.first_registered_ms), kTimeBytes, out);
    AppendSized(header.value_times, out);
  }
}

void PatchCommitTime(char* record, std::int64_t commit_ms) {
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    record[1 + i] = static_cast<char>(static_cast<std::uint64_t>(commit_ms) >> (8 * i));
  }
}

Result<RecordView> DecodeRecord(std::string_view bytes) {
  const Error damaged(Errc::kCorruption, "a stored record is damaged");
  RecordView record;
  if (bytes.empty()) return damaged;
  const auto lead = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  record.state = static_cast<State>(lead & kStateMask);
  std::uint64_t number = 0;
  if (!TakeFixed(bytes, kTimeBytes, number)) return damaged;
  record.updated_ms = static_cast<std::int64_t>(number);
  record.registered_ms = record.updated_ms;
  record.first_registered_ms = record.updated_ms;
  if ((lead & kHasApplication) != 0 && !TakeSized(bytes, record.application)) return damaged;
  if ((lead & kHasDisplay) != 0 && !TakeSized(bytes, record.display)) return damaged;
  if ((lead & kRevised) != 0) {
    if (!TakeVarint(bytes, number) || number > UINT32_MAX || bytes.empty()) return damaged;
    record.revision = static_cast<std::uint32_t>(number);
    const auto change = static_cast<unsigned char>(bytes.front());
    if (change > static_cast<unsigned>(ChangeKind::kStateChanged)) return damaged;
    record.change = static_cast<ChangeKind>(change);
    bytes.remove_prefix(1);
    if (!TakeFixed(bytes, kTimeBytes, number)) return damaged;
    record.registered_ms = static_cast<std::int64_t>(number);
    if (!TakeFixed(bytes, kTimeBytes, number)) return damaged;
    record.first_registered_ms = static_cast<std::int64_t>(number);
    if (!TakeSized(bytes, record.value_times)) return damaged;
  }
  record.content = bytes;
  if (!TakeSized(bytes, record.object_class) || !TakeSized(bytes, record.template_ref) ||
      !TakeSized(bytes, record.attributes_json) || !TakeVarint(bytes, number) ||
      number > bytes.size()) {
    return damaged;
  }
  record.value_count = static_cast<std::uint32_t>(number);
  record.value_bytes = bytes;
  return record;
}

bool IsTextData(std::string_view data) {
  for (char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) return false;
  }
  return IsUtf8(data);
}

std::uint32_t CacheSeconds(const RecordView& record) {
  std::uint32_t lowest = kDefaultTtlSeconds;
  auto values = record.values();
  ValueView value;
  while (values.Next(value)) {
    if (!value.absolute_ttl) lowest = std::min(lowest, value.ttl_seconds);
  }
  return lowest;
}

}  // namespace idnode
