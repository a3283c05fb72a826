#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/check.h"
#include "node/model/record.h"

using namespace idnode;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = DecodeRecord(bytes);
  if (!record.ok()) return 0;
  auto reader = record->values();
  std::vector<ValueView> values;
  ValueView value;
  bool references = false;
  while (reader.Next(value)) {
    references = references || !value.references.empty();
    (void)record->ValueTimeMs(value.index);
    (void)IsTextData(value.data);
    values.push_back(value);
  }
  (void)CacheSeconds(*record);
  // References are views into the reader, so only records without any are written again.
  if (reader.damaged() || references) return 0;
  ContentInput input{record->object_class, record->template_ref, record->attributes_json, values};
  std::string content;
  if (EncodeContent(input, RecordLimits{}, content).ok()) {
    std::string again;
    RecordHeader header;
    EncodeRecordHeader(header, again);
    again += content;
    const auto decoded = DecodeRecord(again);
    IDNODE_CHECK(decoded.ok());
    IDNODE_CHECK(decoded->value_count == values.size());
  }
  return 0;
}
