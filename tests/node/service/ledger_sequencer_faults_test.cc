#include <gtest/gtest.h>

#include "node/service/ledger_commit.h"
#include "node/service/ledger_sequencer.h"
#include "storage/key_codec.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/ledger_fixture.h"

namespace idnode::service {
namespace {

// Puts a row into the ledger's shard as another program would.
void PutRow(LedgerNode& node, const std::string& key, const std::string& value) {
  LedgerWrite write;
  write.puts.emplace_back(key, value);
  ASSERT_TRUE(*WriteLedger(*node.node.committer, std::move(write), node.node.Soon()));
}

TEST(LedgerSequencerFaultsTest, SketchesThatCannotBeReadAreCountedAnew) {
  for (const std::string_view damage : {"\1broken", "\2newer"}) {
    LedgerNode node;
    node.node.RegisterMany(Ids(1, 0, 20));
    node.Settle();
    PutRow(node, storage::LedgerSketchesKey(), std::string(damage));
    node.Restart();
    node.node.RegisterMany(Ids(1, 20, 5));
    node.Settle();
    EXPECT_EQ(node.size(), 25u);
    EXPECT_EQ(node.sequencer->Published()->evidence.longest_run, 25u);
  }
}

TEST(LedgerSequencerFaultsTest, AMonthIsStatedWithoutASketchThatCannotBeRead) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  const Month november = *Month::Parse("2026-11");
  PutRow(node, storage::LedgerResolvedKey(november), "broken");
  node.node.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
  node.Settle();
  const auto report = node.reader->Statement(november, node.node.Soon());
  ASSERT_TRUE(report.ok()) << report.error().detail;
  for (const auto& [name, value] : report->read.evidence) EXPECT_NE(name, "share-never-resolved");
}

TEST(LedgerSequencerFaultsTest, UnknownEvidenceIsNotStated) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  node.Restart();
  ASSERT_TRUE(node.sequencer->Load().ok());  // as on a node that does not hold the lease
  const auto report = node.reader->Statement(node.state().month, node.node.Soon());
  ASSERT_TRUE(report.ok()) << report.error().detail;
  for (const auto& [name, value] : report->read.evidence) {
    EXPECT_NE(name, "distinct-content");
    EXPECT_NE(name, "share-identical-content");
    EXPECT_NE(name, "longest-sequence-run");
  }
}

TEST(LedgerSequencerFaultsTest, ACloseWaitsAMinuteForWhatIsInMemory) {
  LedgerNode node;
  int flushes = 0;
  node.sequencer->SetBeforeClose([&]() -> Result<void> {
    ++flushes;
    return Error(Errc::kUnavailable, "not now");
  });
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  node.node.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
  node.Settle();
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-11");
  EXPECT_GT(flushes, 1);
  node.node.clock.AdvanceMs(61'000);
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-12");
}

// However a look at the feeds ends, those whose time is over are told.
TEST(LedgerSequencerFaultsTest, WaitersAreToldWhenTheLedgerDoesNotGoOn) {
  auto engine = std::make_unique<storage::FaultyEngine>(MemoryEngine(4));
  auto& faults = *engine;
  LedgerNode node(Over(std::move(engine)));
  node.node.RegisterMany(Ids(1, 0, 3));
  std::optional<Errc> answer;
  node.sequencer->Await(0, 1'000'000, node.node.clock.After(std::chrono::seconds(1)),
                        [&](const Result<LedgerReceipt>& receipt) { answer = receipt.code(); });
  node.node.clock.AdvanceMs(2'000);
  faults.ScriptReads({storage::ReadFault::kUnavailable});
  EXPECT_FALSE(node.sequencer->Step().ok());
  EXPECT_EQ(answer, Errc::kDeadlineExceeded);
}

TEST(LedgerSequencerFaultsTest, ADrainUnderAWrongClockIsDoneOnceAllIsInTheLedger) {
  LedgerNode node;
  node.Settle();
  node.node.RegisterMany(Ids(1, 0, 3));
  node.node.clock.SetWallMs(kTestNowMs + 365LL * 86'400'000);
  const auto drained = node.sequencer->Drain(node.node.Soon());
  EXPECT_TRUE(drained.ok()) << drained.error().detail;
  EXPECT_EQ(node.size(), 3u);
}

}  // namespace
}  // namespace idnode::service
