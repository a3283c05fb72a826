#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/frontend/http/snms/json_reader.h"
#include "node/model/record.h"
#include "node/service/disclosure.h"
#include "node/service/registration_service.h"
#include "node/service/template_registry.h"

namespace idnode::frontend::http::snms {

/// Longest text of a value where the operator wants the API's own bound, in characters.
inline constexpr std::size_t kStrictValueCharactersMax = 255;

/// One value of an identifier as a request gives it.
struct ItemValue {
  std::uint32_t index = 0;
  std::string type;  ///< as the template writes it, once it is known
  std::string data;
  std::uint8_t permissions = kDefaultPermissions;
};

/// One identifier as a request gives it: `{"handle","templateVersion","value":[…]}`.
struct Item {
  std::string handle;
  std::string template_version;  ///< "1.0"; empty: the request gives none
  std::string template_ref;      ///< "1.0@2", what a record names; set by NameTemplate
  std::vector<ItemValue> values;

  /// About how many bytes it holds.
  std::size_t Bytes() const;
};

struct ItemRules {
  bool strict_value_length = false;
  bool template_required = true;
};

/// The identifier of an item, where there is one to be told apart by, also of a faulty item.
std::string HandleOf(const json::value& item);

/// Reads one item. Value 1001 (TEMPLATE) is dropped: it is made when reading. Errors:
/// kInvalidRequest, kInvalidValue, with the whole message.
Result<Item> ReadItem(const json::value& item, const ItemRules& rules);

/// Finds the template that `item` names (its newest published version) and holds the values to it:
/// index and type must be those of an item of the template; the type then gets its letter case.
/// Errors: kTemplateNotFound, kInvalidValue, with the whole message.
Result<void> NameTemplate(const service::TemplateRegistry& templates, Item& item);

/// Views of the values; valid as long as the item.
std::vector<ValueView> ViewsOf(const Item& item);

/// Whether `record` says what `item` says, whatever version of the template it was registered
/// under: a repeat then is a success, though the template has a newer version by now.
bool SameContent(const RecordView& record, const Item& item);

/// "1.0" of "1.0@2"; the whole text where there is no version behind it.
std::string_view TemplateVersionOf(std::string_view template_ref);

/// Appends the values of a record that may be seen, in the order of their indexes, as a JSON array:
/// the template's version first (1001), attributes that an item of the template names as values of
/// its index. `with_times` adds ttl and timestamp, for resolution. Errors: kCorruption.
Result<void> AppendValues(const RecordView& record, std::string_view folded_identifier,
                          const service::Disclosure& disclosure,
                          const service::TemplateRegistry& templates, bool with_times,
                          std::string& out);

}  // namespace idnode::frontend::http::snms
