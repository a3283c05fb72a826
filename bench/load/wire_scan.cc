#include "bench/load/wire_scan.h"

#include "idnode/v1/registration.pb.h"
#include "idnode/v1/resolution.pb.h"
#include "node/base/varint.h"

namespace idnode::bench {
namespace {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kSized = 2, kFixed32 = 5 };

/// One field after the other of an encoded message.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  /// False at the end and on damaged bytes (see `damaged`).
  bool Next() {
    if (rest_.empty()) return false;
    std::uint64_t tag = 0;
    damaged_ = true;
    if (!TakeVarint(rest_, tag)) return false;
    number_ = static_cast<int>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    sized_ = {};
    switch (type_) {
      case WireType::kVarint:
        if (!TakeVarint(rest_, varint_)) return false;
        break;
      case WireType::kFixed64:
        if (!TakeFixed(rest_, 8, varint_)) return false;
        break;
      case WireType::kSized:
        if (!TakeSized(rest_, sized_)) return false;
        break;
      case WireType::kFixed32:
        if (!TakeFixed(rest_, 4, varint_)) return false;
        break;
      default:
        return false;
    }
    damaged_ = false;
    return true;
  }

  bool IsSized(int number) const { return number_ == number && type_ == WireType::kSized; }
  bool IsVarint(int number) const { return number_ == number && type_ == WireType::kVarint; }
  std::string_view sized() const { return sized_; }
  std::uint64_t varint() const { return varint_; }
  bool damaged() const { return damaged_; }

 private:
  std::string_view rest_;
  int number_ = 0;
  WireType type_ = WireType::kVarint;
  std::string_view sized_;
  std::uint64_t varint_ = 0;
  bool damaged_ = false;
};

bool ScanItem(std::string_view bytes, BatchAnswer& answer) {
  FieldReader item(bytes);
  std::uint64_t outcome = 0;
  while (item.Next()) {
    if (item.IsVarint(v1::ItemResult::kOutcomeFieldNumber)) {
      outcome = item.varint();
    } else if (item.IsSized(v1::ItemResult::kDetailFieldNumber) && answer.detail.empty()) {
      answer.detail = item.sized();
    }
  }
  if (item.damaged()) return false;
  ++answer.items;
  ++answer.outcomes[outcome < answer.outcomes.size() ? outcome : answer.outcomes.size() - 1];
  return true;
}

bool ScanError(std::string_view bytes, BatchAnswer& answer) {
  FieldReader error(bytes);
  answer.refused = true;
  while (error.Next()) {
    if (error.IsSized(v1::Error::kSlugFieldNumber)) {
      answer.slug = error.sized();
    } else if (error.IsSized(v1::Error::kDetailFieldNumber)) {
      answer.detail = error.sized();
    } else if (error.IsVarint(v1::Error::kRetryAfterMsFieldNumber)) {
      answer.retry_after_ms = static_cast<std::uint32_t>(error.varint());
    }
  }
  return !error.damaged();
}

}  // namespace

bool ScanBatchResponse(std::string_view bytes, BatchAnswer& answer) {
  answer = {};
  FieldReader response(bytes);
  while (response.Next()) {
    if (response.IsSized(v1::BatchRegisterResponse::kResultsFieldNumber)) {
      if (!ScanItem(response.sized(), answer)) return false;
    } else if (response.IsSized(v1::BatchRegisterResponse::kErrorFieldNumber)) {
      if (!ScanError(response.sized(), answer)) return false;
    }
  }
  return !response.damaged();
}

std::string_view ScanResolvedIdentifier(std::string_view bytes) {
  FieldReader response(bytes);
  while (response.Next()) {
    if (!response.IsSized(v1::ResolveResponse::kRecordFieldNumber)) continue;
    FieldReader record(response.sized());
    while (record.Next()) {
      if (record.IsSized(v1::Record::kIdentifierFieldNumber)) return record.sized();
    }
  }
  return {};
}

}  // namespace idnode::bench
