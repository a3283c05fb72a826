// How the sequencer closes months and states them.
#include "node/base/log.h"
#include "node/ledger/statement.h"
#include "node/service/ledger_resolved.h"
#include "node/service/ledger_sequencer.h"
#include "node/service/ledger_statement.h"
#include "storage/counters.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

using storage::ShardId;

/// A statement that cannot be made is tried again after so long.
constexpr std::chrono::milliseconds kStatementRetry{60'000};

}  // namespace

Result<bool> LedgerSequencer::CloseMonth() {
  const Month closing_month = position_->state.month;
  storage::LedgerState state = position_->state;
  storage::LedgerClosing closing;
  closing.start = state.month_start;
  closing.end = state.tree;
  closing.checkpoint = state.checkpoint;
  closing.closed_ms = clock_.WallMs();
  closing.evidence = sketches_->Evidence();
  state.month.number += 1;
  state.month_start = state.tree;
  state.cursors = position_->read;
  const MonthSketches fresh(state.month, state.tree.size);
  LedgerWrite write;
  write.inserts.emplace_back(storage::LedgerClosingKey(closing_month),
                             storage::EncodeLedgerClosing(closing));
  write.puts.emplace_back(storage::LedgerSketchesKey(),
                          storage::EncodeLedgerSketches(fresh.ToRow()));
  const auto written = Write(std::move(state), std::move(write));
  if (!written.ok() || !*written) return written;
  sketches_ = fresh;
  month_start_ms_ = month_end_ms_;
  month_end_ms_ = zone_.StartMs(Month{position_->state.month.number + 1});
  LogInfo("month closed", {{"month", closing_month.Text()},
                           {"tree_size", closing.end.size},
                           {"first_ever", closing.end.size - closing.start.size}});
  Publish();
  return true;
}

// An empty commit past the month's end for each shard that is idle: it then cannot have one before.
Result<void> LedgerSequencer::NudgeIdle() {
  if (clock_.WallMs() < month_end_ms_) return {};
  if (options_.trusted_time) {
    const auto now = options_.trusted_time();
    if (!now.ok()) {
      return Prefix("the month of " + position_->state.month.Text() + " is not closed",
                    now.error());
    }
    if (*now < month_end_ms_) return {};
  }
  for (const ShardId shard : shards_) {
    if (IsPast(shard)) continue;
    if (const auto nudged = committer_.Nudge(shard, StepDeadline()); !nudged.ok()) {
      return Prefix("the month of " + position_->state.month.Text() + " is not closed",
                    nudged.error());
    }
  }
  return {};
}

// What the final statement of a closed month is made of.
Result<StatementParts> LedgerSequencer::PartsOf(Month month) const {
  const auto closing = store_.Closing(month, StepDeadline());
  if (!closing.ok()) return closing.error();
  if (!closing->has_value()) {
    return Error(Errc::kCorruption, "the closing of " + month.Text() + " is missing");
  }
  auto counters = storage::CounterStore(engine_).Load(month, StepDeadline());
  if (!counters.ok()) return counters.error();
  const auto resolved = ResolvedIn(store_, month, StepDeadline());
  if (!resolved.ok()) return resolved.error();
  StatementParts parts;
  parts.origin = keys_.origin;
  parts.month = month;
  parts.time_zone = zone_.name();
  parts.status = ledger::StatementStatus::kFinal;
  parts.tree_start = (*closing)->start;
  parts.tree_end = (*closing)->end;
  parts.counters = *std::move(counters);
  parts.evidence = (*closing)->evidence;
  parts.resolved = *resolved;
  parts.target = options_.target;
  parts.generated_at_ms = (*closing)->closed_ms;
  if (position_->state.stated) parts.previous = position_->state.stated->second;
  return parts;
}

// Signs the statement of the oldest closed month without one. True: there may be more.
Result<bool> LedgerSequencer::StateMonth() {
  const auto& state = position_->state;
  const Month month = state.stated ? Month{state.stated->first.number + 1} : state.first_month;
  if (month >= state.month) return clock_.WallMs() >= month_end_ms_;
  if (clock_.Monotonic() < statement_retry_) return false;
  const auto parts = PartsOf(month);
  if (!parts.ok()) return parts.error();
  auto made = SignStatement(*parts, keys_.signers);
  if (!made.ok()) {
    statement_retry_ = clock_.After(kStatementRetry);
    LogError("the month's statement is NOT signed",
             {{"month", month.Text()}, {"detail", made.error().detail}});
    failures_.Add();
    return false;
  }
  storage::LedgerState next = state;
  next.stated = {month, made->digest};
  LedgerWrite write;
  write.inserts.emplace_back(storage::LedgerStatementKey(month), std::move(made->note));
  const auto written = Write(std::move(next), std::move(write));
  if (!written.ok() || !*written) return written;
  LogInfo("month stated", {{"month", month.Text()},
                           {"first_ever", made->statement.figures.first_ever},
                           {"target_met", made->statement.target_met}});
  Publish();
  return true;
}

}  // namespace idnode::service
