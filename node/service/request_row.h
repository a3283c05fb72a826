#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/service/registration_service.h"

namespace idnode::service {

/// The stored answer of one shard's part of a batch (storage/FORMAT.md, "Request row").
struct RequestRow {
  std::int64_t stored_ms = 0;
  Digest fingerprint{};  ///< of the whole batch
  std::vector<std::pair<Outcome, Errc>> outcomes;
};

/// Equal outcomes in a row take one entry.
std::string EncodeRequestRow(const RequestRow& row);
/// Errors: kCorruption, also when it is not for `items` items.
Result<RequestRow> DecodeRequestRow(std::string_view bytes, std::size_t items_max);

}  // namespace idnode::service
