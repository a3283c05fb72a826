#include "node/service/throttle.h"

#include <thread>

#include <gtest/gtest.h>

#include "node/base/log.h"
#include "node/service/address_set.h"
#include "node/service/tracked_map.h"

namespace idnode::service {
namespace {

using std::chrono::seconds;

constexpr const char* kAddress = "192.0.2.1";
constexpr std::int64_t kNowMs = 1'795'312'800'000;

class ThrottleTest : public ::testing::Test {
 protected:
  ThrottleTest() { ConfigureLog(LogLevel::kOff, LogFormat::kLogfmt); }
  ~ThrottleTest() override { ConfigureLog(LogLevel::kInfo, LogFormat::kLogfmt); }

  void Make(const ThrottleOptions& options) {
    auto made = Throttle::Make(options, clock_, metrics_);
    ASSERT_TRUE(made.ok()) << made.error().detail;
    throttle_ = *std::move(made);
  }
  std::string FieldOf(const ThrottleOptions& options) {
    auto made = Throttle::Make(options, clock_, metrics_);
    return made.ok() ? "ok" : made.error().field;
  }
  Errc Address(std::string_view address = kAddress) {
    return throttle_->AdmitAddress(address).code();
  }
  Errc Login(std::string_view name, std::string_view address = kAddress) {
    return throttle_->AdmitLogin(address, name).code();
  }
  // Failures of "wait_max" 900 s of an address, 30 s of an account, after two free ones.
  void MakeStrict() {
    ThrottleOptions options;
    options.failures_free = 2;
    Make(options);
  }
  Errc Identity(std::string_view identity = "application:erp") {
    return throttle_->AdmitIdentity(identity).code();
  }

  FakeClock clock_{kNowMs};
  Metrics metrics_;
  std::unique_ptr<Throttle> throttle_;
};

TEST_F(ThrottleTest, AdmitsEverybodyWhereNothingIsSet) {
  Make({});
  EXPECT_FALSE(throttle_->WatchesAddresses());
  EXPECT_FALSE(throttle_->WatchesIdentities());
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(Address(), Errc::kOk);
    ASSERT_EQ(Identity(), Errc::kOk);
  }
  EXPECT_TRUE(throttle_->CheckIdentifier("88.108.1/a").ok());
}

TEST_F(ThrottleTest, IdentitiesHaveABurstAndThenTheirRate) {
  ThrottleOptions options;
  options.per_identity = 3;
  options.burst_seconds = 2;
  Make(options);
  EXPECT_TRUE(throttle_->WatchesIdentities());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Identity(), Errc::kOk) << i;
  EXPECT_EQ(Identity(), Errc::kRateLimited);
  EXPECT_EQ(Identity("application:mes"), Errc::kOk);
  clock_.AdvanceMs(333);
  EXPECT_EQ(Identity(), Errc::kRateLimited);
  clock_.AdvanceMs(1);
  EXPECT_EQ(Identity(), Errc::kOk);
  EXPECT_EQ(Identity(), Errc::kRateLimited);
  clock_.AdvanceMs(1'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Identity(), Errc::kOk) << i;
  EXPECT_EQ(Identity(), Errc::kRateLimited);
  clock_.AdvanceMs(3'600'000);  // an hour's silence saves up one burst, no more
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Identity(), Errc::kOk) << i;
  EXPECT_EQ(Identity(), Errc::kRateLimited);
}

TEST_F(ThrottleTest, StrangersShareNoBound) {
  ThrottleOptions options;
  options.per_identity = 1;
  options.burst_seconds = 1;
  Make(options);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Identity("anonymous"), Errc::kOk);
}

TEST_F(ThrottleTest, AddressesAreCountedByTheirHalf) {
  ThrottleOptions options;
  options.per_address = 1;
  options.burst_seconds = 1;
  Make(options);
  EXPECT_TRUE(throttle_->WatchesAddresses());
  EXPECT_EQ(Address("2001:db8:1:2::1"), Errc::kOk);
  EXPECT_EQ(Address("2001:db8:1:2:ffff::2"), Errc::kRateLimited);
  EXPECT_EQ(Address("2001:db8:1:2::/64"), Errc::kRateLimited);
  EXPECT_EQ(Address("2001:db8:1:3::1"), Errc::kOk);
  EXPECT_EQ(Address("192.0.2.1"), Errc::kOk);
  EXPECT_EQ(Address("192.0.2.2"), Errc::kOk);
  EXPECT_EQ(Address("::ffff:192.0.2.1"), Errc::kRateLimited) << "an IPv4 address inside";
  EXPECT_EQ(Address(""), Errc::kOk) << "a local socket has none";
  EXPECT_EQ(Address(""), Errc::kOk);
}

TEST_F(ThrottleTest, ListsAdmitAndDeny) {
  ThrottleOptions options;
  options.allow_addresses = {"10.0.0.0/8", "2001:db8::/32", "198.51.100.7"};
  options.deny_addresses = {"10.1.0.0/16"};
  Make(options);
  EXPECT_EQ(Address("10.0.255.255"), Errc::kOk);
  EXPECT_EQ(Address("10.1.0.0"), Errc::kPermissionDenied);
  EXPECT_EQ(Address("10.1.255.255"), Errc::kPermissionDenied);
  EXPECT_EQ(Address("10.2.0.0"), Errc::kOk);
  EXPECT_EQ(Address("11.0.0.0"), Errc::kPermissionDenied);
  EXPECT_EQ(Address("9.255.255.255"), Errc::kPermissionDenied);
  EXPECT_EQ(Address("198.51.100.7"), Errc::kOk);
  EXPECT_EQ(Address("198.51.100.6"), Errc::kPermissionDenied);
  EXPECT_EQ(Address("2001:db8:ffff::/64"), Errc::kOk);
  EXPECT_EQ(Address("2001:db9::/64"), Errc::kPermissionDenied);
  EXPECT_EQ(Address("::ffff:10.0.0.1"), Errc::kOk);
  EXPECT_EQ(Address(""), Errc::kPermissionDenied) << "of no network";
}

TEST_F(ThrottleTest, DeniesIdentifiersAndWholePrefixes) {
  ThrottleOptions options;
  options.deny_identifiers = {"88.108.1/ABC", "88.108.2/"};
  Make(options);
  EXPECT_EQ(throttle_->CheckIdentifier("88.108.1/abc").code(), Errc::kPermissionDenied);
  EXPECT_EQ(throttle_->CheckIdentifier("88.108.1/abc").error().field, "identifier");
  EXPECT_TRUE(throttle_->CheckIdentifier("88.108.1/abcd").ok());
  EXPECT_TRUE(throttle_->CheckIdentifier("88.108.1/ab").ok());
  EXPECT_EQ(throttle_->CheckIdentifier("88.108.2/x").code(), Errc::kPermissionDenied);
  EXPECT_TRUE(throttle_->CheckIdentifier("88.108.22/x").ok());
  EXPECT_TRUE(throttle_->CheckIdentifier("88.108.2.1/x").ok());
}

TEST_F(ThrottleTest, FailuresMakeAnAddressWaitLongerAndLonger) {
  ThrottleOptions options;
  options.failures_free = 2;
  options.failures_wait = seconds(1);
  options.failures_wait_max = seconds(4);
  Make(options);
  throttle_->Failed(kAddress);
  EXPECT_TRUE(throttle_->WatchesAddresses());
  throttle_->Failed(kAddress);
  EXPECT_EQ(Address(), Errc::kOk);
  for (const std::int64_t wait_ms : {1'000, 2'000, 4'000, 4'000}) {
    throttle_->Failed(kAddress);
    EXPECT_EQ(Address(), Errc::kRateLimited) << wait_ms;
    EXPECT_EQ(Address("192.0.2.2"), Errc::kOk);
    clock_.AdvanceMs(wait_ms - 1);
    EXPECT_EQ(Address(), Errc::kRateLimited) << wait_ms;
    clock_.AdvanceMs(1);
    EXPECT_EQ(Address(), Errc::kOk) << wait_ms;
  }
  throttle_->Succeeded(kAddress);
  throttle_->Failed(kAddress);
  EXPECT_EQ(Address(), Errc::kOk) << "the count began anew";
}

TEST_F(ThrottleTest, FailuresAreForgottenAfterSilence) {
  ThrottleOptions options;
  options.failures_free = 0;
  options.failures_wait = seconds(1);
  options.failures_wait_max = seconds(8);
  Make(options);
  throttle_->Failed(kAddress);
  throttle_->Failed(kAddress);  // waits 2 s, then is remembered for 8 s
  clock_.AdvanceMs(9'999);
  EXPECT_TRUE(throttle_->WatchesAddresses());
  EXPECT_EQ(Address(), Errc::kOk);
  throttle_->Failed(kAddress);
  clock_.AdvanceMs(3'999);
  EXPECT_EQ(Address(), Errc::kRateLimited) << "the third failure waits 4 s";
  clock_.AdvanceMs(8'001);
  EXPECT_EQ(Address(), Errc::kOk);
  EXPECT_FALSE(throttle_->WatchesAddresses()) << "the quick way again";
  throttle_->Failed(kAddress);
  clock_.AdvanceMs(1'000);
  EXPECT_EQ(Address(), Errc::kOk) << "the first failure again";
}

TEST_F(ThrottleTest, FailuresOfAHostCountWhateverItsAddressInTheSubnet) {
  ThrottleOptions options;
  options.failures_free = 0;
  Make(options);
  throttle_->Failed("2001:db8::1");
  EXPECT_EQ(Address("2001:db8::/64"), Errc::kRateLimited);
  EXPECT_EQ(Address("2001:db8:0:1::/64"), Errc::kOk);
}

TEST_F(ThrottleTest, NoWaitWhereItIsSwitchedOff) {
  ThrottleOptions options;
  options.failures_free = 0;
  options.failures_wait = seconds(0);
  Make(options);
  for (int i = 0; i < 100; ++i) throttle_->Failed(kAddress);
  EXPECT_EQ(Address(), Errc::kOk);
}

TEST_F(ThrottleTest, TheLongestWaitNeedsNoMoreThanManyFailures) {
  ThrottleOptions options;
  options.failures_free = 0;
  Make(options);
  for (int i = 0; i < 1'000; ++i) throttle_->Failed(kAddress);
  clock_.AdvanceMs(899'999);
  EXPECT_EQ(Address(), Errc::kRateLimited);
  clock_.AdvanceMs(1);
  EXPECT_EQ(Address(), Errc::kOk);
}

TEST_F(ThrottleTest, FaultsOfListsAreNamed) {
  const auto allow = [&](const std::string& network) {
    ThrottleOptions options;
    options.allow_addresses = {network};
    return FieldOf(options);
  };
  for (const char* good : {"0.0.0.0/0", "10.0.0.1/32", "10.0.0.1", "::/0", "2001:db8::/64",
                           "::ffff:10.0.0.0/104", "128.0.0.0/1"}) {
    EXPECT_EQ(allow(good), "ok") << good;
  }
  for (const char* bad :
       {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.1/8",
        "2001:db8::1", "2001:db8::/65", "2001:db8::1/64", "::ffff:10.0.0.0/95", "host"}) {
    EXPECT_EQ(allow(bad), "allow_addresses") << bad;
  }
  ThrottleOptions deny;
  deny.deny_addresses = {"x"};
  EXPECT_EQ(FieldOf(deny), "deny_addresses");
  deny.deny_addresses = std::vector<std::string>(10'001, "10.0.0.1");
  EXPECT_EQ(FieldOf(deny), "deny_addresses");
  deny.deny_addresses.pop_back();
  EXPECT_EQ(FieldOf(deny), "ok");
  ThrottleOptions identifiers;
  identifiers.deny_identifiers = {"88.108.1"};
  EXPECT_EQ(FieldOf(identifiers), "deny_identifiers");
  identifiers.deny_identifiers = {"88..1/x"};
  EXPECT_EQ(FieldOf(identifiers), "deny_identifiers");
  identifiers.deny_identifiers = std::vector<std::string>(10'001, "88.108.1/");
  EXPECT_EQ(FieldOf(identifiers), "deny_identifiers");
}

TEST_F(ThrottleTest, ManyAddressesTakeBoundedMemory) {
  TrackedMap<int, int> map(1'000);
  const auto touch = [](int& uses) { return ++uses; };
  EXPECT_EQ(map.Use(-1, touch), 1);
  EXPECT_EQ(map.Use(-1, touch), 2);
  for (int i = 0; i < 100'000; ++i) {
    map.Use(i, touch);
    map.Use(-1, touch);  // what is used stays
  }
  EXPECT_LE(map.size(), 1'000u);
  EXPECT_GT(map.size(), 900u);
  EXPECT_EQ(map.Get(-1, 0), 100'002);
  EXPECT_EQ(map.Get(0, -7), -7) << "what was not used for longest is gone";
  map.Erase(-1);
  EXPECT_EQ(map.Get(-1, -7), -7);
  map.Clear();
  EXPECT_EQ(map.size(), 0u);
  TrackedMap<int, int> one(1);
  one.Use(1, touch);
  one.Use(2, touch);
  EXPECT_EQ(one.size(), 1u);
  EXPECT_EQ(one.Get(2, 0), 1);
}

TEST_F(ThrottleTest, ThreadsTogetherGetWhatThereIs) {
  ThrottleOptions options;
  options.per_address = 1'000;
  options.burst_seconds = 1;
  Make(options);
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) {
        if (throttle_->AdmitAddress(kAddress).ok()) ++admitted;
        if (i % 100 == 0) throttle_->Failed("192.0.2.9");
        throttle_->Succeeded("192.0.2.9");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 1'000);
}

TEST_F(ThrottleTest, ATokenDoesNotForgetFailedLogins) {
  MakeStrict();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Login("user" + std::to_string(i)), Errc::kOk);
    throttle_->LoginFailed(kAddress, "user" + std::to_string(i));
    throttle_->Succeeded(kAddress);
  }
  EXPECT_EQ(Login("user9"), Errc::kRateLimited) << "whoever's password is tried next";
  EXPECT_EQ(Login("user9", "192.0.2.2"), Errc::kOk);
  EXPECT_EQ(Address(), Errc::kOk) << "tokens of the address go on";
  clock_.AdvanceMs(999);
  EXPECT_EQ(Login("user9"), Errc::kRateLimited);
  clock_.AdvanceMs(1);
  EXPECT_EQ(Login("user9"), Errc::kOk);
  throttle_->LoginFailed(kAddress, "user9");
  clock_.AdvanceMs(1'999);
  EXPECT_EQ(Login("user9"), Errc::kRateLimited) << "doubled";
  clock_.AdvanceMs(1);
  throttle_->LoginSucceeded(kAddress, "user9");
  throttle_->LoginFailed(kAddress, "user8");
  EXPECT_EQ(Login("user8"), Errc::kOk) << "a login does forget";
}

TEST_F(ThrottleTest, AnAccountWaitsWhereverItIsTriedFromButNotLong) {
  MakeStrict();
  int address = 0;
  const auto fail = [&](std::string_view name) {
    throttle_->LoginFailed("198.51.100." + std::to_string(++address), name);
  };
  fail("alice");
  fail("ALICE");
  EXPECT_EQ(Login("alice"), Errc::kOk);
  for (const std::int64_t wait_ms : {1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000}) {
    fail("Alice");
    EXPECT_EQ(Login("alice"), Errc::kRateLimited) << wait_ms;
    EXPECT_EQ(Login("aLICE"), Errc::kRateLimited) << "no spelling is a way around";
    EXPECT_EQ(Login("bob"), Errc::kOk);
    clock_.AdvanceMs(wait_ms - 1);
    EXPECT_EQ(Login("alice"), Errc::kRateLimited) << wait_ms;
    clock_.AdvanceMs(1);
    EXPECT_EQ(Login("alice"), Errc::kOk) << wait_ms;
  }
  // A pause of the longest wait of an account is none that begins anew.
  clock_.AdvanceMs(60'000);
  fail("alice");
  EXPECT_EQ(Login("alice"), Errc::kRateLimited);
  throttle_->LoginSucceeded(kAddress, "ALICE");
  EXPECT_EQ(Login("alice"), Errc::kOk);
  fail("alice");
  fail("alice");
  EXPECT_EQ(Login("alice"), Errc::kOk);
}

TEST_F(ThrottleTest, LoginsFromNowhereAndOfNobodyDoNotWaitForOneAnother) {
  MakeStrict();
  const std::string name(65, 'a');
  for (int i = 0; i < 10; ++i) throttle_->LoginFailed("", name);
  EXPECT_EQ(Login(name), Errc::kOk) << "longer than any name";
  EXPECT_EQ(Login("", ""), Errc::kOk);
  for (int i = 0; i < 3; ++i) throttle_->LoginFailed("", name.substr(1));
  EXPECT_EQ(Login(name.substr(1), ""), Errc::kRateLimited);
  EXPECT_EQ(Login("alice", ""), Errc::kOk) << "a local socket has no address";

  ThrottleOptions off;
  off.failures_free = 0;
  off.failures_wait = seconds(0);
  Make(off);
  for (int i = 0; i < 100; ++i) throttle_->LoginFailed(kAddress, "alice");
  EXPECT_EQ(Login("alice"), Errc::kOk);
}

}  // namespace
}  // namespace idnode::service
