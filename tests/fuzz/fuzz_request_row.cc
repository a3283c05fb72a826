#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/service/request_row.h"

using namespace idnode;
using namespace idnode::service;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto row = DecodeRequestRow(bytes);
  if (row.ok()) {
    IDNODE_CHECK(row->outcomes.size() <= kRequestRowItemsMax);
    const auto again = DecodeRequestRow(EncodeRequestRow(*row));
    IDNODE_CHECK(again.ok() && again->outcomes == row->outcomes);
  }
  return 0;
}
