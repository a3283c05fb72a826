#include "node/service/request_row.h"

#include <cstring>

#include "node/base/varint.h"

namespace idnode::service {
namespace {

constexpr char kFormat = 1;
// What ErrcName calls a number that is no code's.
constexpr std::string_view kNoErrc = "unknown";

}  // namespace

std::string EncodeRequestRow(const RequestRow& row) {
  std::string bytes(1, kFormat);
  AppendVarint(static_cast<std::uint64_t>(row.stored_ms), bytes);
  bytes.append(reinterpret_cast<const char*>(row.fingerprint.data()), row.fingerprint.size());
  for (std::size_t i = 0; i < row.outcomes.size();) {
    std::size_t end = i + 1;
    while (end < row.outcomes.size() && row.outcomes[end] == row.outcomes[i]) ++end;
    AppendVarint(end - i, bytes);
    bytes += static_cast<char>(row.outcomes[i].first);
    bytes += static_cast<char>(row.outcomes[i].second);
    i = end;
  }
  return bytes;
}

Result<RequestRow> DecodeRequestRow(std::string_view bytes) {
  const Error damaged(Errc::kCorruption, "a stored answer is damaged");
  RequestRow row;
  std::uint64_t number = 0;
  if (bytes.empty() || bytes.front() != kFormat) return damaged;
  bytes.remove_prefix(1);
  if (!TakeVarint(bytes, number) || bytes.size() < row.fingerprint.size()) return damaged;
  row.stored_ms = static_cast<std::int64_t>(number);
  std::memcpy(row.fingerprint.data(), bytes.data(), row.fingerprint.size());
  bytes.remove_prefix(row.fingerprint.size());
  while (!bytes.empty()) {
    if (!TakeVarint(bytes, number) || bytes.size() < 2 ||
        number > kRequestRowItemsMax - row.outcomes.size()) {
      return damaged;
    }
    const auto outcome = static_cast<unsigned char>(bytes[0]);
    const auto reason = static_cast<unsigned char>(bytes[1]);
    if (outcome > static_cast<unsigned>(Outcome::kNotFound) ||
        ErrcName(static_cast<Errc>(reason)) == kNoErrc) {
      return damaged;
    }
    bytes.remove_prefix(2);
    row.outcomes.insert(row.outcomes.end(), number,
                        {static_cast<Outcome>(outcome), static_cast<Errc>(reason)});
  }
  return row;
}

}  // namespace idnode::service
