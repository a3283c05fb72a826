#include "node/frontend/http/resolution_handler.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "node/base/text.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/http/conditional.h"
#include "node/frontend/http/url.h"

namespace idnode::frontend::http {
namespace {

// Memory that a thread uses again for each answer.
struct Scratch {
  service::ResolvedRecord resolved;
  std::string decoded;
  std::string folded;
  std::string etag;
  std::string body;
};

Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

// A body beyond this is not kept for the next answer.
constexpr std::size_t kBodyKeptBytesMax = 256 * 1024;

int AppendProblem(const Request& request, const Error& error, std::string& out) {
  const Response response = Problem(request, error);
  AppendResponse(request, response, out);
  return response.status;
}

Visibility VisibilityOf(const ResolutionCall& call, Scratch& scratch) {
  if (!call.caller || call.caller->role == service::Role::kAnonymous) return Visibility::kPublic;
  scratch.folded.clear();
  AppendAsciiFolded(scratch.folded, scratch.resolved.identifier);
  const std::string_view folded = scratch.folded;
  return VisibilityFor(*call.caller, folded.substr(0, folded.find('/')));
}

// The URL value of the lowest index that anyone may read and that a Location may carry.
std::optional<std::string> RedirectLocation(const RecordView& record) {
  ValueReader reader = record.values();
  ValueView value;
  while (reader.Next(value)) {
    if (value.type != "URL" || (value.permissions & kPublicRead) == 0) continue;
    if (auto location = SafeLocation(value.data)) return location;
  }
  return std::nullopt;
}

// What the client asks for: 0 no redirect, else the status. `redirect` is the query parameter.
Result<int> RedirectAsked(const Request& request, std::string_view query, int default_status) {
  if (!query.empty()) {
    // Codes are printed with whatever parameters shops add: others than ours are passed over.
    const Result<Query> parsed = Query::Parse(query);
    const std::string* asked = parsed.ok() ? parsed->Find("redirect") : nullptr;
    if (asked != nullptr) {
      if (*asked == "true") return default_status;
      if (*asked == "302") return 302;
      if (*asked == "307") return 307;
      if (*asked == "false") return 0;
      return Error(Errc::kInvalidRequest, "redirect is true, false, 302 or 307", "redirect");
    }
  }
  switch (Negotiate(request.Get(Header::kAccept))) {
    case Wanted::kHtml:
      return default_status;
    case Wanted::kOther:
      return Error(Errc::kNotAcceptable, "records come as application/json; ask for it or for */*",
                   "Accept");
    case Wanted::kJson:
      break;
  }
  return 0;
}

void AppendCaching(const RecordView& record, bool authenticated, std::string& out) {
  if (authenticated) {
    out.append("Cache-Control: private, no-cache\r\n");
  } else {
    std::array<char, 12> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), CacheSeconds(record)).ptr;
    out.append("Cache-Control: public, max-age=").append(digits.data(), end).append("\r\n");
  }
  out.append("Vary: Accept, Authorization\r\n");
}

int AppendRedirect(const Request& request, const RecordView& record, bool authenticated, int status,
                   const std::string& location, std::string& out) {
  Response response;
  response.status = status;
  response.headers.append("Location: ").append(location).append("\r\n");
  AppendCaching(record, authenticated, response.headers);
  AppendResponse(request, response, out);
  return status;
}

}  // namespace

int ResolutionHandler::Answer(const Request& request, const ResolutionCall& call,
                              std::string& out) const {
  Scratch& scratch = ThreadScratch();
  const auto identifier = PercentDecode(call.identifier, scratch.decoded);
  if (!identifier) {
    return AppendProblem(
        request,
        Error(Errc::kInvalidIdentifier, "the path holds a malformed percent escape; write % as %25",
              "identifier"),
        out);
  }
  static const service::CallerRef kAnonymous = service::Anonymous();
  const service::CallerRef& caller = call.caller ? call.caller : kAnonymous;
  service::ResolvedRecord& resolved = scratch.resolved;
  if (const Result<void> found =
          services_.resolution.Resolve(*identifier, *caller, call.deadline, resolved);
      !found.ok()) {
    return AppendProblem(request, found.error(), out);
  }
  const RecordView& record = resolved.record;
  const Visibility visibility = VisibilityOf(call, scratch);
  const bool authenticated = !request.Get(Header::kAuthorization).empty();
  if (call.public_face) {
    if (record.state == State::kRevoked) {
      return AppendProblem(
          request, Error(Errc::kIdentifierRevoked, "the identifier was revoked", "identifier"),
          out);
    }
    const Result<int> redirect = RedirectAsked(request, call.query, redirect_status_);
    if (!redirect.ok()) return AppendProblem(request, redirect.error(), out);
    if (*redirect != 0) {
      if (const auto location = RedirectLocation(record)) {
        return AppendRedirect(request, record, authenticated, *redirect, *location, out);
      }
    }
  }

  scratch.etag.clear();
  AppendEtag(resolved.bytes, visibility, scratch.etag);
  const std::string_view if_none_match = request.Get(Header::kIfNoneMatch);
  const bool same = !if_none_match.empty() && EtagListed(if_none_match, scratch.etag);
  if (same) {
    out.append(StatusLine(304));
  } else {
    scratch.body.clear();
    AppendRecord(resolved.identifier, record, visibility, scratch.body);
    out.append(StatusLine(200));
    out.append("Content-Type: application/json\r\n");
    AppendContentLength(scratch.body.size(), out);
  }
  out.append("ETag: ").append(scratch.etag).append("\r\n");
  AppendCaching(record, authenticated, out);
  AppendCommonHeaders(request, out);
  AppendHeadEnd(request, out);
  if (same) return 304;
  if (request.method != Method::kHead) out.append(scratch.body);
  if (scratch.body.capacity() > kBodyKeptBytesMax) scratch.body = std::string();
  if (resolved.bytes.capacity() > kBodyKeptBytesMax) resolved = service::ResolvedRecord();
  return 200;
}

Result<ResolutionHandler::Tag> ResolutionHandler::CurrentTag(std::string_view identifier,
                                                             const service::Caller& caller,
                                                             Deadline deadline) const {
  Scratch& scratch = ThreadScratch();
  IDNODE_RETURN_IF_ERROR(
      services_.resolution.Resolve(identifier, caller, deadline, scratch.resolved));
  scratch.folded.clear();
  AppendAsciiFolded(scratch.folded, scratch.resolved.identifier);
  const std::string_view folded = scratch.folded;
  Tag tag;
  AppendEtag(scratch.resolved.bytes, VisibilityFor(caller, folded.substr(0, folded.find('/'))),
             tag.etag);
  tag.revision = scratch.resolved.record.revision;
  return tag;
}

}  // namespace idnode::frontend::http
