#include "node/base/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace idnode {
namespace {

std::atomic<LogFormat> log_format{LogFormat::kLogfmt};

std::shared_ptr<spdlog::logger> Logger() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto logger = std::make_shared<spdlog::logger>(
        "idnode", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::info);
    return logger;
  }();
  return kLogger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  return "info";
}

// JSON string escapes serve both formats: a quoted logfmt value is written the same way.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string TimeText() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ",
                static_cast<int>(now.tv_nsec / 1'000'000));
  return text.data();
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  log_format.store(format);
  Logger()->set_level(ToSpdlog(level));
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  const auto logger = Logger();
  if (!logger->should_log(ToSpdlog(level))) return;
  std::string line;
  if (log_format.load() == LogFormat::kJson) {
    line = "{\"time\":\"" + TimeText() + "\",\"level\":\"" + std::string(LevelName(level)) +
           "\",\"event\":";
    AppendQuoted(line, event);
    for (const auto& field : fields) {
      line += ',';
      AppendQuoted(line, field.key);
      line += ':';
      if (field.quoted) {
        AppendQuoted(line, field.value);
      } else {
        line += field.value;
      }
    }
    line += '}';
  } else {
    line = "time=" + TimeText() + " level=" + std::string(LevelName(level)) + " event=";
    AppendQuoted(line, event);
    for (const auto& field : fields) {
      line += ' ';
      line += field.key;
      line += '=';
      if (field.quoted && NeedsQuotes(field.value)) {
        AppendQuoted(line, field.value);
      } else {
        line += field.value;
      }
    }
  }
  logger->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace idnode
