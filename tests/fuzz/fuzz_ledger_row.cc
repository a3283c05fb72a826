// Rows of the ledger as they are stored: what parses is written back to the same bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "storage/ledger_store.h"

namespace {

template <typename T>
void RoundTrip(std::string_view bytes, idnode::Result<T> (*decode)(std::string_view),
               std::string (*encode)(const T&)) {
  const auto row = decode(bytes);
  if (!row.ok()) return;
  const auto again = decode(encode(*row));
  IDNODE_CHECK(again.ok() && *again == *row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace idnode::storage;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      RoundTrip(bytes, DecodeLedgerState, EncodeLedgerState);
      break;
    case 1:
      RoundTrip(bytes, DecodeLedgerSegment, EncodeLedgerSegment);
      break;
    case 2:
      RoundTrip(bytes, DecodeLedgerClosing, EncodeLedgerClosing);
      break;
    case 3:
      RoundTrip(bytes, DecodeLedgerFacts, EncodeLedgerFacts);
      break;
    case 4:
      RoundTrip(bytes, DecodeLedgerLease, EncodeLedgerLease);
      break;
    default:
      RoundTrip(bytes, DecodeLedgerSketches, EncodeLedgerSketches);
  }
  return 0;
}
