#pragma once

#include <string>
#include <string_view>

#include "node/frontend/beast_util/message.h"
#include "node/frontend/http/json_writer.h"
#include "node/service/services.h"

namespace idnode::frontend::http {

/// One identifier asked for.
struct ResolutionCall {
  std::string_view identifier;  ///< as in the path, percent-encoded
  std::string_view query;
  /// `/{prefix}/{suffix}`: redirects, hides revoked records. Otherwise `/v1/identifiers/…`.
  bool public_face = true;
  service::CallerRef caller;  ///< null: anonymous
  Deadline deadline;
};

/// Answers with one record, or with a referral to the node that a self-hosted prefix names: 307
/// where a browser asks and the route has an HTTP port, else the problem "self-hosted" with the
/// route in it. Stateless but for scratch memory of the thread; thread-safe.
class ResolutionHandler {
 public:
  ResolutionHandler(const service::Services& services, int redirect_status)
      : services_(services), redirect_status_(redirect_status) {}

  /// Appends the whole answer to `out`; gives its status. The hot path: in the steady state it
  /// allocates nothing.
  int Answer(const Request& request, const ResolutionCall& call, std::string& out) const;

  /// The entity tag of a record as the caller sees it, and the record's revision, for If-Match.
  struct Tag {
    std::string etag;
    std::uint32_t revision = 0;
  };
  Result<Tag> CurrentTag(std::string_view identifier, const service::Caller& caller,
                         Deadline deadline) const;

 private:
  int AppendReferral(const Request& request, const ResolutionCall& call,
                     std::string_view folded_identifier, const Error& error,
                     std::string& out) const;

  const service::Services& services_;
  const int redirect_status_;
};

}  // namespace idnode::frontend::http
