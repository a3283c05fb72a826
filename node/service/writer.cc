#include "node/service/writer.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace idnode::service {
namespace {

// One row of administrative data.
class RowTransaction : public storage::Transaction {
 public:
  RowTransaction(std::string key, std::string value, bool must_be_new)
      : key_(std::move(key)), value_(std::move(value)), must_be_new_(must_be_new) {}

  void CollectKeys(storage::KeyCollector& keys) override { slot_ = keys.Add(key_); }

  void Apply(storage::GroupContext& group) override {
    exists_ = group.Find(slot_) != nullptr;
    if (!exists_ || !must_be_new_) group.Put(slot_, value_);
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
    if (result_.ok() && exists_ && must_be_new_) {
      return Error(Errc::kAlreadyExists, "the name is taken");
    }
    return result_;
  }

 private:
  const std::string key_;
  const std::string value_;
  const bool must_be_new_;
  storage::Slot slot_ = 0;
  bool exists_ = false;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool done_ = false;
  Result<void> result_;
};

}  // namespace

Result<void> Writer::Write(const std::string& key, const std::string& value, bool must_be_new,
                           Deadline deadline) {
  auto transaction = std::make_shared<RowTransaction>(key, value, must_be_new);
  transaction->bytes = key.size() + value.size();
  transaction->deadline = deadline;
  transaction->any_time = true;
  const std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>> part{0, transaction};
  IDNODE_RETURN_IF_ERROR(committer_.Submit({&part, 1}));
  return transaction->Wait();
}

Result<void> Writer::Create(const std::string& key, const std::string& value, Deadline deadline) {
  return Write(key, value, true, deadline);
}

Result<void> Writer::Put(const std::string& key, const std::string& value, Deadline deadline) {
  return Write(key, value, false, deadline);
}

}  // namespace idnode::service
