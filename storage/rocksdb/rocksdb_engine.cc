#include "storage/rocksdb/rocksdb_engine.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "node/base/check.h"
#include "node/base/log.h"
#include "node/base/varint.h"
#include "storage/rocksdb/database.h"
#include "storage/rocksdb/disk_key.h"
#include "storage/rocksdb/disk_range.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/rocksdb_status.h"
#include "storage/rocksdb/space_guard.h"
#include "storage/rocksdb/store_files.h"
#include "storage/rocksdb/striped_lock.h"
#include "storage/rocksdb/write_recovery.h"

namespace idnode::storage {
namespace {

// Keys of one call of RocksDB's MultiGet: enough to spread its cost, few enough for the caches.
constexpr std::size_t kMultiGetKeys = 512;
// Room a shard's batch keeps between commits.
constexpr std::size_t kBatchBytesKept = std::size_t{1} << 20;
constexpr std::size_t kVersionBytes = 8;
// A try to recover from a full disk is worth while above this much room, also with no reserve.
constexpr std::uint64_t kRecoverBytesMin = 4ULL << 20;

std::string EncodeVersion(Version version) {
  std::string bytes;
  AppendBigEndian(version, kVersionBytes, bytes);
  return bytes;
}

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }

class RocksDbEngine : public Engine {
 public:
  RocksDbEngine(StoreFiles files, const EngineOptions& options)
      : files_(std::move(files)),
        sync_(options.sync),
        space_(options.reserve_free_bytes, FreeBytesOf(files_.dir()), clock_),
        recovery_({.has_room = [this] { return HasRoomToRecover(); },
                   .reopen = [this] { return Reopen(); }}) {
    capabilities_.name = "rocksdb";
    capabilities_.batch_rows_max = kRocksDbBatchRowsMax;
    capabilities_.batch_bytes_max = kRocksDbBatchBytesMax;
    capabilities_.local_reads = true;
    capabilities_.durable = options.sync;
  }
  ~RocksDbEngine() override;

  Result<void> Open(const EngineOptions& options);

  ShardId ShardCount() const override { return static_cast<ShardId>(shards_.size()); }
  const Capabilities& GetCapabilities() const override { return capabilities_; }
  Result<ReadResult> Read(ShardId shard, std::span<const std::string_view> keys,
                          Deadline deadline) override;
  Result<CommitStatus> Commit(ShardId shard, Version expected, const WriteSet& writes,
                              Deadline deadline) override;
  Result<std::string> Get(ShardId shard, std::string_view key, Deadline deadline) override;
  Result<void> GetInto(ShardId shard, std::string_view key, std::string& value,
                       Deadline deadline) override;
  Result<std::vector<std::optional<std::string>>> MultiGet(ShardId shard,
                                                           std::span<const std::string_view> keys,
                                                           Deadline deadline) override;
  Result<std::vector<ScanRow>> Scan(ShardId shard, std::string_view from, std::string_view to,
                                    std::size_t limit, bool reverse, Deadline deadline) override;
  Result<std::vector<Version>> Heads(std::span<const ShardId> shards, Deadline deadline) override;
  Result<void> Trim(ShardId shard, std::string_view from, std::string_view to,
                    Deadline deadline) override;
  Result<void> Checkpoint(const std::string& dir) override;
  EngineHealth Health() override;

 private:
  struct Shard {
    std::mutex commit_mutex;    // one commit at a time; guards `batch`
    rocksdb::WriteBatch batch;  // kept for its memory
    std::atomic<Version> version{0};
    // False after a failed write until the version row could be read again.
    std::atomic<bool> version_known{true};
  };
  using Values = std::vector<std::optional<std::string>>;

  // With `open_` held, as whatever else touches `database_`.
  rocksdb::ColumnFamilyHandle* HandleOf(Family family) const { return database_->handle(family); }
  rocksdb::ColumnFamilyHandle* HandleOfKey(std::string_view key) const {
    IDNODE_CHECK(!key.empty());
    return HandleOf(FamilyOf(key.front()));
  }
  Result<void> CheckOpen() const {
    if (database_ != nullptr) [[likely]]
      return {};
    return Error(Errc::kUnavailable, "the store could not be opened again; check the disk");
  }
  Shard& At(ShardId shard) {
    IDNODE_CHECK(shard < shards_.size());
    return shards_[shard];
  }

  Result<void> CheckEmpty();
  Result<void> LoadVersions();
  bool Reopen();
  bool HasRoomToRecover() {
    return space_.CheckRoom().ok() && space_.FreeBytes() >= kRecoverBytesMin;
  }
  Result<Version> ReadVersion(ShardId shard) const;
  Result<Version> PresentVersion(ShardId shard);
  Result<void> FindAll(ShardId shard, std::span<const std::string_view> keys, Values& values) const;
  Result<void> FindIn(rocksdb::ColumnFamilyHandle* family, ShardId shard,
                      std::span<const std::string_view> keys, std::span<const std::uint32_t> wanted,
                      Values& values) const;
  void FillBatch(ShardId shard, Version version, const WriteSet& writes,
                 rocksdb::WriteBatch& batch) const;
  CommitStatus AfterFailedWrite(ShardId shard, const rocksdb::Status& status);
  Result<void> ScanSegment(const DiskRange& range, Family family, std::size_t limit, bool reverse,
                           std::vector<ScanRow>& rows) const;
  std::uint64_t StoredBytes();

  const SystemClock clock_;
  StoreFiles files_;
  const bool sync_;
  Capabilities capabilities_;
  SpaceGuard space_;
  WriteRecovery recovery_;
  TunedOptions tuned_;
  mutable StripedLock open_;  // shared by every use of `database_`, exclusive to open it again
  std::unique_ptr<Database> database_;
  std::vector<Shard> shards_;
  std::mutex stored_mutex_;  // guards the two below
  std::optional<std::chrono::steady_clock::time_point> stored_at_;
  std::uint64_t stored_bytes_ = 0;
};

RocksDbEngine::~RocksDbEngine() {
  recovery_.Stop();
  if (database_ == nullptr || database_->read_only() || recovery_.stopped()) return;
  // Where this fails nothing is lost: the log has it.
  const rocksdb::Status status = database_->Flush();
  if (!status.ok()) LogWarning("flush at close failed", {{"detail", status.ToString()}});
}

Result<void> RocksDbEngine::Open(const EngineOptions& options) {
  const auto format = files_.ReadFormat();
  if (!format.ok()) return format.error();
  const bool exists = format->has_value();
  if (!exists) IDNODE_RETURN_IF_ERROR(CreatePrivateDirectory(files_.DbPath()));
  tuned_ = TuneRocksDb(options);
  tuned_.db.listeners.push_back(recovery_.listener());
  // A store that is there is never silently replaced by an empty one.
  auto database = Database::Open(files_.DbPath(), tuned_,
                                 exists ? Database::Mode::kReadWrite : Database::Mode::kCreate);
  if (exists && database.code() == Errc::kStorageFull) {
    // A full disk must not keep resolution from starting.
    recovery_.NoteReadOnly(database.error());
    database = Database::Open(files_.DbPath(), tuned_, Database::Mode::kReadOnly);
  }
  if (!database.ok()) {
    Error error = Prefix("opening the store " + files_.dir(), database.error());
    if (error.code == Errc::kStorageFull) error.code = Errc::kUnavailable;
    return error;
  }
  database_ = std::move(database).value();
  if (!exists) {
    // The creation begins just now, or was cut short before: either way nothing can be in it.
    IDNODE_RETURN_IF_ERROR(CheckEmpty());
    IDNODE_RETURN_IF_ERROR(files_.WriteFormat({kFormatVersion, options.shards}));
  }
  shards_ = std::vector<Shard>(exists ? (*format)->shards : options.shards);
  IDNODE_RETURN_IF_ERROR(LoadVersions());
  recovery_.Start();
  return {};
}

Result<void> RocksDbEngine::CheckEmpty() {
  for (auto* family : database_->handles()) {
    const std::unique_ptr<rocksdb::Iterator> rows(
        database_->db().NewIterator(rocksdb::ReadOptions(), family));
    rows->SeekToFirst();
    if (rows->Valid() || !rows->status().ok()) {
      return Error(Errc::kCorruption,
                   "the store " + files_.dir() + " has rows but no FORMAT file; restore that file");
    }
  }
  return {};
}

// Closes and opens the database. Readers wait meanwhile; where it cannot be opened for writing,
// they go on with one that is open for reading alone.
bool RocksDbEngine::Reopen() {
  const StripedLock::Exclusive exclusive(open_);
  database_.reset();
  auto database = Database::Open(files_.DbPath(), tuned_, Database::Mode::kReadWrite);
  const bool writable = database.ok();
  if (!writable) {
    LogError("opening the store again failed", {{"detail", database.error().detail}});
    database = Database::Open(files_.DbPath(), tuned_, Database::Mode::kReadOnly);
  }
  if (!database.ok()) {
    LogError("opening the store for reading failed", {{"detail", database.error().detail}});
    return false;
  }
  database_ = std::move(database).value();
  return LoadVersions().ok() && writable;
}

Result<void> RocksDbEngine::LoadVersions() {
  for (ShardId shard = 0; shard < shards_.size(); ++shard) {
    auto version = ReadVersion(shard);
    if (!version.ok()) return version.error();
    shards_[shard].version = *version;
    shards_[shard].version_known = true;
  }
  return {};
}

Result<Version> RocksDbEngine::ReadVersion(ShardId shard) const {
  rocksdb::PinnableSlice bytes;
  const DiskKey key(shard, kVersionKey);
  const rocksdb::Status status =
      database_->db().Get(rocksdb::ReadOptions(), HandleOf(Family::kDefault), key.slice(), &bytes);
  if (status.IsNotFound()) return Version{0};
  if (!status.ok()) return ToError(status, "reading a shard's version");
  if (bytes.size() != kVersionBytes) return Error(Errc::kCorruption, "a version row is damaged");
  return Version{ReadBigEndian({bytes.data(), bytes.size()})};
}

Result<Version> RocksDbEngine::PresentVersion(ShardId shard) {
  const Shard& state = At(shard);
  if (state.version_known.load(std::memory_order_acquire)) [[likely]] {
    return state.version.load(std::memory_order_acquire);
  }
  return ReadVersion(shard);
}

Result<ReadResult> RocksDbEngine::Read(ShardId shard, std::span<const std::string_view> keys,
                                       Deadline /*deadline*/) {
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  // The version first: values read afterwards are of it or later.
  auto version = PresentVersion(shard);
  if (!version.ok()) return version.error();
  ReadResult result;
  result.version = *version;
  IDNODE_RETURN_IF_ERROR(FindAll(shard, keys, result.values));
  return result;
}

Result<std::vector<std::optional<std::string>>> RocksDbEngine::MultiGet(
    ShardId shard, std::span<const std::string_view> keys, Deadline /*deadline*/) {
  static_cast<void>(At(shard));
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  Values values;
  IDNODE_RETURN_IF_ERROR(FindAll(shard, keys, values));
  return values;
}

Result<void> RocksDbEngine::FindAll(ShardId shard, std::span<const std::string_view> keys,
                                    Values& values) const {
  values.resize(keys.size());
  std::array<std::vector<std::uint32_t>, kFamilyCount> by_family;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    IDNODE_CHECK(!keys[i].empty());
    by_family[static_cast<std::size_t>(FamilyOf(keys[i].front()))].push_back(i);
  }
  for (std::size_t family = 0; family < kFamilyCount; ++family) {
    std::span<const std::uint32_t> left = by_family[family];
    while (!left.empty()) {
      const auto now = left.first(std::min(left.size(), kMultiGetKeys));
      IDNODE_RETURN_IF_ERROR(
          FindIn(HandleOf(static_cast<Family>(family)), shard, keys, now, values));
      left = left.subspan(now.size());
    }
  }
  return {};
}

// The keys `wanted` (at most kMultiGetKeys), which all lie in one family.
Result<void> RocksDbEngine::FindIn(rocksdb::ColumnFamilyHandle* family, ShardId shard,
                                   std::span<const std::string_view> keys,
                                   std::span<const std::uint32_t> wanted, Values& values) const {
  std::size_t bytes = 0;
  for (const std::uint32_t i : wanted) bytes += kShardBytes + keys[i].size();
  std::string disk_keys(bytes, '\0');
  std::vector<rocksdb::Slice> slices(wanted.size());
  char* at = disk_keys.data();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string_view key = keys[wanted[i]];
    PutShard(shard, at);
    std::memcpy(at + kShardBytes, key.data(), key.size());
    slices[i] = {at, kShardBytes + key.size()};
    at += kShardBytes + key.size();
  }
  std::vector<rocksdb::PinnableSlice> found(wanted.size());
  std::vector<rocksdb::Status> statuses(wanted.size());
  database_->db().MultiGet(rocksdb::ReadOptions(), family, wanted.size(), slices.data(),
                           found.data(), statuses.data(), /*sorted_input=*/false);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (statuses[i].ok()) {
      values[wanted[i]].emplace(found[i].data(), found[i].size());
    } else if (!statuses[i].IsNotFound()) {
      return ToError(statuses[i], "reading rows");
    }
  }
  return {};
}

Result<std::string> RocksDbEngine::Get(ShardId shard, std::string_view key, Deadline deadline) {
  std::string value;
  IDNODE_RETURN_IF_ERROR(GetInto(shard, key, value, deadline));
  return value;
}

Result<void> RocksDbEngine::GetInto(ShardId shard, std::string_view key, std::string& value,
                                    Deadline /*deadline*/) {
  static_cast<void>(At(shard));
  const DiskKey disk_key(shard, key);
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  const rocksdb::Status status =
      database_->db().Get(rocksdb::ReadOptions(), HandleOfKey(key), disk_key.slice(), &value);
  if (status.ok()) [[likely]]
    return {};
  if (status.IsNotFound()) return Error(Errc::kNotFound, "there is no such key");
  return ToError(status, "reading a row");
}

void RocksDbEngine::FillBatch(ShardId shard, Version version, const WriteSet& writes,
                              rocksdb::WriteBatch& batch) const {
  std::array<char, kShardBytes> prefix;
  PutShard(shard, prefix.data());
  const rocksdb::Slice prefix_slice(prefix.data(), prefix.size());
  for (const auto& [from, to] : writes.range_deletes) {
    for (const Segment& segment : kSegments) {
      const DiskRange range = Intersect(shard, from, to, segment);
      if (range.empty()) continue;
      batch.DeleteRange(HandleOf(segment.family), range.from, range.to).PermitUncheckedError();
    }
  }
  // In parts, so that RocksDB joins shard and key while it copies them anyway.
  const auto put = [&](const Row& row) {
    const std::array<rocksdb::Slice, 2> key = {prefix_slice, ToSlice(row.key)};
    const rocksdb::Slice value = ToSlice(row.value);
    batch
        .Put(HandleOfKey(row.key), rocksdb::SliceParts(key.data(), key.size()),
             rocksdb::SliceParts(&value, 1))
        .PermitUncheckedError();
  };
  const auto by_key = [](const Row& a, const Row& b) { return a.key < b.key; };
  if (std::is_sorted(writes.inserts.begin(), writes.inserts.end(), by_key)) {
    for (const Row& row : writes.inserts) put(row);
  } else {
    // In key order, as each insert into a memtable then finds near what the one before touched.
    std::vector<Row> sorted(writes.inserts);
    std::sort(sorted.begin(), sorted.end(), by_key);
    for (const Row& row : sorted) put(row);
  }
  for (const Row& row : writes.updates) put(row);
  for (const std::string_view key : writes.deletes) {
    const std::array<rocksdb::Slice, 2> parts = {prefix_slice, ToSlice(key)};
    batch.Delete(HandleOfKey(key), rocksdb::SliceParts(parts.data(), parts.size()))
        .PermitUncheckedError();
  }
  const DiskKey version_key(shard, kVersionKey);
  batch.Put(HandleOf(Family::kDefault), version_key.slice(), EncodeVersion(version))
      .PermitUncheckedError();
}

// Errors: kBatchTooLarge.
Result<void> CheckSize(const WriteSet& writes) {
  const std::size_t rows = writes.inserts.size() + writes.updates.size() + writes.deletes.size() +
                           writes.range_deletes.size();
  std::size_t bytes = 0;
  for (const Row& row : writes.inserts) bytes += row.key.size() + row.value.size();
  for (const Row& row : writes.updates) bytes += row.key.size() + row.value.size();
  for (const std::string_view key : writes.deletes) bytes += key.size();
  for (const auto& [from, to] : writes.range_deletes) bytes += from.size() + to.size();
  if (rows <= kRocksDbBatchRowsMax && bytes <= kRocksDbBatchBytesMax) return {};
  return Error(Errc::kBatchTooLarge,
               "a commit of " + std::to_string(rows) + " rows and " + std::to_string(bytes) +
                   " bytes; at most " + std::to_string(kRocksDbBatchRowsMax) + " rows and " +
                   std::to_string(kRocksDbBatchBytesMax) + " bytes are allowed");
}

Result<CommitStatus> RocksDbEngine::Commit(ShardId shard, Version expected, const WriteSet& writes,
                                           Deadline /*deadline*/) {
  IDNODE_RETURN_IF_ERROR(CheckSize(writes));
  Shard& state = At(shard);
  std::lock_guard lock(state.commit_mutex);
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  const auto version = PresentVersion(shard);
  if (!version.ok()) return version.error();
  if (*version != expected) return CommitStatus::kConflict;
  IDNODE_RETURN_IF_ERROR(space_.CheckRoom());
  if (recovery_.stopped()) return recovery_.StoppedError();

  state.batch.Clear();
  FillBatch(shard, expected + 1, writes, state.batch);
  rocksdb::WriteOptions write_options;
  write_options.sync = sync_;
  const rocksdb::Status status = database_->db().Write(write_options, &state.batch);
  if (state.batch.GetDataSize() > kBatchBytesKept) state.batch = rocksdb::WriteBatch();
  if (!status.ok()) [[unlikely]]
    return AfterFailedWrite(shard, status);
  state.version.store(expected + 1, std::memory_order_release);
  state.version_known.store(true, std::memory_order_release);
  return CommitStatus::kCommitted;
}

// RocksDB's answer does not tell how much of the batch reached the log, and a log that is replayed
// may yet bring it back: Unknown, whatever the status. With the shard's mutex held.
CommitStatus RocksDbEngine::AfterFailedWrite(ShardId shard, const rocksdb::Status& status) {
  LogError("commit failed", {{"shard", shard}, {"detail", status.ToString()}});
  Shard& state = At(shard);
  state.version_known.store(false, std::memory_order_release);
  if (const auto version = ReadVersion(shard); version.ok()) {
    state.version.store(*version, std::memory_order_release);
    state.version_known.store(true, std::memory_order_release);
  }
  return CommitStatus::kUnknown;
}

Result<std::vector<ScanRow>> RocksDbEngine::Scan(ShardId shard, std::string_view from,
                                                 std::string_view to, std::size_t limit,
                                                 bool reverse, Deadline /*deadline*/) {
  static_cast<void>(At(shard));
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  std::vector<ScanRow> rows;
  for (std::size_t i = 0; i < kSegments.size() && rows.size() < limit; ++i) {
    const Segment& segment = kSegments[reverse ? kSegments.size() - 1 - i : i];
    const DiskRange range = Intersect(shard, from, to, segment);
    if (range.empty()) continue;
    IDNODE_RETURN_IF_ERROR(ScanSegment(range, segment.family, limit, reverse, rows));
  }
  return rows;
}

Result<void> RocksDbEngine::ScanSegment(const DiskRange& range, Family family, std::size_t limit,
                                        bool reverse, std::vector<ScanRow>& rows) const {
  const rocksdb::Slice lower(range.from);
  const rocksdb::Slice upper(range.to);
  rocksdb::ReadOptions read_options;
  read_options.iterate_lower_bound = &lower;
  read_options.iterate_upper_bound = &upper;
  read_options.fill_cache = false;  // a listing must not push out what resolution needs
  const std::unique_ptr<rocksdb::Iterator> rows_on_disk(
      database_->db().NewIterator(read_options, HandleOf(family)));
  if (reverse) {
    rows_on_disk->SeekToLast();
  } else {
    rows_on_disk->SeekToFirst();
  }
  while (rows_on_disk->Valid() && rows.size() < limit) {
    rocksdb::Slice key = rows_on_disk->key();
    key.remove_prefix(kShardBytes);
    rows.push_back({key.ToString(), rows_on_disk->value().ToString()});
    if (reverse) {
      rows_on_disk->Prev();
    } else {
      rows_on_disk->Next();
    }
  }
  const rocksdb::Status status = rows_on_disk->status();
  if (!status.ok()) return ToError(status, "scanning rows");
  return {};
}

Result<std::vector<Version>> RocksDbEngine::Heads(std::span<const ShardId> shards,
                                                  Deadline /*deadline*/) {
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  std::vector<Version> heads;
  heads.reserve(shards.size());
  for (const ShardId shard : shards) {
    auto version = PresentVersion(shard);
    if (!version.ok()) return version.error();
    heads.push_back(*version);
  }
  return heads;
}

Result<void> RocksDbEngine::Trim(ShardId shard, std::string_view from, std::string_view to,
                                 Deadline /*deadline*/) {
  static_cast<void>(At(shard));
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  if (recovery_.stopped()) return recovery_.StoppedError();
  for (const Segment& segment : kSegments) {
    const DiskRange range = Intersect(shard, from, to, segment);
    if (range.empty()) continue;
    auto* const family = HandleOf(segment.family);
    const rocksdb::Status status =
        database_->db().DeleteRange(rocksdb::WriteOptions(), family, range.from, range.to);
    if (!status.ok()) return ToError(status, "trimming rows");
    // Files that hold nothing else go at once; what is left over goes with the next compaction.
    const rocksdb::Slice begin(range.from);
    const rocksdb::Slice end(range.to);
    const rocksdb::Status files =
        rocksdb::DeleteFilesInRange(&database_->db(), family, &begin, &end, /*include_end=*/false);
    if (!files.ok()) LogWarning("trimming files failed", {{"detail", files.ToString()}});
  }
  return {};
}

Result<void> RocksDbEngine::Checkpoint(const std::string& dir) {
  std::error_code error;
  if (std::filesystem::exists(dir, error) || error) {
    return Error(Errc::kAlreadyExists, dir + " exists; a copy needs a new directory");
  }
  IDNODE_RETURN_IF_ERROR(CreatePrivateDirectory(dir));
  const StripedLock::Shared shared(open_);
  IDNODE_RETURN_IF_ERROR(CheckOpen());
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&database_->db(), &made);
  if (!status.ok()) return ToError(status, "copying the store");
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  status = checkpoint->CreateCheckpoint(dir + "/db");
  if (!status.ok()) return ToError(status, "copying the store");
  // Last, as in the creation of a store: a copy that was cut short is not taken for one.
  return WriteFormatFile(dir, {kFormatVersion, ShardCount()});
}

EngineHealth RocksDbEngine::Health() {
  EngineHealth health;
  health.free_bytes = space_.FreeBytes();
  health.stored_bytes = StoredBytes();
  const auto room = space_.CheckRoom();
  if (recovery_.stopped()) {
    health.detail = recovery_.StoppedError().detail;
  } else if (!room.ok()) {
    health.detail = room.error().detail;
  } else {
    health.writable = true;
  }
  return health;
}

std::uint64_t RocksDbEngine::StoredBytes() {
  std::lock_guard lock(stored_mutex_);
  const auto now = clock_.Monotonic();
  if (!stored_at_.has_value() || now >= *stored_at_ + SpaceGuard::kProbeEvery) {
    stored_bytes_ = FileBytesIn(files_.DbPath());
    stored_at_ = now;
  }
  return stored_bytes_;
}

}  // namespace

Result<std::unique_ptr<Engine>> OpenRocksDbEngine(const EngineOptions& options) {
  auto files = StoreFiles::Lock(options.dir);
  if (!files.ok()) return files.error();
  auto engine = std::make_unique<RocksDbEngine>(std::move(files).value(), options);
  IDNODE_RETURN_IF_ERROR(engine->Open(options));
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace idnode::storage
