#include "storage/rocksdb/rocksdb_status.h"

#include <string>

namespace idnode::storage {
namespace {

Errc CodeOf(const rocksdb::Status& status) {
  using Code = rocksdb::Status::Code;
  if (status.IsNoSpace()) return Errc::kStorageFull;
  switch (status.code()) {
    case Code::kNotFound:
      return Errc::kNotFound;
    case Code::kCorruption:
      return Errc::kCorruption;
    case Code::kTimedOut:
      return Errc::kDeadlineExceeded;
    case Code::kNotSupported:
      return Errc::kUnimplemented;
    case Code::kShutdownInProgress:
      return Errc::kShuttingDown;
    case Code::kIOError:
    case Code::kBusy:
    case Code::kIncomplete:
    case Code::kAborted:
    case Code::kTryAgain:
    case Code::kExpired:
      return Errc::kUnavailable;
    default:
      return Errc::kInternal;
  }
}

}  // namespace

Error ToError(const rocksdb::Status& status, std::string_view doing) {
  return Error(CodeOf(status), std::string(doing) + ": " + status.ToString());
}

}  // namespace idnode::storage
