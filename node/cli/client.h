#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/grpcpp.h>

#include "idnode/v1/access.grpc.pb.h"
#include "idnode/v1/audit.grpc.pb.h"
#include "idnode/v1/enterprise.grpc.pb.h"
#include "idnode/v1/ledger.grpc.pb.h"
#include "idnode/v1/operation.grpc.pb.h"
#include "idnode/v1/registration.grpc.pb.h"
#include "idnode/v1/resolution.grpc.pb.h"
#include "idnode/v1/template.grpc.pb.h"
#include "idnode/v1/volume.grpc.pb.h"
#include "node/base/result.h"
#include "node/cli/environment.h"

namespace idnode::cli {

/// Largest answer the client takes: a page of 1,000 records of the largest size does not fit into
/// gRPC's default of 4 MiB.
inline constexpr int kAnswerBytesMax = 256 << 20;
/// Longest token file that is read.
inline constexpr std::size_t kTokenBytesMax = 4096;

/// True if `server` (HOST:PORT) names this machine: 127.0.0.0/8, ::1 or localhost.
bool IsLoopback(std::string_view server);

/// The error that a call's status stands for: the slug in the trailing metadata decides, the
/// status code where there is none.
Error ErrorOf(const grpc::Status& status, const grpc::ClientContext& context);
/// The error of a slug, such as "overloaded"; kInternal for one that is not known.
Errc ErrcOfSlug(std::string_view slug);
/// The slug of an error, such as "overloaded".
std::string_view SlugOf(Errc code);

/// A connection to a node. Plain text goes to loopback addresses only, unless `--plaintext`.
/// Safe to call concurrently.
class Client {
 public:
  /// Reads token and certificate files; the connection itself is made by the first call.
  /// Errors: kInvalidRequest (server, a file that cannot be read, contradicting options).
  static Result<std::unique_ptr<Client>> Create(const GlobalOptions& options);

  /// A context with the token and, unless `timeout` is zero, a deadline.
  std::unique_ptr<grpc::ClientContext> NewContext(std::chrono::milliseconds timeout) const;
  /// `--timeout`.
  std::chrono::milliseconds timeout() const { return timeout_; }
  const std::string& server() const { return server_; }

  /// Runs one unary call within `--timeout`.
  template <typename Stub, typename Request, typename Response>
  Result<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        Stub& stub, const Request& request) const {
    auto context = NewContext(timeout_);
    Response response;
    const grpc::Status status = (stub.*method)(context.get(), request, &response);
    if (!status.ok()) return WithServer(ErrorOf(status, *context));
    return response;
  }

  /// The grpc.health.v1 state of the whole server. Errors: kUnavailable where it is not reached or
  /// not serving.
  Result<void> CheckHealth(std::chrono::milliseconds timeout) const;

  /// Names the server in an error that says it was not reached.
  Error WithServer(Error error) const;

  v1::RegistrationService::Stub& registration() const { return *registration_; }
  v1::ResolutionService::Stub& resolution() const { return *resolution_; }
  v1::VolumeService::Stub& volume() const { return *volume_; }
  v1::AccessService::Stub& access() const { return *access_; }
  v1::OperationService::Stub& operation() const { return *operation_; }
  v1::LedgerService::Stub& ledger() const { return *ledger_; }
  v1::EnterpriseService::Stub& enterprise() const { return *enterprise_; }
  v1::PrefixService::Stub& prefix() const { return *prefix_; }
  v1::TemplateService::Stub& templates() const { return *templates_; }
  v1::AuditService::Stub& audit() const { return *audit_; }

 private:
  Client() = default;

  std::string server_;
  std::string authorization_;  ///< "Bearer …"; empty: anonymous
  std::chrono::milliseconds timeout_{30'000};
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistrationService::Stub> registration_;
  std::unique_ptr<v1::ResolutionService::Stub> resolution_;
  std::unique_ptr<v1::VolumeService::Stub> volume_;
  std::unique_ptr<v1::AccessService::Stub> access_;
  std::unique_ptr<v1::OperationService::Stub> operation_;
  std::unique_ptr<v1::LedgerService::Stub> ledger_;
  std::unique_ptr<v1::EnterpriseService::Stub> enterprise_;
  std::unique_ptr<v1::PrefixService::Stub> prefix_;
  std::unique_ptr<v1::TemplateService::Stub> templates_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
};

/// The whole of a file of at most `bytes_max` bytes. Errors: kInvalidRequest naming the file.
Result<std::string> ReadFile(const std::string& path, std::size_t bytes_max);

}  // namespace idnode::cli
