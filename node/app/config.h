#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/log.h"
#include "node/model/record.h"

namespace idnode::app {

/// [node]: what this node is.
struct NodeSection {
  std::string data_dir;
  std::vector<std::string> secondary_prefixes;  ///< 二级节点前缀, such as 88.108
  /// "88.108=C19,C14": GB/T 4754 industries of one of them; none: every industry.
  std::vector<std::string> secondary_prefix_industries;
  std::string time_zone = "Asia/Shanghai";  ///< counting zone, fixed when the store is created
  bool admit_on_first_use = false;
  std::int64_t target = 15'000'000;  ///< first-ever registrations a month
};

/// [storage]: the engine and its share of the machine.
struct StorageSection {
  std::string engine = "rocksdb";
  std::int64_t shards = 16;  ///< at creation only
  std::int64_t block_cache_mib = 640;
  std::int64_t write_buffer_mib = 256;
  std::int64_t background_jobs = 2;
  std::int64_t reserve_free_mib = 512;  ///< registration stops below this much free room
};

/// Where a public face listens and with which certificate.
struct ListenSection {
  std::string address = "127.0.0.1";
  std::int64_t port = 0;
  std::string tls_certificate;  ///< PEM file, chain; empty: plain text
  std::string tls_key;          ///< PEM file
  std::string tls_client_ca;    ///< PEM file, authorities of clients' certificates; empty: none
  bool allow_plaintext = false;
};

/// [http]
struct HttpSection : ListenSection {
  HttpSection() { port = 8080; }
  std::int64_t io_threads = 0;  ///< 0: one a core
  std::int64_t connections_max = 10'000;
  std::int64_t connections_per_address_max = 256;  ///< 0: no bound
  std::int64_t header_bytes_max = 16 * 1024;
  std::int64_t body_bytes_max = 32 * 1024 * 1024;
  std::int64_t bodies_bytes_max = 256 * 1024 * 1024;
  std::int64_t idle_timeout_ms = 60'000;
  std::int64_t request_timeout_ms = 30'000;
  std::int64_t pipeline_max = 64;
  std::int64_t worker_threads = 4;
  std::int64_t worker_queue_max = 1'024;
  std::int64_t recount_ms_max = 3'600'000;
  std::int64_t redirect_status = 302;
};

/// [grpc]
struct GrpcSection : ListenSection {
  GrpcSection() { port = 50051; }
  std::int64_t message_bytes_max = 32 * 1024 * 1024;
  std::int64_t metadata_bytes_max = 16 * 1024;
  std::int64_t default_deadline_ms = 30'000;
  std::int64_t deadline_max_ms = 300'000;
  std::int64_t recount_ms_max = 3'600'000;
  std::int64_t stream_batches_in_flight_max = 8;
  std::int64_t stream_idle_ms_max = 600'000;
  std::int64_t concurrent_streams_max = 1'000;
  std::int64_t calls_max = 10'000;
  std::int64_t recounts_max = 1;
  std::int64_t memory_bytes_max = 512LL * 1024 * 1024;
  std::int64_t threads_max = 64;
  std::int64_t worker_threads = 2;
  std::int64_t worker_queue_max = 64;
  std::int64_t handshake_timeout_ms = 10'000;
  std::int64_t keepalive_time_ms = 60'000;
  std::int64_t keepalive_timeout_ms = 20'000;
  std::int64_t ping_interval_ms_min = 10'000;
  std::int64_t connection_idle_ms_max = 600'000;
};

/// [admin]: metrics and probes.
struct AdminSection {
  std::string address = "127.0.0.1";
  std::int64_t port = 9464;
  std::int64_t connections_max = 64;
  std::int64_t request_timeout_ms = 10'000;
};

/// [access]: rates, lists and logins.
struct AccessSection {
  std::int64_t rate_per_identity = 0;         ///< requests a second; 0: no bound
  std::int64_t rate_per_address = 0;          ///< likewise
  std::vector<std::string> allow_addresses;   ///< networks; not empty: only these
  std::vector<std::string> deny_addresses;    ///< networks
  std::vector<std::string> deny_identifiers;  ///< identifiers, or prefixes ending in "/"
  std::int64_t failures_free = 5;    ///< failed authentications of an address before it must wait
  std::int64_t failures_wait_s = 1;  ///< then this, doubled each time; 0: never
  std::int64_t session_hours = 24;
  bool allow_daily_hash = false;
  bool snms_value_bytes_strict = false;
  std::int64_t scrypt_log_n = 15;
};

/// [audit]: the log of administrative acts (审计日志).
struct AuditSection {
  std::int64_t retention_days = 184;
};

/// [templates]: data templates (数据模板).
struct TemplatesSection {
  bool require_known = true;
};

/// [limits]: of records, batches and pages.
struct LimitsSection {
  std::int64_t identifier_bytes_max = 255;
  std::int64_t values_max = 256;
  std::int64_t value_bytes_max = 64 * 1024;
  std::int64_t record_bytes_max = 4 * 1024 * 1024;
  std::int64_t type_bytes_max = 255;
  std::int64_t references_max = 64;
  std::int64_t object_class_bytes_max = 64;
  std::int64_t template_bytes_max = 128;
  std::int64_t attributes_bytes_max = 64 * 1024;
  std::int64_t batch_items_max = 10'000;
  std::int64_t batch_bytes_max = 16 * 1024 * 1024;
  std::int64_t batch_identifiers_max = 10'000;
  std::int64_t request_id_bytes_max = 128;
  std::int64_t page_size_default = 100;
  std::int64_t page_size_max = 1'000;
};

/// [registration]: queues and groups of the committer.
struct RegistrationSection {
  std::int64_t queue_items_max = 64 * 1024;         ///< per shard
  std::int64_t queue_bytes_max = 64 * 1024 * 1024;  ///< per shard
  std::int64_t group_items_max = 4'096;
  std::int64_t group_bytes_max = 4 * 1024 * 1024;
  std::int64_t commit_wait_max_ms = 30'000;  ///< until an outcome is called undetermined
  std::int64_t threads = 0;                  ///< 0: two a shard, at most 32
};

/// [clock]: how far the wall clock may depart before registration stops.
struct ClockSection {
  std::int64_t drift_max_ms = 5 * 60 * 1000;
  std::int64_t silence_max_hours = 31 * 24;
  std::int64_t ahead_hours = 0;  ///< --dev only: the wall clock is ahead by so much
};

/// [retention]: how long what followers need is kept.
struct RetentionSection {
  std::int64_t feed_hours = 7 * 24;
};

/// [ledger]: the public log of first-ever registrations (存证账本).
struct LedgerSection {
  bool enabled = true;
  /// Name of the log and of its keys, fixed when it is created. Empty: "idnode.example/" and the
  /// first secondary prefix.
  std::string origin;
  bool sm2 = true;  ///< sign with SM2/SM3 (国密) besides
  std::int64_t interval_ms = 200;
  std::vector<std::string> witness_vkeys;  ///< verifier keys of witnesses
};

/// [shutdown]
struct ShutdownSection {
  std::int64_t drain_ms = 15'000;
};

/// [log]
struct LogSection {
  std::string level = "info";
  std::string format = "logfmt";
};

/// Everything that can be set, validated as a whole. Immutable once loaded.
struct Config {
  NodeSection node;
  StorageSection storage;
  HttpSection http;
  GrpcSection grpc;
  AdminSection admin;
  AccessSection access;
  AuditSection audit;
  TemplatesSection templates;
  LimitsSection limits;
  RegistrationSection registration;
  ClockSection clock;
  RetentionSection retention;
  LedgerSection ledger;
  ShutdownSection shutdown;
  LogSection log;

  /// The origin, or what stands for it while it is empty.
  std::string LedgerOrigin() const;
  LogLevel log_level() const;
  LogFormat log_format() const;
};

/// One thing that is wrong with a configuration.
struct ConfigFault {
  std::string key;    ///< "http.port"; empty where the file as a whole is at fault
  std::string where;  ///< "idnode.toml:12", "IDNODE_HTTP_PORT", "--data-dir" or empty
  std::string what;   ///< what is wrong
  std::string fix;    ///< what to do about it

  /// "idnode.toml:12: http.port: 70000 is more than 65535; give a number from 0 to 65535".
  std::string Text() const;
};

using Environment = std::map<std::string, std::string>;

/// Where a configuration comes from, weakest first: built-in values, `--dev`, file, environment,
/// flags.
struct ConfigSources {
  std::string file;         ///< path; empty: none
  Environment environment;  ///< variables that start with IDNODE_
  std::string data_dir;     ///< --data-dir; empty: not given
  bool dev = false;         ///< --dev
};

/// A configuration and every fault found in it: use it only where there are none.
struct LoadedConfig {
  Config config;
  std::vector<ConfigFault> faults;
};

/// Reads all sources and validates the outcome. Never stops at the first fault, except that a
/// file which is not TOML contributes that one fault and none of its keys.
LoadedConfig LoadConfig(const ConfigSources& sources);

/// Reads one file's text. `name` stands in messages.
void ReadConfigText(std::string_view text, const std::string& name, Config& config,
                    std::vector<ConfigFault>& faults);

/// Checks what needs more than one key or the machine: certificates, addresses, prefixes, the time
/// zone, limits that contradict each other. Appends to `faults`.
void ValidateConfig(const Config& config, bool dev, std::vector<ConfigFault>& faults);

/// The configuration as a TOML file with a comment a key. Holds no secrets: keys and certificates
/// are named by their files.
std::string PrintConfig(const Config& config);

/// Variables of the process's environment that start with IDNODE_.
Environment IdnodeEnvironment();

}  // namespace idnode::app
