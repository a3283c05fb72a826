#include "engine_under_test.h"

#include <filesystem>
#include <system_error>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "storage/memory/memory_engine.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/testing/faulty_engine.h"

namespace idnode::storage {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "idnode-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "cannot create " << pattern;
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

EngineOptions SmallRocksDb(const std::string& dir, ShardId shards) {
  EngineOptions options;
  options.engine = "rocksdb";
  options.dir = dir;
  options.shards = shards;
  options.block_cache_bytes = 8ULL << 20;
  options.write_buffer_bytes = 8ULL << 20;
  options.sync = false;
  options.reserve_free_bytes = 0;
  return options;
}

EngineKind Memory() {
  return {"Memory", [](const std::string&, ShardId shards) { return MakeMemoryEngine(shards); }};
}

EngineKind RocksDb() {
  return {"RocksDb", [](const std::string& dir, ShardId shards) -> std::unique_ptr<Engine> {
            auto engine = OpenRocksDbEngine(SmallRocksDb(dir, shards));
            if (!engine.ok()) {
              ADD_FAILURE() << engine.error().detail;
              return nullptr;
            }
            return std::move(engine).value();
          }};
}

EngineKind Behind(EngineKind base) {
  return {base.name + "BehindFaulty",
          [open = base.open](const std::string& dir, ShardId shards) -> std::unique_ptr<Engine> {
            return std::make_unique<FaultyEngine>(open(dir, shards));
          }};
}

Writes& Writes::Insert(std::string key, std::string value) {
  inserts_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Writes& Writes::Update(std::string key, std::string value) {
  updates_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Writes& Writes::Delete(std::string key) {
  deletes_.push_back(std::move(key));
  return *this;
}

Writes& Writes::DeleteRange(std::string from, std::string to) {
  ranges_.emplace_back(std::move(from), std::move(to));
  return *this;
}

WriteSet Writes::set() const {
  WriteSet set;
  for (const auto& [key, value] : inserts_) set.inserts.push_back({key, value});
  for (const auto& [key, value] : updates_) set.updates.push_back({key, value});
  set.deletes.assign(deletes_.begin(), deletes_.end());
  for (const auto& [from, to] : ranges_) set.range_deletes.emplace_back(from, to);
  return set;
}

void MustCommit(Engine& engine, ShardId shard, Version expected, const Writes& writes) {
  const auto status = engine.Commit(shard, expected, writes.set(), kNoDeadline);
  ASSERT_TRUE(status.ok()) << status.error().detail;
  ASSERT_EQ(*status, CommitStatus::kCommitted);
}

std::string ScanText(Engine& engine, ShardId shard, std::string_view from, std::string_view to,
                     std::size_t limit, bool reverse) {
  const auto rows = engine.Scan(shard, from, to, limit, reverse, kNoDeadline);
  if (!rows.ok()) return std::string(ErrcName(rows.code()));
  std::string text;
  for (const ScanRow& row : *rows) {
    if (!text.empty()) text += ' ';
    text += row.key + '=' + row.value;
  }
  return text;
}

std::string GetText(Engine& engine, ShardId shard, std::string_view key) {
  auto value = engine.Get(shard, key, kNoDeadline);
  if (value.ok()) return std::move(value).value();
  return value.code() == Errc::kNotFound ? "-" : std::string(ErrcName(value.code()));
}

Version HeadOf(Engine& engine, ShardId shard) {
  const ShardId shards[] = {shard};
  const auto heads = engine.Heads(shards, kNoDeadline);
  EXPECT_TRUE(heads.ok() && heads->size() == 1);
  return heads.ok() && heads->size() == 1 ? heads->front() : 0;
}

}  // namespace idnode::storage
