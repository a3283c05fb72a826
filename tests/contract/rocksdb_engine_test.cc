// What the embedded engine promises beyond the seam: it keeps, refuses, and copies.

#include "storage/rocksdb/rocksdb_engine.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine_under_test.h"
#include "storage/rocksdb/store_files.h"

namespace idnode::storage {
namespace {

class RocksDbEngineTest : public testing::Test {
 protected:
  std::string StorePath() const { return dir_.path() + "/new/store"; }
  std::string FormatPath() const { return StorePath() + "/FORMAT"; }

  std::unique_ptr<Engine> Open(ShardId shards = 4) { return OpenAt(StorePath(), shards); }
  std::unique_ptr<Engine> OpenAt(const std::string& path, ShardId shards = 4) {
    auto engine = OpenRocksDbEngine(SmallRocksDb(path, shards));
    if (!engine.ok()) {
      ADD_FAILURE() << ErrcName(engine.code()) << ": " << engine.error().detail;
      return nullptr;
    }
    return std::move(engine).value();
  }
  Error OpenError() {
    auto engine = OpenRocksDbEngine(SmallRocksDb(StorePath()));
    EXPECT_FALSE(engine.ok());
    return engine.ok() ? Error() : engine.error();
  }
  void WriteFormat(const std::string& text) { std::ofstream(FormatPath()) << text; }

  TempDir dir_;
};

TEST_F(RocksDbEngineTest, ReopeningKeepsEverything) {
  {
    const auto engine = Open(4);
    ASSERT_NE(engine, nullptr);
    MustCommit(*engine, 0, 0, Writes().Insert("r1", "one").Insert("f1", "feed").Insert("h1", "h"));
    MustCommit(*engine, 0, 1, Writes().Update("r1", "two").Delete("h1"));
    MustCommit(*engine, 3, 0, Writes().Insert("s", "shard"));
    ASSERT_TRUE(engine->Trim(0, "f", "g", kNoDeadline).ok());
  }
  // The store's own number of shards holds, whatever is asked for now.
  const auto engine = Open(9);
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->ShardCount(), 4U);
  EXPECT_EQ(ScanText(*engine, 0, "", ""), "r1=two");
  EXPECT_EQ(HeadOf(*engine, 0), 2U);
  EXPECT_EQ(HeadOf(*engine, 1), 0U);
  EXPECT_EQ(HeadOf(*engine, 3), 1U);
  MustCommit(*engine, 0, 2, Writes().Insert("r2", "more"));
}

TEST_F(RocksDbEngineTest, LeavesNoLogToReplayWhenClosed) {
  {
    const auto engine = Open();
    MustCommit(*engine, 0, 0, Writes().Insert("r1", std::string(1 << 20, 'x')));
  }
  std::uintmax_t log_bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(StorePath() + "/db")) {
    if (file.path().extension() == ".log") log_bytes += file.file_size();
  }
  EXPECT_EQ(log_bytes, 0U);
}

TEST_F(RocksDbEngineTest, IsPrivateToItsOwner) {
  const auto engine = Open();
  struct stat stat = {};
  ASSERT_EQ(::stat(StorePath().c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0700U);
}

TEST_F(RocksDbEngineTest, ASecondOpenIsRefusedAndNamesTheDirectory) {
  const auto engine = Open();
  const Error error = OpenError();
  EXPECT_EQ(error.code, Errc::kDataDirectoryInUse);
  EXPECT_NE(error.detail.find(StorePath()), std::string::npos) << error.detail;
  MustCommit(*engine, 0, 0, Writes().Insert("r1", "unharmed"));
}

TEST_F(RocksDbEngineTest, ANewerFormatIsRefusedWithBothNumbers) {
  Open().reset();
  WriteFormat("idnode-store 2\nsomething new\n");
  const Error error = OpenError();
  EXPECT_EQ(error.code, Errc::kFormatTooNew);
  EXPECT_NE(error.detail.find("written by format 2, this idnode reads up to 1; use a newer idnode"),
            std::string::npos)
      << error.detail;
}

TEST_F(RocksDbEngineTest, ADamagedFormatFileIsCorruption) {
  Open().reset();
  for (const char* text :
       {"", "idnode-store", "idnode-store 1\n", "idnode-store 0\nshards 4\n",
        "idnode-store 1\nshards 0\n", "idnode-store 1\nshards 65536\n",
        "idnode-store 1\nshards 4\nmore\n", "idnode-store 1\nshards 4", "other 1\nshards 4\n"}) {
    WriteFormat(text);
    EXPECT_EQ(OpenError().code, Errc::kCorruption) << text;
  }
  WriteFormat("idnode-store 1\nshards 4\n");
  EXPECT_NE(Open(), nullptr);
}

TEST_F(RocksDbEngineTest, RowsWithoutAFormatFileAreCorruption) {
  {
    const auto engine = Open();
    MustCommit(*engine, 0, 0, Writes().Insert("r1", "one"));
  }
  std::filesystem::remove(FormatPath());
  EXPECT_EQ(OpenError().code, Errc::kCorruption);
}

TEST_F(RocksDbEngineTest, ACreationThatWasCutShortIsDoneAgain) {
  Open(4).reset();
  std::filesystem::remove(FormatPath());  // the last step of a creation
  const auto engine = Open(5);
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->ShardCount(), 5U);
}

TEST_F(RocksDbEngineTest, AStoreWhoseRowsAreGoneIsNotReplacedByAnEmptyOne) {
  Open().reset();
  std::filesystem::remove_all(StorePath() + "/db");
  EXPECT_EQ(OpenError().code, Errc::kCorruption);
}

TEST_F(RocksDbEngineTest, ADirectoryThatCannotBeMadeIsUnavailable) {
  std::ofstream(dir_.path() + "/new") << "a file where a directory should be";
  EXPECT_EQ(OpenError().code, Errc::kUnavailable);
}

TEST_F(RocksDbEngineTest, CheckpointIsAStoreOfItsOwn) {
  const std::string copy_path = dir_.path() + "/copy";
  const auto engine = Open();
  MustCommit(*engine, 0, 0, Writes().Insert("r1", "one").Insert("f1", "feed"));
  MustCommit(*engine, 2, 0, Writes().Insert("s", "shard"));
  ASSERT_TRUE(engine->Checkpoint(copy_path).ok());
  MustCommit(*engine, 0, 1, Writes().Update("r1", "later"));

  const auto copy = OpenAt(copy_path);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(ScanText(*copy, 0, "", ""), "f1=feed r1=one");
  EXPECT_EQ(HeadOf(*copy, 0), 1U);
  EXPECT_EQ(HeadOf(*copy, 2), 1U);
  MustCommit(*copy, 0, 1, Writes().Update("r1", "of the copy"));
  EXPECT_EQ(GetText(*engine, 0, "r1"), "later");
  EXPECT_EQ(engine->Checkpoint(copy_path).code(), Errc::kAlreadyExists);
}

TEST_F(RocksDbEngineTest, ABatchMayHaveItsMostRowsAndNotOneMore) {
  const auto engine = Open();
  Writes writes;
  for (std::size_t i = 0; i < kRocksDbBatchRowsMax; ++i) writes.Insert("r" + std::to_string(i), "");
  MustCommit(*engine, 0, 0, writes);
  const auto refused = engine->Commit(0, 1, writes.Delete("q").set(), kNoDeadline);
  EXPECT_EQ(refused.code(), Errc::kBatchTooLarge);
  EXPECT_EQ(HeadOf(*engine, 0), 1U);
}

TEST_F(RocksDbEngineTest, ABatchMayHaveItsMostBytesAndNotOneMore) {
  const auto engine = Open();
  const std::string most(kRocksDbBatchBytesMax - 2, 'x');
  MustCommit(*engine, 0, 0, Writes().Insert("r1", most));
  const auto refused = engine->Commit(0, 1, Writes().Update("r1", most + "x").set(), kNoDeadline);
  EXPECT_EQ(refused.code(), Errc::kBatchTooLarge);
  EXPECT_EQ(HeadOf(*engine, 0), 1U);
  EXPECT_EQ(GetText(*engine, 0, "r1").size(), most.size());
}

TEST_F(RocksDbEngineTest, HealthKnowsTheRoomAndTheBytes) {
  const auto engine = Open();
  MustCommit(*engine, 0, 0, Writes().Insert("r1", std::string(100'000, 'x')));
  const EngineHealth health = engine->Health();
  EXPECT_TRUE(health.writable);
  EXPECT_GT(health.free_bytes, 0U);
  EXPECT_GE(health.stored_bytes, 100'000U);
}

TEST_F(RocksDbEngineTest, TheLastShardReachesItsEnd) {
  const auto engine = Open(kShardsMax);
  const ShardId last = kShardsMax - 1;
  MustCommit(*engine, last, 0, Writes().Insert("r1", "one").Insert("\xff\xff\xff", "end"));
  EXPECT_EQ(ScanText(*engine, last, "", ""), "r1=one \xff\xff\xff=end");
  EXPECT_EQ(ScanText(*engine, last - 1, "", ""), "");
}

}  // namespace
}  // namespace idnode::storage
