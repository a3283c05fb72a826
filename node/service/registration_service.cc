#include "node/service/registration_service.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "node/service/deadline_watch.h"
#include "node/service/ledger_service.h"
#include "node/service/registration_apply.h"
#include "node/service/registration_batch.h"
#include "node/service/request_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kRepeatMs = kDayMs;  // design §4: a repeat within 24 h
// Days, from that of the request, under which its answer may be stored: its own, where it is
// written; the one before; and the one after, if the clock was set back over midnight meanwhile
// (by a day at most).
constexpr std::array<int, 3> kRequestDays = {0, -1, 1};

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// Items of one commit that are to get receipts of the ledger.
struct ReceiptsWanted {
  storage::ShardId shard = 0;
  storage::Version version = 0;
  /// Item, and its place among the first-ever registrations of the commit.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> items;
};

// A batch on its way. Completed once: by its last part, by the last receipt, or by its deadline.
class BatchState : public std::enable_shared_from_this<BatchState> {
 public:
  BatchState(std::shared_ptr<PendingBatch> pending, RegistrationService::DoneFn done,
             LedgerService* ledger, Deadline deadline)
      : batch(std::move(pending)), done_(std::move(done)), ledger_(ledger), deadline_(deadline) {}

  bool wants_receipts() const { return ledger_ != nullptr && batch->wait_for_ledger(); }

  // One part's outcomes, or why it has none.
  void PartDone(const std::vector<std::uint32_t>& items, std::vector<ItemResult> results,
                const Result<void>& result, ReceiptsWanted wanted = {}) {
    std::unique_lock lock(mutex_);
    if (result.ok() && !wanted.items.empty()) wanted_.push_back(std::move(wanted));
    if (!completed_) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        auto& answer = batch->results()[items[i]];
        if (result.ok()) {
          answer = std::move(results[i]);
        } else if (answer.outcome == Outcome::kUnspecified) {  // it was not rejected before
          answer = FailedItem(result.error());
        }
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
    if (wanted_.empty()) {
      Complete(lock);
    } else {
      AwaitReceipts(lock);
    }
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

  /// Null once completed; parts have it of their own.
  std::shared_ptr<PendingBatch> batch;
  Digest fingerprint{};

 private:
  void AwaitReceipts(std::unique_lock<std::mutex>& lock) {
    receipts_left_ = wanted_.size();
    const std::size_t count = receipts_left_;
    lock.unlock();
    // `wanted_` does not change any more.
    for (std::size_t i = 0; i < count; ++i) {
      ledger_->AwaitIntegrated(
          wanted_[i].shard, wanted_[i].version, deadline_,
          [state = shared_from_this(), i](const Result<LedgerReceipt>& receipt) {
            state->ReceiptDone(i, receipt);
          });
    }
  }

  // Without a receipt the outcome holds all the same.
  void ReceiptDone(std::size_t which, const Result<LedgerReceipt>& receipt) {
    std::unique_lock lock(mutex_);
    --receipts_left_;
    if (completed_) return;
    if (receipt.ok()) {
      for (const auto& [item, ordinal] : wanted_[which].items) {
        batch->results()[item].leaf_index = receipt->leaf_index + ordinal;
        batch->results()[item].tree_size = receipt->tree_size;
      }
    }
    if (receipts_left_ == 0) Complete(lock);
  }

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
    // Whoever waits for the ledger yet holds the state, but not the items. Each part does: its
    // group is read, as what the next one is prepared on, after its outcome is told.
    const auto items = std::move(batch);
    lock.unlock();
    done(std::move(result));
  }

  std::mutex mutex_;
  RegistrationService::DoneFn done_;
  LedgerService* const ledger_;  ///< nullptr: there is none
  const Deadline deadline_;
  std::vector<ReceiptsWanted> wanted_;
  std::size_t receipts_left_ = 0;
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
      : state_(std::move(state)),
        batch_(state_->batch),
        receipts_wanted_(state_->wants_receipts()),
        limits_(limits),
        now_ms_(now_ms) {}

  void AddItem(std::uint32_t index) {
    const auto& item = batch_->items()[index];
    indexes_.push_back(index);
    if (item.kind == ItemKind::kRejected) rejected_.push_back(batch_->results()[index]);
    bytes += item.key.size() + item.record_bytes + item.content_bytes + 64;
    items = indexes_.size();
  }

  void CollectKeys(storage::KeyCollector& keys) override {
    const auto& batch = *batch_;
    slots_.clear();
    slots_.reserve(indexes_.size());
    for (const auto index : indexes_) {
      const auto& item = batch.items()[index];
      slots_.push_back(item.kind == ItemKind::kRejected ? 0 : keys.Add(item.key));
    }
    if (batch.request_id().empty()) return;
    const auto day = static_cast<std::uint32_t>(now_ms_ / kDayMs);
    for (std::size_t i = 0; i < kRequestDays.size(); ++i) {
      request_keys_[i] = storage::RequestKey(day + static_cast<std::uint32_t>(kRequestDays[i]),
                                             batch.caller()->application, batch.request_id());
      request_slots_[i] = keys.Add(request_keys_[i]);
    }
  }

  void Apply(storage::GroupContext& group) override {
    auto& batch = *batch_;
    results_.clear();
    receipts_ = {};
    reused_ = false;
    if (!batch.request_id().empty() && AnswerStored(group)) return;
    results_.reserve(indexes_.size());
    auto rejected = rejected_.begin();
    receipts_.version = group.version();
    for (std::size_t i = 0; i < indexes_.size(); ++i) {
      auto& item = batch.items()[indexes_[i]];
      const std::uint64_t ordinal = group.first_ever();
      results_.push_back(item.kind == ItemKind::kRejected
                             ? *rejected++
                             : ApplyItem(item, slots_[i], *batch.caller(), limits_,
                                         batch.source_address(), group));
      if (receipts_wanted_ && results_.back().outcome == Outcome::kRegistered) {
        receipts_.shard = item.shard;
        receipts_.items.emplace_back(indexes_[i], ordinal);
      }
    }
    if (batch.request_id().empty()) return;
    RequestRow row;
    row.stored_ms = now_ms_;
    row.fingerprint = state_->fingerprint;
    for (const auto& result : results_) row.outcomes.emplace_back(result.outcome, result.reason);
    group.Put(request_slots_[0], group.Hold(EncodeRequestRow(row)));
  }

  void Done(const Result<void>& result) override {
    if (result.ok() && reused_) {
      state_->PartDone(indexes_, {},
                       Error(Errc::kRequestIdReused,
                             "this request_id was used before with other content", "requestId"));
      return;
    }
    state_->PartDone(indexes_, std::move(results_), result, std::move(receipts_));
  }

 private:
  // True if the request was answered before: `results_` then holds that answer.
  bool AnswerStored(const storage::GroupContext& group) {
    for (const auto slot : request_slots_) {
      const std::string_view* stored = group.Find(slot);
      if (stored == nullptr) continue;
      const auto row = DecodeRequestRow(*stored);
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
  // Keys and values of its group are views into it.
  const std::shared_ptr<PendingBatch> batch_;
  const bool receipts_wanted_;
  const RecordLimits& limits_;
  const std::int64_t now_ms_;
  std::vector<std::uint32_t> indexes_;
  std::vector<storage::Slot> slots_;  // 0 for a rejected item
  // Items rejected before that belong to this shard: they are part of the answer that is stored,
  // so that a repeat has it even if it would not be rejected any more.
  std::vector<ItemResult> rejected_;
  std::vector<ItemResult> results_;
  ReceiptsWanted receipts_;
  std::array<std::string, kRequestDays.size()> request_keys_;
  std::array<storage::Slot, kRequestDays.size()> request_slots_{};
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
  LedgerService* ledger_ = nullptr;
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
  auto state = std::make_shared<BatchState>(std::move(pending), std::move(done), ledger_, deadline);
  if (!state->batch->request_id().empty()) state->fingerprint = state->batch->Fingerprint();

  const std::int64_t now_ms = clock_.WallMs();
  std::vector<std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>>> parts;
  std::vector<std::shared_ptr<ShardPart>> by_shard(shards_);
  const auto& items = state->batch->items();
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    if (items[i].kind == ItemKind::kRejected &&
        (!items[i].placed || state->batch->request_id().empty())) {
      continue;
    }
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

void RegistrationService::SetLedger(LedgerService* ledger) { impl_->ledger_ = ledger; }

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
