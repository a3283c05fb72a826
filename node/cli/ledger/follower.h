#pragma once

#include <memory>
#include <string>

#include "node/base/result.h"
#include "node/cli/ledger/http_client.h"
#include "node/cli/ledger/witness.h"

namespace idnode::cli {

/// What one look at a node gave.
struct FollowOutcome {
  enum class Kind {
    kCosigned,  ///< a new checkpoint, cosigned and handed to the node
    kUnchanged,
    kRefused,  ///< it contradicts what was cosigned; see `evidence`
    kFailed,   ///< not reached, or not understood: look again later
  };
  Kind kind = Kind::kFailed;
  std::uint64_t size = 0;
  std::string detail;
  std::string evidence;  ///< path of the kept contradiction
};

/// Follows one node for a witness: fetches its checkpoint, proves from tiles that it continues the
/// last one, has it cosigned and hands the cosignature back. Used by one thread.
class Follower {
 public:
  Follower(Witness& witness, const WitnessedLog& log, std::unique_ptr<HttpClient> client)
      : witness_(witness), log_(log), source_(std::move(client)) {}

  FollowOutcome Look();

 private:
  Result<void> Submit(const std::string& note);

  Witness& witness_;
  const WitnessedLog log_;
  HttpSource source_;
  bool delivered_ = false;  ///< the node has our cosignature of the last checkpoint
};

}  // namespace idnode::cli
