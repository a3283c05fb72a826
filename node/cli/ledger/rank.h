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
  std::optional<Phrase> note;                  ///< what is remarkable, though no fault
  bool is_signed = false;                      ///< by all of its origin's keys
  std::uint64_t rank = 0;                      ///< 1 is the highest; 0: does not take part
  bool meets_target = false;
  bool top = false;
  bool eligible = false;  ///< final, meets the target, among the first kRewardedRanks
  bool verified() const { return !fault.has_value(); }
};

/// Verifies each statement with the keys of its origin's name and ranks those that verify by
/// first-ever registrations, equal figures with equal rank; those that do not stand behind them.
/// All must be of `month`, or, without one, of the month of the first that verifies, and count in
/// `zone`; a final one that was made before the month ended there is a fault. Of one origin at most
/// one takes part: the final statement, else the newest provisional one. Where a node signed two
/// different final ones, or a provisional one that the final one denies (a larger tree, or another
/// root), none of its statements takes part.
std::vector<RankRow> RankStatements(const std::vector<RankEntry>& entries,
                                    const std::vector<ledger::Verifier>& keys,
                                    std::optional<Month> month, std::int64_t target,
                                    const TimeZone& zone);

}  // namespace idnode::cli
