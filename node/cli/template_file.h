#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/struct.pb.h>

#include "idnode/v1/template.pb.h"
#include "node/base/result.h"
#include "node/cli/environment.h"
#include "node/model/data_template.h"

/// Data templates as files and as people read them.
namespace idnode::cli {

struct TemplateFile {
  google::protobuf::Struct schema;  ///< as it is sent
  DataTemplate content;             ///< what it says; items may be without an index yet
};

/// The form of "json-schema", "snms" or "idhub".
v1::TemplateForm TemplateFormOf(std::string_view word);

/// Reads a template (of standard input for "-") and checks it as the node will.
/// Errors: kInvalidRequest with the field within the file.
Result<TemplateFile> ReadTemplateFile(Environment& environment, const std::string& path,
                                      v1::TemplateForm form);

/// What a schema of the node says. Errors: kInvalidRequest.
Result<DataTemplate> TemplateOf(const google::protobuf::Struct& schema, v1::TemplateForm form);

/// The template as the node would store it: its items numbered as those of `before` (nullptr: it is
/// the first version). Errors: kInvalidRequest; it may not follow `before`.
Result<DataTemplate> CheckTemplate(DataTemplate content, const DataTemplate* before);

/// A table of the items: name, type, rules, visibility.
std::string TemplateItemsText(const DataTemplate& content, Language language);

}  // namespace idnode::cli
