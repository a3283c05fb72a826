#include "node/service/audit_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "node/base/varint.h"
#include "node/service/audit_write.h"
#include "node/service/page_token.h"

namespace idnode::service {
namespace {

constexpr std::size_t kRowsAtOnce = 256;         // 30 MiB of the largest entries
constexpr std::size_t kPageBytesMax = 8U << 20;  // a page ends early past this
constexpr std::size_t kTrimRowsMax = 100'000;    // looked at by one Trim; the next goes on
constexpr int kVerifyTriesMax = 5;               // when what is verified is trimmed meanwhile

// A page token is for one list: the same filters in the same order.
std::string ScopeOf(const AuditQuery& query) {
  std::string scope = "audit";
  AppendVarint(static_cast<std::uint64_t>(query.from_ms), scope);
  AppendVarint(static_cast<std::uint64_t>(query.to_ms), scope);
  for (const auto* text : {&query.who, &query.action, &query.target}) AppendSized(*text, scope);
  scope += query.refused_only ? 'r' : '-';
  scope += query.ascending ? 'a' : '-';
  return scope;
}

std::string TokenFor(const AuditQuery& query, std::uint64_t number) {
  std::string position;
  AppendBigEndian(number, 8, position);
  return MakePageToken(ScopeOf(query), position);
}

Result<std::uint64_t> NumberOf(const AuditQuery& query) {
  const auto position = ReadPageToken(ScopeOf(query), query.page_token);
  if (!position.ok()) return position.error();
  return ReadBigEndian(*position);
}

bool Matches(const AuditQuery& query, const AuditEntry& entry) {
  if (entry.at_ms < query.from_ms || (query.to_ms != 0 && entry.at_ms >= query.to_ms)) return false;
  if (query.refused_only && entry.refused.empty()) return false;
  if (!query.who.empty() && entry.who != query.who) return false;
  if (!query.target.empty() && entry.target != query.target) return false;
  if (query.action.empty()) return true;
  return query.action.ends_with('.') ? entry.action.starts_with(query.action)
                                     : entry.action == query.action;
}

Result<void> CheckQuery(const AuditQuery& query) {
  if (query.page_size > kAuditPageSizeMax) {
    return Error(Errc::kInvalidRequest,
                 "a page has 1 to " + std::to_string(kAuditPageSizeMax) + " entries", "pageSize");
  }
  if (query.from_ms < 0) return Error(Errc::kInvalidRequest, "the time is before 1970", "from");
  if (query.to_ms < 0 || (query.to_ms != 0 && query.to_ms <= query.from_ms)) {
    return Error(Errc::kInvalidRequest, "the end is not after the beginning", "to");
  }
  return {};
}

}  // namespace

Result<AuditHead> AuditReader::ReadHead(Deadline deadline) const {
  const auto bytes = engine_.Get(kAuditShard, AuditHeadKey(), deadline);
  if (bytes.code() == Errc::kNotFound) return AuditHead{};
  if (!bytes.ok()) return bytes.error();
  return DecodeAuditHead(*bytes);
}

Result<std::vector<storage::ScanRow>> AuditReader::ReadRows(std::uint64_t from, std::uint64_t to,
                                                            std::size_t limit, bool reverse,
                                                            Deadline deadline) const {
  return engine_.Scan(kAuditShard, AuditEntryKey(from), AuditEntryKey(to), limit, reverse,
                      deadline);
}

Result<AuditPage> AuditReader::List(const AuditQuery& query, Deadline deadline) const {
  IDNODE_RETURN_IF_ERROR(CheckQuery(query));
  const std::size_t size = query.page_size == 0 ? kAuditPageSizeDefault : query.page_size;
  const auto head = ReadHead(deadline);
  if (!head.ok()) return head.error();
  // Entries [from, to) are still to be looked at.
  std::uint64_t from = head->first;
  std::uint64_t to = head->last + 1;
  if (!query.page_token.empty()) {
    const auto number = NumberOf(query);
    if (!number.ok()) return number.error();
    if (query.ascending) {
      from = std::max(from, *number);
    } else {
      to = std::min(to, *number);
    }
  }
  AuditPage page;
  std::size_t examined = 0;
  std::size_t bytes = 0;
  while (from < to) {
    if (examined >= kAuditPageExaminedMax || page.entries.size() == size || bytes > kPageBytesMax) {
      page.next_page_token = TokenFor(query, query.ascending ? from : to);
      return page;
    }
    const auto rows = ReadRows(from, to, kRowsAtOnce, !query.ascending, deadline);
    if (!rows.ok()) return rows.error();
    if (rows->empty()) break;
    for (const auto& row : *rows) {
      if (page.entries.size() == size || bytes > kPageBytesMax) break;
      auto entry = DecodeAuditEntry(row.value);
      if (!entry.ok()) return entry.error();
      const std::uint64_t number = AuditNumberOf(row.key);
      (query.ascending ? from : to) = query.ascending ? number + 1 : number;
      ++examined;
      if (!Matches(query, *entry)) continue;
      bytes += row.value.size();
      page.entries.push_back(std::move(*entry));
    }
  }
  return page;
}

// The number of the first entry that does not follow from the one before; 0: all do.
Result<std::uint64_t> AuditReader::FirstBroken(const AuditHead& head, Deadline deadline) const {
  Digest before = head.anchor;
  std::uint64_t next = head.first;
  while (next <= head.last) {
    if (clock_.Monotonic() >= deadline) {
      return Error(Errc::kDeadlineExceeded, "the chain could not be followed to its end in time");
    }
    const auto rows = ReadRows(next, head.last + 1, kRowsAtOnce, false, deadline);
    if (!rows.ok()) return rows.error();
    if (rows->empty()) return next;
    for (const auto& row : *rows) {
      const auto entry = DecodeAuditEntry(row.value);
      if (AuditNumberOf(row.key) != next || !entry.ok() || entry->number != next ||
          entry->hash != HashAuditEntry(before, *entry)) {
        return next;
      }
      before = entry->hash;
      ++next;
    }
  }
  // A last entry whose hash is not the head's was replaced, with its own hash made to fit.
  if (before != head.hash) return head.first > head.last ? next : head.last;
  // Entries after the head: those that came meanwhile, or those of a head that was set back.
  const auto rows =
      engine_.Scan(kAuditShard, AuditEntryKey(next), AuditEntryEnd(), 1, false, deadline);
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return std::uint64_t{0};
  const auto now = ReadHead(deadline);
  if (!now.ok()) return now.error();
  const std::uint64_t number = AuditNumberOf(rows->front().key);
  return number == next && number <= now->last ? 0 : number;
}

Result<AuditCheck> AuditReader::Verify(Deadline deadline) const {
  for (int tries = 1;; ++tries) {
    const auto head = ReadHead(deadline);
    if (!head.ok()) return head.error();
    const auto broken = FirstBroken(*head, deadline);
    if (!broken.ok()) return broken.error();
    if (*broken != 0 && tries < kVerifyTriesMax) {
      // Perhaps it was dropped while this looked at it.
      const auto now = ReadHead(deadline);
      if (!now.ok()) return now.error();
      if (now->first != head->first) continue;
    }
    return AuditCheck{head->first, head->last, head->hash, *broken};
  }
}

// Only a beginning of the log goes: entries that are old, and with them those before whose time, of
// a clock that was wrong, is still to come.
Result<std::uint64_t> AuditReader::Trim(Deadline deadline) {
  const std::int64_t now_ms = clock_.WallMs();
  const std::int64_t oldest_ms = now_ms - retention_.count();
  const auto head = ReadHead(deadline);
  if (!head.ok()) return head.error();
  std::uint64_t next = head->first;
  std::uint64_t keep_from = head->first;
  Digest anchor = head->anchor;
  std::int64_t newest_ms = 0;
  bool young = false;
  for (std::size_t read = 0; !young && read < kTrimRowsMax; read += kRowsAtOnce) {
    const auto rows = ReadRows(next, head->last + 1, kRowsAtOnce, false, deadline);
    if (!rows.ok()) return rows.error();
    for (const auto& row : *rows) {
      const auto entry = DecodeAuditEntry(row.value);
      if (!entry.ok()) return entry.error();
      young = entry->at_ms >= oldest_ms && entry->at_ms <= now_ms;
      if (young) break;
      next = entry->number + 1;
      if (entry->at_ms > now_ms) continue;
      keep_from = next;
      anchor = entry->hash;
      newest_ms = std::max(newest_ms, entry->at_ms);
    }
    if (rows->size() < kRowsAtOnce) break;
  }
  if (keep_from == head->first) return std::uint64_t{0};
  // The store's time, which no wrong clock moves, must agree that they are old.
  const auto moved = MoveAuditFirst(committer_, head->first, keep_from, anchor,
                                    newest_ms + retention_.count(), deadline);
  if (!moved.ok()) return moved.error();
  if (!*moved) return std::uint64_t{0};
  // What a crash leaves behind here goes the next time.
  IDNODE_RETURN_IF_ERROR(
      engine_.Trim(kAuditShard, AuditEntryKey(0), AuditEntryKey(keep_from), deadline));
  return keep_from - head->first;
}

}  // namespace idnode::service
