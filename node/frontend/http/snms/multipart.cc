#include "node/frontend/http/snms/multipart.h"

#include <algorithm>
#include <string>

#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/http/snms/envelope.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::string_view kCrLf = "\r\n";

Error BadForm() { return Refusal("请求体不是合法的表单（multipart/form-data）"); }

std::string_view Unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// The value of a parameter of a field such as `form-data; name="file"; filename="a.png"`. A
// semicolon inside quotes belongs to the value.
std::string_view ParameterOf(std::string_view field, std::string_view wanted) {
  bool quoted = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= field.size(); ++i) {
    if (i < field.size() && field[i] == '"') quoted = !quoted;
    if (i < field.size() && (field[i] != ';' || quoted)) continue;
    const std::string_view part = Trim(field.substr(from, i - from));
    from = i + 1;
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos &&
        EqualsIgnoringCase(Trim(part.substr(0, equals)), wanted)) {
      return Unquoted(Trim(part.substr(equals + 1)));
    }
  }
  return {};
}

// The Content-Disposition among the head lines of a part.
std::string_view DispositionOf(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = head.find(kCrLf);
    const std::string_view line = head.substr(0, end);
    head = end == std::string_view::npos ? std::string_view() : head.substr(end + kCrLf.size());
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        EqualsIgnoringCase(Trim(line.substr(0, colon)), "content-disposition")) {
      return Trim(line.substr(colon + 1));
    }
  }
  return {};
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

Result<std::string_view> FormBoundary(std::string_view content_type) {
  std::string_view rest = content_type;
  const Error wrong = Refusal("请以 multipart/form-data 上传文件", Errc::kUnsupportedMedia);
  if (!EqualsIgnoringCase(NextPart(rest, ';'), "multipart/form-data")) return wrong;
  const std::string_view boundary = ParameterOf(rest, "boundary");
  if (boundary.empty() || boundary.size() > kFormBoundaryBytesMax) return wrong;
  return boundary;
}

Result<FormFile> FindFormFile(std::string_view body, std::string_view boundary,
                              std::string_view name) {
  const std::string delimiter = std::string("--").append(boundary);
  const std::string next_delimiter = std::string(kCrLf).append(delimiter);
  // RFC 2046 §5.1.1: what stands before the first delimiter is passed over.
  std::size_t at = 0;
  if (!StartsWith(body, delimiter)) {
    at = body.find(next_delimiter);
    if (at == std::string_view::npos) return BadForm();
    at += kCrLf.size();
  }
  std::string_view rest = body.substr(at + delimiter.size());
  for (std::size_t part = 0; part < kFormPartsMax; ++part) {
    if (StartsWith(rest, "--")) return Missing(name);  // the closing delimiter
    // The end of the delimiter's line: transport padding may stand before it.
    const std::size_t line_end = rest.find(kCrLf);
    if (line_end == std::string_view::npos || !Trim(rest.substr(0, line_end)).empty()) {
      return BadForm();
    }
    // From the line end on, so that a part without head lines has its empty line as well.
    rest = rest.substr(line_end);
    const std::size_t head_end = rest.substr(0, kFormPartHeadBytesMax).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return BadForm();
    const std::string_view head = rest.substr(0, head_end);
    rest = rest.substr(head_end + 2 * kCrLf.size());
    const std::size_t end = rest.find(next_delimiter);
    if (end == std::string_view::npos) return BadForm();
    const std::string_view disposition = DispositionOf(head);
    if (ParameterOf(disposition, "name") == name) {
      return FormFile{name, ParameterOf(disposition, "filename"), rest.substr(0, end)};
    }
    rest = rest.substr(end + next_delimiter.size());
  }
  return BadForm();
}

}  // namespace idnode::frontend::http::snms
