#include "tests/node/frontend/grpc/grpc_node.h"

#include <chrono>
#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "storage/memory/memory_engine.h"

namespace idnode::frontend {
namespace {

std::string TextOf(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string()
                                 : std::string(found->second.data(), found->second.size());
}

std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!bytes.Valid() || !bytes.Dump(&slices).ok()) return text;
  for (const auto& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

// Puts a faulty engine into the options and says where it is.
service::TestNodeOptions WithEngine(service::TestNodeOptions options,
                                    storage::FaultyEngine*& faulty) {
  auto engine = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(options.shards));
  faulty = engine.get();
  options.given_engine = std::move(engine);
  return options;
}

}  // namespace

ErrorMetadata ErrorOf(const grpc::ClientContext& context) {
  return {TextOf(context, "idnode-error"), TextOf(context, "idnode-field"),
          TextOf(context, "retry-after-ms")};
}

GrpcNode::GrpcNode(GrpcOptions options, service::TestNodeOptions node_options,
                   service::LedgerService* ledger)
    : faulty_(nullptr),
      node(WithEngine(std::move(node_options), faulty_)),
      engine(*faulty_),
      metrics(MakePrometheusMetrics()) {
  std::ifstream token(node.data_dir + "/operator.token");
  std::getline(token, operator_token);
  node.registration->SetLedger(ledger);
  const service::Services of_node = node.services();
  const service::Services services{of_node.access,
                                   of_node.prefixes,
                                   of_node.registration,
                                   of_node.resolution,
                                   of_node.volume,
                                   of_node.clock_guard,
                                   of_node.clock,
                                   *metrics,
                                   of_node.state,
                                   of_node.admin,
                                   ledger};
  face = std::make_unique<GrpcFrontend>(services, options);
  const auto started = face->Start();
  IDNODE_CHECK(started.ok());
  channel = Connect();
  registration = v1::RegistrationService::NewStub(channel);
  resolution = v1::ResolutionService::NewStub(channel);
  volume = v1::VolumeService::NewStub(channel);
  access = v1::AccessService::NewStub(channel);
  operation = v1::OperationService::NewStub(channel);
}

GrpcNode::~GrpcNode() {
  engine.ReleaseCommits();
  engine.StopFaults();
  face->Drain(node.clock.After(std::chrono::seconds(5)));
  face->Stop();
}

std::shared_ptr<grpc::Channel> GrpcNode::Connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(Target(), grpc::InsecureChannelCredentials(), arguments);
}

std::string GrpcNode::CreateApplication(const std::string& name,
                                        const std::vector<std::string>& prefixes) {
  auto created = node.access->CreateApplication(
      node.Operator(), service::AnApplication(name, prefixes), node.Soon());
  EXPECT_TRUE(created.ok()) << created.error().detail;
  return created.ok() ? created->second : std::string();
}

void GrpcNode::Authorize(grpc::ClientContext& context, const std::string& token) {
  context.AddMetadata("authorization", "Bearer " + token);
}

grpc::Status GrpcNode::Register(const v1::BatchRegisterRequest& request,
                                v1::BatchRegisterResponse& response) {
  grpc::ClientContext context;
  Authorize(context);
  return registration->BatchRegister(&context, request, &response);
}

v1::Outcome GrpcNode::Register(const std::string& identifier) {
  v1::BatchRegisterResponse response;
  const auto status = Register(RegisterRequest({identifier}), response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.results_size() == 1 ? response.results(0).outcome() : v1::OUTCOME_UNSPECIFIED;
}

void GrpcNode::Await(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "it does not come about";
    std::this_thread::yield();
  }
}

grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                     const std::string& method, const std::string& request, std::string& response) {
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  std::promise<grpc::Status> answered;
  grpc::GenericStub stub(channel);
  stub.UnaryCall(&context, method, grpc::StubOptions(), &sent, &received,
                 [&](grpc::Status status) { answered.set_value(std::move(status)); });
  auto status = answered.get_future().get();
  response = TextOf(received);
  return status;
}

grpc::Status StreamRaw(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                       const std::string& method, const std::string& request,
                       std::string& response) {
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  auto call = stub.PrepareCall(&context, method, &queue);
  const auto step = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const grpc::Slice slice(request);
  grpc::ByteBuffer received;
  grpc::Status status;
  call->StartCall(nullptr);
  bool ok = step();
  if (ok) {
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    ok = step();
  }
  if (ok) {
    call->Read(&received, nullptr);
    ok = step();
  }
  if (ok) {
    call->WritesDone(nullptr);
    step();
    // What else comes must be read, or the status would wait behind it.
    grpc::ByteBuffer further;
    do {
      call->Read(&further, nullptr);
    } while (step());
  }
  call->Finish(&status, nullptr);
  step();
  queue.Shutdown();
  while (step()) {
  }
  response = TextOf(received);
  return status;
}

v1::BatchRegisterRequest RegisterRequest(const std::vector<std::string>& identifiers,
                                         const std::string& request_id) {
  v1::BatchRegisterRequest request;
  request.set_request_id(request_id);
  for (const auto& identifier : identifiers) {
    auto& item = *request.add_items();
    item.set_identifier(identifier);
    item.set_object_class("product");
    auto& value = *item.add_values();
    value.set_index(1);
    value.set_type("URL");
    value.set_data("https://maker.example/");
  }
  return request;
}

}  // namespace idnode::frontend
