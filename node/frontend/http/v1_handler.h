#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "node/base/worker_pool.h"
#include "node/frontend/beast_util/handler.h"
#include "node/frontend/http/operation_metrics.h"
#include "node/frontend/http/resolution_handler.h"
#include "node/frontend/http/router.h"
#include "node/frontend/http/url.h"
#include "node/service/services.h"

namespace idnode::frontend::http {

/// One /v1 request under way. Its request's views live until it is finished.
struct V1Call {
  const Request* request = nullptr;
  Match match;
  Query query;
  std::string_view query_text;
  service::CallerRef caller;
  std::chrono::steady_clock::time_point start;
  Deadline deadline;
  std::shared_ptr<Completion> completion;  ///< null while the answer can be given at once
  bool finished = false;                   ///< `request` is no longer valid
};
using V1CallRef = std::shared_ptr<V1Call>;

/// "prefix/suffix" of a route that names an identifier, as written in the path.
std::string_view IdentifierText(const Match& match);
/// The same, decoded. Errors: kInvalidIdentifier.
Result<std::string> IdentifierOf(const Match& match);
/// Errors: kUnsupportedMedia unless the body is JSON without a content coding.
Result<void> CheckJsonBody(const Request& request);
/// The body as `message`; the query must be empty. Errors: kInvalidRequest, kUnsupportedMedia.
Result<void> ReadJson(const V1Call& call, google::protobuf::Message& message);

/// `/v1/…`: the contract of gRPC as JSON. Translates and holds no rules. Thread-safe.
class V1Handler {
 public:
  struct Options {
    std::chrono::milliseconds request_timeout;
    bool local_reads = true;
  };

  /// What is referred to outlives the handler and every call under way.
  V1Handler(Options options, const service::Services& services, const ResolutionHandler& resolution,
            WorkerPool& workers, OperationMetrics& metrics)
      : options_(options),
        services_(services),
        resolution_(resolution),
        workers_(workers),
        metrics_(metrics) {}

  /// Answers at once or defers. `match.operation` is one of /v1.
  void Handle(Exchange& exchange, const Match& match, std::string_view query,
              std::chrono::steady_clock::time_point start);

  /// Who asks, by the Authorization field. Errors: kUnauthenticated.
  Result<service::CallerRef> Authenticate(const Request& request) const;

 private:
  Result<V1CallRef> NewCall(const Request& request, const Match& match, std::string_view query,
                            std::chrono::steady_clock::time_point start) const;
  void Finish(V1Call& call, const Response& response);
  void FinishAnswer(V1Call& call, int status, std::string answer);
  void OnWorker(const V1CallRef& call, std::function<void()> work);
  void RunDeferred(const V1CallRef& call);

  void GetIdentifier(V1Call& call);
  Response History(const V1Call& call) const;
  Response ListIdentifiers(const V1Call& call) const;
  Response BatchResolve(const V1Call& call) const;
  Response GetVolume(const V1Call& call) const;
  Response ListApplications(const V1Call& call) const;
  Response CreateApplication(const V1Call& call) const;
  Response RevokeApplication(const V1Call& call) const;
  Response ListPrefixes(const V1Call& call) const;
  Response AdmitPrefix(const V1Call& call) const;

  // v1_registration.cc:
  void SubmitBatchOperation(const V1CallRef& call);
  template <typename ProtoRequest>
  void SubmitBatch(const V1CallRef& call);
  void SubmitUpdate(const V1CallRef& call);
  void SubmitDelete(const V1CallRef& call);
  template <typename ProtoRequest>
  void SubmitSingle(const V1CallRef& call, const std::string& identifier,
                    const ProtoRequest& request);
  Result<std::uint32_t> ExpectedRevision(const V1Call& call, const std::string& identifier,
                                         std::uint32_t given) const;

  const Options options_;
  const service::Services& services_;
  const ResolutionHandler& resolution_;
  WorkerPool& workers_;
  OperationMetrics& metrics_;
};

}  // namespace idnode::frontend::http
