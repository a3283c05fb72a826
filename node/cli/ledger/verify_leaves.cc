// The full reading: each entry is hashed into the tree again, and held against its statement.
#include <algorithm>
#include <cstdio>
#include <limits>

#include "node/base/text.h"
#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"
#include "node/model/identifier.h"

namespace idnode::cli {
namespace {

/// Faults of one kind a month that are told one by one.
constexpr std::uint64_t kToldMax = 20;

/// More leaves than this are said, not had: 800 GB of identifiers.
constexpr std::uint64_t kLeavesMax = 5'000'000'000;

Month Next(Month month) { return Month{month.number + 1}; }

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// The value of an evidence up to its first space; empty where there is none.
std::string EvidenceOf(const ledger::Statement& statement, std::string_view name) {
  for (const auto& [given, value] : statement.evidence) {
    if (given == name) return value;
  }
  return {};
}

/// "0.1234", as a statement has shares.
std::string ShareText(std::int64_t part, std::int64_t whole) {
  char text[16];
  std::snprintf(text, sizeof text, "%.4f",
                std::clamp(static_cast<double>(part) / static_cast<double>(whole), 0.0, 1.0));
  return text;
}

}  // namespace

bool Verification::CheckIdentifier(std::uint64_t index, std::string_view identifier,
                                   std::uint64_t& before) {
  const auto parsed = ParseIdentifier(identifier, ledger::kLeafIdentifierBytesMax);
  bool right = parsed.ok();
  if (right && options_.prefixes.empty()) {
    const std::string folded = FoldIdentifier(SecondaryPrefixOf(parsed->prefix));
    if (prefixes_.count(folded) == 0 && prefixes_.size() <= kPrefixesTold) prefixes_.insert(folded);
  } else if (right) {
    const std::string folded = FoldIdentifier(SecondaryPrefixOf(parsed->prefix));
    right =
        std::any_of(options_.prefixes.begin(), options_.prefixes.end(),
                    [&](const std::string& prefix) { return FoldIdentifier(prefix) == folded; });
  }
  if (right) return true;
  if (before++ >= kToldMax) {
    ++report_.faults_total;
  } else if (!parsed.ok()) {
    Add(FaultKind::kBadIdentifier,
        MakePhrase(texts::kBadIdentifierText, index, std::string(identifier),
                   parsed.error().detail),
        index);
  } else {
    Add(FaultKind::kBadIdentifier,
        MakePhrase(texts::kOtherPrefix, index, std::string(identifier), Joined(options_.prefixes)),
        index);
  }
  return false;
}

void Verification::ReportPrefixes() {
  if (prefixes_.empty()) return;
  std::vector<std::string> met(prefixes_.begin(), prefixes_.end());
  if (met.size() > kPrefixesTold) met.back() = "…";
  report_.unchecked.push_back(MakePhrase(texts::kNotPrefixes, Joined(met)));
}

Result<bool> Verification::Prepare() {
  if (size_ > kLeavesMax) {
    Add(FaultKind::kMalformed, MakePhrase(texts::kTooManyLeaves, size_));
    return false;
  }
  // In order of their months; a gap in the chain has been told already.
  for (const auto& [month, opened] : statements_) {
    const ledger::Statement& statement = opened.statement;
    if (segments_.empty() && statement.tree_start.size > 0) {
      Segment before;
      before.to = statement.tree_start.size;
      before.root = statement.tree_start.root;
      before.start_ms = std::numeric_limits<std::int64_t>::min();
      before.end_ms = zone_->StartMs(month);
      segments_.push_back(std::move(before));
    }
    const std::uint64_t from = segments_.empty() ? 0 : segments_.back().to;
    if (from != statement.tree_start.size || statement.tree_end.size < from) {
      report_.unchecked.push_back(MakePhrase(texts::kNotRead, from));
      return false;
    }
    Segment segment;
    segment.from = from;
    segment.to = statement.tree_end.size;
    segment.root = statement.tree_end.root;
    segment.statement = &statement;
    segment.start_ms = zone_->StartMs(month);
    segment.end_ms = zone_->StartMs(Next(month));
    segment.counter = std::make_unique<BreakdownCounter>(statement, *zone_);
    segment.evidence = std::make_unique<EvidenceCounter>();
    segments_.push_back(std::move(segment));
  }
  const bool all = options_.since_start || options_.all_months;
  if (!all && segments_.size() > 1) {
    // The month alone: the tree before it is taken up from the tiles of its right edge.
    from_ = segments_.front().to;
    const ledger::Hash root = segments_.front().root;
    segments_.erase(segments_.begin());
    auto edge = reader_.Read(ledger::PartialTilesOf(from_));
    if (!edge.ok()) {
      IDNODE_RETURN_IF_ERROR(Blame(edge.error()));
      return false;
    }
    auto hasher = ledger::TreeHasher::Resume(from_, *edge);
    if (!hasher.ok()) {
      IDNODE_RETURN_IF_ERROR(Blame(hasher.error()));
      return false;
    }
    hasher_ = *std::move(hasher);
    if (hasher_.Root() != root) {
      Add(FaultKind::kForkedCheckpoint, MakePhrase(texts::kTilesElsewhere, from_));
      return false;
    }
  }
  auto duplicates =
      DuplicateFinder::Create(size_ - from_, options_.memory_bytes, options_.temp_dir);
  if (!duplicates.ok()) return duplicates.error();
  duplicates_ = *std::move(duplicates);
  return true;
}

Result<void> Verification::TakeLeaf(std::uint64_t index, std::string_view bytes) {
  hasher_.Append(ledger::LeafHash(bytes));
  const auto leaf = ledger::ParseLeaf(bytes);
  if (!leaf.ok()) {
    Add(FaultKind::kMalformed, MakePhrase(texts::kBadLeaf, index, leaf.error().detail), index);
    return {};
  }
  Segment& segment = segments_[segment_];
  if (leaf->commit_ms < segment.start_ms || leaf->commit_ms >= segment.end_ms) {
    ++report_.faults_total;
    if (segment.outside++ < kToldMax) {
      --report_.faults_total;  // Add counts it
      const std::string identifier(leaf->identifier);
      const std::string time = FormatUtcMs(leaf->commit_ms);
      if (segment.statement != nullptr) {
        Add(FaultKind::kLeafOutsideMonth,
            MakePhrase(texts::kOutside, index, identifier, time, segment.statement->month.Text(),
                       zone_->name()),
            index);
      } else {
        Add(FaultKind::kLeafOutsideMonth,
            MakePhrase(texts::kOutsideBefore, index, identifier, time,
                       statements_.begin()->first.Text()),
            index);
      }
    }
  }
  CheckIdentifier(index, leaf->identifier, segment.bad);
  if (segment.counter) {
    segment.counter->Add(*leaf);
    segment.evidence->Add(*leaf);
  }
  return duplicates_->Add(leaf->identifier, index);
}

Result<void> Verification::TakeBundle(std::uint64_t bundle, const std::string& bytes) {
  const unsigned width = ledger::TileWidthAt(0, bundle, size_);
  const std::uint64_t first = bundle * ledger::kTileWidth;
  const auto entries = ledger::ParseEntryBundle(bytes, width);
  if (!entries.ok()) {
    return Prefix(ledger::TilePath({ledger::TileKind::kEntries, 0, bundle, width}),
                  entries.error());
  }
  for (unsigned i = 0; i < width; ++i) {
    if (first + i < from_) continue;  // of the month before
    while (segments_[segment_].to == first + i) IDNODE_RETURN_IF_ERROR(EndSegment());
    IDNODE_RETURN_IF_ERROR(TakeLeaf(first + i, (*entries)[i]));
    ++report_.leaves_read;
  }
  for (ledger::FullTile& full : hasher_.TakeFullTiles()) {
    if (full.tile.level == 1) level1_[full.tile.index] = std::move(full.bytes);
  }
  return {};
}

Result<void> Verification::EndSegment() {
  const Segment& segment = segments_[segment_];
  for (ledger::FullTile& full : hasher_.TakeFullTiles()) {
    if (full.tile.level == 1) level1_[full.tile.index] = std::move(full.bytes);
  }
  if (!located_ && hasher_.Root() != segment.root) {
    located_ = true;
    IDNODE_RETURN_IF_ERROR(Locate(segment.to, segment.root));
  }
  if (segment.statement != nullptr) {
    ReportBreakdown(segment);
    ReportEvidence(segment);
    segments_[segment_].counter.reset();  // a month's rows at a time
    segments_[segment_].evidence.reset();
  }
  ++segment_;
  return {};
}

void Verification::ReportBreakdown(const Segment& segment) {
  const std::string month = segment.statement->month.Text();
  const std::vector<BreakdownDifference> differences = segment.counter->Differences();
  for (const BreakdownDifference& difference : differences) {
    Add(FaultKind::kWrongCount, MakePhrase(texts::kWrongRow, month, difference.stated,
                                           std::string(ledger::BreakdownName(difference.breakdown)),
                                           difference.key, difference.counted));
  }
  for (const ledger::Breakdown breakdown : segment.counter->NeedlessOthers()) {
    Add(FaultKind::kWrongCount,
        MakePhrase(texts::kNeedlessOthers, month, std::string(ledger::BreakdownName(breakdown))));
  }
  // Not a fault: a node whose store is older than a counter leaves out what it did not count.
  for (const ledger::Breakdown breakdown : segment.counter->Unstated()) {
    report_.unchecked.push_back(
        MakePhrase(texts::kNotStated, std::string(ledger::BreakdownName(breakdown))));
  }
  if (differences.empty() && segment.counter->rows() > 0) {
    report_.checked.push_back(MakePhrase(texts::kDidRows, segment.counter->rows()));
  }
}

void Verification::ReportEvidence(const Segment& segment) {
  const ledger::Statement& statement = *segment.statement;
  if (segment.from == segment.to) return;
  const auto check = [&](const std::string& name, const std::string& counted, bool equal) {
    const std::string stated = EvidenceOf(statement, name);
    if (stated.empty()) {
      report_.unchecked.push_back(MakePhrase(texts::kNoEvidence, name));
    } else if (equal) {
      report_.checked.push_back(MakePhrase(texts::kDidEvidence, name));
    } else {
      Add(FaultKind::kWrongCount,
          MakePhrase(texts::kWrongEvidence, statement.month.Text(), name, stated, counted));
    }
  };
  const std::string run = segment.evidence->LongestRun();
  check("longest-sequence-run", run, EvidenceOf(statement, "longest-sequence-run") == run);
  const std::string distinct = segment.evidence->DistinctContent();
  const std::string estimate = EvidenceOf(statement, "distinct-content");
  check("distinct-content", distinct, estimate.substr(0, estimate.find(' ')) == distinct);
  std::vector<std::string> told{"longest-sequence-run", "distinct-content"};
  if (const auto largest = segment.counter->Largest(ledger::Breakdown::kApplication)) {
    // Its share, and the application, which is one of those that have as many leaves.
    const std::string share =
        ShareText(*largest, static_cast<std::int64_t>(segment.to - segment.from));
    const std::string stated = EvidenceOf(statement, "largest-application");
    const std::size_t space = std::min(stated.find(' '), stated.size());
    std::string key = stated.substr(std::min(space + 1, stated.size()));
    if (key == "-") key.clear();
    check("largest-application", share,
          stated.substr(0, space) == share &&
              segment.counter->CountOf(ledger::Breakdown::kApplication, key) == largest);
    told.emplace_back("largest-application");
  }
  for (const auto& [name, value] : statement.evidence) {
    if (std::find(told.begin(), told.end(), name) == told.end()) {
      report_.unchecked.push_back(MakePhrase(texts::kNotEvidence, name));
    }
  }
}

Result<std::string> Verification::ReadEntry(std::uint64_t index) {
  const std::uint64_t bundle = index / ledger::kTileWidth;
  const ledger::Tile tile{ledger::TileKind::kEntries, 0, bundle,
                          ledger::TileWidthAt(0, bundle, size_)};
  const auto bytes = reader_.Read({&tile, 1});
  if (!bytes.ok()) return bytes.error();
  const auto entries = ledger::ParseEntryBundle(bytes->front(), tile.width);
  if (!entries.ok()) return entries.error();
  return std::string((*entries)[index % ledger::kTileWidth]);
}

Result<void> Verification::ReportDuplicates() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  std::uint64_t found = 0;
  std::uint64_t found_in_month = 0;
  const Segment& own = segments_.back();
  IDNODE_RETURN_IF_ERROR(duplicates_->Finish([&](std::uint64_t first, std::uint64_t later) {
    ++found;
    if (later >= own.from) ++found_in_month;
    if (told.size() < kToldMax) told.emplace_back(first, later);
  }));
  duplicates_.reset();
  if (found == 0) report_.checked.push_back(MakePhrase(texts::kDidDuplicates));
  std::sort(told.begin(), told.end());
  for (const auto& [first, later] : told) {
    const auto a = ReadEntry(first);
    if (!a.ok()) return Blame(a.error(), first);
    const auto b = ReadEntry(later);
    if (!b.ok()) return Blame(b.error(), later);
    const auto leaf_a = ledger::ParseLeaf(*a);
    const auto leaf_b = ledger::ParseLeaf(*b);
    if (!leaf_a.ok() || !leaf_b.ok()) {  // they parsed before
      Add(FaultKind::kDuplicate, MakePhrase(texts::kTwiceUnreadable, first, later), later);
      continue;
    }
    const std::string one(leaf_a->identifier);
    const std::string two(leaf_b->identifier);
    Add(FaultKind::kDuplicate,
        one == two ? MakePhrase(texts::kTwice, first, later, one)
                   : MakePhrase(texts::kTwiceInOtherCase, first, later, one, two),
        later);
  }
  report_.faults_total += found - told.size();
  const std::uint64_t wrong = found_in_month + own.outside;
  if (wrong > 0) {
    const auto stated = static_cast<std::uint64_t>(own.statement->figures.first_ever);
    Add(FaultKind::kWrongCount, MakePhrase(texts::kWrongTotal, own.statement->month.Text(), stated,
                                           stated - std::min(stated, wrong)));
  }
  return {};
}

Result<void> Verification::ReadLeaves() {
  const auto prepared = Prepare();
  if (!prepared.ok()) return prepared.error();
  if (!*prepared) return {};
  if (from_ == 0 && !source_.is_live() && segments_.back().from > 0) {
    // What was downloaded for one month is not the node's fault.
    const ledger::Tile first{ledger::TileKind::kEntries, 0, 0, ledger::TileWidthAt(0, 0, size_)};
    if (reader_.Read({&first, 1}).code() == Errc::kNotFound) {
      return Error(Errc::kInvalidRequest,
                   "the folder lacks the leaves of earlier months: download without --month",
                   "dir");
    }
  }
  const std::uint64_t last_bundle = (size_ + ledger::kTileWidth - 1) / ledger::kTileWidth;
  std::uint64_t bundle = from_ / ledger::kTileWidth;
  const std::uint64_t faults_before = report_.faults_total;
  if (size_ > from_) {
    BundleStream stream(reader_, bundle, last_bundle, size_);
    while (bundle < last_bundle) {
      const auto window = stream.Next();
      Result<void> took = window.ok() ? Result<void>() : Result<void>(window.error());
      if (window.ok()) {
        for (const std::string& bytes : *window) {
          took = TakeBundle(bundle, bytes);
          if (!took.ok()) break;
          ++bundle;
        }
      }
      if (!took.ok()) {
        IDNODE_RETURN_IF_ERROR(Blame(took.error()));
        report_.unchecked.push_back(MakePhrase(texts::kNotRead, hasher_.size()));
        return {};
      }
      if (progress_ && !progress_(hasher_.size() - from_, size_ - from_)) {
        return Error(Errc::kShuttingDown, "interrupted");
      }
    }
  }
  while (segment_ < segments_.size()) IDNODE_RETURN_IF_ERROR(EndSegment());
  if (!located_) {
    report_.checked.push_back(MakePhrase(texts::kDidLeaves, report_.leaves_read, from_));
  }
  if (report_.faults_total == faults_before) {
    report_.checked.push_back(MakePhrase(texts::kDidMonth, zone_->name()));
    if (!options_.prefixes.empty()) {
      report_.checked.push_back(MakePhrase(texts::kDidIdentifiers, Joined(options_.prefixes)));
    }
  }
  IDNODE_RETURN_IF_ERROR(ReportDuplicates());
  if (from_ > 0) report_.unchecked.push_back(MakePhrase(texts::kNotEarlier));
  if (!options_.all_months && segments_.back().from > 0) {
    report_.unchecked.push_back(MakePhrase(texts::kNotEarlierMonths));
  }
  ReportPrefixes();
  report_.unchecked.push_back(MakePhrase(texts::kNotOtherFigures));
  for (const ledger::Breakdown breakdown :
       {ledger::Breakdown::kIndustry, ledger::Breakdown::kRegion}) {
    const ledger::Statement& statement = *segments_.back().statement;
    const std::string name(ledger::BreakdownName(breakdown));
    if (std::any_of(statement.rows.begin(), statement.rows.end(),
                    [&](const auto& row) { return row.breakdown == breakdown; })) {
      report_.unchecked.push_back(MakePhrase(texts::kNotRowsOf, name));
    } else if (statement.figures.first_ever > 0) {
      report_.unchecked.push_back(MakePhrase(texts::kNotStated, name));
    }
  }
  return {};
}

}  // namespace idnode::cli
