#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "storage/engine.h"

namespace idnode::storage {

/// The format this build writes, and the newest it reads (storage/FORMAT.md, "Format version").
inline constexpr std::uint64_t kFormatVersion = 1;

/// What the FORMAT file of a store says.
struct StoreFormat {
  std::uint64_t version = kFormatVersion;
  ShardId shards = 0;
};

/// "idnode-store 1\nshards 16\n".
std::string FormatText(const StoreFormat& format);
/// Errors: kFormatTooNew (whatever else the text says: a newer format may say it otherwise),
/// kCorruption.
Result<StoreFormat> ParseFormat(std::string_view text);

/// The files around RocksDB in a store's directory: the FORMAT file, the lock, and `db/`, where
/// RocksDB lives. Holds the lock while it exists. Not thread-safe.
class StoreFiles {
 public:
  /// Creates `dir` (mode 0700) where it is missing, and locks it.
  /// Errors: kDataDirectoryInUse, kUnavailable.
  static Result<StoreFiles> Lock(const std::string& dir);

  StoreFiles(StoreFiles&& other) noexcept;
  StoreFiles& operator=(StoreFiles&&) = delete;
  ~StoreFiles();

  /// What the store was written with; nothing where it is not created yet.
  /// Errors: kFormatTooNew, kCorruption, kUnavailable.
  Result<std::optional<StoreFormat>> ReadFormat() const;
  /// Writes the FORMAT file, durably and in one step. It comes last in the creation of a store: a
  /// directory without it is one whose creation was cut short.
  Result<void> WriteFormat(const StoreFormat& format) const;

  const std::string& dir() const { return dir_; }
  std::string DbPath() const { return dir_ + "/db"; }

 private:
  StoreFiles(std::string dir, int lock_fd) : dir_(std::move(dir)), lock_fd_(lock_fd) {}

  std::string dir_;
  int lock_fd_ = -1;
};

/// Writes `dir`/FORMAT as StoreFiles does, for a copy of a store. Errors: kUnavailable.
Result<void> WriteFormatFile(const std::string& dir, const StoreFormat& format);
/// Creates `dir` with mode 0700, and its parents, where missing. Errors: kUnavailable.
Result<void> CreatePrivateDirectory(const std::string& dir);
/// Makes the entries of `dir` durable. Errors: kUnavailable.
Result<void> SyncDirectory(const std::string& dir);
/// Bytes in the files of `dir`, without those of directories in it; 0 where it cannot be read.
std::uint64_t FileBytesIn(const std::string& dir);

}  // namespace idnode::storage
