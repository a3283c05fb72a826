#pragma once

#include <atomic>
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
  /// Whoever answers takes this first: from then on `request` may be gone for everybody else.
  std::atomic<bool> claimed{false};

  /// True once: for the one who is to answer, where several might.
  [[nodiscard]] bool Claim() { return !claimed.exchange(true); }
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
/// A parameter of the path, decoded. Errors: kInvalidRequest with `field`.
Result<std::string> PathText(std::string_view text, std::string_view field);
/// How long the answer may take: X-Request-Timeout-Ms, at most `most`, which is also what holds
/// without it. Errors: kInvalidRequest.
Result<std::chrono::milliseconds> TimeoutOf(const Request& request, std::chrono::milliseconds most);
/// 200 with a JSON body that no cache keeps.
Response JsonResponse(std::string body);

/// `/v1/…`: the contract of gRPC as JSON. Translates and holds no rules. Thread-safe.
class V1Handler {
 public:
  struct Options {
    std::chrono::milliseconds request_timeout;
    std::chrono::milliseconds recount_max;  ///< longest recount
    bool local_reads = true;
  };

  /// What is referred to outlives the handler and every call under way. `logins` checks passwords,
  /// which takes long: nobody else is to wait for it.
  V1Handler(Options options, const service::Services& services, const ResolutionHandler& resolution,
            WorkerPool& workers, WorkerPool& logins, OperationMetrics& metrics)
      : options_(options),
        services_(services),
        resolution_(resolution),
        workers_(workers),
        logins_(logins),
        metrics_(metrics) {}

  /// Answers at once or defers. `match.operation` is one of /v1.
  void Handle(Exchange& exchange, const Match& match, std::string_view query,
              std::chrono::steady_clock::time_point start);

  /// Ends recounts under way: they change nothing and may be repeated.
  void BeginDrain() { draining_.store(true); }

  /// Who asks, by the Authorization field, else by the client's certificate.
  /// Errors: kUnauthenticated, kRateLimited.
  Result<service::CallerRef> Authenticate(const Request& request) const;

 private:
  Result<V1CallRef> NewCall(const Request& request, const Match& match, std::string_view query,
                            std::chrono::steady_clock::time_point start) const;
  void Finish(V1Call& call, const Response& response);
  void FinishAnswer(V1Call& call, int status, std::string answer);
  void OnWorker(WorkerPool& pool, const V1CallRef& call, std::function<void()> work);
  void RunDeferred(const V1CallRef& call);

  void GetIdentifier(V1Call& call);
  Response History(const V1Call& call) const;
  Response ListIdentifiers(const V1Call& call) const;
  Response BatchResolve(const V1Call& call) const;
  Response GetVolume(const V1Call& call) const;

  // v1_operation.cc:
  Response Recount(const V1Call& call);
  Response GetStatus(const V1Call& call) const;

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
  WorkerPool& logins_;
  OperationMetrics& metrics_;
  std::atomic<int> recounts_{0};
  std::atomic<bool> draining_{false};
};

}  // namespace idnode::frontend::http
