// The forms that data templates are exchanged in: what is read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/model/data_template.h"
#include "node/model/template_forms.h"

using namespace idnode;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (auto content = FromJsonSchema(json); content.ok()) {
    NumberItems(*content, nullptr);
    IDNODE_CHECK(CheckDataTemplate(*content).ok());
    IDNODE_CHECK(CheckSuccession(*content, *content).ok());
    const auto again = FromJsonSchema(ToJsonSchema(*content, "fuzz", 1));
    IDNODE_CHECK(again.ok());
    IDNODE_CHECK(*again == *content);
    const auto stored = DecodeDataTemplate(EncodeDataTemplate(*content));
    IDNODE_CHECK(stored.ok());
    IDNODE_CHECK(*stored == *content);
  }
  if (const auto content = FromSnmsTemplate(json); content.ok()) {
    IDNODE_CHECK(CheckDataTemplate(*content).ok());
    IDNODE_CHECK(FromJsonSchema(ToJsonSchema(*content, "fuzz", 1)).ok());
    (void)FromSnmsTemplate(ToSnmsTemplate(*content, "88.108.1001", "1"));
  }
  if (auto content = FromIdhubMetadata(json); content.ok()) {
    NumberItems(*content, nullptr);
    IDNODE_CHECK(CheckDataTemplate(*content).ok());
    IDNODE_CHECK(FromJsonSchema(ToJsonSchema(*content, "fuzz", 1)).ok());
    (void)FromIdhubMetadata(ToIdhubMetadata(*content, "88.108.1001/fuzz"));
  }
  return 0;
}
