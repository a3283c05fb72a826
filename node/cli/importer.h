#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "idnode/v1/registration.pb.h"
#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/cli/client.h"
#include "node/cli/import_state.h"
#include "node/cli/interrupt.h"
#include "node/cli/progress.h"
#include "node/cli/record_reader.h"
#include "node/cli/rejects_file.h"
#include "node/cli/row_mapper.h"

namespace idnode::cli {

/// Most rows of a batch (the node's own default bound) and bytes of its items.
inline constexpr std::int64_t kImportBatchRowsMax = 10'000;
inline constexpr std::size_t kImportBatchBytesMax = 8 << 20;
/// Most batches under way at once.
inline constexpr std::int64_t kImportInFlightMax = 64;

struct ImporterOptions {
  std::size_t in_flight = 8;
  /// A batch that is not answered within this time: the connection is made anew.
  std::chrono::milliseconds answer_timeout{60'000};
  /// Gives up after this long without any progress.
  std::chrono::milliseconds retry_for{300'000};
  /// After an interruption, how long answers under way are waited for.
  std::chrono::milliseconds interrupt_grace{2'000};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  std::chrono::milliseconds state_interval{500};
};

/// How an import ended.
struct ImportEnd {
  std::optional<Error> error;  ///< what stopped it; unset: it ran to the end, or was interrupted
  bool interrupted = false;
  ImportState state;
};

/// Registers the rows of a file over one RegisterStream after another: several batches are under
/// way, answers come in order, batches that were not answered when a connection broke are sent
/// again under the same request id, and the state file advances over what is answered without a
/// gap. Single use; one thread calls Run.
class Importer {
 public:
  Importer(const Client& client, RecordReader& reader, RowMapper& mapper, RejectsFile& rejects,
           Progress& progress, Interrupt& interrupt, const Clock& clock, Language language,
           ImporterOptions options, std::string state_path, ImportState state);
  ~Importer();

  /// The reader stands at state.offset. Blocks until the end of the file, an error that repeating
  /// does not mend, or an interruption. The state file is up to date when it returns.
  ImportEnd Run();

 private:
  struct Batch;
  struct Session;
  using BatchRef = std::shared_ptr<Batch>;

  // Called by Run's thread.
  BatchRef ReadBatch();
  void AddRow(const InputRecord& record, Batch& batch);
  /// One stream, from opening to its end. True: the import is at its end.
  bool RunSession();
  /// The next batch to send, waiting until there is one; null when the session is over.
  BatchRef NextToSend(Session& session);
  void EndSession(Session& session);

  // Called by the reading thread of a session.
  void ReadAnswers(Session& session);
  void OnAnswer(const v1::BatchRegisterResponse& response);
  /// True once every item of the batch has its outcome.
  bool TakeResults(const v1::BatchRegisterResponse& response, Batch& batch);

  // Called with `mutex_` held.
  void RetryLocked(const BatchRef& batch, std::chrono::milliseconds wait, const Error& why);
  std::chrono::milliseconds BackOffLocked();
  void AnnounceLocked(const std::string& line);
  void AdvanceLocked();
  Result<void> CountLocked(const Batch& batch);
  void FailLocked(Error error);
  bool OverLocked() const { return fatal_.has_value() || interrupted_; }
  bool FinishedLocked() const { return input_ended_ && window_.empty(); }

  // Called by the watching thread.
  void Watch();
  void WatchOnce();
  void SaveState();

  const Client& client_;
  RecordReader& reader_;
  RowMapper& mapper_;
  RejectsFile& rejects_;
  Progress& progress_;
  Interrupt& interrupt_;
  const Clock& clock_;
  const Language language_;
  const ImporterOptions options_;
  const std::string state_path_;

  std::mutex mutex_;
  std::condition_variable changed_;
  ImportState state_;  ///< of the answered prefix
  bool state_dirty_ = false;
  std::deque<BatchRef> window_;  ///< read and not yet accounted for, in order
  std::deque<BatchRef> sent_;    ///< waiting for their answer, in the order they were sent
  std::int64_t next_batch_ = 0;  ///< number of the next batch read
  bool input_ended_ = false;
  bool interrupted_ = false;
  bool stopping_ = false;   ///< ends the watching thread
  Deadline over_at_{};      ///< when the import failed or was interrupted
  Deadline progress_at_{};  ///< when a batch was last answered
  Deadline pause_until_{};  ///< the node asked to wait
  Deadline saved_at_{};
  int failures_ = 0;  ///< sessions and answers that failed since the last progress
  std::string last_failure_;
  Deadline announced_at_{};
  std::optional<Error> read_error_;  ///< of the input; reported once what is before it is done
  std::optional<Error> fatal_;
  Session* session_ = nullptr;  ///< the one that is open
};

}  // namespace idnode::cli
