#pragma once

#include <string>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/service/writer.h"
#include "storage/engine.h"

namespace idnode::app {

/// Holds the facts that are fixed when a store is created against the configuration: for now the
/// counting time zone, without which months already counted would change. A new store gets them.
/// Errors: kInvalidRequest (field "node.time_zone", with both zones and the fix), kCorruption,
/// those of the engine and the committer.
Result<void> CheckStoreFacts(storage::Engine& engine, service::Writer& writer,
                             const std::string& time_zone, Deadline deadline);

}  // namespace idnode::app
