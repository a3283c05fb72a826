#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/frontend/beast_util/message.h"

namespace idnode::frontend::http {

/// True if the client asks for Chinese before English (RFC 9110 §12.5.4).
bool PrefersChinese(std::string_view accept_language);

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
/// "<", ">" and DEL are escaped, as protobuf's mapping does.
void AppendJsonString(std::string_view text, std::string& out);

/// application/problem+json (RFC 9457) by the one table of errors, in the request's language.
/// Adds Retry-After and WWW-Authenticate where they belong. Secret details go to the log alone.
/// `members` are further ones, as JSON (RFC 9457 §3.2): "\"route\":{…}".
Response Problem(const Request& request, const Error& error, std::string_view members = {});

}  // namespace idnode::frontend::http
