#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/base/text.h"
#include "node/frontend/http/snms/envelope.h"
#include "node/frontend/http/snms/file_store.h"
#include "node/frontend/http/snms/item.h"
#include "node/frontend/http/snms/multipart.h"

using namespace idnode;
using namespace idnode::frontend::http::snms;

namespace {

// An item that is read is written and read again as the same item.
void CheckItem(const json::value& given, const ItemRules& rules) {
  const auto item = ReadItem(given, rules);
  if (!item.ok()) {
    // What clients are shown is Chinese, whatever they sent.
    IDNODE_CHECK(MessageOf(item.error()) == item.error().detail);
    return;
  }
  std::string text;
  ObjectJson object(text);
  object.Text("handle", item->handle).Text("templateVersion", item->template_version);
  std::string& values = object.Json("value");
  values.push_back('[');
  for (std::size_t i = 0; i < item->values.size(); ++i) {
    const ItemValue& value = item->values[i];
    IDNODE_CHECK(value.index != 1001);
    if (i > 0) values.push_back(',');
    ObjectJson one(values);
    one.Number("index", value.index)
        .Text("type", value.type)
        .Text("auth", value.permissions == kDefaultPermissions ? "1" : "0");
    ObjectJson data(one.Json("data"));
    data.Text("format", "base64").Text("value", Base64(value.data));
    data.End();
    one.End();
  }
  values.push_back(']');
  object.End();
  const auto parsed = ParseJsonText(text, kBatchBodyBytesMax);
  IDNODE_CHECK(parsed.ok());
  const auto again = ReadItem(*parsed, {.template_required = false});
  IDNODE_CHECK(again.ok());
  IDNODE_CHECK(again->handle == item->handle && again->values.size() == item->values.size());
  for (std::size_t i = 0; i < item->values.size(); ++i) {
    IDNODE_CHECK(again->values[i].data == item->values[i].data);
    IDNODE_CHECK(again->values[i].permissions == item->values[i].permissions);
  }
}

void CheckForm(std::string_view text) {
  // The first line is the Content-Type, the rest the body.
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return;
  const auto boundary = FormBoundary(text.substr(0, end));
  if (!boundary.ok()) return;
  const std::string_view body = text.substr(end + 1);
  const auto file = FindFormFile(body, *boundary, "file");
  if (!file.ok()) return;
  IDNODE_CHECK(file->content.size() < body.size());
  IDNODE_CHECK(file->content.find("\r\n--" + std::string(*boundary)) == std::string_view::npos);
  (void)FileTypeOf(file->content);
}

}  // namespace

// Bodies of the SNMS face: items of identifiers and forms with files.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckForm(text);
  (void)ParseBeijingTime(text, "x").ok();
  const auto body = ParseJsonText(text, kBodyBytesMax);
  if (!body.ok()) return 0;
  (void)HandleOf(*body);
  if (body->is_array()) {
    for (const json::value& item : body->as_array()) {
      CheckItem(item, {.template_required = false});
    }
  } else {
    CheckItem(*body, {});
    CheckItem(*body, {.strict_value_length = true});
  }
  return 0;
}
