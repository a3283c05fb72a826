#include "idnode/v1/audit.grpc.pb.h"
#include "node/frontend/grpc/admin_method.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

using v1::AuditService;
using Base = WithBytes<AuditService::Service, AuditService::WithRawCallbackMethod_ListAuditEntries,
                       AuditService::WithRawCallbackMethod_VerifyAuditLog>::Type;

class AuditGrpc final : public Base {
 public:
  explicit AuditGrpc(Face& face) : list_audit_entries_(face), verify_audit_log_(face) {}

  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* bytes,
                                             grpc::ByteBuffer* answer) override {
    return list_audit_entries_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* VerifyAuditLog(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* answer) override {
    return verify_audit_log_.Run(context, bytes, answer);
  }

 private:
  AdminMethod<admin_calls::kListAuditEntries> list_audit_entries_;
  AdminMethod<admin_calls::kVerifyAuditLog> verify_audit_log_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAuditGrpc(Face& face) {
  return std::make_unique<AuditGrpc>(face);
}

}  // namespace idnode::frontend::rpc
