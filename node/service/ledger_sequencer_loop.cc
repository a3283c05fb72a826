// The sequencer's thread, its end, and those who wait for it.
#include <algorithm>
#include <iterator>
#include <utility>

#include "node/base/log.h"
#include "node/service/ledger_sequencer.h"

namespace idnode::service {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kErrorPause{500};
constexpr milliseconds kWokenPause{10};
constexpr milliseconds kDrainPause{2};
/// The same error is told again after so long.
constexpr milliseconds kReportPeriod{60'000};
constexpr milliseconds kLookupMax{10'000};
/// A month is closed without what could not be written of it after so long.
constexpr milliseconds kCloseDelayMax{60'000};
constexpr std::size_t kWaitersMax = 100'000;

}  // namespace

void LedgerSequencer::Start() {
  IDNODE_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Loop(); });
}

void LedgerSequencer::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void LedgerSequencer::Abandon() {
  Stop();
  FailWaiters();
}

void LedgerSequencer::Loop() {
  for (;;) {
    const auto began = std::chrono::steady_clock::now();
    const auto stepped = Step();
    Report(stepped);
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (stepped.ok() && *stepped) continue;
    const auto pause = stepped.ok() ? options_.interval : kErrorPause;
    wake_.wait_until(lock, began + pause, [this] { return stopping_ || woken_; });
    // Those who wait for receipts come in numbers: one look serves all that came meanwhile.
    if (woken_) wake_.wait_until(lock, began + kWokenPause, [this] { return stopping_; });
    woken_ = false;
    if (stopping_) return;
  }
}

// Says what stops the ledger once, and again now and then; and that it goes on.
void LedgerSequencer::Report(const Result<bool>& result) {
  if (result.ok()) {
    if (!reported_.empty()) LogInfo("the ledger goes on", {{"origin", keys_.origin}});
    reported_.clear();
    return;
  }
  failures_.Add();
  const auto now = clock_.Monotonic();
  const std::string text(ErrcName(result.code()));
  if (text == reported_ && now < reported_at_ + kReportPeriod) return;
  reported_ = text;
  reported_at_ = now;
  LogError("the ledger does not go on", {{"reason", text}, {"detail", result.error().detail}});
}

Result<void> LedgerSequencer::Drain(Deadline deadline) {
  Stop();
  step_limit_ = deadline;
  Result<void> drained;
  for (;;) {
    const auto stepped = Step();
    // An error may be of what comes behind: a month that cannot be closed, or stated.
    if ((stepped.ok() ? !*stepped : integrated_.has_value()) && committer_.QueuedItems() == 0) {
      // Something may have been committed since the look at the feeds.
      const auto heads = engine_.Heads(shards_, deadline);
      if (!heads.ok()) {
        drained = heads.error();
        break;
      }
      if (!lease_held_ && !options_.exclusive) break;  // the other one goes on
      if (integrated_ == *heads) break;
    }
    if (clock_.Monotonic() >= deadline) {
      drained = stepped.ok() ? Error(Errc::kDeadlineExceeded, "not all is in the ledger yet")
                             : stepped.error();
      break;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kDrainPause, [] { return false; });
  }
  if (lease_held_) {
    if (const auto given = WriteLease(std::string()); !given.ok() && drained.ok()) {
      drained = given.error();
    }
    lease_held_ = false;
  }
  FailWaiters();
  return drained;
}

// Writes what is in memory of the month that ends.
bool LedgerSequencer::MayClose() {
  if (!before_close_) return true;
  const auto flushed = before_close_();
  const auto now = clock_.Monotonic();
  if (!flushed.ok() && !close_delayed_) {
    close_delayed_ = now;
    LogWarning("the month is closed later: what is in memory of it was not written",
               {{"month", position_->state.month.Text()}, {"detail", flushed.error().detail}});
  }
  if (!flushed.ok() && now < *close_delayed_ + kCloseDelayMax) return false;
  if (!flushed.ok()) {
    LogError("the month is closed without what was not written of it",
             {{"month", position_->state.month.Text()}, {"detail", flushed.error().detail}});
  }
  close_delayed_.reset();
  return true;
}

void LedgerSequencer::Await(storage::ShardId shard, storage::Version version, Deadline deadline,
                            LedgerService::ReceiptFn done) {
  Error refused(Errc::kShuttingDown, "the ledger is stopping");
  {
    std::lock_guard lock(mutex_);
    if (!closed_ && waiters_.size() < kWaitersMax) {
      waiters_.push_back({shard, version, deadline, std::move(done)});
      woken_ = true;
      wake_.notify_all();
      return;
    }
    if (!closed_) refused = Error(Errc::kOverloaded, "too many wait for the ledger");
  }
  done(refused);
}

void LedgerSequencer::ServeWaiters() {
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(mutex_);
    waiters.swap(waiters_);
  }
  if (waiters.empty()) return;
  const auto published = Published();
  const auto now = clock_.Monotonic();
  std::vector<Waiter> rest;
  for (auto& waiter : waiters) {
    std::optional<Result<LedgerReceipt>> receipt;
    if (published != nullptr) receipt = ReceiptOf(*published, waiter);
    if (!receipt && now >= waiter.deadline) {
      receipt = Result<LedgerReceipt>(
          Error(Errc::kDeadlineExceeded, "the entry is not in the ledger yet"));
    }
    if (receipt) {
      waiter.done(*receipt);
    } else {
      rest.push_back(std::move(waiter));
    }
  }
  std::lock_guard lock(mutex_);
  waiters_.insert(waiters_.end(), std::make_move_iterator(rest.begin()),
                  std::make_move_iterator(rest.end()));
}

std::optional<Result<LedgerReceipt>> LedgerSequencer::ReceiptOf(const PublishedLedger& published,
                                                                const Waiter& waiter) const {
  if (waiter.shard >= published.state.cursors.size() ||
      waiter.version > published.state.cursors[waiter.shard]) {
    return std::nullopt;
  }
  LedgerReceipt receipt;
  receipt.tree_size = published.state.tree.size;
  if (const auto found = appended_.find({waiter.shard, waiter.version}); found != appended_.end()) {
    receipt.leaf_index = found->second;
    return Result<LedgerReceipt>(receipt);
  }
  const auto leaf = store_.FirstLeafOf(waiter.shard, waiter.version, clock_.After(kLookupMax));
  if (!leaf.ok()) return Result<LedgerReceipt>(leaf.error());
  if (!leaf->has_value()) {
    return Result<LedgerReceipt>(
        Error(Errc::kNotFound, "the commit has no first-ever registrations"));
  }
  receipt.leaf_index = **leaf;
  return Result<LedgerReceipt>(receipt);
}

void LedgerSequencer::FailWaiters() {
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    waiters.swap(waiters_);
  }
  for (auto& waiter : waiters) waiter.done(Error(Errc::kShuttingDown, "the ledger is stopping"));
}

}  // namespace idnode::service
