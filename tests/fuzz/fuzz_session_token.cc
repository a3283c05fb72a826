// Session tokens: what parses is written back alike; nothing without the key's signature parses.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/service/session_token.h"

using namespace idnode;
using namespace idnode::service;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto claims = ParseSessionToken(bytes, kKey); claims.ok()) {
    IDNODE_CHECK(FormatSessionToken(*claims, kKey) == bytes);
    IDNODE_CHECK(!ParseSessionToken(bytes, "another key").ok());
  }
  if (const auto claims = ParseClaims(bytes); claims.ok()) {
    IDNODE_CHECK(FormatClaims(*claims) == bytes);
    const auto token = FormatSessionToken(*claims, kKey);
    IDNODE_CHECK(ParseSessionToken(token, kKey).value() == *claims);
  }
  return 0;
}
