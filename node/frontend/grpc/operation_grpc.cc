#include "idnode/v1/operation.grpc.pb.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/admin_method.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

using v1::OperationService;
using Base = WithBytes<OperationService::Service, OperationService::WithCallbackMethod_GetStatus,
                       OperationService::WithRawCallbackMethod_AcceptClock>::Type;

class OperationGrpc final : public Base {
 public:
  explicit OperationGrpc(Face& face)
      : face_(face), get_status_(face.services.metrics, "GetStatus"), accept_clock_(face) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest*, v1::Status* response) override {
    UnaryCall call(face_, get_status_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(true, [this, call, response]() -> Result<void> {
      IDNODE_RETURN_IF_ERROR(service::RequireOperator(*call.caller()));
      FillStatus(face_.services, *response);
      return {};
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* AcceptClock(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return accept_clock_.Run(context, bytes, answer);
  }

 private:
  Face& face_;
  Operation get_status_;
  AdminMethod<admin_calls::kAcceptClock> accept_clock_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeOperationGrpc(Face& face) {
  return std::make_unique<OperationGrpc>(face);
}

}  // namespace idnode::frontend::rpc
