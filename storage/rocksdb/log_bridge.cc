#include "storage/rocksdb/log_bridge.h"

#include <array>
#include <cstdio>

#include "node/base/log.h"

namespace idnode::storage {
namespace {

constexpr std::size_t kLineBytesMax = 1024;

}  // namespace

void LogBridge::Logv(const char* format, va_list arguments) {
  Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
}

void LogBridge::Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) {
  if (level < rocksdb::InfoLogLevel::WARN_LEVEL || level > rocksdb::InfoLogLevel::FATAL_LEVEL) {
    return;
  }
  std::array<char, kLineBytesMax> line;
  std::vsnprintf(line.data(), line.size(), format, arguments);
  Log(level == rocksdb::InfoLogLevel::WARN_LEVEL ? LogLevel::kWarning : LogLevel::kError, "rocksdb",
      {{"detail", line.data()}});
}

}  // namespace idnode::storage
