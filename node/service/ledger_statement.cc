#include "node/service/ledger_statement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "node/base/varint.h"
#include "node/ledger/sketch.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

using ledger::Breakdown;
using storage::Dimension;
using storage::Figures;

/// Rows of a breakdown; those with the fewest registrations beyond are summed up in one.
constexpr std::size_t kRowsPerBreakdown = ledger::kStatementRowsMax / (2 * ledger::kBreakdowns);
constexpr std::string_view kOthers = "(others)";
constexpr std::size_t kFeedRows = 8;  // a full group's row is a few MiB

constexpr std::array<std::pair<Dimension, Breakdown>, 6> kBreakdownOf = {{
    {Dimension::kDay, Breakdown::kDay},
    {Dimension::kSecondaryPrefix, Breakdown::kSecondaryPrefix},
    {Dimension::kEnterprisePrefix, Breakdown::kEnterprisePrefix},
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

/// A key longer than a statement holds (they are shorter by the limits of records) is cut.
std::string KeyOf(const std::string& value) {
  return value.substr(0, ledger::kStatementValueBytesMax);
}

void AddRows(const StatementParts& parts, ledger::Statement& statement) {
  for (const auto& [dimension, breakdown] : kBreakdownOf) {
    Groups groups = GroupsOf(parts, dimension);
    Figures others;
    if (groups.size() > kRowsPerBreakdown) {
      std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
        return a.second.registrations != b.second.registrations
                   ? a.second.registrations > b.second.registrations
                   : a.first < b.first;
      });
      for (std::size_t i = kRowsPerBreakdown; i < groups.size(); ++i) others += groups[i].second;
      groups.resize(kRowsPerBreakdown);
      groups.emplace_back(std::string(kOthers), others);
    }
    for (const auto& [key, figures] : groups) {
      statement.rows.push_back({breakdown, KeyOf(key), Stated(figures)});
    }
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

/// The group with the most first-ever registrations: its key and share.
std::string Largest(const StatementParts& parts, Dimension dimension, double first_ever) {
  const Groups groups = GroupsOf(parts, dimension);
  const auto largest = std::max_element(
      groups.begin(), groups.end(),
      [](const auto& a, const auto& b) { return a.second.first_ever < b.second.first_ever; });
  if (largest == groups.end() || largest->second.first_ever == 0) return "none";
  const double count = static_cast<double>(largest->second.first_ever);
  return Share(count, first_ever) + " " +
         (largest->first.empty() ? std::string("-") : KeyOf(largest->first));
}

void AddEvidence(const StatementParts& parts, const Figures& total, ledger::Statement& statement) {
  const auto add = [&statement](const char* name, std::string value) {
    statement.evidence.emplace_back(name, std::move(value));
  };
  const double first_ever = static_cast<double>(total.first_ever);
  if (parts.resolved) {
    const double resolved = std::min(static_cast<double>(*parts.resolved), first_ever);
    add("share-never-resolved", Share(first_ever - resolved, first_ever) + ShareError());
  }
  // The estimate may pass the count; there are never more contents than leaves.
  const std::uint64_t distinct =
      std::min(parts.evidence.distinct_contents, static_cast<std::uint64_t>(total.first_ever));
  const auto error = std::llround(SketchError() * static_cast<double>(distinct));
  add("distinct-content", std::to_string(distinct) + " ± " + std::to_string(error));
  add("share-identical-content",
      Share(first_ever - static_cast<double>(distinct), first_ever) + ShareError());
  const auto bare =
      parts.counters.find(storage::CounterId{parts.month, Dimension::kAttributes, "without"});
  add("share-without-attributes",
      Share(bare == parts.counters.end() ? 0 : static_cast<double>(bare->second.first_ever),
            first_ever));
  std::string run = std::to_string(parts.evidence.longest_run);
  if (!parts.evidence.longest_run_end.empty()) run += " " + KeyOf(parts.evidence.longest_run_end);
  add("longest-sequence-run", std::move(run));
  add("largest-application", Largest(parts, Dimension::kApplication, first_ever));
  add("largest-source-address", Largest(parts, Dimension::kSourceAddress, first_ever));
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
  AddRows(parts, statement);
  AddEvidence(parts, total, statement);
  IDNODE_RETURN_IF_ERROR(ledger::CheckFigures(statement));
  return statement;
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
