#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/base/time_zone.h"
#include "node/model/record.h"
#include "storage/engine.h"

namespace idnode::storage {

/// What happened to one identifier: what is counted (design §5) and what the feed tells.
struct Event {
  ChangeKind change = ChangeKind::kRegistered;
  std::string_view prefix;        ///< enterprise prefix, folded
  std::string_view application;   ///< who did it
  std::string_view object_class;  ///< of the record; of the deleted record at a deletion
  std::string_view template_ref;
  /// Whence it came: an IPv4 address, the /64 of an IPv6 address, or empty where it is not known.
  std::string_view source_address;
  /// Of the prefix's enterprise when the event was made; empty where it is not known.
  std::string_view industry;    ///< GB/T 4754, such as "C1952"
  std::string_view region;      ///< GB/T 2260, such as "440100"
  bool has_attributes = false;  ///< the record has attributes, or a value at least
  std::int64_t commit_ms = 0;
};

/// By what the volume can be grouped. The numbers are on disk; new ones are added at the end, with
/// a row in `kDimensions`.
enum class Dimension : std::uint8_t {
  kTotal = 0,
  kDay = 1,
  kSecondaryPrefix = 2,
  kEnterprisePrefix = 3,
  kApplication = 4,
  kObjectClass = 5,
  kTemplate = 6,
  kSourceAddress = 7,
  kAttributes = 8,  ///< "with" attributes or a value, "without" both; "deleted" at a deletion
  kIndustry = 9,
  kRegion = 10,
};

struct DimensionRow {
  Dimension dimension;
  std::string_view name;  ///< as in groupBy
  /// The value an event counts under.
  std::string (*value)(const Event& event, const TimeZone& zone);
  /// False where the records do not tell it: a recount checks its sum, not its values.
  bool in_records = true;
  /// False where its values are nobody's but an auditor's or an operator's.
  bool is_public = true;
};

/// The row of a dimension.
const DimensionRow& RowOf(Dimension dimension);

/// Every dimension, in the order of their numbers.
std::span<const DimensionRow> Dimensions();
/// Errors: kInvalidRequest, with the names there are.
Result<Dimension> ParseDimension(std::string_view name);

/// The figures of design §5. `net` is registrations - deletions.
struct Figures {
  std::int64_t first_ever = 0;
  std::int64_t registrations = 0;
  std::int64_t re_registrations = 0;
  std::int64_t deletions = 0;
  std::int64_t reported = 0;

  std::int64_t net() const { return registrations - deletions; }
  bool zero() const { return *this == Figures{}; }
  Figures& operator+=(const Figures& other);
  Figures& operator-=(const Figures& other);
  friend bool operator==(const Figures&, const Figures&) = default;
};

/// The figures one event adds.
Figures FiguresOf(ChangeKind change);

/// The figures as bytes (storage/FORMAT.md, "Counter row"), appended and taken off the front.
void AppendFigures(const Figures& figures, std::string& out);
bool TakeFigures(std::string_view& bytes, Figures& figures);

struct CounterId {
  Month month;
  Dimension dimension = Dimension::kTotal;
  std::string value;
  friend auto operator<=>(const CounterId&, const CounterId&) = default;
};

/// Counter row: the version of the commit that wrote it last, and the figures.
struct CounterRow {
  Version version = 0;
  Figures figures;
  /// Of the total alone: how many dimensions there were when the row was first written, so that
  /// those with lower numbers have been counted since the shard's month began. 0: not known.
  std::uint32_t dimensions = 0;
};

std::string EncodeCounter(const CounterRow& row);
Result<CounterRow> DecodeCounter(std::string_view bytes);
Result<CounterId> DecodeCounterKey(std::string_view key);

/// Counters as they are in the store, of one month, over all shards.
/// `dimension` narrows to one; kTotal is always included.
class CounterStore {
 public:
  explicit CounterStore(Engine& engine) : engine_(engine) {}
  Result<std::map<CounterId, Figures>> Load(Month month, Deadline deadline) const;
  /// One shard's rows, with their versions.
  Result<std::map<CounterId, CounterRow>> LoadShard(ShardId shard, Month month,
                                                    Deadline deadline) const;
  /// One dimension's figures by value, of all months and shards together. Passes other dimensions
  /// over without reading them.
  Result<std::map<std::string, Figures>> LoadLife(Dimension dimension, Deadline deadline) const;

 private:
  Engine& engine_;
};

}  // namespace idnode::storage
