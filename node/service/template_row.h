#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/model/data_template.h"

namespace idnode::service {

/// A version of a data template at rest (storage/FORMAT.md, "Template row").
struct TemplateRow {
  /// Numbers of TemplateStatus, and one for a number that is not used again.
  enum class Status : std::uint8_t { kDraft = 1, kPublished = 2, kWithdrawn = 3, kGone = 4 };

  Status status = Status::kDraft;
  std::int64_t created_ms = 0;
  std::int64_t published_ms = 0;
  DataTemplate content;  ///< empty where it is gone
};

std::string EncodeTemplateRow(const TemplateRow& row);
/// Errors: kCorruption.
Result<TemplateRow> DecodeTemplateRow(std::string_view bytes);
/// The status alone. Errors: kCorruption.
Result<TemplateRow::Status> TemplateStatusOf(std::string_view bytes);

/// Whose row a key of the space names.
struct TemplateRowKey {
  std::string owner;
  std::string name;
  std::uint32_t version = 0;
  bool used = false;  ///< the row that says that records name it
};
/// Errors: kCorruption.
Result<TemplateRowKey> DecodeTemplateKey(std::string_view key);

}  // namespace idnode::service
