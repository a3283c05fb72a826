// Bytes of a data template at rest (storage/FORMAT.md, "Template row").
#include <bit>
#include <utility>

#include "node/base/varint.h"
#include "node/model/data_template.h"

namespace idnode {
namespace {

constexpr char kFormat = 1;

// Flags of a template.
constexpr unsigned kActiveCarrier = 0x01;
constexpr unsigned kExtraAttributes = 0x02;
constexpr unsigned kTemplateFlags = 0x03;

// Flags of an item: what it is, and what follows.
constexpr std::uint64_t kRequired = 0x001;
constexpr std::uint64_t kUnique = 0x002;
constexpr std::uint64_t kDisabled = 0x004;
constexpr std::uint64_t kMinimum = 0x008;
constexpr std::uint64_t kMaximum = 0x010;
constexpr std::uint64_t kLengthMin = 0x020;
constexpr std::uint64_t kLengthMax = 0x040;
constexpr std::uint64_t kItemFlags = 0x07f;

constexpr std::size_t kDoubleBytes = 8;

void AppendDouble(double number, std::string& out) {
  AppendFixed(std::bit_cast<std::uint64_t>(number), kDoubleBytes, out);
}

bool TakeDouble(std::string_view& bytes, std::optional<double>& number) {
  std::uint64_t bits = 0;
  if (!TakeFixed(bytes, kDoubleBytes, bits)) return false;
  number = std::bit_cast<double>(bits);
  return true;
}

bool TakeText(std::string_view& bytes, std::string& text) {
  std::string_view view;
  if (!TakeSized(bytes, view)) return false;
  text.assign(view);
  return true;
}

bool TakeU32(std::string_view& bytes, std::uint32_t& number) {
  std::uint64_t wide = 0;
  if (!TakeVarint(bytes, wide) || wide > UINT32_MAX) return false;
  number = static_cast<std::uint32_t>(wide);
  return true;
}

bool TakeLength(std::string_view& bytes, std::optional<std::uint32_t>& length) {
  return TakeU32(bytes, length.emplace());
}

// A number that names something: within [first, last].
template <typename Enum>
bool TakeEnum(std::string_view& bytes, Enum first, Enum last, Enum& value) {
  if (bytes.empty()) return false;
  const auto number = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  if (number < static_cast<unsigned>(first) || number > static_cast<unsigned>(last)) return false;
  value = static_cast<Enum>(number);
  return true;
}

void AppendItem(const TemplateItem& item, std::string& out) {
  std::uint64_t flags = 0;
  if (item.required) flags |= kRequired;
  if (item.unique) flags |= kUnique;
  if (item.disabled) flags |= kDisabled;
  if (item.minimum.has_value()) flags |= kMinimum;
  if (item.maximum.has_value()) flags |= kMaximum;
  if (item.length_min.has_value()) flags |= kLengthMin;
  if (item.length_max.has_value()) flags |= kLengthMax;
  AppendVarint(flags, out);
  AppendVarint(item.index, out);
  out += static_cast<char>(item.type);
  out += static_cast<char>(item.file_kind);
  out += static_cast<char>(item.visibility);
  AppendSized(item.name, out);
  AppendSized(item.title, out);
  AppendSized(item.title_en, out);
  AppendSized(item.description, out);
  AppendSized(item.pattern, out);
  AppendSized(item.unit, out);
  AppendSized(item.reference_template, out);
  if (item.minimum.has_value()) AppendDouble(*item.minimum, out);
  if (item.maximum.has_value()) AppendDouble(*item.maximum, out);
  if (item.length_min.has_value()) AppendVarint(*item.length_min, out);
  if (item.length_max.has_value()) AppendVarint(*item.length_max, out);
  AppendVarint(item.values.size(), out);
  for (const auto& value : item.values) AppendSized(value, out);
}

bool TakeItem(std::string_view& bytes, TemplateItem& item) {
  std::uint64_t flags = 0;
  if (!TakeVarint(bytes, flags) || (flags & ~kItemFlags) != 0 || !TakeU32(bytes, item.index) ||
      !TakeEnum(bytes, ItemType::kString, ItemType::kDateTime, item.type) ||
      !TakeEnum(bytes, FileKind::kAny, FileKind::kImage, item.file_kind) ||
      !TakeEnum(bytes, ItemVisibilityDefault::kPublic, ItemVisibilityDefault::kPrivate,
                item.visibility)) {
    return false;
  }
  item.required = (flags & kRequired) != 0;
  item.unique = (flags & kUnique) != 0;
  item.disabled = (flags & kDisabled) != 0;
  if (!TakeText(bytes, item.name) || !TakeText(bytes, item.title) ||
      !TakeText(bytes, item.title_en) || !TakeText(bytes, item.description) ||
      !TakeText(bytes, item.pattern) || !TakeText(bytes, item.unit) ||
      !TakeText(bytes, item.reference_template)) {
    return false;
  }
  if ((flags & kMinimum) != 0 && !TakeDouble(bytes, item.minimum)) return false;
  if ((flags & kMaximum) != 0 && !TakeDouble(bytes, item.maximum)) return false;
  if ((flags & kLengthMin) != 0 && !TakeLength(bytes, item.length_min)) return false;
  if ((flags & kLengthMax) != 0 && !TakeLength(bytes, item.length_max)) return false;
  std::uint64_t count = 0;
  if (!TakeVarint(bytes, count) || count > kTemplateEnumMax) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!TakeText(bytes, item.values.emplace_back())) return false;
  }
  return true;
}

}  // namespace

std::string EncodeDataTemplate(const DataTemplate& content) {
  std::string out(1, kFormat);
  out += static_cast<char>((content.active_carrier ? kActiveCarrier : 0U) |
                           (content.extra_attributes ? kExtraAttributes : 0U));
  AppendSized(content.title, out);
  AppendSized(content.description, out);
  AppendSized(content.industry, out);
  AppendVarint(content.items.size(), out);
  for (const auto& item : content.items) AppendItem(item, out);
  return out;
}

Result<DataTemplate> DecodeDataTemplate(std::string_view bytes) {
  const Error damaged(Errc::kCorruption, "a stored data template is damaged");
  if (bytes.size() < 2 || bytes.size() > kTemplateSchemaBytesMax || bytes.front() != kFormat) {
    return damaged;
  }
  const auto flags = static_cast<unsigned char>(bytes[1]);
  if ((flags & ~kTemplateFlags) != 0) return damaged;
  bytes.remove_prefix(2);
  DataTemplate content;
  content.active_carrier = (flags & kActiveCarrier) != 0;
  content.extra_attributes = (flags & kExtraAttributes) != 0;
  std::uint64_t count = 0;
  if (!TakeText(bytes, content.title) || !TakeText(bytes, content.description) ||
      !TakeText(bytes, content.industry) || !TakeVarint(bytes, count) ||
      count > kTemplateItemsMax) {
    return damaged;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!TakeItem(bytes, content.items.emplace_back())) return damaged;
  }
  if (!bytes.empty()) return damaged;
  return content;
}

}  // namespace idnode
