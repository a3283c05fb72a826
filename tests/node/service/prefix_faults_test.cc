// Prefixes on an engine that fails.
#include <memory>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/service/prefix_registry.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

// Every commit of an act meets a fault: memory agrees with the store afterwards, and a repeat ends
// where one act would have.
TEST(PrefixRegistryFaultsTest, MemoryFollowsTheStore) {
  for (const auto fault :
       {storage::CommitFault::kUnavailable, storage::CommitFault::kConflict,
        storage::CommitFault::kUnknownApplied, storage::CommitFault::kUnknownLost}) {
    SCOPED_TRACE(static_cast<int>(fault));
    storage::EngineOptions engine_options;
    engine_options.engine = "memory";
    engine_options.shards = 4;
    auto faulty = std::make_unique<storage::FaultyEngine>(*storage::OpenEngine(engine_options));
    storage::FaultyEngine& faults = *faulty;
    TestNodeOptions options;
    options.prefixes.admit_on_first_use = false;
    options.given_engine = std::move(faulty);
    TestNode node(std::move(options));
    const Actor root = node.Operator();
    ASSERT_TRUE(node.prefixes->Admit(root, "88.108.1", "", node.Soon()).ok());
    faults.ScriptCommits({fault});
    const auto first =
        node.prefixes->SetState(root, "88.108.1", PrefixState::kStopped, "", node.Soon());
    const auto state = node.prefixes->Get(root, "88.108.1")->state;
    const auto again =
        node.prefixes->SetState(root, "88.108.1", PrefixState::kStopped, "", node.Soon());
    EXPECT_TRUE(again.ok() || again.code() == Errc::kPreconditionFailed);
    EXPECT_EQ(again.ok(), state == PrefixState::kActive);
    EXPECT_TRUE(!first.ok() || state == PrefixState::kStopped);
    ASSERT_TRUE(node.prefixes->Load().ok());
    EXPECT_EQ(node.prefixes->Get(root, "88.108.1")->state, PrefixState::kStopped);
  }
}

}  // namespace
}  // namespace idnode::service
