#include "storage/counters.h"

#include <array>

#include "node/base/varint.h"
#include "node/model/identifier.h"
#include "storage/key_codec.h"

namespace idnode::storage {
namespace {

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

std::string TemplateValue(const Event& event, const TimeZone&) {
  return std::string(event.template_ref);
}
std::string SourceAddressValue(const Event& event, const TimeZone&) {
  return std::string(event.source_address);
}
std::string IndustryValue(const Event& event, const TimeZone&) {
  return std::string(event.industry);
}
std::string RegionValue(const Event& event, const TimeZone&) { return std::string(event.region); }
std::string AttributesValue(const Event& event, const TimeZone&) {
  // A tombstone does not tell what the record had.
  if (event.change == ChangeKind::kDeleted) return "deleted";
  return event.has_attributes ? "with" : "without";
}

constexpr std::array<DimensionRow, 11> kDimensions = {{
    {Dimension::kTotal, "total", TotalValue},
    {Dimension::kDay, "day", DayValue},
    {Dimension::kSecondaryPrefix, "secondary-prefix", SecondaryPrefixValue},
    {Dimension::kEnterprisePrefix, "enterprise-prefix", EnterprisePrefixValue},
    {Dimension::kApplication, "application", ApplicationValue},
    {Dimension::kObjectClass, "object-class", ObjectClassValue},
    {Dimension::kTemplate, "template", TemplateValue},
    {Dimension::kSourceAddress, "source-address", SourceAddressValue, false, false},
    {Dimension::kAttributes, "attributes", AttributesValue},
    {Dimension::kIndustry, "industry", IndustryValue, false},
    {Dimension::kRegion, "region", RegionValue, false},
}};

}  // namespace

std::span<const DimensionRow> Dimensions() { return kDimensions; }

const DimensionRow& RowOf(Dimension dimension) {
  return kDimensions[static_cast<std::size_t>(dimension)];
}

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

std::string EncodeCounter(const CounterRow& row) {
  std::string bytes;
  AppendVarint(row.version, bytes);
  AppendFigures(row.figures, bytes);
  if (row.dimensions != 0) AppendVarint(row.dimensions, bytes);
  return bytes;
}

Result<CounterRow> DecodeCounter(std::string_view bytes) {
  CounterRow row;
  const Error damaged(Errc::kCorruption, "a counter row is damaged");
  if (!TakeVarint(bytes, row.version) || !TakeFigures(bytes, row.figures)) return damaged;
  if (bytes.empty()) return row;
  std::uint64_t dimensions = 0;
  if (!TakeVarint(bytes, dimensions) || dimensions == 0 || dimensions > kDimensions.size() ||
      !bytes.empty()) {
    return damaged;
  }
  row.dimensions = static_cast<std::uint32_t>(dimensions);
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

Result<std::map<std::string, Figures>> CounterStore::LoadLife(Dimension dimension,
                                                              Deadline deadline) const {
  std::map<std::string, Figures> sums;
  const auto number = static_cast<std::uint8_t>(dimension);
  const std::string end(1, static_cast<char>(static_cast<char>(Space::kCounter) + 1));
  for (ShardId shard = 0; shard < engine_.ShardCount(); ++shard) {
    std::string from(1, static_cast<char>(Space::kCounter));
    for (;;) {
      // The next month that has counters, and then the dimension's rows of it.
      const auto first = engine_.Scan(shard, from, end, 1, false, deadline);
      if (!first.ok()) return first.error();
      if (first->empty()) break;
      const auto found = DecodeCounterKey(first->front().key);
      if (!found.ok()) return found.error();
      from = CounterKey(found->month, number, "");
      const std::string to = CounterKey(found->month, static_cast<std::uint8_t>(number + 1), "");
      for (;;) {
        const auto page = engine_.Scan(shard, from, to, kScanRows, false, deadline);
        if (!page.ok()) return page.error();
        for (const auto& scanned : *page) {
          auto id = DecodeCounterKey(scanned.key);
          if (!id.ok()) return id.error();
          const auto row = DecodeCounter(scanned.value);
          if (!row.ok()) return row.error();
          sums[std::move(id->value)] += row->figures;
        }
        if (page->size() < kScanRows) break;
        from = page->back().key + '\0';
      }
      from = CounterKey(Month{found->month.number + 1}, 0, "");
    }
  }
  return sums;
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
