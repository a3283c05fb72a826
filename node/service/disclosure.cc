#include "node/service/disclosure.h"

#include <algorithm>
#include <utility>

#include "node/model/json_scanner.h"

namespace idnode::service {
namespace {

// Of a value's permissions (RFC 3651 §3.1).
constexpr std::uint8_t kAdminRead = 0b1000;
constexpr std::uint8_t kPublicRead = 0b0010;

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

void SortUnique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

bool Disclosure::IsGranted(std::string_view name, bool of_item) const {
  return granted_record_ || (of_item && granted_template_) ||
         std::any_of(grants_.begin(), grants_.end(),
                     [&](const GrantRef& grant) { return grant->NamesItem(name); });
}

bool Disclosure::Sees(const TemplateItem& item) const {
  const Visibility visibility = VisibilityOf(item);
  return visibility == Visibility::kPublic ||
         (visibility == Visibility::kGranted && IsGranted(item.name, true));
}

bool Disclosure::SeesValue(const ValueView& value) const {
  if (all_) return true;
  const TemplateItem* item = ItemOf(template_.get(), value);
  switch (VisibilityOf(value, item)) {
    case Visibility::kPublic:
      return true;
    case Visibility::kPrivate:
      return false;
    case Visibility::kGranted:
      break;
  }
  if (item != nullptr) return IsGranted(item->name, true);
  return granted_record_ || (!grants_.empty() && IsGranted(NameOf(value), false));
}

bool Disclosure::SeesAttribute(std::string_view name) const {
  if (!filters_attributes_) return true;
  const TemplateItem* item = template_->checker->ItemOf(name);
  return item == nullptr || Sees(*item);
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

Disclosure DisclosurePolicy::For(const Caller& caller, std::string_view folded_identifier,
                                 const RecordView& record) const {
  const bool anonymous = caller.role == Role::kAnonymous;
  if (anonymous && record.template_ref.empty()) return Disclosure::Public();
  const std::string_view prefix = PrefixOf(folded_identifier);
  if (!anonymous && SeesEverything(caller, prefix)) return Disclosure::All();

  Disclosure disclosure = Disclosure::Public();
  if (!anonymous) {
    grants_.Find({folded_identifier, record.template_ref, caller.enterprise, caller.application},
                 disclosure.grants_);
    std::erase_if(disclosure.grants_, [&](const GrantRef& grant) {
      if (!grant->items.empty()) return false;
      (grant->identifier.empty() ? disclosure.granted_template_ : disclosure.granted_record_) =
          true;
      return true;
    });
  }
  if (record.template_ref.empty()) return disclosure;
  disclosure.template_ = templates_.Find(prefix, record.template_ref);
  if (disclosure.template_ == nullptr) return disclosure;
  // Who is granted all that there is to grant gets attributes as they are stored.
  const auto& items = disclosure.template_->content.items;
  disclosure.filters_attributes_ = std::any_of(
      items.begin(), items.end(), [&](const TemplateItem& item) { return !disclosure.Sees(item); });
  return disclosure;
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
