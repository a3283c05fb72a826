// A disk that fills up: registration stops, clearly; resolution goes on; everything starts again by
// itself. On a small file system of its own, which takes the right to mount one.

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine_under_test.h"
#include "node/base/clock.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/space_guard.h"

namespace idnode::storage {
namespace {

constexpr std::uint64_t kDiskBytes = 64ULL << 20;
constexpr std::chrono::seconds kPatience{60};

class RocksDbDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string options = "size=" + std::to_string(kDiskBytes);
    if (mount("idnode-test", dir_.path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
      GTEST_SKIP() << "a small file system cannot be mounted here: " << strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    engine_.reset();
    if (mounted_) umount2(dir_.path().c_str(), MNT_DETACH);
  }

  void Open(std::uint64_t reserve_bytes) {
    auto options = SmallRocksDb(dir_.path() + "/store", 2);
    options.reserve_free_bytes = reserve_bytes;
    options.write_buffer_bytes = 4ULL << 20;
    options.sync = true;
    auto engine = OpenRocksDbEngine(options);
    ASSERT_TRUE(engine.ok()) << engine.error().detail;
    engine_ = std::move(engine).value();
  }

  std::string FillerPath() const { return dir_.path() + "/filler"; }
  std::uint64_t FreeBytes() const { return FreeBytesOf(dir_.path())().value_or(0); }

  // Takes room until no more than `left` bytes are free.
  void FillDisk(std::uint64_t left) {
    const int fd = open(FillerPath().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ASSERT_GE(fd, 0);
    const std::string block(4096, 'f');
    while (FreeBytes() > left && write(fd, block.data(), block.size()) > 0) {
    }
    close(fd);
  }
  void FreeDisk() const { std::filesystem::remove(FillerPath()); }

  // Whether `what` comes true while others work.
  static bool Eventually(const std::function<bool()>& what) {
    const SystemClock clock;
    const Deadline deadline = clock.After(kPatience);
    while (clock.Monotonic() < deadline) {
      if (what()) return true;
      std::this_thread::yield();
    }
    return false;
  }

  static std::string KeyOf(Version version) { return "r" + std::to_string(version); }
  static std::string ValueOf(Version version) {
    return std::to_string(version) + std::string(50'000, static_cast<char>('a' + version % 26));
  }

  Result<CommitStatus> CommitNext() {
    const Version next = version_ + 1;
    const Writes writes = Writes().Insert(KeyOf(next), ValueOf(next));
    return engine_->Commit(0, version_, writes.set(), kNoDeadline);
  }
  // Commits until that does not go through, and returns what came instead.
  Result<CommitStatus> CommitUntilRefused() {
    for (;;) {
      auto status = CommitNext();
      if (!status.ok() || *status != CommitStatus::kCommitted) return status;
      ++version_;
    }
  }
  // The commit of version_ + 1, whose outcome may be open, is brought in: by itself or again.
  void BringIn() {
    EXPECT_TRUE(Eventually([&] {
      const auto status = CommitNext();
      if (status.ok() && *status == CommitStatus::kCommitted) return true;
      return HeadOf(*engine_, 0) == version_ + 1;
    })) << engine_->Health().detail;
    ++version_;
  }
  // The one commit whose outcome is open counts once it is seen: recovery replays what the log
  // holds of it.
  void Settle() {
    if (HeadOf(*engine_, 0) == version_ + 1) ++version_;
  }
  void ExpectEverythingThere() {
    Settle();
    EXPECT_EQ(HeadOf(*engine_, 0), version_);
    for (Version version = 1; version <= version_; ++version) {
      const std::string value = GetText(*engine_, 0, KeyOf(version));
      ASSERT_TRUE(value == ValueOf(version)) << version << ": " << value.substr(0, 20);
    }
    EXPECT_EQ(GetText(*engine_, 0, KeyOf(version_ + 1)), "-");
  }

  TempDir dir_;
  bool mounted_ = false;
  std::unique_ptr<Engine> engine_;
  Version version_ = 0;
};

TEST_F(RocksDbDiskTest, BelowTheReserveCommitsAreRefusedUntilThereIsRoom) {
  Open(24ULL << 20);
  ASSERT_EQ(*CommitNext(), CommitStatus::kCommitted);
  ++version_;
  FillDisk(20ULL << 20);
  ASSERT_TRUE(Eventually([&] { return !engine_->Health().writable; }));
  const auto refused = CommitNext();
  ASSERT_EQ(refused.code(), Errc::kStorageFull);
  EXPECT_TRUE(refused.error().detail.ends_with(" MiB free, 24 MiB reserved; free some room"))
      << refused.error().detail;
  EXPECT_EQ(engine_->Health().detail, refused.error().detail);
  ExpectEverythingThere();

  FreeDisk();
  ASSERT_TRUE(Eventually([&] { return engine_->Health().writable; }));
  ASSERT_EQ(*CommitNext(), CommitStatus::kCommitted);
  ++version_;
  ExpectEverythingThere();
}

TEST_F(RocksDbDiskTest, WithoutAReserveTheEngineLivesThroughAFullDisk) {
  Open(0);
  // More than once: each time has to begin behind what the time before left.
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    FillDisk(2ULL << 20);
    const auto stopped = CommitUntilRefused();
    // What met the full disk itself cannot be told; what comes after it certainly wrote nothing.
    if (stopped.ok()) {
      EXPECT_EQ(*stopped, CommitStatus::kUnknown);
    } else {
      EXPECT_EQ(stopped.code(), Errc::kStorageFull);
    }
    // Reopening drops old logs, and as long as that makes room the engine heals by itself.
    EXPECT_TRUE(Eventually([&] {
      FillDisk(0);
      Settle();
      const auto refused = CommitNext();
      if (!refused.ok()) {
        EXPECT_EQ(refused.code(), Errc::kStorageFull) << refused.error().detail;
        return !engine_->Health().writable;
      }
      if (*refused == CommitStatus::kCommitted) ++version_;
      return false;
    }));
    ExpectEverythingThere();

    FreeDisk();
    BringIn();
    EXPECT_TRUE(engine_->Health().writable);
    ExpectEverythingThere();
  }
  engine_.reset();
  Open(0);
  ExpectEverythingThere();
}

// The disk is full again before anything could be written: nothing is in memory then, which is
// where a recovery by flushing alone would go on behind the failed write.
TEST_F(RocksDbDiskTest, FailuresWithoutAWriteBetweenAreSurvived) {
  Open(0);
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    FillDisk(0);
    const auto stopped = CommitUntilRefused();
    EXPECT_TRUE(!stopped.ok() || *stopped == CommitStatus::kUnknown);
    ExpectEverythingThere();
    FreeDisk();
    EXPECT_TRUE(Eventually([&] { return engine_->Health().writable; })) << engine_->Health().detail;
  }
  BringIn();
  ExpectEverythingThere();
  engine_.reset();
  Open(0);
  ExpectEverythingThere();
}

TEST_F(RocksDbDiskTest, AStartOnAFullDiskResolvesAndRegistersLater) {
  Open(0);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(*CommitNext(), CommitStatus::kCommitted);
    ++version_;
  }
  engine_.reset();
  FillDisk(0);
  Open(0);
  ExpectEverythingThere();
  EXPECT_FALSE(engine_->Health().writable);
  EXPECT_EQ(CommitNext().code(), Errc::kStorageFull);
  EXPECT_EQ(engine_->Trim(0, "r", "s", kNoDeadline).code(), Errc::kStorageFull);
  ExpectEverythingThere();

  FreeDisk();
  BringIn();
  ExpectEverythingThere();
}

}  // namespace
}  // namespace idnode::storage
