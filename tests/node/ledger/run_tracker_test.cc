#include "node/ledger/run_tracker.h"

#include <gtest/gtest.h>

namespace idnode::ledger {
namespace {

TEST(RunTrackerTest, FindsTheLongestRun) {
  RunTracker tracker;
  EXPECT_EQ(tracker.longest(), 0U);
  tracker.Add("88.1.2/abc");
  EXPECT_EQ(tracker.longest(), 0U);
  for (int i = 8; i <= 12; ++i) tracker.Add("88.1.2/SN" + std::to_string(i));
  EXPECT_EQ(tracker.longest(), 5U);
  EXPECT_EQ(tracker.longest_end(), "88.1.2/SN12");
  tracker.Add("88.1.2/SN14");  // a gap
  tracker.Add("88.1.2/SN15");
  EXPECT_EQ(tracker.longest(), 5U);
}

TEST(RunTrackerTest, LeadingZerosAndCaseDoNotMatter) {
  RunTracker tracker;
  tracker.Add("88.1.2/sn0009");
  tracker.Add("88.1.2/SN0010");
  tracker.Add("88.1.2/SN11");
  EXPECT_EQ(tracker.longest(), 3U);
}

TEST(RunTrackerTest, FollowsInterleavedRuns) {
  RunTracker tracker;
  for (int i = 0; i < 100; ++i) {
    for (int stem = 0; stem < 50; ++stem) {
      tracker.Add("88.1." + std::to_string(stem) + "/N" + std::to_string(i));
    }
  }
  EXPECT_EQ(tracker.longest(), 100U);
}

TEST(RunTrackerTest, RandomNumbersMakeNoRun) {
  RunTracker tracker;
  std::uint64_t number = 1;
  for (int i = 0; i < 1000; ++i) {
    number = number * 6364136223846793005ULL + 1442695040888963407ULL;
    tracker.Add("88.1.2/" + std::to_string(number));
  }
  EXPECT_EQ(tracker.longest(), 1U);
}

TEST(RunTrackerTest, ManyStemsNeverMakeARunTooLong) {
  RunTracker tracker;
  for (int i = 0; i < 3; ++i) {
    for (int stem = 0; stem < 20'000; ++stem) {
      tracker.Add("88.1.2/s" + std::to_string(stem) + "-" + std::to_string(i));
    }
  }
  EXPECT_GE(tracker.longest(), 1U);
  EXPECT_LE(tracker.longest(), 3U);
  EXPECT_LE(tracker.Serialize().size(), RunTracker::kStateBytesMax);
}

TEST(RunTrackerTest, LongNumbersAreRead) {
  RunTracker tracker;
  tracker.Add("88.1.2/12345678901234567890123456789");
  tracker.Add("88.1.2/12345678901234567890123456790");
  EXPECT_EQ(tracker.longest(), 2U);
  tracker.Add("99999999999999999999");
  tracker.Add("");
  EXPECT_EQ(tracker.longest(), 2U);
}

TEST(RunTrackerTest, GoesOnAfterARestart) {
  RunTracker before;
  for (int i = 0; i < 700; ++i) {
    before.Add("88.1.2/SN" + std::to_string(i));
    before.Add("88.1." + std::to_string(i) + "/x1");
  }
  auto after = RunTracker::Parse(before.Serialize());
  ASSERT_TRUE(after.ok()) << after.error().detail;
  EXPECT_EQ(after->Serialize(), before.Serialize());
  for (int i = 700; i < 800; ++i) after->Add("88.1.2/SN" + std::to_string(i));
  EXPECT_EQ(after->longest(), 800U);
  EXPECT_EQ(after->longest_end(), "88.1.2/SN799");
}

TEST(RunTrackerTest, RefusesDamagedBytes) {
  EXPECT_EQ(RunTracker::Parse("").code(), Errc::kCorruption);
  EXPECT_EQ(RunTracker::Parse("\x02").code(), Errc::kFormatTooNew);
  RunTracker tracker;
  tracker.Add("a1");
  tracker.Add("a2");
  const std::string bytes = tracker.Serialize();
  // Version, three numbers and the identifier; then the one slot, which a cut may leave out whole.
  constexpr std::size_t kHeaderBytes = 6;
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto cut = RunTracker::Parse(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(cut.code(), size == kHeaderBytes ? Errc::kOk : Errc::kCorruption) << size;
  }
  EXPECT_EQ(RunTracker::Parse(bytes + bytes.substr(kHeaderBytes)).code(), Errc::kCorruption);
}

}  // namespace
}  // namespace idnode::ledger
