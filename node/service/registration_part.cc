#include "node/service/registration_part.h"

#include "node/service/request_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kRepeatMs = kDayMs;  // design §4: a repeat within 24 h

}  // namespace

void BatchState::PartDone(const std::vector<std::uint32_t>& items, std::vector<ItemResult> results,
                          const Result<void>& result, ReceiptsWanted wanted) {
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

void BatchState::Late() {
  std::unique_lock lock(mutex_);
  if (completed_ || watch_ == nullptr) return;
  for (auto& result : batch->results()) {
    if (result.outcome != Outcome::kUnspecified) continue;
    result.outcome = Outcome::kUndetermined;
    result.reason = Errc::kUndetermined;
    result.detail = "no answer before the deadline; repeat with the same request_id";
  }
  failed_parts_ = 0;
  Complete(lock);
}

void BatchState::Refuse(const Error& error) {
  std::unique_lock lock(mutex_);
  if (completed_) return;
  parts_ = failed_parts_ = 1;
  failure_ = error;
  refused_ = true;
  Complete(lock);
}

void BatchState::Watch(const std::shared_ptr<BatchState>& state, DeadlineWatch& watch,
                       Deadline deadline) {
  std::lock_guard lock(state->mutex_);
  state->watch_ = &watch;
  state->ticket_ = watch.Add(deadline, [weak = std::weak_ptr<BatchState>(state)] {
    if (auto late = weak.lock()) late->Late();
  });
}

bool BatchState::Unwatch() {
  std::lock_guard lock(mutex_);
  if (watch_ != nullptr) watch_->Remove(ticket_);
  watch_ = nullptr;
  return !completed_;
}

void BatchState::AwaitReceipts(std::unique_lock<std::mutex>& lock) {
  receipts_left_ = wanted_.size();
  const std::size_t count = receipts_left_;
  lock.unlock();
  // `wanted_` does not change any more.
  for (std::size_t i = 0; i < count; ++i) {
    ledger_->AwaitIntegrated(wanted_[i].shard, wanted_[i].version, deadline_,
                             [state = shared_from_this(), i](const Result<LedgerReceipt>& receipt) {
                               state->ReceiptDone(i, receipt);
                             });
  }
}

void BatchState::ReceiptDone(std::size_t which, const Result<LedgerReceipt>& receipt) {
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

ItemResult BatchState::FailedItem(const Error& error) {
  ItemResult item;
  const bool unknown = error.code == Errc::kUndetermined || error.code == Errc::kUnavailable;
  item.outcome = unknown ? Outcome::kUndetermined : Outcome::kRejected;
  item.reason = error.code;
  item.detail = error.detail;
  return item;
}

bool BatchState::RefusedWhole() const {
  if (refused_) return true;
  return failed_parts_ == parts_ && parts_ != 0 && !mixed_failures_ &&
         failure_->code != Errc::kUndetermined && failure_->code != Errc::kUnavailable;
}

void BatchState::Complete(std::unique_lock<std::mutex>& lock) {
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

void ShardPart::AddItem(std::uint32_t index) {
  const auto& item = batch_->items()[index];
  indexes_.push_back(index);
  if (item.kind == ItemKind::kRejected) rejected_.push_back(batch_->results()[index]);
  bytes += item.key.size() + item.record_bytes + item.content_bytes + 64;
  for (const auto& claim : batch_->ClaimsOf(item)) bytes += claim.key.size() + item.key.size();
  items = indexes_.size();
}

void ShardPart::CollectKeys(storage::KeyCollector& keys) {
  const auto& batch = *batch_;
  slots_.clear();
  slots_.reserve(indexes_.size());
  claim_slots_.clear();
  for (const auto index : indexes_) {
    const auto& item = batch.items()[index];
    slots_.push_back(item.kind == ItemKind::kRejected ? 0 : keys.Add(item.key));
    if (item.kind == ItemKind::kRejected) continue;
    for (const auto& claim : batch.ClaimsOf(item)) claim_slots_.push_back(keys.Add(claim.key));
  }
  if (batch.request_id().empty()) return;
  const auto day = static_cast<std::uint32_t>(now_ms_ / kDayMs);
  for (std::size_t i = 0; i < kRequestDays.size(); ++i) {
    request_keys_[i] = storage::RequestKey(day + static_cast<std::uint32_t>(kRequestDays[i]),
                                           batch.caller()->application, batch.request_id());
    request_slots_[i] = keys.Add(request_keys_[i]);
  }
}

void ShardPart::Apply(storage::GroupContext& group) {
  auto& batch = *batch_;
  results_.clear();
  receipts_ = {};
  reused_ = answered_ = false;
  for (PrefixUse* use : uses_) use->taken = 0;
  if (!batch.request_id().empty() && AnswerStored(group)) {
    answered_ = true;
    return;
  }
  results_.reserve(indexes_.size());
  auto rejected = rejected_.begin();
  receipts_.version = group.version();
  const storage::Slot* claim_slots = claim_slots_.data();
  for (std::size_t i = 0; i < indexes_.size(); ++i) {
    auto& item = batch.items()[indexes_[i]];
    const std::uint64_t ordinal = group.first_ever();
    if (item.kind == ItemKind::kRejected) {
      results_.push_back(*rejected++);
      continue;
    }
    const auto claims = batch.ClaimsOf(item);
    results_.push_back(
        ApplyItem(item, slots_[i], claims, {claim_slots, claims.size()}, environment_, group));
    claim_slots += claims.size();
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

void ShardPart::Done(const Result<void>& result) {
  Settle(result.code());
  if (result.ok() && reused_) {
    state_->PartDone(indexes_, {},
                     Error(Errc::kRequestIdReused,
                           "this request_id was used before with other content", "requestId"));
    return;
  }
  state_->PartDone(indexes_, std::move(results_), result, std::move(receipts_));
}

void ShardPart::Settle(Errc code) {
  if (uses_.empty()) return;
  // What was applied last is what may have been committed.
  const bool may_be = code == Errc::kOk || code == Errc::kUndetermined;
  if (may_be && !answered_ && results_.size() == indexes_.size()) {
    std::uint64_t refused = 0;
    for (std::size_t i = 0; i < indexes_.size(); ++i) {
      PrefixUse* use = batch_->items()[indexes_[i]].use;
      if (use == nullptr) continue;
      const Outcome outcome = results_[i].outcome;
      if (outcome == Outcome::kRegistered || outcome == Outcome::kReRegistered) ++use->registered;
      if (outcome == Outcome::kDeleted && code == Errc::kOk) ++use->deleted;
      if (results_[i].reason == Errc::kQuotaExceeded) ++refused;
    }
    if (code == Errc::kOk) prefixes_.CountRefused(Errc::kQuotaExceeded, refused);
  }
  for (PrefixUse* use : uses_) {
    prefixes_.Settle(use->prefix, use->reserved, use->registered, use->deleted);
  }
  uses_.clear();
}

bool ShardPart::AnswerStored(const storage::GroupContext& group) {
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

}  // namespace idnode::service
