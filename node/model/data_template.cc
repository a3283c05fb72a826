#include "node/model/data_template.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "node/base/text.h"
#include "node/model/codes.h"
#include "node/model/template_fault.h"
#include "node/model/template_forms.h"
#include "node/model/template_pattern.h"

namespace idnode {
namespace {

using Fault = std::optional<TemplateFault>;

// Name and version within a schema, escaped, at most.
constexpr std::size_t kReferenceRoom = 1'024;

bool IsLine(std::string_view text) {
  return IsUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

// Text of several lines is fine for people.
bool IsProse(std::string_view text) { return IsTextData(text); }

std::string AtMost(std::size_t size, std::size_t size_max, std::string_view what) {
  return std::to_string(size) + " " + std::string(what) + "; at most " + std::to_string(size_max);
}

bool HasLengths(ItemType type) {
  return type == ItemType::kString || type == ItemType::kReference || type == ItemType::kFile;
}

bool IsNumeric(ItemType type) { return type == ItemType::kNumber || type == ItemType::kInteger; }

Fault TextFault(std::size_t item, std::string_view keyword, std::string_view text,
                std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return TemplateFault{item, keyword, AtMost(text.size(), bytes_max, "bytes")};
  }
  if (!IsProse(text)) return TemplateFault{item, keyword, "not text in UTF-8"};
  return {};
}

Fault NameFault(std::size_t at, const TemplateItem& item) {
  if (item.name.empty()) return TemplateFault{at, "", "an item needs a name"};
  if (item.name.size() > kTemplateItemNameBytesMax) {
    return TemplateFault{
        at, "", "the name has " + AtMost(item.name.size(), kTemplateItemNameBytesMax, "bytes")};
  }
  if (!IsLine(item.name)) return TemplateFault{at, "", "the name is not a line of UTF-8"};
  return {};
}

// Adds the pattern's instructions to `program`.
Fault PatternFault(std::size_t at, const TemplateItem& item, int& program) {
  if (item.pattern.empty()) return {};
  if (!HasLengths(item.type)) return TemplateFault{at, "pattern", "a pattern is for texts"};
  if (item.pattern.size() > kTemplatePatternBytesMax) {
    return TemplateFault{at, "pattern",
                         AtMost(item.pattern.size(), kTemplatePatternBytesMax, "bytes")};
  }
  const auto compiled = CompiledPattern(item.pattern);
  if (!compiled->ok()) return TemplateFault{at, "pattern", compiled->error()};
  const int size = compiled->ProgramSize();
  if (size > kTemplatePatternProgramMax) {
    return TemplateFault{at, "pattern",
                         "too costly to match: " + AtMost(static_cast<std::size_t>(size),
                                                          kTemplatePatternProgramMax, "steps")};
  }
  program += size;
  if (program > kTemplateProgramMax) {
    return TemplateFault{
        at, "pattern",
        "with those before it, " + AtMost(static_cast<std::size_t>(program), kTemplateProgramMax,
                                          "steps of patterns in a template")};
  }
  return {};
}

Fault BoundsFault(std::size_t at, const TemplateItem& item) {
  if ((item.minimum.has_value() || item.maximum.has_value()) && !IsNumeric(item.type)) {
    return TemplateFault{at, item.minimum.has_value() ? "minimum" : "maximum",
                         "bounds are for numbers"};
  }
  if (item.minimum.has_value() && !std::isfinite(*item.minimum)) {
    return TemplateFault{at, "minimum", "not a finite number"};
  }
  if (item.maximum.has_value() && !std::isfinite(*item.maximum)) {
    return TemplateFault{at, "maximum", "not a finite number"};
  }
  if (item.minimum.has_value() && item.maximum.has_value() && *item.minimum > *item.maximum) {
    return TemplateFault{at, "maximum", "below the minimum"};
  }
  if ((item.length_min.has_value() || item.length_max.has_value()) && !HasLengths(item.type)) {
    return TemplateFault{at, item.length_min.has_value() ? "minLength" : "maxLength",
                         "lengths are for texts"};
  }
  if (item.length_min.has_value() && item.length_max.has_value() &&
      *item.length_min > *item.length_max) {
    return TemplateFault{at, "maxLength", "below minLength"};
  }
  return {};
}

Fault ValuesFault(std::size_t at, const TemplateItem& item) {
  if (item.type != ItemType::kEnum) {
    if (!item.values.empty()) return TemplateFault{at, "enum", "only an enum lists values"};
    return {};
  }
  if (item.values.empty()) return TemplateFault{at, "enum", "give at least one value"};
  if (item.values.size() > kTemplateEnumMax) {
    return TemplateFault{at, "enum", AtMost(item.values.size(), kTemplateEnumMax, "values")};
  }
  std::set<std::string_view> seen;
  for (const auto& value : item.values) {
    if (value.size() > kTemplateEnumValueBytesMax) {
      return TemplateFault{
          at, "enum", "a value has " + AtMost(value.size(), kTemplateEnumValueBytesMax, "bytes")};
    }
    if (!IsUtf8(value)) return TemplateFault{at, "enum", "a value is not UTF-8"};
    if (!seen.insert(value).second) {
      return TemplateFault{at, "enum", "\"" + value + "\" is there twice"};
    }
  }
  return {};
}

Fault ItemFault(std::size_t at, const TemplateItem& item, int& program) {
  if (auto fault = NameFault(at, item)) return fault;
  if (item.index < kTemplateIndexMin || item.index > kTemplateIndexMax) {
    return TemplateFault{at, "x-idnode-index",
                         "the index is " + std::to_string(item.index) + "; items have " +
                             std::to_string(kTemplateIndexMin) + " to " +
                             std::to_string(kTemplateIndexMax)};
  }
  if (auto fault = TextFault(at, "title", item.title, kTemplateTitleBytesMax)) return fault;
  if (auto fault = TextFault(at, "x-idnode-title-en", item.title_en, kTemplateTitleBytesMax)) {
    return fault;
  }
  if (auto fault = TextFault(at, "description", item.description, kTemplateDescriptionBytesMax)) {
    return fault;
  }
  if (auto fault = TextFault(at, "x-idnode-unit", item.unit, kTemplateUnitBytesMax)) return fault;
  if (auto fault = BoundsFault(at, item)) return fault;
  if (auto fault = PatternFault(at, item, program)) return fault;
  if (auto fault = ValuesFault(at, item)) return fault;
  if (!item.reference_template.empty()) {
    if (item.type != ItemType::kReference) {
      return TemplateFault{at, "x-idnode-reference", "only a reference names a template"};
    }
    if (item.reference_template.size() > kTemplateReferenceBytesMax ||
        !IsLine(item.reference_template)) {
      return TemplateFault{at, "x-idnode-reference",
                           "not a line of at most " + std::to_string(kTemplateReferenceBytesMax) +
                               " bytes of UTF-8"};
    }
  }
  if (item.file_kind != FileKind::kAny && item.type != ItemType::kFile) {
    return TemplateFault{at, "x-idnode-file", "only a link to a file has a kind of file"};
  }
  if (item.required && item.disabled) {
    return TemplateFault{at, "x-idnode-disabled", "a disabled item cannot be required"};
  }
  return {};
}

bool SameOrEased(const std::optional<double>& before, const std::optional<double>& next, bool low) {
  if (!next.has_value()) return true;
  if (!before.has_value()) return false;
  return low ? *next <= *before : *next >= *before;
}

std::optional<double> AsNumber(const std::optional<std::uint32_t>& length) {
  if (!length.has_value()) return {};
  return static_cast<double>(*length);
}

// Why an item may not follow the one before.
Fault FollowFault(std::size_t at, const TemplateItem& before, const TemplateItem& next) {
  const auto fault = [at](std::string_view keyword, std::string detail) {
    return TemplateFault{at, keyword, std::move(detail)};
  };
  if (next.type != before.type) return fault("type", "an item keeps its type");
  if (next.index != before.index) {
    return fault("x-idnode-index",
                 "an item keeps its index " + std::to_string(before.index) + "; add another item");
  }
  if (next.required && !before.required && !before.disabled) {
    return fault("required", "an item does not become required; add another one");
  }
  if (next.unique && !before.unique) {
    return fault("x-idnode-unique", "an item does not become unique; add another one");
  }
  if (next.unit != before.unit) return fault("x-idnode-unit", "an item keeps its unit");
  if (!next.pattern.empty() && next.pattern != before.pattern) {
    return fault("pattern", "a pattern may go, not change");
  }
  if (!SameOrEased(before.minimum, next.minimum, true)) return fault("minimum", "it may only fall");
  if (!SameOrEased(before.maximum, next.maximum, false)) {
    return fault("maximum", "it may only rise");
  }
  if (!SameOrEased(AsNumber(before.length_min), AsNumber(next.length_min), true)) {
    return fault("minLength", "it may only fall");
  }
  if (!SameOrEased(AsNumber(before.length_max), AsNumber(next.length_max), false)) {
    return fault("maxLength", "it may only rise");
  }
  if (!next.reference_template.empty() && next.reference_template != before.reference_template) {
    return fault("x-idnode-reference", "what it refers to may be opened, not changed");
  }
  const std::set<std::string_view> present(next.values.begin(), next.values.end());
  for (const auto& value : before.values) {
    if (!present.contains(value)) return fault("enum", "\"" + value + "\" may not go");
  }
  return {};
}

}  // namespace

void NumberItems(DataTemplate& content, const DataTemplate* before) {
  std::uint32_t last = kTemplateIndexMin - 1;
  for (const auto& item : content.items) last = std::max(last, item.index);
  if (before != nullptr) {
    for (const auto& item : before->items) last = std::max(last, item.index);
  }
  for (auto& item : content.items) {
    if (item.index != 0 || before == nullptr) continue;
    const auto same = std::find_if(before->items.begin(), before->items.end(),
                                   [&](const auto& each) { return each.name == item.name; });
    if (same != before->items.end()) item.index = same->index;
  }
  for (auto& item : content.items) {
    // Past the bound they stay, to be refused.
    if (item.index == 0) item.index = last >= kTemplateIndexMax ? last : ++last;
  }
  std::stable_sort(content.items.begin(), content.items.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
}

Result<void> CheckTemplateName(std::string_view name) {
  if (name.empty() || name.size() > kTemplateNameBytesMax || !IsLine(name) ||
      name.find_first_of("@/") != std::string_view::npos) {
    return Error(Errc::kInvalidRequest,
                 "a template's name is 1 to " + std::to_string(kTemplateNameBytesMax) +
                     " bytes of UTF-8 without \"@\", \"/\" and control characters",
                 "name");
  }
  return {};
}

std::optional<TemplateFault> FaultOf(const DataTemplate& content) {
  constexpr std::size_t kWhole = TemplateFault::kWhole;
  if (auto fault = TextFault(kWhole, "title", content.title, kTemplateTitleBytesMax)) return fault;
  if (auto fault =
          TextFault(kWhole, "description", content.description, kTemplateDescriptionBytesMax)) {
    return fault;
  }
  if (!content.industry.empty()) {
    if (auto industry = CheckIndustry(content.industry); !industry.ok()) {
      return TemplateFault{kWhole, "x-idnode-industry", industry.error().detail};
    }
  }
  if (content.items.size() > kTemplateItemsMax) {
    return TemplateFault{kWhole, "properties",
                         AtMost(content.items.size(), kTemplateItemsMax, "items")};
  }
  std::set<std::string> names;
  int program = 0;
  std::size_t unique = 0;
  for (std::size_t i = 0; i < content.items.size(); ++i) {
    const auto& item = content.items[i];
    if (auto fault = ItemFault(i, item, program)) return fault;
    if (item.unique && ++unique > kTemplateUniqueItemsMax) {
      return TemplateFault{i, "x-idnode-unique",
                           AtMost(unique, kTemplateUniqueItemsMax, "unique items")};
    }
    std::string folded;
    AppendAsciiFolded(folded, item.name);
    if (!names.insert(std::move(folded)).second) {
      return TemplateFault{i, "", "another item has this name (case does not tell them apart)"};
    }
    if (i > 0 && item.index <= content.items[i - 1].index) {
      return TemplateFault{i, "x-idnode-index",
                           item.index == content.items[i - 1].index
                               ? "index " + std::to_string(item.index) + " is used twice"
                               : "items come in the order of their indexes"};
    }
  }
  // So that what was accepted in one form can be read back in the longest.
  if (ToJsonSchema(content, {}, 0).size() + kReferenceRoom > kTemplateSchemaBytesMax) {
    return TemplateFault{kWhole, "",
                         "a template has at most " + std::to_string(kTemplateSchemaBytesMax) +
                             " bytes as JSON Schema"};
  }
  return {};
}

Error SchemaError(const DataTemplate& content, const TemplateFault& fault) {
  std::string field;
  std::string detail = fault.detail;
  if (fault.item != TemplateFault::kWhole) {
    const std::string& name = content.items[fault.item].name;
    field = "properties." + name;
    detail = name + ": " + detail;
  }
  if (!fault.keyword.empty()) {
    if (!field.empty()) field += '.';
    field += fault.keyword;
  }
  return {Errc::kInvalidRequest, std::move(detail), std::move(field)};
}

Result<void> CheckDataTemplate(const DataTemplate& content) {
  if (const auto fault = FaultOf(content)) return SchemaError(content, *fault);
  return {};
}

Result<void> CheckSuccession(const DataTemplate& before, const DataTemplate& next) {
  for (const auto& old : before.items) {
    const auto same = std::find_if(next.items.begin(), next.items.end(),
                                   [&](const auto& each) { return each.name == old.name; });
    if (same == next.items.end()) {
      return Error(Errc::kInvalidRequest,
                   old.name + ": an item does not go; disable it (x-idnode-disabled)",
                   "properties." + old.name);
    }
    const auto at = static_cast<std::size_t>(same - next.items.begin());
    if (const auto fault = FollowFault(at, old, *same)) return SchemaError(next, *fault);
  }
  if (before.extra_attributes && !next.extra_attributes) {
    return Error(Errc::kInvalidRequest,
                 "a template that accepts further attributes goes on to accept them",
                 "additionalProperties");
  }
  return {};
}

std::string_view VisibilityWord(ItemVisibilityDefault visibility) {
  switch (visibility) {
    case ItemVisibilityDefault::kPublic:
      return "public";
    case ItemVisibilityDefault::kGranted:
      return "granted";
    case ItemVisibilityDefault::kPrivate:
      return "private";
  }
  return "private";
}

std::string_view FileKindWord(FileKind kind) {
  switch (kind) {
    case FileKind::kAny:
      return "any";
    case FileKind::kAudio:
      return "audio";
    case FileKind::kVideo:
      return "video";
    case FileKind::kImage:
      return "image";
  }
  return "any";
}

}  // namespace idnode
