#include "node/cli/template_file.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <istream>
#include <utility>

#include <google/protobuf/util/json_util.h>

#include "node/cli/access_text.h"
#include "node/cli/client.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/model/template_forms.h"

namespace idnode::cli {
namespace {

/// Standard input up to one byte more than a template may have.
std::string ReadBounded(std::istream& in) {
  std::string text(kTemplateSchemaBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string TypeText(const TemplateItem& item) {
  switch (item.type) {
    case ItemType::kString:
      return "string";
    case ItemType::kNumber:
      return "number";
    case ItemType::kInteger:
      return "integer";
    case ItemType::kDate:
      return "date";
    case ItemType::kDateTime:
      return "date-time";
    case ItemType::kBoolean:
      return "boolean";
    case ItemType::kEnum:
      return "enum";
    case ItemType::kReference:
      return item.reference_template.empty() ? "reference" : "reference " + item.reference_template;
    case ItemType::kFile:
      return "file";
  }
  return {};
}

std::string NumberText(double number) {
  if (number == std::floor(number) && std::abs(number) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(number));
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

/// "required, unique, length 1..10, one of red|blue".
std::string RulesText(const TemplateItem& item, Language language) {
  std::string text;
  const auto add = [&text](const std::string& rule) { text += (text.empty() ? "" : ", ") + rule; };
  if (item.disabled) add(std::string(messages::kDisabled.In(language)));
  if (item.required) add(std::string(messages::kRequired.In(language)));
  if (item.unique) add(std::string(messages::kUnique.In(language)));
  if (item.minimum || item.maximum) {
    add((item.minimum ? NumberText(*item.minimum) : "") + ".." +
        (item.maximum ? NumberText(*item.maximum) : "") +
        (item.unit.empty() ? "" : " " + item.unit));
  } else if (!item.unit.empty()) {
    add(item.unit);
  }
  if (item.length_min || item.length_max) {
    add(Say(language, Text{"length $0..$1", "长度 $0..$1"},
            item.length_min ? std::to_string(*item.length_min) : "",
            item.length_max ? std::to_string(*item.length_max) : ""));
  }
  if (!item.pattern.empty()) add("/" + item.pattern + "/");
  std::string values;
  for (const std::string& value : item.values) values += (values.empty() ? "" : "|") + value;
  if (!values.empty()) add(values);
  return text;
}

/// As it is written: items may be without an index yet.
Result<DataTemplate> Parse(const google::protobuf::Struct& schema, v1::TemplateForm form) {
  const std::string json = ToJson(schema);
  switch (form) {
    case v1::SNMS:
      return FromSnmsTemplate(json);
    case v1::IDHUB:
      return FromIdhubMetadata(json);
    default:
      return FromJsonSchema(json);
  }
}

}  // namespace

v1::TemplateForm TemplateFormOf(std::string_view word) {
  return word == "snms" ? v1::SNMS : word == "idhub" ? v1::IDHUB : v1::JSON_SCHEMA;
}

Result<DataTemplate> TemplateOf(const google::protobuf::Struct& schema, v1::TemplateForm form) {
  auto content = Parse(schema, form);
  if (content.ok()) NumberItems(*content, nullptr);
  return content;
}

Result<DataTemplate> CheckTemplate(DataTemplate content, const DataTemplate* before) {
  NumberItems(content, before);
  IDNODE_RETURN_IF_ERROR(CheckDataTemplate(content));
  if (before != nullptr) IDNODE_RETURN_IF_ERROR(CheckSuccession(*before, content));
  return content;
}

Result<TemplateFile> ReadTemplateFile(Environment& environment, const std::string& path,
                                      v1::TemplateForm form) {
  std::string text;
  if (path == "-") {
    text = ReadBounded(environment.in);
  } else {
    auto read = ReadFile(path, kTemplateSchemaBytesMax);
    if (!read.ok()) return read.error();
    text = *std::move(read);
  }
  if (text.size() > kTemplateSchemaBytesMax) {
    return Error(Errc::kInvalidRequest,
                 "a template has at most " + std::to_string(kTemplateSchemaBytesMax) + " bytes");
  }
  TemplateFile file;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &file.schema);
  if (!status.ok()) {
    return Error(Errc::kInvalidRequest, path + " is no JSON object: " + status.ToString());
  }
  auto content = Parse(file.schema, form);
  if (!content.ok()) return content.error();
  file.content = *std::move(content);
  const auto checked = CheckTemplate(file.content, nullptr);
  if (!checked.ok()) return checked.error();
  return file;
}

std::string TemplateItemsText(const DataTemplate& content, Language language) {
  const auto head = [language](const Text& words) { return std::string(words.In(language)); };
  Table table({head(messages::kIndex), head(messages::kItem), head(messages::kTitle),
               head(messages::kType), head(messages::kVisibility), head(messages::kRules)});
  for (const TemplateItem& item : content.items) {
    const bool english = language == Language::kEnglish && !item.title_en.empty();
    table.Add({std::to_string(item.index), Printable(item.name),
               Printable(english ? item.title_en : item.title), Printable(TypeText(item)),
               VisibilityText(static_cast<v1::Visibility>(item.visibility), language),
               Printable(RulesText(item, language))});
  }
  return table.Text();
}

}  // namespace idnode::cli
