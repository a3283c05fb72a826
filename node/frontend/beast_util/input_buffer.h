#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace idnode::frontend::http {

/// The bytes a session has read: [begin, parsed) of the request under way, [parsed, end) not yet
/// looked at. Small while a connection idles, as large as a header section while one comes in, and
/// large (where the budget of bodies has room for it) while a body comes in. Not thread-safe.
class InputBuffer {
 public:
  static constexpr std::size_t kInitialBytes = 4 * 1024;
  static constexpr std::size_t kReadBytesMin = 1024;

  /// Room for a header section of `header_bytes_max`, and for `body_read_bytes` of a body beside
  /// it.
  InputBuffer(std::size_t header_bytes_max, std::size_t body_read_bytes)
      : small_bytes_max_(header_bytes_max + kInitialBytes),
        large_bytes_(small_bytes_max_ + body_read_bytes),
        bytes_(new char[kInitialBytes]) {}

  /// Capacity for a body; without `large` it stays at most small_bytes_max().
  std::size_t large_bytes() const { return large_bytes_; }
  std::size_t small_bytes_max() const { return small_bytes_max_; }
  std::size_t capacity() const { return capacity_; }

  std::string_view all() const { return {bytes_.get(), end_}; }
  std::string_view unparsed() const { return {bytes_.get() + parsed_, end_ - parsed_}; }
  std::size_t request_bytes() const { return end_ - begin_; }
  std::size_t parsed_bytes() const { return parsed_ - begin_; }

  void Parsed(std::size_t bytes) { parsed_ += bytes; }
  void Read(std::size_t bytes) { end_ += bytes; }

  /// The request under way is answered: the next begins behind it.
  void NextRequest() {
    begin_ = parsed_;
    if (begin_ < end_) return;
    begin_ = parsed_ = end_ = 0;
    if (capacity_ > kInitialBytes) Grow(kInitialBytes);
  }

  /// Forgets everything.
  void Clear() { begin_ = parsed_ = end_ = 0; }

  /// Forgets body bytes that were parsed: `head_bytes` of the request stay.
  void DropBody(std::size_t head_bytes) {
    const std::size_t head_end = begin_ + head_bytes;
    std::memmove(bytes_.get() + head_end, bytes_.get() + parsed_, end_ - parsed_);
    end_ -= parsed_ - head_end;
    parsed_ = head_end;
  }

  /// Makes room to read. Gives by how many bytes the request moved towards the front.
  /// `room()` is 0 afterwards only if the buffer is at its bound.
  std::size_t MakeRoom(bool large) {
    if (large) Grow(large_bytes_);
    if (capacity_ - end_ >= kReadBytesMin) return 0;
    const std::size_t shift = begin_;
    if (shift > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
      begin_ -= shift;
      parsed_ -= shift;
      end_ -= shift;
    }
    if (capacity_ - end_ < kReadBytesMin && capacity_ < small_bytes_max_) {
      Grow(std::min(small_bytes_max_, capacity_ * 2));
    }
    return shift;
  }
  char* room_data() { return bytes_.get() + end_; }
  std::size_t room() const { return capacity_ - end_; }

 private:
  void Grow(std::size_t capacity) {
    if (capacity == capacity_) return;
    std::unique_ptr<char[]> bytes(new char[capacity]);
    std::memcpy(bytes.get(), bytes_.get(), end_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  const std::size_t small_bytes_max_;
  const std::size_t large_bytes_;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = kInitialBytes;
  std::size_t begin_ = 0;
  std::size_t parsed_ = 0;
  std::size_t end_ = 0;
};

}  // namespace idnode::frontend::http
