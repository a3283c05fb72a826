#include "idnode/v1/enterprise.grpc.pb.h"
#include "node/frontend/grpc/admin_method.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

using v1::PrefixService;
using Base = WithBytes<PrefixService::Service, PrefixService::WithRawCallbackMethod_ApplyPrefix,
                       PrefixService::WithRawCallbackMethod_SetPrefixState,
                       PrefixService::WithRawCallbackMethod_SetPrefixRoute,
                       PrefixService::WithRawCallbackMethod_SetPrefixQuota,
                       PrefixService::WithRawCallbackMethod_GetPrefix>::Type;

class PrefixGrpc final : public Base {
 public:
  explicit PrefixGrpc(Face& face)
      : apply_prefix_(face),
        set_prefix_state_(face),
        set_prefix_route_(face),
        set_prefix_quota_(face),
        get_prefix_(face) {}

  grpc::ServerUnaryReactor* ApplyPrefix(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return apply_prefix_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* SetPrefixState(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* answer) override {
    return set_prefix_state_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* SetPrefixRoute(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* answer) override {
    return set_prefix_route_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* SetPrefixQuota(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* answer) override {
    return set_prefix_quota_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* GetPrefix(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* bytes,
                                      grpc::ByteBuffer* answer) override {
    return get_prefix_.Run(context, bytes, answer);
  }

 private:
  AdminMethod<admin_calls::kApplyPrefix> apply_prefix_;
  AdminMethod<admin_calls::kSetPrefixState> set_prefix_state_;
  AdminMethod<admin_calls::kSetPrefixRoute> set_prefix_route_;
  AdminMethod<admin_calls::kSetPrefixQuota> set_prefix_quota_;
  AdminMethod<admin_calls::kGetPrefix> get_prefix_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePrefixGrpc(Face& face) {
  return std::make_unique<PrefixGrpc>(face);
}

}  // namespace idnode::frontend::rpc
