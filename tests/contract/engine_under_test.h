#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/engine.h"

namespace idnode::storage {

/// A directory that goes with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// One way to open an engine for the suite.
struct EngineKind {
  std::string name;
  std::function<std::unique_ptr<Engine>(const std::string& dir, ShardId shards)> open;
};

EngineKind Memory();
EngineKind RocksDb();
EngineKind Behind(EngineKind base);  ///< behind a FaultyEngine without faults

/// Small buffers, no reserve, no wait for the device: for tests that do not cut the power.
EngineOptions SmallRocksDb(const std::string& dir, ShardId shards = 4);

inline constexpr Deadline kNoDeadline = Deadline::max();

/// Builds a WriteSet of literals and computed texts alike: it owns its bytes.
class Writes {
 public:
  Writes& Insert(std::string key, std::string value);
  Writes& Update(std::string key, std::string value);
  Writes& Delete(std::string key);
  Writes& DeleteRange(std::string from, std::string to);
  /// Valid as long as this object is.
  WriteSet set() const;

 private:
  std::vector<std::pair<std::string, std::string>> inserts_;
  std::vector<std::pair<std::string, std::string>> updates_;
  std::vector<std::string> deletes_;
  std::vector<std::pair<std::string, std::string>> ranges_;
};

/// Commits and fails the test unless it is kCommitted.
void MustCommit(Engine& engine, ShardId shard, Version expected, const Writes& writes);
/// "key=value" of a scan, joined by spaces; or the error.
std::string ScanText(Engine& engine, ShardId shard, std::string_view from, std::string_view to,
                     std::size_t limit = 1000, bool reverse = false);
/// The value, "-" where there is none, or the error's name.
std::string GetText(Engine& engine, ShardId shard, std::string_view key);
Version HeadOf(Engine& engine, ShardId shard);

}  // namespace idnode::storage
