#include <string_view>
#include <vector>

#include "idnode/v1/resolution.grpc.pb.h"
#include "node/frontend/admit_identifier.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/convert/record_wire.h"
#include "node/frontend/grpc/batch_message.h"
#include "node/frontend/grpc/rpc_services.h"
#include "node/frontend/guard.h"

namespace idnode::frontend::rpc {
namespace {

// A batch up to this many identifiers is read on the I/O thread of a local engine; a larger one
// would keep other calls waiting.
constexpr int kInlineIdentifiersMax = 64;
// A thread keeps its buffers from call to call, unless a record was larger than this.
constexpr std::size_t kKeptRecordBytesMax = 256U << 10;
// A request holds one identifier; what is much longer than the longest is not even parsed.
constexpr std::size_t kResolveBytesMax = 16U << 10;

// Resolve, the hot one, takes and gives bytes: a response message would cost as much as the
// look-up's own work.
using Base = v1::ResolutionService::WithRawCallbackMethod_Resolve<
    v1::ResolutionService::WithCallbackMethod_BatchResolve<
        v1::ResolutionService::WithCallbackMethod_ListIdentifiers<
            v1::ResolutionService::WithCallbackMethod_GetHistory<v1::ResolutionService::Service>>>>;

class ResolutionGrpc final : public Base {
 public:
  explicit ResolutionGrpc(Face& face)
      : face_(face),
        resolution_(face.services.resolution),
        resolve_(face.services.metrics, "Resolve"),
        batch_resolve_(face.services.metrics, "BatchResolve"),
        list_(face.services.metrics, "ListIdentifiers"),
        history_(face.services.metrics, "GetHistory") {}

  grpc::ServerUnaryReactor* Resolve(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    UnaryCall call(face_, resolve_, *context);
    if (!call.Begin()) return call.reactor();
    if (face_.options.local_reads) {
      call.Finish(Guarded(
          [&] { return ResolveOne(*request, *call.caller(), call.deadline(), *response); }));
      return call.reactor();
    }
    call.Run(false, [this, call, request, response] {
      return ResolveOne(*request, *call.caller(), call.deadline(), *response);
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* BatchResolve(grpc::CallbackServerContext* context,
                                         const v1::BatchResolveRequest* request,
                                         v1::BatchResolveResponse* response) override {
    UnaryCall call(face_, batch_resolve_, *context);
    if (!call.Begin()) return call.reactor();
    const bool here =
        face_.options.local_reads && request->identifiers_size() <= kInlineIdentifiersMax;
    call.Run(here, [this, call, request, response]() -> Result<void> {
      const std::vector<std::string_view> identifiers(request->identifiers().begin(),
                                                      request->identifiers().end());
      auto results = resolution_.BatchResolve(identifiers, *call.caller(), call.deadline());
      if (!results.ok()) return results.error();
      AdmitIdentifiers(face_.services, *call.caller(), identifiers, *results);
      FillBatchResolve(*request, *results, *response, ViewerOf(call));
      return {};
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* ListIdentifiers(grpc::CallbackServerContext* context,
                                            const v1::ListIdentifiersRequest* request,
                                            v1::ListIdentifiersResponse* response) override {
    UnaryCall call(face_, list_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response]() -> Result<void> {
      auto page = resolution_.List(request->prefix(), request->page_size(), request->page_token(),
                                   *call.caller(), call.deadline());
      if (!page.ok()) return page.error();
      AdmitIdentifiers(face_.services, *call.caller(), *page);
      return FillList(*page, *response, ViewerOf(call));
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* GetHistory(grpc::CallbackServerContext* context,
                                       const v1::GetHistoryRequest* request,
                                       v1::GetHistoryResponse* response) override {
    UnaryCall call(face_, history_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response]() -> Result<void> {
      IDNODE_RETURN_IF_ERROR(
          AdmitIdentifier(face_.services, *call.caller(), request->identifier()));
      auto page = resolution_.History(request->identifier(), request->page_size(),
                                      request->page_token(), *call.caller(), call.deadline());
      if (!page.ok()) return page.error();
      return FillHistory(*page, *response);
    });
    return call.reactor();
  }

 private:
  service::Viewer ViewerOf(const UnaryCall& call) const {
    return {face_.services.admin.disclosure, *call.caller()};
  }

  Result<void> ResolveOne(const grpc::ByteBuffer& request, const service::Caller& caller,
                          Deadline deadline, grpc::ByteBuffer& response) const {
    thread_local Kept kept;
    IDNODE_RETURN_IF_ERROR(ParseMessage(request, kResolveBytesMax, kept.request));
    IDNODE_RETURN_IF_ERROR(AdmitIdentifier(face_.services, caller, kept.request.identifier()));
    auto found = resolution_.Resolve(kept.request.identifier(), caller, deadline, kept.resolved);
    if (found.ok()) {
      const service::ResolvedRecord& resolved = kept.resolved;
      const service::Disclosure disclosure =
          face_.services.admin.disclosure.For(caller, resolved.folded(), resolved.record);
      kept.answer.clear();
      AppendResolveResponse(resolved.identifier, resolved.record, &disclosure, kept.answer);
      const grpc::Slice slice(kept.answer.data(), kept.answer.size());
      response = grpc::ByteBuffer(&slice, 1);
    }
    if (kept.resolved.bytes.capacity() > kKeptRecordBytesMax ||
        kept.answer.capacity() > kKeptRecordBytesMax) {
      kept = Kept();
    }
    return found;
  }

  // What a thread uses again.
  struct Kept {
    v1::ResolveRequest request;
    service::ResolvedRecord resolved;
    std::string answer;
  };

  Face& face_;
  const service::ResolutionService& resolution_;
  Operation resolve_;
  Operation batch_resolve_;
  Operation list_;
  Operation history_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeResolutionGrpc(Face& face) {
  return std::make_unique<ResolutionGrpc>(face);
}

}  // namespace idnode::frontend::rpc
