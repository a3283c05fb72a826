// What storage/engine.h promises, sentence by sentence, for every engine alike.

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "engine_under_test.h"
#include "storage/rocksdb/rocksdb_engine.h"

namespace idnode::storage {
namespace {

constexpr ShardId kShards = 4;

class EngineContract : public testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    engine_ = GetParam().open(dir_.path() + "/store", kShards);
    ASSERT_NE(engine_, nullptr);
  }

  Result<ReadResult> Read(ShardId shard, std::vector<std::string_view> keys) {
    return engine_->Read(shard, keys, kNoDeadline);
  }
  CommitStatus Commit(ShardId shard, Version expected, const Writes& writes) {
    const auto status = engine_->Commit(shard, expected, writes.set(), kNoDeadline);
    EXPECT_TRUE(status.ok()) << status.error().detail;
    return status.ok() ? *status : CommitStatus::kUnknown;
  }

  TempDir dir_;
  std::unique_ptr<Engine> engine_;
};

TEST_P(EngineContract, KeepsTheShardCountItWasCreatedWith) {
  EXPECT_EQ(engine_->ShardCount(), kShards);
}

TEST_P(EngineContract, NamesItselfAndItsLimits) {
  const Capabilities& capabilities = engine_->GetCapabilities();
  EXPECT_FALSE(capabilities.name.empty());
  EXPECT_GE(capabilities.batch_rows_max, 50'000U);
  EXPECT_GE(capabilities.batch_bytes_max, std::size_t{64} << 20);
  EXPECT_TRUE(capabilities.local_reads);
}

TEST_P(EngineContract, StartsEmptyAtVersionZero) {
  for (ShardId shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(HeadOf(*engine_, shard), 0U);
    EXPECT_EQ(ScanText(*engine_, shard, "", ""), "");
  }
  const auto read = Read(0, {"r1"});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->version, 0U);
  ASSERT_EQ(read->values.size(), 1U);
  EXPECT_FALSE(read->values[0].has_value());
}

TEST_P(EngineContract, ReadGivesValuesInTheOrderOfTheKeysAndTheVersion) {
  MustCommit(*engine_, 1, 0, Writes().Insert("r1", "one").Insert("r2", "").Insert("s", "shard"));
  const auto read = Read(1, {"s", "r9", "r2", "r1", "s"});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->version, 1U);
  ASSERT_EQ(read->values.size(), 5U);
  EXPECT_EQ(read->values[0], "shard");
  EXPECT_FALSE(read->values[1].has_value());
  EXPECT_EQ(read->values[2], "");  // empty, yet there
  EXPECT_EQ(read->values[3], "one");
  EXPECT_EQ(read->values[4], "shard");  // a key may be asked for twice
}

TEST_P(EngineContract, ReadOfNoKeysGivesTheVersion) {
  MustCommit(*engine_, 2, 0, Writes().Insert("r1", "one"));
  const auto read = Read(2, {});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->version, 1U);
  EXPECT_TRUE(read->values.empty());
}

TEST_P(EngineContract, CommitAppliesEveryListAtOnce) {
  MustCommit(*engine_, 0, 0,
             Writes().Insert("q1", "a").Insert("q2", "b").Insert("q3", "c").Insert("r1", "old"));
  MustCommit(*engine_, 0, 1,
             Writes()
                 .DeleteRange("q1", "q3")
                 .Insert("r2", "new")
                 .Update("r1", "changed")
                 .Update("r3", "fresh")
                 .Delete("q3")
                 .Delete("q4"));
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "r1=changed r2=new r3=fresh");
  EXPECT_EQ(HeadOf(*engine_, 0), 2U);
}

TEST_P(EngineContract, ARangeIsDeletedBeforeTheRowsAreWritten) {
  MustCommit(*engine_, 0, 0, Writes().Insert("q1", "old").Insert("q2", "old"));
  MustCommit(*engine_, 0, 1, Writes().DeleteRange("q", "r").Insert("q1", "new"));
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "q1=new");
}

TEST_P(EngineContract, ARangeMaySpanSpaces) {
  MustCommit(*engine_, 0, 0,
             Writes()
                 .Insert("c1", "1")
                 .Insert("f1", "2")
                 .Insert("h1", "3")
                 .Insert("q1", "4")
                 .Insert("r1", "5")
                 .Insert("s", "6"));
  MustCommit(*engine_, 1, 0, Writes().Insert("q1", "other"));
  MustCommit(*engine_, 0, 1, Writes().DeleteRange("f", "r1"));
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "c1=1 r1=5 s=6");
  EXPECT_EQ(ScanText(*engine_, 1, "", ""), "q1=other");
}

TEST_P(EngineContract, AnEmptyCommitMovesTheVersion) {
  MustCommit(*engine_, 0, 0, Writes());
  MustCommit(*engine_, 0, 1, Writes());
  EXPECT_EQ(HeadOf(*engine_, 0), 2U);
}

TEST_P(EngineContract, AConflictWritesNothing) {
  MustCommit(*engine_, 0, 0, Writes().Insert("r1", "one"));
  const Writes late = Writes().Update("r1", "other").Insert("r2", "two").DeleteRange("a", "z");
  EXPECT_EQ(Commit(0, 0, late), CommitStatus::kConflict);
  EXPECT_EQ(Commit(0, 2, late), CommitStatus::kConflict);
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "r1=one");
  EXPECT_EQ(HeadOf(*engine_, 0), 1U);
}

TEST_P(EngineContract, ShardsAreApart) {
  MustCommit(*engine_, 0, 0, Writes().Insert("r1", "zero"));
  MustCommit(*engine_, 3, 0, Writes().Insert("r1", "three"));
  MustCommit(*engine_, 3, 1, Writes().Insert("s", "s"));
  EXPECT_EQ(GetText(*engine_, 0, "r1"), "zero");
  EXPECT_EQ(GetText(*engine_, 1, "r1"), "-");
  EXPECT_EQ(GetText(*engine_, 3, "r1"), "three");
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "r1=zero");
  EXPECT_EQ(ScanText(*engine_, 2, "", ""), "");
  const std::vector<ShardId> shards = {3, 0, 1, 3};
  const auto heads = engine_->Heads(shards, kNoDeadline);
  ASSERT_TRUE(heads.ok());
  EXPECT_EQ(*heads, (std::vector<Version>{2, 1, 0, 2}));
}

TEST_P(EngineContract, GetGivesTheNewestValueOrNotFound) {
  MustCommit(*engine_, 0, 0, Writes().Insert("r1", "one"));
  MustCommit(*engine_, 0, 1, Writes().Update("r1", "two"));
  EXPECT_EQ(GetText(*engine_, 0, "r1"), "two");
  MustCommit(*engine_, 0, 2, Writes().Delete("r1"));
  EXPECT_EQ(engine_->Get(0, "r1", kNoDeadline).code(), Errc::kNotFound);
  MustCommit(*engine_, 0, 3, Writes().Insert("r1", "again"));
  EXPECT_EQ(GetText(*engine_, 0, "r1"), "again");
}

TEST_P(EngineContract, GetIntoReplacesWhatWasThere) {
  MustCommit(*engine_, 0, 0, Writes().Insert("r1", "short").Insert("h1", std::string(5000, 'h')));
  std::string value = "something longer than the value";
  ASSERT_TRUE(engine_->GetInto(0, "r1", value, kNoDeadline).ok());
  EXPECT_EQ(value, "short");
  ASSERT_TRUE(engine_->GetInto(0, "h1", value, kNoDeadline).ok());
  EXPECT_EQ(value, std::string(5000, 'h'));
  EXPECT_EQ(engine_->GetInto(0, "r2", value, kNoDeadline).code(), Errc::kNotFound);
}

TEST_P(EngineContract, MultiGetAnswersManyKeysInAnyOrder) {
  Writes writes;
  for (int i = 0; i < 10'000; i += 2) {
    writes.Insert("r" + std::to_string(i), "value " + std::to_string(i));
  }
  MustCommit(*engine_, 2, 0, writes);
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("r" + std::to_string(i));
  std::shuffle(keys.begin(), keys.end(), std::mt19937(7));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const auto values = engine_->MultiGet(2, views, kNoDeadline);
  ASSERT_TRUE(values.ok());
  ASSERT_EQ(values->size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const int number = std::stoi(keys[i].substr(1));
    if (number % 2 == 0) {
      ASSERT_EQ((*values)[i], "value " + std::to_string(number));
    } else {
      ASSERT_FALSE((*values)[i].has_value()) << keys[i];
    }
  }
}

TEST_P(EngineContract, KeysAndValuesAreBytes) {
  const std::string key("r\0\xff\n", 4);
  const std::string long_key = "r" + std::string(4000, 'k');
  const std::string value("\0\x01\xff", 3);
  MustCommit(*engine_, 0, 0, Writes().Insert(key, value).Insert(long_key, "long").Insert("r", "r"));
  EXPECT_EQ(GetText(*engine_, 0, key), value);
  EXPECT_EQ(GetText(*engine_, 0, long_key), "long");
  EXPECT_EQ(ScanText(*engine_, 0, "r", "s"), "r=r " + key + "=" + value + " " + long_key + "=long");
}

TEST_P(EngineContract, ScanGoesInBytewiseOrderOverAllSpaces) {
  // Bytes above 0x7f come last: the order is that of unsigned bytes.
  const std::vector<std::string> keys = {"\x01", "a",  "f",     "f\xff", "g",    "h1",      "q",
                                         "r",    "r1", "r\x80", "s",     "\x80", "\xff\xff"};
  Writes writes;
  std::string expected;
  for (const auto& key : keys) {
    writes.Insert(key, "v");
    expected += (expected.empty() ? "" : " ") + key + "=v";
  }
  MustCommit(*engine_, 1, 0, writes);
  EXPECT_EQ(ScanText(*engine_, 1, "", ""), expected);
  const auto backwards = engine_->Scan(1, "", "", 1000, true, kNoDeadline);
  ASSERT_TRUE(backwards.ok());
  ASSERT_EQ(backwards->size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ((*backwards)[i].key, keys[keys.size() - 1 - i]);
  }
}

TEST_P(EngineContract, ScanTakesTheFirstKeyAndLeavesTheEnd) {
  MustCommit(*engine_, 0, 0,
             Writes().Insert("r1", "1").Insert("r2", "2").Insert("r3", "3").Insert("s", "4"));
  EXPECT_EQ(ScanText(*engine_, 0, "r1", "r3"), "r1=1 r2=2");
  EXPECT_EQ(ScanText(*engine_, 0, "r15", "r25"), "r2=2");
  EXPECT_EQ(ScanText(*engine_, 0, "r2", ""), "r2=2 r3=3 s=4");
  EXPECT_EQ(ScanText(*engine_, 0, "", "r2"), "r1=1");
  EXPECT_EQ(ScanText(*engine_, 0, "r2", "r2"), "");
  EXPECT_EQ(ScanText(*engine_, 0, "r3", "r1"), "");
  EXPECT_EQ(ScanText(*engine_, 0, "t", ""), "");
}

TEST_P(EngineContract, ScanEndsAtItsLimitFromEitherEnd) {
  MustCommit(*engine_, 0, 0,
             Writes().Insert("f1", "1").Insert("q2", "2").Insert("r3", "3").Insert("r4", "4"));
  EXPECT_EQ(ScanText(*engine_, 0, "", "", 3), "f1=1 q2=2 r3=3");
  EXPECT_EQ(ScanText(*engine_, 0, "", "", 3, true), "r4=4 r3=3 q2=2");
  EXPECT_EQ(ScanText(*engine_, 0, "f", "r4", 2, true), "r3=3 q2=2");
  EXPECT_EQ(ScanText(*engine_, 0, "", "", 4), "f1=1 q2=2 r3=3 r4=4");
  EXPECT_EQ(ScanText(*engine_, 0, "", "", 0), "");
}

TEST_P(EngineContract, TrimDropsTheRangeAndLeavesTheVersion) {
  Writes writes;
  for (char digit = '0'; digit <= '9'; ++digit) writes.Insert(std::string("f") + digit, "x");
  MustCommit(*engine_, 0, 0, writes.Insert("q", "q"));
  MustCommit(*engine_, 1, 0, Writes().Insert("f3", "other shard"));
  ASSERT_TRUE(engine_->Trim(0, "f0", "f8", kNoDeadline).ok());
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "f8=x f9=x q=q");
  EXPECT_EQ(HeadOf(*engine_, 0), 1U);
  EXPECT_EQ(GetText(*engine_, 1, "f3"), "other shard");
  ASSERT_TRUE(engine_->Trim(0, "f9", "f9", kNoDeadline).ok());
  ASSERT_TRUE(engine_->Trim(0, "f9", "", kNoDeadline).ok());
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "f8=x");
  MustCommit(*engine_, 0, 1, Writes().Insert("f1", "again"));
  EXPECT_EQ(ScanText(*engine_, 0, "", ""), "f1=again f8=x");
}

TEST_P(EngineContract, HealthIsWritableWhileAllIsWell) {
  const EngineHealth health = engine_->Health();
  EXPECT_TRUE(health.writable);
  EXPECT_EQ(health.detail, "");
}

TEST_P(EngineContract, ConcurrentCommitsToOneShardEachTakeOneVersion) {
  constexpr int kThreads = 4;
  constexpr int kCommitsEach = 100;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCommitsEach; ++i) {
        const std::string name = "r" + std::to_string(t) + "/" + std::to_string(i);
        for (bool done = false; !done;) {
          const std::vector<std::string_view> keys = {"ccount"};
          const auto read = engine_->Read(0, keys, kNoDeadline);
          ASSERT_TRUE(read.ok());
          const int count = read->values[0].has_value() ? std::stoi(*read->values[0]) : 0;
          const Writes writes =
              Writes().Insert(name, "v").Update("ccount", std::to_string(count + 1));
          const auto status = engine_->Commit(0, read->version, writes.set(), kNoDeadline);
          ASSERT_TRUE(status.ok()) << status.error().detail;
          ASSERT_NE(*status, CommitStatus::kUnknown);
          done = *status == CommitStatus::kCommitted;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(HeadOf(*engine_, 0), Version{kThreads * kCommitsEach});
  EXPECT_EQ(GetText(*engine_, 0, "ccount"), std::to_string(kThreads * kCommitsEach));
  const auto rows = engine_->Scan(0, "r", "s", 10'000, false, kNoDeadline);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), std::size_t{kThreads * kCommitsEach});
}

TEST_P(EngineContract, ShardsCommitAtOnce) {
  constexpr int kCommitsEach = 200;
  std::vector<std::thread> threads;
  for (ShardId shard = 0; shard < kShards; ++shard) {
    threads.emplace_back([&, shard] {
      for (int i = 0; i < kCommitsEach; ++i) {
        const Writes writes = Writes()
                                  .Insert("r" + std::to_string(i), std::to_string(shard))
                                  .Update("s", std::to_string(i));
        MustCommit(*engine_, shard, static_cast<Version>(i), writes);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (ShardId shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(HeadOf(*engine_, shard), Version{kCommitsEach});
    EXPECT_EQ(GetText(*engine_, shard, "s"), std::to_string(kCommitsEach - 1));
    const auto rows = engine_->Scan(shard, "r", "s", 10'000, false, kNoDeadline);
    ASSERT_TRUE(rows.ok());
    ASSERT_EQ(rows->size(), std::size_t{kCommitsEach});
    for (const ScanRow& row : *rows) EXPECT_EQ(row.value, std::to_string(shard));
  }
}

// Two rows that only ever change together are never read apart, and the version a read gives is
// never newer than its values.
TEST_P(EngineContract, ReadersSeeWholeCommitsAndNoVersionNewerThanTheValues) {
  constexpr Version kCommits = 500;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (Version version = 0; version < kCommits; ++version) {
      const std::string number = std::to_string(version + 1);
      MustCommit(*engine_, 0, version, Writes().Update("c1", number).Update("c2", number));
    }
    done = true;
  });
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      const std::vector<std::string_view> keys = {"c1", "c2"};
      while (!done) {
        const auto read = engine_->Read(0, keys, kNoDeadline);
        ASSERT_TRUE(read.ok());
        ASSERT_EQ(read->values[0], read->values[1]);
        const Version value = read->values[0].has_value() ? std::stoull(*read->values[0]) : 0;
        ASSERT_LE(read->version, value);
        const auto rows = engine_->Scan(0, "c", "d", 10, false, kNoDeadline);
        ASSERT_TRUE(rows.ok());
        if (!rows->empty()) {
          ASSERT_EQ(rows->size(), 2U);
          ASSERT_EQ((*rows)[0].value, (*rows)[1].value);
        }
      }
    });
  }
  writer.join();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(GetText(*engine_, 0, "c1"), std::to_string(kCommits));
}

// A few thousand random steps against a plain map per shard.
TEST_P(EngineContract, AgreesWithAPlainMap) {
  constexpr std::uint64_t kSeed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  std::vector<std::map<std::string, std::string>> model(kShards);
  std::vector<Version> versions(kShards, 0);
  const auto random_key = [&] {
    const char spaces[] = {'a', 'c', 'f', 'h', 'm', 'q', 'r', 's'};
    return std::string(1, spaces[random() % std::size(spaces)]) + std::to_string(random() % 40);
  };
  const auto ordered_pair = [&] {
    std::string from = random_key();
    std::string to = random_key();
    if (to < from) std::swap(from, to);
    return std::pair(from, to);
  };
  for (int step = 0; step < 2000; ++step) {
    const auto shard = static_cast<ShardId>(random() % kShards);
    auto& rows = model[shard];
    const auto erase_range = [&](const std::string& from, const std::string& to) {
      rows.erase(rows.lower_bound(from), rows.lower_bound(to));
    };
    if (random() % 20 == 0) {
      const auto [from, to] = ordered_pair();
      ASSERT_TRUE(engine_->Trim(shard, from, to, kNoDeadline).ok());
      erase_range(from, to);
    } else {
      Writes writes;
      std::map<std::string, bool> used;
      if (random() % 10 == 0) {
        const auto [from, to] = ordered_pair();
        writes.DeleteRange(from, to);
        erase_range(from, to);
      }
      for (std::uint64_t i = random() % 8; i > 0; --i) {
        const std::string key = random_key();
        if (!used.emplace(key, true).second) continue;
        const std::string value = std::to_string(random());
        if (random() % 3 == 0) {
          writes.Delete(key);
          rows.erase(key);
        } else if (rows.contains(key)) {
          writes.Update(key, value);
          rows[key] = value;
        } else {
          writes.Insert(key, value);
          rows[key] = value;
        }
      }
      MustCommit(*engine_, shard, versions[shard]++, writes);
    }
    const auto [from, to] = ordered_pair();
    const std::size_t limit = random() % 12;
    const bool reverse = random() % 2 == 0;
    std::vector<std::pair<std::string, std::string>> expected(rows.lower_bound(from),
                                                              rows.lower_bound(to));
    if (reverse) std::reverse(expected.begin(), expected.end());
    if (expected.size() > limit) expected.resize(limit);
    const auto scanned = engine_->Scan(shard, from, to, limit, reverse, kNoDeadline);
    ASSERT_TRUE(scanned.ok());
    ASSERT_EQ(scanned->size(), expected.size()) << "step " << step;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ((*scanned)[i].key, expected[i].first);
      ASSERT_EQ((*scanned)[i].value, expected[i].second);
    }
  }
  for (ShardId shard = 0; shard < kShards; ++shard) {
    EXPECT_EQ(HeadOf(*engine_, shard), versions[shard]);
  }
}

INSTANTIATE_TEST_SUITE_P(AllEngines, EngineContract,
                         testing::Values(Memory(), RocksDb(), Behind(Memory()), Behind(RocksDb())),
                         [](const auto& tested) { return tested.param.name; });

TEST(OpenEngineTest, OpensByName) {
  EngineOptions options;
  options.engine = "memory";
  options.shards = 3;
  auto memory = OpenEngine(options);
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ((*memory)->GetCapabilities().name, "memory");
  EXPECT_EQ((*memory)->ShardCount(), 3U);

  const TempDir dir;
  auto rocksdb = OpenEngine(SmallRocksDb(dir.path() + "/store"));
  ASSERT_TRUE(rocksdb.ok()) << rocksdb.error().detail;
  EXPECT_EQ((*rocksdb)->GetCapabilities().name, "rocksdb");
}

TEST(OpenEngineTest, RefusesAnotherName) {
  EngineOptions options;
  options.engine = "sqlite";
  const auto engine = OpenEngine(options);
  ASSERT_EQ(engine.code(), Errc::kInvalidRequest);
  EXPECT_NE(engine.error().detail.find("rocksdb"), std::string::npos);
}

TEST(OpenEngineTest, BoundsTheNumberOfShards) {
  EngineOptions options;
  options.engine = "memory";
  for (const ShardId shards : {ShardId{1}, kShardsMax}) {
    options.shards = shards;
    EXPECT_TRUE(OpenEngine(options).ok()) << shards;
  }
  for (const ShardId shards : {ShardId{0}, kShardsMax + 1}) {
    options.shards = shards;
    const auto engine = OpenEngine(options);
    ASSERT_EQ(engine.code(), Errc::kInvalidRequest) << shards;
    EXPECT_EQ(engine.error().field, "shards");
  }
}

// What its callers must not do the reference engine does not let pass.
TEST(MemoryEngineDeathTest, InsertOfAPresentKeyIsABrokenPromise) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto engine = Memory().open("", 1);
  MustCommit(*engine, 0, 0, Writes().Insert("r1", "one"));
  EXPECT_DEATH(MustCommit(*engine, 0, 1, Writes().Insert("r1", "two")), "inserted");
  EXPECT_DEATH(MustCommit(*engine, 0, 1, Writes().Update("r2", "a").Delete("r2")), "adjacent");
  EXPECT_DEATH(GetText(*engine, 1, "r1"), "shard");
}

}  // namespace
}  // namespace idnode::storage
