#include "node/service/template_row.h"

#include <utility>

#include "node/base/varint.h"

namespace idnode::service {
namespace {

constexpr char kFormat = 1;

Error Damaged() { return {Errc::kCorruption, "a stored data template is damaged"}; }

}  // namespace

std::string EncodeTemplateRow(const TemplateRow& row) {
  std::string bytes(1, kFormat);
  bytes += static_cast<char>(row.status);
  AppendVarint(static_cast<std::uint64_t>(row.created_ms), bytes);
  AppendVarint(static_cast<std::uint64_t>(row.published_ms), bytes);
  if (row.status != TemplateRow::Status::kGone) bytes += EncodeDataTemplate(row.content);
  return bytes;
}

Result<TemplateRow::Status> TemplateStatusOf(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != kFormat) return Damaged();
  const auto status = static_cast<unsigned char>(bytes[1]);
  if (status < static_cast<unsigned>(TemplateRow::Status::kDraft) ||
      status > static_cast<unsigned>(TemplateRow::Status::kGone)) {
    return Damaged();
  }
  return static_cast<TemplateRow::Status>(status);
}

Result<TemplateRow> DecodeTemplateRow(std::string_view bytes) {
  const auto status = TemplateStatusOf(bytes);
  if (!status.ok()) return status.error();
  bytes.remove_prefix(2);
  TemplateRow row;
  row.status = *status;
  std::uint64_t created = 0;
  std::uint64_t published = 0;
  if (!TakeVarint(bytes, created) || !TakeVarint(bytes, published)) return Damaged();
  row.created_ms = static_cast<std::int64_t>(created);
  row.published_ms = static_cast<std::int64_t>(published);
  if (row.status == TemplateRow::Status::kGone) {
    if (!bytes.empty()) return Damaged();
    return row;
  }
  auto content = DecodeDataTemplate(bytes);
  if (!content.ok()) return content.error();
  row.content = std::move(*content);
  return row;
}

Result<TemplateRowKey> DecodeTemplateKey(std::string_view key) {
  constexpr std::size_t kVersionBytes = 4;
  const std::size_t owner_end = key.find('\0');
  if (key.empty() || owner_end == std::string_view::npos) return Damaged();
  const std::size_t name_end = key.find('\0', owner_end + 1);
  if (name_end == std::string_view::npos) return Damaged();
  const std::string_view rest = key.substr(name_end + 1);
  if (rest.size() != kVersionBytes && (rest.size() != kVersionBytes + 1 || rest.back() != 'u')) {
    return Damaged();
  }
  TemplateRowKey decoded;
  decoded.owner = key.substr(1, owner_end - 1);
  decoded.name = key.substr(owner_end + 1, name_end - owner_end - 1);
  decoded.version = static_cast<std::uint32_t>(ReadBigEndian(rest.substr(0, kVersionBytes)));
  decoded.used = rest.size() > kVersionBytes;
  return decoded;
}

}  // namespace idnode::service
