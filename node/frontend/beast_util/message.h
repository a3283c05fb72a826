#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace idnode::frontend::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
/// "GET"; "" for kOther.
std::string_view MethodName(Method method);

/// The request fields that handlers read; others are dropped while parsing.
enum class Header : std::uint8_t {
  kAccept,
  kAcceptLanguage,
  kAuthorization,
  kContentEncoding,
  kContentType,
  kExpect,
  kHost,
  kIfMatch,
  kIfNoneMatch,
  kRequestTimeout,  ///< X-Request-Timeout-Ms
};
inline constexpr std::size_t kHeaders = 10;

/// A whole request as views into its session's buffers: valid until it is answered.
struct Request {
  Method method = Method::kOther;
  std::string_view target;  ///< origin form, "/path?query"
  bool http_1_0 = false;
  bool keep_alive = true;  ///< the connection goes on after the answer
  std::array<std::string_view, kHeaders> headers;
  std::string_view body;
  std::string_view source;  ///< whence it came, as SourceAddress writes it
  /// SHA-256 fingerprint of the client's certificate, lower-case hexadecimal; empty where it showed
  /// none, which is always so without TLS or without `tls_client_ca`.
  std::string_view client_certificate;
  std::string_view date_line;  ///< "Date: …\r\n"
  bool any_origin = false;     ///< the answer may be read by pages of any origin (CORS)

  std::string_view Get(Header header) const { return headers[static_cast<std::size_t>(header)]; }
};

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProblemType = "application/problem+json";

/// An answer. `headers` holds further lines, each ended by CR LF.
struct Response {
  int status = 200;
  std::string_view content_type = kJsonType;
  std::string headers;
  std::string body;
};

/// "HTTP/1.1 404 Not Found\r\n" for the codes this server sends; others get an empty reason.
std::string_view StatusLine(int status);

/// Appends the fields that every answer carries: no sniffing; where the request is one of
/// Handler::ForAnyOrigin, readable from any origin (Fetch §3.2).
void AppendCommonHeaders(const Request& request, std::string& out);

/// Ends a head: Date, Connection where it must be said, the empty line.
void AppendHeadEnd(const Request& request, std::string& out);
/// Appends "Content-Length: N\r\n".
void AppendContentLength(std::size_t bytes, std::string& out);

/// Appends the whole answer. HEAD gets the head of what GET would get.
void AppendResponse(const Request& request, const Response& response, std::string& out);

}  // namespace idnode::frontend::http
