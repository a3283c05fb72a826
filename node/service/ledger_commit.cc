#include "node/service/ledger_commit.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "storage/ledger_store.h"

namespace idnode::service {
namespace {

class LedgerTransaction : public storage::Transaction {
 public:
  explicit LedgerTransaction(LedgerWrite write) : write_(std::move(write)) {
    for (const auto& [key, value] : write_.puts) bytes += key.size() + value.size();
    for (const auto& [key, value] : write_.inserts) bytes += key.size() + value.size();
    any_time = true;
    ahead = true;
  }

  void CollectKeys(storage::KeyCollector& keys) override {
    expected_slots_.clear();
    put_slots_.clear();
    for (const auto& [key, value] : write_.expected) expected_slots_.push_back(keys.Add(key));
    for (const auto& [key, value] : write_.puts) put_slots_.push_back(keys.Add(key));
  }

  void Apply(storage::GroupContext& group) override {
    as_expected_ = true;
    for (std::size_t i = 0; i < expected_slots_.size(); ++i) {
      const auto& value = write_.expected[i].second;
      const std::string_view* present = group.Find(expected_slots_[i]);
      if ((present != nullptr) != value.has_value() || (present != nullptr && *present != *value)) {
        as_expected_ = false;
        return;
      }
    }
    for (std::size_t i = 0; i < put_slots_.size(); ++i) {
      group.Put(put_slots_[i], write_.puts[i].second);
    }
    for (const auto& [key, value] : write_.inserts) group.Insert(key, value);
  }

  void Done(const Result<void>& result) override {
    std::lock_guard lock(mutex_);
    result_ = result;
    done_ = true;
    ready_.notify_all();
  }

  Result<bool> Wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return done_; });
    if (!result_.ok()) return result_.error();
    return as_expected_;
  }

 private:
  const LedgerWrite write_;
  std::vector<storage::Slot> expected_slots_;
  std::vector<storage::Slot> put_slots_;
  bool as_expected_ = false;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool done_ = false;
  Result<void> result_;
};

}  // namespace

Result<bool> WriteLedger(storage::Committer& committer, LedgerWrite write, Deadline deadline) {
  auto transaction = std::make_shared<LedgerTransaction>(std::move(write));
  transaction->deadline = deadline;
  const std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>> part{
      storage::kLedgerShard, transaction};
  IDNODE_RETURN_IF_ERROR(committer.Submit({&part, 1}));
  return transaction->Wait();
}

}  // namespace idnode::service
