#include "node/cli/ledger/follower.h"

#include <utility>

#include "node/cli/ledger/log_reader.h"
#include "node/ledger/signed_note.h"

namespace idnode::cli {

using Kind = FollowOutcome::Kind;

Result<void> Follower::Submit(const std::string& note) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/ledger/cosignature";
  request.content_type = "text/plain; charset=utf-8";
  request.body = note;
  const auto reply = std::move(source_.client().Exchange({&request, 1}).front());
  if (!reply.ok()) return reply.error();
  Error error = ErrorOfStatus(*reply, request.path);
  if (error.code != Errc::kOk) return error;
  return {};
}

FollowOutcome Follower::Look() {
  FollowOutcome outcome;
  const auto fail = [&](const Error& error) {
    outcome.kind = Kind::kFailed;
    outcome.detail = error.detail;
    return outcome;
  };
  // Before the node is asked: a checkpoint that comes in meanwhile is then no step back.
  const auto last = witness_.Last(log_.origin);
  const auto note = FetchOne(source_, "checkpoint", kAddCheckpointBytesMax);
  if (!note.ok()) return fail(note.error());
  const auto opened = ledger::OpenCheckpoint(*note, log_.keys, log_.origin);
  if (!opened.ok()) return fail(opened.error());
  const ledger::TreeHead& tree = opened->checkpoint.tree;
  outcome.size = tree.size;
  if (last && *last == tree && delivered_) {
    outcome.kind = Kind::kUnchanged;
    return outcome;
  }
  const auto refuse = [&](const std::string& why) {
    outcome.kind = Kind::kRefused;
    outcome.detail = why;
    outcome.evidence = witness_.SaveEvidence(log_.origin, *note, why);
    return outcome;
  };
  if (last && tree.size < last->size) {
    return refuse("the node went back from " + std::to_string(last->size) + " leaves to " +
                  std::to_string(tree.size));
  }
  AddCheckpointRequest request{last ? last->size : 0, {}, *note};
  if (request.old_size > 0 && request.old_size < tree.size) {
    LogReader reader(source_);
    auto proof = ledger::ConsistencyProof(request.old_size, tree.size, reader.Hashes(tree.size));
    if (!proof.ok()) return fail(proof.error());
    request.proof = *std::move(proof);
  }
  const WitnessAnswer answer = witness_.Add(request);
  switch (answer.verdict) {
    case WitnessVerdict::kCosigned:
      break;
    case WitnessVerdict::kForked:
      outcome.kind = Kind::kRefused;
      outcome.detail = "the node shows another root for the " + std::to_string(tree.size) +
                       " leaves that were cosigned";
      outcome.evidence = answer.evidence;
      return outcome;
    case WitnessVerdict::kBadProof:
      return refuse("the node's " + std::to_string(tree.size) + " leaves do not begin with the " +
                    std::to_string(request.old_size) + " that were cosigned: " + answer.detail);
    default:
      outcome.detail = answer.detail;  // somebody else was faster, or the state cannot be kept
      return outcome;
  }
  delivered_ = false;
  outcome.kind = Kind::kCosigned;
  const auto submitted = Submit(*note + answer.signatures);
  delivered_ = submitted.ok();
  if (!submitted.ok()) {
    outcome.detail =
        "the cosignature is kept here, but the node did not take it: " + submitted.error().detail;
  }
  return outcome;
}

}  // namespace idnode::cli
