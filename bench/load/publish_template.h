#pragma once

#include "bench/load/node_process.h"
#include "node/base/result.h"
#include "node/model/data_template.h"

namespace idnode::bench {

/// Publishes `content` as version 1 of `kTemplateName`, for all prefixes of the node, as the
/// operator. Errors: kUnavailable, with what the node said.
Result<void> PublishTemplate(NodeProcess& node, const DataTemplate& content);

}  // namespace idnode::bench
