#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"
#include "node/base/text.h"
#include "node/model/record.h"
#include "storage/counters.h"

namespace idnode::storage {

/// One entry of the change feed: an event, and what the ledger needs of it.
struct FeedEntry {
  ChangeKind change = ChangeKind::kRegistered;
  std::string_view identifier;  ///< as displayed
  Digest content_digest{};      ///< SHA-256 of the content; zero at a deletion
  std::string_view application;
  std::string_view object_class;
  std::string_view template_ref;
};

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

/// What a commit added to one counter, as a view into a feed row.
struct FeedDelta {
  Month month;
  Dimension dimension = Dimension::kTotal;
  std::string_view value;
  Figures figures;
};

/// Reads a feed row piece by piece: deltas first, then entries. Allocates nothing per entry, so a
/// follower may read hundreds of thousands a second. Reusable; not thread-safe.
class FeedRowReader {
 public:
  /// Takes up a row, whose bytes must outlive its reading. Errors: kCorruption.
  Result<void> Open(std::string_view bytes);

  std::int64_t commit_ms() const { return commit_ms_; }
  std::string_view nonce() const { return nonce_; }
  /// Entries in the row as it says, known once all deltas are read or an entry was asked for.
  std::uint64_t entries() const { return entries_; }

  /// Moves to the next delta; false after the last, or where the row is damaged.
  bool NextDelta(FeedDelta& delta);
  /// Moves to the next entry, past all deltas; false after the last, or where the row is damaged.
  /// The views live until the next call.
  bool NextEntry(FeedEntry& entry);
  /// True once something did not parse, bytes behind the last entry included.
  bool damaged() const { return damaged_; }

 private:
  bool TakeEntry(FeedEntry& entry);

  std::string_view rest_;
  std::int64_t commit_ms_ = 0;
  std::string_view nonce_;
  std::uint64_t deltas_left_ = 0;
  bool counted_ = false;  ///< the number of entries has been read
  std::uint64_t entries_ = 0;
  std::uint64_t entries_left_ = 0;
  bool damaged_ = false;
  std::string identifier_;
  std::string_view application_;
  std::string_view object_class_;
  std::string_view template_ref_;
};

}  // namespace idnode::storage
