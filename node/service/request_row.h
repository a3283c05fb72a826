#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/service/registration_service.h"

namespace idnode::service {

/// Most outcomes a row may hold: a limit of the format, not of what a batch may have today, so that
/// a lowered limit does not make stored answers unreadable. No batch may be configured larger.
inline constexpr std::size_t kRequestRowItemsMax = 1'000'000;

/// The stored answer of one shard's part of a batch (storage/FORMAT.md, "Request row").
struct RequestRow {
  std::int64_t stored_ms = 0;
  Digest fingerprint{};  ///< of the whole batch
  std::vector<std::pair<Outcome, Errc>> outcomes;
};

/// Equal outcomes in a row take one entry.
std::string EncodeRequestRow(const RequestRow& row);
/// Errors: kCorruption, also for more than kRequestRowItemsMax outcomes.
Result<RequestRow> DecodeRequestRow(std::string_view bytes);

}  // namespace idnode::service
