#include "idnode/v1/operation.grpc.pb.h"
#include "node/base/log.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

class OperationGrpc final : public v1::OperationService::CallbackService {
 public:
  explicit OperationGrpc(Face& face)
      : face_(face),
        get_status_(face.services.metrics, "GetStatus"),
        accept_clock_(face.services.metrics, "AcceptClock") {}

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
                                        const v1::AcceptClockRequest*,
                                        v1::Status* response) override {
    UnaryCall call(face_, accept_clock_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(true, [this, call, response]() -> Result<void> {
      IDNODE_RETURN_IF_ERROR(service::RequireOperator(*call.caller()));
      face_.services.clock_guard.Accept();
      LogWarning("the operator accepted the wall clock",
                 {{"wall_ms", face_.services.clock.WallMs()}});
      FillStatus(face_.services, *response);
      return {};
    });
    return call.reactor();
  }

 private:
  Face& face_;
  Operation get_status_;
  Operation accept_clock_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeOperationGrpc(Face& face) {
  return std::make_unique<OperationGrpc>(face);
}

}  // namespace idnode::frontend::rpc
