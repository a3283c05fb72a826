#include "node/service/disclosure.h"

#include <algorithm>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "node/model/json_scanner.h"

namespace idnode::service {
namespace {

// Of a value's permissions (RFC 3651 §3.1).
constexpr std::uint8_t kAdminRead = 0b1000;
constexpr std::uint8_t kPublicRead = 0b0010;
// Askers times templates that a thread keeps; then it begins anew.
constexpr std::size_t kKeptMax = 4'096;

Visibility VisibilityOf(std::uint8_t permissions) {
  if ((permissions & kPublicRead) != 0) return Visibility::kPublic;
  return (permissions & kAdminRead) != 0 ? Visibility::kGranted : Visibility::kPrivate;
}

Visibility VisibilityOf(const TemplateItem& item) {
  return static_cast<Visibility>(item.visibility);  // the numbers are the same
}

Visibility VisibilityOf(const ValueView& value, const TemplateItem* item) {
  const Visibility bits = VisibilityOf(value.permissions);
  return item == nullptr ? bits : std::max(bits, VisibilityOf(*item));
}

std::string NameOf(const ValueView& value) { return "values[" + std::to_string(value.index) + "]"; }

const TemplateItem* ItemOf(const TemplateInfo* known, const ValueView& value) {
  return known == nullptr ? nullptr : known->checker->ItemOf(value);
}

std::string_view PrefixOf(std::string_view identifier) {
  return identifier.substr(0, identifier.find('/'));
}

// Whether the grant covers a thing of this name; `of_item`: a template item has this name.
bool Covers(const GrantInfo& grant, std::string_view name, bool of_item) {
  if (!grant.items.empty()) return grant.NamesItem(name);
  return of_item || !grant.identifier.empty();
}

bool BearsOn(const GrantInfo& grant, std::string_view folded_identifier,
             std::string_view template_ref) {
  if (!grant.identifier.empty()) return grant.identifier == folded_identifier;
  return grant.template_name == template_ref ||
         grant.template_name == template_ref.substr(0, template_ref.rfind('@'));
}

std::size_t PlaceOf(const TemplateInfo& known, const TemplateItem& item) {
  return static_cast<std::size_t>(&item - known.checker->content().items.data());
}

bool IsNamed(const std::vector<GrantRef>& grants, std::string_view name) {
  return std::any_of(grants.begin(), grants.end(),
                     [&](const GrantRef& grant) { return grant->NamesItem(name); });
}

// What `grants`, which all bear on the asker and are in force, come to.
DisclosureRulesRef MakeRules(TemplateRef known, std::vector<GrantRef> grants) {
  auto rules = std::make_shared<DisclosureRules>();
  bool granted_template = false;
  std::erase_if(grants, [&](const GrantRef& grant) {
    if (!grant->items.empty()) return false;
    (grant->identifier.empty() ? granted_template : rules->granted_record) = true;
    return true;
  });
  rules->grants = std::move(grants);
  rules->known = std::move(known);
  if (rules->known == nullptr) return rules;
  const auto& items = rules->known->checker->content().items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool granted =
        rules->granted_record || granted_template || IsNamed(rules->grants, items[i].name);
    const Visibility visibility = VisibilityOf(items[i]);
    rules->granted.set(i, granted);
    rules->withheld.set(
        i, visibility == Visibility::kPrivate || (visibility == Visibility::kGranted && !granted));
  }
  return rules;
}

// What strangers see of the records of a template. The rules hold the template, so that no other
// comes to lie where it lay.
const DisclosureRulesRef& RulesOfStrangers(const TemplateRef& known) {
  thread_local absl::flat_hash_map<const TemplateInfo*, DisclosureRulesRef> all;
  const auto found = all.find(known.get());
  if (found != all.end()) return found->second;
  if (all.size() >= kKeptMax) all.clear();
  return all.emplace(known.get(), MakeRules(known, {})).first->second;
}

void SortUnique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

bool Disclosure::SeesValue(const ValueView& value) const {
  if (all_) return true;
  const Visibility bits = VisibilityOf(value.permissions);
  if (bits == Visibility::kPrivate) return false;
  if (bits == Visibility::kPublic && !filters_attributes_) return true;
  if (rules_ == nullptr) return false;
  const TemplateItem* item = ItemOf(rules_->known.get(), value);
  if (item != nullptr) {
    const std::size_t place = PlaceOf(*rules_->known, *item);
    if (rules_->withheld.test(place)) return false;
    return bits == Visibility::kPublic || rules_->granted.test(place);
  }
  if (bits == Visibility::kPublic || rules_->granted_record) return true;
  return !rules_->grants.empty() && IsNamed(rules_->grants, NameOf(value));
}

bool Disclosure::SeesAttribute(std::string_view name) const {
  if (!filters_attributes_) return true;
  const TemplateItem* item = rules_->known->checker->ItemOf(name);
  return item == nullptr || !rules_->withheld.test(PlaceOf(*rules_->known, *item));
}

bool DisclosurePolicy::SeesEverything(const Caller& caller, std::string_view folded_prefix) const {
  switch (caller.role) {  // no default: -Wswitch reports a forgotten role
    case Role::kAnonymous:
      return false;
    case Role::kOperator:
    case Role::kAuditor:
      return true;
    case Role::kApplication:
    case Role::kEnterpriseAdministrator:
      break;
  }
  return prefixes_.MayWrite(caller, folded_prefix);
}

// One asker and one template of one prefix.
struct DisclosurePolicy::Kept {
  std::uint64_t generation = 0;  ///< of the grants; 0, which is no store's: nothing is kept
  std::int64_t ends_ms = 0;      ///< when the first of the grants ends; 0: none does
  bool of_identifiers = false;   ///< single identifiers may have grants of their own
  DisclosureRulesRef rules;
};

const DisclosurePolicy::Kept& DisclosurePolicy::KeptFor(const Caller& caller,
                                                        std::string_view folded_identifier,
                                                        std::string_view template_ref,
                                                        const TemplateRef& known) const {
  // Stores and templates are told apart by what is kept of them, so all policies share it.
  thread_local absl::flat_hash_map<std::string, Kept> all;
  thread_local std::string key;
  const std::string_view prefix = PrefixOf(folded_identifier);
  key.clear();
  for (const std::string_view part :
       {std::string_view(caller.application), std::string_view(caller.enterprise), prefix}) {
    key.append(part).push_back('\0');
  }
  key.append(template_ref);
  const auto found = all.find(key);
  const std::uint64_t generation = grants_.generation();
  if (found != all.end()) {
    const Kept& kept = found->second;
    if (kept.generation == generation && kept.rules->known == known &&
        (kept.ends_ms == 0 || clock_.WallMs() < kept.ends_ms)) {
      return kept;
    }
  }
  std::vector<GrantRef> grants;
  // No identifier is so short: this finds grants of the template alone.
  grants_.Find({prefix, template_ref, caller.enterprise, caller.application}, grants);
  Kept made;
  made.generation = generation;
  for (const GrantRef& grant : grants) {
    if (grant->ends_ms != 0 && (made.ends_ms == 0 || grant->ends_ms < made.ends_ms)) {
      made.ends_ms = grant->ends_ms;
    }
  }
  made.of_identifiers = grants_.HasOfIdentifiers(prefix, caller.enterprise, caller.application);
  made.rules = MakeRules(known, std::move(grants));
  if (found == all.end() && all.size() >= kKeptMax) all.clear();
  return all.insert_or_assign(key, std::move(made)).first->second;
}

Disclosure DisclosurePolicy::For(const Caller& caller, std::string_view folded_identifier,
                                 const RecordView& record) const {
  const bool anonymous = caller.role == Role::kAnonymous;
  if (anonymous && record.template_ref.empty()) return Disclosure::Public();
  const std::string_view prefix = PrefixOf(folded_identifier);
  if (!anonymous && SeesEverything(caller, prefix)) return Disclosure::All();

  TemplateRef known;
  if (!record.template_ref.empty()) known = templates_.Find(prefix, record.template_ref);
  if (caller.application.empty() && caller.enterprise.empty()) {  // nobody can be granted anything
    return known == nullptr ? Disclosure::Public() : Disclosure(RulesOfStrangers(known));
  }
  const Kept& kept = KeptFor(caller, folded_identifier, record.template_ref, known);
  if (!kept.of_identifiers) return Disclosure(kept.rules);
  thread_local std::vector<GrantRef> grants;
  grants.clear();
  grants_.Find({folded_identifier, record.template_ref, caller.enterprise, caller.application},
               grants);
  const bool of_this = std::any_of(grants.begin(), grants.end(), [](const GrantRef& grant) {
    return !grant->identifier.empty();
  });
  return Disclosure(of_this ? MakeRules(std::move(known), std::move(grants)) : kept.rules);
}

std::vector<ItemVisibility> DisclosurePolicy::WhoCanSee(std::string_view folded_identifier,
                                                        const RecordView& record) const {
  const std::string_view prefix = PrefixOf(folded_identifier);
  TemplateRef known;
  if (!record.template_ref.empty()) known = templates_.Find(prefix, record.template_ref);
  std::vector<GrantRef> grants = grants_.Of(prefix);
  const std::int64_t now_ms = clock_.WallMs();
  std::erase_if(grants, [&](const GrantRef& grant) {
    return !grant->InForceAt(now_ms) || !BearsOn(*grant, folded_identifier, record.template_ref);
  });

  std::vector<ItemVisibility> shown;
  const auto add = [&](std::string item, std::string_view grant_name, bool of_item,
                       Visibility visibility) {
    ItemVisibility& added = shown.emplace_back();
    added.item = std::move(item);
    added.visibility = visibility;
    if (visibility != Visibility::kGranted) return;
    for (const GrantRef& grant : grants) {
      if (!Covers(*grant, grant_name, of_item)) continue;
      if (!grant->to_enterprise.empty()) added.enterprises.push_back(grant->to_enterprise);
      if (!grant->to_application.empty()) added.applications.push_back(grant->to_application);
    }
    SortUnique(added.enterprises);
    SortUnique(added.applications);
  };
  JsonScanner attributes(record.attributes_json, kAttributesDepthMax);
  std::string_view attribute;
  JsonToken ignored;
  std::string name_buffer;
  std::string value_buffer;
  const bool begun = attributes.Begin();
  while (begun && attributes.Next(attribute, name_buffer, ignored, value_buffer)) {
    const TemplateItem* item = known == nullptr ? nullptr : known->checker->ItemOf(attribute);
    add("attributes." + std::string(attribute), attribute, item != nullptr,
        item == nullptr ? Visibility::kPublic : VisibilityOf(*item));
  }
  ValueReader values = record.values();
  ValueView value;
  while (values.Next(value)) {
    const TemplateItem* item = ItemOf(known.get(), value);
    std::string name = NameOf(value);
    const std::string grant_name = item == nullptr ? name : item->name;
    add(std::move(name), grant_name, item != nullptr, VisibilityOf(value, item));
  }
  return shown;
}

}  // namespace idnode::service
