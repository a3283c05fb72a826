#pragma once

#include <rocksdb/env.h>

namespace idnode::storage {

/// RocksDB's warnings and errors into idnode's log. A file of its own, as RocksDB would keep, is
/// one more thing that fails on a full disk, and Debian's build treats that as a broken invariant.
class LogBridge : public rocksdb::Logger {
 public:
  LogBridge() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override;
};

}  // namespace idnode::storage
