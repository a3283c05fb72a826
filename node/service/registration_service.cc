#include "node/service/registration_service.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "node/service/deadline_watch.h"
#include "node/service/registration_batch.h"
#include "node/service/registration_part.h"

namespace idnode::service {
namespace {

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

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
  Impl(storage::Engine& engine, storage::Committer& committer, PrefixRegistry& prefixes,
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
  PrefixRegistry& prefixes_;
  ClockGuard& clock_guard_;
  const Clock& clock_;
  const RegistrationLimits limits_;
  Counter& batches_;
  Counter& overloaded_;
  DeadlineWatch watch_;
  LedgerService* ledger_ = nullptr;
  TemplateRegistry* templates_ = nullptr;
  AuditLog* audit_ = nullptr;

 private:
  void Enqueue(const std::shared_ptr<BatchState>& state,
               const std::shared_ptr<PendingBatch>& pending, Deadline deadline);
  Result<void> ReserveRoom(PendingBatch& batch);
  void ReserveFor(PrefixUse& use, bool at_once);
  void RejectBeyondRoom(PendingBatch& batch, PrefixUse& use);
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
  const PendingBatch::Environment environment{prefixes_, limits_, shards_, templates_, audit_};
  return std::unique_ptr<Batch>(
      std::make_unique<PendingBatch>(caller, request_id, items, environment));
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
  std::shared_ptr<PendingBatch> pending(static_cast<PendingBatch*>(batch.release()));
  auto state = std::make_shared<BatchState>(pending, std::move(done), ledger_, deadline);
  if (!pending->request_id().empty()) state->fingerprint = pending->Fingerprint();
  auto unused = pending->UnusedTemplates();
  if (unused.empty()) {
    Enqueue(state, pending, deadline);
    return;
  }
  // Once a version: that records name it is durable before the first of them.
  BatchState::Watch(state, watch_, deadline);
  templates_->MarkUsed(std::move(unused), committer_,
                       [this, state, pending, deadline](const Result<void>& marked,
                                                        const std::vector<ReadyTemplateRef>& gone) {
                         if (marked.ok()) {
                           // Where it is too late, nothing of it was written.
                           if (!state->Unwatch()) return;
                           pending->RejectGone(gone);
                           Enqueue(state, pending, deadline);
                         } else if (marked.code() == Errc::kUndetermined) {
                           state->Refuse(Error(Errc::kUnavailable, marked.error().detail));
                         } else {
                           if (marked.code() == Errc::kOverloaded) overloaded_.Add();
                           state->Refuse(marked.error());
                         }
                       });
}

void RegistrationService::Impl::Enqueue(const std::shared_ptr<BatchState>& state,
                                        const std::shared_ptr<PendingBatch>& pending,
                                        Deadline deadline) {
  if (auto room = ReserveRoom(*pending); !room.ok()) {
    state->Refuse(room.error());
    return;
  }
  const std::int64_t now_ms = clock_.WallMs();
  std::vector<std::pair<storage::ShardId, std::shared_ptr<storage::Transaction>>> parts;
  std::vector<std::shared_ptr<ShardPart>> by_shard(shards_);
  const auto& items = pending->items();
  const auto part_of = [&](storage::ShardId shard) -> ShardPart& {
    auto& part = by_shard[shard];
    if (part == nullptr) {
      part = std::make_shared<ShardPart>(state, pending, prefixes_, templates_, limits_.record,
                                         now_ms);
      part->deadline = deadline;
    }
    return *part;
  };
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    if (items[i].kind == ItemKind::kRejected &&
        (!items[i].placed || pending->request_id().empty())) {
      continue;
    }
    part_of(items[i].shard).AddItem(i);
  }
  for (auto& use : pending->uses()) {
    if (by_shard[use->shard] != nullptr) by_shard[use->shard]->AddUse(*use);
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

// Reserves room for what may be new. Where a prefix has room for some only, the first new ones get
// it.
// Errors: kRateLimited where every item of the batch came too fast, or any of one with a
// request_id: nothing of it is stored then, so that the same request_id may be tried again. A
// stored answer would keep saying so for a day.
Result<void> RegistrationService::Impl::ReserveRoom(PendingBatch& batch) {
  const bool whole_only = !batch.request_id().empty();
  std::uint64_t too_fast = 0;
  std::optional<Error> first;
  for (const auto& use : batch.uses()) {
    if (use->registers == 0) continue;
    ReserveFor(*use, whole_only);
    if (!use->no_room.has_value() || use->no_room->code != Errc::kRateLimited) continue;
    if (!first.has_value()) first = use->no_room;
    if (use->reserved == 0) too_fast += use->registers;
    if (whole_only) break;
  }
  if (first.has_value() && (whole_only || too_fast == batch.size())) {
    std::uint64_t items = 0;
    for (const auto& use : batch.uses()) {
      prefixes_.Settle(use->prefix, use->reserved, 0, 0);
      use->reserved = 0;
      items += use->registers;
    }
    prefixes_.CountRefused(Errc::kRateLimited, items);
    return *first;
  }
  for (const auto& use : batch.uses()) RejectBeyondRoom(batch, *use);
  return {};
}

// Room for the prefix's items, or for as many as there is; `no_room` says then why not for more.
// `at_once`: room under the quota is taken in one step, since steps would use up the rate.
void RegistrationService::Impl::ReserveFor(PrefixUse& use, bool at_once) {
  constexpr int kTries = 8;  // others take room meanwhile
  auto got = prefixes_.Reserve(use.prefix, use.registers);
  std::uint64_t wanted = use.registers;
  for (int i = 0; i < kTries && got.code() == Errc::kQuotaExceeded; ++i) {
    use.no_room = got.error();
    wanted = std::min(wanted, prefixes_.Room(use.prefix));
    if (wanted == 0) return;
    got = prefixes_.Reserve(use.prefix, wanted);
  }
  if (got.ok()) {
    use.reserved = wanted;
    return;
  }
  const auto quota = std::exchange(use.no_room, got.error());
  if (got.code() != Errc::kRateLimited || at_once) return;
  while (use.reserved < wanted) {
    if (const auto one = prefixes_.Reserve(use.prefix, 1); !one.ok()) {
      use.no_room = one.error();
      return;
    }
    ++use.reserved;
  }
  use.no_room = quota;  // all that the quota has room for, or all
}

// Items beyond what there was room for. Which ones are new is known only when they are looked at:
// where it is the quota, those get the room.
void RegistrationService::Impl::RejectBeyondRoom(PendingBatch& batch, PrefixUse& use) {
  if (!use.no_room.has_value() || use.no_room->code == Errc::kQuotaExceeded) return;
  std::uint64_t passed = 0;
  std::uint64_t refused = 0;
  for (std::uint32_t i = 0; i < batch.items().size(); ++i) {
    auto& item = batch.items()[i];
    if (item.use != &use || item.kind != ItemKind::kRegister) continue;
    if (passed++ < use.reserved) continue;
    batch.RejectLate(i, *use.no_room);
    ++refused;
  }
  prefixes_.CountRefused(use.no_room->code, refused);
}

RegistrationService::RegistrationService(storage::Engine& engine, storage::Committer& committer,
                                         PrefixRegistry& prefixes, ClockGuard& clock_guard,
                                         const Clock& clock, Metrics& metrics,
                                         RegistrationLimits limits)
    : impl_(std::make_unique<Impl>(engine, committer, prefixes, clock_guard, clock, metrics,
                                   limits)) {}

RegistrationService::~RegistrationService() = default;

const RegistrationLimits& RegistrationService::limits() const { return impl_->limits_; }

void RegistrationService::SetLedger(LedgerService* ledger) { impl_->ledger_ = ledger; }

void RegistrationService::SetTemplates(TemplateRegistry* templates) {
  impl_->templates_ = templates;
}

void RegistrationService::SetAudit(AuditLog* audit) { impl_->audit_ = audit; }

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
