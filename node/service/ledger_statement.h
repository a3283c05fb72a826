#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/ledger/note_key.h"
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
  std::optional<storage::LedgerEvidence> evidence;  ///< nothing: not known, so not stated
  /// Estimate of the month's identifiers that were resolved; nothing where that is not known.
  std::optional<std::uint64_t> resolved;
  std::int64_t target = 0;
  std::int64_t generated_at_ms = 0;
  std::optional<Digest> previous;
};

/// The statement, once its figures agree with each other and with the tree. A breakdown that does
/// not reach the total, as of a month that began before it was counted, is left out, and the log
/// told of it where the statement is final; so is evidence that rests upon it. Errors: kCorruption,
/// saying what does not agree (ledger::CheckFigures): such a statement must not be signed.
Result<ledger::Statement> MakeStatement(const StatementParts& parts);

/// A statement with its text signed.
struct SignedStatement {
  ledger::Statement statement;
  Digest digest{};  ///< of its text
  std::string note;
};
/// Makes and signs it. Errors: those of MakeStatement; kInvalidValue (a bound of the text).
Result<SignedStatement> SignStatement(const StatementParts& parts,
                                      std::span<const ledger::Signer> signers);

/// The counters of a month over all shards as they were when the commits up to `cursors` (by shard)
/// had been made, whatever has been committed since. Errors: those of the engine, kCorruption.
Result<std::map<storage::CounterId, storage::Figures>> CountersAt(
    storage::Engine& engine, Month month, std::span<const storage::Version> cursors,
    Deadline deadline);

}  // namespace idnode::service
