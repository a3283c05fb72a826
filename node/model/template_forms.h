#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/model/data_template.h"

namespace idnode {

/// The forms a data template is exchanged in (node/model/README.md, "Data templates"). All readers
/// bound their input by kTemplateSchemaBytesMax and answer kInvalidRequest with the field within
/// the text ("properties.colour.maxLength").

/// JSON Schema 2020-12 with `x-idnode-…` keywords. Reading what was written gives the same
/// template.
std::string ToJsonSchema(const DataTemplate& content, std::string_view name, std::uint32_t version);
Result<DataTemplate> FromJsonSchema(std::string_view json);

/// The template object of the SNMS API: items[] {name, idType, idIndex, required, state, metadata}.
/// What it cannot say (bounds of numbers, units, …) is left out when writing.
std::string ToSnmsTemplate(const DataTemplate& content, std::string_view prefix,
                           std::string_view version);
Result<DataTemplate> FromSnmsTemplate(std::string_view json);

/// IDHub's metadata object (元数据): items{itemCode, englishName, chineseName, required,
/// uniqueField, inputNecessary, dataType 1 to 8, referenceMetaHandle}.
std::string ToIdhubMetadata(const DataTemplate& content, std::string_view handle);
Result<DataTemplate> FromIdhubMetadata(std::string_view json);

}  // namespace idnode
