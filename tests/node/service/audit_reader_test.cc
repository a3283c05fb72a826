#include "node/service/audit_reader.h"

#include <array>

#include <gtest/gtest.h>

#include "node/service/audit_rows.h"
#include "tests/node/service/audit_fixture.h"

namespace idnode::service {
namespace {

class AuditListTest : public testing::Test {
 protected:
  // Ten a day over three days: acts, and at each day's end a refusal.
  AuditListTest() : node_(OneShard()) {
    for (int day = 0; day < 3; ++day) {
      for (int i = 0; i < 9; ++i) {
        const std::array actions = {Action::kPrefixAdmit, Action::kPrefixSetState,
                                    Action::kTokenCreate};
        EXPECT_TRUE(
            node_.audit
                ->Do(day == 1 ? node_.Administrator("E") : node_.Operator(),
                     {actions[static_cast<std::size_t>(i) % 3], "t" + std::to_string(i), "", ""},
                     {}, node_.Soon())
                .ok());
      }
      node_.audit->Refused(node_.Stranger(), "login", "alice", Errc::kUnauthenticated);
      EXPECT_TRUE(node_.audit->Flush(node_.Soon()).ok());
      node_.clock.AdvanceMs(kDayMs);
    }
  }
  std::vector<std::uint64_t> All(AuditQuery query) {
    std::vector<std::uint64_t> numbers;
    do {
      auto page = node_.audit->List(node_.Auditor(), query, node_.Soon());
      EXPECT_TRUE(page.ok()) << page.error().detail;
      if (!page.ok()) break;
      for (const auto& entry : page->entries) numbers.push_back(entry.number);
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return numbers;
  }
  std::size_t Count(const AuditQuery& query) { return All(query).size(); }

  TestNode node_;
};

TEST_F(AuditListTest, PagesAreWholeInBothOrders) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 1; i <= 30; ++i) numbers.push_back(i);
  for (const std::uint32_t size : {0u, 1u, 7u, 10u, 29u, 30u, 31u, 1000u}) {
    AuditQuery query;
    query.page_size = size;
    query.ascending = true;
    EXPECT_EQ(All(query), numbers) << size;
    query.ascending = false;
    EXPECT_EQ(All(query), std::vector<std::uint64_t>(numbers.rbegin(), numbers.rend())) << size;
  }
}

TEST_F(AuditListTest, FiltersNarrow) {
  AuditQuery query;
  query.page_size = 2;
  query.who = "user:alice";
  EXPECT_EQ(Count(query), 9u);
  query = {};
  query.action = "prefix.admit";
  EXPECT_EQ(Count(query), 9u);
  query.action = "prefix.";
  EXPECT_EQ(Count(query), 18u);
  query.action = "prefix";
  EXPECT_EQ(Count(query), 0u);
  query.action = "prefix.";
  query.target = "t4";
  EXPECT_EQ(Count(query), 3u);
  query = {};
  query.refused_only = true;
  EXPECT_EQ(All(query), (std::vector<std::uint64_t>{30, 20, 10}));
  query = {};
  query.from_ms = kTestNowMs + kDayMs;
  EXPECT_EQ(Count(query), 20u) << "the beginning is inside";
  query.to_ms = kTestNowMs + 2 * kDayMs;
  EXPECT_EQ(Count(query), 10u) << "the end is not";
}

TEST_F(AuditListTest, TokensThatWereAlteredOrAreAnothersAreRefused) {
  AuditQuery query;
  query.page_size = 3;
  const auto page = node_.audit->List(node_.Auditor(), query, node_.Soon());
  const std::string token = page->next_page_token;
  ASSERT_FALSE(token.empty());
  for (std::size_t i = 0; i < token.size(); ++i) {
    query.page_token = token;
    query.page_token[i] = query.page_token[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(node_.audit->List(node_.Auditor(), query, node_.Soon()).code(),
              Errc::kInvalidPageToken)
        << i;
  }
  for (const std::string& wrong : {std::string("x"), token + "AAAA", token.substr(4),
                                   std::string(2'000, 'A'), std::string("\0\xff", 2)}) {
    query.page_token = wrong;
    EXPECT_EQ(node_.audit->List(node_.Auditor(), query, node_.Soon()).code(),
              Errc::kInvalidPageToken);
  }
  query.page_token = token;
  query.page_size = 5;
  EXPECT_TRUE(node_.audit->List(node_.Auditor(), query, node_.Soon()).ok())
      << "another size may be";
  query.ascending = true;
  EXPECT_EQ(node_.audit->List(node_.Auditor(), query, node_.Soon()).code(),
            Errc::kInvalidPageToken);
  query.ascending = false;
  query.who = "operator";
  EXPECT_EQ(node_.audit->List(node_.Auditor(), query, node_.Soon()).code(),
            Errc::kInvalidPageToken);
}

TEST_F(AuditListTest, BoundsOfAQueryAreChecked) {
  const auto field = [&](const AuditQuery& query) {
    const auto page = node_.audit->List(node_.Auditor(), query, node_.Soon());
    return page.ok() ? std::string("ok") : page.error().field;
  };
  AuditQuery query;
  query.page_size = kAuditPageSizeMax + 1;
  EXPECT_EQ(field(query), "pageSize");
  query = {};
  query.from_ms = 10;
  query.to_ms = 10;
  EXPECT_EQ(field(query), "to");
  query.from_ms = -1;
  EXPECT_EQ(field(query), "from");
}

TEST(AuditLogTest, APageLooksAtABoundedNumberOfEntries) {
  TestNode node(OneShard());
  // One entry to be found, before more others than a page looks at.
  ASSERT_TRUE(DoAct(node, "needle").ok());
  for (std::size_t i = 0; i <= kAuditPageExaminedMax / 250; ++i) {
    for (int kind = 0; kind < 250; ++kind) {
      node.audit->Refused(node.App("app" + std::to_string(kind), {}), "login", "x",
                          Errc::kUnauthenticated);
    }
    ASSERT_TRUE(node.audit->Flush(node.Soon()).ok());
    node.clock.AdvanceMs(300'000);
  }
  AuditQuery query;
  query.target = "needle";
  const auto first = node.audit->List(node.Operator(), query, node.Soon());
  EXPECT_TRUE(first->entries.empty());
  ASSERT_FALSE(first->next_page_token.empty());
  query.page_token = first->next_page_token;
  const auto second = node.audit->List(node.Operator(), query, node.Soon());
  EXPECT_EQ(second->entries.size(), 1u);
  EXPECT_TRUE(second->next_page_token.empty());
  EXPECT_EQ(BrokenAt(node), 0u);
}

class AuditTrimTest : public testing::Test {
 protected:
  explicit AuditTrimTest(std::chrono::hours retention = std::chrono::hours(1))
      : node_(Of(retention)) {}
  static TestNodeOptions Of(std::chrono::hours retention) {
    TestNodeOptions options = OneShard();
    options.audit.retention = retention;
    return options;
  }
  std::uint64_t Trim() {
    const auto trimmed = node_.audit->Trim(node_.Soon());
    EXPECT_TRUE(trimmed.ok()) << trimmed.error().detail;
    return trimmed.ok() ? *trimmed : UINT64_MAX;
  }

  TestNode node_;
};

TEST_F(AuditTrimTest, NothingYoungerThan180DaysGoesWhateverIsConfigured) {
  ASSERT_TRUE(DoAct(node_, "old").ok());
  node_.clock.AdvanceMs(kDayMs);
  ASSERT_TRUE(DoAct(node_, "young").ok());
  node_.clock.AdvanceMs(179 * kDayMs);
  EXPECT_EQ(Trim(), 0u) << "180 days to the millisecond";
  node_.clock.AdvanceMs(1);
  EXPECT_EQ(Trim(), 1u);
  const auto entries = node_.AuditEntries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].number, 2u);
  EXPECT_EQ(Trim(), 0u);
}

TEST_F(AuditTrimTest, TheChainGoesOnFromTheFirstKept) {
  for (int day = 0; day < 10; ++day) {
    ASSERT_TRUE(DoAct(node_, std::to_string(day)).ok());
    node_.clock.AdvanceMs(kDayMs);
  }
  node_.clock.AdvanceMs(175 * kDayMs);
  EXPECT_EQ(Trim(), 5u);
  EXPECT_EQ(Head(node_).first, 6u);
  EXPECT_EQ(BrokenAt(node_), 0u);
  EXPECT_EQ(node_.engine->Get(0, AuditEntryKey(5), node_.Soon()).code(), Errc::kNotFound);
  Tamper(node_, AuditEntryKey(6), Raw(node_, AuditEntryKey(7)));
  EXPECT_EQ(BrokenAt(node_), 6u) << "the first kept cannot be changed either";
}

TEST_F(AuditTrimTest, AllMayGoAndNumbersGoOn) {
  ASSERT_TRUE(DoAct(node_, "a").ok());
  ASSERT_TRUE(DoAct(node_, "b").ok());
  node_.clock.AdvanceMs(181 * kDayMs);
  EXPECT_EQ(Trim(), 2u);
  EXPECT_EQ(BrokenAt(node_), 0u);
  EXPECT_TRUE(node_.AuditEntries().empty());
  ASSERT_TRUE(DoAct(node_, "c").ok());
  EXPECT_EQ(node_.AuditEntries()[0].number, 3u);
  EXPECT_EQ(BrokenAt(node_), 0u);
}

TEST_F(AuditTrimTest, AWrongClockDropsNothing) {
  ASSERT_TRUE(DoAct(node_, "a").ok());
  node_.clock.SetWallMs(kTestNowMs + 10'000 * kDayMs);
  ASSERT_EQ(node_.clock_guard->TrustedMs().code(), Errc::kClockUntrusted);
  EXPECT_EQ(Trim(), 0u);
  EXPECT_EQ(node_.AuditEntries().size(), 1u);
}

// An entry of a clock that ran ahead goes with those around it, and not before them.
TEST_F(AuditTrimTest, AnEntryFromTheFutureDoesNotStayForEver) {
  ASSERT_TRUE(DoAct(node_, "a").ok());
  node_.clock.SetWallMs(kTestNowMs + 10'000 * kDayMs);
  ASSERT_TRUE(DoAct(node_, "future").ok());
  node_.clock.SetWallMs(kTestNowMs);
  node_.clock.AdvanceMs(kDayMs);
  ASSERT_TRUE(DoAct(node_, "b").ok());
  node_.clock.AdvanceMs(180 * kDayMs);
  EXPECT_EQ(Trim(), 1u);
  node_.clock.AdvanceMs(kDayMs);
  EXPECT_EQ(Trim(), 2u);
}

class AuditLongTrimTest : public AuditTrimTest {
 protected:
  AuditLongTrimTest() : AuditTrimTest(std::chrono::hours(24 * 400)) {}
};

TEST_F(AuditLongTrimTest, MoreThanTheLeastIsKeptAsConfigured) {
  ASSERT_TRUE(DoAct(node_, "a").ok());
  node_.clock.AdvanceMs(400 * kDayMs);
  EXPECT_EQ(Trim(), 0u);
  node_.clock.AdvanceMs(1);
  EXPECT_EQ(Trim(), 1u);
}

TEST(AuditRowsTest, RowsComeBackAndDamagedOnesAreFound) {
  AuditHead head;
  head.last = 300;
  head.hash.fill(1);
  head.last_ms = kTestNowMs;
  head.first = 4;
  head.anchor.fill(2);
  const std::string bytes = EncodeAuditHead(head);
  EXPECT_EQ(*DecodeAuditHead(bytes), head);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeAuditHead(bytes.substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(DecodeAuditHead(bytes + "x").code(), Errc::kCorruption);
  head.first = 302;
  EXPECT_EQ(DecodeAuditHead(EncodeAuditHead(head)).code(), Errc::kCorruption);

  AuditEntry entry;
  entry.number = 3;
  entry.who = "operator";
  entry.count = 7;
  const std::string row = EncodeAuditEntry(entry);
  EXPECT_EQ(EncodeAuditEntry(*DecodeAuditEntry(row)), row);
  for (std::size_t size = 0; size < row.size(); ++size) {
    EXPECT_EQ(DecodeAuditEntry(row.substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(DecodeAuditEntry(row + "x").code(), Errc::kCorruption);
  EXPECT_LT(AuditEntryKey(255), AuditEntryKey(256));
  EXPECT_EQ(AuditNumberOf(AuditEntryKey(70'000)), 70'000u);
}

}  // namespace
}  // namespace idnode::service
