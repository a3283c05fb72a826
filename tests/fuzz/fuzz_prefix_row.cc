#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/service/prefix_row.h"

using namespace idnode;
using namespace idnode::service;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto info = DecodePrefixRow("88.108.1", bytes);
  if (!info.ok()) return 0;
  IDNODE_CHECK(info->history.size() <= kPrefixHistoryMax);
  // Also one of the first form is written in the later one, and is the same prefix there.
  const std::string row = EncodePrefixRow(*info);
  const auto again = DecodePrefixRow("88.108.1", row);
  IDNODE_CHECK(again.ok() && EncodePrefixRow(*again) == row);
  IDNODE_CHECK(again->state == info->state && again->admitted_ms == info->admitted_ms);
  return 0;
}
