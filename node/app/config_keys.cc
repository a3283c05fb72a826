#include "node/app/config_keys.h"

#include <algorithm>
#include <limits>

namespace idnode::app {
namespace {

constexpr std::int64_t kKib = 1024;
constexpr std::int64_t kMib = 1024 * kKib;
constexpr std::int64_t kPortMax = 65'535;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kRateMax = 1'000'000;
/// Above this a length no longer fits the fields of the stored format with room to spare.
constexpr std::int64_t kRecordBytesMax = 64 * kMib;
constexpr std::int64_t kBatchItemsMax = 1'000'000;
constexpr std::int64_t kMessageBytesMax = 1024 * kMib;
constexpr std::int64_t kMibMax = kMib;  // one TiB, counted in MiB

using Keys = std::vector<ConfigKey>;

void AddNode(Config& config, Keys& keys) {
  auto& s = config.node;
  keys.push_back(
      {"node", "data_dir", &s.data_dir, "Directory of everything that lasts (mode 0700)"});
  keys.push_back({"node", "secondary_prefixes", &s.secondary_prefixes,
                  "Secondary node prefixes this node serves, such as [\"88.108\"]"});
  keys.push_back({"node", "secondary_prefix_industries", &s.secondary_prefix_industries,
                  "GB/T 4754 industries a secondary prefix serves, such as [\"88.108=C19,C14\"]; a "
                  "prefix without a line serves all"});
  keys.push_back({"node", "time_zone", &s.time_zone,
                  "Zone that months and days are counted in; fixed when the store is created"});
  keys.push_back({"node", "admit_on_first_use", &s.admit_on_first_use,
                  "Admit any enterprise prefix under the secondary prefixes at its first use"});
  keys.push_back({"node", "target", &s.target, "First-ever registrations to reach in a month", 0,
                  std::numeric_limits<std::int64_t>::max()});
}

void AddStorage(Config& config, Keys& keys) {
  auto& s = config.storage;
  keys.push_back({"storage", "engine", &s.engine, "Engine; memory forgets everything at the end", 0,
                  0, "rocksdb|memory"});
  keys.push_back({"storage", "shards", &s.shards, "Shards, when the store is created", 1, 1024});
  keys.push_back({"storage", "block_cache_mib", &s.block_cache_mib, "Cache for reads", 8, kMibMax});
  keys.push_back({"storage", "write_buffer_mib", &s.write_buffer_mib,
                  "Memory for writes not yet in files", 8, kMibMax});
  keys.push_back(
      {"storage", "background_jobs", &s.background_jobs, "Threads that flush and compact", 1, 64});
  keys.push_back({"storage", "reserve_free_mib", &s.reserve_free_mib,
                  "Registration stops below this much free disk; 0: never", 0, kMibMax});
}

void AddListen(std::string_view section, ListenSection& s, Keys& keys) {
  keys.push_back({section, "address", &s.address, "IP address to listen on"});
  keys.push_back({section, "port", &s.port, "Port; 0 picks a free one", 0, kPortMax});
  keys.push_back({section, "tls_certificate", &s.tls_certificate,
                  "PEM file with the certificate chain; empty: plain text"});
  keys.push_back({section, "tls_key", &s.tls_key, "PEM file with its private key"});
  keys.push_back({section, "tls_client_ca", &s.tls_client_ca,
                  "PEM file with the authorities of clients' certificates (mutual TLS); empty: "
                  "clients are asked for none"});
  keys.push_back({section, "allow_plaintext", &s.allow_plaintext,
                  "Serve plain text on an address that is not loopback"});
}

void AddHttp(Config& config, Keys& keys) {
  auto& s = config.http;
  AddListen("http", s, keys);
  keys.push_back({"http", "io_threads", &s.io_threads, "Threads; 0: one a core", 0, 1024});
  keys.push_back({"http", "connections_max", &s.connections_max, "Open connections", 1, 1'000'000});
  keys.push_back({"http", "connections_per_address_max", &s.connections_per_address_max,
                  "Open connections of one IPv4 address or IPv6 /64; 0: no bound, behind a proxy",
                  0, 1'000'000});
  keys.push_back(
      {"http", "header_bytes_max", &s.header_bytes_max, "Bytes of a request's header", 512, kMib});
  keys.push_back({"http", "body_bytes_max", &s.body_bytes_max, "Bytes of a request's body", kKib,
                  kMessageBytesMax});
  keys.push_back({"http", "bodies_bytes_max", &s.bodies_bytes_max,
                  "Bytes of all bodies at once, with their buffers", kKib, 1024 * 1024 * kMib});
  keys.push_back({"http", "idle_timeout_ms", &s.idle_timeout_ms,
                  "Wait for the next request of a connection", 1, kHourMs});
  keys.push_back({"http", "request_timeout_ms", &s.request_timeout_ms,
                  "Time to read a request or to write its answer", 1, kHourMs});
  keys.push_back({"http", "pipeline_max", &s.pipeline_max,
                  "Requests of a connection answered in one go", 1, 10'000});
  keys.push_back(
      {"http", "worker_threads", &s.worker_threads, "Threads for calls that wait", 1, 1024});
  keys.push_back({"http", "worker_queue_max", &s.worker_queue_max,
                  "Calls that may wait for such a thread", 1, 100'000});
  keys.push_back({"http", "recount_ms_max", &s.recount_ms_max, "Longest recount", 1, 24 * kHourMs});
  keys.push_back({"http", "redirect_status", &s.redirect_status,
                  "Status of a redirect to a record's URL: 302 or 307", 302, 307});
}

void AddGrpc(Config& config, Keys& keys) {
  auto& s = config.grpc;
  AddListen("grpc", s, keys);
  keys.push_back({"grpc", "message_bytes_max", &s.message_bytes_max, "Bytes of a message", kKib,
                  kMessageBytesMax});
  keys.push_back({"grpc", "metadata_bytes_max", &s.metadata_bytes_max, "Bytes of a call's metadata",
                  kKib, kMib});
  keys.push_back({"grpc", "default_deadline_ms", &s.default_deadline_ms,
                  "Deadline of a call that sets none", 1, kHourMs});
  keys.push_back({"grpc", "deadline_max_ms", &s.deadline_max_ms, "Longest deadline honoured", 1,
                  24 * kHourMs});
  keys.push_back({"grpc", "recount_ms_max", &s.recount_ms_max, "Longest recount", 1, 24 * kHourMs});
  keys.push_back({"grpc", "stream_batches_in_flight_max", &s.stream_batches_in_flight_max,
                  "Batches of a stream under way at once", 1, 1024});
  keys.push_back({"grpc", "stream_idle_ms_max", &s.stream_idle_ms_max,
                  "A stream without a batch for so long is ended", 1, 24 * kHourMs});
  keys.push_back({"grpc", "concurrent_streams_max", &s.concurrent_streams_max,
                  "Calls of a connection at once", 1, 1'000'000});
  keys.push_back({"grpc", "calls_max", &s.calls_max, "Calls in all at once", 1, 1'000'000});
  keys.push_back({"grpc", "recounts_max", &s.recounts_max, "Recounts at once", 1, 1023});
  keys.push_back({"grpc", "memory_bytes_max", &s.memory_bytes_max,
                  "Memory that gRPC may take for messages", 16 * kMib, 1024 * 1024 * kMib});
  keys.push_back({"grpc", "threads_max", &s.threads_max, "Threads that gRPC may start", 4, 10'000});
  keys.push_back({"grpc", "worker_threads", &s.worker_threads,
                  "Threads for calls that wait; more than recounts_max", 2, 1024});
  keys.push_back({"grpc", "worker_queue_max", &s.worker_queue_max,
                  "Calls that may wait for such a thread", 1, 100'000});
  keys.push_back({"grpc", "handshake_timeout_ms", &s.handshake_timeout_ms,
                  "Time for a connection's handshake", 1, kHourMs});
  keys.push_back({"grpc", "keepalive_time_ms", &s.keepalive_time_ms,
                  "Silence after which a peer is pinged", 1'000, 24 * kHourMs});
  keys.push_back({"grpc", "keepalive_timeout_ms", &s.keepalive_timeout_ms,
                  "Wait for the answer to a ping", 100, kHourMs});
  keys.push_back({"grpc", "ping_interval_ms_min", &s.ping_interval_ms_min,
                  "A client that pings more often is dropped", 0, kHourMs});
  keys.push_back({"grpc", "connection_idle_ms_max", &s.connection_idle_ms_max,
                  "A connection without calls for so long is closed", 1'000, 24 * kHourMs});
}

void AddLimits(Config& config, Keys& keys) {
  auto& s = config.limits;
  keys.push_back({"limits", "identifier_bytes_max", &s.identifier_bytes_max,
                  "Bytes of an identifier", 16, kKib});
  keys.push_back({"limits", "values_max", &s.values_max, "Values of a record", 1, 65'536});
  keys.push_back(
      {"limits", "value_bytes_max", &s.value_bytes_max, "Bytes of a value", 1, kRecordBytesMax});
  keys.push_back({"limits", "record_bytes_max", &s.record_bytes_max, "Bytes of a record", 64,
                  kRecordBytesMax});
  keys.push_back(
      {"limits", "type_bytes_max", &s.type_bytes_max, "Bytes of a value's type", 1, kKib});
  keys.push_back(
      {"limits", "references_max", &s.references_max, "References of a value", 0, 65'536});
  keys.push_back({"limits", "object_class_bytes_max", &s.object_class_bytes_max,
                  "Bytes of an object class", 1, kKib});
  keys.push_back({"limits", "template_bytes_max", &s.template_bytes_max,
                  "Bytes of a template's name and version", 1, kKib});
  keys.push_back({"limits", "attributes_bytes_max", &s.attributes_bytes_max,
                  "Bytes of a record's attributes as JSON", 2, kRecordBytesMax});
  keys.push_back(
      {"limits", "batch_items_max", &s.batch_items_max, "Items of a batch", 1, kBatchItemsMax});
  keys.push_back({"limits", "batch_bytes_max", &s.batch_bytes_max, "Bytes of a batch", kKib,
                  kMessageBytesMax});
  keys.push_back({"limits", "batch_identifiers_max", &s.batch_identifiers_max,
                  "Identifiers resolved in one call", 1, kBatchItemsMax});
  keys.push_back({"limits", "request_id_bytes_max", &s.request_id_bytes_max,
                  "Bytes of a request_id", 1, kKib});
  keys.push_back({"limits", "page_size_default", &s.page_size_default,
                  "Rows of a page where none are asked for", 1, 100'000});
  keys.push_back({"limits", "page_size_max", &s.page_size_max, "Rows of a page", 1, 100'000});
}

void AddRegistration(Config& config, Keys& keys) {
  auto& s = config.registration;
  keys.push_back({"registration", "queue_items_max", &s.queue_items_max,
                  "Items a shard may have waiting; beyond: overloaded", 1, 100'000'000});
  keys.push_back({"registration", "queue_bytes_max", &s.queue_bytes_max,
                  "Bytes a shard may have waiting; beyond: overloaded", kKib, 1024 * 1024 * kMib});
  keys.push_back({"registration", "group_items_max", &s.group_items_max, "Items of one commit", 1,
                  kBatchItemsMax});
  keys.push_back({"registration", "group_bytes_max", &s.group_bytes_max, "Bytes of one commit",
                  kKib, kMessageBytesMax});
  keys.push_back({"registration", "commit_wait_max_ms", &s.commit_wait_max_ms,
                  "Wait for a commit until its outcome is called undetermined", 100, kHourMs});
  keys.push_back({"registration", "threads", &s.threads,
                  "Committer threads; 0: two a shard, at most 32", 0, 1024});
}

void AddAccess(Config& config, Keys& keys) {
  auto& s = config.access;
  keys.push_back({"access", "rate_per_identity", &s.rate_per_identity,
                  "Requests a second of one identity; 0: no bound", 0, kRateMax});
  keys.push_back({"access", "rate_per_address", &s.rate_per_address,
                  "Requests a second of one source address; 0: no bound", 0, kRateMax});
  keys.push_back(
      {"access", "allow_addresses", &s.allow_addresses,
       "Networks, such as [\"10.0.0.0/8\"], that are served, and no others; empty: all"});
  keys.push_back({"access", "deny_addresses", &s.deny_addresses, "Networks that are not served"});
  keys.push_back({"access", "deny_identifiers", &s.deny_identifiers,
                  "Identifiers, or prefixes ending in \"/\", that are not served"});
  keys.push_back({"access", "failures_free", &s.failures_free,
                  "Failed authentications of an address before it must wait", 0, 1'000'000});
  keys.push_back({"access", "failures_wait_s", &s.failures_wait_s,
                  "How long it then waits, doubled at each failure up to 900 s; 0: never", 0, 900});
  keys.push_back({"access", "session_hours", &s.session_hours, "Life of a login's token", 1, 720});
  keys.push_back(
      {"access", "allow_daily_hash", &s.allow_daily_hash,
       "Accept the SNMS API's hash that can be replayed all day as a login; keeps a fast "
       "hash of each password: weak"});
  keys.push_back({"access", "snms_value_bytes_strict", &s.snms_value_bytes_strict,
                  "Refuse values over 255 characters on the SNMS-compatible face"});
  keys.push_back({"access", "scrypt_log_n", &s.scrypt_log_n,
                  "Work and memory for a password: 2^log_n KiB", 12, 20});
  keys.push_back({"audit", "retention_days", &config.audit.retention_days,
                  "How long entries of the audit log are kept", 180, 36'500});
  keys.push_back({"templates", "require_known", &config.templates.require_known,
                  "Refuse records that name a data template which is not published"});
}

void AddRest(Config& config, Keys& keys) {
  keys.push_back({"clock", "drift_max_ms", &config.clock.drift_max_ms,
                  "Registration stops when the clock departs by more", 1'000, 24 * kHourMs});
  keys.push_back({"clock", "silence_max_hours", &config.clock.silence_max_hours,
                  "At start, longest time since the last commit that is believed", 1, 24 * 3650});
  keys.push_back({"clock", "ahead_hours", &config.clock.ahead_hours,
                  "With --dev only: a wall clock that is ahead, to see a month close", 0, 24 * 62});
  keys.push_back({"retention", "feed_hours", &config.retention.feed_hours,
                  "How long followers can read the change feed", 1, 24 * 3650});
  auto& ledger = config.ledger;
  keys.push_back(
      {"ledger", "enabled", &ledger.enabled, "Keep the public log of first-ever registrations"});
  keys.push_back({"ledger", "origin", &ledger.origin,
                  "Name of the log and its keys, fixed when it is created, such as "
                  "\"id.example.com/88.108\"; empty: made of the first secondary prefix"});
  keys.push_back({"ledger", "sm2", &ledger.sm2, "Sign with SM2/SM3 besides Ed25519"});
  keys.push_back({"ledger", "interval_ms", &ledger.interval_ms,
                  "Longest wait until new registrations are put in the log", 1, 60'000});
  keys.push_back({"ledger", "witness_vkeys", &ledger.witness_vkeys,
                  "Verifier keys of witnesses whose cosignatures are kept"});
  keys.push_back({"shutdown", "drain_ms", &config.shutdown.drain_ms,
                  "Time to finish what is under way after SIGTERM", 0, kHourMs});
  keys.push_back({"log", "level", &config.log.level, "Least severe line that is written", 0, 0,
                  "debug|info|warning|error|off"});
  keys.push_back({"log", "format", &config.log.format, "Form of a line", 0, 0, "logfmt|json"});
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string ConfigKey::Path() const { return std::string(section) + "." + std::string(name); }

std::string ConfigKey::Variable() const {
  std::string variable = "IDNODE_" + std::string(section) + "_" + std::string(name);
  for (char& c : variable) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return variable;
}

std::vector<ConfigKey> ConfigKeys(Config& config) {
  Keys keys;
  AddNode(config, keys);
  AddStorage(config, keys);
  AddHttp(config, keys);
  AddGrpc(config, keys);
  keys.push_back({"admin", "address", &config.admin.address, "IP address of metrics and probes"});
  keys.push_back({"admin", "port", &config.admin.port, "Port; 0 picks a free one", 0, kPortMax});
  keys.push_back(
      {"admin", "connections_max", &config.admin.connections_max, "Open connections", 1, 10'000});
  keys.push_back({"admin", "request_timeout_ms", &config.admin.request_timeout_ms,
                  "Time to read a request or to write its answer", 1, kHourMs});
  AddAccess(config, keys);
  AddLimits(config, keys);
  AddRegistration(config, keys);
  AddRest(config, keys);
  return keys;
}

std::string_view NearestName(std::string_view text, const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t best_distance = std::string_view::npos;
  for (const auto name : names) {
    const std::size_t distance = EditDistance(text, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  const std::size_t near = (std::max(text.size(), best.size()) + 2) / 3;
  return best_distance <= near ? best : std::string_view{};
}

}  // namespace idnode::app
