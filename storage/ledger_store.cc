#include "storage/ledger_store.h"

#include <cstring>

#include "node/base/varint.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

constexpr char kVersion = 1;
// More than the shards, tiles or rows there can be; bounds what a damaged count reserves.
constexpr std::uint64_t kListMax = 1 << 20;
constexpr std::size_t kSegmentRows = 256;
constexpr std::size_t kMonthRows = 1000;
constexpr std::size_t kIndexRows = 16;

Error Damaged(std::string_view what) {
  return Error(Errc::kCorruption, "the ledger's " + std::string(what) + " row is damaged");
}

Result<void> TakeVersion(std::string_view& bytes, std::string_view what) {
  if (bytes.empty() || bytes.front() == 0) return Damaged(what);
  if (bytes.front() != kVersion) {
    return Error(Errc::kFormatTooNew,
                 "the ledger's " + std::string(what) + " row was written by a newer idnode");
  }
  bytes.remove_prefix(1);
  return {};
}

bool TakeText(std::string_view& bytes, std::string& text) {
  std::string_view view;
  if (!TakeSized(bytes, view)) return false;
  text = view;
  return true;
}

void AppendDigest(const Digest& digest, std::string& out) {
  out.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

bool TakeDigest(std::string_view& bytes, Digest& digest) {
  if (bytes.size() < digest.size()) return false;
  std::memcpy(digest.data(), bytes.data(), digest.size());
  bytes.remove_prefix(digest.size());
  return true;
}

void AppendHead(const ledger::TreeHead& head, std::string& out) {
  AppendVarint(head.size, out);
  AppendDigest(head.root, out);
}

bool TakeHead(std::string_view& bytes, ledger::TreeHead& head) {
  return TakeVarint(bytes, head.size) && head.size <= ledger::kTreeSizeMax &&
         TakeDigest(bytes, head.root);
}

void AppendMonth(Month month, std::string& out) {
  AppendVarint(static_cast<std::uint32_t>(month.number), out);
}

bool TakeMonth(std::string_view& bytes, Month& month) {
  std::uint64_t number = 0;
  if (!TakeVarint(bytes, number) || number > INT32_MAX) return false;
  month.number = static_cast<std::int32_t>(number);
  return true;
}

bool TakeMs(std::string_view& bytes, std::int64_t& ms) {
  std::uint64_t number = 0;
  if (!TakeVarint(bytes, number)) return false;
  ms = static_cast<std::int64_t>(number);
  return true;
}

bool TakeCount(std::string_view& bytes, std::uint64_t& count) {
  return TakeVarint(bytes, count) && count <= kListMax && count <= bytes.size();
}

bool TakeTexts(std::string_view& bytes, std::vector<std::string>& texts) {
  std::uint64_t count = 0;
  if (!TakeCount(bytes, count)) return false;
  texts.resize(count);
  for (auto& text : texts) {
    if (!TakeText(bytes, text)) return false;
  }
  return true;
}

void AppendTexts(const std::vector<std::string>& texts, std::string& out) {
  AppendVarint(texts.size(), out);
  for (const auto& text : texts) AppendSized(text, out);
}

bool TakeState(std::string_view& bytes, LedgerState& state) {
  std::uint64_t count = 0;
  if (!TakeHead(bytes, state.tree) || !TakeMonth(bytes, state.first_month) ||
      !TakeMonth(bytes, state.month) || !TakeHead(bytes, state.month_start) ||
      !TakeCount(bytes, count)) {
    return false;
  }
  state.cursors.resize(count);
  for (auto& cursor : state.cursors) {
    if (!TakeVarint(bytes, cursor)) return false;
  }
  if (!TakeTexts(bytes, state.partial_tiles) || !TakeText(bytes, state.checkpoint) ||
      !TakeMs(bytes, state.checkpoint_ms) || bytes.empty()) {
    return false;
  }
  const char stated = bytes.front();
  bytes.remove_prefix(1);
  if (stated == 0) return true;
  std::pair<Month, Digest> last;
  if (stated != 1 || !TakeMonth(bytes, last.first) || !TakeDigest(bytes, last.second)) return false;
  state.stated = last;
  return true;
}

}  // namespace

std::uint64_t LedgerSegment::leaves() const {
  std::uint64_t sum = 0;
  for (const Part& part : parts) sum += part.leaves;
  return sum;
}

std::string EncodeLedgerFacts(const LedgerFacts& facts) {
  std::string bytes(1, kVersion);
  AppendSized(facts.origin, bytes);
  AppendSized(facts.vkey, bytes);
  AppendSized(facts.vkey_sm2, bytes);
  return bytes;
}

Result<LedgerFacts> DecodeLedgerFacts(std::string_view bytes) {
  IDNODE_RETURN_IF_ERROR(TakeVersion(bytes, "facts"));
  LedgerFacts facts;
  if (!TakeText(bytes, facts.origin) || !TakeText(bytes, facts.vkey) ||
      !TakeText(bytes, facts.vkey_sm2) || !bytes.empty()) {
    return Damaged("facts");
  }
  return facts;
}

std::string EncodeLedgerState(const LedgerState& state) {
  std::string bytes(1, kVersion);
  AppendHead(state.tree, bytes);
  AppendMonth(state.first_month, bytes);
  AppendMonth(state.month, bytes);
  AppendHead(state.month_start, bytes);
  AppendVarint(state.cursors.size(), bytes);
  for (const Version cursor : state.cursors) AppendVarint(cursor, bytes);
  AppendTexts(state.partial_tiles, bytes);
  AppendSized(state.checkpoint, bytes);
  AppendVarint(static_cast<std::uint64_t>(state.checkpoint_ms), bytes);
  bytes += static_cast<char>(state.stated.has_value());
  if (state.stated) {
    AppendMonth(state.stated->first, bytes);
    AppendDigest(state.stated->second, bytes);
  }
  return bytes;
}

Result<LedgerState> DecodeLedgerState(std::string_view bytes) {
  IDNODE_RETURN_IF_ERROR(TakeVersion(bytes, "state"));
  LedgerState state;
  if (!TakeState(bytes, state) || !bytes.empty()) return Damaged("state");
  return state;
}

std::string EncodeLedgerSegment(const LedgerSegment& segment) {
  std::string bytes(1, kVersion);
  AppendVarint(segment.parts.size(), bytes);
  for (const auto& part : segment.parts) {
    AppendVarint(part.shard, bytes);
    AppendVarint(part.version, bytes);
    AppendVarint(part.leaves, bytes);
    AppendVarint(static_cast<std::uint64_t>(part.commit_ms), bytes);
  }
  return bytes;
}

Result<LedgerSegment> DecodeLedgerSegment(std::string_view bytes) {
  IDNODE_RETURN_IF_ERROR(TakeVersion(bytes, "segment"));
  LedgerSegment segment;
  std::uint64_t count = 0;
  if (!TakeCount(bytes, count) || count == 0) return Damaged("segment");
  segment.parts.resize(count);
  std::uint64_t leaves = 0;
  for (auto& part : segment.parts) {
    std::uint64_t shard = 0;
    if (!TakeVarint(bytes, shard) || shard > UINT32_MAX || !TakeVarint(bytes, part.version) ||
        !TakeVarint(bytes, part.leaves) || part.leaves == 0 || !TakeMs(bytes, part.commit_ms) ||
        part.leaves > ledger::kTreeSizeMax - leaves) {
      return Damaged("segment");
    }
    part.shard = static_cast<ShardId>(shard);
    leaves += part.leaves;
  }
  if (!bytes.empty()) return Damaged("segment");
  return segment;
}

std::string EncodeLedgerClosing(const LedgerClosing& closing) {
  std::string bytes(1, kVersion);
  AppendHead(closing.start, bytes);
  AppendHead(closing.end, bytes);
  AppendSized(closing.checkpoint, bytes);
  AppendVarint(static_cast<std::uint64_t>(closing.closed_ms), bytes);
  AppendVarint(closing.evidence.distinct_contents, bytes);
  AppendVarint(closing.evidence.longest_run, bytes);
  AppendSized(closing.evidence.longest_run_end, bytes);
  AppendTexts(closing.cosignatures, bytes);
  return bytes;
}

Result<LedgerClosing> DecodeLedgerClosing(std::string_view bytes) {
  IDNODE_RETURN_IF_ERROR(TakeVersion(bytes, "closing"));
  LedgerClosing closing;
  if (!TakeHead(bytes, closing.start) || !TakeHead(bytes, closing.end) ||
      !TakeText(bytes, closing.checkpoint) || !TakeMs(bytes, closing.closed_ms) ||
      !TakeVarint(bytes, closing.evidence.distinct_contents) ||
      !TakeVarint(bytes, closing.evidence.longest_run) ||
      !TakeText(bytes, closing.evidence.longest_run_end) ||
      !TakeTexts(bytes, closing.cosignatures) || !bytes.empty() ||
      closing.start.size > closing.end.size) {
    return Damaged("closing");
  }
  return closing;
}

std::string EncodeLedgerLease(const LedgerLease& lease) {
  std::string bytes(1, kVersion);
  AppendSized(lease.holder, bytes);
  AppendVarint(lease.epoch, bytes);
  AppendVarint(static_cast<std::uint64_t>(lease.until_ms), bytes);
  return bytes;
}

Result<LedgerLease> DecodeLedgerLease(std::string_view bytes) {
  IDNODE_RETURN_IF_ERROR(TakeVersion(bytes, "lease"));
  LedgerLease lease;
  if (!TakeText(bytes, lease.holder) || !TakeVarint(bytes, lease.epoch) ||
      !TakeMs(bytes, lease.until_ms) || !bytes.empty()) {
    return Damaged("lease");
  }
  return lease;
}

std::string EncodeLedgerSketches(const LedgerSketches& sketches) {
  std::string bytes(1, kVersion);
  AppendMonth(sketches.month, bytes);
  AppendVarint(sketches.leaves_end, bytes);
  AppendSized(sketches.contents, bytes);
  AppendSized(sketches.runs, bytes);
  return bytes;
}

Result<LedgerSketches> DecodeLedgerSketches(std::string_view bytes) {
  IDNODE_RETURN_IF_ERROR(TakeVersion(bytes, "sketches"));
  LedgerSketches sketches;
  if (!TakeMonth(bytes, sketches.month) || !TakeVarint(bytes, sketches.leaves_end) ||
      !TakeText(bytes, sketches.contents) || !TakeText(bytes, sketches.runs) || !bytes.empty()) {
    return Damaged("sketches");
  }
  return sketches;
}

std::string EncodeLedgerIndex(const LedgerIndexRow& row) {
  std::string bytes;
  AppendVarint(row.leaf, bytes);
  AppendVarint(static_cast<std::uint64_t>(row.commit_ms), bytes);
  return bytes;
}

Result<LedgerIndexRow> DecodeLedgerIndex(std::string_view bytes) {
  LedgerIndexRow row;
  if (!TakeVarint(bytes, row.leaf) || row.leaf > ledger::kTreeSizeMax ||
      !TakeMs(bytes, row.commit_ms) || !bytes.empty()) {
    return Damaged("index");
  }
  return row;
}

Result<std::optional<std::string>> LedgerStore::Row(std::string_view key, Deadline deadline) const {
  auto bytes = engine_.Get(kLedgerShard, key, deadline);
  if (bytes.code() == Errc::kNotFound) return std::optional<std::string>();
  if (!bytes.ok()) return bytes.error();
  return std::optional<std::string>(*std::move(bytes));
}

Result<std::optional<LedgerFacts>> LedgerStore::Facts(Deadline deadline) const {
  auto bytes = Row(LedgerFactsKey(), deadline);
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return std::optional<LedgerFacts>();
  auto facts = DecodeLedgerFacts(**bytes);
  if (!facts.ok()) return facts.error();
  return std::optional<LedgerFacts>(*std::move(facts));
}

Result<std::optional<LedgerClosing>> LedgerStore::Closing(Month month, Deadline deadline) const {
  auto bytes = Row(LedgerClosingKey(month), deadline);
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return std::optional<LedgerClosing>();
  auto closing = DecodeLedgerClosing(**bytes);
  if (!closing.ok()) return closing.error();
  return std::optional<LedgerClosing>(*std::move(closing));
}

Result<std::vector<Month>> LedgerStore::Months(const std::string& from, const std::string& to,
                                               Deadline deadline) const {
  std::vector<Month> months;
  std::string next = from;
  for (;;) {
    auto rows = engine_.Scan(kLedgerShard, next, to, kMonthRows, false, deadline);
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      if (row.key.size() != 6) return Damaged("month");
      months.push_back(
          Month{static_cast<std::int32_t>(ReadBigEndian(std::string_view(row.key).substr(2)))});
    }
    if (rows->size() < kMonthRows) return months;
    next = rows->back().key + '\0';
  }
}

Result<std::vector<Month>> LedgerStore::ClosedMonths(Deadline deadline) const {
  return Months(LedgerClosingKey(Month{0}), LedgerClosingKey(Month{INT32_MAX}), deadline);
}

Result<std::vector<Month>> LedgerStore::StatedMonths(Deadline deadline) const {
  return Months(LedgerStatementKey(Month{0}), LedgerStatementKey(Month{INT32_MAX}), deadline);
}

Result<std::vector<std::pair<std::uint64_t, LedgerSegment>>> LedgerStore::Segments(
    std::uint64_t from, std::uint64_t to, Deadline deadline) const {
  const Error hole(Errc::kCorruption, "the ledger's segments have a hole");
  std::vector<std::pair<std::uint64_t, LedgerSegment>> segments;
  auto first = engine_.Scan(kLedgerShard, LedgerSegmentKey(0), LedgerSegmentKey(from + 1), 1, true,
                            deadline);
  if (!first.ok()) return first.error();
  if (first->empty()) return hole;
  std::string next = first->front().key;
  const std::string end = LedgerSegmentKey(to);
  std::uint64_t reached = ReadBigEndian(std::string_view(next).substr(2));
  while (reached < to) {
    auto rows = engine_.Scan(kLedgerShard, next, end, kSegmentRows, false, deadline);
    if (!rows.ok()) return rows.error();
    if (rows->empty()) return hole;
    for (const auto& row : *rows) {
      const std::uint64_t start = ReadBigEndian(std::string_view(row.key).substr(2));
      auto segment = DecodeLedgerSegment(row.value);
      if (!segment.ok()) return segment.error();
      if (start != reached) return hole;
      reached += segment->leaves();
      segments.emplace_back(start, *std::move(segment));
    }
    next = rows->back().key + '\0';
  }
  return segments;
}

Result<std::optional<std::uint64_t>> LedgerStore::FirstLeafOf(ShardId shard, Version version,
                                                              Deadline deadline) const {
  const std::optional<std::uint64_t> none;
  auto index = engine_.Scan(kLedgerShard, LedgerIndexKey(shard, version),
                            LedgerIndexKey(shard + 1, 0), 1, false, deadline);
  if (!index.ok()) return index.error();
  if (index->empty()) return none;
  const auto row = DecodeLedgerIndex(index->front().value);
  if (!row.ok()) return row.error();
  const auto segment = SegmentAt(row->leaf, deadline);
  if (!segment.ok()) return segment.error();
  std::uint64_t leaf = row->leaf;
  for (const auto& part : segment->parts) {
    if (part.shard == shard && part.version == version) return std::optional(leaf);
    leaf += part.leaves;
  }
  return none;
}

// The segment that an index row names.
Result<LedgerSegment> LedgerStore::SegmentAt(std::uint64_t leaf, Deadline deadline) const {
  auto bytes = Row(LedgerSegmentKey(leaf), deadline);
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return Damaged("index");
  return DecodeLedgerSegment(**bytes);
}

// The first index row of the shard whose time is not before `commit_ms`: times do not fall as
// versions rise, so it is found by halving.
Result<Version> LedgerStore::FirstIndexFrom(ShardId shard, std::int64_t commit_ms,
                                            Deadline deadline) const {
  const auto version_of = [](const ScanRow& row) {
    return Version{ReadBigEndian(std::string_view(row.key).substr(6))};
  };
  const auto newest = engine_.Scan(kLedgerShard, LedgerIndexKey(shard, 0),
                                   LedgerIndexKey(shard + 1, 0), 1, true, deadline);
  if (!newest.ok()) return newest.error();
  Version low = 0;
  Version high = newest->empty() ? 0 : version_of(newest->front()) + 1;
  while (low < high) {
    const Version middle = low + (high - low) / 2;
    const auto found = engine_.Scan(kLedgerShard, LedgerIndexKey(shard, middle),
                                    LedgerIndexKey(shard, high), 1, false, deadline);
    if (!found.ok()) return found.error();
    if (found->empty()) {
      high = middle;
      continue;
    }
    const auto row = DecodeLedgerIndex(found->front().value);
    if (!row.ok()) return row.error();
    if (row->commit_ms < commit_ms) {
      low = version_of(found->front()) + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<std::vector<LedgerFeedRow>> LedgerStore::RowsAt(ShardId shard, std::int64_t commit_ms,
                                                       Deadline deadline) const {
  std::vector<LedgerFeedRow> rows;
  const auto first = FirstIndexFrom(shard, commit_ms, deadline);
  if (!first.ok()) return first.error();
  std::string from = LedgerIndexKey(shard, *first);
  const std::string to = LedgerIndexKey(shard + 1, 0);
  for (;;) {
    const auto page = engine_.Scan(kLedgerShard, from, to, kIndexRows, false, deadline);
    if (!page.ok()) return page.error();
    for (const auto& scanned : *page) {
      const auto index = DecodeLedgerIndex(scanned.value);
      if (!index.ok()) return index.error();
      const auto segment = SegmentAt(index->leaf, deadline);
      if (!segment.ok()) return segment.error();
      std::uint64_t leaf = index->leaf;
      for (const auto& part : segment->parts) {
        if (part.shard == shard && part.commit_ms == commit_ms) {
          rows.push_back({part.version, leaf, part.leaves});
        }
        leaf += part.leaves;
      }
      if (rows.size() > kRowsAtMax) {
        return Error(Errc::kUnavailable, "too many commits have one time");
      }
      if (index->commit_ms > commit_ms) return rows;
    }
    if (page->size() < kIndexRows) return rows;
    from = page->back().key + '\0';
  }
}

Result<std::string> LedgerStore::FullTile(unsigned level, std::uint64_t index,
                                          Deadline deadline) const {
  return engine_.Get(kLedgerShard, LedgerTileKey(level, index), deadline);
}

}  // namespace idnode::storage
