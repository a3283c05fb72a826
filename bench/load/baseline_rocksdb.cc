#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "bench/load/baselines.h"
#include "bench/load/latency.h"

namespace idnode::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlockCacheBytes = 256U << 20;
constexpr std::size_t kWriteBufferBytes = 64U << 20;
constexpr int kWriteBuffers = 4;
constexpr double kBloomBitsPerKey = 10;
constexpr std::chrono::milliseconds kSettleStep{20};

/// As a careful user of RocksDB would open it for this work: with the memory that the node's engine
/// takes by default, and like it with room for bursts before writers are slowed down.
rocksdb::Options RawOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = kWriteBuffers;
  options.max_background_jobs = BaselineThreads();
  options.level_compaction_dynamic_level_bytes = true;
  options.bytes_per_sync = 1U << 20;
  options.wal_bytes_per_sync = 1U << 20;
  options.level0_file_num_compaction_trigger = 6;
  options.level0_slowdown_writes_trigger = 40;
  options.level0_stop_writes_trigger = 64;
  options.max_bytes_for_level_base = 512U << 20;
  options.memtable_prefix_bloom_size_ratio = 0.05;
  options.memtable_whole_key_filtering = true;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// Existence check, batch put, sync: of rows [first, end). False if RocksDB says no or a row is
/// there already.
class GroupWriter {
 public:
  GroupWriter(rocksdb::DB& db, const DataSet& data) : db_(db), rows_(data) {}

  bool Write(std::uint64_t first, std::uint64_t end) {
    const std::size_t count = end - first;
    keys_.resize(count);
    batch_.Clear();
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view key;
      std::string_view value;
      rows_.StoredRow(first + i, key, value);
      keys_[i].assign(key);
      batch_.Put({key.data(), key.size()}, {value.data(), value.size()});
    }
    slices_.assign(keys_.begin(), keys_.end());
    found_.resize(count);
    statuses_.resize(count);
    db_.MultiGet(rocksdb::ReadOptions(), db_.DefaultColumnFamily(), count, slices_.data(),
                 found_.data(), statuses_.data());
    for (const rocksdb::Status& status : statuses_) {
      if (!status.IsNotFound()) return false;
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    return db_.Write(options, &batch_).ok();
  }

 private:
  rocksdb::DB& db_;
  RowWriter rows_;
  rocksdb::WriteBatch batch_;
  std::vector<std::string> keys_;
  std::vector<rocksdb::Slice> slices_;
  std::vector<rocksdb::PinnableSlice> found_;
  std::vector<rocksdb::Status> statuses_;
};

/// True while RocksDB flushes or compacts, or will.
bool Busy(rocksdb::DB& db) {
  for (const char* name : {"rocksdb.num-running-compactions", "rocksdb.compaction-pending",
                           "rocksdb.num-running-flushes", "rocksdb.mem-table-flush-pending"}) {
    std::uint64_t number = 0;
    if (db.GetIntProperty(name, &number) && number > 0) return true;
  }
  return false;
}

int Fail(const std::string& what) {
  std::fprintf(stderr, "raw RocksDB: %s\n", what.c_str());
  return 1;
}

}  // namespace

int RawRocksDbMain(const RawPlan& plan) {
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(RawOptions(), plan.dir, &opened);
  if (!status.ok()) return Fail(status.ToString());
  const std::unique_ptr<rocksdb::DB> db(opened);
  GroupWriter writer(*db, plan.data);
  LatencyHistogram latency;
  RawResult result;
  const auto start = Clock::now();
  const auto seconds = [&start] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  while (result.rows < plan.rows && (plan.seconds_max <= 0 || seconds() < plan.seconds_max)) {
    const std::uint64_t end = std::min<std::uint64_t>(result.rows + plan.sync_rows, plan.rows);
    const auto group_start = Clock::now();
    if (!writer.Write(result.rows, end)) return Fail("a group could not be written");
    latency.Add(Clock::now() - group_start);
    result.rows = end;
  }
  result.seconds = seconds();
  result.cpu_seconds = OwnCpuSeconds();
  if (!db->Flush(rocksdb::FlushOptions()).ok()) return Fail("flush");
  while (Busy(*db)) std::this_thread::sleep_for(kSettleStep);
  result.settle_seconds = seconds() - result.seconds;
  std::printf("%llu %.6f %.6f %.6f %.6f %llu %.6f\n", static_cast<unsigned long long>(result.rows),
              result.seconds, result.cpu_seconds, latency.PercentileMs(50),
              latency.PercentileMs(99), static_cast<unsigned long long>(DiskBytes(plan.dir)),
              result.settle_seconds);
  return 0;
}

}  // namespace idnode::bench
