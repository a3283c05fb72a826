#include "node/service/audit_rows.h"

#include <algorithm>

#include "node/base/varint.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr char kFormat = 1;
constexpr char kHeadKind = 'h';
constexpr char kEntryKind = 'e';

std::string KeyOf(char kind) {
  return std::string{static_cast<char>(storage::Space::kAudit), kind};
}

std::string_view View(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool TakeDigest(std::string_view& bytes, Digest& digest) {
  if (bytes.size() < digest.size()) return false;
  std::copy_n(bytes.begin(), digest.size(), digest.begin());
  bytes.remove_prefix(digest.size());
  return true;
}

bool TakeText(std::string_view& bytes, std::string& text) {
  std::string_view view;
  if (!TakeSized(bytes, view)) return false;
  text = view;
  return true;
}

bool TakeTime(std::string_view& bytes, std::int64_t& ms) {
  std::uint64_t number = 0;
  if (!TakeVarint(bytes, number)) return false;
  ms = static_cast<std::int64_t>(number);
  return true;
}

// What the hash is over, besides the hash before.
void AppendFields(const AuditEntry& entry, std::string& bytes) {
  AppendVarint(entry.number, bytes);
  AppendVarint(static_cast<std::uint64_t>(entry.at_ms), bytes);
  for (const auto* text : {&entry.who, &entry.role, &entry.from, &entry.action, &entry.target,
                           &entry.refused, &entry.before, &entry.after}) {
    AppendSized(*text, bytes);
  }
  AppendVarint(entry.count, bytes);
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

std::string AuditHeadKey() { return KeyOf(kHeadKind); }

std::string AuditEntryKey(std::uint64_t number) {
  std::string key = KeyOf(kEntryKind);
  AppendBigEndian(number, 8, key);
  return key;
}

std::string AuditEntryEnd() { return KeyOf(kEntryKind + 1); }

std::uint64_t AuditNumberOf(std::string_view key) { return ReadBigEndian(key.substr(2)); }

std::string EncodeAuditHead(const AuditHead& head) {
  std::string bytes(1, kFormat);
  AppendVarint(head.last, bytes);
  bytes.append(View(head.hash));
  AppendVarint(static_cast<std::uint64_t>(head.last_ms), bytes);
  AppendVarint(head.first, bytes);
  bytes.append(View(head.anchor));
  return bytes;
}

Result<AuditHead> DecodeAuditHead(std::string_view bytes) {
  AuditHead head;
  const bool whole = !bytes.empty() && bytes.front() == kFormat && (bytes.remove_prefix(1), true) &&
                     TakeVarint(bytes, head.last) && TakeDigest(bytes, head.hash) &&
                     TakeTime(bytes, head.last_ms) && TakeVarint(bytes, head.first) &&
                     TakeDigest(bytes, head.anchor) && bytes.empty();
  if (!whole || head.first == 0 || head.first > head.last + 1) {
    return Error(Errc::kCorruption, "the head row of the audit log is damaged");
  }
  return head;
}

Digest HashAuditEntry(const Digest& before, const AuditEntry& entry) {
  std::string bytes(View(before));
  AppendFields(entry, bytes);
  return Sha256(bytes);
}

std::string EncodeAuditEntry(const AuditEntry& entry) {
  std::string bytes(1, kFormat);
  bytes.append(View(entry.hash));
  AppendFields(entry, bytes);
  return bytes;
}

Result<AuditEntry> DecodeAuditEntry(std::string_view bytes) {
  AuditEntry entry;
  const bool whole = !bytes.empty() && bytes.front() == kFormat && (bytes.remove_prefix(1), true) &&
                     TakeDigest(bytes, entry.hash) && TakeVarint(bytes, entry.number) &&
                     TakeTime(bytes, entry.at_ms) && TakeText(bytes, entry.who) &&
                     TakeText(bytes, entry.role) && TakeText(bytes, entry.from) &&
                     TakeText(bytes, entry.action) && TakeText(bytes, entry.target) &&
                     TakeText(bytes, entry.refused) && TakeText(bytes, entry.before) &&
                     TakeText(bytes, entry.after) && TakeVarint(bytes, entry.count) &&
                     bytes.empty();
  if (!whole) return Error(Errc::kCorruption, "a row of the audit log is damaged");
  return entry;
}

std::string AuditName(std::string_view text) {
  constexpr std::string_view kCut = "…";
  std::string name(text.substr(0, kAuditNameBytesMax));
  const bool utf8 = IsUtf8(text);
  for (char& c : name) {
    if (IsControl(c) || (!utf8 && static_cast<unsigned char>(c) >= 0x80)) c = '?';
  }
  if (text.size() <= kAuditNameBytesMax) return name;
  name.resize(kAuditNameBytesMax - kCut.size());
  while (!IsUtf8(name)) name.pop_back();
  return name.append(kCut);
}

std::string AuditObject(std::string_view json) {
  if (json.size() <= kAuditObjectBytesMax && IsUtf8(json)) return std::string(json);
  const Digest digest = Sha256(json);
  return R"({"bytes":)" + std::to_string(json.size()) + R"(,"sha256":")" + Hex(View(digest)) +
         R"("})";
}

std::string AuditSlug(Errc code) {
  std::string slug;
  for (const char c : ErrcName(code).substr(1)) {
    if (c < 'A' || c > 'Z') {
      slug += c;
      continue;
    }
    if (!slug.empty()) slug += '-';
    slug += static_cast<char>(c - 'A' + 'a');
  }
  return slug;
}

}  // namespace idnode::service
