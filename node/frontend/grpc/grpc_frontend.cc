#include "node/frontend/grpc/grpc_frontend.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/base/log.h"
#include "node/frontend/grpc/rpc_services.h"
#include "node/frontend/grpc/tls_credentials.h"

namespace idnode::frontend {
namespace {

// After the last answer is handed over it still has to leave.
constexpr std::chrono::milliseconds kFlushMax(500);
// Calls end when their batch is answered or late; this only says how often the wait is repeated.
constexpr std::chrono::milliseconds kStopWait(10'000);

bool IsIpv6(const std::string& address) { return address.find(':') != std::string::npos; }

std::string HostPort(const ListenOptions& listen) {
  const std::string host = IsIpv6(listen.address) ? "[" + listen.address + "]" : listen.address;
  return host + ":" + std::to_string(listen.port);
}

bool IsLoopback(const std::string& address) {
  if (address == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

// Why the address cannot be listened on: gRPC says only that it cannot.
Error BindError(const ListenOptions& listen) {
  const std::string what = "cannot listen on " + HostPort(listen) + " ([grpc] address, port): ";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int resolved =
      getaddrinfo(listen.address.c_str(), std::to_string(listen.port).c_str(), &hints, &found);
  if (resolved != 0) return Error(Errc::kInvalidRequest, what + gai_strerror(resolved));
  int failure = 0;
  for (const addrinfo* at = found; at != nullptr && failure == 0; at = at->ai_next) {
    const int probe = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (probe < 0) continue;
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(probe, at->ai_addr, at->ai_addrlen) != 0 || ::listen(probe, 1) != 0) failure = errno;
    ::close(probe);
  }
  freeaddrinfo(found);
  if (failure == EADDRNOTAVAIL || failure == EACCES) {
    return Error(Errc::kInvalidRequest, what + std::strerror(failure));
  }
  return Error(Errc::kUnavailable,
               what + (failure == 0 ? "it is taken" : std::string(std::strerror(failure))));
}

}  // namespace

class GrpcFrontend::Impl {
 public:
  Impl(const service::Services& services, const GrpcOptions& options)
      : options_(options), face_(services, options) {}
  ~Impl() { Stop(); }

  Result<void> Start();
  std::uint16_t Port() const { return static_cast<std::uint16_t>(port_); }
  void Drain(Deadline deadline);
  void Stop();
  Result<void> ReloadTls();

 private:
  Result<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials();
  void SetLimits(grpc::ServerBuilder& builder) const;
  void SetServing(bool serving);
  std::chrono::milliseconds Left(Deadline deadline) const;

  const GrpcOptions options_;
  rpc::Face face_;
  std::unique_ptr<rpc::TlsSource> tls_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::vector<std::string> service_names_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

Result<std::shared_ptr<grpc::ServerCredentials>> GrpcFrontend::Impl::MakeCredentials() {
  const auto& listen = options_.listen;
  if (!listen.tls_certificate.empty() || !listen.tls_key.empty()) {
    auto pair = LoadTlsFiles(listen, "grpc");
    if (!pair.ok()) return pair.error();
    tls_ = std::make_unique<rpc::TlsSource>(std::make_shared<const TlsPair>(*std::move(pair)));
    return rpc::MakeTlsCredentials(*tls_, !listen.tls_client_ca.empty());
  }
  if (!listen.allow_plaintext && !IsLoopback(listen.address)) {
    return Error(Errc::kInvalidRequest,
                 "[grpc] address " + listen.address +
                     " is not a loopback address: give [grpc] tls_certificate and tls_key, or set "
                     "[grpc] allow_plaintext = true where a proxy in front has TLS");
  }
  return grpc::InsecureServerCredentials();
}

void GrpcFrontend::Impl::SetLimits(grpc::ServerBuilder& builder) const {
  const auto as_int = [](std::size_t number) {
    return static_cast<int>(std::min<std::size_t>(number, INT32_MAX));
  };
  builder.SetMaxReceiveMessageSize(as_int(options_.message_bytes_max));
  builder.SetMaxSendMessageSize(-1);  // answers are bounded by what they answer
  grpc::ResourceQuota quota("idnode");
  quota.Resize(options_.memory_bytes_max);
  quota.SetMaxThreads(as_int(options_.threads_max));
  builder.SetResourceQuota(quota);
  // Only reflection is synchronous; the services need none of these threads.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  const std::pair<const char*, std::size_t> arguments[] = {
      {GRPC_ARG_ALLOW_REUSEPORT, 0},  // a second node on the port is an error, not a partner
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, options_.concurrent_streams_max},
      {GRPC_ARG_MAX_METADATA_SIZE, options_.metadata_bytes_max},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, options_.handshake_timeout_ms},
      {GRPC_ARG_KEEPALIVE_TIME_MS, options_.keepalive_time_ms},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options_.keepalive_timeout_ms},
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, options_.ping_interval_ms_min},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, options_.connection_idle_ms_max},
  };
  for (const auto& [name, number] : arguments) builder.AddChannelArgument(name, as_int(number));
}

Result<void> GrpcFrontend::Impl::Start() {
  auto credentials = MakeCredentials();
  if (!credentials.ok()) return credentials.error();
  // Both are switches of the process: they hold for servers built from now on.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  builder.AddListeningPort(HostPort(options_.listen), *credentials, &port_);
  const std::pair<const char*, std::unique_ptr<grpc::Service> (*)(rpc::Face&)> makers[] = {
      {"idnode.v1.RegistrationService", rpc::MakeRegistrationGrpc},
      {"idnode.v1.ResolutionService", rpc::MakeResolutionGrpc},
      {"idnode.v1.VolumeService", rpc::MakeVolumeGrpc},
      {"idnode.v1.EnterpriseService", rpc::MakeEnterpriseGrpc},
      {"idnode.v1.PrefixService", rpc::MakePrefixGrpc},
      {"idnode.v1.TemplateService", rpc::MakeTemplateGrpc},
      {"idnode.v1.AccessService", rpc::MakeAccessGrpc},
      {"idnode.v1.AuditService", rpc::MakeAuditGrpc},
      {"idnode.v1.OperationService", rpc::MakeOperationGrpc},
      {"idnode.v1.LedgerService", rpc::MakeLedgerGrpc},
  };
  for (const auto& [name, make] : makers) {
    service_names_.emplace_back(name);
    services_.push_back(make(face_));
  }
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    server_.reset();
    port_ = 0;
    return BindError(options_.listen);
  }
  SetServing(true);
  return {};
}

void GrpcFrontend::Impl::SetServing(bool serving) {
  auto* health = server_->GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(serving);  // the known names, and the node as a whole
  for (const auto& name : service_names_) health->SetServingStatus(name, serving);
}

std::chrono::milliseconds GrpcFrontend::Impl::Left(Deadline deadline) const {
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::duration_cast<std::chrono::milliseconds>(
                      deadline - face_.services.clock.Monotonic()));
}

void GrpcFrontend::Impl::Drain(Deadline deadline) {
  if (server_ == nullptr) return;
  SetServing(false);
  face_.gate.Close();
  face_.DrainStreams();
  if (!face_.gate.WaitEmpty(Left(deadline))) {
    LogWarning("calls are still under way at the deadline of the drain",
               {{"face", "grpc"}, {"calls", face_.gate.Inside()}});
    return;
  }
  // Sends what is still on its way and closes the connections.
  const auto flush = std::min(Left(deadline), kFlushMax);
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                 gpr_time_from_millis(flush.count(), GPR_TIMESPAN)));
}

void GrpcFrontend::Impl::Stop() {
  if (server_ == nullptr) return;
  face_.gate.Close();
  face_.DrainStreams();
  server_->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
  server_->Wait();
  while (!face_.gate.WaitEmpty(kStopWait)) {
    LogWarning("waiting for calls to end", {{"face", "grpc"}, {"calls", face_.gate.Inside()}});
  }
  server_.reset();
}

Result<void> GrpcFrontend::Impl::ReloadTls() {
  if (tls_ == nullptr) return {};
  auto pair = LoadTlsFiles(options_.listen, "grpc");
  if (!pair.ok()) return pair.error();
  tls_->Set(std::make_shared<const TlsPair>(*std::move(pair)));
  return {};
}

GrpcFrontend::GrpcFrontend(const service::Services& services, const GrpcOptions& options)
    : impl_(std::make_unique<Impl>(services, options)) {}
GrpcFrontend::~GrpcFrontend() = default;
Result<void> GrpcFrontend::Start() { return impl_->Start(); }
std::uint16_t GrpcFrontend::Port() const { return impl_->Port(); }
void GrpcFrontend::Drain(Deadline deadline) { impl_->Drain(deadline); }
void GrpcFrontend::Stop() { impl_->Stop(); }
Result<void> GrpcFrontend::ReloadTls() { return impl_->ReloadTls(); }

}  // namespace idnode::frontend
