// Stored templates, and attributes checked against one.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "node/base/check.h"
#include "node/model/data_template.h"
#include "node/service/template_row.h"

using namespace idnode;

namespace {

// A template with an item of every type.
std::shared_ptr<const TemplateChecker> EveryType() {
  DataTemplate content;
  for (int type = 1; type <= static_cast<int>(ItemType::kDateTime); ++type) {
    TemplateItem item;
    item.name = std::string(1, static_cast<char>('a' + type - 1));
    item.type = static_cast<ItemType>(type);
    if (item.type == ItemType::kEnum) item.values = {"x", "y"};
    if (item.type == ItemType::kString) {
      item.pattern = "^[A-Z]*$";
      item.length_max = 100;
    }
    item.unique = true;
    content.items.push_back(std::move(item));
  }
  NumberItems(content, nullptr);
  auto made = TemplateChecker::Make(content);
  IDNODE_CHECK(made.ok());
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const auto kChecker = EveryType();
  static const auto kScratch = TemplateChecker::NewScratch();
  std::vector<UniqueClaim> claims;
  (void)kChecker->Check(bytes, {}, *kScratch, &claims);
  (void)kChecker->Present(bytes, {}, *kScratch);

  if (const auto content = DecodeDataTemplate(bytes); content.ok()) {
    const auto again = DecodeDataTemplate(EncodeDataTemplate(*content));
    IDNODE_CHECK(again.ok());
    IDNODE_CHECK(EncodeDataTemplate(*again) == EncodeDataTemplate(*content));
    if (CheckDataTemplate(*content).ok()) {
      const auto checker = TemplateChecker::Make(*content);
      IDNODE_CHECK(checker.ok());
      (void)(*checker)->Check(R"({"a":"b","n":1})", {}, *kScratch, nullptr);
    }
  }
  if (const auto row = service::DecodeTemplateRow(bytes); row.ok()) {
    IDNODE_CHECK(service::DecodeTemplateRow(service::EncodeTemplateRow(*row)).ok());
    IDNODE_CHECK(service::TemplateStatusOf(bytes).ok());
  }
  (void)service::DecodeTemplateKey(bytes);
  return 0;
}
