// Monthly statements: each has one text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/check.h"
#include "node/ledger/signed_note.h"
#include "node/ledger/statement.h"

using namespace idnode;
using namespace idnode::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto statement = ParseStatement(text);
  if (!statement.ok()) return 0;
  IDNODE_CHECK(FormatStatement(*statement).value() == text);
  IDNODE_CHECK(CheckNoteText(text).ok());
  (void)CheckFigures(*statement).ok();
  return 0;
}
