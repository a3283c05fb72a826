// Entry bundles and the leaves in them. The first byte is the bundle's width less one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/ledger/leaf.h"
#include "node/ledger/tile.h"

using namespace idnode;
using namespace idnode::ledger;

namespace {

void CheckLeaf(std::string_view bytes) {
  const auto leaf = ParseLeaf(bytes);
  if (!leaf.ok()) return;
  std::string again;
  IDNODE_CHECK(AppendLeaf(*leaf, again).ok());
  IDNODE_CHECK(again == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned width = data[0] + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CheckLeaf(bytes);
  (void)NodeFromTile({data[0] % 64U, data[0]}, bytes).ok();
  (void)FullTileHash(bytes).ok();
  if (const auto prefix = EntryBundlePrefix(bytes, width); prefix.ok()) {
    IDNODE_CHECK(ParseEntryBundle(*prefix, width).ok());
  }
  const auto entries = ParseEntryBundle(bytes, width);
  if (!entries.ok()) return 0;
  std::string again;
  for (const std::string_view entry : *entries) {
    AppendEntry(entry, again);
    CheckLeaf(entry);
  }
  IDNODE_CHECK(again == bytes);
  return 0;
}
