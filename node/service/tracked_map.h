#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace idnode::service {

/// Small values by key, in bounded memory: where there is no room, what was not used for longest is
/// forgotten. Thread-safe; a lock each for a sixteenth of the keys.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class TrackedMap {
 public:
  /// Holds `at_most` keys, or somewhat fewer where they do not spread evenly.
  explicit TrackedMap(std::size_t at_most)
      : shards_(std::clamp<std::size_t>(at_most, 1, kShardsMax)),
        per_shard_max_(std::max<std::size_t>(at_most, 1) / shards_) {}

  /// `use(value)` on the key's value, under its lock; a new one where there is none.
  template <typename Function>
  auto Use(const Key& key, Function&& use) {
    Shard& shard = ShardOf(key);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    if (found != shard.by_key.end()) {
      shard.newest.splice(shard.newest.begin(), shard.newest, found->second);
    } else {
      if (shard.newest.size() >= per_shard_max_) {
        shard.by_key.erase(shard.newest.back().first);
        shard.newest.pop_back();
      }
      shard.newest.emplace_front(key, Value{});
      shard.by_key.emplace(key, shard.newest.begin());
    }
    return use(shard.newest.front().second);
  }

  /// A copy of the key's value, which is no use; `otherwise` where there is none.
  Value Get(const Key& key, Value otherwise) {
    Shard& shard = ShardOf(key);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    return found == shard.by_key.end() ? otherwise : found->second->second;
  }

  void Erase(const Key& key) {
    Shard& shard = ShardOf(key);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) return;
    shard.newest.erase(found->second);
    shard.by_key.erase(found);
  }

  void Clear() {
    for (Shard& shard : all_) {
      std::lock_guard lock(shard.mutex);
      shard.by_key.clear();
      shard.newest.clear();
    }
  }

  std::size_t size() const {
    std::size_t size = 0;
    for (const Shard& shard : all_) {
      std::lock_guard lock(shard.mutex);
      size += shard.newest.size();
    }
    return size;
  }

 private:
  static constexpr std::size_t kShardsMax = 16;

  struct Shard {
    mutable std::mutex mutex;
    std::list<std::pair<Key, Value>> newest;  ///< used last first
    std::unordered_map<Key, typename std::list<std::pair<Key, Value>>::iterator, Hash> by_key;
  };

  Shard& ShardOf(const Key& key) {
    // Multiplied: hashes of numbers are the numbers, and neighbours must not share a lock.
    const std::size_t hash = Hash()(key) * 0x9e3779b97f4a7c15ULL;
    return all_[(hash >> 32) % shards_];
  }

  const std::size_t shards_;
  const std::size_t per_shard_max_;
  std::array<Shard, kShardsMax> all_;
};

}  // namespace idnode::service
