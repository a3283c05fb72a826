#include <string>
#include <vector>

#include "idnode/v1/access.grpc.pb.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/frontend/grpc/batch_message.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

// Methods with arguments take bytes, not messages: two bytes on the wire can become fifty in
// memory, so a request is parsed once its sender is known to be the operator and its size is
// admitted.
using Base = v1::AccessService::WithRawCallbackMethod_CreateApplication<
    v1::AccessService::WithCallbackMethod_ListApplications<
        v1::AccessService::WithRawCallbackMethod_RevokeApplication<
            v1::AccessService::WithRawCallbackMethod_AdmitPrefix<
                v1::AccessService::WithCallbackMethod_ListPrefixes<v1::AccessService::Service>>>>>;

// A thousand prefixes of 255 bytes, with room to spare.
constexpr std::size_t kRequestBytesMax = 1U << 20;

// What writes waits for a commit, so it runs on a worker; lists are in memory.
class AccessGrpc final : public Base {
 public:
  explicit AccessGrpc(Face& face)
      : face_(face),
        create_application_(face.services.metrics, "CreateApplication"),
        list_applications_(face.services.metrics, "ListApplications"),
        revoke_application_(face.services.metrics, "RevokeApplication"),
        admit_prefix_(face.services.metrics, "AdmitPrefix"),
        list_prefixes_(face.services.metrics, "ListPrefixes") {}

  grpc::ServerUnaryReactor* CreateApplication(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* bytes,
                                              grpc::ByteBuffer* answer) override {
    return RunBytes<v1::CreateApplicationRequest, v1::CreateApplicationResponse>(
        create_application_, *context, *bytes, *answer,
        [this](const UnaryCall& call, const auto& request, auto& response) -> Result<void> {
          const std::vector<std::string> prefixes(request.prefixes().begin(),
                                                  request.prefixes().end());
          auto created = face_.services.access.CreateApplication(*call.caller(), request.name(),
                                                                 prefixes, call.deadline());
          if (!created.ok()) return created.error();
          FillApplication(created->first, *response.mutable_application());
          response.set_token(created->second);
          return {};
        });
  }

  grpc::ServerUnaryReactor* ListApplications(grpc::CallbackServerContext* context,
                                             const v1::ListApplicationsRequest*,
                                             v1::ListApplicationsResponse* response) override {
    UnaryCall call(face_, list_applications_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(true, [this, call, response]() -> Result<void> {
      auto applications = face_.services.access.ListApplications(*call.caller());
      if (!applications.ok()) return applications.error();
      for (const auto& info : *applications) FillApplication(info, *response->add_applications());
      return {};
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* RevokeApplication(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* bytes,
                                              grpc::ByteBuffer* answer) override {
    return RunBytes<v1::RevokeApplicationRequest, v1::RevokeApplicationResponse>(
        revoke_application_, *context, *bytes, *answer,
        [this](const UnaryCall& call, const auto& request, auto& response) -> Result<void> {
          auto revoked = face_.services.access.RevokeApplication(*call.caller(), request.name(),
                                                                 call.deadline());
          if (!revoked.ok()) return revoked.error();
          FillApplication(*revoked, *response.mutable_application());
          return {};
        });
  }

  grpc::ServerUnaryReactor* AdmitPrefix(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* bytes,
                                        grpc::ByteBuffer* answer) override {
    return RunBytes<v1::AdmitPrefixRequest, v1::AdmitPrefixResponse>(
        admit_prefix_, *context, *bytes, *answer,
        [this](const UnaryCall& call, const auto& request, auto& response) -> Result<void> {
          auto admitted =
              face_.services.prefixes.Admit(*call.caller(), request.prefix(), call.deadline());
          if (!admitted.ok()) return admitted.error();
          FillPrefix(*admitted, *response.mutable_prefix());
          return {};
        });
  }

  grpc::ServerUnaryReactor* ListPrefixes(grpc::CallbackServerContext* context,
                                         const v1::ListPrefixesRequest*,
                                         v1::ListPrefixesResponse* response) override {
    UnaryCall call(face_, list_prefixes_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(true, [this, call, response]() -> Result<void> {
      auto prefixes = face_.services.prefixes.List(*call.caller());
      if (!prefixes.ok()) return prefixes.error();
      for (const auto& info : *prefixes) FillPrefix(info, *response->add_prefixes());
      return {};
    });
    return call.reactor();
  }

 private:
  // Admits the caller, then parses, then runs `work(call, request, response)` on a worker.
  template <typename Request, typename Response, typename Work>
  grpc::ServerUnaryReactor* RunBytes(Operation& operation, grpc::CallbackServerContext& context,
                                     const grpc::ByteBuffer& bytes, grpc::ByteBuffer& answer,
                                     Work work) {
    UnaryCall call(face_, operation, context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [call, &bytes, &answer, work]() -> Result<void> {
      IDNODE_RETURN_IF_ERROR(service::RequireOperator(*call.caller()));
      Request request;
      IDNODE_RETURN_IF_ERROR(ParseMessage(bytes, kRequestBytesMax, request));
      Response response;
      IDNODE_RETURN_IF_ERROR(work(call, request, response));
      return Encode(response, answer);
    });
    return call.reactor();
  }

  Face& face_;
  Operation create_application_;
  Operation list_applications_;
  Operation revoke_application_;
  Operation admit_prefix_;
  Operation list_prefixes_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAccessGrpc(Face& face) {
  return std::make_unique<AccessGrpc>(face);
}

}  // namespace idnode::frontend::rpc
