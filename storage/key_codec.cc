#include "storage/key_codec.h"

#include <xxhash.h>

#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::storage {
namespace {

// Two values of one item that share these bytes do not happen by chance.
constexpr std::size_t kUniqueHashBytes = 16;

std::string Start(Space space, std::size_t reserve) {
  std::string key;
  key.reserve(reserve + 1);
  key += static_cast<char>(space);
  return key;
}

// A row of the ledger: its kind, then `size` bytes of a number.
std::string LedgerKey(char kind, std::uint64_t number = 0, std::size_t size = 0) {
  std::string key = Start(Space::kLedger, 1 + size);
  key += kind;
  AppendBigEndian(number, size, key);
  return key;
}

std::string LedgerMonthKey(char kind, Month month) {
  return LedgerKey(kind, static_cast<std::uint32_t>(month.number), 4);
}

}  // namespace

ShardId ShardOf(std::string_view folded_prefix, ShardId shards) {
  return static_cast<ShardId>(XXH64(folded_prefix.data(), folded_prefix.size(), 0) % shards);
}

std::string RecordKey(std::string_view folded_identifier) {
  std::string key = Start(Space::kRecord, folded_identifier.size());
  key += folded_identifier;
  return key;
}

std::string RecordPrefixEnd(std::string_view folded_prefix) {
  std::string key = Start(Space::kRecord, folded_prefix.size() + 1);
  key += folded_prefix;
  key += static_cast<char>('/' + 1);
  return key;
}

std::string HistoryKey(std::string_view folded_identifier, std::uint32_t revision) {
  std::string key = Start(Space::kHistory, folded_identifier.size() + 5);
  key += folded_identifier;
  key += '\0';
  AppendBigEndian(revision, 4, key);
  return key;
}

std::string FeedKey(Version version) {
  std::string key = Start(Space::kFeed, 8);
  AppendBigEndian(version, 8, key);
  return key;
}

std::string ShardKey() { return Start(Space::kShard, 0); }

std::string CounterKey(Month month, std::uint8_t dimension, std::string_view value) {
  std::string key = Start(Space::kCounter, 5 + value.size());
  AppendBigEndian(static_cast<std::uint32_t>(month.number), 4, key);
  key += static_cast<char>(dimension);
  key += value;
  return key;
}

std::string RequestKey(std::uint32_t day, std::string_view application,
                       std::string_view request_id) {
  std::string key = Start(Space::kRequest, 5 + application.size() + request_id.size());
  AppendBigEndian(day, 4, key);
  key += application;
  key += '\0';
  key += request_id;
  return key;
}

std::string TemplateKey(std::string_view owner, std::string_view name, std::uint32_t version) {
  std::string key = Start(Space::kTemplate, owner.size() + name.size() + 7);
  key += owner;
  key += '\0';
  key += name;
  key += '\0';
  AppendBigEndian(version, 4, key);
  return key;
}

std::string TemplateUsedKey(std::string_view owner, std::string_view name, std::uint32_t version) {
  return TemplateKey(owner, name, version) + 'u';
}

std::string UniqueKey(std::string_view folded_prefix, std::string_view template_name,
                      std::string_view item, std::string_view value) {
  std::string key = Start(Space::kUnique, folded_prefix.size() + template_name.size() +
                                              item.size() + 3 + kUniqueHashBytes);
  for (const std::string_view part : {folded_prefix, template_name, item}) {
    key += part;
    key += '\0';
  }
  const Digest digest = Sha256(value);
  key.append(reinterpret_cast<const char*>(digest.data()), kUniqueHashBytes);
  return key;
}

std::string LedgerStateKey() { return LedgerKey('s'); }
std::string LedgerFactsKey() { return LedgerKey('o'); }
std::string LedgerSketchesKey() { return LedgerKey('k'); }
std::string LedgerLeaseKey() { return LedgerKey('l'); }

std::string LedgerSegmentKey(std::uint64_t leaf) { return LedgerKey('e', leaf, 8); }

std::string LedgerIndexKey(ShardId shard, Version version) {
  std::string key = LedgerKey('v', shard, 4);
  AppendBigEndian(version, 8, key);
  return key;
}

std::string LedgerTileKey(unsigned level, std::uint64_t index) {
  std::string key = LedgerKey('t', level, 1);
  AppendBigEndian(index, 8, key);
  return key;
}

std::string LedgerClosingKey(Month month) { return LedgerMonthKey('c', month); }
std::string LedgerStatementKey(Month month) { return LedgerMonthKey('n', month); }
std::string LedgerResolvedKey(Month month) { return LedgerMonthKey('r', month); }

}  // namespace idnode::storage
