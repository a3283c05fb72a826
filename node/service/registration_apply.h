#pragma once

#include <string_view>

#include "node/model/record.h"
#include "node/service/registration_batch.h"
#include "storage/committer.h"

namespace idnode::service {

/// Applies one item to the state a commit group sees: decides the outcome, and writes record,
/// history, counters and feed. Pure but for the group: the same state gives the same outcome, and
/// it may be called again. `source_address` is counted under and must live as long as the group.
ItemResult ApplyItem(PendingItem& item, storage::Slot slot, const Caller& caller,
                     const RecordLimits& limits, std::string_view source_address,
                     storage::GroupContext& group);

}  // namespace idnode::service
