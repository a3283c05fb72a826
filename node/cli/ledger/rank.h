#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/base/time_zone.h"
#include "node/cli/ledger/phrase.h"
#include "node/ledger/note_key.h"
#include "node/ledger/statement.h"

namespace idnode::cli {

inline constexpr std::int64_t kMonthlyTarget = 15'000'000;
/// Places that are rewarded.
inline constexpr std::uint64_t kRewardedRanks = 2;

/// A statement to be ranked: its note's bytes, and what to call it.
struct RankEntry {
  std::string name;
  std::string note;
};

struct RankRow {
  std::string name;
  std::optional<ledger::Statement> statement;  ///< where it can be read, verified or not
  std::optional<Phrase> fault;                 ///< why it does not take part
  std::uint64_t rank = 0;                      ///< 1 is the highest; 0: does not take part
  bool meets_target = false;
  bool top = false;
  bool eligible = false;  ///< final, meets the target, among the first kRewardedRanks
  bool verified() const { return !fault.has_value(); }
};

/// Verifies each statement with the keys of its origin's name and ranks those that verify by
/// first-ever registrations, equal figures with equal rank; those that do not stand behind them.
/// All must be of `month`, or, without one, of the month of the first that verifies. Two
/// statements of one origin do not both take part: a repeated text once, two different texts
/// neither, since one of them denies the other.
std::vector<RankRow> RankStatements(const std::vector<RankEntry>& entries,
                                    const std::vector<ledger::Verifier>& keys,
                                    std::optional<Month> month, std::int64_t target);

}  // namespace idnode::cli
