#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "idnode/v1/access.pb.h"
#include "idnode/v1/audit.pb.h"
#include "idnode/v1/template.pb.h"
#include "node/base/check.h"
#include "node/frontend/http/ledger_handler.h"
#include "node/frontend/http/ledger_page.h"
#include "node/frontend/http/message_fields.h"
#include "node/frontend/http/proto_json.h"
#include "node/frontend/http/router.h"
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

// A path with its query as a request of administration.
void TryAdminRequest(const Target& target) {
  for (const Method method : {Method::kGet, Method::kPost, Method::kPut, Method::kDelete}) {
    const Match match = MatchRoute(method, target.path);
    for (const auto parameter : match.parameters) {
      IDNODE_CHECK(target.path.find(parameter) != std::string_view::npos);
    }
    if (match.operation != Operation::kNone) IDNODE_CHECK(match.path_known);
    v1::TemplateName name;
    (void)SetPathField(name, "owner", match.parameters[0]).ok();
    (void)SetPathField(name, "version", match.parameters[2]).ok();
  }
  const auto query = Query::Parse(target.query);
  if (!query.ok()) return;
  v1::ListAuditEntriesRequest audit;
  if (SetQueryFields(audit, *query).ok()) (void)ToJson(audit);
  v1::ListPrefixesRequest prefixes;
  if (SetQueryFields(prefixes, *query, {"enterprise"}).ok()) {
    IDNODE_CHECK(prefixes.enterprise().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Target target = SplitTarget(text);
  IDNODE_CHECK(target.path.size() + target.query.size() <= text.size());
  TryLedgerText(text);
  // Text fields of messages hold UTF-8; parameters are checked for it where they are set.
  TryAdminRequest(target);
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
