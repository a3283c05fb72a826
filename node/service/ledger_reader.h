#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/service/ledger_sequencer.h"
#include "node/service/ledger_service.h"
#include "storage/committer.h"
#include "storage/engine.h"
#include "storage/ledger_store.h"

namespace idnode::service {

struct LedgerReaderOptions {
  std::vector<ledger::Verifier> witnesses;  ///< whose cosignatures are kept
  /// A provisional statement is made anew when the last is older: it reads a month's counters.
  std::chrono::milliseconds provisional_age_max{2'000};
};

/// The ledger as it is served: out of what a sequencer, here or on another node, has published.
/// Lives no longer than the sequencer.
class LedgerReader : public LedgerService {
 public:
  LedgerReader(storage::Engine& engine, storage::Committer& committer, LedgerSequencer& sequencer,
               const Clock& clock, const TimeZone& zone, LedgerReaderOptions options);

  const std::string& Origin() const override { return sequencer_.keys().origin; }
  std::string VerifierKey() const override { return sequencer_.keys().vkey(); }
  std::string VerifierKeySm2() const override { return sequencer_.keys().vkey_sm2(); }
  Result<std::string> Checkpoint() const override;
  Result<std::string> ReadTile(const ledger::Tile& tile, Deadline deadline) const override;
  Result<InclusionProofReport> ProveInclusion(std::string_view identifier,
                                              Deadline deadline) const override;
  Result<ConsistencyProofReport> ProveConsistency(std::uint64_t from, std::uint64_t to,
                                                  Deadline deadline) const override;
  Result<StatementReport> Statement(Month month, Deadline deadline) const override;
  Result<std::vector<Month>> ClosedMonths(Deadline deadline) const override;
  Result<void> AddCosignature(std::string_view note, Deadline deadline) override;
  void AwaitIntegrated(storage::ShardId shard, storage::Version version, Deadline deadline,
                       ReceiptFn done) override {
    sequencer_.Await(shard, version, deadline, std::move(done));
  }

 private:
  using PublishedRef = std::shared_ptr<const PublishedLedger>;
  using StatementRef = std::shared_ptr<const StatementReport>;
  using SignerId = std::pair<std::string, std::uint32_t>;  ///< name and key id

  Result<PublishedRef> Published() const;
  Result<std::string> TileIn(const storage::LedgerState& state, const ledger::Tile& tile,
                             Deadline deadline) const;
  Result<std::string> LeavesTile(const ledger::Tile& tile, Deadline deadline) const;
  ledger::HashReader HashesIn(const PublishedRef& published, Deadline deadline) const;
  Result<std::optional<std::uint64_t>> FindLeaf(storage::ShardId shard, std::string_view folded,
                                                std::int64_t commit_ms, Deadline deadline) const;
  Result<StatementRef> Provisional(const PublishedRef& published, Deadline deadline) const;
  Result<StatementRef> MakeProvisional(const PublishedRef& published, Deadline deadline) const;
  StatementRef FreshProvisional(const PublishedRef& published) const;
  Result<StatementRef> FreshOrMade(const PublishedRef& published, Deadline deadline) const;
  Result<StatementRef> Final(Month month, Deadline deadline) const;
  Result<std::string> CheckpointOf(std::uint64_t size, const PublishedRef& published,
                                   Deadline deadline) const;
  std::string WithCosignatures(const std::string& note, std::uint64_t size) const;
  bool KeepInMemory(std::uint64_t size, const SignerId& signer, const std::string& line);
  Result<bool> KeepInClosings(const ledger::TreeHead& tree, const SignerId& signer,
                              const std::string& line, Deadline deadline);

  storage::Engine& engine_;
  storage::Committer& committer_;
  LedgerSequencer& sequencer_;
  const Clock& clock_;
  const TimeZone& zone_;
  const LedgerReaderOptions options_;
  const storage::LedgerStore store_;
  mutable std::mutex mutex_;  // guards what follows
  /// Signature lines by tree size; of the newest sizes only, and of each signer its newest.
  std::map<std::uint64_t, std::map<SignerId, std::string>> cosignatures_;
  mutable std::optional<std::pair<Deadline, StatementRef>> provisional_;  ///< and when it was made
  mutable std::map<Month, StatementRef> finals_;  ///< a few; their checkpoint is not kept
  // One makes a provisional statement at a time.
  mutable std::mutex making_mutex_;
  mutable std::condition_variable made_;
  mutable bool making_ = false;  ///< under making_mutex_
};

}  // namespace idnode::service
