#include "node/base/time_zone.h"

#include <array>
#include <cstdio>

#include <absl/time/time.h>

namespace idnode {

struct TimeZone::Impl {
  absl::TimeZone zone;
};

std::string Month::Text() const {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d", number / 12, number % 12 + 1);
  return text.data();
}

Result<Month> Month::Parse(std::string_view text) {
  const Error bad(Errc::kInvalidRequest, "a month is written YYYY-MM, such as 2026-11", "month");
  if (text.size() != 7 || text[4] != '-') return bad;
  int year = 0;
  int month = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    if (i == 4) continue;
    if (text[i] < '0' || text[i] > '9') return bad;
    (i < 4 ? year : month) = (i < 4 ? year : month) * 10 + (text[i] - '0');
  }
  if (month < 1 || month > 12 || year < 1970) return bad;
  return Month{year * 12 + month - 1};
}

std::string CalendarDay::Text() const {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "-%02d", day);
  return month.Text() + text.data();
}

Result<TimeZone> TimeZone::Load(const std::string& name) {
  auto impl = std::make_shared<Impl>();
  if (!absl::LoadTimeZone(name, &impl->zone)) {
    return Error(Errc::kInvalidRequest,
                 "time zone \"" + name + "\" is not in the system's database (package tzdata)");
  }
  TimeZone zone;
  zone.name_ = name;
  zone.impl_ = std::move(impl);
  return zone;
}

CalendarDay TimeZone::DayOf(std::int64_t unix_ms) const {
  const auto second = absl::ToCivilSecond(absl::FromUnixMillis(unix_ms), impl_->zone);
  return CalendarDay{Month{static_cast<std::int32_t>(second.year() * 12 + second.month() - 1)},
                     second.day()};
}

std::int64_t TimeZone::StartMs(Month month) const {
  const absl::CivilSecond first(month.number / 12, month.number % 12 + 1, 1);
  // `trans` is right where the zone skips the first instants of the day; else all three agree.
  return absl::ToUnixMillis(absl::FromCivil(first, impl_->zone));
}

void AppendUtcMs(std::string& out, std::int64_t unix_ms) {
  // Civil-from-days (Howard Hinnant's published algorithm), written out: this sits on the hot
  // path of resolution, and gmtime_r takes the time zone lock.
  std::int64_t days = unix_ms / 86'400'000;
  std::int64_t ms = unix_ms % 86'400'000;
  if (ms < 0) {
    ms += 86'400'000;
    --days;
  }
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const auto year = static_cast<unsigned>(static_cast<std::int64_t>(year_of_era) + era * 400 +
                                          (month <= 2 ? 1 : 0));
  const auto seconds = static_cast<unsigned>(ms / 1000);
  const std::array<std::pair<unsigned, int>, 7> parts = {{{year, 4},
                                                          {month, 2},
                                                          {day, 2},
                                                          {seconds / 3600, 2},
                                                          {seconds / 60 % 60, 2},
                                                          {seconds % 60, 2},
                                                          {static_cast<unsigned>(ms % 1000), 3}}};
  constexpr std::string_view kAfter = "--T::.Z";
  std::array<char, 24> text{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    unsigned number = parts[i].first;
    for (int digit = parts[i].second - 1; digit >= 0; --digit) {
      text[at + static_cast<std::size_t>(digit)] = static_cast<char>('0' + number % 10);
      number /= 10;
    }
    at += static_cast<std::size_t>(parts[i].second);
    text[at++] = kAfter[i];
  }
  out.append(text.data(), at);
}

std::string FormatUtcMs(std::int64_t unix_ms) {
  std::string out;
  AppendUtcMs(out, unix_ms);
  return out;
}

}  // namespace idnode
