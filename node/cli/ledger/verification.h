#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "node/cli/ledger/breakdown_counter.h"
#include "node/cli/ledger/evidence_counter.h"
#include "node/cli/ledger/log_reader.h"
#include "node/cli/ledger/verify.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/signed_note.h"
#include "node/ledger/tree_hasher.h"

namespace idnode::cli {

/// One run of VerifyMonth. Each step adds faults to the report; a step returns an error only where
/// the verification cannot go on, and false where what it read is too broken to go on from.
class Verification {
 public:
  Verification(Source& source, const VerifyOptions& options, const VerifyProgress& progress)
      : source_(source), options_(options), progress_(progress), reader_(source) {
    report_.month = options.month;
  }

  Result<VerifyReport> Run();

 private:
  /// The leaves of one statement, or those before the first one that is looked at.
  struct Segment {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    ledger::Hash root{};  ///< at `to`
    const ledger::Statement* statement = nullptr;
    std::int64_t start_ms = 0;  ///< the first instant that belongs to it
    std::int64_t end_ms = 0;    ///< the first that does not
    std::unique_ptr<BreakdownCounter> counter;
    std::uint64_t outside = 0;  ///< leaves of another month
    std::uint64_t bad = 0;      ///< leaves whose identifier is none, or under another prefix
    std::unique_ptr<EvidenceCounter> evidence;
  };
  struct SignedStatement {
    ledger::Statement statement;
    Digest digest{};
  };
  /// A bundle whose leaves are not those of the tree.
  struct Suspect {
    std::uint64_t bundle = 0;
    unsigned width = 0;
    std::optional<ledger::Hash> expected;  ///< of a full one, by the tiles above
  };

  // verify_notes.cc
  Result<bool> OpenStatements();
  Result<std::optional<SignedStatement>> OpenStatement(Month month, bool required);
  Result<void> CheckChain(const SignedStatement& later, Month month);
  Result<void> CheckHeads();
  Result<void> CheckClosing(const ledger::Statement& statement);
  /// Fetches and opens the newest checkpoint, once; none where it is not there or is no good, which
  /// is in the report then.
  Result<const ledger::OpenedCheckpoint*> Newest();
  /// The statement's zone is the one asked for, and a final one was made after the month's end.
  void CheckTimes(const ledger::Statement& statement);
  Result<void> CheckSeen();
  /// Opens a checkpoint of the log's own keys; none, after a fault, where it does not verify.
  std::optional<ledger::OpenedCheckpoint> OpenHead(const Phrase& what, const std::string& bytes);
  Result<void> CompareOwnHeads();
  Result<void> Compare(const Phrase& what, const ledger::TreeHead& a, const ledger::TreeHead& b);
  void CheckWitnesses(const ledger::OpenedCheckpoint& head);
  std::optional<ledger::OpenedNote> Open(const Phrase& what, const std::string& bytes,
                                         std::size_t bytes_max);

  // verify_leaves.cc
  Result<void> ReadLeaves();
  Result<bool> Prepare();
  Result<void> TakeBundle(std::uint64_t bundle, const std::string& bytes);
  Result<void> TakeLeaf(std::uint64_t index, std::string_view bytes);
  Result<void> EndSegment();
  Result<void> ReportDuplicates();
  void ReportBreakdown(const Segment& segment);
  void ReportEvidence(const Segment& segment);
  /// Adds a fault, or counts it only after the first ones, where a leaf's identifier is wrong.
  bool CheckIdentifier(std::uint64_t index, std::string_view identifier, std::uint64_t& before);
  void ReportPrefixes();
  Result<std::string> ReadEntry(std::uint64_t index);

  // locate.cc
  Result<void> Locate(std::uint64_t size, const ledger::Hash& root);
  Result<bool> TilesLeadTo(std::uint64_t size, const ledger::Hash& root);
  Result<std::vector<Suspect>> FindSuspects(std::uint64_t size);
  Result<void> Explain(const std::vector<Suspect>& suspects, std::uint64_t size);

  // verify_sample.cc
  Result<void> Sample();
  Result<void> ResolveSampled(const std::vector<std::pair<std::uint64_t, std::string>>& leaves);

  void Add(FaultKind kind, Phrase text, std::optional<std::uint64_t> leaf = std::nullopt);
  /// Turns what a read gave into a fault; an error again where the log is not to blame.
  Result<void> Blame(const Error& error, std::optional<std::uint64_t> leaf = std::nullopt);

  Source& source_;
  const VerifyOptions& options_;
  const VerifyProgress& progress_;
  LogReader reader_;
  VerifyReport report_;

  std::map<Month, SignedStatement> statements_;  ///< those that are held against their leaves
  std::optional<TimeZone> zone_;
  std::uint64_t size_ = 0;  ///< of the tree at the end of the month

  std::vector<Segment> segments_;
  std::size_t segment_ = 0;
  std::uint64_t from_ = 0;
  ledger::TreeHasher hasher_;
  std::map<std::uint64_t, std::string>
      level1_;  ///< full tiles of level 1, as the entries give them
  std::unique_ptr<DuplicateFinder> duplicates_;
  std::uint64_t notes_ = 0;  ///< whose signatures are right
  static constexpr std::size_t kPrefixesTold = 16;
  bool located_ = false;
  bool newest_asked_ = false;
  std::optional<ledger::OpenedCheckpoint> newest_;
  /// Secondary prefixes that were met, where none was asked for; at most kPrefixesTold and one.
  std::set<std::string, std::less<>> prefixes_;
};

}  // namespace idnode::cli
