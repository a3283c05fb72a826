#include "node/service/registration_service.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "node/service/deadline_watch.h"
#include "node/service/registration_apply.h"
#include "node/service/registration_batch.h"
#include "node/service/request_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kRepeatMs = kDayMs;  // design §4: a repeat within 24 h

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// A batch on its way. Completed once: by its last part, or by its deadline.
class BatchState {
 public:
  BatchState(std::unique_ptr<PendingBatch> pending, RegistrationService::DoneFn done)
      : batch(std::move(pending)), done_(std::move(done)) {}

  // One part's outcomes, or why it has none.
  void PartDone(const std::vector<std::uint32_t>& items, std::vector<ItemResult> results,
                const Result<void>& result) {
    std::unique_lock lock(mutex_);
    if (!completed_) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        batch->results()[items[i]] =
            result.ok() ? std::move(results[i]) : FailedItem(result.error());
      }
      if (!result.ok()) {
        ++failed_parts_;
        if (!failure_.has_value() || failure_->code == result.error().code) {
          failure_ = result.error();
        } else {
          mixed_failures_ = true;
        }
      }
    }
    if (--parts_left_ != 0 || completed_) return;
    Complete(lock);
  }

  // The deadline has passed: what is not known by now is undetermined.
  void Late() {
    std::unique_lock lock(mutex_);
    if (completed_) return;
    for (auto& result : batch->results()) {
      if (result.outcome != Outcome::kUnspecified) continue;
      result.outcome = Outcome::kUndetermined;
      result.reason = Errc::kUndetermined;
      result.detail = "no answer before the deadline; repeat with the same request_id";
    }
    failed_parts_ = 0;
    Complete(lock);
  }

  void SetParts(std::size_t parts) {
    std::lock_guard lock(mutex_);
    parts_ = parts_left_ = parts;
  }

  // Has Late called on the state once the deadline has passed.
  static void Watch(const std::shared_ptr<BatchState>& state, DeadlineWatch& watch,
                    Deadline deadline) {
    std::lock_guard lock(state->mutex_);
    state->watch_ = &watch;
    state->ticket_ = watch.Add(deadline, [weak = std::weak_ptr<BatchState>(state)] {
      if (auto late = weak.lock()) late->Late();
    });
  }

  std::unique_ptr<PendingBatch> batch;
  Digest fingerprint{};

 private:
  static ItemResult FailedItem(const Error& error) {
    ItemResult item;
    const bool unknown = error.code == Errc::kUndetermined || error.code == Errc::kUnavailable;
    item.outcome = unknown ? Outcome::kUndetermined : Outcome::kRejected;
    item.reason = error.code;
    item.detail = error.detail;
    return item;
  }

  // A batch of which nothing was understood to be written is refused as a whole; an unknown
  // outcome is not a refusal.
  bool RefusedWhole() const {
    return failed_parts_ == parts_ && parts_ != 0 && !mixed_failures_ &&
           failure_->code != Errc::kUndetermined && failure_->code != Errc::kUnavailable;
  }

  void Complete(std::unique_lock<std::mutex>& lock) {
    completed_ = true;
    if (watch_ != nullptr) watch_->Remove(ticket_);
    auto done = std::move(done_);
    if (RefusedWhole()) {
      const Error error = *failure_;
      lock.unlock();
      done(error);
      return;
    }
    BatchResult result;
    result.results = std::move(batch->results());
    lock.unlock();
    done(std::move(result));
  }

  std::mutex mutex_;
  RegistrationService::DoneFn done_;
  DeadlineWatch* watch_ = nullptr;
  DeadlineWatch::Ticket ticket_;
  std::size_t parts_ = 0;
  std::size_t parts_left_ = 0;
  std::size_t failed_parts_ = 0;
  std::optional<Error> failure_;
  bool mixed_failures_ = false;
  bool completed_ = false;
};

// One shard's part of a batch.
class ShardPart : public storage::Transaction {
 public:
  ShardPart(std::shared_ptr<BatchState> state, const RecordLimits& limits, std::int64_t now_ms)
      : state_(std::move(state)), limits_(limits), now_ms_(now_ms) {}

  void AddItem(std::uint32_t index) {
    const auto& item = state_->batch->items()[index];
    indexes_.push_back(index);
    bytes += item.key.size() + item.record_bytes + item.content_bytes + 64;
    items = indexes_.size();
  }

  void CollectKeys(storage::KeyCollector& keys) override {
    slots_.reserve(indexes_.size());
    for (const auto index : indexes_) slots_.push_back(keys.Add(state_->batch->items()[index].key));
    const auto& batch = *state_->batch;
    if (batch.request_id().empty()) return;
    const auto day = static_cast<std::uint32_t>(now_ms_ / kDayMs);
    const std::string& application = batch.caller()->application;
    request_key_ = storage::RequestKey(day, application, batch.request_id());
    request_key_before_ = storage::RequestKey(day - 1, application, batch.request_id());
    request_slot_ = keys.Add(request_key_);
    request_slot_before_ = keys.Add(request_key_before_);
  }

  void Apply(storage::GroupContext& group) override {
    auto& batch = *state_->batch;
    results_.clear();
    reused_ = false;
    if (!batch.request_id().empty() && AnswerStored(group)) return;
    results_.reserve(indexes_.size());
    for (std::size_t i = 0; i < indexes_.size(); ++i) {
      results_.push_back(
          ApplyItem(batch.items()[indexes_[i]], slots_[i], *batch.caller(), limits_, group));
    }
    if (batch.request_id().empty()) return;
    RequestRow row;
    row.stored_ms = now_ms_;
    row.fingerprint = state_->fingerprint;
    for (const auto& result : results_) row.outcomes.emplace_back(result.outcome, result.reason);
    group.Put(request_slot_, group.Hold(EncodeRequestRow(row)));
  }

  void Done(const Result<void>& result) override {
    if (result.ok() && reused_) {
      state_->PartDone(indexes_, {},
                       Error(Errc::kRequestIdReused,
                             "this request_id was used before with other content", "requestId"));
      return;
    }
    state_->PartDone(indexes_, std::move(results_), result);
  }

 private:
  // True if the request was answered before: `results_` then holds that answer.
  bool AnswerStored(const storage::GroupContext& group) {
    for (const auto slot : {request_slot_, request_slot_before_}) {
      const std::string_view* stored = group.Find(slot);
      if (stored == nullptr) continue;
      const auto row = DecodeRequestRow(*stored, state_->batch->limits().batch_items_max);
      // A damaged answer is as good as none: items that are there come out as unchanged.
      if (!row.ok() || now_ms_ - row->stored_ms >= kRepeatMs) continue;
      if (row->fingerprint != state_->fingerprint || row->outcomes.size() != indexes_.size()) {
        reused_ = true;
        return true;
      }
      for (const auto& [outcome, reason] : row->outcomes) {
        ItemResult result;
        result.outcome = outcome;
        result.reason = reason;
        if (reason != Errc::kOk) result.detail = "as answered before to this request_id";
        results_.push_back(std::move(result));
      }
      return true;
    }
    return false;
  }

  const std::shared_ptr<BatchState> state_;
  const RecordLimits& limits_;
  const std::int64_t now_ms_;
  std::vector<std::uint32_t> indexes_;
  std::vector<storage::Slot> slots_;
  std::vector<ItemResult> results_;
  std::string request_key_;
  std::string request_key_before_;
  storage::Slot request_slot_ = 0;
  storage::Slot request_slot_before_ = 0;
  bool reused_ = false;
};

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {  // no default: -Wswitch reports a forgotten outcome
    case Outcome::kUnspecified:
      return "OUTCOME_UNSPECIFIED";
    case Outcome::kRegistered:
      return "REGISTERED";
    case Outcome::kReRegistered:
      return "RE_REGISTERED";
    case Outcome::kUnchanged:
      return "UNCHANGED";
    case Outcome::kConflict:
      return "CONFLICT";
    case Outcome::kRejected:
      return "REJECTED";
    case Outcome::kUndetermined:
      return "UNDETERMINED";
    case Outcome::kUpdated:
      return "UPDATED";
    case Outcome::kDeleted:
      return "DELETED";
    case Outcome::kStateChanged:
      return "STATE_CHANGED";
    case Outcome::kNotFound:
      return "NOT_FOUND";
  }
  return "OUTCOME_UNSPECIFIED";
}

class RegistrationService::Impl {
 public:
  Impl(storage::Engine& engine, storage::Committer& committer, const PrefixRegistry& prefixes,
       ClockGuard& clock_guard, const Clock& clock, Metrics& metrics,
       const RegistrationLimits& limits)
      : shards_(engine.ShardCount()),
        committer_(committer),
        prefixes_(prefixes),
        clock_guard_(clock_guard),
        clock_(clock),
        limits_(limits),
        batches_(metrics.GetCounter("idnode_registration_batches_total", "Batches submitted")),
        overloaded_(metrics.GetCounter("idnode_registration_overloaded_total",
                                       "Batches refused because a queue was full")),
        watch_(clock) {}

  Result<std::unique_ptr<Batch>> NewBatch(const CallerRef& caller, std::string_view request_id,
                                          std::size_t items, std::size_t request_bytes) const;
  void Submit(std::unique_ptr<Batch> batch, Deadline deadline, DoneFn done);

  const storage::ShardId shards_;
  storage::Committer& committer_;
  const PrefixRegistry& prefixes_;
  ClockGuard& clock_guard_;
  const Clock& clock_;
  const RegistrationLimits limits_;
  Counter& batches_;
  Counter& overloaded_;
  DeadlineWatch watch_;
};

Result<std::unique_ptr<Batch>> RegistrationService::Impl::NewBatch(
    const CallerRef& caller, std::string_view request_id, std::size_t items,
    std::size_t request_bytes) const {
  if (caller->role == Role::kAnonymous) {
    return Error(Errc::kUnauthenticated, "registration needs a token");
  }
  if (caller->role == Role::kAuditor) {
    return Error(Errc::kPermissionDenied, "an auditor does not register");
  }
  if (items == 0) return Error(Errc::kInvalidRequest, "the batch has no items", "items");
  if (items > limits_.batch_items_max) {
    return Error(Errc::kBatchTooLarge,
                 "the batch has " + std::to_string(items) + " items; at most " +
                     std::to_string(limits_.batch_items_max) + " are allowed; split it",
                 "items");
  }
  if (request_bytes > limits_.batch_bytes_max) {
    return Error(Errc::kBatchTooLarge,
                 "the batch has " + std::to_string(request_bytes) + " bytes; at most " +
                     std::to_string(limits_.batch_bytes_max) + " are allowed; split it",
                 "items");
  }
  if (request_id.size() > limits_.request_id_bytes_max || !IsPrintable(request_id)) {
    return Error(Errc::kInvalidRequest,
                 "a request_id is at most " + std::to_string(limits_.request_id_bytes_max) +
                     " printable ASCII characters without spaces",
                 "requestId");
  }
  return std::unique_ptr<Batch>(
      std::make_unique<PendingBatch>(caller, request_id, items, prefixes_, limits_, shards_));
}

void RegistrationService::Impl::Submit(std::unique_ptr<Batch> batch, Deadline deadline,
                                       DoneFn done) {
  batches_.Add();
  if (auto trusted = clock_guard_.Check(); !trusted.ok()) {
    done(trusted.error());
    return;
  }
  if (clock_.Monotonic() >= deadline) {
    done(Error(Errc::kDeadlineExceeded, "the deadline passed before work began"));
    return;
  }
  // Every Batch is made by NewBatch.
  std::unique_ptr<PendingBatch> pending(static_cast<PendingBatch*>(batch.release()));
  auto state = std::make_shared<BatchState>(std::move(pending), std::move(done));
  if (!state->batch->request_id().empty()) state->fingerprint = state->batch->Fingerprint();

  const std::int64_t now_ms = clock_.WallMs();
  std::vector<std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>>> parts;
  std::vector<std::shared_ptr<ShardPart>> by_shard(shards_);
  const auto& items = state->batch->items();
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    if (items[i].kind == ItemKind::kRejected) continue;
    auto& part = by_shard[items[i].shard];
    if (part == nullptr) {
      part = std::make_shared<ShardPart>(state, limits_.record, now_ms);
      part->deadline = deadline;
    }
    part->AddItem(i);
  }
  for (storage::ShardId shard = 0; shard < shards_; ++shard) {
    if (by_shard[shard] != nullptr) parts.emplace_back(shard, std::move(by_shard[shard]));
  }
  if (parts.empty()) {  // every item was rejected
    state->SetParts(1);
    state->PartDone({}, {}, {});
    return;
  }
  state->SetParts(parts.size());
  BatchState::Watch(state, watch_, deadline);
  if (auto queued = committer_.Submit(parts); !queued.ok()) {
    if (queued.code() == Errc::kOverloaded) overloaded_.Add();
    state->SetParts(1);
    state->PartDone({}, {}, queued.error());
  }
}

RegistrationService::RegistrationService(storage::Engine& engine, storage::Committer& committer,
                                         const PrefixRegistry& prefixes, ClockGuard& clock_guard,
                                         const Clock& clock, Metrics& metrics,
                                         RegistrationLimits limits)
    : impl_(std::make_unique<Impl>(engine, committer, prefixes, clock_guard, clock, metrics,
                                   limits)) {}

RegistrationService::~RegistrationService() = default;

const RegistrationLimits& RegistrationService::limits() const { return impl_->limits_; }

Result<std::unique_ptr<Batch>> RegistrationService::NewBatch(const CallerRef& caller,
                                                             std::string_view request_id,
                                                             std::size_t items,
                                                             std::size_t request_bytes) const {
  return impl_->NewBatch(caller, request_id, items, request_bytes);
}

void RegistrationService::Submit(std::unique_ptr<Batch> batch, Deadline deadline, DoneFn done) {
  impl_->Submit(std::move(batch), deadline, std::move(done));
}

Result<BatchResult> RegistrationService::Run(std::unique_ptr<Batch> batch, Deadline deadline) {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<BatchResult>> answer;
  Submit(std::move(batch), deadline, [&](Result<BatchResult> result) {
    std::lock_guard lock(mutex);
    answer.emplace(std::move(result));
    ready.notify_all();
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

}  // namespace idnode::service
