#pragma once

#include <string_view>

#include <rocksdb/status.h>

#include "node/base/result.h"

namespace idnode::storage {

/// RocksDB's status as an error of ours, the one place where that is translated. `doing` says what
/// was tried ("reading a row"). The status must not be ok.
Error ToError(const rocksdb::Status& status, std::string_view doing);

}  // namespace idnode::storage
