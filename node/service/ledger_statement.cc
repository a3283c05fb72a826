#include "node/service/ledger_statement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "node/base/log.h"
#include "node/base/varint.h"
#include "node/ledger/sketch.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

using ledger::Breakdown;
using storage::Dimension;
using storage::Figures;

/// Rows of a breakdown, and bytes of their text; those with the fewest registrations beyond are
/// summed up in one. Keys are clients' texts: as escaped, they may be three times as long.
constexpr std::size_t kRowsPerBreakdown = ledger::kStatementRowsMax / (2 * ledger::kBreakdowns);
constexpr std::size_t kBytesPerBreakdown = ledger::kStatementBytesMax * 3 / 4 / ledger::kBreakdowns;
/// "by-", the longest name, ": ", six numbers of 20 characters with their spaces, a line end.
constexpr std::size_t kRowBytesMax = 3 + 24 + 2 + 6 * 21 + 1;
constexpr std::size_t kFeedRows = 8;  // a full group's row is a few MiB

constexpr std::array<std::pair<Dimension, Breakdown>, 8> kBreakdownOf = {{
    {Dimension::kDay, Breakdown::kDay},
    {Dimension::kSecondaryPrefix, Breakdown::kSecondaryPrefix},
    {Dimension::kEnterprisePrefix, Breakdown::kEnterprisePrefix},
    {Dimension::kIndustry, Breakdown::kIndustry},
    {Dimension::kRegion, Breakdown::kRegion},
    {Dimension::kApplication, Breakdown::kApplication},
    {Dimension::kTemplate, Breakdown::kTemplate},
    {Dimension::kObjectClass, Breakdown::kObjectClass},
}};

ledger::StatementFigures Stated(const Figures& figures) {
  ledger::StatementFigures stated;
  stated.first_ever = figures.first_ever;
  stated.registrations = figures.registrations;
  stated.re_registrations = figures.re_registrations;
  stated.deletions = figures.deletions;
  stated.reported_upward = figures.reported;
  return stated;
}

using Groups = std::vector<std::pair<std::string, Figures>>;

Groups GroupsOf(const StatementParts& parts, Dimension dimension) {
  Groups groups;
  for (const auto& [id, figures] : parts.counters) {
    if (id.dimension == dimension && !figures.zero()) groups.emplace_back(id.value, figures);
  }
  return groups;
}

Figures TotalOf(const StatementParts& parts) {
  const auto total = parts.counters.find(storage::CounterId{parts.month, Dimension::kTotal, ""});
  return total == parts.counters.end() ? Figures{} : total->second;
}

/// A key as evidence names it, behind a number: cut where a statement does not hold it.
std::string KeyOf(const std::string& value) {
  return value.substr(0, ledger::kStatementValueBytesMax - 64);
}

Figures SumOf(const Groups& groups) {
  Figures sum;
  for (const auto& [key, figures] : groups) sum += figures;
  return sum;
}

bool FallsShort(const Figures& sum, const Figures& total) {
  return sum != total && sum.first_ever <= total.first_ever &&
         sum.registrations <= total.registrations &&
         sum.re_registrations <= total.re_registrations && sum.deletions <= total.deletions &&
         sum.reported <= total.reported;
}

/// The rows of a breakdown, those with the most registrations first, as far as there is room.
void AddBreakdown(Groups groups, Breakdown breakdown, ledger::Statement& statement) {
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.second.registrations != b.second.registrations
               ? a.second.registrations > b.second.registrations
               : a.first < b.first;
  });
  std::size_t bytes = 0;
  std::size_t rows = 0;
  Figures others;
  for (const auto& [key, figures] : groups) {
    const std::size_t row_bytes = kRowBytesMax + ledger::EscapeStatementKey(key).size();
    // No client's text is that key: it is not UTF-8.
    if (rows < kRowsPerBreakdown && bytes + row_bytes <= kBytesPerBreakdown &&
        key.size() <= ledger::kStatementValueBytesMax && key != ledger::kStatementOthersKey) {
      bytes += row_bytes;
      ++rows;
      statement.rows.push_back({breakdown, key, Stated(figures)});
    } else {
      others += figures;
    }
  }
  if (rows < groups.size()) {
    statement.rows.push_back({breakdown, std::string(ledger::kStatementOthersKey), Stated(others)});
  }
}

void AddRows(const StatementParts& parts, const Figures& total, ledger::Statement& statement) {
  for (const auto& [dimension, breakdown] : kBreakdownOf) {
    Groups groups = GroupsOf(parts, dimension);
    if (FallsShort(SumOf(groups), total)) {
      if (parts.status == ledger::StatementStatus::kFinal) {
        LogWarning("the statement is without a breakdown: it was not counted from the beginning",
                   {{"month", parts.month.Text()},
                    {"breakdown", ledger::BreakdownName(breakdown)},
                    {"counted", SumOf(groups).first_ever},
                    {"first_ever", total.first_ever}});
      }
      continue;
    }
    AddBreakdown(std::move(groups), breakdown, statement);
  }
}

/// "0.1234": `part` of `whole`. Not in percent, since a statement's values escape that sign.
std::string Share(double part, double whole) {
  const double share = whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.4f", share);
  return text.data();
}

/// In 997 of 1,000 cases an estimate departs by no more than this part of it (three standard
/// errors).
double SketchError() { return 3 * ledger::Sketch().StandardError(); }

/// " ± 0.0244", for shares of which one side is an estimate.
std::string ShareError() {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), " ± %.4f", SketchError());
  return text.data();
}

/// The group with the most first-ever registrations: its share and, where it may be named, its key.
std::string Largest(const Groups& groups, double first_ever, bool named) {
  const auto largest = std::max_element(
      groups.begin(), groups.end(),
      [](const auto& a, const auto& b) { return a.second.first_ever < b.second.first_ever; });
  if (largest == groups.end() || largest->second.first_ever == 0) return "none";
  std::string text = Share(static_cast<double>(largest->second.first_ever), first_ever);
  if (named) text += " " + (largest->first.empty() ? std::string("-") : KeyOf(largest->first));
  return text;
}

using Evidence = std::vector<std::pair<std::string, std::string>>;

/// What was counted while leaves were appended. The run's last identifier is not told: a statement
/// is public, and an identifier need not be.
void AddLeafEvidence(const storage::LedgerEvidence& leaves, double first_ever, Evidence& evidence) {
  // The estimate may pass the count; there are never more contents than leaves.
  const double distinct = std::min(static_cast<double>(leaves.distinct_contents), first_ever);
  const auto error = std::llround(SketchError() * distinct);
  evidence.emplace_back("distinct-content",
                        std::to_string(std::llround(distinct)) + " ± " + std::to_string(error));
  evidence.emplace_back("share-identical-content",
                        Share(first_ever - distinct, first_ever) + ShareError());
}

void AddEvidence(const StatementParts& parts, const Figures& total, Evidence& evidence) {
  const double first_ever = static_cast<double>(total.first_ever);
  const auto is_whole = [&](const Groups& groups) {
    return SumOf(groups).first_ever == total.first_ever;
  };
  if (parts.resolved) {
    const double resolved = std::min(static_cast<double>(*parts.resolved), first_ever);
    evidence.emplace_back("share-never-resolved",
                          Share(first_ever - resolved, first_ever) + ShareError());
  }
  if (parts.evidence) AddLeafEvidence(*parts.evidence, first_ever, evidence);
  if (is_whole(GroupsOf(parts, Dimension::kAttributes))) {
    const auto bare =
        parts.counters.find(storage::CounterId{parts.month, Dimension::kAttributes, "without"});
    evidence.emplace_back(
        "share-without-attributes",
        Share(bare == parts.counters.end() ? 0 : static_cast<double>(bare->second.first_ever),
              first_ever));
  }
  if (parts.evidence) {
    evidence.emplace_back("longest-sequence-run", std::to_string(parts.evidence->longest_run));
  }
  for (const auto& [dimension, name] :
       {std::pair(Dimension::kApplication, "largest-application"),
        std::pair(Dimension::kSourceAddress, "largest-source-address")}) {
    const Groups groups = GroupsOf(parts, dimension);
    if (!is_whole(groups)) continue;
    evidence.emplace_back(name, Largest(groups, first_ever, storage::RowOf(dimension).is_public));
  }
}

storage::Version VersionOf(std::string_view feed_key) { return ReadBigEndian(feed_key.substr(1)); }

}  // namespace

Result<ledger::Statement> MakeStatement(const StatementParts& parts) {
  const Figures total = TotalOf(parts);
  ledger::Statement statement;
  statement.origin = parts.origin;
  statement.month = parts.month;
  statement.time_zone = parts.time_zone;
  statement.status = parts.status;
  statement.tree_start = parts.tree_start;
  statement.tree_end = parts.tree_end;
  statement.figures = Stated(total);
  statement.target = parts.target;
  statement.target_met = total.first_ever >= parts.target;
  statement.generated_at_ms = parts.generated_at_ms;
  statement.previous = parts.previous;
  AddRows(parts, total, statement);
  AddEvidence(parts, total, statement.evidence);
  IDNODE_RETURN_IF_ERROR(ledger::CheckFigures(statement));
  return statement;
}

Result<SignedStatement> SignStatement(const StatementParts& parts,
                                      std::span<const ledger::Signer> signers) {
  SignedStatement made;
  auto statement = MakeStatement(parts);
  if (!statement.ok()) return statement.error();
  const auto text = ledger::FormatStatement(*statement);
  if (!text.ok()) return text.error();
  const auto note = ledger::SignText(*text, signers);
  if (!note.ok()) return note.error();
  made.statement = *std::move(statement);
  made.digest = ledger::StatementDigest(*text);
  made.note = ledger::FormatNote(*note);
  return made;
}

Result<std::map<storage::CounterId, Figures>> CountersAt(storage::Engine& engine, Month month,
                                                         std::span<const storage::Version> cursors,
                                                         Deadline deadline) {
  std::map<storage::CounterId, Figures> sums;
  for (storage::ShardId shard = 0; shard < cursors.size(); ++shard) {
    const auto rows = storage::CounterStore(engine).LoadShard(shard, month, deadline);
    if (!rows.ok()) return rows.error();
    storage::Version newest = 0;
    for (const auto& [id, row] : *rows) {
      newest = std::max(newest, row.version);
      sums[id] += row.figures;
    }
    // Each row names the commit that wrote it last, so those since the cursor can be taken back.
    std::string from = storage::FeedKey(cursors[shard] + 1);
    const std::string to = storage::FeedKey(newest + 1);
    while (from < to) {
      const auto page = engine.Scan(shard, from, to, kFeedRows, false, deadline);
      if (!page.ok()) return page.error();
      for (const auto& scanned : *page) {
        const auto feed = storage::DecodeFeedRow(scanned.value, false);
        if (!feed.ok()) return feed.error();
        for (const auto& [id, delta] : feed->deltas) {
          const auto row = rows->find(id);
          if (row != rows->end() && VersionOf(scanned.key) <= row->second.version) {
            sums[id] -= delta;
          }
        }
      }
      if (page->size() < kFeedRows) break;
      from = page->back().key + '\0';
    }
  }
  return sums;
}

}  // namespace idnode::service
