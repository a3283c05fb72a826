#include "node/cli/time_option.h"

#include <charconv>
#include <optional>
#include <string>

namespace idnode::cli {
namespace {

constexpr std::int64_t kBeijingSeconds = 8 * 3600;

/// Digits of fixed width; nothing where there are others.
std::optional<int> Number(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int number = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

/// Days since 1970 of "YYYY-MM-DD" at the start of `text`.
std::optional<std::int64_t> Days(std::string_view text) {
  const auto year = Number(text, 0, 4);
  const auto month = Number(text, 5, 2);
  const auto day = Number(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// Seconds east of UTC of "Z" or "+08:00".
std::optional<std::int64_t> Offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = Number(text, 1, 2);
  const auto minutes = Number(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = *hours * 3600LL + *minutes * 60LL;
  return text[0] == '-' ? -seconds : seconds;
}

std::optional<std::int64_t> Rfc3339Ms(std::string_view text) {
  constexpr std::size_t kToSeconds = 19;  // "2027-01-31T08:00:00"
  const auto days = Days(text);
  if (!days || text.size() < kToSeconds + 1) return std::nullopt;
  const auto hour = Number(text, 11, 2);
  const auto minute = Number(text, 14, 2);
  const auto second = Number(text, 17, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return {};
  if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  std::string_view rest = text.substr(kToSeconds);
  std::int64_t ms = 0;
  if (rest.front() == '.') {
    rest.remove_prefix(1);
    std::int64_t unit = 100;
    std::size_t digits = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
      ms += (rest[digits] - '0') * unit;
      unit /= 10;
    }
    if (digits == 0) return std::nullopt;
    rest.remove_prefix(digits);
  }
  const auto offset = Offset(rest);
  if (!offset) return std::nullopt;
  return ((*days * 24 + *hour) * 3600 + *minute * 60 + *second - *offset) * 1000 + ms;
}

}  // namespace

Result<std::chrono::seconds> ParseSpan(std::string_view text) {
  const Error bad(Errc::kInvalidRequest,
                  "a span is a number with its unit, such as 90d, 12h, 30m "
                  "or 45s, not \"" +
                      std::string(text) + "\"");
  if (text == "0") return std::chrono::seconds(0);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end + 1 != text.data() + text.size() || count < 0) return bad;
  std::int64_t unit = 0;
  switch (*end) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'd':
      unit = 24 * 3600;
      break;
    case 'w':
      unit = 7 * 24 * 3600;
      break;
    default:
      return bad;
  }
  if (count > kSpanMax.count() / unit) {
    return Error(Errc::kInvalidRequest,
                 "a span of at most 100 years, not \"" + std::string(text) + "\"");
  }
  return std::chrono::seconds(count * unit);
}

Result<std::int64_t> ParseInstant(std::string_view text, std::int64_t now_ms, bool ago) {
  if (const auto span = ParseSpan(text); span.ok()) {
    return now_ms + (ago ? -1 : 1) * span->count() * 1000;
  }
  if (text.size() == 10) {
    if (const auto days = Days(text)) return (*days * 24 * 3600 - kBeijingSeconds) * 1000;
  } else if (const auto ms = Rfc3339Ms(text)) {
    return *ms;
  }
  return Error(Errc::kInvalidRequest,
               "a time is a date such as 2027-01-31 (00:00 in Beijing), a time such as "
               "2027-01-31T08:00:00+08:00, or a span such as 90d, not \"" +
                   std::string(text) + "\"");
}

}  // namespace idnode::cli
