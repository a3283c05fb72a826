#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/ledger/tree_hasher.h"
#include "node/service/ledger_commit.h"
#include "node/service/ledger_entries.h"
#include "node/service/ledger_keys.h"
#include "node/service/ledger_service.h"
#include "node/service/ledger_sketches.h"
#include "node/service/ledger_statement.h"
#include "storage/committer.h"
#include "storage/engine.h"
#include "storage/ledger_store.h"

namespace idnode::service {

struct LedgerOptions {
  std::chrono::milliseconds interval{200};  ///< between two looks at the feeds
  /// The store is this process's alone, so no other can sequence: no lease is kept.
  bool exclusive = true;
  std::chrono::milliseconds lease_ttl{15'000};       ///< without a renewal, the lease may be taken
  std::chrono::milliseconds lease_renew{5'000};      ///< how often its holder renews it
  std::chrono::milliseconds sketches_period{5'000};  ///< how often the sketches are written
  std::size_t integration_leaves_max = 64 * 1024;
  std::size_t integration_bytes_max = 16U << 20;  ///< of feed rows
  std::int64_t target = 15'000'000;
  storage::TrustedTimeFn trusted_time;  ///< empty: the injected clock is always trusted
};

/// The ledger as it is published: a checkpoint, and all that is under it.
struct PublishedLedger {
  storage::LedgerState state;
  storage::LedgerEvidence evidence;  ///< of the open month; of another node's tree: not known
  bool evidence_known = false;
};

/// Gives first-ever registrations their order (design §6, Sequencer): follows the feeds of all
/// shards and appends their entries to the tree, closes months and states them. What it appends and
/// how far it has read the feeds is written in one commit, through the committer, so each entry is
/// in the log exactly once, whatever crashes, and however many sequencers there are; the lease only
/// keeps them from working in vain.
///
/// A shard's rows are taken in the order of their versions while they are of the open month. The
/// month is closed once the next row of every shard is of a later month; shards without one are
/// nudged when the trusted clock has passed the boundary.
///
/// Thread-safe but for Step, Start, Stop and Drain, which are one thread's.
class LedgerSequencer {
 public:
  LedgerSequencer(storage::Engine& engine, storage::Committer& committer, const Clock& clock,
                  const TimeZone& zone, Metrics& metrics, LedgerKeys keys, LedgerOptions options);
  ~LedgerSequencer();
  LedgerSequencer(const LedgerSequencer&) = delete;
  LedgerSequencer& operator=(const LedgerSequencer&) = delete;

  /// Reads what is published, so that it is served at once. Errors: those of the engine;
  /// kCorruption; kFormatTooNew.
  Result<void> Load();
  /// Begins to sequence on a thread of its own.
  void Start();
  /// Ends that thread; what is read but not committed is done by the next one. Idempotent.
  void Stop();
  /// Stop; then fails those that wait, and whoever comes to wait. For an end without a drain.
  void Abandon();
  /// Stop; then integrates everything that is committed, publishes it, gives the lease up, and
  /// fails those that still wait. To be called when nothing new is registered any more, while the
  /// committer still works; no step of it takes longer than the deadline. That a month cannot be
  /// closed or stated does not keep it. Errors: kDeadlineExceeded (not all is integrated), those of
  /// the engine.
  Result<void> Drain(Deadline deadline);

  /// One look at the feeds: integrates, closes, states. True: there is more to do at once. Errors:
  /// those of engine and committer; the next call starts from what the store holds. Start's thread
  /// calls it; tests do on their own thread.
  Result<bool> Step();

  /// What is published; nullptr where there is no ledger yet.
  std::shared_ptr<const PublishedLedger> Published() const;
  /// Up to which version the feed of a shard is in the ledger for good: for retention. 0: unknown.
  storage::Version FollowedUpTo(storage::ShardId shard) const;
  /// LedgerService::AwaitIntegrated.
  void Await(storage::ShardId shard, storage::Version version, Deadline deadline,
             LedgerService::ReceiptFn done);

  const LedgerKeys& keys() const { return keys_; }
  const LedgerEntries& entries() const { return entries_; }
  const LedgerOptions& options() const { return options_; }
  /// Called before a month is closed, on the sequencer's thread, to write what is still in memory
  /// of it. An error delays the close, by a minute at most. Before Start.
  void SetBeforeClose(std::function<Result<void>()> flush) { before_close_ = std::move(flush); }

 private:
  /// What is built upon: the state in the store, and what was read of it.
  struct Position {
    storage::LedgerState state;
    std::string bytes;  ///< of `state`, as in the store
    ledger::TreeHasher hasher;
    std::vector<storage::Version> read;  ///< by shard; rows past the cursor had no leaves
    /// By shard: commit time of the first row past `read`, where that is of a later month.
    std::vector<std::optional<std::int64_t>> next_ms;
  };
  /// Entries read off the feeds, to be appended.
  struct Gathered {
    ledger::TreeHasher hasher;
    std::vector<storage::Version> read;
    storage::LedgerSegment segment;
    std::size_t bytes = 0;
    std::optional<std::int64_t> oldest_ms;
    bool more = false;
  };
  struct Waiter {
    storage::ShardId shard = 0;
    storage::Version version = 0;
    Deadline deadline{};
    LedgerService::ReceiptFn done;
  };

  void Loop();
  void Report(const Result<bool>& result);
  Deadline StepDeadline() const;

  Result<bool> Look();
  Result<void> LoadPosition();
  Result<void> Create();
  Result<bool> HoldLease();
  Result<bool> WriteLease(std::string holder);

  Result<bool> Advance();
  Result<void> Gather(Gathered& gathered);
  Result<bool> GatherShard(storage::ShardId shard, storage::Version head, Gathered& gathered);
  Result<void> GatherRow(storage::ShardId shard, storage::Version version, std::string_view bytes,
                         Gathered& gathered);
  Result<bool> Append(Gathered gathered);
  bool MayClose();
  Result<bool> CloseMonth();
  Result<void> NudgeIdle();
  Result<bool> StateMonth();
  Result<StatementParts> PartsOf(Month month) const;
  /// Writes `state` in place of the present one, with further rows. False: another wrote meanwhile.
  Result<bool> Write(storage::LedgerState state, LedgerWrite write);
  bool IsPast(storage::ShardId shard) const;
  bool AllPast() const;
  std::int64_t WaitingMs() const;
  Result<std::string> SignCheckpoint(const ledger::TreeHead& tree) const;

  void Publish();
  void ServeWaiters();
  void FailWaiters();
  /// Nothing: not in the tree yet.
  std::optional<Result<LedgerReceipt>> ReceiptOf(const PublishedLedger& published,
                                                 const Waiter& waiter) const;

  storage::Engine& engine_;
  storage::Committer& committer_;
  const Clock& clock_;
  const TimeZone& zone_;
  const LedgerKeys keys_;
  const LedgerOptions options_;
  const storage::LedgerStore store_;
  const LedgerEntries entries_;
  const std::vector<storage::ShardId> shards_;
  std::function<Result<void>()> before_close_;

  // The sequencing thread's own.
  std::optional<Position> position_;  ///< nothing: to be read from the store
  std::optional<MonthSketches> sketches_;
  Deadline sketches_written_{};
  std::int64_t month_start_ms_ = 0;  ///< of the open month
  std::int64_t month_end_ms_ = 0;
  std::vector<storage::Version> gapless_after_;  ///< by shard: what was there at the first look
  std::size_t rotate_ = 0;                       ///< which shard is read first: none waits for ever
  std::size_t rows_at_once_ = 4;  ///< what a scan asks for, by the size of the last rows
  const std::string holder_;
  std::optional<std::string> lease_bytes_;  ///< as last seen in the store
  Deadline lease_seen_{};                   ///< when it last changed
  bool lease_held_ = false;
  bool gap_told_ = false;
  Deadline statement_retry_{};
  Deadline step_limit_ = Deadline::max();  ///< of the drain, which no step outlasts
  std::optional<Deadline> close_delayed_;  ///< since when
  /// By shard: what the last step has read and put in the ledger, whatever came after.
  std::optional<std::vector<storage::Version>> integrated_;
  std::string reported_;  ///< the error that the log has last been told
  Deadline reported_at_{};
  std::map<std::pair<storage::ShardId, storage::Version>, std::uint64_t> appended_;  ///< last ones

  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const PublishedLedger> published_;
  std::vector<Waiter> waiters_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool woken_ = false;
  bool closed_ = false;  ///< drained: nobody will integrate what is waited for
  std::thread thread_;

  std::atomic<std::int64_t> pending_ms_{
      0};  ///< commit time of the oldest row not integrated; 0: none
  Counter& leaves_total_;
  Counter& integrations_;
  Counter& failures_;
  Counter& mended_;
  Counter& gaps_;
  Histogram& integrate_seconds_;
};

}  // namespace idnode::service
