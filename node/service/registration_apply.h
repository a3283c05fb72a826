#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "node/model/data_template.h"
#include "node/model/record.h"
#include "node/service/registration_batch.h"
#include "node/service/template_registry.h"
#include "storage/committer.h"

namespace idnode::service {

Error UnknownTemplate(std::string_view reference);
Error WithdrawnTemplate(std::string_view reference);

/// What the items of one part of a batch have in common.
struct ApplyEnvironment {
  const Caller& caller;
  const RecordLimits& limits;
  /// Counted under; lives as long as the group.
  std::string_view source_address;
  const TemplateRegistry* templates = nullptr;  ///< nullptr: nothing is checked
  /// Made when first needed; one a part.
  std::unique_ptr<TemplateChecker::Scratch, void (*)(TemplateChecker::Scratch*)> scratch{nullptr,
                                                                                         nullptr};
};

/// Applies one item to the state a commit group sees: decides the outcome, and writes record,
/// history, counters, feed, and claims of unique values. Pure but for the group (and templates that
/// are published or withdrawn meanwhile): the same state gives the same outcome, and it may be
/// called again. `claims` and `claim_slots` are those of the item.
ItemResult ApplyItem(PendingItem& item, storage::Slot slot, std::span<const PendingClaim> claims,
                     std::span<const storage::Slot> claim_slots, ApplyEnvironment& environment,
                     storage::GroupContext& group);

}  // namespace idnode::service
