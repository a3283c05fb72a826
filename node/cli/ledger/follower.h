#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/cli/ledger/http_client.h"
#include "node/cli/ledger/witness.h"

namespace idnode::cli {

/// What one look at a node gave.
struct FollowOutcome {
  enum class Kind {
    kCosigned,  ///< a new checkpoint, cosigned and handed to the node
    kUnchanged,
    kStale,    ///< an older one, of the same log: nothing is cosigned, and nothing is wrong
    kRefused,  ///< it contradicts what was cosigned; see `evidence`
    kFailed,   ///< not reached, or not understood: look again later
  };
  Kind kind = Kind::kFailed;
  std::uint64_t size = 0;
  std::string detail;
  std::string evidence;  ///< path of the kept contradiction
};

/// Follows one node for a witness: fetches its checkpoint, proves from tiles that it continues the
/// last one, has it cosigned and hands the cosignature back. Checkpoints that closed a month since
/// come first, in order, so that what ends a month is cosigned too. A cosignature that the node did
/// not take is handed in again as it is, never made anew. Used by one thread.
class Follower {
 public:
  Follower(Witness& witness, const WitnessedLog& log, std::unique_ptr<HttpClient> client)
      : witness_(witness), log_(log), source_(std::move(client)) {}

  FollowOutcome Look();

 private:
  /// Most months that a list of statements may name: a thousand years.
  static constexpr std::size_t kMonthsMax = 12'000;

  Result<void> Submit(const std::string& note);
  /// Hands in what is kept for it; stops at the first that the node does not take.
  Result<void> SubmitPending();
  /// Notes that closed a month and are larger than what was cosigned, and at most of `size`, in
  /// order.
  Result<std::vector<std::string>> ClosingNotes(std::uint64_t from, std::uint64_t size);
  /// Has one checkpoint cosigned, and keeps the note to be handed in. True if `outcome` is still to
  /// be told, false if it says already what is wrong.
  bool Step(const std::string& note, FollowOutcome& outcome);
  /// Holds an older head against the cosigned one by the tiles of that.
  void JudgeOlder(const ledger::TreeHead& older, const ledger::TreeHead& known,
                  const std::string& note, FollowOutcome& outcome);
  void Refuse(const std::string& note, const std::string& why, FollowOutcome& outcome);

  Witness& witness_;
  const WitnessedLog log_;
  HttpSource source_;
  std::vector<std::string> pending_;  ///< cosigned, and not known to be with the node
  bool started_ = false;
  std::map<std::string, std::uint64_t> closed_;  ///< months looked at, and the size they ended at
};

}  // namespace idnode::cli
