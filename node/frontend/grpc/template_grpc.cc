#include "idnode/v1/template.grpc.pb.h"
#include "node/frontend/grpc/admin_method.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

using v1::TemplateService;
using Base = WithBytes<TemplateService::Service, TemplateService::WithRawCallbackMethod_PutTemplate,
                       TemplateService::WithRawCallbackMethod_PublishTemplate,
                       TemplateService::WithRawCallbackMethod_WithdrawTemplate,
                       TemplateService::WithRawCallbackMethod_DeleteTemplate,
                       TemplateService::WithRawCallbackMethod_GetTemplate,
                       TemplateService::WithRawCallbackMethod_ListTemplates>::Type;

class TemplateGrpc final : public Base {
 public:
  explicit TemplateGrpc(Face& face)
      : put_template_(face),
        publish_template_(face),
        withdraw_template_(face),
        delete_template_(face),
        get_template_(face),
        list_templates_(face) {}

  grpc::ServerUnaryReactor* PutTemplate(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return put_template_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* PublishTemplate(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* bytes,
                                            grpc::ByteBuffer* answer) override {
    return publish_template_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* WithdrawTemplate(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* bytes,
                                             grpc::ByteBuffer* answer) override {
    return withdraw_template_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* DeleteTemplate(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* answer) override {
    return delete_template_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* GetTemplate(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return get_template_.Run(context, bytes, answer);
  }
  grpc::ServerUnaryReactor* ListTemplates(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* bytes,
                                          grpc::ByteBuffer* answer) override {
    return list_templates_.Run(context, bytes, answer);
  }

 private:
  AdminMethod<admin_calls::kPutTemplate> put_template_;
  AdminMethod<admin_calls::kPublishTemplate> publish_template_;
  AdminMethod<admin_calls::kWithdrawTemplate> withdraw_template_;
  AdminMethod<admin_calls::kDeleteTemplate> delete_template_;
  AdminMethod<admin_calls::kGetTemplate> get_template_;
  AdminMethod<admin_calls::kListTemplates> list_templates_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTemplateGrpc(Face& face) {
  return std::make_unique<TemplateGrpc>(face);
}

}  // namespace idnode::frontend::rpc
