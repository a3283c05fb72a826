// TemplateChecker: attributes and values against a template, in one pass over the attributes' text.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <deque>
#include <string>
#include <utility>

#include "node/base/text.h"
#include "node/model/data_template.h"
#include "node/model/identifier.h"
#include "node/model/json_number.h"
#include "node/model/json_scanner.h"
#include "node/model/template_pattern.h"

namespace idnode {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
// Digits that a double and an integer hold alike.
constexpr std::size_t kExactDigits = 15;
// What a compiled pattern takes in memory, about: each of its instructions, there and back, and the
// rest of it.
constexpr std::size_t kInstructionBytes = 32;
constexpr std::size_t kPatternBytes = 2'048;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

char Folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualFolded(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Folded(x) == Folded(y); });
}

bool StartsWithFolded(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && EqualFolded(text.substr(0, start.size()), start);
}

// Characters (code points) of well-formed UTF-8; kNone where it is not.
std::size_t CountCharacters(std::string_view text) {
  std::size_t continuing = 0;
  bool ascii = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ascii = ascii && byte < 0x80;
    continuing += (byte & 0xc0) == 0x80 ? 1 : 0;
  }
  if (!ascii && !IsUtf8(text)) return kNone;
  return text.size() - continuing;
}

int TwoDigits(std::string_view text, std::size_t at) {
  if (!IsDigit(text[at]) || !IsDigit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// RFC 3339 §5.6, full-date: a day that there is.
bool IsDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int century = TwoDigits(text, 0);
  const int year_of_century = TwoDigits(text, 2);
  const int month = TwoDigits(text, 5);
  const int day = TwoDigits(text, 8);
  if (century < 0 || year_of_century < 0 || month < 1 || month > 12 || day < 1) return false;
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int year = century * 100 + year_of_century;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// RFC 3339 §5.6, full-time.
bool IsTime(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
  const int hour = TwoDigits(text, 0);
  const int minute = TwoDigits(text, 3);
  const int second = TwoDigits(text, 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  std::size_t at = 8;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    if (at == first) return false;
  }
  const std::string_view zone = text.substr(at);
  if (zone == "Z" || zone == "z") return true;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
  const int zone_hour = TwoDigits(zone, 1);
  const int zone_minute = TwoDigits(zone, 4);
  return zone_hour >= 0 && zone_hour <= 23 && zone_minute >= 0 && zone_minute <= 59;
}

bool IsDateTime(std::string_view text) {
  return text.size() > 11 && (text[10] == 'T' || text[10] == 't') && IsDate(text.substr(0, 10)) &&
         IsTime(text.substr(11));
}

// RFC 3986 characters with an http or https scheme and a host.
bool IsLink(std::string_view text) {
  std::string_view rest;
  if (StartsWithFolded(text, "https://")) {
    rest = text.substr(8);
  } else if (StartsWithFolded(text, "http://")) {
    rest = text.substr(7);
  } else {
    return false;
  }
  if (rest.empty() || rest.front() == '/' || rest.front() == '?' || rest.front() == '#' ||
      rest.front() == ':') {
    return false;
  }
  return std::all_of(rest.begin(), rest.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
           c != '`' && c != '{' && c != '|' && c != '}';
  });
}

// JSON's grammar of numbers (RFC 8259 §6); false also where it is beyond a double.
bool ReadNumber(std::string_view text, double& number) {
  const std::string_view digits = !text.empty() && text[0] == '-' ? text.substr(1) : text;
  if (digits.empty() || !IsDigit(digits.front()) || !IsDigit(digits.back())) return false;
  if (digits.size() > 1 && digits[0] == '0' && IsDigit(digits[1])) return false;
  if (digits.size() <= kExactDigits && std::all_of(digits.begin(), digits.end(), IsDigit)) {
    std::int64_t whole = 0;
    for (const char c : digits) whole = whole * 10 + (c - '0');
    number = static_cast<double>(digits.size() == text.size() ? whole : -whole);
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return false;
  }
  // from_chars takes "1.e5" too.
  const std::size_t point = text.find('.');
  return point == std::string_view::npos || IsDigit(text[point + 1]);
}

// One text for equal numbers, however they are written: attributes come in canonical form already,
// values as they were sent.
std::string CanonicalNumber(double number) {
  std::string text;
  AppendJsonNumber(number, text);
  return text;
}

std::string NumberText(double number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), end.ptr};
}

std::string_view KindName(JsonToken::Kind kind) {
  switch (kind) {
    case JsonToken::Kind::kString:
      return "a text";
    case JsonToken::Kind::kNumber:
      return "a number";
    case JsonToken::Kind::kTrue:
    case JsonToken::Kind::kFalse:
      return "a boolean";
    case JsonToken::Kind::kNull:
      return "null";
    case JsonToken::Kind::kObject:
      return "an object";
    case JsonToken::Kind::kArray:
      return "a list";
  }
  return "something";
}

// What was found wrong, made into words only then.
std::string TooFew(std::size_t count, std::uint32_t bound) {
  return std::to_string(count) + " characters; at least " + std::to_string(bound) + " (minLength)";
}
std::string TooMany(std::size_t count, std::uint32_t bound) {
  return std::to_string(count) + " characters; at most " + std::to_string(bound) + " (maxLength)";
}

// An item with what checking needs at hand.
struct ReadyItem {
  std::string_view name;
  ItemType type = ItemType::kString;
  bool disabled = false;
  bool unique = false;
  std::uint32_t length_min = 0;
  std::uint32_t length_max = UINT32_MAX;
  const TemplateItem* item = nullptr;
  std::shared_ptr<const RE2> pattern;
  std::vector<std::string_view> values;  ///< of an enum, in order
  std::size_t place = 0;                 ///< in DataTemplate::items
};

// Why a text does not match the item's pattern; empty: it does.
std::string PatternFault(const ReadyItem& ready, std::string_view text) {
  if (text.size() > kTemplatePatternTextBytesMax) {
    return std::to_string(text.size()) + " bytes; at most " +
           std::to_string(kTemplatePatternTextBytesMax) + " with a pattern (pattern)";
  }
  if (ready.pattern->Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0)) return {};
  return "does not match " + ready.item->pattern + " (pattern)";
}

// Why a text does not fit; empty: it does. `matched`: its pattern is not tried.
std::string TextFault(const ReadyItem& ready, std::string_view text, bool matched) {
  const auto lengths_and_pattern = [&]() -> std::string {
    if (ready.length_min != 0 || ready.length_max != UINT32_MAX) {
      const std::size_t count = CountCharacters(text);
      if (count == kNone) return "not UTF-8 (type)";
      if (count < ready.length_min) return TooFew(count, ready.length_min);
      if (count > ready.length_max) return TooMany(count, ready.length_max);
    } else if (!IsUtf8(text)) {
      return "not UTF-8 (type)";
    }
    return ready.pattern == nullptr || matched ? std::string() : PatternFault(ready, text);
  };
  switch (ready.type) {
    case ItemType::kString:
      return lengths_and_pattern();
    case ItemType::kDate:
      return IsDate(text) ? "" : "not a date such as 2026-11-22 (format date)";
    case ItemType::kDateTime:
      return IsDateTime(text) ? ""
                              : "not a time such as 2026-11-22T10:00:00+08:00 (format date-time)";
    case ItemType::kEnum:
      return std::binary_search(ready.values.begin(), ready.values.end(), text)
                 ? ""
                 : "not one of the values there are (enum)";
    case ItemType::kReference:
      if (auto parsed = ParseIdentifier(text); !parsed.ok()) {
        return "not an identifier: " + parsed.error().detail + " (x-idnode-reference)";
      }
      return lengths_and_pattern();
    case ItemType::kFile:
      if (!IsLink(text)) return "not an http or https link (format uri)";
      return lengths_and_pattern();
    case ItemType::kNumber:
    case ItemType::kInteger:
    case ItemType::kBoolean:
      break;
  }
  return "of no known type (type)";
}

std::string NumberFault(const ReadyItem& ready, std::string_view text, double& number) {
  if (!ReadNumber(text, number)) return "not a number (type)";
  if (ready.type == ItemType::kInteger && std::trunc(number) != number) {
    return "not a whole number (type)";
  }
  const auto& minimum = ready.item->minimum;
  const auto& maximum = ready.item->maximum;
  if (minimum.has_value() && number < *minimum) {
    return std::string(text) + "; at least " + NumberText(*minimum) + " (minimum)";
  }
  if (maximum.has_value() && number > *maximum) {
    return std::string(text) + "; at most " + NumberText(*maximum) + " (maximum)";
  }
  return {};
}

bool IsNumeric(ItemType type) { return type == ItemType::kNumber || type == ItemType::kInteger; }

}  // namespace

std::string UniqueClaim::Field() const {
  if (value_position.has_value()) return "values[" + std::to_string(*value_position) + "].data";
  return "attributes." + std::string(item);
}

struct TemplateChecker::Scratch {
  std::string name;
  std::string text;
  // Canonical texts that are nowhere else; they stay where they are.
  std::deque<std::string> kept;
  std::size_t kept_used = 0;

  std::string_view Keep(std::string_view bytes) {
    if (kept_used == kept.size()) kept.emplace_back();
    std::string& place = kept[kept_used++];
    place.assign(bytes);
    return place;
  }
};

class TemplateChecker::Impl {
 public:
  Result<void> Prepare(const DataTemplate& given);

  const ReadyItem* Find(std::string_view name) const {
    const auto found =
        std::lower_bound(by_name.begin(), by_name.end(), name,
                         [](const auto& ready, std::string_view key) { return ready.name < key; });
    return found != by_name.end() && found->name == name ? &*found : nullptr;
  }

  const ReadyItem* Find(std::uint32_t index) const {
    const auto found =
        std::lower_bound(by_index.begin(), by_index.end(), index,
                         [](const auto& pair, std::uint32_t key) { return pair.first < key; });
    return found != by_index.end() && found->first == index ? &by_name[found->second] : nullptr;
  }

  /// What one check works with.
  struct Run {
    Scratch& scratch;
    std::vector<UniqueClaim>* claims;
    const ItemSet* kept;
    const ItemSet* matched;
    ItemSet seen;

    bool Kept(const ReadyItem& item) const { return kept != nullptr && kept->test(item.place); }
    bool Matched(const ReadyItem& item) const {
      return matched != nullptr && matched->test(item.place);
    }
  };
  /// Of an attribute; `number` where it is one.
  static std::string_view CanonicalOf(const ReadyItem& ready, const JsonToken& token, double number,
                                      Scratch& scratch) {
    if (IsNumeric(ready.type)) return scratch.Keep(CanonicalNumber(number));
    // What had escapes is in the buffer, and gone with the next member.
    return token.text.data() == scratch.text.data() ? scratch.Keep(token.text) : token.text;
  }
  Result<void> CheckAttributes(std::string_view json, Run& run) const;
  Result<void> CheckValues(std::span<const ValueView> values, Run& run) const;
  Error Missing(const ItemSet& seen) const;

  DataTemplate content;
  std::vector<ReadyItem> by_name;
  std::vector<std::pair<std::uint32_t, std::size_t>> by_index;
  ItemSet required;
  bool has_unique = false;
  std::size_t memory = 0;
};

Result<void> TemplateChecker::Impl::Prepare(const DataTemplate& given) {
  content = given;
  memory = EncodeDataTemplate(content).size();
  by_name.resize(content.items.size());
  for (std::size_t i = 0; i < content.items.size(); ++i) {
    const TemplateItem& item = content.items[i];
    ReadyItem& ready = by_name[i];
    ready.name = item.name;
    ready.type = item.type;
    ready.disabled = item.disabled;
    ready.unique = item.unique;
    ready.length_min = item.length_min.value_or(0);
    ready.length_max = item.length_max.value_or(UINT32_MAX);
    ready.item = &item;
    ready.place = i;
    ready.values.assign(item.values.begin(), item.values.end());
    std::sort(ready.values.begin(), ready.values.end());
    if (!item.pattern.empty()) {
      ready.pattern = CompiledPattern(item.pattern);
      if (!ready.pattern->ok()) {
        return Error(Errc::kInvalidRequest, item.name + ": " + ready.pattern->error(),
                     "properties." + item.name + ".pattern");
      }
      memory += kPatternBytes +
                kInstructionBytes * static_cast<std::size_t>(ready.pattern->ProgramSize());
    }
    required.set(i, item.required);
    has_unique = has_unique || item.unique;
  }
  std::sort(by_name.begin(), by_name.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < by_name.size(); ++i) {
    by_index.emplace_back(by_name[i].item->index, i);
  }
  std::sort(by_index.begin(), by_index.end());
  return {};
}

namespace {

Error NoObject() {
  return {Errc::kInvalidValue, "the attributes are not a JSON object", "attributes"};
}

Error AttributeError(std::string_view name, std::string_view detail) {
  return {Errc::kInvalidValue, std::string(name) + ": " + std::string(detail),
          "attributes." + std::string(name)};
}

Error ValueError(std::size_t position, std::string_view name, std::string_view detail,
                 std::string_view member = "data") {
  return {Errc::kInvalidValue, std::string(name) + ": " + std::string(detail),
          "values[" + std::to_string(position) + "]." + std::string(member)};
}

// Why an attribute does not fit; empty: it does. `number` is set where it is one.
std::string TokenFault(const ReadyItem& ready, const JsonToken& token, bool matched,
                       double& number) {
  using Kind = JsonToken::Kind;
  if (IsNumeric(ready.type)) {
    if (token.kind != Kind::kNumber) {
      return std::string(KindName(token.kind)) + "; a number is needed (type)";
    }
    return NumberFault(ready, token.text, number);
  }
  if (ready.type == ItemType::kBoolean) {
    if (token.kind == Kind::kTrue || token.kind == Kind::kFalse) return {};
    return std::string(KindName(token.kind)) + "; true or false is needed (type)";
  }
  if (token.kind != Kind::kString) {
    return std::string(KindName(token.kind)) + "; a text is needed (type)";
  }
  return TextFault(ready, token.text, matched);
}

}  // namespace

Result<void> TemplateChecker::Impl::CheckAttributes(std::string_view json, Run& run) const {
  Scratch& scratch = run.scratch;
  JsonScanner scanner(json, static_cast<int>(kTemplateDepthMax));
  if (!scanner.Begin()) return NoObject();
  std::string_view name;
  JsonToken token;
  // Canonical attributes come in the order of their names, as `by_name` does.
  std::size_t expected = 0;
  while (scanner.Next(name, scratch.name, token, scratch.text)) {
    const ReadyItem* ready = nullptr;
    if (expected < by_name.size() && by_name[expected].name == name) {
      ready = &by_name[expected];
    } else {
      ready = Find(name);
    }
    if (ready == nullptr) {
      if (content.extra_attributes) continue;
      return AttributeError(name, "the template has no such item (additionalProperties)");
    }
    expected = static_cast<std::size_t>(ready - by_name.data()) + 1;
    if (ready->disabled && !run.Kept(*ready)) {
      return AttributeError(name, "the item is disabled (x-idnode-disabled)");
    }
    if (run.seen.test(ready->place)) return AttributeError(name, "given twice");
    run.seen.set(ready->place);
    double number = 0;
    if (const std::string fault = TokenFault(*ready, token, run.Matched(*ready), number);
        !fault.empty()) {
      return AttributeError(name, fault);
    }
    if (ready->unique && run.claims != nullptr) {
      run.claims->push_back({ready->name, CanonicalOf(*ready, token, number, scratch), {}});
    }
  }
  if (!scanner.Complete()) return NoObject();
  return {};
}

Result<void> TemplateChecker::Impl::CheckValues(std::span<const ValueView> values, Run& run) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const ValueView& value = values[i];
    if (value.index < kTemplateIndexMin) continue;
    const ReadyItem* ready = Find(value.index);
    if (ready == nullptr) {
      if (content.extra_attributes) continue;
      return ValueError(i, value.type,
                        "the template has no item of index " + std::to_string(value.index) +
                            " (additionalProperties)",
                        "index");
    }
    if (!EqualFolded(value.type, ready->name)) {
      return ValueError(i, ready->name,
                        "the value of index " + std::to_string(value.index) + " has another type",
                        "type");
    }
    if (ready->disabled && !run.Kept(*ready)) {
      return ValueError(i, ready->name, "the item is disabled (x-idnode-disabled)");
    }
    if (run.seen.test(ready->place)) {
      return ValueError(i, ready->name, "given twice, as attribute and as value");
    }
    run.seen.set(ready->place);
    double number = 0;
    std::string fault;
    if (IsNumeric(ready->type)) {
      fault = NumberFault(*ready, value.data, number);
    } else if (ready->type == ItemType::kBoolean) {
      if (value.data != "true" && value.data != "false") fault = "neither true nor false (type)";
    } else {
      fault = TextFault(*ready, value.data, run.Matched(*ready));
    }
    if (!fault.empty()) return ValueError(i, ready->name, fault);
    if (ready->unique && run.claims != nullptr) {
      const std::string_view canonical =
          IsNumeric(ready->type) ? run.scratch.Keep(CanonicalNumber(number)) : value.data;
      run.claims->push_back({ready->name, canonical, i});
    }
  }
  return {};
}

Error TemplateChecker::Impl::Missing(const ItemSet& seen) const {
  for (std::size_t i = 0; i < content.items.size(); ++i) {
    if (required.test(i) && !seen.test(i)) {
      return AttributeError(content.items[i].name, "missing (required)");
    }
  }
  return {Errc::kInternal, "nothing is missing"};
}

TemplateChecker::TemplateChecker() : impl_(std::make_unique<Impl>()) {}
TemplateChecker::~TemplateChecker() = default;

std::unique_ptr<TemplateChecker::Scratch, void (*)(TemplateChecker::Scratch*)>
TemplateChecker::NewScratch() {
  return {new Scratch, [](Scratch* scratch) { delete scratch; }};
}

Result<std::shared_ptr<const TemplateChecker>> TemplateChecker::Make(const DataTemplate& content) {
  std::shared_ptr<TemplateChecker> checker(new TemplateChecker);
  IDNODE_RETURN_IF_ERROR(checker->impl_->Prepare(content));
  return std::shared_ptr<const TemplateChecker>(std::move(checker));
}

Result<void> TemplateChecker::Check(std::string_view attributes_json,
                                    std::span<const ValueView> values, Scratch& scratch,
                                    std::vector<UniqueClaim>* claims, const ItemSet* kept,
                                    const ItemSet* matched) const {
  scratch.kept_used = 0;
  Impl::Run run{scratch, claims, kept, matched, {}};
  if (!attributes_json.empty()) {
    IDNODE_RETURN_IF_ERROR(impl_->CheckAttributes(attributes_json, run));
  }
  IDNODE_RETURN_IF_ERROR(impl_->CheckValues(values, run));
  if ((impl_->required & ~run.seen).any()) return impl_->Missing(run.seen);
  return {};
}

ItemSet TemplateChecker::Present(std::string_view attributes_json,
                                 std::span<const ValueView> values, Scratch& scratch,
                                 std::vector<UniqueClaim>* claims) const {
  scratch.kept_used = 0;
  ItemSet present;
  JsonScanner scanner(attributes_json, static_cast<int>(kTemplateDepthMax));
  if (scanner.Begin()) {
    std::string_view name;
    JsonToken token;
    while (scanner.Next(name, scratch.name, token, scratch.text)) {
      const ReadyItem* ready = impl_->Find(name);
      if (ready == nullptr) continue;
      present.set(ready->place);
      if (claims == nullptr || !ready->unique) continue;
      double number = 0;
      if (IsNumeric(ready->type) && !ReadNumber(token.text, number)) continue;
      claims->push_back({ready->name, Impl::CanonicalOf(*ready, token, number, scratch), {}});
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const ValueView& value = values[i];
    const ReadyItem* ready = impl_->Find(value.index);
    if (ready == nullptr || !EqualFolded(value.type, ready->name)) continue;
    present.set(ready->place);
    if (claims == nullptr || !ready->unique) continue;
    double number = 0;
    if (IsNumeric(ready->type) && !ReadNumber(value.data, number)) continue;
    claims->push_back({ready->name,
                       IsNumeric(ready->type) ? scratch.Keep(CanonicalNumber(number)) : value.data,
                       i});
  }
  return present;
}

const TemplateItem* TemplateChecker::ItemOf(std::string_view attribute_name) const {
  const ReadyItem* ready = impl_->Find(attribute_name);
  return ready == nullptr ? nullptr : ready->item;
}

const TemplateItem* TemplateChecker::ItemOf(const ValueView& value) const {
  const ReadyItem* ready = impl_->Find(value.index);
  return ready != nullptr && EqualFolded(value.type, ready->name) ? ready->item : nullptr;
}

bool TemplateChecker::has_unique_items() const { return impl_->has_unique; }

std::size_t TemplateChecker::memory() const { return impl_->memory; }

const DataTemplate& TemplateChecker::content() const { return impl_->content; }

}  // namespace idnode
