#include "node/frontend/convert/record_wire.h"

#include <bit>
#include <charconv>
#include <cstdint>

#include "idnode/v1/resolution.pb.h"
#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/model/json_scanner.h"

namespace idnode::frontend {
namespace {

using v1::Record;
using v1::Reference;
using v1::Value;

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kSized = 2 };

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

// Fields of google.protobuf.Struct, of the entries of its map, of Value and of ListValue.
constexpr int kStructFields = 1;
constexpr int kEntryKey = 1;
constexpr int kEntryValue = 2;
constexpr int kNullValue = 1;
constexpr int kNumberValue = 2;
constexpr int kStringValue = 3;
constexpr int kBoolValue = 4;
constexpr int kStructValue = 5;
constexpr int kListValue = 6;
constexpr int kListValues = 1;

void AppendPresentDouble(int field, double number, std::string& out) {
  AppendVarint(Tag(field, kFixed64), out);
  auto bits = std::bit_cast<std::uint64_t>(number);
  for (std::size_t i = 0; i < sizeof bits; ++i, bits >>= 8) out += static_cast<char>(bits & 0xff);
}

// Writes google.protobuf.Struct from its JSON. What is nested is scanned once for each level around
// it; there are kAttributesDepthMax levels at most, and hardly ever one.
class StructWriter {
 public:
  explicit StructWriter(std::string& out) : out_(out) {}

  // The fields of the Struct; those that `sees(name)` takes. False: the text is damaged.
  template <typename Sees>
  bool AppendFields(std::string_view json, Sees sees) {
    JsonScanner scanner(json, kAttributesDepthMax);
    if (!scanner.Begin()) return false;
    std::string_view name;
    JsonToken token;
    while (scanner.Next(name, name_, token, text_)) {
      if (!sees(name)) continue;
      const Submessage entry(kStructFields, out_);
      AppendPresentText(kEntryKey, name, out_);
      if (!AppendValue(kEntryValue, token)) return false;
    }
    return scanner.Complete();
  }

 private:
  bool AppendValue(int field, const JsonToken& token) {
    const Submessage value(field, out_);
    switch (token.kind) {  // no default: -Wswitch reports a forgotten kind
      case JsonToken::Kind::kNull:
        AppendPresentNumber(kNullValue, 0, out_);
        return true;
      case JsonToken::Kind::kTrue:
      case JsonToken::Kind::kFalse:
        AppendPresentNumber(kBoolValue, token.kind == JsonToken::Kind::kTrue ? 1 : 0, out_);
        return true;
      case JsonToken::Kind::kString:
        AppendPresentText(kStringValue, token.text, out_);
        return true;
      case JsonToken::Kind::kNumber: {
        double number = 0;
        const char* end = token.text.data() + token.text.size();
        const auto read = std::from_chars(token.text.data(), end, number);
        if (read.ec != std::errc() || read.ptr != end) return false;
        AppendPresentDouble(kNumberValue, number, out_);
        return true;
      }
      case JsonToken::Kind::kObject: {
        const Submessage object(kStructValue, out_);
        return AppendFields(token.text, [](std::string_view) { return true; });
      }
      case JsonToken::Kind::kArray: {
        const Submessage list(kListValue, out_);
        JsonScanner scanner(token.text, kAttributesDepthMax);
        if (!scanner.BeginList()) return false;
        JsonToken element;
        while (scanner.NextElement(element, text_)) {
          if (!AppendValue(kListValues, element)) return false;
        }
        return scanner.Complete();
      }
    }
    return false;
  }

  std::string& out_;
  // Of the level that is being scanned: those around it have written theirs.
  std::string name_;
  std::string text_;
};

// True where some are withheld.
bool AppendAttributes(std::string_view json, const service::Disclosure* disclosure,
                      std::string& out) {
  if (json.empty()) return false;
  const bool filters = disclosure != nullptr && disclosure->filters_attributes();
  const std::size_t begin = out.size();
  bool withheld = false;
  bool whole = false;
  bool nothing = false;
  {
    const Submessage attributes(Record::kAttributesFieldNumber, out);
    const std::size_t empty = out.size();
    whole = StructWriter(out).AppendFields(json, [&](std::string_view name) {
      if (!filters || disclosure->SeesAttribute(name)) return true;
      withheld = true;
      return false;
    });
    withheld = withheld || (filters && !whole);
    nothing = filters && out.size() == empty;
  }
  if (!whole || nothing) out.resize(begin);
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
