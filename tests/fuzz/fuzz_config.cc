#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "node/app/config.h"
#include "node/base/check.h"

using namespace idnode::app;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Config config;
  std::vector<ConfigFault> faults;
  ReadConfigText(text, "fuzz.toml", config, faults);
  for (const auto& fault : faults) IDNODE_CHECK(!fault.Text().empty());
  return 0;
}
