#include "node/frontend/http/resolution_handler.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "node/frontend/admit_identifier.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/http/conditional.h"
#include "node/frontend/http/url.h"

namespace idnode::frontend::http {
namespace {

// Memory that a thread uses again for each answer.
struct Scratch {
  service::ResolvedRecord resolved;
  std::string decoded;
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

// The URL value of the lowest index that `disclosure` shows and that a Location may carry.
std::optional<std::string> RedirectLocation(const RecordView& record,
                                            const service::Disclosure& disclosure) {
  ValueReader reader = record.values();
  ValueView value;
  while (reader.Next(value)) {
    if (value.type != "URL" || !disclosure.SeesValue(value)) continue;
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

// The route as a member of a problem.
std::string RouteMember(const service::PrefixRoute& route) {
  std::string json = "\"route\":{\"address\":";
  AppendJsonString(route.address, json);
  const auto add = [&](std::string_view name, std::uint16_t port) {
    if (port != 0) json.append(name).append(std::to_string(port));
  };
  add(",\"tcpPort\":", route.tcp_port);
  add(",\"udpPort\":", route.udp_port);
  add(",\"httpPort\":", route.http_port);
  return json + "}";
}

// Where a self-hosted prefix's own node has the identifier; nullopt where it serves no HTTP.
std::optional<std::string> ReferralLocation(const service::PrefixRoute& route,
                                            std::string_view encoded_identifier) {
  if (route.http_port == 0) return std::nullopt;
  const bool v6 = route.address.find(':') != std::string::npos;
  std::string url = "http://";
  url.append(v6 ? "[" : "").append(route.address).append(v6 ? "]:" : ":");
  url.append(std::to_string(route.http_port)).append("/").append(encoded_identifier);
  return SafeLocation(url);
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
  const service::Caller& caller = call.caller ? *call.caller : *kAnonymous;
  if (const auto admitted = AdmitIdentifier(services_, caller, *identifier); !admitted.ok()) {
    return AppendProblem(request, admitted.error(), out);
  }
  service::ResolvedRecord& resolved = scratch.resolved;
  if (const Result<void> found =
          services_.resolution.Resolve(*identifier, caller, call.deadline, resolved);
      !found.ok()) {
    return found.code() == Errc::kSelfHosted
               ? AppendReferral(request, call, resolved.folded(), found.error(), out)
               : AppendProblem(request, found.error(), out);
  }
  const RecordView& record = resolved.record;
  // A client certificate identifies too, without the field that caches look at.
  const bool authenticated =
      caller.role != service::Role::kAnonymous || !request.Get(Header::kAuthorization).empty();
  const service::DisclosurePolicy& policy = services_.admin.disclosure;
  const service::Disclosure disclosure = policy.For(caller, resolved.folded(), record);
  if (call.public_face) {
    if (record.state == State::kRevoked) {
      return AppendProblem(
          request, Error(Errc::kIdentifierRevoked, "the identifier was revoked", "identifier"),
          out);
    }
    const Result<int> redirect = RedirectAsked(request, call.query, redirect_status_);
    if (!redirect.ok()) return AppendProblem(request, redirect.error(), out);
    if (*redirect != 0) {
      // One goes where everybody goes, whoever asks.
      const service::Disclosure everybodys =
          authenticated ? policy.For(*kAnonymous, resolved.folded(), record) : disclosure;
      if (const auto location = RedirectLocation(record, everybodys)) {
        return AppendRedirect(request, record, authenticated, *redirect, *location, out);
      }
    }
  }

  // The tag is of what is shown, so that is made first; it costs little beside the rest.
  scratch.body.clear();
  AppendRecord(resolved.identifier, record, &disclosure, scratch.body);
  scratch.etag.clear();
  AppendEtag(scratch.body, scratch.etag);
  const std::string_view if_none_match = request.Get(Header::kIfNoneMatch);
  const bool same = !if_none_match.empty() && EtagListed(if_none_match, scratch.etag);
  if (same) {
    out.append(StatusLine(304));
  } else {
    out.append(StatusLine(200));
    out.append("Content-Type: application/json\r\n");
    AppendContentLength(scratch.body.size(), out);
  }
  out.append("ETag: ").append(scratch.etag).append("\r\n");
  AppendCaching(record, authenticated, out);
  AppendCommonHeaders(request, out);
  AppendHeadEnd(request, out);
  if (!same && request.method != Method::kHead) out.append(scratch.body);
  if (scratch.body.capacity() > kBodyKeptBytesMax) scratch.body = std::string();
  if (resolved.bytes.capacity() > kBodyKeptBytesMax) resolved = service::ResolvedRecord();
  return same ? 304 : 200;
}

int ResolutionHandler::AppendReferral(const Request& request, const ResolutionCall& call,
                                      std::string_view folded_identifier, const Error& error,
                                      std::string& out) const {
  const auto route =
      services_.prefixes.RouteOf(folded_identifier.substr(0, folded_identifier.find('/')));
  if (route == nullptr) return AppendProblem(request, error, out);  // hosted here since
  if (call.public_face) {
    const Result<int> redirect = RedirectAsked(request, call.query, redirect_status_);
    if (!redirect.ok()) return AppendProblem(request, redirect.error(), out);
    const auto location = *redirect != 0 ? ReferralLocation(*route, call.identifier) : std::nullopt;
    if (location) {
      Response response;
      response.status = 307;
      response.headers.append("Location: ").append(*location).append("\r\n");
      response.headers.append("Cache-Control: no-store\r\n");  // routes change at once
      AppendResponse(request, response, out);
      return response.status;
    }
  }
  const Response response = Problem(request, error, RouteMember(*route));
  AppendResponse(request, response, out);
  return response.status;
}

Result<ResolutionHandler::Tag> ResolutionHandler::CurrentTag(std::string_view identifier,
                                                             const service::Caller& caller,
                                                             Deadline deadline) const {
  Scratch& scratch = ThreadScratch();
  const service::ResolvedRecord& resolved = scratch.resolved;
  IDNODE_RETURN_IF_ERROR(
      services_.resolution.Resolve(identifier, caller, deadline, scratch.resolved));
  const service::Disclosure disclosure =
      services_.admin.disclosure.For(caller, resolved.folded(), resolved.record);
  scratch.body.clear();
  AppendRecord(resolved.identifier, resolved.record, &disclosure, scratch.body);
  Tag tag;
  AppendEtag(scratch.body, tag.etag);
  tag.revision = resolved.record.revision;
  return tag;
}

}  // namespace idnode::frontend::http
