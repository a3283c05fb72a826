#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace idnode {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

enum class LogFormat : std::uint8_t {
  kLogfmt,  ///< time=… level=… event=… key=value, quoted where needed
  kJson,    ///< one JSON object a line
};

/// One key and value of a structured log line.
struct LogField {
  std::string_view key;
  std::string value;
  bool quoted = true;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <typename T>
  requires std::is_arithmetic_v<T> LogField(std::string_view k, T v)
      : key(k), value(std::to_string(v)), quoted(false) {}
};

/// Sets level and format for the process. Writes to standard error. Safe to call concurrently
/// with logging.
void ConfigureLog(LogLevel level, LogFormat format);

/// Writes one line. `event` is a short stable phrase ("node ready"); what varies goes into fields.
/// Secrets never go into a log: tokens, passwords, private keys.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void LogInfo(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, event, fields);
}
inline void LogWarning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, event, fields);
}
inline void LogError(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, event, fields);
}

}  // namespace idnode
