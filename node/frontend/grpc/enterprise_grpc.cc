#include "idnode/v1/enterprise.grpc.pb.h"
#include "node/frontend/grpc/admin_method.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

using v1::EnterpriseService;
using Base =
    WithBytes<EnterpriseService::Service, EnterpriseService::WithRawCallbackMethod_CreateEnterprise,
              EnterpriseService::WithRawCallbackMethod_UpdateEnterprise,
              EnterpriseService::WithRawCallbackMethod_GetEnterprise,
              EnterpriseService::WithRawCallbackMethod_ListEnterprises>::Type;

class EnterpriseGrpc final : public Base {
 public:
  explicit EnterpriseGrpc(Face& face)
      : create_enterprise_(face),
        update_enterprise_(face),
        get_enterprise_(face),
        list_enterprises_(face) {}

  grpc::ServerUnaryReactor* CreateEnterprise(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* bytes,
                                             grpc::ByteBuffer* answer) override {
    return create_enterprise_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* UpdateEnterprise(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* bytes,
                                             grpc::ByteBuffer* answer) override {
    return update_enterprise_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* GetEnterprise(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* bytes,
                                          grpc::ByteBuffer* answer) override {
    return get_enterprise_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* ListEnterprises(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* bytes,
                                            grpc::ByteBuffer* answer) override {
    return list_enterprises_.Run(context, bytes, answer);
  }

 private:
  AdminMethod<admin_calls::kCreateEnterprise> create_enterprise_;
  AdminMethod<admin_calls::kUpdateEnterprise> update_enterprise_;
  AdminMethod<admin_calls::kGetEnterprise> get_enterprise_;
  AdminMethod<admin_calls::kListEnterprises> list_enterprises_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEnterpriseGrpc(Face& face) {
  return std::make_unique<EnterpriseGrpc>(face);
}

}  // namespace idnode::frontend::rpc
