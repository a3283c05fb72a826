// The body of a witness's add-checkpoint: what parses is written back alike.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/cli/ledger/add_checkpoint.h"

using namespace idnode;
using namespace idnode::cli;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = ParseAddCheckpoint(bytes); request.ok()) {
    IDNODE_CHECK(FormatAddCheckpoint(*request) == bytes);
    IDNODE_CHECK(request->proof.size() <= kAddCheckpointProofMax);
    IDNODE_CHECK(!request->checkpoint.empty());
  }
  return 0;
}
