#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include <rocksdb/slice.h>

#include "storage/engine.h"

namespace idnode::storage {

/// Bytes before every key on disk: the shard, big-endian.
inline constexpr std::size_t kShardBytes = 2;

inline void PutShard(ShardId shard, char* out) {
  out[0] = static_cast<char>(shard >> 8);
  out[1] = static_cast<char>(shard);
}

/// A key as RocksDB sees it: shard, then key. On the stack unless it is unusually long.
class DiskKey {
 public:
  DiskKey(ShardId shard, std::string_view key) : size_(kShardBytes + key.size()) {
    if (size_ > inline_.size()) {
      long_ = std::unique_ptr<char[]>(new char[size_]);
      data_ = long_.get();
    }
    PutShard(shard, data_);
    if (!key.empty()) std::memcpy(data_ + kShardBytes, key.data(), key.size());
  }
  DiskKey(const DiskKey&) = delete;
  DiskKey& operator=(const DiskKey&) = delete;

  rocksdb::Slice slice() const { return {data_, size_}; }

 private:
  std::array<char, 320> inline_;
  std::unique_ptr<char[]> long_;
  char* data_ = inline_.data();
  std::size_t size_;
};

/// First byte of the engine's own keys in a shard: before every space.
inline constexpr char kEngineSpace = '\0';
/// Key of a shard's version row: big-endian u64.
inline constexpr std::string_view kVersionKey{&kEngineSpace, 1};

}  // namespace idnode::storage
