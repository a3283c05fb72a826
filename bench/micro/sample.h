#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/check.h"
#include "node/model/record.h"

namespace idnode::bench {

// The 100-byte registration that the load generator sends too.
inline constexpr std::string_view kIdentifier = "88.108.1001/SN00000000000042";
inline constexpr std::string_view kPrefix = "88.108.1001";
inline constexpr std::string_view kObjectClass = "product";
inline constexpr std::string_view kType = "URL";
inline constexpr std::string_view kData =
    "https://maker.example/t/SN00000000000042?k=hgfedcbahgfedcbahgf";
inline constexpr std::int64_t kCommitMs = 1'795'312'800'123;

/// Its content, as a front end hands it over. The views live as long as the program.
inline ContentInput SampleContent() {
  static const ValueView value = [] {
    ValueView made;
    made.type = kType;
    made.data = kData;
    return made;
  }();
  ContentInput content;
  content.object_class = kObjectClass;
  content.values = {&value, 1};
  return content;
}

/// Its record at rest.
inline std::string SampleRecord() {
  RecordHeader header;
  header.updated_ms = header.registered_ms = header.first_registered_ms = kCommitMs;
  std::string bytes;
  EncodeRecordHeader(header, bytes);
  IDNODE_CHECK(EncodeContent(SampleContent(), RecordLimits{}, bytes).ok());
  return bytes;
}

}  // namespace idnode::bench
