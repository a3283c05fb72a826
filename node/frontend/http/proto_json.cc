#include "node/frontend/http/proto_json.h"

#include <google/protobuf/util/json_util.h>

#include "node/base/text.h"

namespace idnode::frontend::http {
namespace {

// Most of a parser's sentence that an answer repeats: it may quote the request.
constexpr std::size_t kDetailBytesMax = 200;

// The parser names proto fields; people who send JSON know the JSON names.
std::string CamelCase(std::string_view path) {
  std::string camel;
  bool upper = false;
  for (const char c : path) {
    if (c == '_') {
      upper = true;
      continue;
    }
    camel.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    upper = false;
  }
  return camel;
}

bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Protobuf says "(items[0]) foo: Cannot find field.", "(items[0].values[0].index): invalid value
// …", or a syntax error over several lines, of which the first says what is wrong.
Error ToError(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  std::string field;
  if (message.starts_with('(')) {
    const std::size_t close = message.find(')');
    if (close != std::string_view::npos) {
      field = CamelCase(message.substr(1, close - 1));
      message.remove_prefix(close + 1);
    }
  }
  while (message.starts_with(':') || message.starts_with(' ')) message.remove_prefix(1);
  if (TakeSuffix(message, ": Cannot find field.")) {
    if (!field.empty()) field.push_back('.');
    field.append(message.substr(0, kDetailBytesMax));
    return Error(Errc::kInvalidRequest, "there is no such field; see /openapi.json",
                 std::move(field));
  }
  return Error(Errc::kInvalidRequest,
               "the JSON cannot be used: " + std::string(message.substr(0, kDetailBytesMax)),
               std::move(field));
}

}  // namespace

Result<void> ParseJson(std::string_view json, google::protobuf::Message& message) {
  if (json.empty()) {
    return Error(Errc::kInvalidRequest, "the body is empty; send a JSON object");
  }
  if (!IsUtf8(json)) return Error(Errc::kInvalidRequest, "the body is not UTF-8");
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &message, options);
  if (status.ok()) return {};
  return ToError(std::string_view(status.message().data(), status.message().size()));
}

std::string ToJson(const google::protobuf::Message& message, JsonFields fields) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = false;
  options.always_print_primitive_fields = fields == JsonFields::kAll;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  IDNODE_CHECK(status.ok());  // fails for messages without a mapping only: we have none
  return json;
}

}  // namespace idnode::frontend::http
