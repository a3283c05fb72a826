// Noting, before the first of them is committed, that records name a version of a template.
#include <utility>

#include "node/service/template_registry.h"
#include "node/service/template_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

// Marks versions as named by records, unless one of them is gone by now.
class UseTransaction : public storage::Transaction {
 public:
  UseTransaction(std::vector<ReadyTemplateRef> used, std::function<void(const Result<void>&)> done)
      : used_(std::move(used)), done_(std::move(done)) {
    for (const auto& each : used_) {
      const TemplateInfo& info = *each->info;
      keys_.push_back(storage::TemplateKey(info.owner, info.name, info.version));
      keys_.push_back(storage::TemplateUsedKey(info.owner, info.name, info.version));
    }
    for (const auto& key : keys_) bytes += 2 * key.size();
    ahead = true;
  }

  void CollectKeys(storage::KeyCollector& keys) override {
    slots_.clear();
    for (const auto& key : keys_) slots_.push_back(keys.Add(key));
  }

  void Apply(storage::GroupContext& group) override {
    gone_ = nullptr;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const std::string_view* row = group.Find(slots_[2 * i]);
      const auto status = row == nullptr ? Result<TemplateRow::Status>(TemplateRow::Status::kGone)
                                         : TemplateStatusOf(*row);
      if (!status.ok() || *status == TemplateRow::Status::kGone ||
          *status == TemplateRow::Status::kDraft) {
        gone_ = used_[i]->info.get();
        return;
      }
    }
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (group.Find(slots_[2 * i + 1]) == nullptr) group.Put(slots_[2 * i + 1], kUsed);
    }
  }

  void Done(const Result<void>& result) override {
    if (result.ok() && gone_ != nullptr) {
      done_(Error(Errc::kTemplateNotFound,
                  "template " + gone_->Reference() + " was deleted meanwhile", "template"));
      return;
    }
    if (result.ok()) {
      for (const auto& each : used_) each->used->store(true, std::memory_order_release);
    }
    done_(result);
  }

 private:
  static constexpr std::string_view kUsed{"\x01", 1};

  const std::vector<ReadyTemplateRef> used_;
  const std::function<void(const Result<void>&)> done_;
  std::vector<std::string> keys_;  ///< two each: its row, and the row that says it is used
  std::vector<storage::Slot> slots_;
  const TemplateInfo* gone_ = nullptr;
};

}  // namespace

void TemplateRegistry::MarkUsed(std::vector<ReadyTemplateRef> used, storage::Committer& committer,
                                Deadline deadline, std::function<void(const Result<void>&)> done) {
  std::erase_if(used, [](const auto& each) { return each->used->load(std::memory_order_acquire); });
  if (used.empty()) {
    done({});
    return;
  }
  auto transaction = std::make_shared<UseTransaction>(std::move(used), done);
  transaction->deadline = deadline;
  const std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>> part{0, transaction};
  if (auto queued = committer.Submit({&part, 1}); !queued.ok()) done(queued);
}

}  // namespace idnode::service
