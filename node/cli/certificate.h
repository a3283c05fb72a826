#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::cli {

/// SHA-256 of the first certificate (DER) of a PEM file, lower-case hexadecimal: what the node
/// knows a client certificate by. Errors: kInvalidRequest (not a file with a certificate).
Result<std::string> CertificateFingerprint(const std::string& path);

/// A fingerprint as people write it, "AB:CD:…" or plain: 64 hexadecimal digits, lower case.
/// Errors: kInvalidRequest.
Result<std::string> ParseFingerprint(std::string_view text);

}  // namespace idnode::cli
