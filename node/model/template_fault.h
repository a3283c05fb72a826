#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "node/model/data_template.h"

namespace idnode {

/// What is wrong with a template, in words of JSON Schema: each form names the place its own way.
struct TemplateFault {
  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

  std::size_t item = kWhole;  ///< place in DataTemplate::items
  std::string_view keyword;   ///< "maxLength"; empty: the item (or template) itself
  std::string detail;
};

/// The first fault, or none. See CheckDataTemplate.
std::optional<TemplateFault> FaultOf(const DataTemplate& content);

/// kInvalidRequest, with the field as JSON Schema has it: "properties.colour.maxLength".
Error SchemaError(const DataTemplate& content, const TemplateFault& fault);

/// Words of keywords whose values are names.
std::string_view VisibilityWord(ItemVisibilityDefault visibility);
std::string_view FileKindWord(FileKind kind);

}  // namespace idnode
