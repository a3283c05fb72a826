#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/model/data_template.h"
#include "node/model/record.h"
#include "node/service/caller.h"
#include "node/service/grant_store.h"
#include "node/service/template_registry.h"

namespace idnode::service {

/// Same numbers as idnode.v1.Visibility, from the widest to the narrowest.
enum class Visibility : std::uint8_t { kPublic = 1, kGranted = 2, kPrivate = 3 };

/// What one asker may see of the records of one template, worked out once. Immutable; shared.
struct DisclosureRules {
  TemplateRef known;             ///< nullptr: the records name none that is known
  bool granted_record = false;   ///< a grant covers all of the record that is not private
  std::vector<GrantRef> grants;  ///< those that name items
  ItemSet granted;               ///< items of the template that some grant covers
  ItemSet withheld;              ///< items of the template that are not seen
};
using DisclosureRulesRef = std::shared_ptr<const DisclosureRules>;

/// What of one record its asker may see: made by DisclosurePolicy, asked by every front end for
/// each value and attribute. What may not be seen is absent. Cheap where everything, or only what
/// is public, may be seen. Copyable; not to be kept beyond the request.
class Disclosure {
 public:
  /// Everything: owner, auditor, operator.
  static Disclosure All() { return Disclosure(true); }
  /// What anybody may see of a record without a template.
  static Disclosure Public() { return Disclosure(false); }

  bool all() const { return all_; }
  bool SeesValue(const ValueView& value) const;
  bool SeesAttribute(std::string_view name) const;
  /// True where an item of the template is withheld, so that an attribute may be: otherwise their
  /// JSON may be copied as it is.
  bool filters_attributes() const { return filters_attributes_; }

 private:
  friend class DisclosurePolicy;
  explicit Disclosure(bool all) : all_(all) {}
  explicit Disclosure(DisclosureRulesRef rules)
      : all_(false), filters_attributes_(rules->withheld.any()), rules_(std::move(rules)) {}

  bool all_;
  bool filters_attributes_ = false;
  DisclosureRulesRef rules_;  ///< nullptr: no template and no grants
};

struct ItemVisibility {
  std::string item;  ///< "attributes.colour" or "values[2000]"
  Visibility visibility = Visibility::kPublic;
  std::vector<std::string> enterprises;  ///< whom it is granted to; sorted
  std::vector<std::string> applications;
};

/// The one place that decides who sees what of a record (design §9). Values: the narrower of their
/// permission bits (public read: public; neither that nor admin read: private; else granted) and of
/// their template item's visibility. Attributes: their template item's visibility; public without
/// one. Thread-safe; in memory. What is worked out for an asker and a template is kept by the
/// thread as long as grants and template are the same and none of the grants has ended.
class DisclosurePolicy {
 public:
  DisclosurePolicy(const TemplateRegistry& templates, const GrantStore& grants,
                   const PrefixRegistry& prefixes, const Clock& clock)
      : templates_(templates), grants_(grants), prefixes_(prefixes), clock_(clock) {}

  /// What `caller` sees of the record. An application has its enterprise's grants too.
  Disclosure For(const Caller& caller, std::string_view folded_identifier,
                 const RecordView& record) const;

  /// True for the owner of the folded prefix, auditors and the operator.
  bool SeesEverything(const Caller& caller, std::string_view folded_prefix) const;

  /// Who can see what of the record: one entry for each attribute and value there is. The caller
  /// has been permitted.
  std::vector<ItemVisibility> WhoCanSee(std::string_view folded_identifier,
                                        const RecordView& record) const;

 private:
  struct Kept;
  /// What holds for all records of the template, but for grants of single identifiers.
  const Kept& KeptFor(const Caller& caller, std::string_view folded_identifier,
                      std::string_view template_ref, const TemplateRef& known) const;

  const TemplateRegistry& templates_;
  const GrantStore& grants_;
  const PrefixRegistry& prefixes_;
  const Clock& clock_;
};

/// Who looks at records, for answers that hold several: gives the Disclosure of each. References
/// live longer than it.
class Viewer {
 public:
  /// Sees everything: for what has been permitted as a whole.
  Viewer() = default;
  Viewer(const DisclosurePolicy& policy, const Caller& caller)
      : policy_(&policy), caller_(&caller) {}

  Disclosure Of(std::string_view folded_identifier, const RecordView& record) const {
    return policy_ == nullptr ? Disclosure::All()
                              : policy_->For(*caller_, folded_identifier, record);
  }

 private:
  const DisclosurePolicy* policy_ = nullptr;
  const Caller* caller_ = nullptr;
};

}  // namespace idnode::service
