#pragma once

// Internal to this folder: one request under way, and the functions that answer each endpoint.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/frontend/beast_util/handler.h"
#include "node/frontend/http/snms/endpoint.h"
#include "node/frontend/http/snms/envelope.h"
#include "node/frontend/http/snms/file_store.h"
#include "node/frontend/http/snms/item.h"
#include "node/frontend/http/snms/snms_handler.h"
#include "node/frontend/http/url.h"
#include "node/service/actor.h"
#include "node/service/services.h"

namespace idnode::frontend::http::snms {

/// The request's views live until it is answered.
struct Call {
  const Request* request = nullptr;
  Endpoint endpoint = Endpoint::kNone;
  std::string_view path;
  Query query;
  service::CallerRef caller;
  std::chrono::steady_clock::time_point start;
  Deadline deadline;
  std::shared_ptr<Completion> completion;  ///< null while the answer can be given at once
  std::atomic<bool> claimed{false};

  /// True once: for the one who is to answer, where several might.
  [[nodiscard]] bool Claim() { return !claimed.exchange(true); }
  service::Actor actor() const { return {caller, std::string(request->source)}; }
  /// A parameter of the query; empty where it is absent or empty: both mean "not given".
  std::string Parameter(std::string_view name) const;
};
using CallRef = std::shared_ptr<Call>;

/// What answering needs. `files` is null where uploads are switched off.
struct Context {
  const SnmsOptions& options;
  const service::Services& services;
  FileStore* files;
};

// identity.cc. Takes some 0.1 s.
Result<Reply> Login(const Context& context, const Call& call);
Result<Reply> LoginDaily(const Context& context, const Call& call);

// read.cc
Result<Reply> Detail(const Context& context, const Call& call);
Result<Reply> Resolve(const Context& context, const Call& call);

// data.cc
/// A change of identifiers, ready for the registration service, and what its answer needs.
struct Change {
  std::unique_ptr<service::Batch> batch;
  std::vector<std::string> handles;           ///< as sent, one an item
  std::vector<std::optional<Error>> refused;  ///< what this face itself refused, one an item
  std::vector<Item> items;                    ///< of a registration: to compare repeats with
};
/// Reads the body. Errors: those of the request as a whole.
Result<Change> ReadChange(const Context& context, const Call& call);
/// True if the answer needs to read records: where a repeat may have met a newer template.
bool NeedsReading(const Call& call, const Change& change,
                  const Result<service::BatchResult>& result);
/// `may_read`: whether this thread may read records; otherwise items that would need it are
/// answered as undetermined.
Reply ChangeReply(const Context& context, const Call& call, const Change& change,
                  const Result<service::BatchResult>& result, bool may_read);

// template.cc
Result<Reply> GetTemplate(const Context& context, const Call& call);
Result<Reply> CreateTemplate(const Context& context, const Call& call);
Result<Reply> UpdateTemplate(const Context& context, const Call& call);
Result<Reply> DeleteTemplate(const Context& context, const Call& call);

// enterprise.cc
Result<Reply> ApplyEnterprise(const Context& context, const Call& call);
Result<Reply> UpgradeEnterprise(const Context& context, const Call& call);
// enterprise_read.cc
Result<Reply> PageEnterprises(const Context& context, const Call& call);
Result<Reply> EnterpriseDetail(const Context& context, const Call& call);

// prefix.cc
Result<Reply> ConfigureEnterprise(const Context& context, const Call& call);
Result<Reply> QueryPrefix(const Context& context, const Call& call);
Result<Reply> PagePrefixes(const Context& context, const Call& call);

// file.cc
Result<Reply> UploadFile(const Context& context, const Call& call);

}  // namespace idnode::frontend::http::snms
