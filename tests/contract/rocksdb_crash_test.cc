// kill -9 at random moments: what was acknowledged is there, whole, and versions have no gaps.

#include <array>
#include <cstdio>
#include <random>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_under_test.h"

namespace idnode::storage {
namespace {

constexpr ShardId kShards = 4;
constexpr int kRounds = 5;
constexpr std::size_t kRowsPerCommit = 20;

using Acknowledged = std::array<Version, kShards>;

// Runs the child until it has acknowledged `commits`, kills it, and returns the last version that
// each shard was told of.
Acknowledged RunAndKill(const std::string& dir, int commits) {
  Acknowledged versions{};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return versions;
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execl(IDNODE_CRASH_CHILD, IDNODE_CRASH_CHILD, dir.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  FILE* const lines = fdopen(ends[0], "r");
  unsigned shard = 0;
  unsigned long long version = 0;
  int seen = 0;
  while (std::fscanf(lines, "%u %llu\n", &shard, &version) == 2) {
    if (shard < kShards) versions[shard] = version;
    if (++seen == commits) kill(child, SIGKILL);
  }
  std::fclose(lines);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  EXPECT_GE(seen, commits);
  return versions;
}

void CheckShard(Engine& engine, ShardId shard, Version acknowledged) {
  const Version head = HeadOf(engine, shard);
  EXPECT_GE(head, acknowledged) << "an acknowledged commit is gone";
  EXPECT_LE(head, acknowledged + 1) << "only the commit under way may be there besides";
  const auto feed = engine.Scan(shard, "f", "g", 1'000'000, false, kNoDeadline);
  ASSERT_TRUE(feed.ok());
  ASSERT_EQ(feed->size(), head);
  for (Version version = 1; version <= head; ++version) {
    ASSERT_EQ(std::stoull((*feed)[version - 1].key.substr(1)), version);
  }
  const auto records = engine.Scan(shard, "r", "s", 10'000'000, false, kNoDeadline);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), head * kRowsPerCommit) << "a commit is there in part";
  if (head > 0) {
    EXPECT_EQ(std::stoull(GetText(engine, shard, "s")), head);
  }
}

TEST(RocksDbCrashTest, EveryAcknowledgedCommitSurvivesKill9) {
  constexpr std::uint64_t kSeed = 77;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  const TempDir dir;
  const std::string store = dir.path() + "/store";
  Acknowledged versions{};
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const int commits = static_cast<int>(1 + random() % 1500);
    const Acknowledged now = RunAndKill(store, commits);
    auto options = SmallRocksDb(store, kShards);
    auto engine = OpenEngine(options);
    ASSERT_TRUE(engine.ok()) << engine.error().detail;
    for (ShardId shard = 0; shard < kShards; ++shard) {
      if (now[shard] != 0) versions[shard] = now[shard];
      CheckShard(**engine, shard, versions[shard]);
      versions[shard] = HeadOf(**engine, shard);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace idnode::storage
