#include "node/service/recount.h"

#include <algorithm>
#include <string>
#include <utility>

#include "node/model/identifier.h"
#include "storage/feed_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

using storage::CounterId;
using storage::Dimension;
using storage::Figures;
using storage::ShardId;

// A page of rows. The seam bounds a scan in rows only, so a page asks for what its bytes would be
// were its rows as large as those of the page before.
constexpr std::size_t kPageBytes = std::size_t{4} << 20;
constexpr std::size_t kPageRowsFirst = 64;
constexpr std::size_t kPageRowsMax = 512;
constexpr std::size_t kDifferencesMax = 1'000;
constexpr std::chrono::seconds kStepMax{60};

Error Stopped() { return Error(Errc::kDeadlineExceeded, "the recount was stopped"); }

// How many rows the next page of a scan asks for.
class PageSize {
 public:
  std::size_t rows() const { return rows_; }

  void Learn(const std::vector<storage::ScanRow>& page) {
    std::size_t bytes = 0;
    for (const auto& row : page) bytes += row.key.size() + row.value.size();
    if (bytes == 0) return;
    rows_ = std::clamp<std::size_t>(kPageBytes * page.size() / bytes, 1, kPageRowsMax);
  }

 private:
  std::size_t rows_ = kPageRowsFirst;
};

class ShardRecount {
 public:
  ShardRecount(storage::Engine& engine, const Clock& clock, const TimeZone& zone, Month month,
               ShardId shard)
      : engine_(engine), clock_(clock), zone_(zone), month_(month), shard_(shard) {}

  // Sums of the shard's events of the month with a commit time before `line_ms`.
  Result<void> CountRecords(std::int64_t line_ms, std::map<CounterId, Figures>& sums,
                            const std::function<bool(std::size_t)>& more) {
    std::string from(1, static_cast<char>(storage::Space::kRecord));
    const std::string to(1, static_cast<char>(static_cast<char>(storage::Space::kRecord) + 1));
    PageSize page;
    for (;;) {
      const std::size_t limit = page.rows();
      auto rows = engine_.Scan(shard_, from, to, limit, false, clock_.After(kStepMax));
      if (!rows.ok()) return rows.error();
      for (const auto& row : *rows) {
        IDNODE_RETURN_IF_ERROR(
            CountRecord(std::string_view(row.key).substr(1), row.value, line_ms, sums));
      }
      FlushRun(sums);
      if (!more(rows->size())) return Stopped();
      if (rows->size() < limit) return {};
      page.Learn(*rows);
      from = rows->back().key + '\0';
    }
  }

  // The shard's counters of the month as they were just before commit `line`, and how many
  // dimensions have been counted since its month began.
  Result<void> LoadCounters(storage::Version line, std::map<CounterId, Figures>& counters,
                            std::uint32_t& dimensions) {
    auto rows = storage::CounterStore(engine_).LoadShard(shard_, month_, clock_.After(kStepMax));
    if (!rows.ok()) return rows.error();
    storage::Version newest = 0;
    for (const auto& [id, row] : *rows) {
      newest = std::max(newest, row.version);
      counters[id] = row.figures;
      if (id.dimension == Dimension::kTotal) dimensions = row.dimensions;
    }
    std::string from = storage::FeedKey(line);
    const std::string to = storage::FeedKey(newest + 1);
    while (newest >= line && from < to) {
      auto page = engine_.Scan(shard_, from, to, kFeedRows, false, clock_.After(kStepMax));
      if (!page.ok()) return page.error();
      for (const auto& scanned : *page) {
        const auto version = ReadVersion(scanned.key);
        auto feed = storage::DecodeFeedRow(scanned.value, false);
        if (!feed.ok()) return feed.error();
        for (const auto& [id, delta] : feed->deltas) {
          const auto row = rows->find(id);
          if (row != rows->end() && version <= row->second.version) counters[id] -= delta;
        }
      }
      if (page->size() < kFeedRows) break;
      from = page->back().key + '\0';
    }
    return {};
  }

 private:
  static constexpr std::size_t kFeedRows = 8;  // a full group's row is a few MiB

  static storage::Version ReadVersion(std::string_view feed_key) {
    storage::Version version = 0;
    for (char c : feed_key.substr(1)) version = version << 8 | static_cast<unsigned char>(c);
    return version;
  }

  Result<void> CountRecord(std::string_view folded, std::string_view bytes, std::int64_t line_ms,
                           std::map<CounterId, Figures>& sums) {
    const auto record = DecodeRecord(bytes);
    if (!record.ok()) return record.error();
    Count(folded, *record, line_ms, sums);
    if (record->revision == 1) return {};
    // Earlier revisions; those from this one on, if a change came since the record was read, are
    // either after the line or counted as this row.
    std::string from = storage::HistoryKey(folded, 0);
    const std::string to = storage::HistoryKey(folded, record->revision);
    PageSize page;
    for (;;) {
      const std::size_t limit = page.rows();
      auto rows = engine_.Scan(shard_, from, to, limit, false, clock_.After(kStepMax));
      if (!rows.ok()) return rows.error();
      for (const auto& row : *rows) {
        const auto revision = DecodeRecord(row.value);
        if (!revision.ok()) return revision.error();
        Count(folded, *revision, line_ms, sums);
      }
      if (rows->size() < limit) return {};
      page.Learn(*rows);
      from = rows->back().key + '\0';
    }
  }

  void Count(std::string_view folded, const RecordView& revision, std::int64_t line_ms,
             std::map<CounterId, Figures>& sums) {
    if (revision.updated_ms >= line_ms) return;
    const Figures figures = storage::FiguresOf(revision.change);
    if (figures.zero()) return;
    storage::Event event;
    event.change = revision.change;
    event.prefix = folded.substr(0, folded.find('/'));
    event.application = revision.application;
    event.object_class = revision.object_class;
    event.template_ref = revision.template_ref;
    event.has_attributes = !revision.attributes_json.empty() || revision.value_count > 0;
    event.commit_ms = revision.updated_ms;
    // Records of one prefix and one commit follow each other: count them together.
    if (run_count_ != 0 && event.change == run_change_ && event.commit_ms == run_.commit_ms &&
        event.prefix == run_prefix_ && event.application == run_application_ &&
        event.object_class == run_class_ && event.template_ref == run_template_ &&
        event.has_attributes == run_.has_attributes) {
      ++run_count_;
      return;
    }
    FlushRun(sums);
    run_prefix_ = event.prefix;
    run_application_ = event.application;
    run_class_ = event.object_class;
    run_template_ = event.template_ref;
    run_change_ = event.change;
    run_ = event;
    run_count_ = 1;
  }

  void FlushRun(std::map<CounterId, Figures>& sums) {
    if (run_count_ == 0) return;
    run_.prefix = run_prefix_;
    run_.application = run_application_;
    run_.object_class = run_class_;
    run_.template_ref = run_template_;
    if (zone_.MonthOf(run_.commit_ms) == month_) {
      const Figures one = storage::FiguresOf(run_change_);
      Figures sum;
      sum.first_ever = one.first_ever * run_count_;
      sum.registrations = one.registrations * run_count_;
      sum.re_registrations = one.re_registrations * run_count_;
      sum.deletions = one.deletions * run_count_;
      for (const auto& row : storage::Dimensions()) {
        if (!row.in_records) continue;
        sums[CounterId{month_, row.dimension, row.value(run_, zone_)}] += sum;
      }
    }
    run_count_ = 0;
  }

  storage::Engine& engine_;
  const Clock& clock_;
  const TimeZone& zone_;
  const Month month_;
  const ShardId shard_;
  storage::Event run_;
  ChangeKind run_change_ = ChangeKind::kRegistered;
  std::string run_prefix_;
  std::string run_application_;
  std::string run_class_;
  std::string run_template_;
  std::int64_t run_count_ = 0;
};

// A figure by the counters, and by the records.
struct Pair {
  Figures counted;
  Figures recounted;
};
// By dimension: sums over all values of those that the records do not tell.
using DimensionSums = std::map<Dimension, Pair>;

void AddSums(const std::map<CounterId, Figures>& counted, std::uint32_t dimensions,
             const Figures& total, DimensionSums& sums) {
  for (const auto& row : storage::Dimensions()) {
    if (row.in_records || static_cast<std::uint32_t>(row.dimension) >= dimensions) continue;
    Pair& pair = sums[row.dimension];
    pair.recounted += total;
    for (const auto& [id, figures] : counted) {
      if (id.dimension == row.dimension) pair.counted += figures;
    }
  }
}

void AddDifferences(Dimension dimension, const std::string& key, const Pair& pair,
                    RecountReport& report) {
  const auto& [counted, recounted] = pair;
  const std::pair<const char*, std::pair<std::int64_t, std::int64_t>> figures[] = {
      {"firstEver", {counted.first_ever, recounted.first_ever}},
      {"registrations", {counted.registrations, recounted.registrations}},
      {"reRegistrations", {counted.re_registrations, recounted.re_registrations}},
      {"deletions", {counted.deletions, recounted.deletions}}};
  for (const auto& [name, numbers] : figures) {
    if (numbers.first == numbers.second || report.differences.size() >= kDifferencesMax) continue;
    report.differences.push_back(
        {std::string(storage::RowOf(dimension).name), key, name, numbers.first, numbers.second});
  }
}

void Compare(const std::map<CounterId, Figures>& counted,
             const std::map<CounterId, Figures>& recounted, const DimensionSums& sums,
             RecountReport& report) {
  std::map<CounterId, Pair> both;
  for (const auto& [id, figures] : counted) {
    if (storage::RowOf(id.dimension).in_records) both[id].counted = figures;
  }
  for (const auto& [id, figures] : recounted) both[id].recounted = figures;
  for (const auto& [id, pair] : both) {
    if (id.dimension == Dimension::kTotal) {
      report.counters = pair.counted;
      report.recounted = pair.recounted;
    }
    AddDifferences(id.dimension, id.value, pair, report);
  }
  for (const auto& [dimension, pair] : sums) AddDifferences(dimension, "*", pair, report);
}

}  // namespace

Result<RecountReport> RecountMonth(storage::Engine& engine, storage::Committer& committer,
                                   const Clock& clock, const TimeZone& zone, Month month,
                                   const RecountProgressFn& progress) {
  RecountReport report;
  report.month = month;
  std::map<CounterId, Figures> counted;
  std::map<CounterId, Figures> recounted;
  DimensionSums sums;
  const ShardId shards = engine.ShardCount();
  for (ShardId shard = 0; shard < shards; ++shard) {
    auto line = committer.Nudge(shard, clock.After(kStepMax));
    if (!line.ok()) return line.error();
    ShardRecount recount(engine, clock, zone, month, shard);
    std::map<CounterId, Figures> counted_here;
    std::map<CounterId, Figures> recounted_here;
    std::uint32_t dimensions = 0;
    IDNODE_RETURN_IF_ERROR(recount.LoadCounters(line->first, counted_here, dimensions));
    IDNODE_RETURN_IF_ERROR(
        recount.CountRecords(line->second, recounted_here, [&](std::size_t rows) {
          report.records += static_cast<std::int64_t>(rows);
          return progress == nullptr || progress(shard, shards, report.records);
        }));
    AddSums(counted_here, dimensions, recounted_here[CounterId{month, Dimension::kTotal, ""}],
            sums);
    for (const auto& [id, figures] : counted_here) counted[id] += figures;
    for (const auto& [id, figures] : recounted_here) recounted[id] += figures;
    if (progress != nullptr && !progress(shard + 1, shards, report.records)) return Stopped();
  }
  Compare(counted, recounted, sums, report);
  return report;
}

}  // namespace idnode::service
