#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/ledger/statement.h"
#include "node/service/ledger_service.h"

namespace idnode::frontend::http {

/// Rows that the page shows of one breakdown; the note has them all.
inline constexpr std::size_t kPageRowsMax = 500;
/// A longer note is linked to, not shown.
inline constexpr std::size_t kPageNoteBytesMax = 64 * 1024;

/// What the page lives by: no script, no other origin, its own style only.
inline constexpr std::string_view kPageSecurityPolicy =
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n";

/// A statement for people, in Chinese and English on one page, fit to be printed: figures,
/// breakdowns, evidence with what it means, keys, how to check. HTML; whatever comes from outside
/// is escaped.
std::string StatementPage(const service::StatementReport& report,
                          const service::LedgerService& ledger);

/// Appends `text` so that it stands for itself in HTML text and attributes.
void AppendHtml(std::string_view text, std::string& out);
/// "15,000,000".
std::string GroupedDigits(std::int64_t number);

}  // namespace idnode::frontend::http
