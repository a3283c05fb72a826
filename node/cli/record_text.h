#pragma once

#include <string>

#include "idnode/v1/common.pb.h"
#include "node/cli/text.h"

namespace idnode::cli {

/// A record as lines of "name: value" for people.
std::string RecordText(const v1::Record& record, Language language);
/// The record's values on one line, such as "URL=https://maker.example/SN1", cut to `width_max`.
std::string ValuesLine(const v1::Record& record, std::size_t width_max);
/// A value's content as text; bytes as base64.
std::string ContentText(const v1::Value& value);

}  // namespace idnode::cli
