#include "node/frontend/convert/record_wire.h"

#include <cstdint>

#include "idnode/v1/resolution.pb.h"
#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/frontend/convert/proto_convert.h"

namespace idnode::frontend {
namespace {

using v1::Record;
using v1::Reference;
using v1::Value;

enum WireType : std::uint32_t { kVarint = 0, kSized = 2 };

constexpr std::uint64_t Tag(int field, WireType type) {
  return static_cast<std::uint64_t>(field) << 3 | type;
}

// Proto3 leaves out what is 0 or empty, except where presence is tracked.
void AppendNumber(int field, std::uint64_t number, std::string& out) {
  if (number == 0) return;
  AppendVarint(Tag(field, kVarint), out);
  AppendVarint(number, out);
}

void AppendPresentNumber(int field, std::uint64_t number, std::string& out) {
  AppendVarint(Tag(field, kVarint), out);
  AppendVarint(number, out);
}

void AppendPresentText(int field, std::string_view text, std::string& out) {
  AppendVarint(Tag(field, kSized), out);
  AppendSized(text, out);
}

void AppendText(int field, std::string_view text, std::string& out) {
  if (!text.empty()) AppendPresentText(field, text, out);
}

// A submessage is written behind room for a length of one byte; the rare longer one is moved.
class Submessage {
 public:
  Submessage(int field, std::string& out) : out_(out) {
    AppendVarint(Tag(field, kSized), out_);
    out_ += '\0';
    begin_ = out_.size();
  }
  Submessage(const Submessage&) = delete;
  Submessage& operator=(const Submessage&) = delete;
  ~Submessage() {
    const std::size_t bytes = out_.size() - begin_;
    if (bytes < 0x80) {
      out_[begin_ - 1] = static_cast<char>(bytes);
      return;
    }
    std::string length;
    AppendVarint(bytes, length);
    out_.replace(begin_ - 1, 1, length);
  }

 private:
  std::string& out_;
  std::size_t begin_;
};

void AppendTime(int field, std::int64_t unix_ms, std::string& out) {
  constexpr int kSecondsField = 1;  // of google.protobuf.Timestamp
  constexpr int kNanosField = 2;
  const Submessage time(field, out);
  AppendNumber(kSecondsField, static_cast<std::uint64_t>(unix_ms / 1000), out);
  AppendNumber(kNanosField, static_cast<std::uint64_t>(unix_ms % 1000) * 1'000'000, out);
}

void AppendValue(const ValueView& value, std::int64_t written_ms, std::string& out) {
  const Submessage message(Record::kValuesFieldNumber, out);
  AppendNumber(Value::kIndexFieldNumber, value.index, out);
  AppendText(Value::kTypeFieldNumber, value.type, out);
  AppendPresentText(
      IsTextData(value.data) ? Value::kDataFieldNumber : Value::kDataBase64FieldNumber, value.data,
      out);
  AppendPresentNumber(Value::kTtlFieldNumber, value.absolute_ttl ? 0 : value.ttl_seconds, out);
  AppendPresentNumber(Value::kPermissionsFieldNumber, value.permissions, out);
  for (const auto& reference : value.references) {
    const Submessage added(Value::kReferencesFieldNumber, out);
    AppendText(Reference::kIdentifierFieldNumber, reference.identifier, out);
    AppendNumber(Reference::kIndexFieldNumber, reference.index, out);
  }
  AppendTime(Value::kTimestampFieldNumber, written_ms, out);
}

// Attributes are few bytes of JSON for few records: protobuf's own way is good enough. True where
// some are withheld.
bool AppendAttributes(std::string_view json, const service::Disclosure* disclosure,
                      std::string& out) {
  if (json.empty()) return false;
  google::protobuf::Struct attributes;
  bool withheld = false;
  if (disclosure != nullptr && disclosure->filters_attributes()) {
    thread_local std::string seen;
    seen.clear();
    withheld = AppendSeenAttributes(json, disclosure, seen);
    json = seen;
  }
  if (!json.empty() && ParseAttributes(json, attributes).ok()) {
    AppendPresentText(Record::kAttributesFieldNumber, attributes.SerializeAsString(), out);
  }
  return withheld;
}

}  // namespace

void AppendResolveResponse(std::string_view identifier, const RecordView& record,
                           const service::Disclosure* disclosure, std::string& out) {
  const Submessage message(v1::ResolveResponse::kRecordFieldNumber, out);
  AppendText(Record::kIdentifierFieldNumber, identifier, out);
  AppendNumber(Record::kStateFieldNumber, static_cast<std::uint64_t>(ToProto(record.state)), out);
  AppendText(Record::kObjectClassFieldNumber, record.object_class, out);
  AppendText(Record::kTemplateFieldNumber, record.template_ref, out);
  bool withheld = AppendAttributes(record.attributes_json, disclosure, out);
  auto values = record.values();
  ValueView value;
  while (values.Next(value)) {
    if (disclosure == nullptr || disclosure->SeesValue(value)) {
      AppendValue(value, record.ValueTimeMs(value.index), out);
    } else {
      withheld = true;
    }
  }
  AppendText(Record::kApplicationFieldNumber, record.application, out);
  AppendTime(Record::kRegisteredAtFieldNumber, record.registered_ms, out);
  AppendTime(Record::kUpdatedAtFieldNumber, record.updated_ms, out);
  AppendTime(Record::kFirstRegisteredAtFieldNumber, record.first_registered_ms, out);
  AppendNumber(Record::kRevisionFieldNumber, record.revision, out);
  if (withheld) return;
  const Digest digest = Sha256(record.content);
  AppendPresentText(Record::kContentDigestFieldNumber,
                    {reinterpret_cast<const char*>(digest.data()), digest.size()}, out);
}

}  // namespace idnode::frontend
