#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::frontend::http::snms {

/// `status` of an answer, and `code` of an item.
enum class Status : std::int8_t {
  kSuccess = 1,
  kNotLoggedIn = -1,   ///< 没有登录，需要验证
  kFailed = -2,        ///< 业务失败; the message says why
  kNoPermission = -3,  ///< 没有权限
  kInternal = -4,      ///< 系统内部错误: not the client's fault; a repeat is safe
};

inline constexpr std::string_view kSuccessMessage = "success";

/// An answer: the envelope `{"status","message","data"}`. HTTP is 200 also where it refuses, as
/// clients expect; another code only for a path or method that does not exist.
struct Reply {
  Status status = Status::kSuccess;
  std::string message{kSuccessMessage};
  std::string data = "null";  ///< JSON
  bool with_code = false;     ///< a member `code` beside `status`, which deletes answer
  int http = 200;
  std::string headers;  ///< further lines, each ended by CR LF
  std::string body;     ///< not empty: the whole body, without an envelope (resolution)

  static Reply Success(std::string data = "true");
  static Reply Refused(const Error& error);
};

/// The status that an error has in this API.
Status StatusOf(Errc code);

/// What clients show people: Chinese. An error of this face has its whole message as `detail`,
/// which then begins with a Chinese character; others get the title of the one table of errors,
/// with the detail behind it unless it is the log's alone.
std::string MessageOf(const Error& error);

/// The body of an answer.
std::string EnvelopeJson(const Reply& reply);

/// "缺少必要的请求参数: handle".
Error Missing(std::string_view parameter);
/// A refusal whose message is given whole; it begins with a Chinese character.
Error Refusal(std::string message, Errc code = Errc::kInvalidRequest);

/// "2026-11-22 10:00:00": times of this API are Beijing's (UTC+8), whatever zone the node counts
/// in.
std::string BeijingTime(std::int64_t unix_ms);
/// Reads that form, or a date alone. Errors: kInvalidRequest.
Result<std::int64_t> ParseBeijingTime(std::string_view text, std::string_view parameter);

}  // namespace idnode::frontend::http::snms
