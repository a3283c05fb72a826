#include "node/cli/record_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "node/base/text.h"
#include "node/cli/items.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {

std::string ContentText(const v1::Value& value) {
  return value.content_case() == v1::Value::kDataBase64 ? Base64(value.data_base64())
                                                        : value.data();
}

std::string ValuesLine(const v1::Record& record, std::size_t width_max) {
  std::string line;
  for (const v1::Value& value : record.values()) {
    line += (line.empty() ? "" : "; ") + value.type() + "=" + ContentText(value);
    if (line.size() > 4 * width_max) break;
  }
  line = Printable(line);
  if (DisplayWidth(line) <= width_max) return line;
  while (DisplayWidth(line) + 1 > width_max) {
    line.pop_back();
    while (!line.empty() && !IsUtf8(line)) line.pop_back();
  }
  return line + "…";
}

std::string RecordText(const v1::Record& record, Language language) {
  std::vector<std::pair<Text, std::string>> lines{
      {messages::kIdentifier, record.identifier()},
      {messages::kState, StateText(record.state(), language)},
      {messages::kClass, record.object_class()},
      {messages::kTemplate, record.template_()},
      {messages::kApplication, record.application()},
      {messages::kFirstRegisteredAt, FormatTimestamp(record.first_registered_at())},
      {messages::kRegisteredAt, FormatTimestamp(record.registered_at())},
      {messages::kUpdatedAt, FormatTimestamp(record.updated_at())},
      {messages::kRevision, std::to_string(record.revision())},
  };
  if (record.has_attributes())
    lines.push_back({messages::kAttributes, ToJson(record.attributes())});
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, DisplayWidth(name.In(language)));
  std::string text;
  for (const auto& [name, value] : lines) {
    if (value.empty()) continue;
    const std::string_view label = name.In(language);
    text += std::string(label) + std::string(width - DisplayWidth(label) + 2, ' ') +
            Printable(value) + "\n";
  }
  for (const v1::Value& value : record.values()) {
    text += "  " + std::to_string(value.index()) + "  " + Printable(value.type()) + "  " +
            Printable(ContentText(value)) + "\n";
  }
  return text;
}

}  // namespace idnode::cli
