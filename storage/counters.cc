#include "storage/counters.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

constexpr std::size_t kNonceBytes = 16;
constexpr char kFeedFormat = 1;
constexpr std::size_t kScanRows = 1000;

std::string TotalValue(const Event&, const TimeZone&) { return {}; }
std::string DayValue(const Event& event, const TimeZone& zone) {
  return zone.DayOf(event.commit_ms).Text();
}
std::string SecondaryPrefixValue(const Event& event, const TimeZone&) {
  return std::string(SecondaryPrefixOf(event.prefix));
}
std::string EnterprisePrefixValue(const Event& event, const TimeZone&) {
  return std::string(event.prefix);
}
std::string ApplicationValue(const Event& event, const TimeZone&) {
  return std::string(event.application);
}
std::string ObjectClassValue(const Event& event, const TimeZone&) {
  return std::string(event.object_class);
}

constexpr std::array<DimensionRow, 6> kDimensions = {{
    {Dimension::kTotal, "total", TotalValue},
    {Dimension::kDay, "day", DayValue},
    {Dimension::kSecondaryPrefix, "secondary-prefix", SecondaryPrefixValue},
    {Dimension::kEnterprisePrefix, "enterprise-prefix", EnterprisePrefixValue},
    {Dimension::kApplication, "application", ApplicationValue},
    {Dimension::kObjectClass, "object-class", ObjectClassValue},
}};

void AppendFigures(const Figures& figures, std::string& out) {
  for (const std::int64_t figure :
       {figures.first_ever, figures.registrations, figures.re_registrations, figures.deletions,
        figures.reported}) {
    AppendVarint(static_cast<std::uint64_t>(figure), out);
  }
}

bool TakeFigures(std::string_view& bytes, Figures& figures) {
  for (std::int64_t* figure : {&figures.first_ever, &figures.registrations,
                               &figures.re_registrations, &figures.deletions, &figures.reported}) {
    std::uint64_t number = 0;
    if (!TakeVarint(bytes, number)) return false;
    *figure = static_cast<std::int64_t>(number);
  }
  return true;
}

bool TakeText(std::string_view& bytes, std::string& text) {
  std::string_view view;
  if (!TakeSized(bytes, view)) return false;
  text = view;
  return true;
}

// Entry flags: which texts repeat the entry before, and whether there is a digest.
constexpr unsigned kChangeMask = 0x07;
constexpr unsigned kNewApplication = 0x08;
constexpr unsigned kNewClass = 0x10;
constexpr unsigned kNewTemplate = 0x20;
constexpr unsigned kNoDigest = 0x40;

bool TakeEntry(std::string_view& bytes, FeedRow::Entry& entry) {
  if (bytes.empty()) return false;
  const auto flags = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  if ((flags & kChangeMask) > static_cast<unsigned>(ChangeKind::kStateChanged)) return false;
  entry.change = static_cast<ChangeKind>(flags & kChangeMask);
  std::uint64_t shared = 0;
  std::string_view rest;
  if (!TakeVarint(bytes, shared) || shared > entry.identifier.size() || !TakeSized(bytes, rest)) {
    return false;
  }
  entry.identifier.resize(shared);
  entry.identifier += rest;
  if ((flags & kNewApplication) != 0 && !TakeText(bytes, entry.application)) return false;
  if ((flags & kNewClass) != 0 && !TakeText(bytes, entry.object_class)) return false;
  if ((flags & kNewTemplate) != 0 && !TakeText(bytes, entry.template_ref)) return false;
  entry.content_digest = {};
  if ((flags & kNoDigest) == 0) {
    if (bytes.size() < entry.content_digest.size()) return false;
    std::memcpy(entry.content_digest.data(), bytes.data(), entry.content_digest.size());
    bytes.remove_prefix(entry.content_digest.size());
  }
  return true;
}

}  // namespace

std::span<const DimensionRow> Dimensions() { return kDimensions; }

Result<Dimension> ParseDimension(std::string_view name) {
  std::string names;
  for (const auto& row : kDimensions) {
    if (row.dimension == Dimension::kTotal) continue;
    if (row.name == name) return row.dimension;
    names += names.empty() ? "" : ", ";
    names += row.name;
  }
  return Error(Errc::kInvalidRequest,
               "there is no dimension \"" + std::string(name) + "\"; give one of " + names,
               "groupBy");
}

Figures& Figures::operator+=(const Figures& other) {
  first_ever += other.first_ever;
  registrations += other.registrations;
  re_registrations += other.re_registrations;
  deletions += other.deletions;
  reported += other.reported;
  return *this;
}

Figures& Figures::operator-=(const Figures& other) {
  first_ever -= other.first_ever;
  registrations -= other.registrations;
  re_registrations -= other.re_registrations;
  deletions -= other.deletions;
  reported -= other.reported;
  return *this;
}

Figures FiguresOf(ChangeKind change) {
  Figures figures;
  switch (change) {
    case ChangeKind::kRegistered:
      figures.first_ever = 1;
      figures.registrations = 1;
      break;
    case ChangeKind::kReRegistered:
      figures.registrations = 1;
      figures.re_registrations = 1;
      break;
    case ChangeKind::kDeleted:
      figures.deletions = 1;
      break;
    case ChangeKind::kUpdated:
    case ChangeKind::kStateChanged:
      break;
  }
  return figures;
}

std::string EncodeCounter(const CounterRow& row) {
  std::string bytes;
  AppendVarint(row.version, bytes);
  AppendFigures(row.figures, bytes);
  return bytes;
}

Result<CounterRow> DecodeCounter(std::string_view bytes) {
  CounterRow row;
  if (!TakeVarint(bytes, row.version) || !TakeFigures(bytes, row.figures) || !bytes.empty()) {
    return Error(Errc::kCorruption, "a counter row is damaged");
  }
  return row;
}

Result<CounterId> DecodeCounterKey(std::string_view key) {
  if (key.size() < 6 || key[0] != static_cast<char>(Space::kCounter) ||
      static_cast<unsigned char>(key[5]) >= kDimensions.size()) {
    return Error(Errc::kCorruption, "a counter key is damaged");
  }
  CounterId id;
  id.month.number = static_cast<std::int32_t>(ReadBigEndian(key.substr(1, 4)));
  id.dimension = static_cast<Dimension>(key[5]);
  id.value = key.substr(6);
  return id;
}

void FeedRowBuilder::Add(const FeedEntry& entry) {
  unsigned flags = static_cast<unsigned>(entry.change);
  const bool first = count_ == 0;
  if (first || entry.application != last_application_) flags |= kNewApplication;
  if (first || entry.object_class != last_class_) flags |= kNewClass;
  if (first || entry.template_ref != last_template_) flags |= kNewTemplate;
  if (entry.change == ChangeKind::kDeleted) flags |= kNoDigest;
  entries_ += static_cast<char>(flags);
  const std::size_t common = std::min(last_identifier_.size(), entry.identifier.size());
  std::size_t shared = 0;
  while (shared < common && last_identifier_[shared] == entry.identifier[shared]) ++shared;
  AppendVarint(shared, entries_);
  AppendSized(entry.identifier.substr(shared), entries_);
  last_identifier_.assign(entry.identifier);
  if ((flags & kNewApplication) != 0) {
    AppendSized(entry.application, entries_);
    last_application_.assign(entry.application);
  }
  if ((flags & kNewClass) != 0) {
    AppendSized(entry.object_class, entries_);
    last_class_.assign(entry.object_class);
  }
  if ((flags & kNewTemplate) != 0) {
    AppendSized(entry.template_ref, entries_);
    last_template_.assign(entry.template_ref);
  }
  if ((flags & kNoDigest) == 0) {
    entries_.append(reinterpret_cast<const char*>(entry.content_digest.data()),
                    entry.content_digest.size());
  }
  ++count_;
}

std::string FeedRowBuilder::Finish(std::int64_t commit_ms, std::string_view nonce,
                                   const std::map<CounterId, Figures>& deltas) {
  IDNODE_CHECK(nonce.size() == kNonceBytes);
  std::string bytes;
  bytes.reserve(entries_.size() + 64 + deltas.size() * 48);
  bytes += kFeedFormat;
  bytes += nonce;
  AppendVarint(static_cast<std::uint64_t>(commit_ms), bytes);
  AppendVarint(deltas.size(), bytes);
  for (const auto& [id, figures] : deltas) {
    AppendVarint(static_cast<std::uint64_t>(id.month.number), bytes);
    bytes += static_cast<char>(id.dimension);
    AppendSized(id.value, bytes);
    AppendFigures(figures, bytes);
  }
  AppendVarint(count_, bytes);
  bytes += entries_;
  return bytes;
}

void FeedRowBuilder::Clear() { *this = FeedRowBuilder(); }

Result<std::string_view> FeedNonce(std::string_view bytes) {
  if (bytes.size() < 1 + kNonceBytes || bytes[0] != kFeedFormat) {
    return Error(Errc::kCorruption, "a feed row is damaged");
  }
  return bytes.substr(1, kNonceBytes);
}

Result<FeedRow> DecodeFeedRow(std::string_view bytes, bool entries) {
  const Error damaged(Errc::kCorruption, "a feed row is damaged");
  FeedRow row;
  const auto nonce = FeedNonce(bytes);
  if (!nonce.ok()) return nonce.error();
  row.nonce = *nonce;
  bytes.remove_prefix(1 + kNonceBytes);
  std::uint64_t number = 0;
  if (!TakeVarint(bytes, number)) return damaged;
  row.commit_ms = static_cast<std::int64_t>(number);
  if (!TakeVarint(bytes, number) || number > bytes.size()) return damaged;
  for (std::uint64_t left = number; left > 0; --left) {
    CounterId id;
    Figures figures;
    std::uint64_t month = 0;
    if (!TakeVarint(bytes, month) || month > INT32_MAX || bytes.empty()) return damaged;
    id.month.number = static_cast<std::int32_t>(month);
    if (static_cast<unsigned char>(bytes.front()) >= kDimensions.size()) return damaged;
    id.dimension = static_cast<Dimension>(bytes.front());
    bytes.remove_prefix(1);
    if (!TakeText(bytes, id.value) || !TakeFigures(bytes, figures)) return damaged;
    row.deltas.emplace_back(std::move(id), figures);
  }
  if (!entries) return row;
  if (!TakeVarint(bytes, number) || number > bytes.size()) return damaged;
  FeedRow::Entry entry;
  for (std::uint64_t left = number; left > 0; --left) {
    if (!TakeEntry(bytes, entry)) return damaged;
    row.entries.push_back(entry);
  }
  if (!bytes.empty()) return damaged;
  return row;
}

Result<std::map<CounterId, CounterRow>> CounterStore::LoadShard(ShardId shard, Month month,
                                                                Deadline deadline) const {
  std::map<CounterId, CounterRow> rows;
  std::string from = CounterKey(month, 0, "");
  const std::string to = CounterKey(Month{month.number + 1}, 0, "");
  for (;;) {
    auto page = engine_.Scan(shard, from, to, kScanRows, false, deadline);
    if (!page.ok()) return page.error();
    for (const auto& scanned : *page) {
      auto id = DecodeCounterKey(scanned.key);
      if (!id.ok()) return id.error();
      auto row = DecodeCounter(scanned.value);
      if (!row.ok()) return row.error();
      rows.emplace(std::move(*id), *row);
    }
    if (page->size() < kScanRows) return rows;
    from = page->back().key + '\0';
  }
}

Result<std::map<CounterId, Figures>> CounterStore::Load(Month month, Deadline deadline) const {
  std::map<CounterId, Figures> sums;
  for (ShardId shard = 0; shard < engine_.ShardCount(); ++shard) {
    auto rows = LoadShard(shard, month, deadline);
    if (!rows.ok()) return rows.error();
    for (const auto& [id, row] : *rows) sums[id] += row.figures;
  }
  return sums;
}

}  // namespace idnode::storage
