#pragma once

#include <array>
#include <memory>
#include <string>

#include <rocksdb/db.h>

#include "node/base/result.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace idnode::storage {

/// An open RocksDB with its column families. Closes when it goes, without a flush.
class Database {
 public:
  enum class Mode {
    kCreate,     ///< what is missing is made
    kReadWrite,  ///< everything must be there
    kReadOnly,   ///< likewise; writes nothing at all, so it works on a full disk
  };

  /// Errors: kCorruption (also where something that must be there is not), kStorageFull,
  /// kUnavailable.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, const TunedOptions& tuned,
                                                Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  const std::vector<rocksdb::ColumnFamilyHandle*>& handles() const { return handles_; }
  bool read_only() const { return read_only_; }

  /// Writes what is in memory into tables, so that the next open has nothing to replay.
  rocksdb::Status Flush();

 private:
  explicit Database(bool read_only) : read_only_(read_only) {}

  const bool read_only_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace idnode::storage
