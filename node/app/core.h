#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "node/app/config.h"
#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/service/ledger_reader.h"
#include "node/service/ledger_resolved.h"
#include "node/service/ledger_sequencer.h"
#include "node/service/services.h"
#include "node/service/writer.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::app {

/// The node without its faces: engine, committer and services, wired from the configuration.
/// Thread-safe once open. The clock and the metrics outlive it.
class Core : public service::NodeState {
 public:
  /// Opens and recovers the store under `data_dir` and loads what the services keep in memory.
  /// Errors: those of OpenEngine, kInvalidRequest (the store's facts differ from the
  /// configuration), those of the services.
  static Result<std::unique_ptr<Core>> Open(const Config& config, const std::string& data_dir,
                                            const std::string& store_dir, const Clock& clock,
                                            Metrics& metrics);
  ~Core() override;
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  const service::Services& services() const { return *services_; }
  storage::Engine& engine() { return *engine_; }
  storage::Committer& committer() { return *committer_; }

  /// What `Ready` tells: set once the faces serve.
  void SetReady(bool ready) { ready_.store(ready); }
  /// Takes no new registrations from now on; Ready is false.
  void BeginDrain();
  /// Begins to sequence the ledger, where it is on; a new store then has one, if the store can be
  /// written. Once, after Open, before SetReady.
  void StartLedger();
  /// Finishes what is queued, at most until `deadline`: everything acknowledged is in the ledger
  /// then, under a published checkpoint.
  void DrainCommits(Deadline deadline);
  /// Writes what is kept in memory of resolutions, at most until `deadline`: housekeeping, now and
  /// then. Errors are told to the log; what was not written is written next time.
  Result<void> FlushLedger(Deadline deadline);
  /// Drops entries of the audit log that are older than they must be kept: housekeeping.
  Result<std::uint64_t> TrimAudit(Deadline deadline) { return audit_->Trim(deadline); }
  /// True once BeginDrain was called. For housekeeping that takes long.
  bool Draining() const { return draining_.load(); }
  /// For retention: how far the ledger has followed a shard's feed; everything where it is off.
  storage::Version FeedFollowedUpTo(storage::ShardId shard) const;

  // service::NodeState
  Result<void> Registering() const override;
  bool Ready() const override;
  std::string EngineName() const override;
  std::uint32_t Shards() const override;
  std::string TimeZoneName() const override { return zone_.name(); }

 private:
  Core(const Config& config, TimeZone zone, const Clock& clock, Metrics& metrics)
      : config_(config), zone_(std::move(zone)), clock_(clock), metrics_(metrics) {}

  Result<void> Start(const std::string& data_dir, const std::string& store_dir);
  Result<void> MakeAdministration();
  void MakeServices();
  Result<void> LoadServices(const std::string& data_dir);
  Result<void> OpenLedger(const std::string& data_dir);
  std::optional<Month> RunningMonth() const;
  void AddGauges();

  // In start order: destruction is teardown. But the destructor drains the committer first: what
  // is under way there calls back into the services.
  const Config config_;
  const TimeZone zone_;
  const Clock& clock_;
  Metrics& metrics_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> draining_{false};
  std::unique_ptr<service::ClockGuard> clock_guard_;  // the committer asks it for the time
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<service::Writer> writer_;
  std::unique_ptr<service::AuditLog> audit_;
  std::unique_ptr<service::EnterpriseRegistry> enterprises_;
  std::unique_ptr<service::PrefixRegistry> prefixes_;
  std::unique_ptr<service::AccessControl> access_;
  std::unique_ptr<service::TemplateRegistry> templates_;
  std::unique_ptr<service::GrantStore> grants_;
  std::unique_ptr<service::UserStore> users_;
  std::unique_ptr<service::Throttle> throttle_;
  std::unique_ptr<service::DisclosurePolicy> disclosure_;
  std::unique_ptr<service::Administration> administration_;
  std::unique_ptr<service::RegistrationService> registration_;
  std::unique_ptr<service::ResolutionService> resolution_;
  std::unique_ptr<service::VolumeService> volume_;
  std::unique_ptr<service::ResolvedMarks> marks_;  ///< this and the next: only where it is on
  std::unique_ptr<service::LedgerSequencer> sequencer_;
  std::unique_ptr<service::LedgerReader> ledger_;
  std::unique_ptr<service::Services> services_;
};

/// Resident memory of this process in bytes; 0 where it cannot be read.
std::uint64_t ResidentBytes();

}  // namespace idnode::app
