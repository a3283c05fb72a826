#include "storage/memory/memory_engine.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "node/base/check.h"

namespace idnode::storage {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

struct Shard {
  mutable std::shared_mutex mutex;  // guards the rest
  Rows rows;
  Version version = 0;
};

// A promise of the caller: no key occurs twice over the three lists, and none is empty.
void CheckKeys(const WriteSet& writes) {
  std::vector<std::string_view> keys;
  keys.reserve(writes.inserts.size() + writes.updates.size() + writes.deletes.size());
  for (const Row& row : writes.inserts) keys.push_back(row.key);
  for (const Row& row : writes.updates) keys.push_back(row.key);
  keys.insert(keys.end(), writes.deletes.begin(), writes.deletes.end());
  std::sort(keys.begin(), keys.end());
  IDNODE_CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
  IDNODE_CHECK(keys.empty() || !keys.front().empty());
}

// Rows of [from, to); an empty `to` means the end.
std::pair<Rows::iterator, Rows::iterator> RangeOf(Rows& rows, std::string_view from,
                                                  std::string_view to) {
  const auto begin = rows.lower_bound(from);
  if (to.empty()) return {begin, rows.end()};
  if (to <= from) return {begin, begin};
  return {begin, rows.lower_bound(to)};
}

class MemoryEngine : public Engine {
 public:
  MemoryEngine(ShardId shards, const MemoryEngineBounds& bounds) : shards_(shards) {
    IDNODE_CHECK(shards > 0);
    capabilities_.name = "memory";
    capabilities_.batch_rows_max = bounds.batch_rows_max;
    capabilities_.batch_bytes_max = bounds.batch_bytes_max;
    capabilities_.local_reads = true;
    capabilities_.durable = false;
  }

  ShardId ShardCount() const override { return static_cast<ShardId>(shards_.size()); }
  const Capabilities& GetCapabilities() const override { return capabilities_; }

  Result<ReadResult> Read(ShardId shard, std::span<const std::string_view> keys,
                          Deadline /*deadline*/) override {
    const Shard& state = At(shard);
    std::shared_lock lock(state.mutex);
    ReadResult result;
    result.version = state.version;
    result.values = Find(state, keys);
    return result;
  }

  Result<CommitStatus> Commit(ShardId shard, Version expected, const WriteSet& writes,
                              Deadline /*deadline*/) override {
    CheckKeys(writes);
    IDNODE_RETURN_IF_ERROR(CheckSize(writes));
    Shard& state = At(shard);
    std::unique_lock lock(state.mutex);
    if (state.version != expected) return CommitStatus::kConflict;
    for (const auto& [from, to] : writes.range_deletes) {
      const auto [begin, end] = RangeOf(state.rows, from, to);
      state.rows.erase(begin, end);
    }
    for (const Row& row : writes.inserts) {
      const bool inserted = state.rows.try_emplace(std::string(row.key), row.value).second;
      IDNODE_CHECK(inserted);
    }
    for (const Row& row : writes.updates) {
      state.rows.insert_or_assign(std::string(row.key), std::string(row.value));
    }
    for (const std::string_view key : writes.deletes) {
      if (const auto found = state.rows.find(key); found != state.rows.end()) {
        state.rows.erase(found);
      }
    }
    ++state.version;
    return CommitStatus::kCommitted;
  }

  Result<std::string> Get(ShardId shard, std::string_view key, Deadline deadline) override {
    std::string value;
    IDNODE_RETURN_IF_ERROR(GetInto(shard, key, value, deadline));
    return value;
  }

  Result<void> GetInto(ShardId shard, std::string_view key, std::string& value,
                       Deadline /*deadline*/) override {
    const Shard& state = At(shard);
    std::shared_lock lock(state.mutex);
    const auto found = state.rows.find(key);
    if (found == state.rows.end()) return Error(Errc::kNotFound, "there is no such key");
    value.assign(found->second);
    return {};
  }

  Result<std::vector<std::optional<std::string>>> MultiGet(ShardId shard,
                                                           std::span<const std::string_view> keys,
                                                           Deadline /*deadline*/) override {
    const Shard& state = At(shard);
    std::shared_lock lock(state.mutex);
    return Find(state, keys);
  }

  Result<std::vector<ScanRow>> Scan(ShardId shard, std::string_view from, std::string_view to,
                                    std::size_t limit, bool reverse,
                                    Deadline /*deadline*/) override {
    Shard& state = At(shard);
    std::shared_lock lock(state.mutex);
    auto [begin, end] = RangeOf(state.rows, from, to);
    std::vector<ScanRow> rows;
    while (begin != end && rows.size() < limit) {
      const auto next = reverse ? --end : begin++;
      rows.push_back({next->first, next->second});
    }
    return rows;
  }

  Result<std::vector<Version>> Heads(std::span<const ShardId> shards,
                                     Deadline /*deadline*/) override {
    std::vector<Version> heads;
    heads.reserve(shards.size());
    for (const ShardId shard : shards) {
      const Shard& state = At(shard);
      std::shared_lock lock(state.mutex);
      heads.push_back(state.version);
    }
    return heads;
  }

  Result<void> Trim(ShardId shard, std::string_view from, std::string_view to,
                    Deadline /*deadline*/) override {
    Shard& state = At(shard);
    std::unique_lock lock(state.mutex);
    const auto [begin, end] = RangeOf(state.rows, from, to);
    state.rows.erase(begin, end);
    return {};
  }

  Result<void> Checkpoint(const std::string& /*dir*/) override {
    return Error(Errc::kUnimplemented, "the memory engine keeps nothing on disk to copy");
  }

  EngineHealth Health() override {
    EngineHealth health;
    health.writable = true;
    return health;
  }

 private:
  Shard& At(ShardId shard) {
    IDNODE_CHECK(shard < shards_.size());
    return shards_[shard];
  }

  Result<void> CheckSize(const WriteSet& writes) const {
    const std::size_t rows = writes.inserts.size() + writes.updates.size() + writes.deletes.size() +
                             writes.range_deletes.size();
    std::size_t bytes = 0;
    for (const Row& row : writes.inserts) bytes += row.key.size() + row.value.size();
    for (const Row& row : writes.updates) bytes += row.key.size() + row.value.size();
    for (const std::string_view key : writes.deletes) bytes += key.size();
    for (const auto& [from, to] : writes.range_deletes) bytes += from.size() + to.size();
    if (rows <= capabilities_.batch_rows_max && bytes <= capabilities_.batch_bytes_max) return {};
    return Error(Errc::kBatchTooLarge, "a commit of " + std::to_string(rows) + " rows and " +
                                           std::to_string(bytes) + " bytes is over the bound");
  }

  // With the shard's mutex held.
  static std::vector<std::optional<std::string>> Find(const Shard& state,
                                                      std::span<const std::string_view> keys) {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string_view key : keys) {
      const auto found = state.rows.find(key);
      if (found == state.rows.end()) {
        values.emplace_back();
      } else {
        values.emplace_back(found->second);
      }
    }
    return values;
  }

  std::vector<Shard> shards_;
  Capabilities capabilities_;
};

}  // namespace

std::unique_ptr<Engine> MakeMemoryEngine(ShardId shards, const MemoryEngineBounds& bounds) {
  return std::make_unique<MemoryEngine>(shards, bounds);
}

}  // namespace idnode::storage
