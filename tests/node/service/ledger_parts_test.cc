// The ledger's smaller parts: keys, leaves, marks of resolved identifiers.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "node/ledger/leaf.h"
#include "node/service/ledger_entries.h"
#include "node/service/ledger_keys.h"
#include "node/service/ledger_resolved.h"
#include "storage/key_codec.h"
#include "tests/node/service/ledger_fixture.h"

namespace idnode::service {
namespace {

class LedgerKeysTest : public testing::Test {
 protected:
  Result<LedgerKeys> Open(const std::string& origin = "a.example/88.108", bool sm2 = true) {
    return OpenLedgerKeys(*node_.engine, *node_.writer, directory(), origin, sm2, node_.Soon());
  }
  std::string directory() const { return node_.data_dir + "/ledger"; }

  TestNode node_;
};

TEST_F(LedgerKeysTest, AreMadeOnceAndPrivate) {
  const auto made = Open();
  ASSERT_TRUE(made.ok()) << made.error().detail;
  const auto again = Open();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(made->vkey(), again->vkey());
  EXPECT_EQ(made->vkey_sm2(), again->vkey_sm2());
  EXPECT_FALSE(made->vkey_sm2().empty());
  for (const char* name : {"ed25519.pem", "sm2.pem"}) {
    EXPECT_EQ(std::filesystem::status(directory() + "/" + name).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

TEST_F(LedgerKeysTest, Sm2MayComeAndGoButStaysTheSame) {
  const auto without = Open("a.example/88.108", false);
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(without->vkey_sm2(), "");
  const auto with = Open();
  ASSERT_TRUE(with.ok());
  ASSERT_TRUE(Open("a.example/88.108", false).ok());
  EXPECT_EQ(Open()->vkey_sm2(), with->vkey_sm2());
  std::filesystem::remove(directory() + "/sm2.pem");
  EXPECT_EQ(Open().code(), Errc::kInvalidRequest);
}

TEST_F(LedgerKeysTest, AnotherOriginIsRefused) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Open("b.example/88.108").error().field, "ledger.origin");
  EXPECT_EQ(Open("a name").error().field, "ledger.origin");
}

TEST_F(LedgerKeysTest, ALostOrForeignKeyIsRefused) {
  ASSERT_TRUE(Open().ok());
  const std::string path = directory() + "/ed25519.pem";
  std::filesystem::remove(path);
  EXPECT_EQ(Open().code(), Errc::kInvalidRequest) << "no other key can go on with the log";
  EXPECT_FALSE(std::filesystem::exists(path)) << "and none was made";
  const auto other = *ledger::Signer::Generate(ledger::SignatureType::kEd25519, "a.example/88.108");
  std::ofstream(path) << other.ToPem();
  EXPECT_EQ(Open().code(), Errc::kInvalidRequest);
  std::ofstream(path) << "no key";
  EXPECT_FALSE(Open().ok());
}

TEST(LedgerLeafTest, TextsThatHaveNoPlaceInALeafAreMended) {
  storage::FeedEntry entry;
  entry.identifier = "88.1.2/a\tb";
  const std::string application = "x\n\xff" + std::string(3000, 'y');
  entry.application = application;
  std::string leaf;
  EXPECT_FALSE(AppendFeedLeaf(entry, 5, leaf));
  const auto parsed = ledger::ParseLeaf(leaf);
  ASSERT_TRUE(parsed.ok()) << parsed.error().detail;
  EXPECT_EQ(parsed->identifier, "88.1.2/a?b");
  EXPECT_EQ(parsed->application.substr(0, 4), "x??y");
  std::string again;
  EXPECT_FALSE(AppendFeedLeaf(entry, 5, again));
  EXPECT_EQ(again, leaf);
}

TEST(LedgerLeafTest, RegistrationRefusesWhatHasNoPlaceInALeaf) {
  TestNode node;
  const auto outcome = [&](std::string_view identifier, const ContentInput& content) {
    return node
        .Run(node.operator_caller(), {}, 1,
             [&](Batch& batch) {
               batch.AddRegister({identifier, content});
             })
        ->results[0]
        .outcome;
  };
  EXPECT_EQ(outcome("88.108.1/a\tb", {}), Outcome::kRejected);
  EXPECT_EQ(outcome("88.108.1/a\nb", {}), Outcome::kRejected);
  EXPECT_EQ(outcome("88.108.1/\xff", {}), Outcome::kRejected);
  for (const std::string_view text : {"a\tb", "a\nb", "\x7f", "\xc3"}) {
    EXPECT_EQ(outcome("88.108.1/a", {text, "", "", {}}), Outcome::kRejected);
    EXPECT_EQ(outcome("88.108.1/a", {"", text, "", {}}), Outcome::kRejected);
    EXPECT_FALSE(node.access
                     ->CreateApplication(node.Operator(),
                                         AnApplication(std::string(text), {"88.108.1"}),
                                         node.Soon())
                     .ok());
  }
}

TEST(ResolvedMarksTest, CountsWhatWasResolvedOfTheMonth) {
  LedgerNode node;
  const auto present = [&] { return node.node.zone.MonthOf(node.node.clock.WallMs()); };
  ResolvedMarks marks(node.node.zone, present());
  node.node.resolution->SetMarks(&marks);
  const storage::LedgerStore store(*node.node.engine);
  std::vector<std::string> ids;
  for (int i = 0; i < 200; ++i) ids.push_back("88.108.1/SN" + std::to_string(i));
  node.node.RegisterMany(ids);
  ResolvedRecord record;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(
        node.node.resolution
            ->Resolve(ids[static_cast<std::size_t>(i) % 25], *Anonymous(), node.node.Soon(), record)
            .ok());
  }
  ASSERT_TRUE(marks.Flush(store, *node.node.committer, present(), node.node.Soon()).ok());
  const Month november = *Month::Parse("2026-11");
  EXPECT_EQ(*ResolvedIn(store, november, node.node.Soon()), 25u);
  // Another node saw others, and some of the same.
  ResolvedMarks others(node.node.zone, present());
  node.node.resolution->SetMarks(&others);
  std::vector<std::string_view> views(ids.begin() + 20, ids.begin() + 40);
  ASSERT_TRUE(node.node.resolution->BatchResolve(views, *Anonymous(), node.node.Soon()).ok());
  ASSERT_TRUE(others.Flush(store, *node.node.committer, present(), node.node.Soon()).ok());
  EXPECT_EQ(*ResolvedIn(store, november, node.node.Soon()), 40u);
  const auto heads = [&] {
    return *node.node.engine->Heads(std::vector<storage::ShardId>{0}, node.node.Soon());
  };
  const auto before = heads();
  ASSERT_TRUE(marks.Flush(store, *node.node.committer, present(), node.node.Soon()).ok());
  EXPECT_EQ(heads(), before) << "nothing new, nothing written";
  // What is of November does not count in December, before the turn is noticed or after.
  node.node.clock.AdvanceMs(kDecemberMs + 1000 - kTestNowMs);
  node.node.resolution->SetMarks(&marks);
  node.node.RegisterMany({"88.108.1/december"});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(
        node.node.resolution->Resolve("88.108.1/DECEMBER", *Anonymous(), node.node.Soon(), record)
            .ok());
    ASSERT_TRUE(marks.Flush(store, *node.node.committer, present(), node.node.Soon()).ok());
    EXPECT_EQ(*ResolvedIn(store, *Month::Parse("2026-12"), node.node.Soon()), 1u);
  }
  EXPECT_EQ(*ResolvedIn(store, november, node.node.Soon()), 40u);
  node.node.resolution->SetMarks(nullptr);
}

// A clock that runs ahead is not trusted: it must not make the marks of the month be left.
TEST(ResolvedMarksTest, StaysInTheMonthWhileTheClockIsNotTrusted) {
  LedgerNode node;
  const Month november = *Month::Parse("2026-11");
  ResolvedMarks marks(node.node.zone, november);
  node.node.resolution->SetMarks(&marks);
  const storage::LedgerStore store(*node.node.engine);
  node.node.RegisterMany({"88.108.1/a", "88.108.1/b"});
  ResolvedRecord record;
  const auto resolve = [&](std::string_view identifier) {
    ASSERT_TRUE(
        node.node.resolution->Resolve(identifier, *Anonymous(), node.node.Soon(), record).ok());
  };
  resolve("88.108.1/a");
  node.node.clock.SetWallMs(kTestNowMs + 365LL * 86'400'000);
  ASSERT_TRUE(marks.Flush(store, *node.node.committer, std::nullopt, node.node.Soon()).ok());
  node.node.clock.SetWallMs(kTestNowMs);
  resolve("88.108.1/b");
  ASSERT_TRUE(marks.Flush(store, *node.node.committer, november, node.node.Soon()).ok());
  EXPECT_EQ(*ResolvedIn(store, november, node.node.Soon()), 2u);
  // What the node looks up itself is not a resolution.
  node.node.RegisterMany({"88.108.1/c"});
  ASSERT_TRUE(
      node.node.resolution->Read("88.108.1/c", *Anonymous(), node.node.Soon(), record).ok());
  ASSERT_TRUE(marks.Flush(store, *node.node.committer, november, node.node.Soon()).ok());
  EXPECT_EQ(*ResolvedIn(store, november, node.node.Soon()), 2u);
  node.node.resolution->SetMarks(nullptr);
}

}  // namespace
}  // namespace idnode::service
