#include "idnode/v1/access.grpc.pb.h"
#include "node/frontend/grpc/admin_method.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

using v1::AccessService;
using Base = WithBytes<
    AccessService::Service, AccessService::WithRawCallbackMethod_CreateApplication,
    AccessService::WithRawCallbackMethod_ListApplications,
    AccessService::WithRawCallbackMethod_RevokeApplication,
    AccessService::WithRawCallbackMethod_CreateToken,
    AccessService::WithRawCallbackMethod_RevokeToken,
    AccessService::WithRawCallbackMethod_BindCertificate,
    AccessService::WithRawCallbackMethod_UnbindCertificate,
    AccessService::WithRawCallbackMethod_CreateUser, AccessService::WithRawCallbackMethod_ListUsers,
    AccessService::WithRawCallbackMethod_SetPassword,
    AccessService::WithRawCallbackMethod_DisableUser, AccessService::WithRawCallbackMethod_Login,
    AccessService::WithRawCallbackMethod_CreateGrant,
    AccessService::WithRawCallbackMethod_RevokeGrant,
    AccessService::WithRawCallbackMethod_ListGrants, AccessService::WithRawCallbackMethod_WhoCanSee,
    AccessService::WithRawCallbackMethod_PreviewRecord,
    AccessService::WithRawCallbackMethod_AdmitPrefix,
    AccessService::WithRawCallbackMethod_ListPrefixes>::Type;

class AccessGrpc final : public Base {
 public:
  explicit AccessGrpc(Face& face)
      : face_(face),
        create_application_(face),
        list_applications_(face),
        revoke_application_(face),
        create_token_(face),
        revoke_token_(face),
        bind_certificate_(face),
        unbind_certificate_(face),
        create_user_(face),
        list_users_(face),
        set_password_(face),
        disable_user_(face),
        login_(face),
        create_grant_(face),
        revoke_grant_(face),
        list_grants_(face),
        who_can_see_(face),
        preview_record_(face),
        admit_prefix_(face),
        list_prefixes_(face) {}

  grpc::ServerUnaryReactor* CreateApplication(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* bytes,
                                              grpc::ByteBuffer* answer) override {
    return create_application_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* ListApplications(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* bytes,
                                             grpc::ByteBuffer* answer) override {
    return list_applications_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* RevokeApplication(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* bytes,
                                              grpc::ByteBuffer* answer) override {
    return revoke_application_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* CreateToken(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return create_token_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* RevokeToken(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return revoke_token_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* BindCertificate(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* bytes,
                                            grpc::ByteBuffer* answer) override {
    return bind_certificate_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* UnbindCertificate(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* bytes,
                                              grpc::ByteBuffer* answer) override {
    return unbind_certificate_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* CreateUser(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* bytes,
                                       grpc::ByteBuffer* answer) override {
    return create_user_.RunOn(face_.logins, context, bytes, answer);
  }
  grpc::ServerUnaryReactor* ListUsers(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* bytes,
                                      grpc::ByteBuffer* answer) override {
    return list_users_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* SetPassword(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return set_password_.RunOn(face_.logins, context, bytes, answer);
  }
  grpc::ServerUnaryReactor* DisableUser(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return disable_user_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* Login(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* bytes,
                                  grpc::ByteBuffer* answer) override {
    return login_.RunOn(face_.logins, context, bytes, answer);
  }
  grpc::ServerUnaryReactor* CreateGrant(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return create_grant_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* RevokeGrant(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return revoke_grant_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* ListGrants(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* bytes,
                                       grpc::ByteBuffer* answer) override {
    return list_grants_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* WhoCanSee(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* bytes,
                                      grpc::ByteBuffer* answer) override {
    return who_can_see_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* PreviewRecord(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* bytes,
                                          grpc::ByteBuffer* answer) override {
    return preview_record_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* AdmitPrefix(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return admit_prefix_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* ListPrefixes(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* bytes,
                                         grpc::ByteBuffer* answer) override {
    return list_prefixes_.Run(context, bytes, answer);
  }

 private:
  Face& face_;
  AdminMethod<admin_calls::kCreateApplication> create_application_;
  AdminMethod<admin_calls::kListApplications> list_applications_;
  AdminMethod<admin_calls::kRevokeApplication> revoke_application_;
  AdminMethod<admin_calls::kCreateToken> create_token_;
  AdminMethod<admin_calls::kRevokeToken> revoke_token_;
  AdminMethod<admin_calls::kBindCertificate> bind_certificate_;
  AdminMethod<admin_calls::kUnbindCertificate> unbind_certificate_;
  AdminMethod<admin_calls::kCreateUser> create_user_;
  AdminMethod<admin_calls::kListUsers> list_users_;
  AdminMethod<admin_calls::kSetPassword> set_password_;
  AdminMethod<admin_calls::kDisableUser> disable_user_;
  AdminMethod<admin_calls::kLogin> login_;
  AdminMethod<admin_calls::kCreateGrant> create_grant_;
  AdminMethod<admin_calls::kRevokeGrant> revoke_grant_;
  AdminMethod<admin_calls::kListGrants> list_grants_;
  AdminMethod<admin_calls::kWhoCanSee> who_can_see_;
  AdminMethod<admin_calls::kPreviewRecord> preview_record_;
  AdminMethod<admin_calls::kAdmitPrefix> admit_prefix_;
  AdminMethod<admin_calls::kListPrefixes> list_prefixes_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAccessGrpc(Face& face) {
  return std::make_unique<AccessGrpc>(face);
}

}  // namespace idnode::frontend::rpc
