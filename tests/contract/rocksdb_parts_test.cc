// The parts of the embedded engine that need no disk.

#include <gtest/gtest.h>

#include "storage/rocksdb/disk_key.h"
#include "storage/rocksdb/disk_range.h"
#include "storage/rocksdb/rocksdb_status.h"
#include "storage/rocksdb/space_guard.h"
#include "storage/rocksdb/store_files.h"

namespace idnode::storage {
namespace {

class SpaceGuardTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kReserve = 1000ULL << 20;

  void SetFree(std::uint64_t bytes) {
    free_bytes_ = bytes;
    clock_.AdvanceMs(SpaceGuard::kProbeEvery.count());
  }

  FakeClock clock_{1'700'000'000'000};
  std::optional<std::uint64_t> free_bytes_ = kReserve;
  int probes_ = 0;
  SpaceGuard guard_{kReserve,
                    [this] {
                      ++probes_;
                      return free_bytes_;
                    },
                    clock_};
};

TEST_F(SpaceGuardTest, StopsBelowTheReserveAndSaysHowMuchIsMissing) {
  EXPECT_TRUE(guard_.CheckRoom().ok());  // exactly the reserve
  SetFree(kReserve - 1);
  const auto room = guard_.CheckRoom();
  ASSERT_EQ(room.code(), Errc::kStorageFull);
  EXPECT_EQ(room.error().detail,
            "registration stopped: 999 MiB free, 1000 MiB reserved; free some room");
}

TEST_F(SpaceGuardTest, GoesOnWithATenthMoreThanTheReserve) {
  SetFree(0);
  EXPECT_FALSE(guard_.CheckRoom().ok());
  SetFree(kReserve);
  EXPECT_FALSE(guard_.CheckRoom().ok());
  SetFree(kReserve + kReserve / 10 - 1);
  EXPECT_FALSE(guard_.CheckRoom().ok());
  SetFree(kReserve + kReserve / 10);
  EXPECT_TRUE(guard_.CheckRoom().ok());
  SetFree(kReserve);  // and then again down to the reserve itself
  EXPECT_TRUE(guard_.CheckRoom().ok());
}

TEST_F(SpaceGuardTest, MeasuresAtMostOnceInAWhile) {
  EXPECT_TRUE(guard_.CheckRoom().ok());
  EXPECT_EQ(probes_, 1);
  free_bytes_ = 0;
  clock_.AdvanceMs(SpaceGuard::kProbeEvery.count() - 1);
  EXPECT_TRUE(guard_.CheckRoom().ok());
  EXPECT_EQ(guard_.FreeBytes(), kReserve);
  EXPECT_EQ(probes_, 1);
  clock_.AdvanceMs(1);
  EXPECT_FALSE(guard_.CheckRoom().ok());
  EXPECT_EQ(guard_.FreeBytes(), 0U);
  EXPECT_EQ(probes_, 2);
}

TEST_F(SpaceGuardTest, AnUnknownRoomStopsNothing) {
  SetFree(0);
  EXPECT_FALSE(guard_.CheckRoom().ok());
  free_bytes_.reset();
  clock_.AdvanceMs(SpaceGuard::kProbeEvery.count());
  EXPECT_TRUE(guard_.CheckRoom().ok());
  EXPECT_EQ(guard_.FreeBytes(), 0U);
}

TEST(SpaceGuardReserveTest, NoReserveNeverStops) {
  const FakeClock clock(0);
  SpaceGuard guard(
      0, [] { return std::optional<std::uint64_t>(0); }, clock);
  EXPECT_TRUE(guard.CheckRoom().ok());
}

TEST(SpaceGuardReserveTest, TheWholeDiskAsReserveAlwaysStops) {
  const FakeClock clock(0);
  SpaceGuard guard(
      UINT64_MAX, [] { return std::optional<std::uint64_t>(1ULL << 60); }, clock);
  EXPECT_FALSE(guard.CheckRoom().ok());
  EXPECT_FALSE(guard.CheckRoom().ok());
}

TEST(FreeBytesOfTest, KnowsADirectoryAndNotAMissingOne) {
  EXPECT_TRUE(FreeBytesOf("/")().has_value());
  EXPECT_FALSE(FreeBytesOf("/no/such/directory")().has_value());
}

TEST(StoreFormatTest, GoesRound) {
  EXPECT_EQ(FormatText({1, 16}), "idnode-store 1\nshards 16\n");
  const auto format = ParseFormat(FormatText({kFormatVersion, 65'535}));
  ASSERT_TRUE(format.ok());
  EXPECT_EQ(format->version, kFormatVersion);
  EXPECT_EQ(format->shards, 65'535U);
}

TEST(DiskKeyTest, IsTheShardAndTheKey) {
  EXPECT_EQ(DiskKey(0x0102, "r1").slice().ToString(), std::string("\x01\x02r1"));
  EXPECT_EQ(DiskKey(0, "").slice().ToString(), std::string(2, '\0'));
  // Around the size that is kept on the stack.
  for (const std::size_t size : {317U, 318U, 319U, 5000U}) {
    const std::string key(size, 'k');
    EXPECT_EQ(DiskKey(0x4142, key).slice().ToString(), "AB" + key) << size;
  }
}

TEST(DiskRangeTest, SegmentsFollowOneAnotherAndKnowTheirFamily) {
  ASSERT_EQ(kSegments.front().from, 1);
  ASSERT_EQ(kSegments.back().to, 0);
  for (std::size_t i = 0; i < kSegments.size(); ++i) {
    if (i > 0) {
      EXPECT_EQ(kSegments[i].from, kSegments[i - 1].to);
    }
    const unsigned end = kSegments[i].to == 0 ? 256 : kSegments[i].to;
    for (unsigned space = kSegments[i].from; space < end; ++space) {
      EXPECT_EQ(FamilyOf(static_cast<char>(space)), kSegments[i].family) << space;
    }
  }
}

TEST(DiskRangeTest, StaysInItsShardAndSegment) {
  const Segment& records = kSegments[5];
  ASSERT_EQ(records.family, Family::kRecords);
  const DiskRange all = Intersect(0x4142, "", "", records);
  EXPECT_EQ(all.from, "ABr");
  EXPECT_EQ(all.to, "ABs");
  const DiskRange some = Intersect(0x4142, "r5", "zz", records);
  EXPECT_EQ(some.from, "ABr5");
  EXPECT_EQ(some.to, "ABs");
  EXPECT_TRUE(Intersect(0x4142, "s", "", records).empty());
  EXPECT_TRUE(Intersect(0x4142, "", "r", records).empty());
  EXPECT_EQ(Intersect(0x41ff, "", "", kSegments.back()).to, std::string("B\0", 2));
}

TEST(RocksDbStatusTest, IsTranslatedOnce) {
  using rocksdb::Status;
  const auto code = [](const Status& status) { return ToError(status, "trying").code; };
  EXPECT_EQ(code(Status::NoSpace()), Errc::kStorageFull);
  EXPECT_EQ(code(Status::IOError("disk")), Errc::kUnavailable);
  EXPECT_EQ(code(Status::Corruption("checksum")), Errc::kCorruption);
  EXPECT_EQ(code(Status::TimedOut()), Errc::kDeadlineExceeded);
  EXPECT_EQ(code(Status::Busy()), Errc::kUnavailable);
  EXPECT_EQ(code(Status::Incomplete()), Errc::kUnavailable);
  EXPECT_EQ(code(Status::NotFound()), Errc::kNotFound);
  EXPECT_EQ(code(Status::NotSupported("that")), Errc::kUnimplemented);
  EXPECT_EQ(code(Status::InvalidArgument("that")), Errc::kInternal);
  EXPECT_EQ(ToError(Status::Corruption("checksum"), "reading").detail,
            "reading: Corruption: checksum");
}

}  // namespace
}  // namespace idnode::storage
