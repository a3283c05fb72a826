#include "storage/rocksdb/database.h"

#include "node/base/log.h"
#include "storage/rocksdb/rocksdb_status.h"

namespace idnode::storage {

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, const TunedOptions& tuned,
                                                 Mode mode) {
  rocksdb::DBOptions options = tuned.db;
  options.create_if_missing = mode == Mode::kCreate;
  options.create_missing_column_families = mode == Mode::kCreate;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kFamilyCount; ++i) {
    families.emplace_back(kFamilyNames[i], tuned.families[i]);
  }
  std::unique_ptr<Database> database(new Database(mode == Mode::kReadOnly));
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      mode == Mode::kReadOnly
          ? rocksdb::DB::OpenForReadOnly(options, path, families, &database->handles_, &db)
          : rocksdb::DB::Open(options, path, families, &database->handles_, &db);
  if (status.ok()) {
    database->db_.reset(db);
    return database;
  }
  Error error = ToError(status, "opening " + path);
  if (status.IsInvalidArgument()) {
    error.code = mode == Mode::kCreate ? Errc::kUnavailable : Errc::kCorruption;
  } else if (error.code != Errc::kCorruption && error.code != Errc::kStorageFull) {
    error.code = Errc::kUnavailable;
  }
  return error;
}

Database::~Database() {
  if (db_ == nullptr) return;
  for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  const rocksdb::Status status = db_->Close();
  if (!status.ok()) LogWarning("closing the store failed", {{"detail", status.ToString()}});
}

rocksdb::Status Database::Flush() {
  rocksdb::FlushOptions options;
  options.wait = true;
  return db_->Flush(options, handles_);
}

}  // namespace idnode::storage
