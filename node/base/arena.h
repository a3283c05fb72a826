#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace idnode {

/// Bytes that stay where they are until the arena goes. Not thread-safe.
class Arena {
 public:
  /// Room for `size` bytes, owned by the arena.
  char* Allocate(std::size_t size) {
    if (size > left_) NewBlock(size);
    char* at = next_;
    next_ += size;
    left_ -= size;
    return at;
  }

  std::string_view Copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* at = Allocate(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

 private:
  static constexpr std::size_t kFirstBlockBytes = 1024;
  static constexpr std::size_t kBlockBytesMax = 64 * 1024;

  void NewBlock(std::size_t at_least) {
    const std::size_t size = at_least > block_bytes_ ? at_least : block_bytes_;
    // Not make_unique: that would clear the bytes first.
    blocks_.push_back(std::unique_ptr<char[]>(new char[size]));
    next_ = blocks_.back().get();
    left_ = size;
    if (block_bytes_ < kBlockBytesMax) block_bytes_ *= 4;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t block_bytes_ = kFirstBlockBytes;
};

}  // namespace idnode
