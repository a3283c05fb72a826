#include "bench/load/register_client.h"

#include <algorithm>
#include <chrono>

#include "bench/load/child.h"
#include "bench/load/register_session.h"
#include "node/base/varint.h"

namespace idnode::bench {
namespace {

/// Slugs of refusals that pass by themselves.
bool PassesByItself(std::string_view slug) {
  return slug == "overloaded" || slug == "unavailable" || slug == "undetermined";
}

}  // namespace

bool BatchSource::Next(std::uint64_t& batch) {
  std::lock_guard lock(mutex_);
  if (!again_.empty()) {
    batch = again_.front();
    again_.pop_front();
    return true;
  }
  if (next_ == plan_.batches()) return false;
  batch = next_++;
  return true;
}

void BatchSource::Lost(std::uint64_t batch) {
  std::lock_guard lock(mutex_);
  again_.push_back(batch);
  ++tally_.resent_batches;
}

void BatchSource::Refused(std::uint64_t batch) {
  std::lock_guard lock(mutex_);
  again_.push_back(batch);
  ++tally_.refused_batches;
}

Result<bool> BatchSource::Answered(std::uint64_t batch, std::string_view response) {
  BatchAnswer answer;
  if (!ScanBatchResponse(response, answer)) {
    return Error(Errc::kInternal, "the answer is not a BatchRegisterResponse");
  }
  if (answer.refused) {
    if (!PassesByItself(answer.slug)) {
      return Error(Errc::kUnavailable,
                   "a batch was refused: " + answer.slug + ": " + answer.detail);
    }
    Refused(batch);
    return false;
  }
  if (answer.items != ItemsOf(batch)) {
    return Error(Errc::kInternal, "a batch of " + std::to_string(ItemsOf(batch)) + " items has " +
                                      std::to_string(answer.items) + " results");
  }
  // Undetermined items are learned by sending the batch again; its other items then answer alike.
  if (answer.outcomes[static_cast<std::size_t>(v1::UNDETERMINED)] > 0) {
    Refused(batch);
    return false;
  }
  std::lock_guard lock(mutex_);
  tally_.answered += answer.items;
  for (std::size_t i = 0; i < answer.outcomes.size(); ++i) {
    tally_.outcomes[i] += answer.outcomes[i];
  }
  if (tally_.first_detail.empty()) tally_.first_detail = std::move(answer.detail);
  return true;
}

std::uint64_t BatchSource::answered() const {
  std::lock_guard lock(mutex_);
  return tally_.answered;
}

RegisterTally BatchSource::tally() const {
  std::lock_guard lock(mutex_);
  return tally_;
}

std::uint64_t BatchSource::ItemsOf(std::uint64_t batch) const {
  const std::uint64_t first = batch * plan_.batch_items;
  return std::min<std::uint64_t>(plan_.batch_items, plan_.rows - first);
}

const std::string& BatchBuilder::Build(std::uint64_t batch) {
  bytes_.clear();
  if (plan_.request_ids) {
    // Field 1 of BatchRegisterRequest.
    bytes_ += static_cast<char>(1 << 3 | 2);
    AppendSized("bench-" + std::to_string(plan_.data.run) + "-" + std::to_string(batch), bytes_);
  }
  const std::uint64_t first = batch * plan_.batch_items;
  const std::uint64_t end = std::min<std::uint64_t>(first + plan_.batch_items, plan_.rows);
  for (std::uint64_t row = first; row < end; ++row) rows_.AppendItem(row, bytes_);
  return bytes_;
}

Result<void> RegisterOverGrpc(BatchSource& source, const std::string& target,
                              const std::string& token,
                              const std::function<bool(std::uint64_t answered)>& tick) {
  SharedRun run(source, token);
  const RegisterPlan& plan = source.plan();
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (std::uint32_t i = 0; i < plan.streams; ++i) {
    stubs.push_back(std::make_unique<grpc::GenericStub>(OwnChannel(target)));
  }
  // A round ends when no batch is left to send and none is under way. What was refused in its last
  // moments is sent in another.
  while (!source.complete()) {
    std::vector<std::unique_ptr<RegisterSession>> sessions;
    for (auto& stub : stubs) {
      sessions.push_back(plan.stream ? MakeStreamSession(run, *stub)
                                     : MakeUnarySession(run, *stub));
    }
    for (auto& session : sessions) session->Start();
    while (!run.WaitClosed()) {
      if (Interrupted()) run.Fail(InterruptedError());
      if (!tick(source.answered())) run.Fail(Error(Errc::kShuttingDown, "stopped"));
      for (auto& session : sessions) run.failed() ? session->Cancel() : session->Pump();
    }
    tick(source.answered());
    if (auto error = run.error()) return *error;
  }
  return {};
}

}  // namespace idnode::bench
