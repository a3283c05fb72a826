#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "storage/engine.h"
#include "storage/feed_row.h"
#include "storage/ledger_store.h"

namespace idnode::service {

/// Appends the leaf of a first-ever registration to `out`. Registration refuses texts that have no
/// place in a leaf; should a row hold such nevertheless, the bytes at fault are written as "?" and
/// what is too long is cut, always alike, since a leaf that cannot be written would stop the log.
/// False where that was done.
bool AppendFeedLeaf(const storage::FeedEntry& entry, std::int64_t commit_ms, std::string& out);

/// Leaves of the log by their index. The ledger stores only the order of feed rows, and leaves are
/// made anew out of these; rows made last are kept. Thread-safe.
class LedgerEntries {
 public:
  /// `kept_bytes_max`: leaves to keep.
  LedgerEntries(storage::Engine& engine, std::size_t kept_bytes_max)
      : engine_(engine), store_(engine), kept_bytes_max_(kept_bytes_max) {}

  /// Calls `visit` for each leaf of [from, to) in order, while it returns true. The range must be
  /// within the tree; it takes memory by its length, so take many leaves in steps. Errors: those of
  /// the engine; kCorruption (rows and order do not fit).
  using VisitFn = std::function<bool(std::uint64_t index, std::string_view leaf)>;
  Result<void> Visit(std::uint64_t from, std::uint64_t to, Deadline deadline,
                     const VisitFn& visit) const;

 private:
  using RowId = std::pair<storage::ShardId, storage::Version>;
  /// The leaves of one feed row, one behind the other.
  struct RowLeaves {
    std::string bytes;
    std::vector<std::uint32_t> ends;
  };
  using RowRef = std::shared_ptr<const RowLeaves>;
  struct Wanted {
    RowId id;
    std::uint64_t first_leaf = 0;
    std::uint64_t leaves = 0;
  };

  static Result<RowRef> Decode(std::string_view feed_row);
  Result<std::vector<RowRef>> Load(const std::vector<Wanted>& rows, Deadline deadline) const;
  RowRef Kept(const RowId& id) const;
  void Keep(const RowId& id, const RowRef& row) const;

  storage::Engine& engine_;
  const storage::LedgerStore store_;
  const std::size_t kept_bytes_max_;
  mutable std::mutex mutex_;                          // guards what follows
  mutable std::list<std::pair<RowId, RowRef>> kept_;  ///< most recently used first
  mutable std::map<RowId, std::list<std::pair<RowId, RowRef>>::iterator> by_id_;
  mutable std::size_t kept_bytes_ = 0;
};

}  // namespace idnode::service
