// Rows of applications and users: what decodes is written back alike, but for the first format.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/service/access_rows.h"
#include "node/service/user_rows.h"

using namespace idnode;
using namespace idnode::service;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto application = DecodeApplication("fuzz", bytes); application.ok()) {
    const auto written = EncodeApplication(*application);
    const auto again = DecodeApplication("fuzz", written);
    IDNODE_CHECK(again.ok() && EncodeApplication(*again) == written);
    IDNODE_CHECK(again->info.tokens.size() == application->info.tokens.size());
    IDNODE_CHECK(!ApplicationJson(application->info).empty());
  }
  if (const auto user = DecodeUser("fuzz", bytes); user.ok()) {
    const auto written = EncodeUser(*user);
    const auto again = DecodeUser("fuzz", written);
    IDNODE_CHECK(again.ok() && EncodeUser(*again) == written);
    IDNODE_CHECK(!UserJson(user->info).empty());
  }
  return 0;
}
