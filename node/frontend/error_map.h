#pragma once

#include <string_view>

#include "node/base/errc.h"

namespace idnode::frontend {

/// How an error looks on each wire. `grpc` is a grpc::StatusCode, `handle` a response code of
/// RFC 3652 §2.2.2.2, `title` the problem's title in English and `title_zh` in Chinese.
struct WireError {
  int grpc;
  int http;
  int handle;
  std::string_view slug;
  std::string_view title;
  std::string_view title_zh;
};

constexpr WireError ToWire(Errc code) {
  switch (code) {  // no default: -Wswitch reports a forgotten code
    case Errc::kOk:
      return {0, 200, 1, "ok", "OK", "成功"};
    case Errc::kInvalidRequest:
      return {3, 400, 4, "invalid-request", "The request is not valid", "请求无效"};
    case Errc::kInvalidIdentifier:
      return {3, 400, 102, "invalid-identifier", "The identifier is not valid", "标识编码无效"};
    case Errc::kInvalidValue:
      return {3, 400, 202, "invalid-value", "A value is not valid", "标识值无效"};
    case Errc::kBatchTooLarge:
      return {3, 413, 4, "batch-too-large", "The batch is too large", "批量超出上限"};
    case Errc::kPayloadTooLarge:
      return {8, 413, 4, "payload-too-large", "The body is too large", "请求体过大"};
    case Errc::kHeaderTooLarge:
      return {3, 431, 4, "header-too-large", "The header section is too large", "请求头过大"};
    case Errc::kInvalidPageToken:
      return {3, 400, 4, "invalid-page-token", "The page token is not valid", "分页令牌无效"};
    case Errc::kRequestIdReused:
      return {9,
              409,
              2,
              "request-id-reused",
              "The request_id was used with other content",
              "请求编号已用于其他内容"};
    case Errc::kMethodNotAllowed:
      return {12, 405, 5, "method-not-allowed", "The method does not apply here", "不支持该方法"};
    case Errc::kUnsupportedMedia:
      return {3,
              415,
              5,
              "unsupported-media-type",
              "The content type is not supported",
              "不支持该内容类型"};
    case Errc::kNotAcceptable:
      return {3, 406, 5, "not-acceptable", "No such representation", "无可接受的表示"};
    case Errc::kIdentifierNotFound:
      return {5,           404, 100, "identifier-not-found", "The identifier is not registered",
              "标识不存在"};
    case Errc::kValueNotFound:
      return {5, 404, 200, "value-not-found", "The identifier has no such value", "标识值不存在"};
    case Errc::kIdentifierExists:
      return {6,
              409,
              101,
              "identifier-exists",
              "The identifier is registered with other content",
              "标识已存在"};
    case Errc::kIdentifierFrozen:
      return {9,
              409,
              2,
              "identifier-frozen",
              "The identifier's state forbids this",
              "标识状态不允许该操作"};
    case Errc::kIdentifierRevoked:
      return {9, 410, 100, "identifier-revoked", "The identifier is revoked", "标识已吊销"};
    case Errc::kPreconditionFailed:
      return {9, 412, 2, "precondition-failed", "The record has changed meanwhile", "记录已被修改"};
    case Errc::kNotResponsible:
      return {9,
              421,
              301,
              "not-responsible",
              "This node is not responsible for the prefix",
              "本节点不负责该前缀"};
    case Errc::kPrefixNotAdmitted:
      return {9,
              403,
              301,
              "prefix-not-admitted",
              "The enterprise prefix is not admitted",
              "企业前缀未开通"};
    case Errc::kNotFound:
      return {5, 404, 2, "not-found", "There is nothing here", "资源不存在"};
    case Errc::kAlreadyExists:
      return {6, 409, 2, "already-exists", "It exists already", "已存在"};
    case Errc::kUnauthenticated:
      return {16, 401, 402, "unauthenticated", "A valid token is needed", "未认证"};
    case Errc::kPermissionDenied:
      return {7, 403, 400, "permission-denied", "The token does not allow this", "无权限"};
    case Errc::kOverloaded:
      return {8,
              503,
              3,
              "overloaded",
              "The node is overloaded; retry after a moment",
              "节点繁忙，请稍后重试"};
    case Errc::kDeadlineExceeded:
      return {4, 504, 3, "deadline-exceeded", "The deadline passed before work began", "已超时"};
    case Errc::kUndetermined:
      return {14,
              504,
              2,
              "undetermined",
              "The outcome is not known; repeat with the same request_id",
              "结果未知，请用同一请求编号重试"};
    case Errc::kStorageFull:
      return {8, 507, 2, "storage-full", "There is no room for registrations", "存储空间不足"};
    case Errc::kUnavailable:
      return {14,
              503,
              3,
              "unavailable",
              "Storage is not available; retry after a moment",
              "存储暂不可用"};
    case Errc::kClockUntrusted:
      return {9,
              503,
              2,
              "clock-untrusted",
              "Registration is stopped: the clock is not trusted",
              "时钟异常，注册已停止"};
    case Errc::kShuttingDown:
      return {14, 503, 3, "shutting-down", "The node is shutting down", "节点正在停止"};
    case Errc::kConflict:
      return {10, 409, 2, "conflict", "Another change came first; retry", "并发冲突，请重试"};
    case Errc::kCorruption:
      return {15, 500, 2, "corruption", "Stored data is damaged", "存储数据损坏"};
    case Errc::kFormatTooNew:
      return {9,
              500,
              2,
              "format-too-new",
              "The store was written by a newer idnode",
              "数据格式版本过新"};
    case Errc::kDataDirectoryInUse:
      return {9, 500, 2, "data-directory-in-use", "The data directory is in use", "数据目录被占用"};
    case Errc::kUnimplemented:
      return {12, 501, 5, "unimplemented", "Not supported", "不支持"};
    case Errc::kRequestTimeout:
      return {4, 408, 4, "request-timeout", "The request took too long to arrive", "请求接收超时"};
    case Errc::kPrefixNotActive:
      return {9,
              403,
              301,
              "prefix-not-active",
              "The prefix is in a state that forbids this",
              "企业前缀状态不允许该操作"};
    case Errc::kQuotaExceeded:
      return {8, 403, 604, "quota-exceeded", "The prefix's quota is used up", "前缀配额已用尽"};
    case Errc::kRateLimited:
      return {8, 429, 3, "rate-limited", "Too many requests; retry after a moment", "请求过于频繁"};
    case Errc::kTemplateNotFound:
      return {5, 404, 2, "template-not-found", "There is no such data template", "数据模板不存在"};
    case Errc::kTemplateInUse:
      return {9, 409, 2, "template-in-use", "Records use the data template", "数据模板使用中"};
    case Errc::kUniqueViolation:
      return {6,
              409,
              101,
              "unique-violation",
              "Another identifier has this value of a unique item",
              "唯一属性值重复"};
    case Errc::kSelfHosted:
      return {9,
              421,
              303,
              "self-hosted",
              "The enterprise's own node holds the prefix's identifiers",
              "该前缀由企业节点自建托管"};
    case Errc::kInternal:
      break;
  }
  return {13, 500, 2, "internal", "Internal error", "内部错误"};
}

/// True where a client does well to repeat the request after a moment.
constexpr bool IsRetryable(Errc code) {
  return code == Errc::kOverloaded || code == Errc::kUnavailable || code == Errc::kShuttingDown ||
         code == Errc::kStorageFull || code == Errc::kClockUntrusted || code == Errc::kRateLimited;
}

/// Seconds for `Retry-After`.
inline constexpr int kRetryAfterSeconds = 1;

/// True where the detail may hold what only the log should, such as paths and the words of a
/// library below: the wire gets the title alone.
constexpr bool IsSecretDetail(Errc code) {
  return code == Errc::kInternal || code == Errc::kCorruption || code == Errc::kUnavailable ||
         code == Errc::kStorageFull || code == Errc::kUndetermined;
}

}  // namespace idnode::frontend
