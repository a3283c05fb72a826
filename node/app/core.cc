#include "node/app/core.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <unistd.h>

#include "node/app/store_facts.h"
#include "node/base/log.h"

#ifndef IDNODE_VERSION
#error "the build defines IDNODE_VERSION"
#endif

namespace idnode::app {
namespace {

/// For each administrative read or write of the start.
constexpr std::chrono::milliseconds kStartStepMax(60'000);
/// For the refusals that the audit log has not written yet.
constexpr std::chrono::milliseconds kAuditFlushMax(2'000);
/// Of a month that is to be closed, what is in memory is written within this time or later.
constexpr std::chrono::milliseconds kCloseFlushMax(10'000);

std::size_t Size(std::int64_t number) { return static_cast<std::size_t>(number); }

std::uint64_t Mib(std::int64_t mib) { return static_cast<std::uint64_t>(mib) << 20; }

storage::EngineOptions EngineOptionsOf(const StorageSection& section, const std::string& dir) {
  storage::EngineOptions options;
  options.engine = section.engine;
  options.dir = dir;
  options.shards = static_cast<storage::ShardId>(section.shards);
  options.block_cache_bytes = Mib(section.block_cache_mib);
  options.write_buffer_bytes = Mib(section.write_buffer_mib);
  options.background_jobs = static_cast<int>(section.background_jobs);
  options.reserve_free_bytes = Mib(section.reserve_free_mib);
  return options;
}

/// A group holds at least what a full batch of registrations, or of changes to records of the
/// same size, reads and writes.
constexpr std::size_t kHeldPerBatchByte = 4;

storage::CommitterOptions CommitterOptionsOf(const RegistrationSection& section,
                                             const LimitsSection& limits,
                                             service::ClockGuard& clock_guard) {
  storage::CommitterOptions options;
  options.group_items_max = Size(section.group_items_max);
  options.group_bytes_max = Size(section.group_bytes_max);
  options.queue_items_max = Size(section.queue_items_max);
  options.queue_bytes_max = Size(section.queue_bytes_max);
  options.commit_wait_max = std::chrono::milliseconds(section.commit_wait_max_ms);
  options.threads = static_cast<int>(section.threads);
  options.group_held_bytes_max =
      std::max(options.group_held_bytes_max, kHeldPerBatchByte * Size(limits.batch_bytes_max));
  options.trusted_time = [&clock_guard] { return clock_guard.TrustedMs(); };
  return options;
}

service::RegistrationLimits RegistrationLimitsOf(const LimitsSection& section) {
  service::RegistrationLimits limits;
  limits.batch_items_max = Size(section.batch_items_max);
  limits.batch_bytes_max = Size(section.batch_bytes_max);
  limits.request_id_bytes_max = Size(section.request_id_bytes_max);
  limits.record.identifier_bytes_max = Size(section.identifier_bytes_max);
  limits.record.values_max = Size(section.values_max);
  limits.record.value_bytes_max = Size(section.value_bytes_max);
  limits.record.record_bytes_max = Size(section.record_bytes_max);
  limits.record.type_bytes_max = Size(section.type_bytes_max);
  limits.record.references_max = Size(section.references_max);
  limits.record.object_class_bytes_max = Size(section.object_class_bytes_max);
  limits.record.template_bytes_max = Size(section.template_bytes_max);
  limits.record.attributes_bytes_max = Size(section.attributes_bytes_max);
  return limits;
}

service::ResolutionLimits ResolutionLimitsOf(const LimitsSection& section) {
  service::ResolutionLimits limits;
  limits.identifier_bytes_max = Size(section.identifier_bytes_max);
  limits.batch_identifiers_max = Size(section.batch_identifiers_max);
  limits.page_size_default = static_cast<std::uint32_t>(section.page_size_default);
  limits.page_size_max = static_cast<std::uint32_t>(section.page_size_max);
  return limits;
}

service::ThrottleOptions ThrottleOptionsOf(const AccessSection& section) {
  service::ThrottleOptions options;
  options.per_identity = static_cast<std::uint32_t>(section.rate_per_identity);
  options.per_address = static_cast<std::uint32_t>(section.rate_per_address);
  options.allow_addresses = section.allow_addresses;
  options.deny_addresses = section.deny_addresses;
  options.deny_identifiers = section.deny_identifiers;
  options.failures_free = static_cast<std::uint32_t>(section.failures_free);
  options.failures_wait = std::chrono::seconds(section.failures_wait_s);
  return options;
}

service::UserOptions UserOptionsOf(const AccessSection& section) {
  service::UserOptions options;
  options.session = std::chrono::hours(section.session_hours);
  options.allow_daily_hash = section.allow_daily_hash;
  options.scrypt_log_n = static_cast<unsigned>(section.scrypt_log_n);
  return options;
}

service::AuditOptions AuditOptionsOf(const AuditSection& section) {
  service::AuditOptions options;
  options.retention = std::chrono::hours(24 * section.retention_days);
  return options;
}

service::ClockGuardOptions ClockGuardOptionsOf(const ClockSection& section) {
  service::ClockGuardOptions options;
  options.drift_max = std::chrono::milliseconds(section.drift_max_ms);
  options.silence_max = std::chrono::hours(section.silence_max_hours);
  return options;
}

}  // namespace

Result<std::unique_ptr<Core>> Core::Open(const Config& config, const std::string& data_dir,
                                         const std::string& store_dir, const Clock& clock,
                                         Metrics& metrics) {
  auto zone = TimeZone::Load(config.node.time_zone);
  if (!zone.ok()) return Prefix("loading the counting time zone", zone.error());
  std::unique_ptr<Core> core(new Core(config, *std::move(zone), clock, metrics));
  IDNODE_RETURN_IF_ERROR(core->Start(data_dir, store_dir));
  return core;
}

Core::~Core() {
  // The sequencer commits, so it ends first; who waits for it is told once nobody comes any more.
  if (sequencer_ != nullptr) sequencer_->Stop();
  // Refusals that wait are commits too.
  if (audit_ != nullptr) (void)audit_->Flush(clock_.After(kAuditFlushMax));
  if (committer_ != nullptr) committer_->Drain(clock_.Monotonic());
  if (sequencer_ != nullptr) sequencer_->Abandon();
}

Result<void> Core::Start(const std::string& data_dir, const std::string& store_dir) {
  const auto began = clock_.Monotonic();
  auto engine = storage::OpenEngine(EngineOptionsOf(config_.storage, store_dir));
  if (!engine.ok()) return Prefix("opening the store", engine.error());
  engine_ = *std::move(engine);
  clock_guard_ = std::make_unique<service::ClockGuard>(clock_, ClockGuardOptionsOf(config_.clock));
  committer_ = std::make_unique<storage::Committer>(
      *engine_, clock_, zone_, metrics_,
      CommitterOptionsOf(config_.registration, config_.limits, *clock_guard_));
  IDNODE_RETURN_IF_ERROR(MakeAdministration());
  MakeServices();

  // The clock is judged before anything is written: the first commit would carry it into the store.
  const auto last_commit_ms = committer_->LastCommitMs(clock_.After(kStartStepMax));
  if (!last_commit_ms.ok()) return Prefix("reading the store's time", last_commit_ms.error());
  clock_guard_->Start(*last_commit_ms);
  IDNODE_RETURN_IF_ERROR(
      CheckStoreFacts(*engine_, *writer_, config_.node.time_zone, clock_.After(kStartStepMax)));
  IDNODE_RETURN_IF_ERROR(LoadServices(data_dir));
  IDNODE_RETURN_IF_ERROR(OpenLedger(data_dir));
  AddGauges();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Monotonic() - began);
  LogInfo("store open", {{"engine", EngineName()},
                         {"shards", Shards()},
                         {"time_zone", zone_.name()},
                         {"took_ms", static_cast<std::int64_t>(took.count())}});
  return {};
}

Result<void> Core::MakeAdministration() {
  writer_ = std::make_unique<service::Writer>(*committer_);
  audit_ = std::make_unique<service::AuditLog>(*engine_, *committer_, clock_, metrics_,
                                               AuditOptionsOf(config_.audit));
  enterprises_ = std::make_unique<service::EnterpriseRegistry>(*engine_, *audit_, clock_);
  auto industries = service::SecondaryIndustries::Parse(config_.node.secondary_prefix_industries,
                                                        config_.node.secondary_prefixes);
  if (!industries.ok()) return Prefix("[node] secondary_prefix_industries", industries.error());
  prefixes_ = std::make_unique<service::PrefixRegistry>(
      *engine_, *audit_, *enterprises_, clock_, metrics_,
      service::PrefixOptions{config_.node.secondary_prefixes, config_.node.admit_on_first_use,
                             *std::move(industries)});
  access_ = std::make_unique<service::AccessControl>(*engine_, *audit_, *prefixes_, clock_);
  templates_ = std::make_unique<service::TemplateRegistry>(
      *engine_, *audit_, *prefixes_, clock_,
      service::TemplateOptions{config_.templates.require_known});
  grants_ = std::make_unique<service::GrantStore>(*engine_, *audit_, *prefixes_, clock_);
  grants_->SetApplications([this](std::string_view name) { return access_->Exists(name); });
  users_ = std::make_unique<service::UserStore>(*engine_, *audit_, *enterprises_, clock_,
                                                UserOptionsOf(config_.access));
  access_->SetUsers(users_.get());
  auto throttle = service::Throttle::Make(ThrottleOptionsOf(config_.access), clock_, metrics_);
  if (!throttle.ok()) return Prefix("[access] " + throttle.error().field, throttle.error());
  throttle_ = *std::move(throttle);
  disclosure_ =
      std::make_unique<service::DisclosurePolicy>(*templates_, *grants_, *prefixes_, clock_);
  administration_ = std::make_unique<service::Administration>(service::Administration{
      *audit_, *enterprises_, *templates_, *grants_, *users_, *disclosure_, *throttle_});
  return {};
}

// In this order: each looks at what stands before it.
Result<void> Core::LoadServices(const std::string& data_dir) {
  const auto loaded = [](std::string_view what, Result<void> result) {
    return result.ok() ? result : Prefix("loading " + std::string(what), result.error());
  };
  IDNODE_RETURN_IF_ERROR(loaded("enterprises", enterprises_->Load()));
  IDNODE_RETURN_IF_ERROR(loaded("prefixes", prefixes_->Load()));
  IDNODE_RETURN_IF_ERROR(loaded("applications", access_->Load(data_dir)));
  IDNODE_RETURN_IF_ERROR(loaded("templates", templates_->Load()));
  IDNODE_RETURN_IF_ERROR(loaded("grants", grants_->Load()));
  return loaded("users", users_->Load(data_dir));
}

void Core::MakeServices() {
  registration_ = std::make_unique<service::RegistrationService>(
      *engine_, *committer_, *prefixes_, *clock_guard_, clock_, metrics_,
      RegistrationLimitsOf(config_.limits));
  registration_->SetTemplates(templates_.get());
  registration_->SetAudit(audit_.get());
  resolution_ = std::make_unique<service::ResolutionService>(*engine_, *prefixes_, metrics_,
                                                             ResolutionLimitsOf(config_.limits));
  volume_ = std::make_unique<service::VolumeService>(*engine_, *committer_, clock_, zone_,
                                                     config_.node.target);
  services_ = std::make_unique<service::Services>(
      service::Services{*access_, *prefixes_, *registration_, *resolution_, *volume_, *clock_guard_,
                        clock_, metrics_, *this, *administration_});
}

Result<void> Core::OpenLedger(const std::string& data_dir) {
  if (!config_.ledger.enabled) return {};
  auto keys =
      service::OpenLedgerKeys(*engine_, *writer_, data_dir + "/ledger", config_.LedgerOrigin(),
                              config_.ledger.sm2, clock_.After(kStartStepMax));
  if (!keys.ok()) return Prefix("opening the ledger", keys.error());
  service::LedgerReaderOptions reader_options;
  for (const auto& vkey : config_.ledger.witness_vkeys) {
    auto witness = ledger::Verifier::Parse(vkey);
    if (!witness.ok()) return Prefix("reading ledger.witness_vkeys", witness.error());
    reader_options.witnesses.push_back(*std::move(witness));
  }
  service::LedgerOptions options;
  options.interval = std::chrono::milliseconds(config_.ledger.interval_ms);
  // An embedded engine's store is held by this process alone.
  options.exclusive = engine_->GetCapabilities().local_reads;
  options.target = config_.node.target;
  options.trusted_time = [this] { return clock_guard_->TrustedMs(); };
  LogInfo("ledger", {{"origin", keys->origin}, {"vkey", keys->vkey()}});
  if (const std::string sm2 = keys->vkey_sm2(); !sm2.empty())
    LogInfo("ledger", {{"vkey_sm2", sm2}});
  sequencer_ = std::make_unique<service::LedgerSequencer>(*engine_, *committer_, clock_, zone_,
                                                          metrics_, *std::move(keys), options);
  if (auto loaded = sequencer_->Load(); !loaded.ok()) {
    return Prefix("reading the ledger", loaded.error());
  }
  const auto month = RunningMonth();
  marks_ = std::make_unique<service::ResolvedMarks>(
      zone_, month ? *month : zone_.MonthOf(clock_.WallMs()));
  sequencer_->SetBeforeClose([this] { return FlushLedger(clock_.After(kCloseFlushMax)); });
  ledger_ = std::make_unique<service::LedgerReader>(*engine_, *committer_, *sequencer_, clock_,
                                                    zone_, std::move(reader_options));
  registration_->SetLedger(ledger_.get());
  resolution_->SetMarks(marks_.get());
  services_->ledger = ledger_.get();
  return {};
}

void Core::StartLedger() {
  if (sequencer_ == nullptr) return;
  // A node that is ready has a checkpoint. Where that fails, its thread tries again, and tells.
  if (sequencer_->Published() == nullptr) (void)sequencer_->Step();
  sequencer_->Start();
}

// The month that runs as the ledger has it: the clock may be wrong. Nothing: not known.
std::optional<Month> Core::RunningMonth() const {
  std::optional<Month> month;
  if (const auto published = sequencer_->Published(); published != nullptr) {
    month = published->state.month;
  }
  const auto trusted_ms = clock_guard_->TrustedMs();
  if (!trusted_ms.ok()) return month;
  // The ledger may be behind; but the month after the open one is marked beside it.
  const Month trusted = zone_.MonthOf(*trusted_ms);
  if (!month || trusted.number > month->number + 1) month = trusted;
  return month;
}

Result<void> Core::FlushLedger(Deadline deadline) {
  if (marks_ == nullptr) return {};
  const auto flushed =
      marks_->Flush(storage::LedgerStore(*engine_), *committer_, RunningMonth(), deadline);
  if (!flushed.ok()) {
    LogWarning("marks of resolved identifiers were not written; it is tried again",
               {{"detail", flushed.error().detail}});
  }
  return flushed;
}

void Core::DrainCommits(Deadline deadline) {
  (void)audit_->Flush(std::min(deadline, clock_.After(kAuditFlushMax)));
  if (sequencer_ != nullptr) {
    // The committer keeps a part of the time: it has items to finish that no ledger waits for.
    const auto left = std::max(deadline - clock_.Monotonic(), Deadline::duration::zero());
    const Deadline ledger_deadline = deadline - left / 4;
    (void)FlushLedger(ledger_deadline);
    if (const auto drained = sequencer_->Drain(ledger_deadline); !drained.ok()) {
      LogWarning("the ledger is behind; the next start brings it up",
                 {{"detail", drained.error().detail}});
    }
  }
  committer_->Drain(deadline);
}

storage::Version Core::FeedFollowedUpTo(storage::ShardId shard) const {
  return sequencer_ == nullptr ? UINT64_MAX : sequencer_->FollowedUpTo(shard);
}

void Core::AddGauges() {
  metrics_.AddGauge("idnode_queue_items", "Registrations waiting for a commit", {},
                    [this] { return static_cast<double>(committer_->QueuedItems()); });
  metrics_.AddGauge("idnode_store_free_bytes", "Room left where the store lies; 0 where unknown",
                    {}, [this] { return static_cast<double>(engine_->Health().free_bytes); });
  metrics_.AddGauge("idnode_store_bytes", "Bytes of the store on disk", {},
                    [this] { return static_cast<double>(engine_->Health().stored_bytes); });
  metrics_.AddGauge("idnode_resident_bytes", "Resident memory of the process", {},
                    [] { return static_cast<double>(ResidentBytes()); });
  metrics_.AddGauge("idnode_registering", "1 while registrations are taken", {},
                    [this] { return Registering().ok() ? 1.0 : 0.0; });
  metrics_.AddGauge("idnode_ready", "1 while the node is ready", {},
                    [this] { return Ready() ? 1.0 : 0.0; });
  const auto began = clock_.Monotonic();
  metrics_.AddGauge(
      "idnode_uptime_seconds", "Seconds since the store was opened", {},
      [this, began] { return std::chrono::duration<double>(clock_.Monotonic() - began).count(); });
  metrics_.AddGauge("idnode_build_info", "Always 1; the labels tell the build",
                    {{"version", IDNODE_VERSION}, {"compiler", __VERSION__}}, [] { return 1.0; });
}

void Core::BeginDrain() {
  draining_.store(true);
  ready_.store(false);
}

Result<void> Core::Registering() const {
  if (draining_.load()) return Error(Errc::kShuttingDown, "the node is stopping");
  IDNODE_RETURN_IF_ERROR(clock_guard_->Check());
  const storage::EngineHealth health = engine_->Health();
  if (health.writable) return {};
  const std::uint64_t reserved = Mib(config_.storage.reserve_free_mib);
  // An engine is writable again a little above its reserve, so that it does not flicker.
  const bool full = health.free_bytes != 0 && health.free_bytes < reserved + reserved / 4;
  return Error(full ? Errc::kStorageFull : Errc::kUnavailable, health.detail);
}

bool Core::Ready() const { return ready_.load() && !draining_.load(); }

std::string Core::EngineName() const { return engine_->GetCapabilities().name; }

std::uint32_t Core::Shards() const { return engine_->ShardCount(); }

std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace idnode::app
