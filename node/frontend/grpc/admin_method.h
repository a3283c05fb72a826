#pragma once

#include <string>
#include <type_traits>

#include <grpcpp/grpcpp.h>

#include "node/frontend/admin_calls/admin_calls.h"
#include "node/frontend/grpc/batch_message.h"
#include "node/frontend/grpc/call.h"

namespace idnode::frontend::rpc {

/// `Service` with each of `Methods` taking and giving bytes.
template <typename Service, template <typename> class... Methods>
struct WithBytes {
  using Type = Service;
};
template <typename Service, template <typename> class Method, template <typename> class... Methods>
struct WithBytes<Service, Method, Methods...> {
  using Type = Method<typename WithBytes<Service, Methods...>::Type>;
};

/// One method of administration: a row of admin_calls behind gRPC. It takes bytes, not messages:
/// two bytes on the wire can become fifty in memory, so a request is parsed once its sender is
/// known and its size is admitted. Runs on a worker. Thread-safe.
template <const auto& kCall>
class AdminMethod {
 public:
  explicit AdminMethod(Face& face)
      : face_(face), operation_(face.services.metrics, std::string(kCall.name)) {}

  /// `bytes` and `answer` live until the call is finished, as gRPC keeps them.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                grpc::ByteBuffer* answer) {
    return RunOn(face_.workers, context, bytes, answer);
  }

  grpc::ServerUnaryReactor* RunOn(WorkerPool& pool, grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* bytes, grpc::ByteBuffer* answer) {
    UnaryCall call(face_, operation_, *context);
    if (!call.Begin()) return call.reactor();
    call.RunOn(pool, [this, call, bytes, answer]() -> Result<void> {
      const service::Actor actor = call.actor();
      IDNODE_RETURN_IF_ERROR(admin_calls::AdmitCall(face_.services, actor, kCall.action));
      typename Call::Request request;
      IDNODE_RETURN_IF_ERROR(ParseMessage(*bytes, kCall.request_bytes_max(), request));
      const auto response = kCall.run(face_.services, actor, request, call.deadline());
      if (!response.ok()) return response.error();
      return Encode(*response, *answer);
    });
    return call.reactor();
  }

 private:
  using Call = std::remove_cvref_t<decltype(kCall)>;

  Face& face_;
  Operation operation_;
};

}  // namespace idnode::frontend::rpc
