#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode {

/// A calendar month: `number` counts months since year 0, so months are ordered and consecutive.
struct Month {
  std::int32_t number = 0;
  friend bool operator==(const Month&, const Month&) = default;
  friend auto operator<=>(const Month&, const Month&) = default;
  /// "2026-11".
  std::string Text() const;
  /// Errors: kInvalidRequest unless `text` is YYYY-MM with month 01 to 12 and year 1970 to 9999.
  static Result<Month> Parse(std::string_view text);
};

struct CalendarDay {
  Month month;
  int day = 0;  ///< 1 to 31
  /// "2026-11-22".
  std::string Text() const;
};

/// The zone that decides which month and day a registration counts in (计数时区), from the
/// system's time zone database. Immutable; safe to call concurrently.
class TimeZone {
 public:
  /// `name` as in the database, such as "Asia/Shanghai". Errors: kInvalidRequest.
  static Result<TimeZone> Load(const std::string& name);

  const std::string& name() const { return name_; }
  CalendarDay DayOf(std::int64_t unix_ms) const;
  Month MonthOf(std::int64_t unix_ms) const { return DayOf(unix_ms).month; }
  /// The first instant of the month, Unix milliseconds. It belongs to the month.
  std::int64_t StartMs(Month month) const;

 private:
  struct Impl;
  std::string name_;
  std::shared_ptr<const Impl> impl_;
};

/// RFC 3339 in UTC with milliseconds: "2026-11-22T02:00:00.123Z".
std::string FormatUtcMs(std::int64_t unix_ms);
void AppendUtcMs(std::string& out, std::int64_t unix_ms);

}  // namespace idnode
