#include "node/service/ledger_sketches.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "node/base/log.h"
#include "node/ledger/leaf.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::uint64_t kLeavesAtOnce = 16 * 1024;
constexpr std::chrono::seconds kStepMax{60};

}  // namespace

storage::LedgerEvidence MonthSketches::Evidence() const {
  storage::LedgerEvidence evidence;
  evidence.distinct_contents =
      static_cast<std::uint64_t>(std::llround(std::max(contents_.Estimate(), 0.0)));
  evidence.longest_run = runs_.longest();
  evidence.longest_run_end = runs_.longest_end();
  return evidence;
}

storage::LedgerSketches MonthSketches::ToRow() const {
  return {month_, leaves_end_, contents_.Serialize(), runs_.Serialize()};
}

Result<MonthSketches> MonthSketches::FromRow(const storage::LedgerSketches& row) {
  auto contents = ledger::Sketch::Parse(row.contents);
  if (!contents.ok()) return contents.error();
  auto runs = ledger::RunTracker::Parse(row.runs);
  if (!runs.ok()) return runs.error();
  MonthSketches sketches(row.month, row.leaves_end);
  sketches.contents_ = *std::move(contents);
  sketches.runs_ = *std::move(runs);
  return sketches;
}

Result<MonthSketches> MonthSketches::Load(const storage::LedgerStore& store,
                                          const LedgerEntries& entries,
                                          const storage::LedgerState& state, const Clock& clock) {
  MonthSketches sketches(state.month, state.month_start.size);
  const auto bytes = store.Row(storage::LedgerSketchesKey(), clock.After(kStepMax));
  if (!bytes.ok()) return bytes.error();
  // They can be counted anew out of the leaves, so a row at fault must not stop the log.
  const auto recount = [](const Error& error) {
    LogError("the sketches of the open month cannot be read; they are counted anew",
             {{"reason", ErrcName(error.code)}, {"detail", error.detail}});
  };
  if (bytes->has_value()) {
    const auto row = storage::DecodeLedgerSketches(**bytes);
    if (!row.ok()) {
      recount(row.error());
    } else if (row->month == state.month && row->leaves_end >= state.month_start.size &&
               row->leaves_end <= state.tree.size) {
      auto known = FromRow(*row);
      if (known.ok()) {
        sketches = *std::move(known);
      } else {
        recount(known.error());
      }
    }
  }
  const std::uint64_t behind = state.tree.size - sketches.leaves_end_;
  if (behind > 0) LogInfo("reading leaves for the statement's evidence", {{"leaves", behind}});
  while (sketches.leaves_end_ < state.tree.size) {
    const std::uint64_t from = sketches.leaves_end_;
    const std::uint64_t to = std::min(from + kLeavesAtOnce, state.tree.size);
    Result<void> parsed;
    IDNODE_RETURN_IF_ERROR(entries.Visit(
        from, to, clock.After(kStepMax), [&](std::uint64_t, std::string_view bytes_of_leaf) {
          const auto leaf = ledger::ParseLeaf(bytes_of_leaf);
          if (!leaf.ok()) {
            parsed = leaf.error();
            return false;
          }
          sketches.Add(leaf->identifier, leaf->content.value_or(Digest{}));
          return true;
        }));
    if (!parsed.ok()) return parsed.error();
  }
  return sketches;
}

}  // namespace idnode::service
