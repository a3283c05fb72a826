#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench/load/data_set.h"
#include "bench/load/wire_scan.h"
#include "node/base/result.h"

namespace idnode::bench {

/// What a registration run sends.
struct RegisterPlan {
  DataSet data;
  std::uint64_t rows = 0;
  std::uint32_t batch_items = 1'000;
  bool stream = true;           ///< RegisterStream; else BatchRegister
  std::uint32_t streams = 2;    ///< connections, each with one stream or its share of calls
  std::uint32_t in_flight = 8;  ///< batches under way on each of them
  bool request_ids = false;     ///< so that a batch sent again gets its stored answer

  std::uint64_t batches() const { return (rows + batch_items - 1) / batch_items; }
};

/// What became of the rows. Complete once `answered` equals the plan's rows.
struct RegisterTally {
  std::uint64_t answered = 0;         ///< items with a final outcome
  std::uint64_t refused_batches = 0;  ///< answered "overloaded" or the like, and sent again
  std::uint64_t resent_batches = 0;   ///< sent again because their answer never came
  std::array<std::uint64_t, v1::Outcome_ARRAYSIZE + 1> outcomes{};
  std::string first_detail;  ///< of the first item that has one

  std::uint64_t count(v1::Outcome outcome) const {
    return outcomes[static_cast<std::size_t>(outcome)];
  }
};

/// Hands out the batches of a plan, each until it has a final answer. Thread-safe.
class BatchSource {
 public:
  explicit BatchSource(const RegisterPlan& plan) : plan_(plan) {}

  const RegisterPlan& plan() const { return plan_; }
  /// The next batch to send; false where none is left to send now.
  bool Next(std::uint64_t& batch);
  /// A batch whose answer never came: it will be handed out again.
  void Lost(std::uint64_t batch);
  /// Takes the answer of a batch. Ok(false): it was refused for the moment and will be handed out
  /// again. Errors: kInternal (the answer is not one of this batch), kUnavailable (refused for
  /// good).
  Result<bool> Answered(std::uint64_t batch, std::string_view response);
  /// A batch refused as a whole for the moment: it will be handed out again.
  void Refused(std::uint64_t batch);

  std::uint64_t answered() const;
  RegisterTally tally() const;
  bool complete() const { return answered() == plan_.rows; }

 private:
  std::uint64_t ItemsOf(std::uint64_t batch) const;

  const RegisterPlan plan_;
  mutable std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::deque<std::uint64_t> again_;
  RegisterTally tally_;
};

/// Builds the wire bytes of the batches of a plan. Not thread-safe.
class BatchBuilder {
 public:
  explicit BatchBuilder(const RegisterPlan& plan) : plan_(plan), rows_(plan.data) {}
  /// idnode.v1.BatchRegisterRequest; valid until the next call.
  const std::string& Build(std::uint64_t batch);

 private:
  const RegisterPlan plan_;
  RowWriter rows_;
  std::string bytes_;
};

/// Registers the rows of `source` that have no answer yet at `target`, over gRPC, and returns once
/// all have one or the connection is lost. `tick` is called on this thread about ten times a second
/// with the rows answered so far; where it returns false, sending stops as if the connection was
/// lost. Blocks.
/// Errors: kUnavailable (connection lost: call again with the node's new target; or refused for
/// good), kShuttingDown (stopped by `tick` or interrupted), kInternal (a wrong answer).
Result<void> RegisterOverGrpc(BatchSource& source, const std::string& target,
                              const std::string& token,
                              const std::function<bool(std::uint64_t answered)>& tick);

}  // namespace idnode::bench
