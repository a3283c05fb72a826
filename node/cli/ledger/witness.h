#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/cli/ledger/add_checkpoint.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/note_key.h"

namespace idnode::cli {

/// A log that a witness knows, by the name of its keys.
struct WitnessedLog {
  std::string origin;
  std::vector<ledger::Verifier> keys;
};

enum class WitnessVerdict {
  kCosigned,
  kMalformed,  ///< not a checkpoint, or an old size beyond it
  kUnknownOrigin,
  kBadSignature,  ///< none of the log's keys signed it, or one's signature is wrong
  kOtherSize,     ///< the old size is not that of the last cosigned checkpoint
  kForked,        ///< as large as the last cosigned one, with another root
  kBadProof,
  kStateFailure,  ///< the new state could not be kept, so nothing was signed
};

struct WitnessAnswer {
  WitnessVerdict verdict = WitnessVerdict::kMalformed;
  std::uint64_t known_size = 0;  ///< of the last cosigned checkpoint
  std::string signatures;        ///< our signature lines; kCosigned only
  std::string detail;            ///< why not
  std::string evidence;          ///< kForked: path of the kept contradiction; empty: not kept
};

/// A witness (见证方): cosigns a log's checkpoints as long as each continues the one it cosigned
/// before (C2SP tlog-witness, tlog-cosignature). Its folder holds `witness.pem` (the secret key,
/// 0600), `witness.vkey`, for each log the last cosigned checkpoint in `logs/`, and in `evidence/`
/// pairs of checkpoints that contradict each other. A checkpoint is on disk before its cosignature
/// is given out, so a witness that is killed never goes back. Thread-safe.
class Witness {
 public:
  /// Files of evidence that are kept; later ones are told of only.
  static constexpr std::size_t kEvidenceMax = 1000;

  /// Opens the folder, or makes one with a new key named `name` (empty: by the machine's name).
  /// Where there is a key already, `name` is empty or the same. Errors: kInvalidRequest (name, two
  /// logs of one origin, another name); kDataDirectoryInUse; kCorruption (the key, or a kept
  /// checkpoint that its log did not sign: it is not started anew, since that would forget what was
  /// cosigned); kUnavailable.
  static Result<std::unique_ptr<Witness>> Open(const std::string& folder, const std::string& name,
                                               std::vector<WitnessedLog> logs, const Clock& clock);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  const ledger::Verifier& verifier() const { return signer_.verifier(); }
  /// True if the key was made by this Open.
  bool is_new() const { return is_new_; }
  const std::vector<WitnessedLog>& logs() const { return logs_; }

  /// The last checkpoint that was cosigned, with our signature; none if there is none.
  std::optional<ledger::TreeHead> Last(const std::string& origin) const;
  std::string LastNote(const std::string& origin) const;

  /// Checks and cosigns. One at a time, so that no state overtakes another.
  WitnessAnswer Add(const AddCheckpointRequest& request);

  /// Counts a refusal that Add does not see, and keeps the last cosigned checkpoint and `note` side
  /// by side. The file's path; empty where it could not be kept.
  std::string SaveEvidence(const std::string& origin, const std::string& note,
                           const std::string& why);

  /// Checkpoints that contradicted a cosigned one.
  std::uint64_t refused() const;

 private:
  struct State {
    ledger::TreeHead head;
    std::string note;
  };

  Witness(std::string folder, ledger::Signer signer, std::vector<WitnessedLog> logs,
          const Clock& clock)
      : folder_(std::move(folder)),
        signer_(std::move(signer)),
        logs_(std::move(logs)),
        clock_(clock) {}
  Result<void> LoadState();
  std::string StatePath(const std::string& origin) const;
  const WitnessedLog* Find(const std::string& origin) const;
  std::string SaveEvidenceLocked(const std::string& origin, const std::string& note,
                                 const std::string& why);

  const std::string folder_;
  const ledger::Signer signer_;
  const std::vector<WitnessedLog> logs_;
  const Clock& clock_;
  int lock_fd_ = -1;
  bool is_new_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, State> states_;  // guarded by mutex_
  std::uint64_t refused_ = 0;            // guarded by mutex_
};

/// An answer over HTTP.
struct WitnessHttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// `POST /add-checkpoint` (C2SP tlog-witness), `GET /vkey`, `GET /metrics`.
WitnessHttpAnswer AnswerWitness(Witness& witness, std::string_view method, std::string_view target,
                                std::string_view body);

}  // namespace idnode::cli
