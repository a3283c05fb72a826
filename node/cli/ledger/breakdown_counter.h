#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/base/time_zone.h"
#include "node/ledger/leaf.h"
#include "node/ledger/statement.h"

namespace idnode::cli {

/// Rows that stand at least beside the one of all others (ledger::kStatementOthersKey): with fewer,
/// that row hides what a statement has room for.
inline constexpr std::size_t kRowsBesideOthersMin = 1000;

/// A row whose first-ever figure is not what the leaves give.
struct BreakdownDifference {
  ledger::Breakdown breakdown = ledger::Breakdown::kDay;
  std::string key;
  std::int64_t stated = 0;
  std::int64_t counted = 0;
};

/// Counts leaves by what a statement breaks its figures down by, as far as leaves tell: day,
/// secondary and enterprise prefix, application, template, object class. Keeps the statement's own
/// rows only, so memory is bounded by ledger::kStatementRowsMax whatever the leaves hold.
class BreakdownCounter {
 public:
  /// True if the leaves tell it: not industry and region, which stand in the node's register.
  static bool IsInLeaves(ledger::Breakdown breakdown);

  /// Borrows `zone`.
  BreakdownCounter(const ledger::Statement& statement, const TimeZone& zone);

  void Add(const ledger::Leaf& leaf);
  /// Rows that differ, in the statement's order; after them keys that the leaves have and no row.
  std::vector<BreakdownDifference> Differences() const;
  /// Rows of the statement that were compared.
  std::uint64_t rows() const { return rows_; }
  /// What leaves tell and the statement has no row of, though it counts some.
  std::vector<ledger::Breakdown> Unstated() const;
  /// Breakdowns with a row of all others beside fewer than kRowsBesideOthersMin.
  std::vector<ledger::Breakdown> NeedlessOthers() const;
  /// Leaves of the key that has the most; nothing where it may be among the others, or the
  /// statement has no rows of the breakdown.
  std::optional<std::int64_t> Largest(ledger::Breakdown breakdown) const;
  /// Leaves of a key; nothing where the statement has no row of it.
  std::optional<std::int64_t> CountOf(ledger::Breakdown breakdown, std::string_view key) const;

 private:
  struct Count {
    std::int64_t stated = 0;
    std::int64_t counted = 0;
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };
  struct Dimension {
    bool used = false;
    std::unordered_map<std::string, Count, KeyHash, std::equal_to<>> rows;
    std::string last_key;
    Count* last = nullptr;      ///< where last_key leads; runs of one key are common
    std::int64_t unlisted = 0;  ///< leaves of keys that have no row
    std::string unlisted_key;   ///< one of them
  };

  void AddTo(ledger::Breakdown breakdown, std::string_view key);

  const TimeZone& zone_;
  std::array<Dimension, ledger::kBreakdowns> dimensions_;
  std::uint64_t rows_ = 0;
  std::int64_t first_ever_ = 0;
  std::int64_t quarter_ = -1;  ///< quarter of an hour of the last leaf, and its day
  std::string day_;
  std::string folded_;
};

}  // namespace idnode::cli
