#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/base/text.h"
#include "node/base/time_zone.h"
#include "node/model/identifier.h"

using namespace idnode;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = ParseIdentifier(text); parsed.ok()) {
    IDNODE_CHECK(parsed->prefix.size() + 1 + parsed->suffix.size() == text.size());
    IDNODE_CHECK(text.size() <= kIdentifierBytesMax);
    IDNODE_CHECK(IsUtf8(text));
    const std::string folded = FoldIdentifier(text);
    IDNODE_CHECK(FoldIdentifier(folded) == folded);
    IDNODE_CHECK(ParseIdentifier(folded).ok());
    IDNODE_CHECK(folded.find('\0') == std::string::npos);  // ends history keys
  }
  if (const auto decoded = DecodeBase64(text); decoded.ok()) {
    IDNODE_CHECK(*DecodeBase64(Base64Url(*decoded)) == *decoded);
  }
  if (const auto month = Month::Parse(text); month.ok()) IDNODE_CHECK(month->Text() == text);
  return 0;
}
