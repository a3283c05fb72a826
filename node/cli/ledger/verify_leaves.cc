// The full reading: each entry is hashed into the tree again, and held against its statement.
#include <algorithm>
#include <limits>

#include "node/base/text.h"
#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"
#include "node/model/identifier.h"

namespace idnode::cli {
namespace {

/// Faults of one kind a month that are told one by one.
constexpr std::uint64_t kToldMax = 20;

Month Next(Month month) { return Month{month.number + 1}; }

}  // namespace

Result<bool> Verification::Prepare() {
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
  if (segment.counter) segment.counter->Add(*leaf);
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
  if (segment.statement != nullptr) ReportBreakdown(segment);
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
  if (differences.empty() && segment.counter->rows() > 0) {
    report_.checked.push_back(MakePhrase(texts::kDidRows, segment.counter->rows()));
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
    // They parsed before; what changes while it is read shows in the hashes.
    if (!leaf_a.ok() || !leaf_b.ok()) continue;
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
  }
  IDNODE_RETURN_IF_ERROR(ReportDuplicates());
  if (from_ > 0) report_.unchecked.push_back(MakePhrase(texts::kNotEarlier));
  if (!options_.all_months && segments_.back().from > 0) {
    report_.unchecked.push_back(MakePhrase(texts::kNotEarlierMonths));
  }
  report_.unchecked.push_back(MakePhrase(texts::kNotOtherFigures));
  for (const ledger::Breakdown breakdown :
       {ledger::Breakdown::kIndustry, ledger::Breakdown::kRegion}) {
    const auto& rows = segments_.back().statement->rows;
    if (std::any_of(rows.begin(), rows.end(),
                    [&](const auto& row) { return row.breakdown == breakdown; })) {
      report_.unchecked.push_back(
          MakePhrase(texts::kNotRowsOf, std::string(ledger::BreakdownName(breakdown))));
    }
  }
  return {};
}

}  // namespace idnode::cli
