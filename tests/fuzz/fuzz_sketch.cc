// Stored sketches and run trackers.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/ledger/run_tracker.h"
#include "node/ledger/sketch.h"

using namespace idnode;
using namespace idnode::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto sketch = Sketch::Parse(bytes); sketch.ok()) {
    IDNODE_CHECK(Sketch::Parse(sketch->Serialize()).value() == *sketch);
    IDNODE_CHECK(sketch->Estimate() >= 0);
    sketch->Add(SketchHash(bytes));
    IDNODE_CHECK(!sketch->empty());
  }
  if (auto tracker = RunTracker::Parse(bytes); tracker.ok()) {
    IDNODE_CHECK(RunTracker::Parse(tracker->Serialize()).value().Serialize() ==
                 tracker->Serialize());
    tracker->Add(bytes);
    tracker->Add("a1");
    tracker->Add("a2");
    IDNODE_CHECK(tracker->longest() >= 2);
  }
  return 0;
}
