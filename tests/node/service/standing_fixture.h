#pragma once

#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "storage/counters.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {

/// Changes an enterprise's industry and region, as the operator.
void SetStanding(TestNode& node, const std::string& enterprise, const std::string& industry,
                 const std::string& region);

/// Commits a row past the committer, as another node of the same store would.
void WriteRowBehindTheBack(TestNode& node, storage::ShardId shard, const std::string& key,
                           const std::string& value);

/// The running month's figures by the values of a dimension.
std::map<std::string, storage::Figures> FiguresBy(TestNode& node, std::string_view dimension);

}  // namespace idnode::service
