#include "node/service/ledger_sequencer.h"

#include <condition_variable>
#include <mutex>
#include <random>

#include <gtest/gtest.h>

#include "node/ledger/leaf.h"
#include "node/service/retention.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/ledger_fixture.h"

namespace idnode::service {
namespace {

TEST(LedgerSequencerTest, BeginsWithAnEmptyTree) {
  LedgerNode node;
  EXPECT_EQ(node.sequencer->Published(), nullptr);
  EXPECT_EQ(node.reader->Checkpoint().code(), Errc::kUnavailable);
  node.Settle();
  ExpectLogIsTrue(node);
  EXPECT_EQ(node.size(), 0u);
  EXPECT_EQ(node.state().month.Text(), "2026-11");
}

TEST(LedgerSequencerTest, EveryFirstEverRegistrationIsALeafOnce) {
  LedgerNode node;
  for (std::uint64_t prefix = 1; prefix <= 6; ++prefix) {
    node.node.RegisterMany(Ids(prefix, 0, 150));
    node.node.RegisterMany(Ids(prefix, 100, 60));  // some are there already
    node.Settle();
  }
  node.node.Delete(Id(1, 3));
  node.node.Register(Id(1, 3));
  node.node.Register("88.108.1/sn7");  // another case
  node.node.SetState(Id(2, 2), State::kFrozen);
  node.Settle();
  EXPECT_EQ(node.size(), 6u * 160);
  ExpectLogIsTrue(node);
  node.Restart();
  node.Settle();
  EXPECT_EQ(node.size(), 6u * 160);
  ExpectLogIsTrue(node);
}

TEST(LedgerSequencerTest, FullTilesOfTheSecondLevelAreKept) {
  TestNodeOptions options;
  options.limits.batch_items_max = 20'000;
  LedgerNode node(std::move(options));
  for (std::uint64_t from = 0; from < 66'000; from += 11'000) {
    node.Try(Ids(1 + from / 11'000, from, 11'000));
    if (from == 33'000) node.Restart();
    node.Settle();
  }
  ASSERT_EQ(node.size(), 66'000u);
  ExpectLogIsTrue(node);
}

TEST(LedgerSequencerTest, AnIdleNodeCommitsNothing) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  const std::vector<storage::ShardId> shards = {0, 1, 2, 3};
  const auto before = *node.node.engine->Heads(shards, node.node.Soon());
  for (int i = 0; i < 20; ++i) {
    node.node.clock.AdvanceMs(1000);
    ASSERT_TRUE(node.sequencer->Step().ok());
  }
  EXPECT_EQ(*node.node.engine->Heads(shards, node.node.Soon()), before);
}

// Whatever the engine answers, and wherever a sequencer dies, each entry is there once.
TEST(LedgerSequencerTest, ExactlyOnceOverFaultsAndCrashes) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  auto engine = std::make_unique<storage::FaultyEngine>(MemoryEngine());
  auto& faults = *engine;
  LedgerNode node(Over(std::move(engine)));
  std::uint64_t next = 0;
  for (int round = 0; round < 150; ++round) {
    storage::FaultRates rates;
    if (random() % 3 != 0) {
      rates.commit_unavailable = 0.1;
      rates.commit_conflict = 0.1;
      rates.commit_unknown_applied = 0.1;
      rates.commit_unknown_lost = 0.1;
      rates.commit_unknown_applied_later = 0.1;
      rates.read_unavailable = 0.02;
    }
    faults.Randomize(random(), rates);
    node.Try(Ids(random() % 5, next, 1 + random() % 40));
    next += random() % 40;
    for (std::size_t step = random() % 4; step > 0; --step) (void)node.sequencer->Step().ok();
    if (random() % 4 == 0) node.Restart();
    if (random() % 5 == 0) {
      node.node.clock.AdvanceMs(static_cast<std::int64_t>(random() % 100'000'000));
    }
  }
  faults.StopFaults();
  faults.ApplyLateCommits();
  node.Settle();
  EXPECT_GT(node.size(), 0u);
  EXPECT_GT(node.state().month.number, node.state().first_month.number) << "months went by";
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, OfTwoTheLeaseHolderSequences) {
  LedgerOptions options;
  options.exclusive = false;
  LedgerNode node({}, options);
  options.trusted_time = [&node] { return node.node.clock_guard->TrustedMs(); };
  LedgerSequencer other(*node.node.engine, *node.node.committer, node.node.clock, node.node.zone,
                        node.node.metrics, TestKeys(), options);
  node.node.RegisterMany(Ids(1, 0, 5));
  node.Settle();
  node.node.RegisterMany(Ids(1, 5, 5));
  ASSERT_TRUE(other.Step().ok());
  ASSERT_NE(other.Published(), nullptr);
  EXPECT_EQ(other.Published()->state.tree.size, 5u) << "it serves what the holder published";
  // The holder dies; its lease runs out.
  node.node.clock.AdvanceMs(15'001);
  while (*other.Step()) {
  }
  EXPECT_EQ(other.Published()->state.tree.size, 10u);
  // The old holder comes back and finds that it is none any more.
  node.node.RegisterMany(Ids(1, 10, 5));
  ASSERT_TRUE(node.sequencer->Step().ok());
  EXPECT_EQ(node.size(), 10u);
  while (*other.Step()) {
  }
  ASSERT_TRUE(node.sequencer->Step().ok());
  EXPECT_EQ(node.size(), 15u);
  ExpectLogIsTrue(node);
}

TEST(LedgerSequencerTest, TwoAtOnceNeverAppendTwice) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  LedgerNode node;  // both believe that they are alone: the state row alone must keep order
  LedgerOptions options;
  options.trusted_time = [&node] { return node.node.clock_guard->TrustedMs(); };
  LedgerSequencer other(*node.node.engine, *node.node.committer, node.node.clock, node.node.zone,
                        node.node.metrics, TestKeys(), options);
  for (int round = 0; round < 200; ++round) {
    node.node.RegisterMany(Ids(random() % 4, static_cast<std::uint64_t>(round) * 10, 5));
    auto& one = random() % 2 == 0 ? *node.sequencer : other;
    ASSERT_TRUE(one.Step().ok());
    if (random() % 10 == 0) node.node.clock.AdvanceMs(86'400'000);
  }
  node.Settle();
  ASSERT_TRUE(node.sequencer->Step().ok());
  node.Settle();
  EXPECT_EQ(node.size(), 1000u);
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, AMonthWithIdleShardsIsClosedWhenTheClockPassesIt) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 7));
  node.Settle();
  node.node.clock.AdvanceMs(kDecemberMs - 1 - kTestNowMs);
  node.node.RegisterMany(Ids(1, 7, 1));
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-11");
  node.node.clock.AdvanceMs(1);  // the boundary itself belongs to December
  node.node.RegisterMany(Ids(1, 8, 2));
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-12");
  EXPECT_EQ(node.state().month_start.size, 8u);
  EXPECT_EQ(node.size(), 10u);
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, MonthsWithoutLeavesAreStatedToo) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  node.node.clock.AdvanceMs(120LL * 86'400'000);
  node.node.RegisterMany(Ids(2, 0, 3));
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2027-03");
  EXPECT_EQ(node.reader->ClosedMonths(node.node.Soon())->size(), 4u);
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, AClockSetBackOverTheBoundaryChangesNothing) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.node.clock.AdvanceMs(kDecemberMs + 60'000 - kTestNowMs);
  node.node.RegisterMany(Ids(1, 3, 1));
  node.node.clock.SetWallMs(kDecemberMs - 60'000);
  node.node.RegisterMany(Ids(1, 4, 1));  // this shard stays in December
  node.node.RegisterMany(Ids(2, 0, 2));  // another shard, in November still
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-11") << "a shard may still register in November";
  node.node.clock.SetWallMs(kDecemberMs + 120'000);
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-12");
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, AClockAYearAheadClosesNothing) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  node.node.clock.SetWallMs(kTestNowMs + 365LL * 86'400'000);
  const auto stepped = node.sequencer->Step();
  EXPECT_EQ(stepped.code(), Errc::kClockUntrusted) << "and it is said";
  EXPECT_EQ(node.state().month.Text(), "2026-11");
  node.node.clock.SetWallMs(kTestNowMs);
  node.node.RegisterMany(Ids(1, 3, 3));
  node.Settle();
  EXPECT_EQ(node.size(), 6u);
  ExpectLogIsTrue(node);
}

// Two nodes on one store, whose clocks disagree around the turn of the month.
TEST(LedgerSequencerTest, SkewedWritersAgreeOnTheMonth) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto engine = MemoryEngine();
  LedgerNode ahead(Over(std::make_unique<storage::FaultyEngine>(*engine)));
  LedgerNode behind(Over(std::make_unique<storage::FaultyEngine>(*engine)));
  ahead.node.clock.AdvanceMs(kDecemberMs - 30'000 - kTestNowMs);
  behind.node.clock.AdvanceMs(kDecemberMs - 150'000 - kTestNowMs);
  for (int round = 0; round < 200; ++round) {
    auto& writer = random() % 2 == 0 ? ahead : behind;
    writer.node.RegisterMany(Ids(random() % 5, static_cast<std::uint64_t>(round) * 3, 3));
    auto& sequencing = random() % 2 == 0 ? ahead : behind;
    ASSERT_TRUE(sequencing.sequencer->Step().ok());
    ahead.node.clock.AdvanceMs(2'000);
    behind.node.clock.AdvanceMs(2'000);
  }
  // Neither has read all that the other wrote in its own tries.
  ahead.Settle();
  ahead.Settle();
  EXPECT_EQ(ahead.size(), 600u);
  EXPECT_EQ(ahead.state().month.Text(), "2026-12");
  EXPECT_GT(ahead.state().month_start.size, 0u);
  EXPECT_LT(ahead.state().month_start.size, 600u);
  ExpectLogIsTrue(ahead);
  ExpectMonthsAreTrue(ahead);
}

TEST(LedgerSequencerTest, ALateRegistrationIsOfTheNextMonth) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.node.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
  node.Settle();
  ASSERT_EQ(node.state().month.Text(), "2026-12");
  // A writer whose clock is behind: its shard has passed the boundary already.
  node.node.clock.SetWallMs(kDecemberMs - 100'000);
  node.node.RegisterMany(Ids(1, 3, 2));
  node.node.RegisterMany(Ids(2, 0, 2));
  node.Settle();
  EXPECT_EQ(node.node.Volume("2026-12").first_ever, 4);
  EXPECT_EQ(node.size(), 7u);
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, RecordsCountersFeedAndLedgerAgree) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  LedgerNode node;
  for (int step = 0; step < 400; ++step) {
    const std::string id = Id(random() % 4, random() % 200);
    switch (random() % 6) {
      case 0:
        node.node.Delete(id);
        break;
      case 1:
        node.node.clock.AdvanceMs(static_cast<std::int64_t>(random() % 40'000'000));
        break;
      case 2:
        ASSERT_TRUE(node.sequencer->Step().ok());
        break;
      default:
        node.node.Register(id);
    }
  }
  node.Settle();
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
  node.node.ExpectRecountEqual({});
  std::uint64_t records = 0;
  for (storage::ShardId shard = 0; shard < 4; ++shard) {
    records += node.node.engine->Scan(shard, "r", "s", 100'000, false, node.node.Soon())->size();
  }
  EXPECT_EQ(node.size(), records) << "deleted ones keep their records";
}

TEST(LedgerSequencerTest, ProvisionalFiguresAreThoseOfThePublishedTree) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 10));
  node.node.RegisterMany(Ids(2, 0, 10));
  node.Settle();
  node.node.RegisterMany(Ids(1, 10, 10));  // committed, counted, and not in the tree
  node.node.Delete(Id(2, 1));
  const auto report = node.reader->Statement(node.state().month, node.node.Soon());
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->read.figures.first_ever, 20);
  EXPECT_EQ(report->read.figures.deletions, 0);
  EXPECT_TRUE(ledger::CheckFigures(report->read).ok());
  node.Settle();
  const auto later = node.reader->Statement(node.state().month, node.node.Soon());
  EXPECT_EQ(later->read.figures.first_ever, 30);
  EXPECT_EQ(later->read.figures.deletions, 1);
}

// Figures that do not agree with the tree are not signed.
TEST(LedgerSequencerTest, AWrongCounterIsNotSigned) {
  LedgerNode node;
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  const auto shard = storage::ShardOf("88.108.1", 4);
  const std::string key = storage::CounterKey(*Month::Parse("2026-11"), 0, "");
  const auto right = *node.node.engine->Get(shard, key, node.node.Soon());
  const auto put = [&](const std::string& value) {
    storage::WriteSet writes;
    writes.updates.push_back({key, value});
    const std::string feed_key = storage::FeedKey(
        (*node.node.engine->Heads(std::vector<storage::ShardId>{shard}, node.node.Soon()))[0] + 1);
    storage::FeedRowBuilder builder;
    const std::string feed = builder.Finish(node.node.clock.WallMs(), std::string(16, 'n'), {});
    writes.inserts.push_back({feed_key, feed});
    const auto head =
        (*node.node.engine->Heads(std::vector<storage::ShardId>{shard}, node.node.Soon()))[0];
    ASSERT_EQ(*node.node.engine->Commit(shard, head, writes, node.node.Soon()),
              storage::CommitStatus::kCommitted);
  };
  auto row = *storage::DecodeCounter(right);
  ++row.figures.first_ever;
  put(storage::EncodeCounter(row));
  node.node.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
  node.Settle();
  EXPECT_EQ(node.state().month.Text(), "2026-12") << "the log goes on";
  EXPECT_EQ(node.reader->Statement(*Month::Parse("2026-11"), node.node.Soon()).code(),
            Errc::kUnavailable);
  put(right);
  node.node.clock.AdvanceMs(61'000);
  node.Settle();
  EXPECT_TRUE(node.reader->Statement(*Month::Parse("2026-11"), node.node.Soon()).ok());
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, EvidenceSurvivesRestarts) {
  LedgerNode node;
  for (std::uint64_t from = 0; from < 60; from += 10) {
    node.node.RegisterMany(Ids(1, from, 10));
    node.Settle();
    node.Restart();
    node.node.clock.AdvanceMs(from % 20 == 0 ? 6'000 : 10);
  }
  node.node.RegisterMany({"88.108.1/other"}, {}, "https://another.example");
  node.Settle();
  const auto report = node.reader->Statement(node.state().month, node.node.Soon());
  ASSERT_TRUE(report.ok());
  std::map<std::string, std::string> evidence(report->read.evidence.begin(),
                                              report->read.evidence.end());
  EXPECT_EQ(evidence["longest-sequence-run"], "60");
  EXPECT_EQ(evidence["distinct-content"].substr(0, 2), "2 ");
  EXPECT_EQ(evidence["share-without-attributes"], "0.0000");
  EXPECT_EQ(evidence["share-never-resolved"].substr(0, 7), "1.0000 ");
  EXPECT_EQ(evidence["largest-application"], "1.0000 -");
}

TEST(LedgerSequencerTest, DrainIntegratesEverythingAndFailsThoseWhoWait) {
  LedgerNode node;
  node.sequencer->Start();
  for (std::uint64_t i = 0; i < 20; ++i) node.node.RegisterMany(Ids(i % 4, i * 10, 10));
  std::mutex mutex;
  std::vector<Errc> answers;
  node.sequencer->Await(0, 1'000'000, node.node.Soon(), [&](const Result<LedgerReceipt>& receipt) {
    std::lock_guard lock(mutex);
    answers.push_back(receipt.code());
  });
  ASSERT_TRUE(node.sequencer->Drain(node.node.Soon()).ok());
  EXPECT_EQ(node.size(), 200u);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0], Errc::kShuttingDown);
  ExpectLogIsTrue(node);
}

TEST(LedgerSequencerTest, ReceiptsNameTheLeaf) {
  LedgerNode node;
  node.Settle();
  node.sequencer->Start();
  for (std::uint64_t round = 0; round < 5; ++round) {
    const auto result = node.node.Run(node.node.operator_caller(), {}, 30, [&](Batch& batch) {
      batch.WaitForLedger();
      for (std::uint64_t i = 0; i < 30; ++i) {
        batch.AddRegister({Id(i % 6, round * 20 + i), {}});
      }
    });
    ASSERT_TRUE(result.ok()) << result.error().detail;
    const auto leaves = BundledLeaves(*node.reader, node.size());
    for (std::uint64_t i = 0; i < 30; ++i) {
      const auto& item = result->results[i];
      EXPECT_EQ(item.leaf_index.has_value(), item.outcome == Outcome::kRegistered);
      if (!item.leaf_index) continue;
      EXPECT_LT(*item.leaf_index, item.tree_size);
      ASSERT_LT(*item.leaf_index, leaves.size());
      EXPECT_EQ(ledger::ParseLeaf(leaves[*item.leaf_index])->identifier, Id(i % 6, round * 20 + i));
    }
  }
  node.sequencer->Stop();
}

TEST(LedgerSequencerTest, ALedgerThatComesLateTakesWhatWasThere) {
  LedgerNode node;
  for (std::uint64_t i = 0; i < 5; ++i) {
    node.node.RegisterMany(Ids(1, i * 3, 3));
    node.node.Delete(Id(1, i * 3));
    node.node.clock.AdvanceMs(3 * 86'400'000);
  }
  node.node.clock.AdvanceMs(30LL * 86'400'000);
  node.node.RegisterMany(Ids(1, 100, 1));
  RetentionOptions retention_options;
  retention_options.feed = std::chrono::hours(24);
  retention_options.gap_rows_min = 1;
  Retention retention(*node.node.engine, node.node.clock, retention_options);
  ASSERT_TRUE(retention.Run().ok());
  node.Settle();
  EXPECT_EQ(node.size(), 16u);
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, RetentionLeavesTheEntriesAlone) {
  LedgerNode node;
  RetentionOptions options;
  options.feed = std::chrono::hours(24);
  options.gap_rows_min = 1;
  options.followed_up_to = [&node](storage::ShardId shard) {
    return node.sequencer->FollowedUpTo(shard);
  };
  Retention retention(*node.node.engine, node.node.clock, options);
  for (std::uint64_t i = 0; i < 20; ++i) {
    node.node.RegisterMany(Ids(i % 3, i * 3, 3));
    node.node.Delete(Id(i % 3, i * 3));
    node.node.clock.AdvanceMs(86'400'000);
    if (i % 3 == 0) node.Settle();
    if (i % 4 == 0) node.Restart();
    ASSERT_TRUE(retention.Run().ok());
  }
  node.Settle();
  EXPECT_EQ(node.size(), 60u);
  ExpectLogIsTrue(node);
  ExpectMonthsAreTrue(node);
}

TEST(LedgerSequencerTest, KeepsCosignaturesOfKnownWitnesses) {
  const auto witness =
      *ledger::Signer::Generate(ledger::SignatureType::kCosignatureV1, "witness.example");
  const auto stranger =
      *ledger::Signer::Generate(ledger::SignatureType::kCosignatureV1, "stranger.example");
  LedgerReaderOptions options;
  options.witnesses.push_back(witness.verifier());
  LedgerNode node({}, {}, options);
  node.node.RegisterMany(Ids(1, 0, 3));
  node.Settle();
  const auto cosign = [](const std::string& checkpoint, const ledger::Signer& by) {
    const auto note = *ledger::ParseNote(checkpoint);
    return checkpoint +
           ledger::FormatSignatureLine(*ledger::CosignText(note.text, by, 1'700'000'000));
  };
  const std::string checkpoint = *node.reader->Checkpoint();
  EXPECT_EQ(node.reader->AddCosignature(cosign(checkpoint, stranger), node.node.Soon()).code(),
            Errc::kUnauthenticated);
  EXPECT_EQ(node.reader->AddCosignature("x", node.node.Soon()).code(), Errc::kInvalidRequest);
  ASSERT_TRUE(node.reader->AddCosignature(cosign(checkpoint, witness), node.node.Soon()).ok());
  EXPECT_EQ(*node.reader->Checkpoint(), cosign(checkpoint, witness));
  // A second one of the same witness takes the place of the first.
  const auto later = [&] {
    const auto note = *ledger::ParseNote(checkpoint);
    return checkpoint +
           ledger::FormatSignatureLine(*ledger::CosignText(note.text, witness, 1'700'000'009));
  }();
  ASSERT_TRUE(node.reader->AddCosignature(later, node.node.Soon()).ok());
  EXPECT_EQ(*node.reader->Checkpoint(), later);
  // The closing one keeps it for good.
  node.node.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
  node.Settle();
  const Month november = *Month::Parse("2026-11");
  ASSERT_TRUE(node.reader->AddCosignature(cosign(checkpoint, witness), node.node.Soon()).ok());
  ASSERT_TRUE(node.reader->AddCosignature(later, node.node.Soon()).ok());
  node.Restart();
  node.Settle();
  EXPECT_EQ(node.reader->Statement(november, node.node.Soon())->checkpoint,
            cosign(checkpoint, witness));
}

}  // namespace
}  // namespace idnode::service
