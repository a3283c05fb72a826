#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/service/deadline_watch.h"
#include "node/service/ledger_service.h"
#include "node/service/registration_apply.h"
#include "node/service/registration_batch.h"
#include "storage/committer.h"

namespace idnode::service {

/// Days, from that of the request, under which its answer may be stored: its own, where it is
/// written; the one before; and the one after, if the clock was set back over midnight meanwhile
/// (by a day at most).
inline constexpr std::array<int, 3> kRequestDays = {0, -1, 1};

/// Items of one commit that are to get receipts of the ledger.
struct ReceiptsWanted {
  storage::ShardId shard = 0;
  storage::Version version = 0;
  /// Item, and its place among the first-ever registrations of the commit.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> items;
};

/// A batch on its way. Completed once: by its last part, by the last receipt, or by its deadline.
/// Thread-safe.
class BatchState : public std::enable_shared_from_this<BatchState> {
 public:
  BatchState(std::shared_ptr<PendingBatch> pending, RegistrationService::DoneFn done,
             LedgerService* ledger, Deadline deadline)
      : batch(std::move(pending)), done_(std::move(done)), ledger_(ledger), deadline_(deadline) {}

  bool wants_receipts(const PendingBatch& items) const {
    return ledger_ != nullptr && items.wait_for_ledger();
  }

  /// One part's outcomes, or why it has none. Not after Refuse.
  void PartDone(const std::vector<std::uint32_t>& items, std::vector<ItemResult> results,
                const Result<void>& result, ReceiptsWanted wanted = {});

  /// The deadline has passed: what is not known by now is undetermined.
  void Late();

  void SetParts(std::size_t parts) {
    std::lock_guard lock(mutex_);
    parts_ = parts_left_ = parts;
  }

  /// Nothing of the batch was handed to the committer.
  void Refuse(const Error& error);

  /// Has Late called on the state once the deadline has passed.
  static void Watch(const std::shared_ptr<BatchState>& state, DeadlineWatch& watch,
                    Deadline deadline);

  /// Takes the deadline back, where the items are about to be worked on once more. False: it was
  /// met.
  bool Unwatch();

  /// Null once completed; parts have it of their own.
  std::shared_ptr<PendingBatch> batch;
  Digest fingerprint{};

 private:
  void AwaitReceipts(std::unique_lock<std::mutex>& lock);

  // Without a receipt the outcome holds all the same.
  void ReceiptDone(std::size_t which, const Result<LedgerReceipt>& receipt);

  static ItemResult FailedItem(const Error& error);

  // A batch of which nothing was understood to be written is refused as a whole; an unknown
  // outcome is not a refusal.
  bool RefusedWhole() const;

  void Complete(std::unique_lock<std::mutex>& lock);

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
  bool refused_ = false;
  bool completed_ = false;
};

/// One shard's part of a batch.
class ShardPart : public storage::Transaction {
 public:
  ShardPart(std::shared_ptr<BatchState> state, std::shared_ptr<PendingBatch> batch,
            PrefixRegistry& prefixes, const TemplateRegistry* templates, const RecordLimits& limits,
            std::int64_t now_ms)
      : state_(std::move(state)),
        batch_(std::move(batch)),
        receipts_wanted_(state_->wants_receipts(*batch_)),
        prefixes_(prefixes),
        environment_{*batch_->caller(), limits, batch_->source_address(), templates},
        now_ms_(now_ms) {}

  // Where it never came to be done, nothing was written.
  ~ShardPart() override { Settle(Errc::kShuttingDown); }

  /// A prefix of its items, with the room that was reserved for them.
  void AddUse(PrefixUse& use) { uses_.push_back(&use); }

  void AddItem(std::uint32_t index);

  void CollectKeys(storage::KeyCollector& keys) override;

  void Apply(storage::GroupContext& group) override;

  void Done(const Result<void>& result) override;

 private:
  // Gives back the room that was not taken. What may have been registered counts as if it was,
  // and what may have been deleted as if it was not, until the figures are read from the store
  // again.
  void Settle(Errc code);

  // True if the request was answered before: `results_` then holds that answer.
  bool AnswerStored(const storage::GroupContext& group);

  const std::shared_ptr<BatchState> state_;
  // Keys and values of its group are views into it.
  const std::shared_ptr<PendingBatch> batch_;
  const bool receipts_wanted_;
  PrefixRegistry& prefixes_;
  ApplyEnvironment environment_;
  const std::int64_t now_ms_;
  std::vector<PrefixUse*> uses_;  // until they are settled
  std::vector<std::uint32_t> indexes_;
  std::vector<storage::Slot> slots_;        // 0 for a rejected item
  std::vector<storage::Slot> claim_slots_;  // of all items that are not rejected, in their order
  // Items rejected before that belong to this shard: they are part of the answer that is stored,
  // so that a repeat has it even if it would not be rejected any more.
  std::vector<ItemResult> rejected_;
  std::vector<ItemResult> results_;
  ReceiptsWanted receipts_;
  std::array<std::string, kRequestDays.size()> request_keys_;
  std::array<storage::Slot, kRequestDays.size()> request_slots_{};
  bool reused_ = false;
  bool answered_ = false;  // by what was stored
};

}  // namespace idnode::service
