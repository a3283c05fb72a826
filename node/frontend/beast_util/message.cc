#include "node/frontend/beast_util/message.h"

#include <charconv>

namespace idnode::frontend::http {

std::string_view MethodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return {};
}

std::string_view StatusLine(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 201:
      return "HTTP/1.1 201 Created\r\n";
    case 204:
      return "HTTP/1.1 204 No Content\r\n";
    case 302:
      return "HTTP/1.1 302 Found\r\n";
    case 304:
      return "HTTP/1.1 304 Not Modified\r\n";
    case 307:
      return "HTTP/1.1 307 Temporary Redirect\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 406:
      return "HTTP/1.1 406 Not Acceptable\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 410:
      return "HTTP/1.1 410 Gone\r\n";
    case 412:
      return "HTTP/1.1 412 Precondition Failed\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 415:
      return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 421:
      return "HTTP/1.1 421 Misdirected Request\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 504:
      return "HTTP/1.1 504 Gateway Timeout\r\n";
    case 507:
      return "HTTP/1.1 507 Insufficient Storage\r\n";
    default:
      return "HTTP/1.1 500 Internal Server Error\r\n";
  }
}

void AppendCommonHeaders(const Request& request, std::string& out) {
  out.append("X-Content-Type-Options: nosniff\r\n");
  if (request.any_origin) out.append("Access-Control-Allow-Origin: *\r\n");
}

void AppendHeadEnd(const Request& request, std::string& out) {
  out.append(request.date_line);
  if (!request.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (request.http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

void AppendContentLength(std::size_t bytes, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes).ptr;
  out.append("Content-Length: ");
  out.append(digits.data(), end);
  out.append("\r\n");
}

void AppendResponse(const Request& request, const Response& response, std::string& out) {
  out.append(StatusLine(response.status));
  // RFC 9110 §15.4.5, §8.6: 204 and 304 carry neither content nor its length.
  const bool bodyless = response.status == 204 || response.status == 304;
  if (!bodyless) {
    if (!response.body.empty()) {
      out.append("Content-Type: ");
      out.append(response.content_type);
      out.append("\r\n");
    }
    AppendContentLength(response.body.size(), out);
  }
  out.append(response.headers);
  AppendCommonHeaders(request, out);
  AppendHeadEnd(request, out);
  if (!bodyless && request.method != Method::kHead) out.append(response.body);
}

}  // namespace idnode::frontend::http
