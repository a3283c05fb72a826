#include "node/service/audit_log.h"

#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "node/service/audit_rows.h"
#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/audit_fixture.h"

namespace idnode::service {
namespace {

TEST(AuditLogTest, AnActAndItsEntryAreOneCommit) {
  TestNode node(OneShard());
  const auto before = (*node.engine->Heads(std::array{storage::ShardId{0}}, node.Soon()))[0];
  ASSERT_TRUE(DoAct(node, "88.108.1").ok());
  const auto after = (*node.engine->Heads(std::array{storage::ShardId{0}}, node.Soon()))[0];
  EXPECT_EQ(after, before + 1);
  EXPECT_EQ(Raw(node, RowKey("88.108.1")), "done");
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 1u);
  const AuditEntry& entry = entries[0];
  EXPECT_EQ(entry.number, 1u);
  EXPECT_EQ(entry.at_ms, kTestNowMs);
  EXPECT_EQ(entry.who, "operator");
  EXPECT_EQ(entry.role, "operator");
  EXPECT_EQ(entry.from, "192.0.2.1");
  EXPECT_EQ(entry.action, "prefix.admit");
  EXPECT_EQ(entry.target, "88.108.1");
  EXPECT_EQ(entry.refused, "");
  EXPECT_EQ(entry.before, "");
  EXPECT_EQ(entry.after, R"({"prefix":"x"})");
  EXPECT_EQ(entry.count, 1u);
  EXPECT_EQ(entry.hash, HashAuditEntry(Digest{}, entry));
}

TEST(AuditLogTest, AnActWithoutRowsIsAnEntryAlone) {
  TestNode node(OneShard());
  ASSERT_TRUE(
      node.audit->Do(node.Operator(), {Action::kClockAccept, "", "", ""}, {}, node.Soon()).ok());
  EXPECT_EQ(node.AuditEntries().size(), 1u);
}

TEST(AuditLogTest, RowsThatAreNotAsExpectedStopTheWholeAct) {
  TestNode node(OneShard());
  ASSERT_TRUE(DoAct(node, "a").ok());
  EXPECT_EQ(DoAct(node, "a").code(), Errc::kAlreadyExists);
  const auto change = [&](std::optional<std::string> expected, std::optional<std::string> value) {
    const std::array rows = {RowChange{RowKey("other"), "x", std::nullopt},
                             RowChange{RowKey("a"), std::move(value), std::move(expected)}};
    return node.audit->Do(node.Operator(), {Action::kPrefixSetState, "a", "", ""}, rows,
                          node.Soon());
  };
  EXPECT_EQ(change("something else", "new").code(), Errc::kConflict);
  EXPECT_EQ(change("", "new").code(), Errc::kAlreadyExists);
  EXPECT_EQ(node.engine->Get(0, RowKey("other"), node.Soon()).code(), Errc::kNotFound);
  EXPECT_EQ(node.AuditEntries().size(), 1u);

  EXPECT_TRUE(change("done", "new").ok());
  EXPECT_EQ(Raw(node, RowKey("a")), "new");
  EXPECT_TRUE(change("new", std::nullopt).ok());
  EXPECT_EQ(node.engine->Get(0, RowKey("a"), node.Soon()).code(), Errc::kNotFound);
  EXPECT_EQ(change("new", "again").code(), Errc::kConflict) << "it is gone";
  EXPECT_TRUE(change(std::nullopt, std::nullopt).ok()) << "a row that is not there may go";
  EXPECT_EQ(node.AuditEntries().size(), 4u);
  EXPECT_EQ(BrokenAt(node), 0u);
}

class FaultyNode {
 public:
  explicit FaultyNode(AuditOptions audit = PatientAudit()) {
    auto faulty = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(1));
    engine = faulty.get();
    TestNodeOptions options;
    options.given_engine = std::move(faulty);
    options.audit = audit;
    node = std::make_unique<TestNode>(std::move(options));
  }
  ~FaultyNode() { engine->StopFaults(); }

  void ExpectRowsAndEntriesAgree() {
    engine->StopFaults();
    engine->ApplyLateCommits();
    std::set<std::string> entered;
    for (const auto& entry : node->AuditEntries()) {
      EXPECT_TRUE(entered.insert(RowKey(entry.target)).second) << entry.target << " twice";
    }
    std::set<std::string> written;
    const auto rows = node->engine->Scan(0, "mtest-", "mtest.", 10'000, false, node->Soon());
    for (const auto& row : *rows) written.insert(row.key);
    EXPECT_EQ(entered, written);
    EXPECT_EQ(BrokenAt(*node), 0u);
  }

  storage::FaultyEngine* engine = nullptr;
  std::unique_ptr<TestNode> node;
};

TEST(AuditLogTest, WhateverBecomesOfACommitBothAreThereOrNeither) {
  using storage::CommitFault;
  for (const CommitFault fault :
       {CommitFault::kUnavailable, CommitFault::kStorageFull, CommitFault::kConflict,
        CommitFault::kUnknownApplied, CommitFault::kUnknownLost, CommitFault::kUnknownAppliedLater,
        CommitFault::kBatchTooLarge}) {
    FaultyNode faulty;
    ASSERT_TRUE(DoAct(*faulty.node, "first").ok());
    faulty.engine->ScriptCommits({fault});
    (void)DoAct(*faulty.node, "second");
    EXPECT_EQ(faulty.engine->faulted_commits(), 1u);
    faulty.engine->StopFaults();
    EXPECT_TRUE(DoAct(*faulty.node, "third").ok());
    faulty.ExpectRowsAndEntriesAgree();
  }
}

TEST(AuditLogTest, ChanceFaultsLeaveRowsAndEntriesInStep) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  FaultyNode faulty;
  storage::FaultRates rates;
  rates.commit_unavailable = 0.1;
  rates.commit_conflict = 0.2;
  rates.commit_unknown_applied = 0.1;
  rates.commit_unknown_lost = 0.1;
  rates.commit_unknown_applied_later = 0.1;
  faulty.engine->Randomize(seed, rates);
  std::size_t done = 0;
  for (int i = 0; i < 300; ++i) done += DoAct(*faulty.node, std::to_string(i)).ok() ? 1 : 0;
  faulty.ExpectRowsAndEntriesAgree();
  EXPECT_GT(done, 50u);
  EXPECT_GT(faulty.engine->faulted_commits(), 50u);
}

TEST(AuditLogTest, WorksWhileTheClockIsNotTrusted) {
  TestNode node(OneShard());
  ASSERT_EQ(node.Register("88.108.1/a").outcome, Outcome::kRegistered);
  node.clock.SetWallMs(kTestNowMs + 400 * kDayMs);
  ASSERT_EQ(node.clock_guard->TrustedMs().code(), Errc::kClockUntrusted);
  ASSERT_TRUE(DoAct(node, "later").ok());
  node.clock.SetWallMs(kTestNowMs - 400 * kDayMs);
  ASSERT_TRUE(DoAct(node, "earlier").ok());
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].at_ms, kTestNowMs + 400 * kDayMs) << "what the clock says";
  EXPECT_EQ(entries[1].at_ms, kTestNowMs) << "but not before what the store knows";
  EXPECT_EQ(*node.committer->LastCommitMs(node.Soon()), kTestNowMs);
}

class AuditChainTest : public testing::Test {
 protected:
  AuditChainTest() : node_(OneShard()) {
    for (int i = 1; i <= 9; ++i) EXPECT_TRUE(DoAct(node_, std::to_string(i)).ok());
    EXPECT_EQ(BrokenAt(node_), 0u);
  }
  AuditEntry Entry(std::uint64_t number) {
    return *DecodeAuditEntry(Raw(node_, AuditEntryKey(number)));
  }

  TestNode node_;
};

TEST_F(AuditChainTest, VerifyGivesWhatThereIs) {
  const auto check = node_.audit->Verify(node_.Auditor(), node_.Soon());
  ASSERT_TRUE(check.ok());
  EXPECT_EQ(check->first, 1u);
  EXPECT_EQ(check->last, 9u);
  EXPECT_EQ(check->head, Entry(9).hash);
}

TEST_F(AuditChainTest, AnEmptyLogIsWhole) {
  TestNode empty(OneShard());
  const auto check = empty.audit->Verify(empty.Auditor(), empty.Soon());
  EXPECT_EQ(check->first, 1u);
  EXPECT_EQ(check->last, 0u);
  EXPECT_EQ(check->broken_at, 0u);
}

TEST_F(AuditChainTest, EveryChangedByteIsFound) {
  const std::string key = AuditEntryKey(5);
  const std::string bytes = Raw(node_, key);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    Tamper(node_, key, changed);
    EXPECT_EQ(BrokenAt(node_), 5u) << "byte " << i;
  }
  Tamper(node_, key, bytes);
  EXPECT_EQ(BrokenAt(node_), 0u);
}

TEST_F(AuditChainTest, AnEntryChangedWithItsHashBreaksTheNext) {
  for (const std::uint64_t number : {1u, 5u, 8u}) {
    const std::string bytes = Raw(node_, AuditEntryKey(number));
    AuditEntry entry = Entry(number);
    entry.who = "somebody else";
    entry.hash = HashAuditEntry(number == 1 ? Digest{} : Entry(number - 1).hash, entry);
    Tamper(node_, AuditEntryKey(number), EncodeAuditEntry(entry));
    EXPECT_EQ(BrokenAt(node_), number + 1);
    Tamper(node_, AuditEntryKey(number), bytes);
  }
  AuditEntry last = Entry(9);
  last.target = "10";
  last.hash = HashAuditEntry(Entry(8).hash, last);
  Tamper(node_, AuditEntryKey(9), EncodeAuditEntry(last));
  EXPECT_EQ(BrokenAt(node_), 9u) << "the head knows the last";
}

TEST_F(AuditChainTest, ARemovedEntryIsFound) {
  for (const std::uint64_t number : {1u, 2u, 5u, 9u}) {
    const std::string bytes = Raw(node_, AuditEntryKey(number));
    Tamper(node_, AuditEntryKey(number), std::nullopt);
    EXPECT_EQ(BrokenAt(node_), number);
    Tamper(node_, AuditEntryKey(number), bytes);
  }
  EXPECT_EQ(BrokenAt(node_), 0u);
}

TEST_F(AuditChainTest, EntriesInAnotherOrderAreFound) {
  const std::string third = Raw(node_, AuditEntryKey(3));
  const std::string fourth = Raw(node_, AuditEntryKey(4));
  Tamper(node_, AuditEntryKey(3), fourth);
  Tamper(node_, AuditEntryKey(4), third);
  EXPECT_EQ(BrokenAt(node_), 3u);
  // Also where the numbers were made to fit.
  AuditEntry moved = *DecodeAuditEntry(fourth);
  moved.number = 3;
  Tamper(node_, AuditEntryKey(3), EncodeAuditEntry(moved));
  EXPECT_EQ(BrokenAt(node_), 3u);
}

TEST_F(AuditChainTest, AnEntryPutInBehindIsFound) {
  AuditEntry forged = Entry(9);
  forged.number = 10;
  forged.hash = HashAuditEntry(Entry(9).hash, forged);
  Tamper(node_, AuditEntryKey(10), EncodeAuditEntry(forged));
  EXPECT_EQ(BrokenAt(node_), 10u);
}

TEST_F(AuditChainTest, AHeadThatIsGoneOrSetBackIsFound) {
  const std::string bytes = Raw(node_, AuditHeadKey());
  Tamper(node_, AuditHeadKey(), std::nullopt);
  EXPECT_EQ(BrokenAt(node_), 1u);
  AuditHead head = *DecodeAuditHead(bytes);
  head.last = 7;
  head.hash = Entry(7).hash;
  Tamper(node_, AuditHeadKey(), EncodeAuditHead(head));
  EXPECT_EQ(BrokenAt(node_), 8u);
  Tamper(node_, AuditHeadKey(), "damaged");
  EXPECT_EQ(node_.audit->Verify(node_.Auditor(), node_.Soon()).code(), Errc::kCorruption);
  EXPECT_EQ(DoAct(node_, "more").code(), Errc::kCorruption);
  EXPECT_EQ(node_.engine->Get(0, RowKey("more"), node_.Soon()).code(), Errc::kNotFound);
}

TEST(AuditLogTest, ARestartGoesOnWithTheChain) {
  std::string directory = (std::filesystem::temp_directory_path() / "idnode-audit-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  for (int start = 1; start <= 3; ++start) {
    TestNodeOptions options = OneShard();
    options.engine = "rocksdb";
    options.engine_dir = directory + "/store";
    TestNode node(std::move(options));
    ASSERT_TRUE(DoAct(node, "start " + std::to_string(start)).ok());
    EXPECT_EQ(node.audit->Permit(node.Stranger(), Action::kPrefixAdmit, false, "x").code(),
              Errc::kUnauthenticated);
    // The refusal is written when the node stops.
    EXPECT_EQ(Head(node).last, static_cast<std::uint64_t>(2 * start - 1));
    EXPECT_EQ(BrokenAt(node), 0u);
  }
  std::filesystem::remove_all(directory);
}

TEST(AuditLogTest, TwoNodesAndManyThreadsMakeOneChain) {
  TestNode node(OneShard());
  storage::Committer other_committer(*node.engine, node.clock, node.zone, node.metrics, {});
  AuditLog other(*node.engine, other_committer, node.clock, node.metrics, PatientAudit());
  constexpr int kThreads = 6;
  constexpr int kActs = 60;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      AuditLog& log = thread % 2 == 0 ? *node.audit : other;
      for (int i = 0; i < kActs; ++i) {
        EXPECT_TRUE(DoAct(node, log, std::to_string(thread) + "-" + std::to_string(i)).ok());
        log.Refused(node.Stranger(), "login", "alice", Errc::kUnauthenticated);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(other.Flush(node.Soon()).ok());
  std::uint64_t next = 1;
  std::uint64_t refusals = 0;
  std::set<std::string> acts;
  for (const auto& entry : node.AuditEntries()) {
    EXPECT_EQ(entry.number, next++);
    if (entry.refused.empty()) {
      EXPECT_TRUE(acts.insert(entry.target).second);
    } else {
      refusals += entry.count;
    }
  }
  EXPECT_EQ(acts.size(), static_cast<std::size_t>(kThreads * kActs));
  EXPECT_EQ(refusals, static_cast<std::uint64_t>(kThreads * kActs));
  EXPECT_EQ(BrokenAt(node), 0u);
  other_committer.Drain(node.Soon());
}

TEST(AuditLogTest, RefusalsAlikeBecomeOneEntry) {
  TestNode node(OneShard());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(
        node.audit->Permit(node.App("erp", {"88.108.1"}), Action::kPrefixAdmit, false, "p").code(),
        Errc::kPermissionDenied);
  }
  node.clock.AdvanceMs(10);
  node.audit->Refused(node.App("erp", {"88.108.1"}), "prefix.admit", "q", Errc::kPermissionDenied);
  node.audit->Refused(node.Stranger(), "login", "p", Errc::kUnauthenticated);
  ASSERT_TRUE(node.audit->Permit(node.Operator(), Action::kPrefixAdmit, false, "p").ok());
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].who, "application:erp");
  EXPECT_EQ(entries[0].role, "application");
  EXPECT_EQ(entries[0].action, "prefix.admit");
  EXPECT_EQ(entries[0].target, "p");
  EXPECT_EQ(entries[0].refused, "permission-denied");
  EXPECT_EQ(entries[0].count, 100u);
  EXPECT_EQ(entries[0].at_ms, kTestNowMs) << "of the first";
  EXPECT_EQ(entries[1].target, "q");
  EXPECT_EQ(entries[2].who, "anonymous");
  EXPECT_EQ(entries[2].from, "198.51.100.9");
  EXPECT_EQ(entries[2].refused, "unauthenticated");
  node.audit->Refused(node.Stranger(), "login", "p", Errc::kUnauthenticated);
  EXPECT_EQ(node.AuditEntries().size(), 4u) << "after what was written a new entry begins";
}

// Ten entries wait at most, so five kinds of one source.
TestNodeOptions FewRefusals() {
  TestNodeOptions options = OneShard();
  options.audit.refusals_max = 10;
  options.audit.refusals_per_second = 2;
  return options;
}

TEST(AuditLogTest, RefusalsOfManyKindsOfOneSourceAreCountedTogether) {
  TestNode node(FewRefusals());
  const auto refuse = [&](const std::string& name, int count) {
    for (int i = 0; i < count; ++i) {
      node.audit->Refused(node.Stranger(), "login", name + std::to_string(i),
                          Errc::kUnauthenticated);
    }
  };
  refuse("a", 500);
  refuse("a", 4);
  node.audit->Refused(node.Auditor(), "prefix.admit", "p", Errc::kPermissionDenied);
  auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 7u);
  EXPECT_EQ(entries[3].count, 2u);
  EXPECT_EQ(entries[4].count, 1u);
  EXPECT_EQ(entries[5].who, "anonymous") << "who it is is still told";
  EXPECT_EQ(entries[5].from, "198.51.100.9");
  EXPECT_EQ(entries[5].action, "many");
  EXPECT_EQ(entries[5].target, "many");
  EXPECT_EQ(entries[5].refused, "many");
  EXPECT_EQ(entries[5].count, 495u);
  EXPECT_EQ(entries[6].who, "application:auditor") << "others are not drowned";
  EXPECT_EQ(entries[6].action, "prefix.admit");
  // However often they are written, new kinds come through at a tenth of the rate only.
  refuse("b", 100);
  entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 8u);
  EXPECT_EQ(entries[7].count, 100u);
  node.clock.AdvanceMs(5'000);
  refuse("c", 100);
  entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 10u);
  EXPECT_EQ(entries[8].target, "c0");
  EXPECT_EQ(entries[9].target, "many");
  EXPECT_EQ(entries[9].count, 99u);
  EXPECT_EQ(BrokenAt(node), 0u);
}

TEST(AuditLogTest, RefusalsOfTooManySourcesAreCountedTogether) {
  TestNode node(FewRefusals());
  const auto refuse = [&](int count) {
    for (int i = 0; i < count; ++i) {
      node.audit->Refused(node.App("app" + std::to_string(i), {"88.108.1"}), "login", "x",
                          Errc::kUnauthenticated);
    }
  };
  refuse(500);
  refuse(5);
  auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 11u);
  EXPECT_EQ(entries[4].count, 2u);
  EXPECT_EQ(entries[9].count, 1u);
  EXPECT_EQ(entries[10].who, "many");
  EXPECT_EQ(entries[10].action, "many");
  EXPECT_EQ(entries[10].count, 490u);
  refuse(100);
  entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 12u);
  EXPECT_EQ(entries[11].who, "many");
  EXPECT_EQ(entries[11].count, 100u);
  node.clock.AdvanceMs(1'500);
  refuse(100);
  entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 12u + 3 + 1);
  EXPECT_EQ(entries.back().count, 97u);
  EXPECT_EQ(BrokenAt(node), 0u);
}

TEST(AuditLogTest, RefusalsAreWrittenByThemselves) {
  AuditOptions audit;
  audit.refusal_interval = std::chrono::milliseconds(1);
  FaultyNode faulty(audit);
  faulty.engine->HoldCommits();
  faulty.node->audit->Refused(faulty.node->Stranger(), "login", "alice", Errc::kUnauthenticated);
  faulty.engine->WaitForHeldCommits(1);
  faulty.engine->ReleaseCommits();
  EXPECT_EQ(faulty.node->AuditEntries().size(), 1u);
}

TEST(AuditLogTest, RefusalsWaitForAStoreThatCannotWrite) {
  FaultyNode faulty;
  TestNode& node = *faulty.node;
  const auto refuse = [&] {
    node.audit->Refused(node.Stranger(), "login", "alice", Errc::kUnauthenticated);
  };
  refuse();
  faulty.engine->SetStorageFull(true);
  EXPECT_EQ(node.audit->Flush(node.Soon()).code(), Errc::kStorageFull);
  refuse();
  EXPECT_EQ(node.audit->Flush(node.Soon()).code(), Errc::kStorageFull);
  refuse();
  faulty.engine->SetStorageFull(false);
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].count, 3u);
  EXPECT_EQ(entries[0].at_ms, kTestNowMs);
}

TEST(AuditLogTest, ItsEndWritesWhatWaits) {
  TestNode node(OneShard());
  {
    AuditLog log(*node.engine, *node.committer, node.clock, node.metrics, PatientAudit());
    log.Refused(node.Stranger(), "login", "alice", Errc::kUnauthenticated);
  }
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].target, "alice");
}

TEST(AuditLogTest, OnlyAuditorAndOperatorReadAndOthersAreEntered) {
  TestNode node(OneShard());
  EXPECT_TRUE(node.audit->List(node.Operator(), {}, node.Soon()).ok());
  EXPECT_TRUE(node.audit->List(node.Auditor(), {}, node.Soon()).ok());
  EXPECT_EQ(node.audit->List(node.Stranger(), {}, node.Soon()).code(), Errc::kUnauthenticated);
  EXPECT_EQ(node.audit->List(node.App("erp", {}), {}, node.Soon()).code(), Errc::kPermissionDenied);
  EXPECT_EQ(node.audit->Verify(node.Administrator(TestCreditCode()), node.Soon()).code(),
            Errc::kPermissionDenied);
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 3u);
  for (const auto& entry : entries) EXPECT_EQ(entry.action, "audit.read");
}

TEST(AuditLogTest, TextsFromOutsideAreMadeHarmless) {
  TestNode node(OneShard());
  node.audit->Refused(node.Stranger(), "login", "a\nb\x01", Errc::kUnauthenticated);
  node.audit->Refused(node.Stranger(), "login", "\xff\xfe/x", Errc::kUnauthenticated);
  node.audit->Refused(node.Stranger(), "login", std::string(256, 'x'), Errc::kUnauthenticated);
  node.audit->Refused(node.Stranger(), "login", std::string(257, 'x'), Errc::kUnauthenticated);
  std::string chinese;
  for (int i = 0; i < 100; ++i) chinese += "鞋";
  node.audit->Refused(node.Stranger(), "login", chinese, Errc::kUnauthenticated);
  const std::string object(kAuditObjectBytesMax, 'j');
  ASSERT_TRUE(
      node.audit
          ->Do(node.Operator(), {Action::kTemplatePut, "t", object, object + "j"}, {}, node.Soon())
          .ok());
  const auto entries = node.AuditEntries();
  ASSERT_EQ(entries.size(), 6u);
  EXPECT_EQ(entries[0].before, object) << "acts come before refusals that wait";
  EXPECT_TRUE(entries[0].after.starts_with(R"({"bytes":65537,"sha256":")")) << entries[0].after;
  EXPECT_EQ(entries[1].target, "a?b?");
  EXPECT_EQ(entries[2].target,
            "?"
            "?/x");
  EXPECT_EQ(entries[3].target, std::string(256, 'x'));
  EXPECT_EQ(entries[4].target, std::string(253, 'x') + "…");
  EXPECT_EQ(entries[5].target, chinese.substr(0, 252) + "…");
}

}  // namespace
}  // namespace idnode::service
