#include "node/app/faces.h"

#include <memory>
#include <utility>

#include "node/frontend/admin/admin_frontend.h"
#include "node/frontend/grpc/grpc_frontend.h"
#include "node/frontend/http/http_frontend.h"

namespace idnode::app {
namespace {

template <typename To>
To As(std::int64_t number) {
  return static_cast<To>(number);
}

frontend::ListenOptions ListenOptionsOf(const ListenSection& section) {
  frontend::ListenOptions options;
  options.address = section.address;
  options.port = As<std::uint16_t>(section.port);
  options.tls_certificate = section.tls_certificate;
  options.tls_key = section.tls_key;
  options.tls_client_ca = section.tls_client_ca;
  options.allow_plaintext = section.allow_plaintext;
  return options;
}

frontend::AdminOptions AdminOptionsOf(const AdminSection& section) {
  frontend::AdminOptions options;
  options.listen.address = section.address;
  options.listen.port = As<std::uint16_t>(section.port);
  // Metrics and probes hold no secrets, and whoever scrapes from afar names the address himself.
  options.listen.allow_plaintext = true;
  options.connections_max = As<std::size_t>(section.connections_max);
  options.request_timeout_ms = As<std::uint32_t>(section.request_timeout_ms);
  return options;
}

frontend::HttpOptions HttpOptionsOf(const Config& config, bool local_reads) {
  const HttpSection& section = config.http;
  frontend::HttpOptions options;
  options.listen = ListenOptionsOf(section);
  options.io_threads = As<int>(section.io_threads);
  options.connections_max = As<std::size_t>(section.connections_max);
  options.connections_per_address_max = As<std::size_t>(section.connections_per_address_max);
  options.header_bytes_max = As<std::size_t>(section.header_bytes_max);
  options.body_bytes_max = As<std::size_t>(section.body_bytes_max);
  options.bodies_bytes_max = As<std::size_t>(section.bodies_bytes_max);
  options.idle_timeout_ms = As<std::uint32_t>(section.idle_timeout_ms);
  options.request_timeout_ms = As<std::uint32_t>(section.request_timeout_ms);
  options.pipeline_max = As<std::size_t>(section.pipeline_max);
  options.worker_threads = As<int>(section.worker_threads);
  options.worker_queue_max = As<std::size_t>(section.worker_queue_max);
  options.recount_ms_max = As<std::uint32_t>(section.recount_ms_max);
  options.redirect_status = As<int>(section.redirect_status);
  options.snms_value_bytes_strict = config.access.snms_value_bytes_strict;
  options.snms_files_directory = config.node.data_dir + "/snms-files";
  options.local_reads = local_reads;
  return options;
}

frontend::GrpcOptions GrpcOptionsOf(const GrpcSection& section, bool local_reads) {
  frontend::GrpcOptions options;
  options.listen = ListenOptionsOf(section);
  options.message_bytes_max = As<std::size_t>(section.message_bytes_max);
  options.metadata_bytes_max = As<std::size_t>(section.metadata_bytes_max);
  options.default_deadline_ms = As<std::uint32_t>(section.default_deadline_ms);
  options.deadline_max_ms = As<std::uint32_t>(section.deadline_max_ms);
  options.recount_ms_max = As<std::uint32_t>(section.recount_ms_max);
  options.stream_batches_in_flight_max = As<std::size_t>(section.stream_batches_in_flight_max);
  options.stream_idle_ms_max = As<std::uint32_t>(section.stream_idle_ms_max);
  options.concurrent_streams_max = As<std::size_t>(section.concurrent_streams_max);
  options.calls_max = As<std::size_t>(section.calls_max);
  options.recounts_max = As<std::size_t>(section.recounts_max);
  options.memory_bytes_max = As<std::size_t>(section.memory_bytes_max);
  options.threads_max = As<std::size_t>(section.threads_max);
  options.worker_threads = As<std::size_t>(section.worker_threads);
  options.worker_queue_max = As<std::size_t>(section.worker_queue_max);
  options.handshake_timeout_ms = As<std::uint32_t>(section.handshake_timeout_ms);
  options.keepalive_time_ms = As<std::uint32_t>(section.keepalive_time_ms);
  options.keepalive_timeout_ms = As<std::uint32_t>(section.keepalive_timeout_ms);
  options.ping_interval_ms_min = As<std::uint32_t>(section.ping_interval_ms_min);
  options.connection_idle_ms_max = As<std::uint32_t>(section.connection_idle_ms_max);
  options.local_reads = local_reads;
  return options;
}

}  // namespace

std::vector<Face> MakeFaces(const Config& config, const service::Services& services,
                            bool local_reads) {
  std::vector<Face> faces;
  faces.push_back(
      {"admin", &Ports::admin,
       std::make_unique<frontend::AdminFrontend>(AdminOptionsOf(config.admin), services)});
  faces.push_back({"grpc", &Ports::grpc,
                   std::make_unique<frontend::GrpcFrontend>(
                       services, GrpcOptionsOf(config.grpc, local_reads))});
  faces.push_back(
      {"http", &Ports::http,
       std::make_unique<frontend::HttpFrontend>(HttpOptionsOf(config, local_reads), services)});
  return faces;
}

}  // namespace idnode::app
