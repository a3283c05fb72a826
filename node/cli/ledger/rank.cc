#include "node/cli/ledger/rank.h"

#include <algorithm>
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
constexpr Text kDenied{"contradicts $0: the node signed two different statements of the month",
                       "与 $0 矛盾：节点对该月签署了两份不同的声明"};

/// Reads and verifies one; its fault is set where it may not take part.
RankRow Verify(const RankEntry& entry, const std::vector<Verifier>& keys) {
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
  } else if (const auto figures = ledger::CheckFigures(*row.statement); !figures.ok()) {
    row.fault = MakePhrase(kFigures, figures.error().detail);
  }
  return row;
}

void RefuseRepeated(std::vector<RankRow>& rows, const std::vector<RankEntry>& entries) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].verified()) continue;
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      if (!rows[j].verified() || rows[j].statement->origin != rows[i].statement->origin) continue;
      const ledger::Statement& a = *rows[i].statement;
      const ledger::Statement& b = *rows[j].statement;
      if (entries[i].note == entries[j].note || a == b) {
        rows[j].fault = MakePhrase(kRepeated, rows[i].name);
      } else if (a.status != b.status) {
        // A month's provisional statements precede its final one.
        const bool first_is_final = a.status == ledger::StatementStatus::kFinal;
        RankRow& provisional = first_is_final ? rows[j] : rows[i];
        provisional.fault = MakePhrase(kSuperseded, first_is_final ? rows[i].name : rows[j].name);
      } else if (a.status == ledger::StatementStatus::kProvisional) {
        // The later one of a month that runs.
        RankRow& older = a.generated_at_ms <= b.generated_at_ms ? rows[i] : rows[j];
        older.fault = MakePhrase(kSuperseded, &older == &rows[i] ? rows[j].name : rows[i].name);
      } else {
        rows[j].fault = MakePhrase(kDenied, rows[i].name);
        rows[i].fault = MakePhrase(kDenied, rows[j].name);
      }
      if (!rows[i].verified()) break;
    }
  }
}

}  // namespace

std::vector<RankRow> RankStatements(const std::vector<RankEntry>& entries,
                                    const std::vector<Verifier>& keys, std::optional<Month> month,
                                    std::int64_t target) {
  std::vector<RankRow> rows;
  for (const RankEntry& entry : entries) rows.push_back(Verify(entry, keys));
  for (const RankRow& row : rows) {
    if (!month && row.verified()) month = row.statement->month;
  }
  for (RankRow& row : rows) {
    if (row.verified() && row.statement->month != *month) {
      row.fault = MakePhrase(kOtherMonth, row.statement->month.Text());
    }
  }
  RefuseRepeated(rows, entries);
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
