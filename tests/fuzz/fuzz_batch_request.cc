#include <cstddef>
#include <cstdint>
#include <string>

#include "node/base/check.h"
#include "node/frontend/convert/proto_convert.h"
#include "tests/node/service/test_node.h"

using namespace idnode;

namespace {

// Runs the request to its end on a node in memory: every item has an outcome, counters stay exact.
template <typename Request>
void Run(service::TestNode& node, const std::uint8_t* data, int size) {
  Request request;
  if (!request.ParseFromArray(data, size)) return;
  auto batch = frontend::ToBatch(request, static_cast<std::size_t>(size), node.operator_caller(),
                                 *node.registration);
  if (!batch.ok()) return;
  const auto result = node.registration->Run(std::move(*batch), node.Soon());
  if (!result.ok()) return;
  IDNODE_CHECK(result->results.size() == static_cast<std::size_t>(request.items_size()));
  for (const auto& item : result->results) {
    IDNODE_CHECK(item.outcome != service::Outcome::kUnspecified);
  }
}

}  // namespace

// The first byte chooses the operation, the rest is the message on the wire.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* const node = new service::TestNode();
  if (size < 1) return 0;
  const int rest = static_cast<int>(size - 1);
  switch (data[0] % 4) {
    case 0:
      Run<v1::BatchRegisterRequest>(*node, data + 1, rest);
      break;
    case 1:
      Run<v1::UpdateRequest>(*node, data + 1, rest);
      break;
    case 2:
      Run<v1::DeleteRequest>(*node, data + 1, rest);
      break;
    default:
      Run<v1::SetStateRequest>(*node, data + 1, rest);
      break;
  }
  return 0;
}
