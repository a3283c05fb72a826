#pragma once

#include <string_view>

#include <google/protobuf/message.h>

#include "node/base/result.h"
#include "node/frontend/http/url.h"

namespace idnode::frontend::http {

/// Paths and queries as fields of a message, as google.api.http maps them: text, numbers, booleans,
/// names of enumerators, times (RFC 3339).

/// Sets the field `path`, in proto's names with a period before a field within
/// ("enterprise.credit_code"). The message may hold the same already; anything else is refused, for
/// the request's path says it.
/// Errors: kInvalidRequest, with the field in JSON's names.
Result<void> SetPathField(google::protobuf::Message& message, std::string_view path,
                          std::string_view text);

/// Sets a field of the message for each parameter, by its name in JSON. Fields that are lists or
/// messages other than times, and those in `taken`, are no parameters.
/// Errors: kInvalidRequest naming the parameter.
Result<void> SetQueryFields(google::protobuf::Message& message, const Query& query,
                            std::initializer_list<std::string_view> taken = {});

}  // namespace idnode::frontend::http
