#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/frontend/http/url.h"

using namespace idnode;
using namespace idnode::frontend::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Target target = SplitTarget(text);
  IDNODE_CHECK(target.path.size() + target.query.size() <= text.size());
  std::string scratch;
  if (const auto decoded = PercentDecode(target.path, scratch); decoded.has_value()) {
    IDNODE_CHECK(decoded->size() <= target.path.size());
  }
  if (const auto query = Query::Parse(target.query); query.ok()) {
    (void)query->Find("pageToken");
    (void)query->Number("pageSize").ok();
    (void)query->Flag("history").ok();
    (void)query->Only({"pageSize", "pageToken"}).ok();
  }
  if (const auto location = SafeLocation(text); location.has_value()) {
    for (const char c : *location) {
      IDNODE_CHECK(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f);
    }
    IDNODE_CHECK(location->size() <= kLocationBytesMax);
  }
  return 0;
}
