#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/result.h"
#include "node/base/time_zone.h"
#include "node/cli/ledger/duplicate_finder.h"
#include "node/cli/ledger/phrase.h"
#include "node/cli/ledger/source.h"
#include "node/ledger/note_key.h"
#include "node/ledger/statement.h"

namespace idnode::cli {

/// What may be wrong with a node's count. Scripts rely on the names (FaultName).
enum class FaultKind {
  kWrongSignature,    ///< a note is not signed by the key it should be, or its text was changed
  kMalformed,         ///< a note, tile, bundle or leaf that cannot be read
  kMissing,           ///< a note or tile that has to be there is not
  kForkedCheckpoint,  ///< two heads that cannot belong to one append-only log
  kTamperedLeaf,      ///< an entry that is not the leaf the tree was built from
  kReorderedLeaf,     ///< entries that are leaves, but not in their place
  kDuplicate,         ///< an identifier that is two leaves, in this case or another
  kLeafOutsideMonth,  ///< committed in another month than it is counted in
  kWrongCount,        ///< figures that contradict each other, or the leaves
  kBrokenChain,       ///< the statement does not follow the one before
  kBadIdentifier,     ///< not an identifier, or not under a prefix that was asked for
  kWrongTime,         ///< counted in another zone, or called final before the month had ended
  kRecordDiffers,     ///< the node answers something else about an identifier than its leaf says
  kNotResolved,       ///< the node knows nothing of an identifier (sampled; it may be deleted)
};

/// "tampered-leaf", and so on.
std::string_view FaultName(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kMalformed;
  Phrase text;
  std::optional<std::uint64_t> leaf;
};

/// The zone that registrations are counted in where nothing else was agreed.
inline constexpr std::string_view kCountingZone = "Asia/Shanghai";
/// True if `name` can be that of a time zone in the database, and not a path out of it.
bool IsZoneName(std::string_view name);

struct VerifyOptions {
  Month month;
  /// The keys of the log, all of the same name: each must have signed.
  std::vector<ledger::Verifier> keys;
  /// Cosigners whose signatures are looked for on the closing checkpoint.
  std::vector<ledger::Verifier> witnesses;
  /// Checkpoints that were seen elsewhere, by name: each must be of the same log.
  std::vector<std::pair<std::string, std::string>> seen;
  /// Read all leaves from the first: finds identifiers that were counted in an earlier month.
  bool since_start = false;
  /// The same, and holds every earlier month's statement against its leaves.
  bool all_months = false;
  /// Not 0: prove and resolve that many random leaves instead of reading all.
  std::uint64_t sample = 0;
  std::uint64_t seed = 0;
  bool resolve = true;  ///< where the source is live
  /// False: only what anyone may read. Signatures, heads, chain and figures, but no leaves.
  bool leaves = true;
  /// The zone that the months are counted in: not the statement's own word, which could shift a
  /// month's ends.
  std::string time_zone = std::string(kCountingZone);
  /// Identifiers must be under one of these secondary prefixes; empty: which there are is told.
  std::vector<std::string> prefixes;
  std::string temp_dir = "/tmp";
  std::size_t memory_bytes = DuplicateFinder::kMemoryBytes;
};

/// What a sample says. The leaves are drawn without replacement, so the chances are upper bounds.
struct SampleReport {
  std::uint64_t drawn = 0;
  std::uint64_t failed = 0;        ///< not in the signed log, no leaf, or outside the month
  std::uint64_t asked = 0;         ///< of the others, those that the node was asked about
  std::uint64_t resolved = 0;      ///< the node knows them, with the leaf's time
  std::uint64_t same_content = 0;  ///< and their content is what was registered
  std::uint64_t unresolved = 0;
};

/// The largest share of false leaves that a sample of `drawn` without any overlooks with a chance
/// of at most `chance`: 1 - chance^(1/drawn).
double ShareMissedAtChance(std::uint64_t drawn, double chance);
/// The chance that a sample of `drawn` shows none, where `share` of the leaves are false:
/// (1 - share)^drawn.
double ChanceOfMissing(std::uint64_t drawn, double share);

/// Between what the share of false leaves is, where `failed` of `drawn` were: each bound is missed
/// with a chance of at most `chance` (Clopper and Pearson's exact bounds). `drawn` is not 0.
struct ShareBounds {
  double low = 0;
  double high = 1;
};
ShareBounds BoundsOfShare(std::uint64_t drawn, std::uint64_t failed, double chance);

struct VerifyReport {
  /// Most faults that are kept; the rest is counted.
  static constexpr std::size_t kFaultsMax = 100;

  Month month;
  std::optional<ledger::Statement> statement;
  std::vector<Fault> faults;
  std::uint64_t faults_total = 0;
  std::vector<Phrase> checked;
  std::vector<Phrase> unchecked;
  std::uint64_t leaves_read = 0;
  std::optional<SampleReport> sample;

  /// Faults that say more than that a sampled identifier is gone, which may be legitimate.
  bool sound() const;
};

/// Called with the leaves read and to read; false stops.
using VerifyProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Holds a month's statement against the log: signatures, heads, chain, figures and, unless it is
/// sampled, each leaf. What is wrong with the log is in the report. Memory: memory_bytes, two
/// windows of bundles, 32 bytes for 256 leaves, and the statements; less than 1 GiB in all at
/// 100 M leaves. Errors: what kept the verification from being carried out (kUnauthenticated,
/// kPermissionDenied, kOverloaded, kUnavailable, kDeadlineExceeded, kStorageFull;
/// kInvalidRequest: options; kShuttingDown: `progress` said stop).
Result<VerifyReport> VerifyMonth(Source& source, const VerifyOptions& options,
                                 const VerifyProgress& progress);

}  // namespace idnode::cli
