#pragma once

#include <cstdint>
#include <functional>
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
  std::int64_t commit_ms = 0;
};

/// One entry of the change feed: an event, and what the ledger needs of it.
struct FeedEntry {
  ChangeKind change = ChangeKind::kRegistered;
  std::string_view identifier;  ///< as displayed
  Digest content_digest{};      ///< SHA-256 of the content; zero at a deletion
  std::string_view application;
  std::string_view object_class;
  std::string_view template_ref;
};

/// By what the volume can be grouped. The numbers are on disk; new ones are added at the end
/// (industry, region, template join here) with a row in `kDimensions`.
enum class Dimension : std::uint8_t {
  kTotal = 0,
  kDay = 1,
  kSecondaryPrefix = 2,
  kEnterprisePrefix = 3,
  kApplication = 4,
  kObjectClass = 5,
};

struct DimensionRow {
  Dimension dimension;
  std::string_view name;  ///< as in groupBy
  /// The value an event counts under.
  std::string (*value)(const Event& event, const TimeZone& zone);
};

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
};

std::string EncodeCounter(const CounterRow& row);
Result<CounterRow> DecodeCounter(std::string_view bytes);
Result<CounterId> DecodeCounterKey(std::string_view key);

/// One decoded feed row.
struct FeedRow {
  std::int64_t commit_ms = 0;
  std::string nonce;  ///< 16 random bytes that tell this commit from any other try
  std::vector<std::pair<CounterId, Figures>> deltas;
  struct Entry {
    ChangeKind change = ChangeKind::kRegistered;
    std::string identifier;
    Digest content_digest{};
    std::string application;
    std::string object_class;
    std::string template_ref;
  };
  std::vector<Entry> entries;
};

/// Builds the bytes of a feed row (storage/FORMAT.md, "Feed"): texts that repeat the entry before
/// are left out.
class FeedRowBuilder {
 public:
  void Add(const FeedEntry& entry);
  std::string Finish(std::int64_t commit_ms, std::string_view nonce,
                     const std::map<CounterId, Figures>& deltas);
  void Clear();

 private:
  std::string entries_;
  std::uint64_t count_ = 0;
  std::string last_identifier_;
  std::string last_application_;
  std::string last_class_;
  std::string last_template_;
};

/// Errors: kCorruption. With `entries` false only the head and the deltas are read.
Result<FeedRow> DecodeFeedRow(std::string_view bytes, bool entries = true);
/// The nonce of a feed row, without decoding the rest. Errors: kCorruption.
Result<std::string_view> FeedNonce(std::string_view bytes);

/// Counters as they are in the store, of one month, over all shards.
/// `dimension` narrows to one; kTotal is always included.
class CounterStore {
 public:
  explicit CounterStore(Engine& engine) : engine_(engine) {}
  Result<std::map<CounterId, Figures>> Load(Month month, Deadline deadline) const;
  /// One shard's rows, with their versions.
  Result<std::map<CounterId, CounterRow>> LoadShard(ShardId shard, Month month,
                                                    Deadline deadline) const;

 private:
  Engine& engine_;
};

}  // namespace idnode::storage
