#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/time_zone.h"
#include "storage/engine.h"
#include "storage/space.h"

namespace idnode::storage {

/// `H(prefix) mod S`: which shard holds a prefix's identifiers. XXH64 of the folded prefix.
ShardId ShardOf(std::string_view folded_prefix, ShardId shards);

std::string RecordKey(std::string_view folded_identifier);
/// First key after all identifiers of the prefix: the end of a scan.
std::string RecordPrefixEnd(std::string_view folded_prefix);
/// 'h' folded identifier 0x00 revision (big-endian u32).
std::string HistoryKey(std::string_view folded_identifier, std::uint32_t revision);
/// 'f' version (big-endian u64).
std::string FeedKey(Version version);
std::string ShardKey();
/// 'c' month (big-endian u32) dimension (u8) value.
std::string CounterKey(Month month, std::uint8_t dimension, std::string_view value);
/// 'q' day since 1970 (big-endian u32) application 0x00 request_id.
std::string RequestKey(std::uint32_t day, std::string_view application,
                       std::string_view request_id);

/// 't' owner 0x00 name 0x00 version (big-endian u32). Shard 0.
std::string TemplateKey(std::string_view owner, std::string_view name, std::uint32_t version);
/// That key and 'u': a row that is there once records name the version. Shard 0.
std::string TemplateUsedKey(std::string_view owner, std::string_view name, std::uint32_t version);
/// 'x' prefix 0x00 template 0x00 item 0x00, and 16 bytes of the SHA-256 of the value.
std::string UniqueKey(std::string_view folded_prefix, std::string_view template_name,
                      std::string_view item, std::string_view value);

/// Rows of the ledger, all in shard 0 (storage/FORMAT.md, "Ledger"). 'l' 's', 'o', 'k' or 'l'.
std::string LedgerStateKey();
std::string LedgerFactsKey();
std::string LedgerSketchesKey();
std::string LedgerLeaseKey();
/// 'l' 'e' leaf (big-endian u64): the segment that begins with that leaf.
std::string LedgerSegmentKey(std::uint64_t leaf);
/// 'l' 'v' shard (big-endian u32) version (big-endian u64): the last of a segment's rows of a
/// shard.
std::string LedgerIndexKey(ShardId shard, Version version);
/// 'l' 't' level (u8) index (big-endian u64).
std::string LedgerTileKey(unsigned level, std::uint64_t index);
/// 'l' 'c', 'n' or 'r', then month (big-endian u32).
std::string LedgerClosingKey(Month month);
std::string LedgerStatementKey(Month month);
std::string LedgerResolvedKey(Month month);

}  // namespace idnode::storage
