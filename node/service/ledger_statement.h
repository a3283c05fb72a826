#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/ledger/statement.h"
#include "storage/counters.h"
#include "storage/engine.h"
#include "storage/ledger_store.h"

namespace idnode::service {

/// What a month's statement is made of.
struct StatementParts {
  std::string origin;
  Month month;
  std::string time_zone;
  ledger::StatementStatus status = ledger::StatementStatus::kProvisional;
  ledger::TreeHead tree_start;
  ledger::TreeHead tree_end;
  std::map<storage::CounterId, storage::Figures> counters;
  storage::LedgerEvidence evidence;
  /// Estimate of the month's identifiers that were resolved; nothing where that is not counted.
  std::optional<std::uint64_t> resolved;
  std::int64_t target = 0;
  std::int64_t generated_at_ms = 0;
  std::optional<Digest> previous;
};

/// The statement, once its figures agree with each other and with the tree. Errors: kCorruption,
/// saying which do not (ledger::CheckFigures): such a statement must not be signed.
Result<ledger::Statement> MakeStatement(const StatementParts& parts);

/// The counters of a month over all shards as they were when the commits up to `cursors` (by shard)
/// had been made, whatever has been committed since. Errors: those of the engine, kCorruption.
Result<std::map<storage::CounterId, storage::Figures>> CountersAt(
    storage::Engine& engine, Month month, std::span<const storage::Version> cursors,
    Deadline deadline);

}  // namespace idnode::service
