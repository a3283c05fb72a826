#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/frontend/http/ledger_handler.h"
#include "node/frontend/http/ledger_page.h"
#include "node/frontend/http/url.h"

using namespace idnode;
using namespace idnode::frontend::http;

namespace {

void TryLedgerText(std::string_view text) {
  if (const auto tree = ParseTreeSize(text, "from"); tree.ok()) {
    IDNODE_CHECK(std::to_string(*tree) == text);
  }
  const StatementName name = SplitStatementName(text);
  IDNODE_CHECK(name.month.size() + name.form.size() <= text.size());
  const std::string format(text);
  (void)WantedForm(name.form, nullptr, text).ok();
  (void)WantedForm({}, &format, {}).ok();
  std::string html;
  AppendHtml(text, html);
  IDNODE_CHECK(html.find_first_of("<>\"'") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Target target = SplitTarget(text);
  IDNODE_CHECK(target.path.size() + target.query.size() <= text.size());
  TryLedgerText(text);
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
