#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/model/record.h"

namespace idnode {

/// Bounds of a data template; each is tested at the boundary.
inline constexpr std::size_t kTemplateItemsMax = 256;
inline constexpr std::size_t kTemplateNameBytesMax = 100;
inline constexpr std::size_t kTemplateItemNameBytesMax = 100;
inline constexpr std::size_t kTemplateTitleBytesMax = 400;
inline constexpr std::size_t kTemplateDescriptionBytesMax = 4'000;
inline constexpr std::size_t kTemplateUnitBytesMax = 32;
inline constexpr std::size_t kTemplatePatternBytesMax = 1'000;
/// What a compiled pattern and its matching may take. A pattern that needs more is refused.
inline constexpr std::size_t kTemplatePatternMemoryMax = 1U << 20;
/// Instructions of a compiled pattern (RE2::ProgramSize), and of all of a template. Matching takes
/// time in proportion to instructions times bytes of text at worst: this and the next bound keep it
/// at milliseconds.
inline constexpr int kTemplatePatternProgramMax = 2'000;
inline constexpr int kTemplateProgramMax = 32'000;
/// Bytes of a text that is matched with a pattern: what an item with one accepts at most, whatever
/// its length_max.
inline constexpr std::size_t kTemplatePatternTextBytesMax = 4 * 1024;
/// Unique items of a template: each makes a row of its own, read with every record.
inline constexpr std::size_t kTemplateUniqueItemsMax = 8;
inline constexpr std::size_t kTemplateEnumMax = 1'000;
inline constexpr std::size_t kTemplateEnumValueBytesMax = 1'000;
inline constexpr std::size_t kTemplateReferenceBytesMax = 255;
/// Bytes of a template in any form, read or stored.
inline constexpr std::size_t kTemplateSchemaBytesMax = 256 * 1024;
/// Objects and lists in each other, in attributes and in the forms of templates.
inline constexpr std::size_t kTemplateDepthMax = 32;
/// First index of a template item's value, as in the SNMS API.
inline constexpr std::uint32_t kTemplateIndexMin = 2'000;
inline constexpr std::uint32_t kTemplateIndexMax = 1'000'000;
/// Index of the value that SNMS clients read the template version from.
inline constexpr std::uint32_t kTemplateVersionIndex = 1'001;

/// The numbers are on disk (storage/FORMAT.md, "Template row").
enum class ItemType : std::uint8_t {
  kString = 1,
  kNumber = 2,
  kInteger = 3,
  kDate = 4,  ///< RFC 3339 full-date: "2026-11-22"
  kBoolean = 5,
  kEnum = 6,
  kReference = 7,  ///< an identifier, of the named template where there is one
  kFile = 8,       ///< link to a file: an https or http URL
  kDateTime = 9,   ///< RFC 3339 date-time: "2026-11-22T10:00:00+08:00"
};

/// What kind of file a link leads to; only told, not checked. The numbers are on disk.
enum class FileKind : std::uint8_t { kAny = 0, kAudio = 1, kVideo = 2, kImage = 3 };

/// Same numbers as idnode.v1.Visibility.
enum class ItemVisibilityDefault : std::uint8_t { kPublic = 1, kGranted = 2, kPrivate = 3 };

/// One item of a template (属性).
struct TemplateItem {
  std::string name;   ///< key of the attribute, and type of the value
  std::string title;  ///< for people; may be Chinese
  std::string title_en;
  std::string description;
  std::uint32_t index = 0;  ///< of its value, >= 2000 (SNMS idIndex); 0: not given yet
  ItemType type = ItemType::kString;
  FileKind file_kind = FileKind::kAny;  ///< of a file
  std::optional<double> minimum;        ///< of numbers
  std::optional<double> maximum;
  /// Of strings, references and files, in characters (Unicode code points).
  std::optional<std::uint32_t> length_min;
  std::optional<std::uint32_t> length_max;
  /// Of strings, references and files: a regular expression (RE2's syntax) that must be found in
  /// the text; "^" and "$" tie it to the ends, as in JSON Schema. Empty: none. With a pattern, a
  /// text has kTemplatePatternTextBytesMax bytes at most.
  std::string pattern;
  std::vector<std::string> values;  ///< of an enum
  std::string unit;                 ///< such as "mm" (UN/CEFACT code or symbol)
  std::string reference_template;   ///< of a reference: "shoe", or empty for any
  bool required = false;
  bool unique = false;    ///< no two identifiers of a prefix have the same
  bool disabled = false;  ///< neither required nor accepted in new records; old ones keep it
  ItemVisibilityDefault visibility = ItemVisibilityDefault::kPublic;

  friend bool operator==(const TemplateItem&, const TemplateItem&) = default;
};

/// What a version of a data template says. Value type. Items come in the order of their indexes.
struct DataTemplate {
  std::string title;
  std::string description;
  std::string industry;           ///< GB/T 4754 code with its section ("C1952"), or empty
  bool active_carrier = false;    ///< for carriers that report by themselves (主动标识载体)
  bool extra_attributes = false;  ///< attributes that no item names are accepted
  std::vector<TemplateItem> items;

  friend bool operator==(const DataTemplate&, const DataTemplate&) = default;
};

/// Compact bytes at rest, with a format byte (storage/FORMAT.md, "Template row").
std::string EncodeDataTemplate(const DataTemplate& content);
/// Errors: kCorruption. What it gives need not pass CheckDataTemplate.
Result<DataTemplate> DecodeDataTemplate(std::string_view bytes);

/// Gives items without an index theirs: that of the item of the same name in `before` (nullptr:
/// there is none), else the lowest free one after every index of both; and orders items by index.
void NumberItems(DataTemplate& content, const DataTemplate* before);

/// 1 to kTemplateNameBytesMax bytes of UTF-8 without "@", "/" and control characters.
/// Errors: kInvalidRequest (field "name").
Result<void> CheckTemplateName(std::string_view name);
/// Checks names, bounds, patterns. Errors: kInvalidRequest with the field in words of JSON Schema
/// ("properties.colour.pattern").
Result<void> CheckDataTemplate(const DataTemplate& content);
/// Whether `next` may follow `before`: items may be added, disabled, enabled again or eased, never
/// dropped, retyped, renumbered or tightened. Errors: kInvalidRequest with the field, as above.
Result<void> CheckSuccession(const DataTemplate& before, const DataTemplate& next);

/// A unique item's value in an input: to be claimed for the identifier.
struct UniqueClaim {
  std::string_view item;
  /// The value's canonical text; lives until the next Check with that scratch, or as long as the
  /// input, whichever is shorter.
  std::string_view canonical;
  /// Where it was given: a value's position, or none for an attribute.
  std::optional<std::size_t> value_position;

  std::string Field() const;  ///< "attributes.serial", "values[2].data"
};

/// Items of a template, by their place in DataTemplate::items.
using ItemSet = std::bitset<kTemplateItemsMax>;

/// A template made ready to check many inputs: patterns compiled, items looked up by name.
/// Immutable and thread-safe; scratch space is the caller's.
class TemplateChecker {
 public:
  struct Scratch;  ///< reusable; one a thread
  static std::unique_ptr<Scratch, void (*)(Scratch*)> NewScratch();

  /// `content` has been checked. Errors: kInvalidRequest for a pattern that does not compile.
  static Result<std::shared_ptr<const TemplateChecker>> Make(const DataTemplate& content);
  ~TemplateChecker();

  /// Whether attributes and values fit. An item is given as the attribute of its name, or as a
  /// value of its index whose type is its name (case ignored); not as both. Values of indexes below
  /// kTemplateIndexMin are nobody's. Appends the claims of unique items. `kept`: disabled items
  /// that are accepted all the same, since the record has them; nullptr: none. `matched`: items
  /// whose texts are known to match their patterns, and are not matched again; nullptr: none.
  /// Errors: kInvalidValue with the field ("attributes.colour", "values[2].data") and a detail that
  /// names item and rule ("colour: 12 characters; at most 10 (maxLength)"). `claims` may then hold
  /// some.
  Result<void> Check(std::string_view attributes_json, std::span<const ValueView> values,
                     Scratch& scratch, std::vector<UniqueClaim>* claims,
                     const ItemSet* kept = nullptr, const ItemSet* matched = nullptr) const;

  /// The items that an input has, whether they fit or not. Reads damaged attributes up to the
  /// damage. Appends the claims of unique items to `claims` as Check would; nullptr: not wanted.
  ItemSet Present(std::string_view attributes_json, std::span<const ValueView> values,
                  Scratch& scratch, std::vector<UniqueClaim>* claims = nullptr) const;

  /// The item that an attribute or value is of, or nullptr.
  const TemplateItem* ItemOf(std::string_view attribute_name) const;
  const TemplateItem* ItemOf(const ValueView& value) const;
  bool has_unique_items() const;
  /// About what a version takes in memory besides matching: its bytes at rest, and its patterns'.
  std::size_t memory() const;
  const DataTemplate& content() const;

 private:
  TemplateChecker();
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode
