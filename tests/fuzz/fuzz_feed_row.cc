#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "node/base/check.h"
#include "storage/counters.h"
#include "storage/feed_row.h"

using namespace idnode;
using namespace idnode::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto row = DecodeFeedRow(bytes); row.ok()) {
    FeedRowBuilder builder;
    for (const auto& entry : row->entries) {
      builder.Add({entry.change, entry.identifier, entry.content_digest, entry.application,
                   entry.object_class, entry.template_ref});
    }
    std::map<CounterId, Figures> deltas(row->deltas.begin(), row->deltas.end());
    const auto again = DecodeFeedRow(builder.Finish(row->commit_ms, row->nonce, deltas));
    IDNODE_CHECK(again.ok() && again->entries.size() == row->entries.size());
  }
  (void)DecodeFeedRow(bytes, false).ok();
  (void)DecodeCounter(bytes).ok();
  (void)DecodeCounterKey(bytes).ok();
  return 0;
}
