#include "storage/testing/faulty_engine.h"

#include <algorithm>
#include <utility>

#include "node/base/check.h"

namespace idnode::storage {
namespace {

constexpr std::string_view kStorageFullDetail =
    "registration stopped: the disk is full (injected fault)";

Error Injected(Errc code) { return Error(code, "injected fault"); }

}  // namespace

struct FaultyEngine::LateCommit {
  ShardId shard = 0;
  Version expected = 0;
  std::deque<std::string> bytes;  // does not move what it holds
  WriteSet writes;

  std::string_view Keep(std::string_view text) { return bytes.emplace_back(text); }
};

void FaultyEngine::ScriptCommits(std::initializer_list<CommitFault> faults) {
  std::lock_guard lock(mutex_);
  commit_script_.insert(commit_script_.end(), faults);
}

void FaultyEngine::ScriptReads(std::initializer_list<ReadFault> faults) {
  std::lock_guard lock(mutex_);
  read_script_.insert(read_script_.end(), faults);
}

void FaultyEngine::Randomize(std::uint64_t seed, const FaultRates& rates) {
  IDNODE_CHECK(rates.commit_unavailable + rates.commit_conflict + rates.commit_unknown_applied +
                   rates.commit_unknown_lost + rates.commit_unknown_applied_later <=
               1.0);
  std::lock_guard lock(mutex_);
  random_.seed(seed);
  rates_ = rates;
}

void FaultyEngine::StopFaults() {
  std::lock_guard lock(mutex_);
  rates_ = {};
  commit_script_.clear();
  read_script_.clear();
}

void FaultyEngine::SetStorageFull(bool full) {
  std::lock_guard lock(mutex_);
  storage_full_ = full;
}

void FaultyEngine::HoldCommits() {
  std::lock_guard lock(mutex_);
  holding_ = true;
}

void FaultyEngine::ReleaseCommits() {
  std::lock_guard lock(mutex_);
  holding_ = false;
  changed_.notify_all();
}

void FaultyEngine::WaitForHeldCommits(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return held_ >= count; });
}

std::size_t FaultyEngine::commits() const {
  std::lock_guard lock(mutex_);
  return commits_;
}

std::size_t FaultyEngine::faulted_commits() const {
  std::lock_guard lock(mutex_);
  return faulted_commits_;
}

// Counts the commit, waits at the latch, and picks its fault.
CommitFault FaultyEngine::NextCommitFault() {
  std::unique_lock lock(mutex_);
  ++commits_;
  if (holding_) {
    ++held_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !holding_; });
    --held_;
  }
  const auto pick = [&] {
    if (storage_full_) return CommitFault::kStorageFull;
    if (!commit_script_.empty()) {
      const CommitFault fault = commit_script_.front();
      commit_script_.pop_front();
      return fault;
    }
    double dice = std::uniform_real_distribution<double>(0, 1)(random_);
    const std::pair<double, CommitFault> table[] = {
        {rates_.commit_unavailable, CommitFault::kUnavailable},
        {rates_.commit_conflict, CommitFault::kConflict},
        {rates_.commit_unknown_applied, CommitFault::kUnknownApplied},
        {rates_.commit_unknown_lost, CommitFault::kUnknownLost},
        {rates_.commit_unknown_applied_later, CommitFault::kUnknownAppliedLater},
    };
    for (const auto& [rate, fault] : table) {
      if (dice < rate) return fault;
      dice -= rate;
    }
    return CommitFault::kNone;
  };
  const CommitFault fault = pick();
  if (fault != CommitFault::kNone) ++faulted_commits_;
  return fault;
}

Result<void> FaultyEngine::NextReadFault() {
  std::lock_guard lock(mutex_);
  ReadFault fault = ReadFault::kNone;
  if (!read_script_.empty()) {
    fault = read_script_.front();
    read_script_.pop_front();
  } else if (std::uniform_real_distribution<double>(0, 1)(random_) < rates_.read_unavailable) {
    fault = ReadFault::kUnavailable;
  }
  switch (fault) {
    case ReadFault::kNone:
      return {};
    case ReadFault::kUnavailable:
      return Injected(Errc::kUnavailable);
    case ReadFault::kDeadlineExceeded:
      return Injected(Errc::kDeadlineExceeded);
    case ReadFault::kCorruption:
      return Injected(Errc::kCorruption);
  }
  return {};
}

void FaultyEngine::PutOff(ShardId shard, Version expected, const WriteSet& writes) {
  auto late = std::make_shared<LateCommit>();
  late->shard = shard;
  late->expected = expected;
  for (const Row& row : writes.inserts) {
    late->writes.inserts.push_back({late->Keep(row.key), late->Keep(row.value)});
  }
  for (const Row& row : writes.updates) {
    late->writes.updates.push_back({late->Keep(row.key), late->Keep(row.value)});
  }
  for (const std::string_view key : writes.deletes) {
    late->writes.deletes.push_back(late->Keep(key));
  }
  for (const auto& [from, to] : writes.range_deletes) {
    late->writes.range_deletes.emplace_back(late->Keep(from), late->Keep(to));
  }
  std::lock_guard lock(mutex_);
  late_.push_back(std::move(late));
}

std::vector<std::shared_ptr<const FaultyEngine::LateCommit>> FaultyEngine::TakeLate(ShardId shard) {
  std::lock_guard lock(mutex_);
  const auto of_shard = std::stable_partition(
      late_.begin(), late_.end(), [&](const auto& late) { return late->shard != shard; });
  std::vector<std::shared_ptr<const LateCommit>> taken(of_shard, late_.end());
  late_.erase(of_shard, late_.end());
  return taken;
}

void FaultyEngine::ApplyLate(std::vector<std::shared_ptr<const LateCommit>> late) {
  for (const auto& commit : late) {
    // Whether it still fits is the base's to say; no one waits for the answer.
    static_cast<void>(
        base_.Commit(commit->shard, commit->expected, commit->writes, Deadline::max()));
  }
}

void FaultyEngine::ApplyLateCommits() {
  std::vector<std::shared_ptr<const LateCommit>> late;
  {
    std::lock_guard lock(mutex_);
    late.swap(late_);
  }
  ApplyLate(std::move(late));
}

Result<ReadResult> FaultyEngine::Read(ShardId shard, std::span<const std::string_view> keys,
                                      Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(NextReadFault());
  auto late = TakeLate(shard);
  auto result = base_.Read(shard, keys, deadline);
  ApplyLate(std::move(late));
  return result;
}

Result<CommitStatus> FaultyEngine::Commit(ShardId shard, Version expected, const WriteSet& writes,
                                          Deadline deadline) {
  const CommitFault fault = NextCommitFault();
  auto late = TakeLate(shard);
  const auto answer = [&]() -> Result<CommitStatus> {
    switch (fault) {
      case CommitFault::kNone:
        return base_.Commit(shard, expected, writes, deadline);
      case CommitFault::kUnavailable:
        return Injected(Errc::kUnavailable);
      case CommitFault::kStorageFull:
        return Error(Errc::kStorageFull, std::string(kStorageFullDetail));
      case CommitFault::kBatchTooLarge:
        return Injected(Errc::kBatchTooLarge);
      case CommitFault::kConflict:
        return CommitStatus::kConflict;
      case CommitFault::kUnknownApplied: {
        auto status = base_.Commit(shard, expected, writes, deadline);
        if (!status.ok()) return status.error();
        return CommitStatus::kUnknown;
      }
      case CommitFault::kUnknownLost:
        return CommitStatus::kUnknown;
      case CommitFault::kUnknownAppliedLater:
        PutOff(shard, expected, writes);
        return CommitStatus::kUnknown;
    }
    return CommitStatus::kUnknown;
  };
  auto result = answer();
  ApplyLate(std::move(late));
  return result;
}

Result<std::string> FaultyEngine::Get(ShardId shard, std::string_view key, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(NextReadFault());
  return base_.Get(shard, key, deadline);
}

Result<void> FaultyEngine::GetInto(ShardId shard, std::string_view key, std::string& value,
                                   Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(NextReadFault());
  return base_.GetInto(shard, key, value, deadline);
}

Result<std::vector<std::optional<std::string>>> FaultyEngine::MultiGet(
    ShardId shard, std::span<const std::string_view> keys, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(NextReadFault());
  return base_.MultiGet(shard, keys, deadline);
}

Result<std::vector<ScanRow>> FaultyEngine::Scan(ShardId shard, std::string_view from,
                                                std::string_view to, std::size_t limit,
                                                bool reverse, Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(NextReadFault());
  return base_.Scan(shard, from, to, limit, reverse, deadline);
}

Result<std::vector<Version>> FaultyEngine::Heads(std::span<const ShardId> shards,
                                                 Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(NextReadFault());
  return base_.Heads(shards, deadline);
}

EngineHealth FaultyEngine::Health() {
  EngineHealth health = base_.Health();
  std::lock_guard lock(mutex_);
  if (storage_full_) {
    health.writable = false;
    health.detail = kStorageFullDetail;
  }
  return health;
}

}  // namespace idnode::storage
