// Lines of a JSON Lines file as `idnode import` maps them, whole and by key, and its state file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/cli/import_state.h"
#include "node/cli/row_mapper.h"

using namespace idnode;

namespace {

cli::Mapping MappingOf(bool whole, cli::Encoding encoding) {
  cli::Mapping mapping;
  mapping.format = cli::InputFormat::kJsonLines;
  mapping.encoding = encoding;
  if (whole) return mapping;
  mapping.prefix = "88.108.1001";
  mapping.suffix_column = "id";
  mapping.values = {{"name", "NAME"}};
  mapping.attributes = {{"colour", "colour"}};
  return mapping;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  for (const bool whole : {true, false}) {
    for (const auto encoding : {cli::Encoding::kUtf8, cli::Encoding::kGb18030}) {
      auto mapper = cli::RowMapper::Create(MappingOf(whole, encoding), {});
      IDNODE_CHECK(mapper.ok());
      cli::InputRecord record;
      record.raw = line;
      v1::RegisterItem item;
      if ((*mapper)->Map(record, item).ok()) IDNODE_CHECK(!item.identifier().empty());
    }
  }
  const auto state = cli::DecodeImportState(std::string(line));
  if (state.ok()) {
    const auto again = cli::DecodeImportState(cli::EncodeImportState(*state));
    IDNODE_CHECK(again.ok());
    IDNODE_CHECK(cli::EncodeImportState(*again) == cli::EncodeImportState(*state));
  }
  return 0;
}
