// Noting, before the first of them is committed, that records name a version of a template.
#include <algorithm>
#include <mutex>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "node/service/template_registry.h"
#include "node/service/template_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

using Used = const std::atomic<bool>*;  // of a version: the same in all that is made of it

// A batch that waits for one or several marks.
class Waiter {
 public:
  Waiter(std::vector<ReadyTemplateRef> used, std::size_t marks, TemplateRegistry::MarkedFn done)
      : used_(std::move(used)), left_(marks), done_(std::move(done)) {}

  // One of its marks is done; `gone` may name versions that it does not.
  void MarkDone(const Result<void>& result, const std::vector<ReadyTemplateRef>& gone) {
    {
      std::lock_guard lock(mutex_);
      if (!result.ok() && result_.ok()) result_ = result;
      for (const auto& each : used_) {
        const bool is_gone = std::any_of(
            gone.begin(), gone.end(), [&](const auto& other) { return other->used == each->used; });
        if (is_gone) gone_.push_back(each);
      }
      if (--left_ != 0) return;
    }
    done_(result_, gone_);
  }

 private:
  std::mutex mutex_;
  const std::vector<ReadyTemplateRef> used_;
  std::size_t left_;
  const TemplateRegistry::MarkedFn done_;
  Result<void> result_;
  std::vector<ReadyTemplateRef> gone_;
};
using WaiterRef = std::shared_ptr<Waiter>;

}  // namespace

// The marks under way: one a version at a time.
class TemplateRegistry::Marks : public std::enable_shared_from_this<TemplateRegistry::Marks> {
 public:
  void Add(std::vector<ReadyTemplateRef> used, storage::Committer& committer, MarkedFn done);

 private:
  class Mark;
  using MarkRef = std::shared_ptr<Mark>;

  // Who waited for it; it is under way no more.
  std::vector<WaiterRef> End(const Mark& mark);
  void Finish(const Mark& mark, const Result<void>& result,
              const std::vector<ReadyTemplateRef>& gone) {
    for (const auto& waiter : End(mark)) waiter->MarkDone(result, gone);
  }

  std::mutex mutex_;
  absl::flat_hash_map<Used, MarkRef> under_way_;
};

// Marks versions as named by records, but for those that are gone by now.
class TemplateRegistry::Marks::Mark : public storage::Transaction {
 public:
  Mark(std::shared_ptr<Marks> marks, std::vector<ReadyTemplateRef> used)
      : marks_(std::move(marks)), used_(std::move(used)) {
    for (const auto& each : used_) {
      const TemplateInfo& info = *each->info;
      keys_.push_back(storage::TemplateKey(info.owner, info.name, info.version));
      keys_.push_back(storage::TemplateUsedKey(info.owner, info.name, info.version));
    }
    for (const auto& key : keys_) bytes += 2 * key.size();
    ahead = true;
    // It is for batches of several deadlines, which are answered when those have passed.
    deadline = Deadline::max();
  }

  void CollectKeys(storage::KeyCollector& keys) override {
    slots_.clear();
    for (const auto& key : keys_) slots_.push_back(keys.Add(key));
  }

  void Apply(storage::GroupContext& group) override {
    gone_.clear();
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const std::string_view* row = group.Find(slots_[2 * i]);
      const auto status = row == nullptr ? Result<TemplateRow::Status>(TemplateRow::Status::kGone)
                                         : TemplateStatusOf(*row);
      if (!status.ok() || *status == TemplateRow::Status::kGone ||
          *status == TemplateRow::Status::kDraft) {
        gone_.push_back(used_[i]);
      } else if (group.Find(slots_[2 * i + 1]) == nullptr) {
        group.Put(slots_[2 * i + 1], kUsed);
      }
    }
  }

  void Done(const Result<void>& result) override {
    if (!result.ok()) gone_.clear();
    if (result.ok()) {
      for (const auto& each : used_) {
        if (std::find(gone_.begin(), gone_.end(), each) != gone_.end()) continue;
        each->used->store(true, std::memory_order_release);
      }
    }
    marks_->Finish(*this, result, gone_);
  }

  const std::vector<ReadyTemplateRef>& used() const { return used_; }
  std::vector<WaiterRef> waiters;  ///< guarded by the marks' mutex

 private:
  static constexpr std::string_view kUsed{"\x01", 1};

  const std::shared_ptr<Marks> marks_;
  const std::vector<ReadyTemplateRef> used_;
  std::vector<std::string> keys_;  ///< two each: its row, and the row that says it is used
  std::vector<storage::Slot> slots_;
  std::vector<ReadyTemplateRef> gone_;
};

std::vector<WaiterRef> TemplateRegistry::Marks::End(const Mark& mark) {
  std::lock_guard lock(mutex_);
  std::vector<WaiterRef> waiters;
  for (const auto& each : mark.used()) {
    const auto found = under_way_.find(each->used.get());
    if (found == under_way_.end() || found->second.get() != &mark) continue;
    if (waiters.empty()) waiters = std::move(found->second->waiters);
    under_way_.erase(found);
  }
  return waiters;
}

void TemplateRegistry::Marks::Add(std::vector<ReadyTemplateRef> used, storage::Committer& committer,
                                  MarkedFn done) {
  MarkRef made;
  bool full = false;
  {
    std::lock_guard lock(mutex_);
    std::vector<ReadyTemplateRef> fresh;
    std::vector<MarkRef> joined;
    for (const auto& each : used) {
      const auto found = under_way_.find(each->used.get());
      if (found == under_way_.end()) {
        fresh.push_back(each);
      } else if (std::find(joined.begin(), joined.end(), found->second) == joined.end()) {
        joined.push_back(found->second);
        full = full || found->second->waiters.size() > kTemplateMarkWaitersMax;
      }
    }
    if (!full) {
      if (!fresh.empty()) {
        made = std::make_shared<Mark>(shared_from_this(), std::move(fresh));
        for (const auto& each : made->used()) under_way_.emplace(each->used.get(), made);
        joined.push_back(made);
      }
      const auto waiter = std::make_shared<Waiter>(std::move(used), joined.size(), std::move(done));
      for (const auto& mark : joined) mark->waiters.push_back(waiter);
    }
  }
  if (full) {
    done(Error(Errc::kOverloaded, "too many batches wait for the first use of a template"), {});
    return;
  }
  if (made == nullptr) return;
  const std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>> part{0, made};
  if (auto queued = committer.Submit({&part, 1}); !queued.ok()) Finish(*made, queued, {});
}

std::shared_ptr<TemplateRegistry::Marks> TemplateRegistry::NewMarks() {
  return std::make_shared<Marks>();
}

void TemplateRegistry::MarkUsed(std::vector<ReadyTemplateRef> used, storage::Committer& committer,
                                MarkedFn done) {
  std::erase_if(used, [](const auto& each) { return each->used->load(std::memory_order_acquire); });
  if (used.empty()) {
    done({}, {});
    return;
  }
  marks_->Add(std::move(used), committer, std::move(done));
}

}  // namespace idnode::service
