#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/service/audit_log.h"

namespace idnode::service {

/// The audit log's bytes at rest (storage/FORMAT.md, "Audit row"). Pure.

/// The row that every entry moves on: where the chain ends, and where what is kept of it begins.
struct AuditHead {
  std::uint64_t last = 0;    ///< number of the newest entry; 0 before the first
  Digest hash{};             ///< its hash
  std::int64_t last_ms = 0;  ///< its time
  std::uint64_t first = 1;   ///< number of the oldest entry kept; last + 1 where none is
  Digest anchor{};           ///< hash of the entry before that; zeros before entry 1
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// Longest texts of an entry; longer ones are cut (before, after: replaced by their digest).
inline constexpr std::size_t kAuditNameBytesMax = 256;
inline constexpr std::size_t kAuditObjectBytesMax = 64 * 1024;

std::string AuditHeadKey();
std::string AuditEntryKey(std::uint64_t number);
/// First key after all entries.
std::string AuditEntryEnd();
/// The number in an entry's key.
std::uint64_t AuditNumberOf(std::string_view key);

std::string EncodeAuditHead(const AuditHead& head);
/// Errors: kCorruption.
Result<AuditHead> DecodeAuditHead(std::string_view bytes);

/// The hash that `entry` must have, all its other fields filled, after an entry with hash `before`.
Digest HashAuditEntry(const Digest& before, const AuditEntry& entry);
std::string EncodeAuditEntry(const AuditEntry& entry);
/// Errors: kCorruption.
Result<AuditEntry> DecodeAuditEntry(std::string_view bytes);

/// A name that came from outside, as an entry keeps it: UTF-8 without control characters, cut at
/// kAuditNameBytesMax.
std::string AuditName(std::string_view text);
/// The JSON of an object; one that is too long, or not UTF-8, becomes {"bytes":…,"sha256":"…"}.
std::string AuditObject(std::string_view json);
/// The slug of an error as front ends send it ("permission-denied").
std::string AuditSlug(Errc code);

}  // namespace idnode::service
