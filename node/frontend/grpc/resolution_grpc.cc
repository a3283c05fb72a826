#include <string_view>
#include <vector>

#include "idnode/v1/resolution.grpc.pb.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

// A batch up to this many identifiers is read on the I/O thread of a local engine; a larger one
// would keep other calls waiting.
constexpr int kInlineIdentifiersMax = 64;
// A thread keeps its buffers from call to call, unless a record was larger than this.
constexpr std::size_t kKeptRecordBytesMax = 256U << 10;

class ResolutionGrpc final : public v1::ResolutionService::CallbackService {
 public:
  explicit ResolutionGrpc(Face& face)
      : face_(face),
        resolution_(face.services.resolution),
        resolve_(face.services.metrics, "Resolve"),
        batch_resolve_(face.services.metrics, "BatchResolve"),
        list_(face.services.metrics, "ListIdentifiers"),
        history_(face.services.metrics, "GetHistory") {}

  grpc::ServerUnaryReactor* Resolve(grpc::CallbackServerContext* context,
                                    const v1::ResolveRequest* request,
                                    v1::ResolveResponse* response) override {
    UnaryCall call(face_, resolve_, *context);
    if (!call.Begin()) return call.reactor();
    if (face_.options.local_reads) {
      call.Finish(ResolveOne(*request, *call.caller(), call.deadline(), *response));
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
      FillBatchResolve(*request, *results, *response, call.caller().get());
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
      return FillList(*page, *response, call.caller().get());
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* GetHistory(grpc::CallbackServerContext* context,
                                       const v1::GetHistoryRequest* request,
                                       v1::GetHistoryResponse* response) override {
    UnaryCall call(face_, history_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response]() -> Result<void> {
      auto page = resolution_.History(request->identifier(), request->page_size(),
                                      request->page_token(), *call.caller(), call.deadline());
      if (!page.ok()) return page.error();
      return FillHistory(*page, *response);
    });
    return call.reactor();
  }

 private:
  Result<void> ResolveOne(const v1::ResolveRequest& request, const service::Caller& caller,
                          Deadline deadline, v1::ResolveResponse& response) const {
    thread_local service::ResolvedRecord resolved;
    auto found = resolution_.Resolve(request.identifier(), caller, deadline, resolved);
    if (found.ok()) {
      FillRecord(resolved.identifier, resolved.record, *response.mutable_record(), &caller);
    }
    if (resolved.bytes.capacity() > kKeptRecordBytesMax) resolved = service::ResolvedRecord();
    return found;
  }

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
