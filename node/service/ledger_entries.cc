#include "node/service/ledger_entries.h"

#include <algorithm>

#include "node/ledger/leaf.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

// Feed rows read at a time: each may be a few MiB.
constexpr std::size_t kRowsAtOnce = 16;
// What a kept row takes beside its leaves.
constexpr std::size_t kRowOverheadBytes = 256;

Error Mismatch() {
  return Error(Errc::kCorruption, "the ledger's order and the feed do not fit each other");
}

// A text that may stand in a leaf: `text` as it is, or mended.
std::string Mended(std::string_view text, std::size_t bytes_max) {
  std::string mended(text.substr(0, bytes_max));
  const bool utf8 = IsUtf8(mended);
  for (char& c : mended) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (!utf8 && byte >= 0x80)) c = '?';
  }
  return mended;
}

}  // namespace

bool AppendFeedLeaf(const storage::FeedEntry& entry, std::int64_t commit_ms, std::string& out) {
  ledger::Leaf leaf;
  leaf.identifier = entry.identifier;
  leaf.commit_ms = commit_ms;
  leaf.content = entry.content_digest;
  leaf.template_ref = entry.template_ref;
  leaf.application = entry.application;
  leaf.record_class = entry.object_class;
  if (ledger::AppendLeaf(leaf, out).ok()) return true;
  std::string identifier = Mended(entry.identifier, ledger::kLeafIdentifierBytesMax);
  if (identifier.empty()) identifier = "?";
  const std::string template_ref = Mended(entry.template_ref, ledger::kLeafFieldBytesMax);
  const std::string application = Mended(entry.application, ledger::kLeafFieldBytesMax);
  const std::string record_class = Mended(entry.object_class, ledger::kLeafFieldBytesMax);
  leaf.identifier = identifier;
  leaf.commit_ms = std::max<std::int64_t>(commit_ms, 0);
  leaf.template_ref = template_ref;
  leaf.application = application;
  leaf.record_class = record_class;
  IDNODE_CHECK(ledger::AppendLeaf(leaf, out).ok());
  return false;
}

Result<LedgerEntries::RowRef> LedgerEntries::Decode(std::string_view feed_row) {
  storage::FeedRowReader reader;
  IDNODE_RETURN_IF_ERROR(reader.Open(feed_row));
  auto row = std::make_shared<RowLeaves>();
  for (storage::FeedEntry entry; reader.NextEntry(entry);) {
    if (entry.change != ChangeKind::kRegistered) continue;
    AppendFeedLeaf(entry, reader.commit_ms(), row->bytes);
    row->ends.push_back(static_cast<std::uint32_t>(row->bytes.size()));
  }
  if (reader.damaged()) return Error(Errc::kCorruption, "a feed row is damaged");
  return RowRef(std::move(row));
}

Result<void> LedgerEntries::Visit(std::uint64_t from, std::uint64_t to, Deadline deadline,
                                  const VisitFn& visit) const {
  if (from >= to) return {};
  const auto segments = store_.Segments(from, to, deadline);
  if (!segments.ok()) return segments.error();
  std::vector<Wanted> wanted;
  for (const auto& [start, segment] : *segments) {
    std::uint64_t leaf = start;
    for (const auto& part : segment.parts) {
      if (leaf < to && leaf + part.leaves > from) {
        wanted.push_back({{part.shard, part.version}, leaf, part.leaves});
      }
      leaf += part.leaves;
    }
  }
  for (std::size_t begin = 0; begin < wanted.size(); begin += kRowsAtOnce) {
    const std::size_t end = std::min(wanted.size(), begin + kRowsAtOnce);
    const std::vector<Wanted> some(wanted.begin() + static_cast<std::ptrdiff_t>(begin),
                                   wanted.begin() + static_cast<std::ptrdiff_t>(end));
    const auto rows = Load(some, deadline);
    if (!rows.ok()) return rows.error();
    for (std::size_t i = 0; i < some.size(); ++i) {
      const RowLeaves& row = *(*rows)[i];
      if (row.ends.size() != some[i].leaves) return Mismatch();
      for (std::size_t n = 0; n < row.ends.size(); ++n) {
        const std::uint64_t index = some[i].first_leaf + n;
        if (index < from || index >= to) continue;
        const std::size_t at = n == 0 ? 0 : row.ends[n - 1];
        if (!visit(index, std::string_view(row.bytes).substr(at, row.ends[n] - at))) return {};
      }
    }
  }
  return {};
}

Result<std::vector<LedgerEntries::RowRef>> LedgerEntries::Load(const std::vector<Wanted>& rows,
                                                               Deadline deadline) const {
  std::vector<RowRef> found(rows.size());
  std::map<storage::ShardId, std::vector<std::size_t>> missing;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    found[i] = Kept(rows[i].id);
    if (found[i] == nullptr) missing[rows[i].id.first].push_back(i);
  }
  for (const auto& [shard, positions] : missing) {
    std::vector<std::string> keys;
    for (const std::size_t i : positions) keys.push_back(storage::FeedKey(rows[i].id.second));
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto values = engine_.MultiGet(shard, views, deadline);
    if (!values.ok()) return values.error();
    for (std::size_t n = 0; n < positions.size(); ++n) {
      const auto& value = (*values)[n];
      if (!value.has_value()) {
        return Error(Errc::kCorruption, "a feed row that holds entries of the ledger is missing");
      }
      auto row = Decode(*value);
      if (!row.ok()) return row.error();
      Keep(rows[positions[n]].id, *row);
      found[positions[n]] = *std::move(row);
    }
  }
  return found;
}

LedgerEntries::RowRef LedgerEntries::Kept(const RowId& id) const {
  std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->second;
}

void LedgerEntries::Keep(const RowId& id, const RowRef& row) const {
  const auto size_of = [](const RowRef& each) {
    return kRowOverheadBytes + each->bytes.size() + sizeof(std::uint32_t) * each->ends.size();
  };
  std::lock_guard lock(mutex_);
  if (by_id_.contains(id)) return;
  kept_.emplace_front(id, row);
  by_id_.emplace(id, kept_.begin());
  kept_bytes_ += size_of(row);
  while (kept_bytes_ > kept_bytes_max_ && kept_.size() > 1) {
    kept_bytes_ -= size_of(kept_.back().second);
    by_id_.erase(kept_.back().first);
    kept_.pop_back();
  }
}

}  // namespace idnode::service
