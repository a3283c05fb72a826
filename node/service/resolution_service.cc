#include "node/service/resolution_service.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "node/service/ledger_resolved.h"
#include "node/service/permissions.h"
#include "node/service/prefix_row.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

constexpr std::size_t kTokenBytesMax = 1024;
// A page ends early, and a batch is refused, past this many bytes of records.
constexpr std::size_t kPageBytesMax = 8U << 20;
constexpr std::size_t kBatchBytesMax = 64U << 20;
// Rows of one scan: a page of large records is not read whole first.
constexpr std::size_t kScanRowsMax = 128;

void MakeKey(std::string_view identifier, std::string& key) {
  key.clear();
  key += static_cast<char>(storage::Space::kRecord);
  AppendAsciiFolded(key, identifier);
}

// A page token is the key to go on from, so that a page stands whatever changes between.
Result<std::string> DecodeToken(std::string_view token, std::string_view from,
                                std::string_view to) {
  const Error invalid(Errc::kInvalidPageToken,
                      "the page token is not one this node gave for this list", "pageToken");
  if (token.size() > kTokenBytesMax) return invalid;
  auto key = DecodeBase64(token);
  if (!key.ok() || *key < from || *key >= to) return invalid;
  return key;
}

// Set where identifiers of the prefix do not live here at all.
std::optional<Error> Elsewhere(const PrefixRegistry& prefixes, std::string_view folded_prefix,
                               const char* field) {
  if (!prefixes.IsResponsible(folded_prefix)) {
    return Error(Errc::kNotResponsible, "this node is not responsible for the prefix", field);
  }
  if (const auto route = prefixes.RouteOf(folded_prefix)) {
    return Error(Errc::kSelfHosted,
                 "the enterprise's own node has the prefix's identifiers: " + RouteText(*route),
                 field);
  }
  return std::nullopt;
}

Error NotRegistered() {
  return Error(Errc::kIdentifierNotFound, "the identifier is not registered", "identifier");
}

std::string DisplayOf(std::string_view folded, const RecordView& record) {
  return std::string(record.display.empty() ? folded : record.display);
}

}  // namespace

ResolutionService::ResolutionService(storage::Engine& engine, const PrefixRegistry& prefixes,
                                     Metrics& metrics, ResolutionLimits limits)
    : engine_(engine),
      prefixes_(prefixes),
      limits_(limits),
      found_(metrics.GetCounter("idnode_resolutions_total", "Identifiers looked up",
                                {{"result", "found"}})),
      missed_(metrics.GetCounter("idnode_resolutions_total", "Identifiers looked up",
                                 {{"result", "missed"}})) {}

Result<void> ResolutionService::Resolve(std::string_view identifier, const Caller& caller,
                                        Deadline deadline, ResolvedRecord& out) const {
  const auto read = Read(identifier, caller, deadline, out);
  if (read.ok()) {
    if (marks_ != nullptr) {
      marks_->Mark(std::string_view(out.key).substr(1), out.record.first_registered_ms);
    }
    found_.Add();
  } else if (read.code() == Errc::kNotResponsible || read.code() == Errc::kIdentifierNotFound ||
             read.code() == Errc::kSelfHosted) {
    missed_.Add();
  }
  return read;
}

Result<void> ResolutionService::Read(std::string_view identifier, const Caller&, Deadline deadline,
                                     ResolvedRecord& out) const {
  const auto parsed = ParseIdentifier(identifier, limits_.identifier_bytes_max);
  if (!parsed.ok()) return parsed.error();
  MakeKey(identifier, out.key);
  const std::string_view folded = std::string_view(out.key).substr(1);
  const std::string_view prefix = folded.substr(0, parsed->prefix.size());
  const auto shard = storage::ShardOf(prefix, engine_.ShardCount());
  const auto read = engine_.GetInto(shard, out.key, out.bytes, deadline);
  if (!read.ok() && read.code() != Errc::kNotFound) return read;
  if (read.ok()) {
    auto decoded = DecodeRecord(out.bytes);
    if (!decoded.ok()) return decoded.error();
    out.record = *decoded;
  }
  if (!read.ok() || out.record.state == State::kDeleted) {
    return Elsewhere(prefixes_, prefix, "identifier").value_or(NotRegistered());
  }
  out.identifier.assign(out.record.display.empty() ? folded : out.record.display);
  return {};
}

Result<std::vector<Result<ResolvedRecord>>> ResolutionService::BatchResolve(
    std::span<const std::string_view> identifiers, const Caller&, Deadline deadline) const {
  if (identifiers.empty()) {
    return Error(Errc::kInvalidRequest, "give at least one identifier", "identifiers");
  }
  if (identifiers.size() > limits_.batch_identifiers_max) {
    return Error(Errc::kBatchTooLarge,
                 "there are " + std::to_string(identifiers.size()) + " identifiers; at most " +
                     std::to_string(limits_.batch_identifiers_max) +
                     " are allowed; split the batch",
                 "identifiers");
  }
  std::vector<Result<ResolvedRecord>> results(identifiers.size(),
                                              Result<ResolvedRecord>(NotRegistered()));
  std::vector<std::string> keys(identifiers.size());
  std::unordered_map<storage::ShardId, std::vector<std::size_t>> by_shard;
  for (std::size_t i = 0; i < identifiers.size(); ++i) {
    const auto parsed = ParseIdentifier(identifiers[i], limits_.identifier_bytes_max);
    if (!parsed.ok()) {
      results[i] = parsed.error();
      continue;
    }
    MakeKey(identifiers[i], keys[i]);
    const std::string_view prefix = std::string_view(keys[i]).substr(1, parsed->prefix.size());
    if (!prefixes_.IsResponsible(prefix)) {
      results[i] =
          Error(Errc::kNotResponsible, "this node is not responsible for the prefix", "identifier");
      continue;
    }
    by_shard[storage::ShardOf(prefix, engine_.ShardCount())].push_back(i);
  }
  const auto absent = [&](std::size_t i) {
    const std::string_view key = keys[i];
    results[i] = Elsewhere(prefixes_, key.substr(1, key.find('/') - 1), "identifier")
                     .value_or(NotRegistered());
  };
  std::size_t answer_bytes = 0;
  for (const auto& [shard, positions] : by_shard) {
    std::vector<std::string_view> shard_keys;
    for (const auto i : positions) shard_keys.emplace_back(keys[i]);
    auto values = engine_.MultiGet(shard, shard_keys, deadline);
    if (!values.ok()) return values.error();
    for (std::size_t n = 0; n < positions.size(); ++n) {
      auto& bytes = (*values)[n];
      const std::size_t i = positions[n];
      if (!bytes.has_value()) {
        absent(i);
        continue;
      }
      answer_bytes += bytes->size();
      if (answer_bytes > kBatchBytesMax) {
        return Error(Errc::kBatchTooLarge,
                     "these records have more than " + std::to_string(kBatchBytesMax) +
                         " bytes; ask for fewer at once",
                     "identifiers");
      }
      ResolvedRecord resolved;
      resolved.bytes = std::move(*bytes);
      auto decoded = DecodeRecord(resolved.bytes);
      if (!decoded.ok()) {
        results[i] = decoded.error();
        continue;
      }
      if (decoded->state == State::kDeleted) {
        absent(i);
        continue;
      }
      const std::string_view folded = std::string_view(keys[i]).substr(1);
      resolved.identifier = DisplayOf(folded, *decoded);
      if (marks_ != nullptr) marks_->Mark(folded, decoded->first_registered_ms);
      resolved.key = std::move(keys[i]);
      results[i] = std::move(resolved);
    }
  }
  // A move of short strings moves their bytes: decode where they now are.
  double found = 0;
  for (auto& result : results) {
    if (!result.ok()) continue;
    auto decoded = DecodeRecord(result->bytes);
    IDNODE_CHECK(decoded.ok());
    result->record = *decoded;
    ++found;
  }
  found_.Add(found);
  missed_.Add(static_cast<double>(results.size()) - found);
  return results;
}

Result<std::uint32_t> ResolutionService::PageSize(std::uint32_t asked) const {
  if (asked == 0) return limits_.page_size_default;
  if (asked > limits_.page_size_max) {
    return Error(Errc::kInvalidRequest,
                 "a page has 1 to " + std::to_string(limits_.page_size_max) + " entries",
                 "pageSize");
  }
  return asked;
}

Result<RecordPage> ResolutionService::List(std::string_view prefix, std::uint32_t page_size,
                                           std::string_view page_token, const Caller&,
                                           Deadline deadline) const {
  if (auto checked = CheckPrefix(prefix); !checked.ok()) {
    return Error(checked.error().code, checked.error().detail, "prefix");
  }
  const auto size = PageSize(page_size);
  if (!size.ok()) return size.error();
  const std::string folded = FoldIdentifier(prefix);
  if (auto elsewhere = Elsewhere(prefixes_, folded, "prefix")) return *std::move(elsewhere);
  const auto shard = storage::ShardOf(folded, engine_.ShardCount());
  const std::string first = storage::RecordKey(folded + "/");
  const std::string to = storage::RecordPrefixEnd(folded);
  std::string from = first;
  if (!page_token.empty()) {
    auto key = DecodeToken(page_token, first, to);
    if (!key.ok()) return key.error();
    from = std::move(*key);
  }
  RecordPage page;
  // Deleted records are passed over, so a page may take several scans; one row more than asked
  // tells whether there is a next page.
  std::size_t bytes = 0;
  while (page.rows.size() <= *size) {
    const std::size_t want = std::min<std::size_t>(*size + 1 - page.rows.size(), kScanRowsMax);
    auto rows = engine_.Scan(shard, from, to, want, false, deadline);
    if (!rows.ok()) return rows.error();
    for (auto& row : *rows) {
      const auto record = DecodeRecord(row.value);
      if (!record.ok()) return record.error();
      if (record->state == State::kDeleted) continue;
      bytes += row.value.size();
      if (page.rows.size() == *size || (!page.rows.empty() && bytes > kPageBytesMax)) {
        page.next_page_token = Base64Url(row.key);
        return page;
      }
      std::string display = DisplayOf(std::string_view(row.key).substr(1), *record);
      page.rows.push_back({std::move(display), std::move(row.value)});
    }
    if (rows->size() < want) break;
    from = rows->back().key + '\0';
  }
  return page;
}

Result<RecordPage> ResolutionService::History(std::string_view identifier, std::uint32_t page_size,
                                              std::string_view page_token, const Caller& caller,
                                              Deadline deadline) const {
  const auto parsed = ParseIdentifier(identifier, limits_.identifier_bytes_max);
  if (!parsed.ok()) return parsed.error();
  const auto size = PageSize(page_size);
  if (!size.ok()) return size.error();
  const std::string folded = FoldIdentifier(identifier);
  const std::string_view prefix = std::string_view(folded).substr(0, parsed->prefix.size());
  IDNODE_RETURN_IF_ERROR(Permit(caller, Action::kHistoryRead, prefixes_.MayWrite(caller, prefix)));

  const auto shard = storage::ShardOf(prefix, engine_.ShardCount());
  const std::string first = storage::HistoryKey(folded, 0);
  std::string to = storage::HistoryKey(folded, UINT32_MAX);
  RecordPage page;
  if (page_token.empty()) {
    auto present = engine_.Get(shard, storage::RecordKey(folded), deadline);
    if (present.code() == Errc::kNotFound) {
      return Error(Errc::kIdentifierNotFound, "the identifier was never registered", "identifier");
    }
    if (!present.ok()) return present.error();
    page.rows.push_back({{}, std::move(*present)});
  } else {
    auto key = DecodeToken(page_token, first, to);
    if (!key.ok()) return key.error();
    to = *key + '\0';
  }
  const std::size_t want = *size + 1 - page.rows.size();
  auto rows = engine_.Scan(shard, first, to, want, true, deadline);
  if (!rows.ok()) return rows.error();
  std::size_t bytes = page.rows.empty() ? 0 : page.rows.front().bytes.size();
  for (auto& row : *rows) {
    bytes += row.value.size();
    if (page.rows.size() == *size || (!page.rows.empty() && bytes > kPageBytesMax)) {
      page.next_page_token = Base64Url(row.key);
      break;
    }
    page.rows.push_back({{}, std::move(row.value)});
  }
  for (auto& row : page.rows) {
    const auto record = DecodeRecord(row.bytes);
    if (!record.ok()) return record.error();
    row.identifier = DisplayOf(folded, *record);
  }
  return page;
}

}  // namespace idnode::service
