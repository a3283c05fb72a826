#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/ledger/checkpoint.h"

namespace idnode::ledger {

/// Bounds of a statement's text. A node with more rows sums the smallest up in one.
inline constexpr std::size_t kStatementBytesMax = 16 << 20;
inline constexpr std::size_t kStatementRowsMax = 100'000;
inline constexpr std::size_t kStatementEvidenceMax = 256;
/// Longest key of a row, evidence value and origin, before escaping.
inline constexpr std::size_t kStatementValueBytesMax = 2048;

/// The key of the row that sums up those of a breakdown that have none of their own. Written "*"; a
/// key "*" is written "%2A". It is not UTF-8, so no text of a registration equals it.
inline constexpr std::string_view kStatementOthersKey = "\xff*";

/// The bound for OpenNote on statements: the text and its signatures.
inline constexpr std::size_t kStatementNoteBytesMax = kStatementBytesMax + (1 << 20);

enum class StatementStatus : std::uint8_t {
  kProvisional,  ///< of a month that runs (暂计)
  kFinal,        ///< of a closed month (终计)
};

/// By what a statement breaks its figures down, in the order of its lines.
enum class Breakdown : std::uint8_t {
  kDay,
  kSecondaryPrefix,
  kEnterprisePrefix,
  kIndustry,
  kRegion,
  kApplication,
  kTemplate,
  kObjectClass,
};
inline constexpr std::size_t kBreakdowns = 8;
/// "day", "secondary-prefix", "enterprise-prefix", "industry", "region", "application", "template",
/// "object-class".
std::string_view BreakdownName(Breakdown breakdown);

/// The figures of design §5. Net is registrations less deletions; the text carries it, the struct
/// computes it.
struct StatementFigures {
  std::int64_t first_ever = 0;
  std::int64_t registrations = 0;
  std::int64_t re_registrations = 0;
  std::int64_t deletions = 0;
  std::int64_t reported_upward = 0;
  std::int64_t net() const { return registrations - deletions; }
  friend bool operator==(const StatementFigures&, const StatementFigures&) = default;
};

struct StatementRow {
  Breakdown breakdown = Breakdown::kDay;
  std::string key;  ///< empty: those that have none; kStatementOthersKey: all the others
  StatementFigures figures;
  friend bool operator==(const StatementRow&, const StatementRow&) = default;
};

/// A node's monthly statement (月度注册量声明, design §6). README.md has the grammar.
struct Statement {
  std::string origin;
  Month month;
  std::string time_zone;
  StatementStatus status = StatementStatus::kProvisional;
  TreeHead tree_start;
  TreeHead tree_end;
  StatementFigures figures;
  /// Each (breakdown, key) once. Written, and read back, ordered by both.
  std::vector<StatementRow> rows;
  std::int64_t target = 0;
  bool target_met = false;
  /// Name ([a-z0-9-]+, not one of the fixed names) and value, in order, each name once.
  std::vector<std::pair<std::string, std::string>> evidence;
  std::int64_t generated_at_ms = 0;  ///< Unix milliseconds
  std::optional<Digest> previous;    ///< StatementDigest of the one before; none for the first
  friend bool operator==(const Statement&, const Statement&) = default;
};

/// The text, ready to be signed. Errors: kInvalidValue with the field that breaks a bound, a name's
/// grammar, or appears twice; figures are not judged (CheckFigures does).
Result<std::string> FormatStatement(const Statement& statement);
/// Reads it strictly: each statement has one text. Errors: kInvalidRequest, naming the line.
Result<Statement> ParseStatement(std::string_view text);
/// SHA-256 of the text without signatures: what the next statement names as `previous`.
Digest StatementDigest(std::string_view text);

/// Success if the figures agree with each other: the tree grew by first-ever; registrations are
/// first-ever plus re-registrations; no figure but net is below 0; `target_met` is first-ever >=
/// target; and each breakdown that has rows sums to the total. Errors: kCorruption, saying which
/// figures disagree.
Result<void> CheckFigures(const Statement& statement);

/// "%20" for a space, and so on, for all bytes that may not stand in a row's key: spaces, control
/// characters, "%", and what is not UTF-8. An empty key is "-", and "-" is "%2D";
/// kStatementOthersKey is "*", and "*" is "%2A".
std::string EscapeStatementKey(std::string_view key);

}  // namespace idnode::ledger
