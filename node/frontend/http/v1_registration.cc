// Registration over /v1: batches, and single identifiers as batches of one.
#include <memory>
#include <utility>

#include "idnode/v1/registration.pb.h"
#include "node/frontend/admit_identifier.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/http/conditional.h"
#include "node/frontend/http/json_writer.h"
#include "node/frontend/http/proto_json.h"
#include "node/frontend/http/v1_handler.h"

namespace idnode::frontend::http {
namespace {

// Answers of up to so many items are written on the committer's thread; longer ones on a worker's.
constexpr std::size_t kInlineAnswerItemsMax = 256;
// An item of the answer takes about so many bytes.
constexpr std::size_t kItemBytes = 96;

template <typename ProtoRequest>
Response BatchAnswer(const Request& request, const ProtoRequest& message,
                     const Result<service::BatchResult>& batch) {
  if (!batch.ok()) return Problem(request, batch.error());
  Response response;
  response.headers = "Cache-Control: no-store\r\n";
  std::string& body = response.body;
  body.reserve(batch->results.size() * kItemBytes + 64);
  body.append("{\"results\":[");
  for (std::size_t i = 0; i < batch->results.size(); ++i) {
    if (i > 0) body.push_back(',');
    AppendItemResult(batch->results[i], message.items(static_cast<int>(i)).identifier(), body);
  }
  body.push_back(']');
  if (!message.request_id().empty()) {
    body.append(",\"requestId\":");
    AppendJsonString(message.request_id(), body);
  }
  body.push_back('}');
  return response;
}

// The outcome of one item as a status of its own.
Response SingleAnswer(const Request& request, const std::string& identifier,
                      const Result<service::BatchResult>& batch) {
  if (!batch.ok()) return Problem(request, batch.error());
  const service::ItemResult& item = batch->results.at(0);
  switch (item.outcome) {
    case service::Outcome::kNotFound:
      return Problem(request, Error(Errc::kIdentifierNotFound, "the identifier is not registered",
                                    "identifier"));
    case service::Outcome::kConflict:
      return Problem(request, Error(Errc::kPreconditionFailed, item.detail, item.field));
    case service::Outcome::kRejected:
      return Problem(request, Error(item.reason, item.detail, item.field));
    case service::Outcome::kUndetermined:
      return Problem(request, Error(Errc::kUndetermined, item.detail, item.field));
    case service::Outcome::kRegistered:
    case service::Outcome::kReRegistered:
    case service::Outcome::kUnchanged:
    case service::Outcome::kUpdated:
    case service::Outcome::kDeleted:
    case service::Outcome::kStateChanged:
      break;
    case service::Outcome::kUnspecified:
      return Problem(request, Error(Errc::kInternal, "an item without an outcome"));
  }
  Response response;
  response.headers = "Cache-Control: no-store\r\n";
  AppendItemResult(item, identifier, response.body);
  return response;
}

Result<void> RequireCredential(const service::Caller& caller) {
  if (caller.role != service::Role::kAnonymous) return {};
  return Error(Errc::kUnauthenticated, "send Authorization: Bearer TOKEN to change identifiers");
}

}  // namespace

void V1Handler::SubmitBatchOperation(const V1CallRef& call) {
  // Before the body is parsed: strangers cost little.
  if (const auto known = RequireCredential(*call->caller); !known.ok()) {
    return Finish(*call, Problem(*call->request, known.error()));
  }
  switch (call->match.operation) {
    case Operation::kBatchUpdate:
      return SubmitBatch<v1::UpdateRequest>(call);
    case Operation::kBatchDelete:
      return SubmitBatch<v1::DeleteRequest>(call);
    case Operation::kBatchSetState:
      return SubmitBatch<v1::SetStateRequest>(call);
    default:
      return SubmitBatch<v1::BatchRegisterRequest>(call);
  }
}

template <typename ProtoRequest>
void V1Handler::SubmitBatch(const V1CallRef& call) {
  const Request& request = *call->request;
  auto message = std::make_shared<ProtoRequest>();
  if (const auto read = ReadJson(*call, *message); !read.ok()) {
    return Finish(*call, Problem(request, read.error()));
  }
  // The bound on a batch is on its binary size, whichever face it comes through.
  auto batch = ToBatch(*message, message->ByteSizeLong(), call->caller, services_.registration,
                       request.source);
  if (!batch.ok()) return Finish(*call, Problem(request, batch.error()));
  auto done = [this, call, message](Result<service::BatchResult> result) {
    if (!call->Claim()) return;
    const std::size_t items = result.ok() ? result->results.size() : 0;
    auto shared = std::make_shared<Result<service::BatchResult>>(std::move(result));
    auto answer = [this, call, message, shared] {
      Finish(*call, BatchAnswer(*call->request, *message, *shared));
    };
    // Where the workers are busy the answer is written here: it must not be lost.
    if (items <= kInlineAnswerItemsMax || !workers_.TrySubmit(answer)) answer();
  };
  services_.registration.Submit(*std::move(batch), call->deadline, std::move(done));
}

template <typename ProtoRequest>
void V1Handler::SubmitSingle(const V1CallRef& call, const std::string& identifier,
                             const ProtoRequest& message) {
  auto batch = ToBatch(message, message.ByteSizeLong(), call->caller, services_.registration,
                       call->request->source);
  if (!batch.ok()) return Finish(*call, Problem(*call->request, batch.error()));
  auto done = [this, call, identifier](const Result<service::BatchResult>& result) {
    if (call->Claim()) Finish(*call, SingleAnswer(*call->request, identifier, result));
  };
  services_.registration.Submit(*std::move(batch), call->deadline, std::move(done));
}

Result<std::uint32_t> V1Handler::ExpectedRevision(const V1Call& call, const std::string& identifier,
                                                  std::uint32_t given) const {
  const std::string_view if_match = call.request->Get(Header::kIfMatch);
  if (if_match.empty() || if_match == "*") return given;
  IDNODE_RETURN_IF_ERROR(AdmitIdentifier(services_, *call.caller, identifier));
  const auto tag = resolution_.CurrentTag(identifier, *call.caller, call.deadline);
  if (!tag.ok()) return tag.error();
  const bool holds = EtagMatches(if_match, tag->etag) && (given == 0 || given == tag->revision);
  if (!holds) {
    return Error(Errc::kPreconditionFailed,
                 "the record is not the one that If-Match names; read it again", "If-Match");
  }
  return tag->revision;
}

void V1Handler::SubmitUpdate(const V1CallRef& call) {
  const Request& request = *call->request;
  const auto refuse = [&](const Error& error) { Finish(*call, Problem(request, error)); };
  if (const auto known = RequireCredential(*call->caller); !known.ok())
    return refuse(known.error());
  const auto identifier = IdentifierOf(call->match);
  if (!identifier.ok()) return refuse(identifier.error());
  v1::UpdateRequest message;
  v1::UpdateItem& item = *message.add_items();
  if (const auto read = ReadJson(*call, item); !read.ok()) return refuse(read.error());
  if (!item.identifier().empty() && item.identifier() != *identifier) {
    return refuse(Error(Errc::kInvalidRequest,
                        "the path names another identifier; leave the field out", "identifier"));
  }
  item.set_identifier(*identifier);
  const auto revision = ExpectedRevision(*call, *identifier, item.expected_revision());
  if (!revision.ok()) return refuse(revision.error());
  item.set_expected_revision(*revision);
  SubmitSingle(call, *identifier, message);
}

void V1Handler::SubmitDelete(const V1CallRef& call) {
  const auto refuse = [&](const Error& error) { Finish(*call, Problem(*call->request, error)); };
  if (const auto known = RequireCredential(*call->caller); !known.ok())
    return refuse(known.error());
  if (const auto known = call->query.Only({"expectedRevision"}); !known.ok())
    return refuse(known.error());
  const auto identifier = IdentifierOf(call->match);
  if (!identifier.ok()) return refuse(identifier.error());
  const auto given = call->query.Number("expectedRevision");
  if (!given.ok()) return refuse(given.error());
  const auto revision = ExpectedRevision(*call, *identifier, *given);
  if (!revision.ok()) return refuse(revision.error());
  v1::DeleteRequest message;
  v1::DeleteItem& item = *message.add_items();
  item.set_identifier(*identifier);
  item.set_expected_revision(*revision);
  SubmitSingle(call, *identifier, message);
}

}  // namespace idnode::frontend::http
