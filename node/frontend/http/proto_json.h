#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "node/base/result.h"

namespace idnode::frontend::http {

/// Reads a message in protobuf's JSON mapping. Unknown fields are refused.
/// Errors: kInvalidRequest with the field at fault, in JSON's names ("items[0].values[0].index").
Result<void> ParseJson(std::string_view json, google::protobuf::Message& message);

enum class JsonFields {
  kSet,  ///< fields with their default value are left out
  kAll,  ///< also zeros, false and empty lists: for figures
};

/// Writes a message in protobuf's JSON mapping.
std::string ToJson(const google::protobuf::Message& message, JsonFields fields = JsonFields::kSet);

}  // namespace idnode::frontend::http
