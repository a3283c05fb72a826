#include "node/service/prefix_row.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::service {
namespace {

PrefixInfo Example() {
  PrefixInfo info;
  info.prefix = "88.108.1";
  info.admitted_ms = 1'795'312'800'123;
  info.enterprise = "91440101MA5D70N10A";
  info.state = PrefixState::kStopped;
  info.hosting = Hosting::kSelfHosted;
  info.route = {"203.0.113.5", 2641, 2641, 8080};
  info.quota = {100, 200, 10, UINT64_MAX};
  info.history = {{PrefixState::kAwaitingAudit, "user:alice", "", 1'795'312'700'000},
                  {PrefixState::kStopped, "operator", "欠费", 1'795'312'800'123}};
  return info;
}

void ExpectEqual(const PrefixInfo& a, const PrefixInfo& b) {
  EXPECT_EQ(a.prefix, b.prefix);
  EXPECT_EQ(a.admitted_ms, b.admitted_ms);
  EXPECT_EQ(a.enterprise, b.enterprise);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.hosting, b.hosting);
  EXPECT_EQ(a.route, b.route);
  EXPECT_EQ(a.quota, b.quota);
  ASSERT_EQ(a.history.size(), b.history.size());
  for (std::size_t i = 0; i < a.history.size(); ++i) {
    EXPECT_EQ(a.history[i].state, b.history[i].state);
    EXPECT_EQ(a.history[i].by, b.history[i].by);
    EXPECT_EQ(a.history[i].reason, b.history[i].reason);
    EXPECT_EQ(a.history[i].at_ms, b.history[i].at_ms);
  }
}

TEST(PrefixRowTest, RoundTrips) {
  const auto read = DecodePrefixRow("88.108.1", EncodePrefixRow(Example()));
  ASSERT_TRUE(read.ok());
  ExpectEqual(*read, Example());
}

// The worked example of storage/FORMAT.md.
TEST(PrefixRowTest, IsAsFormatMdHasIt) {
  PrefixInfo info;
  info.admitted_ms = 1'795'312'800'123;
  info.enterprise = "91440101MA5D70N10A";
  info.quota.identifiers_hard = 15'000'000;
  info.history = {{PrefixState::kActive, "operator", "", info.admitted_ms}};
  EXPECT_EQ(Hex(EncodePrefixRow(info)),
            "00010201fba2ed87a034123931343430313031"
            "4d41354437304e31304100000000"
            "00c0c393070000"
            "0102fba2ed87a034086f70657261746f7200");
}

TEST(PrefixRowTest, KeepsTheNewestHistory) {
  PrefixInfo info = Example();
  for (int i = 0; i < 150; ++i) {
    info.history.push_back({PrefixState::kActive, "operator", std::to_string(i), 1});
  }
  const auto read = DecodePrefixRow("88.108.1", EncodePrefixRow(info));
  ASSERT_EQ(read->history.size(), kPrefixHistoryMax);
  EXPECT_EQ(read->history.front().reason, "50");
  EXPECT_EQ(read->history.back().reason, "149");
}

// A row of the first form is one number, whatever its bytes; it never reads as another.
TEST(PrefixRowTest, TellsTheFirstFormApart) {
  for (const std::uint64_t time :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128},
        std::uint64_t{1'795'312'800'000}, std::uint64_t{1'795'312'800'128}}) {
    std::string row;
    AppendVarint(time, row);
    const auto read = DecodePrefixRow("88.108.1", row);
    ASSERT_TRUE(read.ok()) << time;
    EXPECT_EQ(read->admitted_ms, static_cast<std::int64_t>(time));
    EXPECT_EQ(read->state, PrefixState::kActive);
    EXPECT_EQ(read->hosting, Hosting::kHosted);
    EXPECT_FALSE(DecodePrefixRow("88.108.1", row + "x").ok());
  }
}

TEST(PrefixRowTest, DamagedRowsAreFoundOut) {
  const std::string bytes = EncodePrefixRow(Example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (size == 1) continue;  // that is a row of the first form, of time 0
    EXPECT_EQ(DecodePrefixRow("88.108.1", std::string_view(bytes).substr(0, size)).code(),
              Errc::kCorruption)
        << size;
  }
  EXPECT_FALSE(DecodePrefixRow("88.108.1", bytes + "x").ok());
  for (const auto& [at, byte] : {std::pair{1, 2}, {2, 0}, {2, 7}, {3, 0}, {3, 3}}) {
    std::string damaged = bytes;
    damaged[static_cast<std::size_t>(at)] = static_cast<char>(byte);
    EXPECT_FALSE(DecodePrefixRow("88.108.1", damaged).ok()) << at << " " << byte;
  }
}

TEST(PrefixRowTest, TextOfARoute) {
  EXPECT_EQ(RouteText({"203.0.113.5", 2641, 0, 8080}), "203.0.113.5 (tcp 2641, http 8080)");
}

TEST(PrefixRowTest, JsonOfThePrefix) {
  PrefixInfo info = Example();
  info.quota = {};
  info.route.udp_port = 0;
  EXPECT_EQ(PrefixJson(info),
            R"({"prefix":"88.108.1","state":"STOPPED","hosting":"SELF_HOSTED",)"
            R"("enterprise":"91440101MA5D70N10A","route":{"address":"203.0.113.5",)"
            R"("tcpPort":2641,"udpPort":0,"httpPort":8080},"reason":"欠费"})");
}

}  // namespace
}  // namespace idnode::service
