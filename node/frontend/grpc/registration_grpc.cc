#include <utility>

#include "idnode/v1/registration.grpc.pb.h"
#include "node/frontend/grpc/batch_message.h"
#include "node/frontend/grpc/register_stream.h"
#include "node/frontend/grpc/rpc_services.h"
#include "node/frontend/guard.h"

namespace idnode::frontend::rpc {
namespace {

// The methods take bytes, not messages: a request is parsed once its sender and size are admitted.
using Base = v1::RegistrationService::WithRawCallbackMethod_BatchRegister<
    v1::RegistrationService::WithRawCallbackMethod_RegisterStream<
        v1::RegistrationService::WithRawCallbackMethod_Update<
            v1::RegistrationService::WithRawCallbackMethod_Delete<
                v1::RegistrationService::WithRawCallbackMethod_SetState<
                    v1::RegistrationService::Service>>>>>;

// One unary method: its operation and the messages it uses again.
template <typename Request, typename Response>
struct BatchMethod {
  BatchMethod(Metrics& metrics, std::string name) : operation(metrics, std::move(name)) {}

  Operation operation;
  MessagePool<Request, Response> pool;
};

template <typename Request, typename Response>
grpc::ServerUnaryReactor* RunBatch(Face& face, BatchMethod<Request, Response>& method,
                                   grpc::CallbackServerContext& context,
                                   const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
  UnaryCall call(face, method.operation, context);
  if (!call.Begin()) return call.reactor();
  using Pair = Messages<Request, Response>;
  auto messages = method.pool.Take();
  grpc::ByteBuffer bytes(request);  // shares the slices
  const std::size_t request_bytes = bytes.Length();
  auto batch = Guarded([&] {
    return ParseBatch(face.services.registration, call.caller(), bytes, messages->request,
                      SourceOf(context.peer()));
  });
  if (!batch.ok()) {
    method.pool.Give(std::move(messages), request_bytes);
    call.Finish(batch.error());
    return call.reactor();
  }
  // Held by pointer, since a std::function is copyable; `done` is called exactly once.
  Pair* held = messages.release();
  face.services.registration.Submit(
      *std::move(batch), call.deadline(),
      [call, &method, &response, held, request_bytes](const Result<service::BatchResult>& result) {
        std::unique_ptr<Pair> owned(held);
        Result<void> answer;
        if (result.ok()) {
          FillResponse(*result, owned->request, owned->response);
          answer = Encode(owned->response, response);
        } else {
          answer = result.error();
        }
        method.pool.Give(std::move(owned), request_bytes);
        call.Finish(answer);
      });
  return call.reactor();
}

class RegistrationGrpc final : public Base {
 public:
  explicit RegistrationGrpc(Face& face)
      : face_(face),
        register_(face.services.metrics, "BatchRegister"),
        update_(face.services.metrics, "Update"),
        delete_(face.services.metrics, "Delete"),
        set_state_(face.services.metrics, "SetState"),
        stream_(face.services.metrics, "RegisterStream") {}

  grpc::ServerUnaryReactor* BatchRegister(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return RunBatch(face_, register_, *context, *request, *response);
  }
  grpc::ServerUnaryReactor* Update(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override {
    return RunBatch(face_, update_, *context, *request, *response);
  }
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override {
    return RunBatch(face_, delete_, *context, *request, *response);
  }
  grpc::ServerUnaryReactor* SetState(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return RunBatch(face_, set_state_, *context, *request, *response);
  }
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* RegisterStream(
      grpc::CallbackServerContext* context) override {
    return rpc::RegisterStream::Start(face_, stream_, register_.pool, *context);
  }

 private:
  Face& face_;
  BatchMethod<v1::BatchRegisterRequest, v1::BatchRegisterResponse> register_;
  BatchMethod<v1::UpdateRequest, v1::UpdateResponse> update_;
  BatchMethod<v1::DeleteRequest, v1::DeleteResponse> delete_;
  BatchMethod<v1::SetStateRequest, v1::SetStateResponse> set_state_;
  Operation stream_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRegistrationGrpc(Face& face) {
  return std::make_unique<RegistrationGrpc>(face);
}

}  // namespace idnode::frontend::rpc
