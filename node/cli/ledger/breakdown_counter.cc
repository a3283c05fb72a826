#include "node/cli/ledger/breakdown_counter.h"

#include <algorithm>

#include "node/base/text.h"
#include "node/model/identifier.h"

namespace idnode::cli {
namespace {

using ledger::Breakdown;

/// No zone's offset changes within a quarter of an hour of Unix time.
constexpr std::int64_t kQuarterMs = 15 * 60 * 1000;

bool IsPrefix(Breakdown breakdown) {
  return breakdown == Breakdown::kSecondaryPrefix || breakdown == Breakdown::kEnterprisePrefix;
}

}  // namespace

bool BreakdownCounter::IsInLeaves(Breakdown breakdown) {
  return breakdown != Breakdown::kIndustry && breakdown != Breakdown::kRegion;
}

BreakdownCounter::BreakdownCounter(const ledger::Statement& statement, const TimeZone& zone)
    : zone_(zone), first_ever_(statement.figures.first_ever) {
  for (const ledger::StatementRow& row : statement.rows) {
    Dimension& dimension = dimensions_[static_cast<std::size_t>(row.breakdown)];
    if (!IsInLeaves(row.breakdown)) {
      dimension.rows[row.key];  // for NeedlessOthers
      continue;
    }
    dimension.used = true;
    std::string key;
    if (IsPrefix(row.breakdown)) {
      AppendAsciiFolded(key, row.key);  // case does not make another prefix
    } else {
      key = row.key;
    }
    dimension.rows[key].stated += row.figures.first_ever;
    ++rows_;
  }
}

void BreakdownCounter::AddTo(Breakdown breakdown, std::string_view key) {
  Dimension& dimension = dimensions_[static_cast<std::size_t>(breakdown)];
  if (!dimension.used) return;
  if (dimension.last != nullptr && dimension.last_key == key) {
    ++dimension.last->counted;
    return;
  }
  const auto row = dimension.rows.find(key);
  if (row == dimension.rows.end()) {
    if (dimension.unlisted++ == 0) dimension.unlisted_key = key;
    return;
  }
  ++row->second.counted;
  dimension.last_key = key;
  dimension.last = &row->second;
}

void BreakdownCounter::Add(const ledger::Leaf& leaf) {
  if (leaf.commit_ms / kQuarterMs != quarter_) {
    quarter_ = leaf.commit_ms / kQuarterMs;
    day_ = zone_.DayOf(leaf.commit_ms).Text();
  }
  AddTo(Breakdown::kDay, day_);
  folded_.clear();
  AppendAsciiFolded(folded_, leaf.identifier.substr(0, leaf.identifier.find('/')));
  AddTo(Breakdown::kSecondaryPrefix, SecondaryPrefixOf(folded_));
  AddTo(Breakdown::kEnterprisePrefix, folded_);
  AddTo(Breakdown::kApplication, leaf.application);
  AddTo(Breakdown::kTemplate, leaf.template_ref);
  AddTo(Breakdown::kObjectClass, leaf.record_class);
}

std::vector<BreakdownDifference> BreakdownCounter::Differences() const {
  std::vector<BreakdownDifference> differences;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    const auto breakdown = static_cast<Breakdown>(i);
    const Dimension& dimension = dimensions_[i];
    if (!dimension.used) continue;
    std::vector<BreakdownDifference> here;
    std::int64_t unlisted = dimension.unlisted;
    for (const auto& [key, count] : dimension.rows) {
      std::int64_t counted = count.counted;
      if (key == ledger::kStatementOthersKey) {
        counted += unlisted;
        unlisted = 0;
      }
      if (counted != count.stated) here.push_back({breakdown, key, count.stated, counted});
    }
    std::sort(here.begin(), here.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    if (unlisted > 0) here.push_back({breakdown, dimension.unlisted_key, 0, unlisted});
    differences.insert(differences.end(), here.begin(), here.end());
  }
  return differences;
}

std::vector<Breakdown> BreakdownCounter::Unstated() const {
  std::vector<Breakdown> unstated;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    const auto breakdown = static_cast<Breakdown>(i);
    if (IsInLeaves(breakdown) && !dimensions_[i].used && first_ever_ > 0) {
      unstated.push_back(breakdown);
    }
  }
  return unstated;
}

std::vector<Breakdown> BreakdownCounter::NeedlessOthers() const {
  std::vector<Breakdown> needless;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    const Dimension& dimension = dimensions_[i];
    if (dimension.rows.count(ledger::kStatementOthersKey) > 0 &&
        dimension.rows.size() <= kRowsBesideOthersMin) {
      needless.push_back(static_cast<Breakdown>(i));
    }
  }
  return needless;
}

std::optional<std::int64_t> BreakdownCounter::Largest(Breakdown breakdown) const {
  const Dimension& dimension = dimensions_[static_cast<std::size_t>(breakdown)];
  if (!dimension.used || dimension.unlisted > 0) return std::nullopt;
  std::int64_t largest = 0;
  for (const auto& [key, count] : dimension.rows) largest = std::max(largest, count.counted);
  return largest;
}

std::optional<std::int64_t> BreakdownCounter::CountOf(Breakdown breakdown,
                                                      std::string_view key) const {
  const Dimension& dimension = dimensions_[static_cast<std::size_t>(breakdown)];
  const auto row = dimension.rows.find(key);
  if (row == dimension.rows.end()) return std::nullopt;
  return row->second.counted;
}

}  // namespace idnode::cli
