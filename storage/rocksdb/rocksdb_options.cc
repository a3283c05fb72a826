#include "storage/rocksdb/rocksdb_options.h"

#include <algorithm>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "storage/rocksdb/log_bridge.h"

namespace idnode::storage {
namespace {

constexpr double kBloomBitsPerKey = 10;
// A block, its hash index and trailer then fit in 4 KiB of the allocator; 4096 would take 5 KiB,
// and the cache would hold a fifth less.
constexpr std::size_t kBlockBytes = 3968;
constexpr double kHighPriorityShare = 0.3;  // of the block cache: indexes and filters
constexpr std::uint64_t kTableBytes = 64ULL << 20;
constexpr std::uint64_t kBaseLevelBytes = 512ULL << 20;
constexpr std::size_t kWriteBufferBytesMin = 1ULL << 20;
constexpr std::uint64_t kSyncEveryBytes = 1ULL << 20;
constexpr std::uint64_t kManifestBytesMax = 16ULL << 20;

// Room for bursts: slowing writers down early would cost more than a few tables more to look at.
constexpr int kL0CompactAt = 6;
constexpr int kL0SlowDownAt = 40;
constexpr int kL0StopAt = 64;

rocksdb::ColumnFamilyOptions Common(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = kBlockBytes;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey, false));
  table.whole_key_filtering = true;
  // The cache is the bound on what reading may take, so indexes and filters live in it, before
  // everything else.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;

  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.compression = rocksdb::kLZ4Compression;
  family.target_file_size_base = kTableBytes;
  family.max_bytes_for_level_base = kBaseLevelBytes;
  family.level_compaction_dynamic_level_bytes = true;
  family.level0_file_num_compaction_trigger = kL0CompactAt;
  family.level0_slowdown_writes_trigger = kL0SlowDownAt;
  family.level0_stop_writes_trigger = kL0StopAt;
  family.max_write_buffer_number = 4;
  return family;
}

}  // namespace

TunedOptions TuneRocksDb(const EngineOptions& options) {
  TunedOptions tuned;
  const std::size_t write_buffer_bytes =
      std::max(options.write_buffer_bytes / 4, kWriteBufferBytesMin);

  rocksdb::LRUCacheOptions cache_options;
  cache_options.capacity = options.block_cache_bytes;
  cache_options.high_pri_pool_ratio = kHighPriorityShare;
  const auto cache = rocksdb::NewLRUCache(cache_options);

  rocksdb::DBOptions& db = tuned.db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.max_background_jobs = std::max(options.background_jobs, 2);
  db.max_open_files = -1;
  db.max_file_opening_threads = 4;
  db.skip_stats_update_on_db_open = true;
  db.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes);
  // What a crash leaves to replay is at most this, and so is the wait at the next start.
  db.max_total_wal_size =
      std::max<std::uint64_t>(options.write_buffer_bytes / 2, kWriteBufferBytesMin);
  // What is replayed may have been written but not synced: it is acknowledged from then on, so it
  // must not hang on the page cache.
  db.avoid_flush_during_recovery = false;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;
  db.bytes_per_sync = kSyncEveryBytes;
  db.wal_bytes_per_sync = kSyncEveryBytes;
  db.enable_pipelined_write = true;
  db.info_log = std::make_shared<LogBridge>();
  db.max_manifest_file_size = kManifestBytesMax;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;

  for (auto& family : tuned.families) family = Common(cache);
  auto& records = tuned.families[static_cast<std::size_t>(Family::kRecords)];
  records.write_buffer_size = write_buffer_bytes;
  records.memtable_prefix_bloom_size_ratio = 0.05;
  records.memtable_whole_key_filtering = true;

  auto& feed = tuned.families[static_cast<std::size_t>(Family::kFeed)];
  feed.write_buffer_size = write_buffer_bytes;

  for (const Family small : {Family::kDefault, Family::kHistory}) {
    tuned.families[static_cast<std::size_t>(small)].write_buffer_size =
        std::max(write_buffer_bytes / 4, kWriteBufferBytesMin);
  }
  return tuned;
}

}  // namespace idnode::storage
