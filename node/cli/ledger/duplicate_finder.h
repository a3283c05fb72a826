#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace idnode::cli {

/// Finds identifiers that occur twice, case folded, in bounded memory. Keeps 24 bytes a leaf: a
/// 128-bit hash under a key drawn at the start, so that nobody can prepare collisions, and the
/// leaf's index. While they fit into `memory_bytes` they stay in memory; otherwise they go into
/// partitions on disk by their hash, each sorted at the end in pieces that fit: 100 M leaves
/// take 2.4 GB of disk and, at the default, 256 MiB of memory. Two different identifiers fall
/// together with a chance of 1.5e-23 among 100 M. Not thread-safe.
class DuplicateFinder {
 public:
  static constexpr std::size_t kMemoryBytes = 256 << 20;
  /// Most partitions, each with an open file; with the default memory enough for 5 billion leaves.
  static constexpr std::size_t kPartitionsMax = 512;

  /// `folder` is where partitions go: a folder of its own is made in it, and removed at the end.
  /// `leaves` is how many will be added. Errors: kUnavailable, kInvalidRequest (more leaves than
  /// kPartitionsMax partitions of that memory hold).
  static Result<std::unique_ptr<DuplicateFinder>> Create(std::uint64_t leaves,
                                                         std::size_t memory_bytes,
                                                         const std::string& folder);
  ~DuplicateFinder();
  DuplicateFinder(const DuplicateFinder&) = delete;
  DuplicateFinder& operator=(const DuplicateFinder&) = delete;

  /// Errors: kStorageFull, kUnavailable (the partition cannot be written).
  Result<void> Add(std::string_view identifier, std::uint64_t leaf);

  /// Calls `found` with the first leaf of an identifier and each later one. The order is not
  /// defined. Once. Errors: kUnavailable (a partition cannot be read back).
  using Found = std::function<void(std::uint64_t first, std::uint64_t later)>;
  Result<void> Finish(const Found& found);

  std::size_t partitions() const { return files_.size(); }
  /// Most rows of a partition that were in memory at once.
  std::uint64_t rows_max() const { return rows_max_; }

 private:
  struct Row {
    std::array<std::uint8_t, 16> hash;
    std::uint64_t leaf;
  };
  struct Partition {
    int fd = -1;
    std::vector<Row> buffer;
  };
  static_assert(sizeof(Row) == 24);

  DuplicateFinder() = default;
  Result<void> Flush(Partition& partition);
  static bool Before(const Row& a, const Row& b);
  static void Sort(std::vector<Row>& rows);
  /// The next row in order; `first` is the first one of its hash.
  static void Take(const Row& row, std::optional<Row>& first, const Found& found);
  Result<void> ReadRows(int fd, std::uint64_t from, std::vector<Row>& rows) const;
  Result<void> WriteRows(int fd, std::uint64_t from, const std::vector<Row>& rows) const;
  /// Sorts `count` rows in pieces that fit into memory, and merges them.
  Result<void> FindInFile(int fd, std::uint64_t count, const Found& found);

  std::string key_;
  std::string folder_;  ///< empty: all in memory
  std::size_t buffer_rows_ = 0;
  std::uint64_t in_memory_ = 1;  ///< rows
  std::uint64_t rows_max_ = 0;
  std::vector<Partition> files_;
  std::vector<Row> rows_;
  std::string folded_;
};

}  // namespace idnode::cli
