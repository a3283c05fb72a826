#include "node/service/prefix_registry.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/varint.h"
#include "node/service/prefix_row.h"
#include "tests/node/service/standing_fixture.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TestNodeOptions Strict() {
  TestNodeOptions options;
  options.prefixes.secondary_prefixes = {"88.108", "88.109"};
  options.prefixes.admit_on_first_use = false;
  return options;
}

constexpr std::array kStates = {
    PrefixState::kStopped,  PrefixState::kActive,        PrefixState::kPendingDeletion,
    PrefixState::kRejected, PrefixState::kAwaitingAudit, PrefixState::kInAudit,
};

// The ways of prefix_registry.h, written down a second time.
const std::set<std::pair<PrefixState, PrefixState>>& Ways() {
  static const std::set<std::pair<PrefixState, PrefixState>> kWays = {
      {PrefixState::kAwaitingAudit, PrefixState::kInAudit},
      {PrefixState::kInAudit, PrefixState::kActive},
      {PrefixState::kInAudit, PrefixState::kRejected},
      {PrefixState::kActive, PrefixState::kStopped},
      {PrefixState::kStopped, PrefixState::kActive},
      {PrefixState::kStopped, PrefixState::kPendingDeletion},
      {PrefixState::kPendingDeletion, PrefixState::kStopped},
      {PrefixState::kRejected, PrefixState::kAwaitingAudit}};
  return kWays;
}

class PrefixRegistryTest : public testing::Test {
 protected:
  explicit PrefixRegistryTest(TestNodeOptions options = Strict()) : node_(std::move(options)) {}

  Result<PrefixInfo> Admit(const std::string& prefix, const std::string& enterprise = {}) {
    return registry().Admit(root_, prefix, enterprise, node_.Soon());
  }
  Result<PrefixInfo> SetState(const std::string& prefix, PrefixState state,
                              const std::string& reason = "because") {
    return registry().SetState(root_, prefix, state, reason, node_.Soon());
  }
  // A prefix that has come to `state` from an application on.
  void Bring(const std::string& prefix, PrefixState state) {
    ASSERT_TRUE(registry().Apply(root_, prefix, footwear_, node_.Soon()).ok());
    std::vector<PrefixState> path;
    switch (state) {
      case PrefixState::kAwaitingAudit:
        break;
      case PrefixState::kInAudit:
        path = {PrefixState::kInAudit};
        break;
      case PrefixState::kRejected:
        path = {PrefixState::kInAudit, PrefixState::kRejected};
        break;
      case PrefixState::kActive:
        path = {PrefixState::kInAudit, PrefixState::kActive};
        break;
      case PrefixState::kStopped:
        path = {PrefixState::kInAudit, PrefixState::kActive, PrefixState::kStopped};
        break;
      case PrefixState::kPendingDeletion:
        path = {PrefixState::kInAudit, PrefixState::kActive, PrefixState::kStopped,
                PrefixState::kPendingDeletion};
        break;
    }
    for (const PrefixState step : path) {
      const auto moved = SetState(prefix, step);
      ASSERT_TRUE(moved.ok()) << moved.error().detail;
    }
  }
  PrefixRegistry& registry() { return *node_.prefixes; }

  TestNode node_;
  const Actor root_ = node_.Operator();
  const std::string footwear_ = node_.AddEnterprise(1, "C1952", "440100");
  const std::string ceramics_ = node_.AddEnterprise(2, "C3074", "350500");
};

TEST_F(PrefixRegistryTest, ResponsibilityEndsAtPartBoundaries) {
  EXPECT_TRUE(registry().IsResponsible("88.108.1001"));
  EXPECT_TRUE(registry().IsResponsible("88.109.1"));
  EXPECT_TRUE(registry().IsResponsible("88.108"));
  EXPECT_FALSE(registry().IsResponsible("88.1080.1"));
  EXPECT_FALSE(registry().IsResponsible("88.110.1"));
}

TEST_F(PrefixRegistryTest, AdmissionIsKeptAndListed) {
  EXPECT_EQ(registry().CheckAdmitted("88.108.1").code(), Errc::kPrefixNotAdmitted);
  const auto admitted = Admit("88.108.1", footwear_);
  ASSERT_TRUE(admitted.ok()) << admitted.error().detail;
  EXPECT_EQ(admitted->state, PrefixState::kActive);
  EXPECT_EQ(admitted->hosting, Hosting::kHosted);
  EXPECT_EQ(admitted->admitted_ms, kTestNowMs);
  EXPECT_EQ(admitted->enterprise, footwear_);
  EXPECT_TRUE(registry().CheckAdmitted("88.108.1").ok());
  EXPECT_EQ(Admit("88.108.1").code(), Errc::kAlreadyExists);
  ASSERT_TRUE(registry().Load().ok());  // as after a restart
  EXPECT_TRUE(registry().CheckAdmitted("88.108.1").ok());
  EXPECT_EQ(registry().EnterpriseOf("88.108.1"), footwear_);
  EXPECT_EQ(registry().List(root_)->prefixes.size(), 1u);
}

TEST_F(PrefixRegistryTest, RefusalsNameTheFault) {
  EXPECT_EQ(Admit("88..1").error().field, "prefix");
  EXPECT_EQ(Admit("88.110.1").code(), Errc::kNotResponsible);
  EXPECT_EQ(Admit("88.108.2", "91440101MA5D70N10B").error().field, "enterprise");
  EXPECT_EQ(registry().Admit(node_.Stranger(), "88.108.2", "", node_.Soon()).code(),
            Errc::kUnauthenticated);
  EXPECT_EQ(registry().CheckAdmitted("10.1").code(), Errc::kNotResponsible);
  EXPECT_EQ(SetState("88.108.2", PrefixState::kStopped).code(), Errc::kNotFound);
  EXPECT_EQ(registry().SetQuota(root_, "88.108.2", {}, node_.Soon()).code(), Errc::kNotFound);
}

// Each pair of states: there is a way or there is none, and what stands in its place is told; a
// registration is let in where the state is active, and is told the state where it is not.
TEST_F(PrefixRegistryTest, EveryPairOfStates) {
  int number = 0;
  for (const PrefixState from : kStates) {
    for (const PrefixState to : kStates) {
      const std::string prefix = "88.108." + std::to_string(++number);
      SCOPED_TRACE(std::string(PrefixStateName(from)) + " to " + std::string(PrefixStateName(to)));
      Bring(prefix, from);
      const auto moved = SetState(prefix, to);
      const bool is_way = Ways().contains({from, to});
      EXPECT_EQ(moved.ok(), is_way);
      if (!is_way) {
        EXPECT_EQ(moved.code(), Errc::kPreconditionFailed);
        EXPECT_THAT(moved.error().detail, HasSubstr(std::string(PrefixStateName(from))));
        for (const auto& [there, next] : Ways()) {
          if (there != from) continue;
          EXPECT_THAT(moved.error().detail, HasSubstr(std::string(PrefixStateName(next))));
        }
      }
      const PrefixState now = is_way ? to : from;
      for (const bool restarted : {false, true}) {
        if (restarted) {
          ASSERT_TRUE(registry().Load().ok());
        }
        EXPECT_EQ(registry().Get(root_, prefix)->state, now);
        const auto admitted = registry().CheckAdmitted(prefix);
        EXPECT_EQ(admitted.ok(), now == PrefixState::kActive);
        const auto reserved = registry().Reserve(prefix, 1);
        EXPECT_EQ(reserved.code(), admitted.code());
        if (reserved.ok()) registry().Settle(prefix, 1, 0, 0);
        if (now == PrefixState::kActive) continue;
        EXPECT_EQ(admitted.code(), Errc::kPrefixNotActive);
        EXPECT_EQ(admitted.error().field, "identifier");
        EXPECT_THAT(admitted.error().detail, HasSubstr(std::string(PrefixStateName(now))));
      }
    }
  }
}

TEST_F(PrefixRegistryTest, ARegistrationIsRefusedWithTheState) {
  ASSERT_TRUE(Admit("88.108.1").ok());
  EXPECT_EQ(node_.Register("88.108.1/a").outcome, Outcome::kRegistered);
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kStopped).ok());
  const ItemResult refused = node_.Register("88.108.1/b");
  EXPECT_EQ(refused.outcome, Outcome::kRejected);
  EXPECT_EQ(refused.reason, Errc::kPrefixNotActive);
  EXPECT_THAT(refused.detail, HasSubstr("STOPPED"));
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive).ok());
  EXPECT_EQ(node_.Register("88.108.1/b").outcome, Outcome::kRegistered);
}

TEST_F(PrefixRegistryTest, HistoryTellsWhoWhyAndWhen) {
  Bring("88.108.1", PrefixState::kInAudit);
  node_.clock.AdvanceMs(5'000);
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kRejected, "营业执照已过期").ok());
  node_.clock.AdvanceMs(5'000);
  ASSERT_TRUE(
      registry().Apply(node_.Administrator(footwear_), "88.108.1", footwear_, node_.Soon()).ok());
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  node_.clock.AdvanceMs(5'000);
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive, "").ok());
  ASSERT_TRUE(registry().Load().ok());
  const auto info = registry().Get(root_, "88.108.1");
  ASSERT_EQ(info->history.size(), 6u);
  EXPECT_EQ(info->history[0].by, "operator");
  EXPECT_EQ(info->history[2].state, PrefixState::kRejected);
  EXPECT_EQ(info->history[2].reason, "营业执照已过期");
  EXPECT_EQ(info->history[2].at_ms, kTestNowMs + 5'000);
  EXPECT_EQ(info->history[3].by, "user:alice");
  EXPECT_EQ(info->admitted_ms, kTestNowMs + 15'000) << "when it was first active";
  for (int round = 0; round < 60; ++round) {
    ASSERT_TRUE(SetState("88.108.1", PrefixState::kStopped).ok());
    ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive, std::to_string(round)).ok());
  }
  ASSERT_TRUE(registry().Load().ok());
  const auto long_one = registry().Get(root_, "88.108.1");
  ASSERT_EQ(long_one->history.size(), kPrefixHistoryMax);
  EXPECT_EQ(long_one->history.back().reason, "59");
  EXPECT_EQ(long_one->admitted_ms, kTestNowMs + 15'000);
}

TEST_F(PrefixRegistryTest, ReasonsAndStatesAreChecked) {
  Bring("88.108.1", PrefixState::kInAudit);
  EXPECT_EQ(SetState("88.108.1", PrefixState::kRejected, "").error().field, "reason");
  for (const std::string& reason :
       {std::string("a\nb"), std::string("\xff"), std::string(501, 'x')}) {
    const auto refused = SetState("88.108.1", PrefixState::kRejected, reason);
    EXPECT_EQ(refused.code(), Errc::kInvalidRequest);
    EXPECT_EQ(refused.error().field, "reason");
  }
  for (const int number : {0, 7, 255}) {
    const auto refused = SetState("88.108.1", static_cast<PrefixState>(number));
    EXPECT_EQ(refused.code(), Errc::kInvalidRequest);
    EXPECT_EQ(refused.error().field, "state");
  }
  EXPECT_EQ(registry().Get(root_, "88.108.1")->state, PrefixState::kInAudit);
}

TEST_F(PrefixRegistryTest, AnAdministratorAppliesForItsOwnEnterprise) {
  const Actor alice = node_.Administrator(footwear_);
  EXPECT_EQ(registry().Apply(alice, "88.108.1", ceramics_, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(registry().Apply(node_.Administrator(""), "88.108.1", "", node_.Soon()).code(),
            Errc::kPermissionDenied);
  const auto applied = registry().Apply(alice, "88.108.1", "", node_.Soon());
  ASSERT_TRUE(applied.ok()) << applied.error().detail;
  EXPECT_EQ(applied->enterprise, footwear_);
  EXPECT_EQ(applied->state, PrefixState::kAwaitingAudit);
  EXPECT_EQ(applied->admitted_ms, 0);
  EXPECT_EQ(registry().Apply(alice, "88.108.1", "", node_.Soon()).code(), Errc::kAlreadyExists);
  EXPECT_EQ(registry().SetState(alice, "88.108.1", PrefixState::kInAudit, "", node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(registry().Apply(root_, "88.108.2", "", node_.Soon()).error().field, "enterprise");
  // What was rejected may be asked for again, by others only through the operator.
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kRejected).ok());
  EXPECT_EQ(registry().Apply(node_.Administrator(ceramics_), "88.108.1", "", node_.Soon()).code(),
            Errc::kAlreadyExists);
  EXPECT_EQ(registry().Apply(root_, "88.108.1", ceramics_, node_.Soon())->enterprise, ceramics_);
  EXPECT_EQ(registry().CheckAdmitted("88.108.1").code(), Errc::kPrefixNotActive);
}

TEST_F(PrefixRegistryTest, ReadsRowsOfTheFirstForm) {
  std::string row;
  AppendVarint(static_cast<std::uint64_t>(kTestNowMs), row);
  WriteRowBehindTheBack(node_, 0, PrefixKey("88.108.7"), row);
  ASSERT_TRUE(registry().Load().ok());
  EXPECT_TRUE(registry().CheckAdmitted("88.108.7").ok());
  const auto info = registry().Get(root_, "88.108.7");
  EXPECT_EQ(info->admitted_ms, kTestNowMs);
  EXPECT_EQ(info->state, PrefixState::kActive);
  EXPECT_EQ(info->hosting, Hosting::kHosted);
  EXPECT_EQ(info->enterprise, "");
  EXPECT_TRUE(info->history.empty());
  const auto stopped = SetState("88.108.7", PrefixState::kStopped);
  ASSERT_TRUE(stopped.ok()) << stopped.error().detail;
  ASSERT_TRUE(registry().Load().ok());
  EXPECT_EQ(registry().Get(root_, "88.108.7")->state, PrefixState::kStopped);
  EXPECT_EQ(registry().Get(root_, "88.108.7")->admitted_ms, kTestNowMs);
}

// Another node of the same store, or an act whose outcome was not known, wrote the row.
TEST_F(PrefixRegistryTest, ARowFoundToBeThereIsLearned) {
  PrefixInfo info;
  info.prefix = "88.108.7";
  info.admitted_ms = kTestNowMs;
  WriteRowBehindTheBack(node_, 0, PrefixKey(info.prefix), EncodePrefixRow(info));
  EXPECT_EQ(registry().CheckAdmitted("88.108.7").code(), Errc::kPrefixNotAdmitted);
  EXPECT_EQ(Admit("88.108.7").code(), Errc::kAlreadyExists);
  EXPECT_TRUE(registry().CheckAdmitted("88.108.7").ok());
  info.state = PrefixState::kStopped;
  WriteRowBehindTheBack(node_, 0, PrefixKey(info.prefix), EncodePrefixRow(info));
  const auto again = SetState("88.108.7", PrefixState::kStopped);
  EXPECT_EQ(again.code(), Errc::kPreconditionFailed);
  EXPECT_THAT(again.error().detail, HasSubstr("already"));
  EXPECT_EQ(registry().CheckAdmitted("88.108.7").code(), Errc::kPrefixNotActive);
  info.state = PrefixState::kPendingDeletion;
  WriteRowBehindTheBack(node_, 0, PrefixKey(info.prefix), EncodePrefixRow(info));
  const auto moved = SetState("88.108.7", PrefixState::kStopped);
  ASSERT_TRUE(moved.ok()) << "judged by what is there, not by what was known";
  EXPECT_EQ(moved->history.size(), 1u);
}

TEST_F(PrefixRegistryTest, StandingFollowsTheEnterprise) {
  ASSERT_NE(registry().StandingOf("88.108.1"), nullptr);
  EXPECT_EQ(registry().StandingOf("88.108.1")->industry, "");
  ASSERT_TRUE(Admit("88.108.1", footwear_).ok());
  ASSERT_TRUE(Admit("88.108.2", ceramics_).ok());
  ASSERT_TRUE(Admit("88.108.3").ok());
  const PrefixStandingRef before = registry().StandingOf("88.108.1");
  EXPECT_EQ(before->industry, "C1952");
  EXPECT_EQ(before->region, "440100");
  EXPECT_EQ(registry().StandingOf("88.108.3")->industry, "");
  SetStanding(node_, footwear_, "C1951", "440300");
  EXPECT_EQ(before->industry, "C1952") << "what was asked before stays";
  EXPECT_EQ(registry().StandingOf("88.108.1")->industry, "C1951");
  EXPECT_EQ(registry().StandingOf("88.108.1")->region, "440300");
  EXPECT_EQ(registry().StandingOf("88.108.2")->industry, "C3074");
  ASSERT_TRUE(registry().Load().ok());
  EXPECT_EQ(registry().StandingOf("88.108.1")->industry, "C1951");
}

TEST_F(PrefixRegistryTest, OnlyOwnersMayWrite) {
  ASSERT_TRUE(Admit("88.108.1", footwear_).ok());
  ASSERT_TRUE(Admit("88.108.2").ok());
  const auto may = [&](const Actor& actor, const char* prefix) {
    return registry().MayWrite(actor.who(), prefix);
  };
  EXPECT_TRUE(may(root_, "88.108.1"));
  EXPECT_TRUE(may(node_.Administrator(footwear_), "88.108.1"));
  EXPECT_FALSE(may(node_.Administrator(ceramics_), "88.108.1"));
  EXPECT_FALSE(may(node_.Administrator(footwear_), "88.108.2"));
  EXPECT_FALSE(may(node_.Administrator(""), "88.108.2")) << "of no enterprise is not of the same";
  EXPECT_TRUE(may(node_.App("erp", {"88.108.2"}), "88.108.2"));
  EXPECT_FALSE(may(node_.App("erp", {"88.108.2"}), "88.108.1"));
  EXPECT_TRUE(may(node_.App("erp", {"88.108.1"}, footwear_), "88.108.1"));
  EXPECT_FALSE(may(node_.App("erp", {"88.108.1"}, ceramics_), "88.108.1"));
  EXPECT_TRUE(may(node_.App("erp", {"88.108.2"}, ceramics_), "88.108.2")) << "nobody's";
  EXPECT_TRUE(may(node_.App("erp", {"88.108.3"}, ceramics_), "88.108.3")) << "not known";
  EXPECT_FALSE(may(node_.Auditor(), "88.108.1"));
  EXPECT_FALSE(may(node_.Stranger(), "88.108.1"));
}

TEST_F(PrefixRegistryTest, WhoAsksForAPrefixOwnsNothingOfIt) {
  const Actor asks = node_.Administrator(footwear_);
  NewApplication wanted = AnApplication("erp", {"88.108.1"});
  const auto owns_nothing = [&](const char* when) {
    EXPECT_FALSE(registry().MayWrite(asks.who(), "88.108.1")) << when;
    EXPECT_EQ(registry().OwnerOf("88.108.1"), "") << when;
    EXPECT_EQ(node_.access->CreateApplication(asks, wanted, node_.Soon()).code(),
              Errc::kPermissionDenied)
        << when;
    GrantInfo grant;
    grant.prefix = "88.108.1";
    grant.template_name = "shoe";
    grant.to_enterprise = footwear_;
    EXPECT_EQ(node_.grants->Create(asks, grant, node_.Soon()).code(), Errc::kPermissionDenied);
    EXPECT_TRUE(registry().Get(asks, "88.108.1").ok()) << "its application it may see";
  };
  ASSERT_TRUE(registry().Apply(asks, "88.108.1", "", node_.Soon()).ok());
  owns_nothing("awaiting audit");
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  owns_nothing("in audit");
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kRejected).ok());
  owns_nothing("rejected");
  ASSERT_TRUE(registry().Apply(asks, "88.108.1", "", node_.Soon()).ok());
  owns_nothing("asked for again");
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive).ok());
  for (const PrefixState state : {PrefixState::kStopped, PrefixState::kPendingDeletion}) {
    EXPECT_TRUE(registry().MayWrite(asks.who(), "88.108.1"));
    EXPECT_EQ(registry().OwnerOf("88.108.1"), footwear_);
    ASSERT_TRUE(SetState("88.108.1", state).ok());
  }
  EXPECT_TRUE(registry().MayWrite(asks.who(), "88.108.1"));
  EXPECT_TRUE(node_.access->CreateApplication(asks, wanted, node_.Soon()).ok());
}

TEST_F(PrefixRegistryTest, ARejectedPrefixGoesToAnotherWithNothingOfTheFirst) {
  const Actor first = node_.Administrator(footwear_);
  ASSERT_TRUE(registry().Apply(first, "88.108.1", "", node_.Soon()).ok());
  const auto routed = registry().SetRoute(first, "88.108.1", Hosting::kSelfHosted,
                                          {"203.0.113.5", 2641, 0, 0}, node_.Soon());
  ASSERT_TRUE(routed.ok()) << routed.error().detail;
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kRejected).ok());
  // An application that it had all the same, as one made by a node before this rule.
  const Actor old = node_.App("old", {"88.108.1"}, footwear_);
  EXPECT_TRUE(registry().MayWrite(old.who(), "88.108.1"));
  const auto given = registry().Apply(root_, "88.108.1", ceramics_, node_.Soon());
  ASSERT_TRUE(given.ok()) << given.error().detail;
  EXPECT_EQ(given->hosting, Hosting::kHosted);
  EXPECT_EQ(given->route, PrefixRoute{});
  EXPECT_EQ(given->history.size(), 4u);
  EXPECT_FALSE(registry().MayWrite(old.who(), "88.108.1"));
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive).ok());
  EXPECT_FALSE(registry().MayWrite(old.who(), "88.108.1"));
  EXPECT_FALSE(registry().MayWrite(first.who(), "88.108.1"));
  EXPECT_TRUE(registry().MayWrite(node_.Administrator(ceramics_).who(), "88.108.1"));
  EXPECT_TRUE(registry().MayWrite(node_.App("new", {"88.108.1"}, ceramics_).who(), "88.108.1"));
  EXPECT_TRUE(registry().MayWrite(node_.App("of-none", {"88.108.1"}).who(), "88.108.1"));
}

// No way leads there today; the row says so all the same.
TEST_F(PrefixRegistryTest, APrefixThatWasAdmittedIsNeverAnothers) {
  PrefixInfo info;
  info.prefix = "88.108.1";
  info.enterprise = footwear_;
  info.admitted_ms = kTestNowMs;
  info.state = PrefixState::kRejected;
  info.history = {{PrefixState::kRejected, "operator", "because", kTestNowMs}};
  const std::string key = PrefixKey("88.108.1");
  const std::string row = EncodePrefixRow(info);
  storage::WriteSet writes;
  writes.updates.push_back({key, row});
  const auto heads = node_.engine->Heads(std::vector<storage::ShardId>{0}, node_.Soon());
  ASSERT_TRUE(heads.ok());
  const auto committed = node_.engine->Commit(0, heads->front(), writes, node_.Soon());
  ASSERT_TRUE(committed.ok());
  ASSERT_EQ(*committed, storage::CommitStatus::kCommitted);
  const auto refused = registry().Apply(root_, "88.108.1", ceramics_, node_.Soon());
  EXPECT_EQ(refused.code(), Errc::kPreconditionFailed);
  EXPECT_EQ(refused.error().field, "enterprise");
  EXPECT_EQ(Admit("88.108.1", ceramics_).code(), Errc::kAlreadyExists);
  EXPECT_EQ(registry().OwnerOf("88.108.1"), footwear_);
}

TEST_F(PrefixRegistryTest, RoutesAreChecked) {
  ASSERT_TRUE(Admit("88.108.1", footwear_).ok());
  const auto set = [&](const char* address, std::uint16_t tcp, std::uint16_t http = 0) {
    return registry().SetRoute(root_, "88.108.1", Hosting::kSelfHosted, {address, tcp, 0, http},
                               node_.Soon());
  };
  for (const char* address :
       {"", "node.example", "203.0.113", "203.0.113.5:2641", "0.0.0.0", "0.1.2.3", "127.0.0.1",
        "127.9.9.9", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1",
        "fe80::1", "fe80::1%eth0", "::ffff:127.0.0.1", "[2001:db8::5]", " 203.0.113.5"}) {
    const auto refused = set(address, 2641);
    EXPECT_EQ(refused.code(), Errc::kInvalidRequest) << address;
    EXPECT_EQ(refused.error().field, "route.address") << address;
    EXPECT_TRUE(registry().CheckAdmitted("88.108.1").ok()) << "a refusal changes nothing";
  }
  EXPECT_EQ(set("203.0.113.5", 0).error().field, "route.tcpPort");
  EXPECT_EQ(registry().RouteOf("88.108.1"), nullptr);
  ASSERT_TRUE(set("203.0.113.5", 0, 8080).ok());
  ASSERT_TRUE(set("2001:0db8:0::5", 2641).ok());
  const auto route = registry().RouteOf("88.108.1");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->address, "2001:db8::5");
  EXPECT_EQ(route->tcp_port, 2641);
  const auto refused = registry().CheckAdmitted("88.108.1");
  EXPECT_EQ(refused.code(), Errc::kSelfHosted);
  EXPECT_THAT(refused.error().detail, HasSubstr("2001:db8::5"));
  EXPECT_THAT(refused.error().detail, HasSubstr("2641"));
  ASSERT_TRUE(registry().Load().ok());
  EXPECT_EQ(registry().RouteOf("88.108.1")->address, "2001:db8::5");
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kStopped).ok());
  EXPECT_NE(registry().RouteOf("88.108.1"), nullptr) << "what is there resolves";
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive).ok());
  ASSERT_TRUE(registry().SetRoute(root_, "88.108.1", Hosting::kHosted, {}, node_.Soon()).ok());
  EXPECT_EQ(registry().RouteOf("88.108.1"), nullptr);
  EXPECT_TRUE(registry().CheckAdmitted("88.108.1").ok());
}

TEST_F(PrefixRegistryTest, APrefixThatWasNeverActiveRefersNobody) {
  Bring("88.108.1", PrefixState::kAwaitingAudit);
  ASSERT_TRUE(registry()
                  .SetRoute(node_.Administrator(footwear_), "88.108.1", Hosting::kSelfHosted,
                            {"203.0.113.5", 2641, 0, 0}, node_.Soon())
                  .ok());
  EXPECT_EQ(registry().RouteOf("88.108.1"), nullptr);
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kInAudit).ok());
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kActive).ok());
  EXPECT_NE(registry().RouteOf("88.108.1"), nullptr);
}

TEST_F(PrefixRegistryTest, APrefixWithIdentifiersStaysHosted) {
  ASSERT_TRUE(Admit("88.108.1", footwear_).ok());
  const auto leave = [&](const Actor& actor) {
    return registry().SetRoute(actor, "88.108.1", Hosting::kSelfHosted, {"203.0.113.5", 2641, 0, 0},
                               node_.Soon());
  };
  ASSERT_TRUE(registry().Reserve("88.108.1", 1).ok());
  EXPECT_EQ(leave(root_).code(), Errc::kPreconditionFailed) << "one is under way";
  registry().Settle("88.108.1", 1, 1, 0);
  EXPECT_EQ(leave(root_).code(), Errc::kPreconditionFailed) << "one is there";
  EXPECT_TRUE(registry().CheckAdmitted("88.108.1").ok());
  registry().Settle("88.108.1", 0, 0, 1);
  EXPECT_EQ(leave(node_.Administrator(ceramics_)).code(), Errc::kPermissionDenied);
  EXPECT_EQ(leave(node_.App("erp", {"88.108.1"})).code(), Errc::kPermissionDenied);
  ASSERT_TRUE(leave(node_.Administrator(footwear_)).ok());
  EXPECT_EQ(registry().Reserve("88.108.1", 1).code(), Errc::kSelfHosted)
      << "checked before, registered after";
}

TEST_F(PrefixRegistryTest, EachSeesItsOwn) {
  ASSERT_TRUE(Admit("88.108.1", footwear_).ok());
  ASSERT_TRUE(Admit("88.108.2", ceramics_).ok());
  ASSERT_TRUE(Admit("88.109.3", footwear_).ok());
  ASSERT_TRUE(SetState("88.109.3", PrefixState::kStopped).ok());
  const auto names = [&](const Actor& actor, const PrefixQuery& query = {}) {
    std::vector<std::string> prefixes;
    const auto page = registry().List(actor, query);
    EXPECT_TRUE(page.ok());
    if (page.ok()) {
      for (const auto& info : page->prefixes) prefixes.push_back(info.prefix);
    }
    return prefixes;
  };
  EXPECT_THAT(names(root_), ElementsAre("88.108.1", "88.108.2", "88.109.3"));
  EXPECT_THAT(names(node_.Auditor()), ElementsAre("88.108.1", "88.108.2", "88.109.3"));
  EXPECT_THAT(names(node_.Administrator(footwear_)), ElementsAre("88.108.1", "88.109.3"));
  EXPECT_THAT(names(node_.App("erp", {"88.108.2"})), ElementsAre("88.108.2"));
  EXPECT_EQ(registry().List(node_.Stranger()).code(), Errc::kUnauthenticated);
  PrefixQuery query;
  query.enterprise = footwear_;
  EXPECT_THAT(names(root_, query), ElementsAre("88.108.1", "88.109.3"));
  EXPECT_THAT(names(node_.Administrator(ceramics_), query), ElementsAre());
  query.state = PrefixState::kStopped;
  EXPECT_THAT(names(root_, query), ElementsAre("88.109.3"));
  EXPECT_EQ(registry().Get(node_.Administrator(ceramics_), "88.108.1").code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(registry().Get(node_.Administrator(ceramics_), "88.108.9").code(),
            Errc::kPermissionDenied)
      << "whether there is one is not told";
  EXPECT_EQ(registry().Get(node_.Administrator(ceramics_), "88.108.2")->enterprise, ceramics_);
  EXPECT_EQ(registry().Get(root_, "88.108.9").code(), Errc::kNotFound);
}

TEST_F(PrefixRegistryTest, PagesFollowEachOther) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(Admit("88.108." + std::to_string(i)).ok());
  PrefixQuery query;
  query.page_size = 3;
  std::vector<std::string> seen;
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = registry().List(root_, query);
    ASSERT_TRUE(page.ok());
    for (const auto& info : page->prefixes) seen.push_back(info.prefix);
    query.page_token = page->next_page_token;
    if (query.page_token.empty()) break;
    EXPECT_EQ(page->prefixes.size(), 3u);
  }
  EXPECT_THAT(seen, ElementsAre("88.108.0", "88.108.1", "88.108.2", "88.108.3", "88.108.4",
                                "88.108.5", "88.108.6"));
  query.page_token = "nonsense";
  EXPECT_EQ(registry().List(root_, query).code(), Errc::kInvalidPageToken);
}

TEST_F(PrefixRegistryTest, ActsAndRefusalsAreInTheAuditLog) {
  ASSERT_TRUE(Admit("88.108.1", footwear_).ok());
  EXPECT_FALSE(SetState("88.108.1", PrefixState::kInAudit).ok());
  EXPECT_FALSE(
      registry().SetQuota(node_.Administrator(footwear_), "88.108.1", {}, node_.Soon()).ok());
  std::vector<AuditEntry> entries;
  for (const auto& entry : node_.AuditEntries()) {
    if (entry.target == "88.108.1") entries.push_back(entry);
  }
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].action, "prefix.admit");
  EXPECT_EQ(entries[0].before, "");
  EXPECT_THAT(entries[0].after, HasSubstr(R"("state":"ACTIVE")"));
  EXPECT_THAT(entries[0].after, HasSubstr(footwear_));
  std::set<std::string> refused;
  for (std::size_t i = 1; i < 3; ++i) {
    refused.insert(entries[i].action + " " + entries[i].refused);
  }
  EXPECT_THAT(refused, ElementsAre("prefix.set-quota permission-denied",
                                   "prefix.set-state precondition-failed"));
}

class DevPrefixRegistryTest : public PrefixRegistryTest {
 protected:
  DevPrefixRegistryTest() : PrefixRegistryTest(TestNodeOptions{}) {}
};

TEST_F(DevPrefixRegistryTest, UnknownPrefixesPassAndStoppedOnesDoNot) {
  EXPECT_TRUE(registry().CheckAdmitted("88.108.1").ok());
  EXPECT_EQ(node_.Register("88.108.1/a").outcome, Outcome::kRegistered);
  const auto admitted = Admit("88.108.1");
  ASSERT_TRUE(admitted.ok());
  EXPECT_EQ(admitted->identifiers, 1u) << "counted before it had a row";
  ASSERT_TRUE(SetState("88.108.1", PrefixState::kStopped).ok());
  EXPECT_EQ(registry().CheckAdmitted("88.108.1").code(), Errc::kPrefixNotActive);
  EXPECT_EQ(node_.Register("88.108.1/b").reason, Errc::kPrefixNotActive);
}

}  // namespace
}  // namespace idnode::service
