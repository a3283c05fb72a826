#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "storage/engine.h"

namespace idnode::storage {

/// What FaultyEngine makes of one commit.
enum class CommitFault : std::uint8_t {
  kNone,                 ///< passed on as it is
  kUnavailable,          ///< Error(kUnavailable); nothing written
  kStorageFull,          ///< Error(kStorageFull); nothing written
  kConflict,             ///< kConflict; nothing written, though the version may be the expected one
  kUnknownApplied,       ///< kUnknown; written, if the version was the expected one
  kUnknownLost,          ///< kUnknown; nothing written
  kUnknownAppliedLater,  ///< kUnknown; tried once the next Read or Commit of the shard has answered
  kBatchTooLarge,        ///< Error(kBatchTooLarge); nothing written
};

/// What FaultyEngine makes of one read (Read, Get, GetInto, MultiGet, Scan or Heads).
enum class ReadFault : std::uint8_t {
  kNone,
  kUnavailable,       ///< Error(kUnavailable)
  kDeadlineExceeded,  ///< Error(kDeadlineExceeded)
  kCorruption,        ///< Error(kCorruption)
};

/// How often faults happen by chance, each from 0 (never) to 1 (always); the commit faults
/// exclude one another and sum to at most 1.
struct FaultRates {
  double commit_unavailable = 0;
  double commit_conflict = 0;
  double commit_unknown_applied = 0;
  double commit_unknown_lost = 0;
  double commit_unknown_applied_later = 0;
  double read_unavailable = 0;
};

/// Wraps an engine and injects the faults that the seam allows: what stands above must live with
/// every one of them. A scripted fault comes before a random one; storage full before both.
/// Trim, Checkpoint and Health are passed on, but for storage full. Thread-safe.
class FaultyEngine : public Engine {
 public:
  /// `base` must outlive this object.
  explicit FaultyEngine(Engine& base) : base_(base) {}
  explicit FaultyEngine(std::unique_ptr<Engine> base) : owned_(std::move(base)), base_(*owned_) {}
  /// No call may be under way. What was to be applied later is dropped.
  ~FaultyEngine() override = default;

  /// The next commits, whatever their shard, meet these faults, in this order.
  void ScriptCommits(std::initializer_list<CommitFault> faults);
  /// The next reads, whatever their shard, meet these faults, in this order.
  void ScriptReads(std::initializer_list<ReadFault> faults);
  /// From now on faults happen at these rates. The same seed gives the same faults to the same
  /// order of calls; print it.
  void Randomize(std::uint64_t seed, const FaultRates& rates);
  /// Ends random faults and forgets scripted ones.
  void StopFaults();

  /// While set, commits are Error(kStorageFull) and Health says so; reads go on.
  void SetStorageFull(bool full);

  /// From now on commits wait, before anything is written, until ReleaseCommits.
  void HoldCommits();
  void ReleaseCommits();
  /// Blocks until `count` commits wait.
  void WaitForHeldCommits(std::size_t count);

  /// Applies now what kUnknownAppliedLater has put off.
  void ApplyLateCommits();

  /// Calls of Commit so far, and of them those that met a fault.
  std::size_t commits() const;
  std::size_t faulted_commits() const;

  ShardId ShardCount() const override { return base_.ShardCount(); }
  const Capabilities& GetCapabilities() const override { return base_.GetCapabilities(); }
  Result<ReadResult> Read(ShardId shard, std::span<const std::string_view> keys,
                          Deadline deadline) override;
  Result<CommitStatus> Commit(ShardId shard, Version expected, const WriteSet& writes,
                              Deadline deadline) override;
  Result<std::string> Get(ShardId shard, std::string_view key, Deadline deadline) override;
  Result<void> GetInto(ShardId shard, std::string_view key, std::string& value,
                       Deadline deadline) override;
  Result<std::vector<std::optional<std::string>>> MultiGet(ShardId shard,
                                                           std::span<const std::string_view> keys,
                                                           Deadline deadline) override;
  Result<std::vector<ScanRow>> Scan(ShardId shard, std::string_view from, std::string_view to,
                                    std::size_t limit, bool reverse, Deadline deadline) override;
  Result<std::vector<Version>> Heads(std::span<const ShardId> shards, Deadline deadline) override;
  Result<void> Trim(ShardId shard, std::string_view from, std::string_view to,
                    Deadline deadline) override {
    return base_.Trim(shard, from, to, deadline);
  }
  Result<void> Checkpoint(const std::string& dir) override { return base_.Checkpoint(dir); }
  EngineHealth Health() override;

 private:
  /// A commit whose bytes are its own, since its caller is gone when it is applied.
  struct LateCommit;

  CommitFault NextCommitFault();
  Result<void> NextReadFault();
  void PutOff(ShardId shard, Version expected, const WriteSet& writes);
  void ApplyLate(std::vector<std::shared_ptr<const LateCommit>> late);
  std::vector<std::shared_ptr<const LateCommit>> TakeLate(ShardId shard);

  std::unique_ptr<Engine> owned_;
  Engine& base_;
  mutable std::mutex mutex_;  // guards what follows; never held while the base works
  std::condition_variable changed_;
  std::deque<CommitFault> commit_script_;
  std::deque<ReadFault> read_script_;
  FaultRates rates_;
  std::mt19937_64 random_;
  bool storage_full_ = false;
  bool holding_ = false;
  std::size_t held_ = 0;
  std::size_t commits_ = 0;
  std::size_t faulted_commits_ = 0;
  std::vector<std::shared_ptr<const LateCommit>> late_;
};

}  // namespace idnode::storage
