#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/options.h>

#include "storage/engine.h"

namespace idnode::storage {

/// The column families: spaces that are written and read alike share one. Records and feed come in
/// key order where a catalogue does, and then whole files move down a level without being copied;
/// that only works while nothing else lies between.
enum class Family : std::size_t { kDefault = 0, kFeed = 1, kHistory = 2, kRecords = 3 };
inline constexpr std::size_t kFamilyCount = 4;
/// Names on disk, in the order of Family.
inline const std::array<std::string, kFamilyCount> kFamilyNames = {"default", "feed", "history",
                                                                   "records"};

/// Where a key lies, by the first byte of it (its space).
constexpr Family FamilyOf(char space) {
  switch (space) {
    case 'f':
      return Family::kFeed;
    case 'h':
      return Family::kHistory;
    case 'r':
      return Family::kRecords;
    default:
      return Family::kDefault;
  }
}

/// How RocksDB is opened, tuned for this work: see storage/README.md, "Decisions".
struct TunedOptions {
  rocksdb::DBOptions db;
  std::array<rocksdb::ColumnFamilyOptions, kFamilyCount> families;
};

TunedOptions TuneRocksDb(const EngineOptions& options);

}  // namespace idnode::storage
