#include "node/frontend/http/snms/envelope.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <utility>

#include "node/frontend/beast_util/problem.h"
#include "node/frontend/error_map.h"
#include "node/frontend/guard.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::chrono::hours kBeijingOffset{8};

bool IsFacesOwn(std::string_view detail) {
  return !detail.empty() && static_cast<unsigned char>(detail[0]) >= 0x80;
}

// Digits at `at`; -1 where there are none.
int Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int number = -1;
  const char* end = text.data() + at + count;
  const auto [stop, ec] = std::from_chars(text.data() + at, end, number);
  return ec == std::errc() && stop == end && number >= 0 ? number : -1;
}

}  // namespace

Reply Reply::Success(std::string data) {
  Reply reply;
  reply.data = std::move(data);
  return reply;
}

Reply Reply::Refused(const Error& error) {
  Reply reply;
  reply.status = StatusOf(error.code);
  reply.message = MessageOf(error);
  return reply;
}

Status StatusOf(Errc code) {
  if (code == Errc::kOk) return Status::kSuccess;
  if (code == Errc::kUnauthenticated) return Status::kNotLoggedIn;
  if (code == Errc::kPermissionDenied) return Status::kNoPermission;
  // What passes by itself, and what is the node's own fault: a client that repeats does right.
  if (IsRetryable(code)) return Status::kInternal;
  switch (code) {
    case Errc::kInternal:
    case Errc::kCorruption:
    case Errc::kUndetermined:
    case Errc::kDeadlineExceeded:
    case Errc::kConflict:
    case Errc::kRequestTimeout:
      return Status::kInternal;
    default:
      return Status::kFailed;
  }
}

std::string MessageOf(const Error& error) {
  if (IsFacesOwn(error.detail)) return error.detail;
  if (error.code == Errc::kUnauthenticated) return "没有登录，需要验证";
  if (error.code == Errc::kPermissionDenied) return "没有权限";
  if (error.code == Errc::kUndetermined) return "结果未知，请重新提交";
  std::string message(ToWire(error.code).title_zh);
  if (IsSecretDetail(error.code)) {
    LogSecretDetail(error);
    return message;
  }
  // The title says it all.
  if (error.code == Errc::kIdentifierExists || error.code == Errc::kIdentifierNotFound) {
    return message;
  }
  if (error.detail.empty()) return message;
  message.append("：");
  if (!error.field.empty()) message.append(error.field).append(" ");
  return message.append(error.detail);
}

std::string EnvelopeJson(const Reply& reply) {
  if (!reply.body.empty()) return reply.body;
  std::string out;
  out.reserve(reply.data.size() + reply.message.size() + 64);
  out.append("{\"message\":");
  AppendJsonString(reply.message, out);
  const std::string status = std::to_string(static_cast<int>(reply.status));
  out.append(",\"status\":").append(status);
  if (reply.with_code) out.append(",\"code\":").append(status);
  out.append(",\"data\":");
  out.append(reply.status == Status::kSuccess ? std::string_view(reply.data) : "null");
  out.push_back('}');
  return out;
}

Error Missing(std::string_view parameter) {
  return {Errc::kInvalidRequest, std::string("缺少必要的请求参数: ").append(parameter),
          std::string(parameter)};
}

Error Refusal(std::string message, Errc code) { return {code, std::move(message)}; }

std::string BeijingTime(std::int64_t unix_ms) {
  using std::chrono::milliseconds;
  const auto local = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<milliseconds>(milliseconds(unix_ms)) + kBeijingOffset);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  std::array<char, 48> text;
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

Result<std::int64_t> ParseBeijingTime(std::string_view text, std::string_view parameter) {
  using namespace std::chrono;  // NOLINT: calendar arithmetic
  const Error bad = Refusal(std::string("时间格式应为 yyyy-MM-dd HH:mm:ss: ").append(parameter),
                            Errc::kInvalidRequest);
  const bool with_time = text.size() == 19;
  if (!with_time && text.size() != 10) return bad;
  const year_month_day date(year(Digits(text, 0, 4)),
                            month(static_cast<unsigned>(Digits(text, 5, 2))),
                            day(static_cast<unsigned>(Digits(text, 8, 2))));
  if (!date.ok() || date.year() < year(0) || text[4] != '-' || text[7] != '-') return bad;
  seconds of_day{0};
  if (with_time) {
    const int hour = Digits(text, 11, 2);
    const int minute = Digits(text, 14, 2);
    const int second = Digits(text, 17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
        text[10] != ' ' || text[13] != ':' || text[16] != ':') {
      return bad;
    }
    of_day = hours(hour) + minutes(minute) + seconds(second);
  }
  return duration_cast<milliseconds>((sys_days(date) + of_day - kBeijingOffset).time_since_epoch())
      .count();
}

}  // namespace idnode::frontend::http::snms
