#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"

namespace idnode::storage {

using ShardId = std::uint32_t;
/// Number of commits a shard has seen. 0: none.
using Version = std::uint64_t;

/// A row to write. Views: the caller keeps the bytes until Commit returns.
struct Row {
  std::string_view key;
  std::string_view value;
};

/// What one commit writes in its shard. No key occurs twice over the three lists.
struct WriteSet {
  std::vector<Row>
      inserts;  ///< keys that are not there; apart from updates: that is what SQL does fast
  std::vector<Row> updates;               ///< keys that may be there
  std::vector<std::string_view> deletes;  ///< keys that may be there
  /// Keys [first, second) to delete: retention. Few.
  std::vector<std::pair<std::string_view, std::string_view>> range_deletes;
};

struct ReadResult {
  /// The shard's version, never newer than the values: values may hold later commits.
  Version version = 0;
  std::vector<std::optional<std::string>> values;  ///< in the order of the keys
};

struct ScanRow {
  std::string key;
  std::string value;
};

enum class CommitStatus : std::uint8_t {
  kCommitted,  ///< durable; the shard's version is expected + 1
  kConflict,   ///< nothing written: the shard's version is not the expected one
  kUnknown,    ///< cannot be learned now: it may be, or become, durable
};

struct Capabilities {
  std::string name;                 ///< "memory", "rocksdb", "postgres"
  std::size_t batch_rows_max = 0;   ///< most rows in a WriteSet
  std::size_t batch_bytes_max = 0;  ///< most key and value bytes in a WriteSet
  bool local_reads = false;         ///< reads may run on an I/O thread
  bool durable = false;             ///< commits survive the process
};

struct EngineHealth {
  bool writable = false;
  std::string detail;              ///< why not; empty when all is well
  std::uint64_t free_bytes = 0;    ///< room left where data lies; 0 where unknown
  std::uint64_t stored_bytes = 0;  ///< bytes on disk
};

/// THE seam (design §7). Keys are ordered bytes inside a shard; nothing is promised across two
/// shards. The first byte of a key is its space (storage/key_codec.h): an engine may keep spaces
/// apart but must not interpret the rest.
///
/// All methods are thread-safe and block at most until `deadline`. Errors every method may
/// return: kUnavailable (safe to retry), kDeadlineExceeded, kCorruption (never retry),
/// kStorageFull (writes only). An engine translates its native status once, here.
class Engine {
 public:
  virtual ~Engine() = default;

  /// S, fixed when the store was created.
  virtual ShardId ShardCount() const = 0;
  virtual const Capabilities& GetCapabilities() const = 0;

  /// Values and version for a commit that will expect this version.
  virtual Result<ReadResult> Read(ShardId shard, std::span<const std::string_view> keys,
                                  Deadline deadline) = 0;
  /// Atomic and durable in one shard. An `Error` means that nothing was written.
  virtual Result<CommitStatus> Commit(ShardId shard, Version expected, const WriteSet& writes,
                                      Deadline deadline) = 0;

  /// Newest committed value. Errors: kNotFound.
  virtual Result<std::string> Get(ShardId shard, std::string_view key, Deadline deadline) = 0;
  /// Get into `value`, whose capacity is used again: for the hot path.
  virtual Result<void> GetInto(ShardId shard, std::string_view key, std::string& value,
                               Deadline deadline) = 0;
  virtual Result<std::vector<std::optional<std::string>>> MultiGet(
      ShardId shard, std::span<const std::string_view> keys, Deadline deadline) = 0;

  /// Rows of [from, to) in bytewise order (or, reversed, from the end), at most `limit`. An empty
  /// `to` means the end of the shard.
  virtual Result<std::vector<ScanRow>> Scan(ShardId shard, std::string_view from,
                                            std::string_view to, std::size_t limit, bool reverse,
                                            Deadline deadline) = 0;

  /// Present versions, for followers of the feed.
  virtual Result<std::vector<Version>> Heads(std::span<const ShardId> shards,
                                             Deadline deadline) = 0;

  /// Drops [from, to) for retention. Need not be durable at once; not part of a version.
  virtual Result<void> Trim(ShardId shard, std::string_view from, std::string_view to,
                            Deadline deadline) = 0;
  /// A consistent copy of the store in the new directory `dir`. Errors: kUnimplemented.
  virtual Result<void> Checkpoint(const std::string& dir) = 0;
  virtual EngineHealth Health() = 0;
};

/// How to open a store.
struct EngineOptions {
  std::string engine = "rocksdb";
  std::string dir;      ///< where an embedded engine keeps its files
  ShardId shards = 16;  ///< at creation only; later the store's own count holds
  std::uint64_t block_cache_bytes = 256ULL << 20;
  std::uint64_t write_buffer_bytes = 256ULL << 20;
  int background_jobs = 2;
  bool sync = true;                                 ///< false only for benchmarks that say so
  std::uint64_t reserve_free_bytes = 512ULL << 20;  ///< registration stops below this much room
};

/// Opens the engine that `options.engine` names. Errors: kInvalidRequest (no such engine),
/// kFormatTooNew, kDataDirectoryInUse, kCorruption, kUnavailable.
Result<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options);

}  // namespace idnode::storage
