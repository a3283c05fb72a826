#include "node/app/store_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/time_zone.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::app {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<storage::Engine> MemoryEngine() {
  storage::EngineOptions options;
  options.engine = "memory";
  options.shards = 2;
  return storage::OpenEngine(options).value();
}

class StoreFactsTest : public ::testing::Test {
 protected:
  StoreFactsTest()
      : engine_(MemoryEngine()),
        zone_(TimeZone::Load("Asia/Shanghai").value()),
        committer_(*engine_, clock_, zone_, metrics_, {}),
        writer_(committer_) {}

  Result<void> Check(const std::string& time_zone) {
    return CheckStoreFacts(*engine_, writer_, time_zone, clock_.After(std::chrono::seconds(60)));
  }

  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<storage::Engine> engine_;
  TimeZone zone_;
  storage::Committer committer_;
  service::Writer writer_;
};

TEST_F(StoreFactsTest, FixesTheTimeZoneOnce) {
  ASSERT_TRUE(Check("Asia/Shanghai").ok());
  const auto heads =
      engine_->Heads(std::vector<storage::ShardId>{0}, clock_.After(std::chrono::seconds(60)));
  ASSERT_TRUE(heads.ok());
  ASSERT_TRUE(Check("Asia/Shanghai").ok());
  // The second check only read.
  EXPECT_EQ(
      *engine_->Heads(std::vector<storage::ShardId>{0}, clock_.After(std::chrono::seconds(60))),
      *heads);
}

TEST_F(StoreFactsTest, RefusesAnotherTimeZone) {
  ASSERT_TRUE(Check("Asia/Shanghai").ok());
  const auto other = Check("UTC");
  ASSERT_EQ(other.code(), Errc::kInvalidRequest);
  EXPECT_EQ(other.error().field, "node.time_zone");
  EXPECT_THAT(other.error().detail, HasSubstr("counts in Asia/Shanghai"));
  EXPECT_THAT(other.error().detail, HasSubstr("not in UTC"));
  EXPECT_THAT(other.error().detail, HasSubstr("set [node] time_zone = \"Asia/Shanghai\""));
}

}  // namespace
}  // namespace idnode::app
