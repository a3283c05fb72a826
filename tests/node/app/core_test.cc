#include "node/app/core.h"

#include <atomic>

#include <gtest/gtest.h>

#include "node/base/log.h"
#include "tests/node/app/temporary_directory.h"

namespace idnode::app {
namespace {

constexpr std::int64_t kNowMs = 1'795'312'800'000;
constexpr std::int64_t kYearMs = 365LL * 86'400'000;

class CoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(LogLevel::kOff, LogFormat::kLogfmt);
    ConfigSources sources;
    sources.dev = true;
    sources.data_dir = directory_.Path("data");
    sources.environment = {{"IDNODE_STORAGE_ENGINE", "memory"},
                           {"IDNODE_STORAGE_SHARDS", "2"},
                           {"IDNODE_ACCESS_DENY_ADDRESSES", "10.0.0.0/8"},
                           {"IDNODE_ACCESS_RATE_PER_IDENTITY", "1"},
                           {"IDNODE_ACCESS_FAILURES_FREE", "0"},
                           {"IDNODE_ACCESS_SESSION_HOURS", "2"},
                           {"IDNODE_ACCESS_SCRYPT_LOG_N", "12"}};
    auto loaded = LoadConfig(sources);
    ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].Text();
    auto core =
        Core::Open(loaded.config, directory_.path(), directory_.Path("store"), clock_, metrics_);
    ASSERT_TRUE(core.ok()) << core.error().detail;
    core_ = *std::move(core);
    auto caller = std::make_shared<service::Caller>();
    caller->role = service::Role::kOperator;
    operator_ = caller;
  }

  void Submit(const std::string& identifier, service::RegistrationService::DoneFn done) {
    auto& registration = core_->services().registration;
    auto batch = registration.NewBatch(operator_, {}, 1, 1);
    ASSERT_TRUE(batch.ok());
    (*batch)->AddRegister({identifier, {}});
    registration.Submit(std::move(*batch), clock_.After(std::chrono::seconds(30)), std::move(done));
  }

  Deadline Soon() const { return clock_.After(std::chrono::seconds(30)); }

  TemporaryDirectory directory_;
  FakeClock clock_{kNowMs};
  Metrics metrics_;
  std::unique_ptr<Core> core_;
  service::CallerRef operator_;
};

// What a caller is told while the core goes may look at the services: they are there still.
TEST_F(CoreTest, IsTornDownOnlyOnceEveryCallerHasItsAnswer) {
  constexpr int kBatches = 2'000;
  std::atomic<int> answers = 0;
  std::atomic<std::size_t> items_max = 0;
  Core& core = *core_;
  for (int n = 0; n < kBatches; ++n) {
    Submit("88.108.1/" + std::to_string(n), [&](const Result<service::BatchResult>&) {
      items_max = core.services().registration.limits().batch_items_max;
      ++answers;
    });
  }
  core_.reset();
  EXPECT_EQ(answers, kBatches);
  EXPECT_EQ(items_max, 10'000u);
}

TEST_F(CoreTest, EveryCommitAsksTheClockGuardForItsTime) {
  const std::int64_t before = *core_->committer().LastCommitMs(Soon());
  EXPECT_EQ(before, kNowMs) << "the time zone was stored at creation";
  clock_.SetWallMs(kNowMs + kYearMs);
  EXPECT_EQ(core_->committer().Nudge(0, Soon()).code(), Errc::kClockUntrusted);
  service::NewApplication wanted;
  wanted.name = "erp";
  wanted.prefixes = {"88.108.1"};
  EXPECT_TRUE(core_->services().access.CreateApplication({operator_, ""}, wanted, Soon()).ok());
  EXPECT_EQ(*core_->committer().LastCommitMs(Soon()), before);
  core_->services().clock_guard.Accept();
  const auto nudged = core_->committer().Nudge(0, Soon());
  ASSERT_TRUE(nudged.ok());
  EXPECT_EQ(nudged->second, kNowMs + kYearMs);
}

TEST_F(CoreTest, TheAccessSectionReachesTheServices) {
  service::Administration& admin = core_->services().admin;
  EXPECT_EQ(admin.throttle.AdmitAddress("10.1.2.3").code(), Errc::kPermissionDenied);
  EXPECT_TRUE(admin.throttle.AdmitIdentity("application:erp").ok());
  EXPECT_TRUE(admin.throttle.AdmitIdentity("application:erp").ok());
  EXPECT_EQ(admin.throttle.AdmitIdentity("application:erp").code(), Errc::kRateLimited);
  admin.throttle.Failed("192.0.2.1");
  EXPECT_EQ(admin.throttle.AdmitAddress("192.0.2.1").code(), Errc::kRateLimited);
  EXPECT_FALSE(admin.templates.options().require_known) << "--dev";

  service::UserInfo user;
  user.name = "alice";
  user.role = service::Role::kAuditor;
  const service::Actor actor{operator_, ""};
  ASSERT_TRUE(admin.users.Create(actor, user, "correct horse", Soon()).ok());
  const auto session = admin.users.Login(actor, "alice", "correct horse");
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session->expires_ms, kNowMs + 2 * 3'600'000);
  EXPECT_TRUE(core_->services().access.Authenticate(session->token).ok());
}

}  // namespace
}  // namespace idnode::app
