#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::service {

/// Takes fields off the front of a stored row. After the first that is not there it gives empty
/// ones, and fine() is false: a row is read without a check a field.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : bytes_(bytes) {}

  bool fine() const { return fine_; }
  /// Everything was there, and nothing is left.
  bool done() const { return fine_ && bytes_.empty(); }
  /// What must hold of what was read.
  void Expect(bool holds) { fine_ = fine_ && holds; }

  std::uint64_t Number() {
    std::uint64_t number = 0;
    fine_ = fine_ && TakeVarint(bytes_, number);
    return fine_ ? number : 0;
  }
  /// A count or parameter, from 0 to `at_most`.
  std::size_t Count(std::size_t at_most) {
    const std::uint64_t count = Number();
    fine_ = fine_ && count <= at_most;
    return fine_ ? static_cast<std::size_t>(count) : 0;
  }
  std::int64_t Time() { return static_cast<std::int64_t>(Number()); }
  std::uint8_t Byte() {
    std::uint64_t number = 0;
    fine_ = fine_ && TakeFixed(bytes_, 1, number);
    return fine_ ? static_cast<std::uint8_t>(number) : std::uint8_t{0};
  }
  bool Flag() {
    const std::uint8_t byte = Byte();
    fine_ = fine_ && byte <= 1;
    return byte == 1;
  }
  std::string_view Text() {
    std::string_view text;
    fine_ = fine_ && TakeSized(bytes_, text);
    return fine_ ? text : std::string_view();
  }
  Digest Hash() {
    Digest hash{};
    fine_ = fine_ && bytes_.size() >= hash.size();
    if (!fine_) return hash;
    std::copy_n(bytes_.begin(), hash.size(), hash.begin());
    bytes_.remove_prefix(hash.size());
    return hash;
  }

 private:
  std::string_view bytes_;
  bool fine_ = true;
};

}  // namespace idnode::service
