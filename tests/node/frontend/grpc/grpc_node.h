#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "idnode/v1/access.grpc.pb.h"
#include "idnode/v1/operation.grpc.pb.h"
#include "idnode/v1/registration.grpc.pb.h"
#include "idnode/v1/resolution.grpc.pb.h"
#include "idnode/v1/volume.grpc.pb.h"
#include "node/base/metrics.h"
#include "node/frontend/grpc/grpc_frontend.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::frontend {

/// What a failed call says in its trailing metadata; empty where it says nothing.
struct ErrorMetadata {
  std::string slug;
  std::string field;
  std::string retry_after_ms;
};
ErrorMetadata ErrorOf(const grpc::ClientContext& context);

/// A node behind the gRPC face, on a free port of 127.0.0.1, with a memory engine whose commits
/// can be held, a fake clock, and a client. The clock of deadlines on the wire is the real one.
class GrpcNode {
 public:
  explicit GrpcNode(GrpcOptions options = {}, service::TestNodeOptions node_options = {},
                    service::LedgerService* ledger = nullptr);
  ~GrpcNode();

  /// A connection of its own.
  std::shared_ptr<grpc::Channel> Connect() const;
  std::string Target() const { return "127.0.0.1:" + std::to_string(face->Port()); }

  /// Admits the prefixes' application and returns its token.
  std::string CreateApplication(const std::string& name, const std::vector<std::string>& prefixes);
  void Authorize(grpc::ClientContext& context) const { Authorize(context, operator_token); }
  static void Authorize(grpc::ClientContext& context, const std::string& token);

  /// A registration by the operator.
  grpc::Status Register(const v1::BatchRegisterRequest& request,
                        v1::BatchRegisterResponse& response);
  v1::Outcome Register(const std::string& identifier);

  /// Blocks until `condition` holds; fails the test after 20 seconds.
  static void Await(const std::function<bool()>& condition);

 private:
  storage::FaultyEngine* faulty_;  // of `node`

 public:
  service::TestNode node;
  storage::FaultyEngine& engine;
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<GrpcFrontend> face;
  std::string operator_token;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::RegistrationService::Stub> registration;
  std::unique_ptr<v1::ResolutionService::Stub> resolution;
  std::unique_ptr<v1::VolumeService::Stub> volume;
  std::unique_ptr<v1::AccessService::Stub> access;
  std::unique_ptr<v1::OperationService::Stub> operation;
};

/// A unary call by its path, with messages as bytes.
grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                     const std::string& method, const std::string& request, std::string& response);
/// As CallRaw, for a stream: one message there, the first one back.
grpc::Status StreamRaw(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context,
                       const std::string& method, const std::string& request,
                       std::string& response);

/// One item with one URL value for each identifier.
v1::BatchRegisterRequest RegisterRequest(const std::vector<std::string>& identifiers,
                                         const std::string& request_id = {});

}  // namespace idnode::frontend
