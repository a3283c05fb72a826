#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "idnode/v1/ledger.grpc.pb.h"
#include "idnode/v1/registration.grpc.pb.h"
#include "idnode/v1/resolution.grpc.pb.h"
#include "idnode/v1/volume.grpc.pb.h"
#include "tests/node/cli/fake_administration.h"

namespace idnode::cli {

/// A node as its clients see it, in memory, with the troubles a client must live through. What is
/// registered outlives Stop, as on a disk. Thread-safe.
class FakeNode final : public v1::RegistrationService::Service,
                       public v1::ResolutionService::Service,
                       public v1::VolumeService::Service,
                       public v1::LedgerService::Service {
 public:
  FakeNode();
  ~FakeNode() override;

  /// Serves on a free port; after Stop on the same one.
  void Start();
  void Stop();
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // ---- troubles; set before they are to come -------------------------------
  /// Answers so many batches with "overloaded" and this wait.
  void Overload(int batches, std::uint32_t retry_after_ms);
  /// Registers the n-th batch from now (1: the next), but breaks the connection instead of
  /// answering.
  void BreakAtBatch(int n);
  /// Answers so many batches with every second item UNDETERMINED.
  void Undetermine(int batches);
  /// Refuses every call with this status and slug.
  void RefuseWith(grpc::Status status, std::string slug);
  /// Called with the number of each batch received on a stream, from 1.
  void OnBatch(std::function<void(int)> seen);
  /// Bearer token to ask for; empty: none.
  void RequireToken(std::string token);

  // ---- what came ------------------------------------------------------------
  std::size_t records() const;
  int batches() const;    ///< received on streams
  int overloads() const;  ///< answered with "overloaded"
  std::vector<std::string> request_ids() const;
  FakeAdministration& administration() { return administration_; }

  // ---- idnode.v1 ------------------------------------------------------------
  grpc::Status BatchRegister(grpc::ServerContext* context, const v1::BatchRegisterRequest* request,
                             v1::BatchRegisterResponse* response) override;
  grpc::Status RegisterStream(grpc::ServerContext* context,
                              grpc::ServerReaderWriter<v1::BatchRegisterResponse,
                                                       v1::BatchRegisterRequest>* stream) override;
  grpc::Status Delete(grpc::ServerContext* context, const v1::DeleteRequest* request,
                      v1::DeleteResponse* response) override;
  grpc::Status Resolve(grpc::ServerContext* context, const v1::ResolveRequest* request,
                       v1::ResolveResponse* response) override;
  grpc::Status BatchResolve(grpc::ServerContext* context, const v1::BatchResolveRequest* request,
                            v1::BatchResolveResponse* response) override;
  grpc::Status ListIdentifiers(grpc::ServerContext* context,
                               const v1::ListIdentifiersRequest* request,
                               v1::ListIdentifiersResponse* response) override;
  grpc::Status GetVolume(grpc::ServerContext* context, const v1::GetVolumeRequest* request,
                         v1::Volume* response) override;
  grpc::Status Recount(grpc::ServerContext* context, const v1::RecountRequest* request,
                       grpc::ServerWriter<v1::RecountProgress>* writer) override;
  grpc::Status GetStatement(grpc::ServerContext* context, const v1::GetStatementRequest* request,
                            v1::Statement* response) override;

 private:
  grpc::Status Admit(grpc::ServerContext* context) const;
  void RegisterLocked(const v1::BatchRegisterRequest& request, v1::BatchRegisterResponse& response);

  mutable std::mutex mutex_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::map<std::string, v1::Record> records_;                 ///< by folded identifier
  std::map<std::string, v1::BatchRegisterResponse> answers_;  ///< by request id
  std::vector<std::string> request_ids_;
  int batches_ = 0;
  int overloads_left_ = 0;
  int overloads_ = 0;
  std::uint32_t retry_after_ms_ = 0;
  int break_at_ = 0;
  int undetermine_left_ = 0;
  grpc::Status refusal_;
  std::string refusal_slug_;
  std::function<void(int)> seen_;
  std::string token_;
  FakeAdministration administration_;
};

}  // namespace idnode::cli
