#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "idnode/v1/common.pb.h"

namespace idnode::bench {

/// What the client needs of a BatchRegisterResponse.
struct BatchAnswer {
  /// Items by idnode.v1.Outcome; the last place takes numbers this program does not know.
  std::array<std::uint64_t, v1::Outcome_ARRAYSIZE + 1> outcomes{};
  std::uint64_t items = 0;
  bool refused = false;  ///< the batch as a whole, with the error below
  std::string slug;
  std::string detail;  ///< of the error, or of the first item that has one
  std::uint32_t retry_after_ms = 0;
};

/// Reads the wire bytes of idnode.v1.BatchRegisterResponse without building the message: every item
/// is looked at, nothing is copied but an error. False if they are not such a message; `answer` is
/// then of no use.
bool ScanBatchResponse(std::string_view bytes, BatchAnswer& answer);

/// The identifier in the wire bytes of idnode.v1.ResolveResponse; empty if there is none.
std::string_view ScanResolvedIdentifier(std::string_view bytes);

}  // namespace idnode::bench
