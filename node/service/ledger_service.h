#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/statement.h"
#include "node/ledger/tile.h"
#include "storage/engine.h"

namespace idnode::service {

/// An inclusion proof: everything an anonymous client needs to check it (design §6).
struct InclusionProofReport {
  std::uint64_t leaf_index = 0;
  std::uint64_t tree_size = 0;
  std::string leaf;  ///< the leaf's bytes
  ledger::Hash leaf_hash{};
  std::vector<ledger::Hash> hashes;
  std::string checkpoint;  ///< the signed note of `tree_size`
};

struct ConsistencyProofReport {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<ledger::Hash> hashes;
  std::string checkpoint;  ///< of `to`, where it is the newest or a closing one; else empty
};

/// A month's statement as a signed note, and read.
struct StatementReport {
  std::string note;  ///< text and signatures
  ledger::Statement read;
  std::string checkpoint;  ///< the closing (or, while provisional, the present) checkpoint with the
                           ///< cosignatures it has
};

/// Which leaf an item became.
struct LedgerReceipt {
  std::uint64_t leaf_index = 0;
  std::uint64_t tree_size = 0;
};

/// What anyone may read of the ledger (存证账本): checkpoints, tiles, proofs, statements. Reads
/// only what is under a published checkpoint. Thread-safe; blocks at most until the deadline.
/// Errors of all: kUnavailable (no ledger yet), kDeadlineExceeded, kCorruption.
class LedgerService {
 public:
  virtual ~LedgerService() = default;

  virtual const std::string& Origin() const = 0;
  /// The lines of `/ledger/vkey` and `/ledger/vkey-sm2`; the latter is empty when SM2 is off.
  virtual std::string VerifierKey() const = 0;
  virtual std::string VerifierKeySm2() const = 0;

  /// The newest checkpoint, with the cosignatures it has.
  virtual Result<std::string> Checkpoint() const = 0;
  /// Bytes of a hash tile or an entry bundle. Errors: kNotFound (not in the tree).
  virtual Result<std::string> ReadTile(const ledger::Tile& tile, Deadline deadline) const = 0;

  /// Errors: kInvalidIdentifier, kIdentifierNotFound (never registered, or not in the log yet).
  virtual Result<InclusionProofReport> ProveInclusion(std::string_view identifier,
                                                      Deadline deadline) const = 0;
  /// Errors: kInvalidRequest (from > to, or to beyond the tree). `to` 0: the newest checkpoint.
  virtual Result<ConsistencyProofReport> ProveConsistency(std::uint64_t from, std::uint64_t to,
                                                          Deadline deadline) const = 0;

  /// The final statement of a closed month, a provisional one of the running month. Errors:
  /// kNotFound (a month before the ledger's first, or in the future).
  virtual Result<StatementReport> Statement(Month month, Deadline deadline) const = 0;
  /// Months with a final statement, oldest first.
  virtual Result<std::vector<Month>> ClosedMonths(Deadline deadline) const = 0;

  /// Keeps a witness's cosignature: `note` is one of our checkpoints (the newest or a recent one)
  /// with it. Errors: kUnauthenticated (no known witness), kInvalidRequest, kNotFound (not ours, or
  /// not kept: too old). Of a witness the newest is kept of a present checkpoint, the earliest of a
  /// closing one.
  virtual Result<void> AddCosignature(std::string_view note, Deadline deadline) = 0;

  /// Calls `done` once the first-ever registrations of the commit `version` of `shard` are under a
  /// published checkpoint, with the leaf index of its first one; or with kDeadlineExceeded,
  /// kShuttingDown. On the sequencer's thread, or on this one, before it returns, where nobody will
  /// integrate any more or too many wait (kOverloaded); must not block.
  using ReceiptFn = std::function<void(const Result<LedgerReceipt>&)>;
  virtual void AwaitIntegrated(storage::ShardId shard, storage::Version version, Deadline deadline,
                               ReceiptFn done) = 0;
};

}  // namespace idnode::service
