#pragma once

#include <string_view>

#include "node/model/record.h"
#include "node/service/registration_batch.h"
#include "storage/committer.h"

namespace idnode::service {

/// Applies one item to the state a commit group sees: decides the outcome, and writes record,
/// history, counters and feed. Pure but for the group: the same state gives the same outcome, and
/// it may be called again.
ItemResult ApplyItem(PendingItem& item, storage::Slot slot, const Caller& caller,
                     const RecordLimits& limits, storage::GroupContext& group);

}  // namespace idnode::service
