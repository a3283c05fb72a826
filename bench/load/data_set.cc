#include "bench/load/data_set.h"

#include <cstring>

#include "idnode/v1/registration.pb.h"
#include "node/base/check.h"
#include "node/base/time_zone.h"
#include "node/model/record.h"
#include "storage/key_codec.h"

namespace idnode::bench {
namespace {

constexpr std::string_view kSampleIdentifier = "88.108.1001/0000000000000000";
constexpr std::string_view kObjectClass = "product";
constexpr std::string_view kType = "URL";
// The key at the end cannot be compressed, as a serial number's check or an anti-fake code.
constexpr std::string_view kSampleData =
    "https://maker.example/t/0000000000000000?k=aaaaaaaaaaaaaaaaaaa";
constexpr std::size_t kDataSuffixAt = 24;
constexpr std::size_t kDataKeyAt = kDataSuffixAt + kSuffixBytes + 3;
constexpr std::size_t kPrefixNumberAt = 7;
constexpr std::uint32_t kFirstPrefixNumber = 1001;

static_assert(kSampleIdentifier.size() == kIdentifierBytes);
static_assert(kSampleIdentifier.size() + kObjectClass.size() + kType.size() + kSampleData.size() ==
              kOwnBytes);

/// The finalizer of SplitMix64: a bijection, so different rows stay different.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

void WriteDecimal(std::uint64_t number, std::size_t digits, char* out) {
  for (std::size_t i = digits; i > 0; --i) {
    out[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

void WriteHex(std::uint64_t number, char* out) {
  for (std::size_t i = 0; i < kSuffixBytes; ++i) {
    out[i] = "0123456789abcdef"[number >> 60];
    number <<= 4;
  }
}

/// A field of type "bytes" or a message of less than 128 bytes.
void AppendField(int number, std::string_view bytes, std::string& out) {
  IDNODE_CHECK(bytes.size() < 128);
  out += static_cast<char>(number << 3 | 2);
  out += static_cast<char>(bytes.size());
  out += bytes;
}

// One `items` field with all that the row holds.
std::string ItemWithAttributes(bool with_template) {
  v1::BatchRegisterRequest request;
  v1::RegisterItem& item = *request.add_items();
  item.set_identifier(std::string(kSampleIdentifier));
  item.set_object_class(std::string(kObjectClass));
  v1::Value& value = *item.add_values();
  value.set_index(1);
  value.set_type(std::string(kType));
  value.set_data(std::string(kSampleData));
  if (with_template) item.set_template_(std::string(kTemplateName) + "@1");
  for (int i = 0; i < kAttributesOfRow; ++i) {
    (*item.mutable_attributes()->mutable_fields())[AttributeName(i)].set_string_value(
        "value of item " + std::to_string(i));
  }
  return request.SerializeAsString();
}

}  // namespace

std::string AttributeName(int number) { return "item-" + std::to_string(number); }

std::string_view OrderName(Order order) {
  return order == Order::kSequential ? "sequential" : "random";
}

RowWriter::RowWriter(const DataSet& data) : data_(data) {
  IDNODE_CHECK(data.prefixes >= 1 && data.prefixes <= kPrefixesMax && data.run <= 9999 &&
               data.rows_per_prefix >= 1);
  identifier_ = {std::string(kSampleIdentifier), 0, std::string::npos};

  std::string value_field("\x08\x01", 2);  // index: 1
  AppendField(2, kType, value_field);
  AppendField(3, kSampleData, value_field);
  std::string item;
  AppendField(1, kSampleIdentifier, item);
  AppendField(2, kObjectClass, item);
  AppendField(3, value_field, item);
  if (data.content == RowContent::kPlain) {
    AppendField(2, item, item_.bytes);
  } else {
    item_.bytes = ItemWithAttributes(data.content == RowContent::kTemplate);
  }

  key_.bytes = storage::RecordKey(kSampleIdentifier);
  ValueView value;
  value.index = 1;
  value.type = kType;
  value.data = kSampleData;
  ContentInput content;
  content.object_class = kObjectClass;
  content.values = {&value, 1};
  EncodeRecordHeader(RecordHeader{}, value_.bytes);
  IDNODE_CHECK(EncodeContent(content, RecordLimits{}, value_.bytes).ok());

  for (Template* made : {&item_, &key_, &value_}) {
    made->identifier_at = made->bytes.find(kSampleIdentifier);
    made->data_at = made->bytes.find(kSampleData);
  }
  IDNODE_CHECK(item_.identifier_at != std::string::npos && item_.data_at != std::string::npos);
  IDNODE_CHECK(key_.identifier_at != std::string::npos && value_.data_at != std::string::npos);
}

void RowWriter::Patch(std::uint64_t row, char* identifier, char* data) const {
  const std::uint64_t mixed = Mix(row | static_cast<std::uint64_t>(data_.run) << 44);
  char suffix[kSuffixBytes];
  if (data_.order == Order::kSequential) {
    WriteDecimal(data_.run, 4, suffix);
    WriteDecimal(row, kSuffixBytes - 4, suffix + 4);
  } else {
    WriteHex(mixed, suffix);
  }
  if (identifier != nullptr) {
    const std::uint64_t prefix = (row / data_.rows_per_prefix) % data_.prefixes;
    WriteDecimal(kFirstPrefixNumber + prefix, 4, identifier + kPrefixNumberAt);
    std::memcpy(identifier + kIdentifierBytes - kSuffixBytes, suffix, kSuffixBytes);
  }
  if (data != nullptr) {
    std::memcpy(data + kDataSuffixAt, suffix, kSuffixBytes);
    std::uint64_t key = Mix(~mixed);
    for (std::size_t i = kDataKeyAt; i < kSampleData.size(); ++i) {
      data[i] = "abcdefgh"[key & 7];
      key >>= 3;
    }
  }
}

void RowWriter::PatchTemplate(std::uint64_t row, Template& made) const {
  char* bytes = made.bytes.data();
  Patch(row, made.identifier_at == std::string::npos ? nullptr : bytes + made.identifier_at,
        made.data_at == std::string::npos ? nullptr : bytes + made.data_at);
}

std::string_view RowWriter::Identifier(std::uint64_t row) {
  PatchTemplate(row, identifier_);
  return identifier_.bytes;
}

void RowWriter::AppendItem(std::uint64_t row, std::string& out) {
  const std::size_t at = out.size();
  out += item_.bytes;
  Patch(row, out.data() + at + item_.identifier_at, out.data() + at + item_.data_at);
}

void RowWriter::StoredRow(std::uint64_t row, std::string_view& key, std::string_view& value) {
  PatchTemplate(row, key_);
  PatchTemplate(row, value_);
  key = key_.bytes;
  value = value_.bytes;
}

}  // namespace idnode::bench
