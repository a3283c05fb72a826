#include "node/cli/ledger/rank.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "node/ledger/signed_note.h"

namespace idnode::cli {
namespace {

using ledger::SignatureType;
using ledger::Verifier;

constexpr Text kUnreadable{"malformed: $0", "格式错误：$0"};
constexpr Text kNoKey{"no key of \"$0\" was given", "未给出“$0”的验证密钥"};
constexpr Text kSignature{"wrong signature: $0", "签名错误：$0"};
constexpr Text kFigures{"wrong count: $0", "计数错误：$0"};
constexpr Text kOtherMonth{"of another month: $0", "属于其他月份：$0"};
constexpr Text kRepeated{"the same statement as $0", "与 $0 是同一份声明"};
constexpr Text kSuperseded{"provisional, and superseded by $0", "暂计声明，已被 $0 取代"};
constexpr Text kOtherZone{"wrong time: counts in the time zone $0, not in $1",
                          "时间错误：按时区 $0 计数，不是 $1"};
constexpr Text kTooEarly{"wrong time: final, but made at $0; the month ends at $1",
                         "时间错误：称为终计，却生成于 $0，而当月止于 $1"};
constexpr Text kLate{"made at $0, more than a day after the month's end",
                     "生成于 $0，比月末晚一天以上"};
constexpr Text kDenied{"contradicts $0: the node signed two statements that deny each other",
                       "与 $0 矛盾：节点签署了互相否定的声明"};

/// True if a provisional statement cannot have come before the final one: the log only grows.
bool Contradicts(const ledger::Statement& provisional, const ledger::Statement& final) {
  const ledger::TreeHead& early = provisional.tree_end;
  return early.size > final.tree_end.size ||
         (early.size == final.tree_end.size && early.root != final.tree_end.root);
}

/// Judges all statements that one node signed for the month: at most one of them takes part.
void JudgeNode(const std::vector<RankRow*>& rows) {
  const auto is_final = [](const RankRow* row) {
    return row->statement->status == ledger::StatementStatus::kFinal;
  };
  for (RankRow* row : rows) {
    for (const RankRow* other : rows) {
      const ledger::Statement& a = *row->statement;
      const ledger::Statement& b = *other->statement;
      if (a == b || !is_final(other)) continue;
      if (!is_final(row) && !Contradicts(a, b)) continue;
      // Whichever is meant, the node denies it: none of its statements counts.
      for (RankRow* each : rows) {
        const RankRow* against = each == row ? other : row;
        if (each->verified()) each->fault = MakePhrase(kDenied, against->name);
      }
      return;
    }
  }
  // The final one, else the newest; of the same text the first.
  RankRow* kept = nullptr;
  for (RankRow* row : rows) {
    if (!row->verified()) continue;
    const auto order = [&](const RankRow* r) {
      return std::make_tuple(is_final(r), r->statement->generated_at_ms,
                             r->statement->tree_end.size);
    };
    if (kept == nullptr || order(row) > order(kept)) kept = row;
  }
  for (RankRow* row : rows) {
    if (row == kept || !row->verified()) continue;
    row->fault =
        MakePhrase(*row->statement == *kept->statement ? kRepeated : kSuperseded, kept->name);
  }
}

/// Rows whose node signed them, by their node.
void RefuseRepeated(std::vector<RankRow>& rows, Month month) {
  std::map<std::string, std::vector<RankRow*>> by_origin;
  for (RankRow& row : rows) {
    if (row.is_signed && row.statement->month == month) {
      by_origin[row.statement->origin].push_back(&row);
    }
  }
  for (const auto& [origin, own] : by_origin) JudgeNode(own);
}

/// A statement counts in the zone that was agreed, and is final only once the month has ended.
void CheckTimes(RankRow& row, const TimeZone& zone) {
  constexpr std::int64_t kLateMs = std::int64_t{24} * 3600 * 1000;
  const ledger::Statement& statement = *row.statement;
  if (statement.time_zone != zone.name()) {
    row.fault = MakePhrase(kOtherZone, statement.time_zone, zone.name());
    return;
  }
  if (statement.status != ledger::StatementStatus::kFinal) return;
  const std::int64_t end_ms = zone.StartMs(Month{statement.month.number + 1});
  const std::string made = FormatUtcMs(statement.generated_at_ms);
  if (statement.generated_at_ms < end_ms) {
    row.fault = MakePhrase(kTooEarly, made, FormatUtcMs(end_ms));
  } else if (statement.generated_at_ms - end_ms > kLateMs) {
    row.note = MakePhrase(kLate, made);
  }
}

/// Reads and verifies one; its fault is set where it may not take part.
RankRow Verify(const RankEntry& entry, const std::vector<Verifier>& keys, const TimeZone& zone) {
  RankRow row;
  row.name = entry.name;
  auto note = ledger::ParseNote(entry.note, ledger::kStatementNoteBytesMax);
  if (!note.ok()) {
    row.fault = MakePhrase(kUnreadable, note.error().detail);
    return row;
  }
  auto statement = ledger::ParseStatement(note->text);
  if (!statement.ok()) {
    row.fault = MakePhrase(kUnreadable, statement.error().detail);
    return row;
  }
  row.statement = *std::move(statement);
  const std::string& origin = row.statement->origin;
  std::vector<Verifier> own;
  for (const Verifier& key : keys) {
    if (key.name() == origin && key.type() != SignatureType::kCosignatureV1) own.push_back(key);
  }
  if (own.empty()) {
    row.fault = MakePhrase(kNoKey, origin);
    return row;
  }
  const auto opened = ledger::OpenNote(*std::move(note), own);
  if (!opened.ok()) {
    row.fault = MakePhrase(kSignature, opened.error().detail);
  } else if (opened->verified.size() < own.size()) {
    row.fault = MakePhrase(kSignature, "not all keys of \"" + origin + "\" signed");
    row.is_signed = true;
  } else if (const auto figures = ledger::CheckFigures(*row.statement); !figures.ok()) {
    row.is_signed = true;
    row.fault = MakePhrase(kFigures, figures.error().detail);
  } else {
    row.is_signed = true;
    CheckTimes(row, zone);
  }
  return row;
}

}  // namespace

std::vector<RankRow> RankStatements(const std::vector<RankEntry>& entries,
                                    const std::vector<Verifier>& keys, std::optional<Month> month,
                                    std::int64_t target, const TimeZone& zone) {
  std::vector<RankRow> rows;
  for (const RankEntry& entry : entries) rows.push_back(Verify(entry, keys, zone));
  for (const RankRow& row : rows) {
    if (!month && row.verified()) month = row.statement->month;
  }
  for (RankRow& row : rows) {
    if (row.verified() && row.statement->month != *month) {
      row.fault = MakePhrase(kOtherMonth, row.statement->month.Text());
    }
  }
  if (month) RefuseRepeated(rows, *month);
  std::stable_sort(rows.begin(), rows.end(), [](const RankRow& a, const RankRow& b) {
    if (a.verified() != b.verified()) return a.verified();
    if (!a.verified()) return false;
    return a.statement->figures.first_ever > b.statement->figures.first_ever;
  });
  for (std::size_t i = 0; i < rows.size() && rows[i].verified(); ++i) {
    RankRow& row = rows[i];
    const bool tied =
        i > 0 && rows[i - 1].statement->figures.first_ever == row.statement->figures.first_ever;
    row.rank = tied ? rows[i - 1].rank : i + 1;
    row.meets_target = row.statement->figures.first_ever >= target;
    row.top = row.rank <= kRewardedRanks;
    row.eligible =
        row.meets_target && row.top && row.statement->status == ledger::StatementStatus::kFinal;
  }
  return rows;
}

}  // namespace idnode::cli
