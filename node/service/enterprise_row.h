#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/service/enterprise_registry.h"

namespace idnode::service {

/// Checks the fields of an enterprise and brings them into their normal form: codes in upper case,
/// the industry with its section, an absent region out of the credit code. Errors: kInvalidRequest
/// with the field.
Result<void> NormalizeEnterprise(EnterpriseInfo& enterprise);

/// The row of an enterprise (storage/FORMAT.md, "Enterprise row").
std::string EnterpriseKey(std::string_view credit_code);
std::string EncodeEnterprise(const EnterpriseInfo& enterprise);
/// Errors: kCorruption.
Result<EnterpriseInfo> DecodeEnterprise(std::string_view credit_code, std::string_view bytes);

/// JSON for the audit log, with names of people, phones and emails masked ("张**", "****1234",
/// "z***@maker.example").
std::string EnterpriseForAudit(const EnterpriseInfo& enterprise);

}  // namespace idnode::service
