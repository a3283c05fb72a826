#include <cstdio>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "bench/load/baselines.h"
#include "bench/load/register_session.h"
#include "idnode/v1/resolution.grpc.pb.h"

namespace idnode::bench {
namespace {

/// Answers Resolve with constant bytes, unparsed and unbuilt: nothing but the transport.
class EchoService
    : public v1::ResolutionService::WithRawCallbackMethod_Resolve<v1::ResolutionService::Service> {
 public:
  explicit EchoService(std::size_t answer_bytes) {
    v1::ResolveResponse response;
    v1::Record* record = response.mutable_record();
    record->set_identifier(std::string(kIdentifierBytes, 'x'));
    // What is left of the wanted size once its own framing is there.
    v1::Value* value = record->add_values();
    std::string data;
    while (response.ByteSizeLong() < answer_bytes) {
      data += 'x';
      value->set_data(data);
    }
    answer_ = ToByteBuffer(response.SerializeAsString());
  }

  grpc::ServerUnaryReactor* Resolve(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* /*request*/,
                                    grpc::ByteBuffer* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  grpc::ByteBuffer answer_;
};

}  // namespace

int ServeBareEcho(std::size_t answer_bytes) {
  EchoService service(answer_bytes);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return 1;
  std::printf("port %d\n", port);
  std::fflush(stdout);
  server->Wait();
  return 0;
}

}  // namespace idnode::bench
