#include "node/service/audit_write.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace idnode::service {
namespace {

// How far the wall clock may be behind the store's time before that is taken: as far as ClockGuard
// bears with it.
constexpr std::int64_t kBehindMaxMs = 5 * 60 * 1000;

// A transaction that begins with the head row, and may find that it cannot go through.
class HeadTransaction : public storage::Transaction {
 public:
  void CollectKeys(storage::KeyCollector& keys) override {
    head_slot_ = keys.Add(head_key_);
    CollectMore(keys);
  }

  void Apply(storage::GroupContext& group) override {
    outcome_ = {};
    AuditHead head;
    if (const std::string_view* row = group.Find(head_slot_); row != nullptr) {
      auto decoded = DecodeAuditHead(*row);
      if (!decoded.ok()) {
        outcome_ = decoded.error();
        return;
      }
      head = *decoded;
    }
    outcome_ = Change(group, head);
    if (outcome_.ok()) group.Put(head_slot_, group.Hold(EncodeAuditHead(head)));
  }

  void Done(const Result<void>& result) override {
    std::lock_guard lock(mutex_);
    result_ = result;
    done_ = true;
    ready_.notify_all();
  }

  Result<void> Wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return done_; });
    return result_.ok() ? outcome_ : result_;
  }

 protected:
  HeadTransaction() {
    any_time = true;
    // A full queue of registrations must not keep the operator from acting. Those who act block a
    // worker each, so there are never more of these than workers.
    ahead = true;
  }
  virtual void CollectMore(storage::KeyCollector& keys) = 0;
  // Writes on top of `head`, and moves it. On an error nothing may have been written.
  virtual Result<void> Change(storage::GroupContext& group, AuditHead& head) = 0;

 private:
  const std::string head_key_ = AuditHeadKey();
  storage::Slot head_slot_ = 0;
  Result<void> outcome_;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool done_ = false;
  Result<void> result_;
};

class ActTransaction : public HeadTransaction {
 public:
  explicit ActTransaction(AuditWrite write) : write_(std::move(write)) {
    for (const auto& row : write_.rows) {
      bytes += row.key.size() + (row.value.has_value() ? row.value->size() : 0);
    }
    for (const auto& entry : write_.entries) bytes += EncodeAuditEntry(entry).size();
  }

 private:
  void CollectMore(storage::KeyCollector& keys) override {
    slots_.clear();
    for (const auto& row : write_.rows) slots_.push_back(keys.Add(row.key));
  }

  Result<void> Change(storage::GroupContext& group, AuditHead& head) override {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      IDNODE_RETURN_IF_ERROR(CheckExpected(group, i));
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const auto& value = write_.rows[i].value;
      if (value.has_value()) {
        group.Put(slots_[i], *value);
      } else {
        group.Erase(slots_[i]);
      }
    }
    for (AuditEntry entry : write_.entries) {
      entry.number = ++head.last;
      if (entry.at_ms + kBehindMaxMs < group.commit_ms()) entry.at_ms = group.commit_ms();
      entry.hash = HashAuditEntry(head.hash, entry);
      head.hash = entry.hash;
      head.last_ms = entry.at_ms;
      group.Insert(group.Hold(AuditEntryKey(entry.number)), group.Hold(EncodeAuditEntry(entry)));
    }
    return {};
  }

  Result<void> CheckExpected(const storage::GroupContext& group, std::size_t i) const {
    const auto& expected = write_.rows[i].expected;
    if (!expected.has_value()) return {};
    const std::string_view* present = group.Find(slots_[i]);
    if (expected->empty()) {
      if (present == nullptr) return {};
      return Error(Errc::kAlreadyExists, "it is there already");
    }
    if (present != nullptr && *present == *expected) return {};
    return Error(Errc::kConflict, "another change came first; read it anew and repeat");
  }

  const AuditWrite write_;
  std::vector<storage::Slot> slots_;
};

class MoveTransaction : public HeadTransaction {
 public:
  MoveTransaction(std::uint64_t first, std::uint64_t next, const Digest& anchor,
                  std::int64_t time_min_ms)
      : first_(first), next_(next), anchor_(anchor), time_min_ms_(time_min_ms) {}

 private:
  void CollectMore(storage::KeyCollector&) override {}

  Result<void> Change(storage::GroupContext& group, AuditHead& head) override {
    if (head.first != first_ || next_ > head.last + 1 || group.commit_ms() < time_min_ms_) {
      return Error(Errc::kPreconditionFailed, "the beginning of the audit log stays");
    }
    head.first = next_;
    head.anchor = anchor_;
    return {};
  }

  const std::uint64_t first_;
  const std::uint64_t next_;
  const Digest anchor_;
  const std::int64_t time_min_ms_;
};

Result<void> Run(storage::Committer& committer, const std::shared_ptr<HeadTransaction>& transaction,
                 Deadline deadline) {
  transaction->deadline = deadline;
  const std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>> part{kAuditShard,
                                                                                transaction};
  IDNODE_RETURN_IF_ERROR(committer.Submit({&part, 1}));
  return transaction->Wait();
}

}  // namespace

Result<void> WriteAudit(storage::Committer& committer, AuditWrite write, Deadline deadline) {
  return Run(committer, std::make_shared<ActTransaction>(std::move(write)), deadline);
}

Result<bool> MoveAuditFirst(storage::Committer& committer, std::uint64_t first, std::uint64_t next,
                            const Digest& anchor, std::int64_t time_min_ms, Deadline deadline) {
  const auto moved =
      Run(committer, std::make_shared<MoveTransaction>(first, next, anchor, time_min_ms), deadline);
  if (moved.code() == Errc::kPreconditionFailed) return false;
  if (!moved.ok()) return moved.error();
  return true;
}

}  // namespace idnode::service
