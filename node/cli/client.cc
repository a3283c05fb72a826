#include "node/cli/client.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/client_unary_call.h>

#include "node/cli/exit_code.h"
#include "node/frontend/error_map.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kCertificateBytesMax = 1 << 20;
constexpr double kTimeoutSecondsMax = 24.0 * 3600;

std::string_view HostOf(std::string_view server) {
  if (!server.empty() && server.front() == '[') return server.substr(1, server.find(']') - 1);
  return server.substr(0, server.rfind(':'));
}

bool HasPort(std::string_view server) {
  const std::size_t colon = server.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == server.size()) return false;
  const std::string_view port = server.substr(colon + 1);
  return port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Metadata values are ASCII; what is not stands there percent-encoded.
std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto hex = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'A' && c <= 'F') return c - 'A' + 10;
      return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<std::string> Trailer(const grpc::ClientContext& context, const char* key) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(key);
  if (found == trailers.end()) return std::nullopt;
  return PercentDecoded({found->second.data(), found->second.size()});
}

Errc ErrcOfStatus(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAUTHENTICATED:
      return Errc::kUnauthenticated;
    case grpc::StatusCode::PERMISSION_DENIED:
      return Errc::kPermissionDenied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Errc::kOverloaded;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Errc::kDeadlineExceeded;
    case grpc::StatusCode::UNAVAILABLE:
      return Errc::kUnavailable;
    case grpc::StatusCode::ABORTED:
      return Errc::kConflict;
    case grpc::StatusCode::NOT_FOUND:
      return Errc::kNotFound;
    case grpc::StatusCode::ALREADY_EXISTS:
      return Errc::kAlreadyExists;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return Errc::kInvalidRequest;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Errc::kUnimplemented;
    default:
      return Errc::kInternal;
  }
}

}  // namespace

ExitCode ExitCodeOf(Errc code) {
  switch (code) {
    case Errc::kOk:
      return kExitDone;
    case Errc::kUnauthenticated:
    case Errc::kPermissionDenied:
      return kExitNotAuthorised;
    case Errc::kOverloaded:
    case Errc::kDeadlineExceeded:
    case Errc::kUndetermined:
    case Errc::kStorageFull:
    case Errc::kUnavailable:
    case Errc::kClockUntrusted:
    case Errc::kShuttingDown:
    case Errc::kConflict:
    case Errc::kRateLimited:
      return kExitTryAgain;
    default:
      return kExitFailed;
  }
}

Errc ErrcOfSlug(std::string_view slug) {
  for (int i = 0; ErrcName(static_cast<Errc>(i)) != "unknown"; ++i) {
    const auto code = static_cast<Errc>(i);
    if (frontend::ToWire(code).slug == slug) return code;
  }
  return Errc::kInternal;
}

std::string_view SlugOf(Errc code) { return frontend::ToWire(code).slug; }

bool IsLoopback(std::string_view server) {
  const std::string_view host = HostOf(server);
  if (host == "localhost" || host == "::1") return true;
  return host.substr(0, 4) == "127." &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Error ErrorOf(const grpc::Status& status, const grpc::ClientContext& context) {
  const auto slug = Trailer(context, "idnode-error");
  const Errc code = slug ? ErrcOfSlug(*slug) : ErrcOfStatus(status.error_code());
  std::string detail = status.error_message();
  if (detail.empty()) detail = std::string(frontend::ToWire(code).title);
  return Error(code, std::move(detail), Trailer(context, "idnode-field").value_or(""));
}

Result<std::string> ReadFile(const std::string& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error(Errc::kInvalidRequest, "cannot open " + path + ": " + std::strerror(errno));
  std::string bytes(bytes_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) return Error(Errc::kInvalidRequest, "cannot read " + path);
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > bytes_max) {
    return Error(Errc::kInvalidRequest,
                 path + " has more than " + std::to_string(bytes_max) + " bytes");
  }
  return bytes;
}

Result<std::unique_ptr<Client>> Client::Create(const GlobalOptions& options) {
  if (!HasPort(options.server)) {
    return Error(Errc::kInvalidRequest, "--server must be HOST:PORT, such as 127.0.0.1:50051",
                 "server");
  }
  if (options.plaintext &&
      (options.tls || !options.ca_file.empty() || !options.certificate_file.empty())) {
    return Error(Errc::kInvalidRequest, "--plaintext contradicts --tls, --ca and --cert",
                 "plaintext");
  }
  if (!(options.timeout_s > 0) || options.timeout_s > kTimeoutSecondsMax) {
    return Error(Errc::kInvalidRequest, "--timeout must be more than 0 and at most 86400 seconds",
                 "timeout");
  }
  std::unique_ptr<Client> client(new Client);
  client->server_ = options.server;
  client->timeout_ = std::chrono::milliseconds(std::llround(std::ceil(options.timeout_s * 1000)));

  std::string token = options.token;
  if (!options.token_file.empty()) {
    auto text = ReadFile(options.token_file, kTokenBytesMax);
    if (!text.ok()) return text.error();
    token = *std::move(text);
  }
  const std::string_view trimmed = Trimmed(token);
  for (const char c : trimmed) {
    if (c <= ' ' || c > '~') {
      return Error(Errc::kInvalidRequest,
                   "the token holds a byte that no token has; is the file "
                   "the right one?",
                   "token-file");
    }
  }
  if (!trimmed.empty()) client->authorization_ = "Bearer " + std::string(trimmed);

  std::shared_ptr<grpc::ChannelCredentials> credentials;
  const bool tls = options.tls || !options.ca_file.empty() || !options.certificate_file.empty() ||
                   (!options.plaintext && !IsLoopback(options.server));
  if (tls) {
    grpc::SslCredentialsOptions ssl;
    if (!options.ca_file.empty()) {
      auto pem = ReadFile(options.ca_file, kCertificateBytesMax);
      if (!pem.ok()) return pem.error();
      ssl.pem_root_certs = *std::move(pem);
    }
    if (!options.certificate_file.empty()) {
      auto certificate = ReadFile(options.certificate_file, kCertificateBytesMax);
      if (!certificate.ok()) return certificate.error();
      auto key = ReadFile(options.key_file, kCertificateBytesMax);
      if (!key.ok()) return key.error();
      ssl.pem_cert_chain = *std::move(certificate);
      ssl.pem_private_key = *std::move(key);
    }
    credentials = grpc::SslCredentials(ssl);
  } else {
    credentials = grpc::InsecureChannelCredentials();
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  client->channel_ = grpc::CreateCustomChannel(options.server, credentials, arguments);
  client->registration_ = v1::RegistrationService::NewStub(client->channel_);
  client->resolution_ = v1::ResolutionService::NewStub(client->channel_);
  client->volume_ = v1::VolumeService::NewStub(client->channel_);
  client->access_ = v1::AccessService::NewStub(client->channel_);
  client->operation_ = v1::OperationService::NewStub(client->channel_);
  client->ledger_ = v1::LedgerService::NewStub(client->channel_);
  client->enterprise_ = v1::EnterpriseService::NewStub(client->channel_);
  client->prefix_ = v1::PrefixService::NewStub(client->channel_);
  client->templates_ = v1::TemplateService::NewStub(client->channel_);
  client->audit_ = v1::AuditService::NewStub(client->channel_);
  return client;
}

std::unique_ptr<grpc::ClientContext> Client::NewContext(std::chrono::milliseconds timeout) const {
  auto context = std::make_unique<grpc::ClientContext>();
  if (timeout.count() > 0) {
    context->set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_millis(timeout.count(), GPR_TIMESPAN)));
  }
  if (!authorization_.empty()) context->AddMetadata("authorization", authorization_);
  return context;
}

Error Client::WithServer(Error error) const {
  if (error.code == Errc::kUnavailable || error.code == Errc::kDeadlineExceeded) {
    return Prefix(server_, std::move(error));
  }
  return error;
}

Result<void> Client::CheckHealth(std::chrono::milliseconds timeout) const {
  // grpc.health.v1.HealthCheckResponse is one enum: field 1, and 1 is SERVING. The request for the
  // server as a whole is empty. So two bytes are compared and no further stub is needed.
  const auto context = NewContext(timeout);
  const grpc::Slice empty;
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check",
                                         grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer,
                                                                grpc::ByteBuffer, grpc::ByteBuffer>(
      channel_.get(), method, context.get(), request, &response);
  if (!status.ok()) return WithServer(ErrorOf(status, *context));
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok() || slice.size() != 2 || slice.begin()[0] != 0x08 ||
      slice.begin()[1] != 0x01) {
    return Error(Errc::kUnavailable, server_ + ": the node answers that it is not serving");
  }
  return {};
}

}  // namespace idnode::cli
