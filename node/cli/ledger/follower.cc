#include "node/cli/ledger/follower.h"

#include <algorithm>
#include <utility>

#include <boost/json/parse.hpp>

#include "node/base/time_zone.h"
#include "node/cli/ledger/log_reader.h"
#include "node/ledger/signed_note.h"

namespace idnode::cli {
namespace {

/// The months of `GET /ledger/statements`, oldest first. Errors: kCorruption.
Result<std::vector<std::string>> ParseMonths(const std::string& text, std::size_t months_max) {
  const Error bad(Errc::kCorruption, "the node's list of statements cannot be read");
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) return bad;
  const boost::json::value* list = value.get_object().if_contains("months");
  if (list == nullptr || !list->is_array() || list->get_array().size() > months_max) return bad;
  std::vector<std::string> months;
  for (const boost::json::value& item : list->get_array()) {
    if (!item.is_string()) return bad;
    const auto month = Month::Parse({item.get_string().data(), item.get_string().size()});
    if (!month.ok()) return bad;
    months.push_back(month->Text());
  }
  std::sort(months.begin(), months.end());
  return months;
}

constexpr std::size_t kStatementsBytesMax = 1 << 20;

}  // namespace

using Kind = FollowOutcome::Kind;

Result<void> Follower::Submit(const std::string& note) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/ledger/cosignature";
  request.content_type = "text/plain; charset=utf-8";
  request.body = note;
  const auto reply = std::move(source_.client().Exchange({&request, 1}).front());
  if (!reply.ok()) return reply.error();
  if (reply->status == 401) {
    return Error(Errc::kUnauthenticated,
                 "the node does not know this witness: its key has to be among the node's "
                 "ledger.witness_vkeys");
  }
  Error error = ErrorOfStatus(*reply, request.path);
  if (error.code != Errc::kOk) return error;
  return {};
}

Result<void> Follower::SubmitPending() {
  while (!pending_.empty()) {
    IDNODE_RETURN_IF_ERROR(Submit(pending_.front()));
    pending_.erase(pending_.begin());
  }
  return {};
}

Result<std::vector<std::string>> Follower::ClosingNotes(std::uint64_t from, std::uint64_t size) {
  std::vector<std::string> notes;
  const Wanted list{"statements", kStatementsBytesMax};
  auto text = std::move(source_.Fetch({&list, 1}).front());
  if (text.code() == Errc::kNotFound) return notes;  // a log without statements
  if (!text.ok()) return text.error();
  const auto months = ParseMonths(*text, kMonthsMax);
  if (!months.ok()) return months.error();
  for (const std::string& month : *months) {
    const auto known = closed_.find(month);
    if (known != closed_.end() && known->second <= from) continue;
    auto note = FetchOne(source_, "statement/" + month + "/checkpoint", kAddCheckpointBytesMax);
    if (!note.ok()) return note.error();
    const auto opened = ledger::OpenCheckpoint(*note, log_.keys, log_.origin);
    if (!opened.ok()) return Prefix("the closing checkpoint of " + month, opened.error());
    const std::uint64_t end = opened->checkpoint.tree.size;
    closed_[month] = end;
    if (end <= from || end > size) continue;
    from = end;  // months without leaves end at the same size: one cosignature is for all
    notes.push_back(*std::move(note));
  }
  return notes;
}

void Follower::Refuse(const std::string& note, const std::string& why, FollowOutcome& outcome) {
  outcome.kind = Kind::kRefused;
  outcome.detail = why;
  outcome.evidence = witness_.SaveEvidence(log_.origin, note, why);
}

void Follower::JudgeOlder(const ledger::TreeHead& older, const ledger::TreeHead& known,
                          const std::string& note, FollowOutcome& outcome) {
  const std::string back = "the node went back from " + std::to_string(known.size) + " leaves to " +
                           std::to_string(older.size);
  LogReader reader(source_);
  // The node has the larger tree still, if it only shows what a cache kept.
  const auto proof = ledger::ConsistencyProof(older.size, known.size, reader.Hashes(known.size));
  if (!proof.ok() && proof.code() != Errc::kNotFound && proof.code() != Errc::kCorruption) {
    outcome.kind = Kind::kFailed;
    outcome.detail = back + "; its tiles cannot be read now: " + proof.error().detail;
    return;
  }
  if (!proof.ok()) return Refuse(note, back + ", and has no tiles of them", outcome);
  const auto consistent =
      ledger::VerifyConsistency(older.size, older.root, known.size, known.root, *proof);
  if (!consistent.ok()) return Refuse(note, back + ", which are of another log", outcome);
  outcome.kind = Kind::kStale;
  outcome.detail = back + ", of the same log";
}

bool Follower::Step(const std::string& note, FollowOutcome& outcome) {
  const auto fail = [&](const Error& error) {
    outcome.kind = Kind::kFailed;
    outcome.detail = error.detail;
    return false;
  };
  const auto last = witness_.Last(log_.origin);
  const auto opened = ledger::OpenCheckpoint(note, log_.keys, log_.origin);
  if (!opened.ok()) return fail(opened.error());
  const ledger::TreeHead& tree = opened->checkpoint.tree;
  if (last && *last == tree) return true;
  if (last && tree.size < last->size) {
    JudgeOlder(tree, *last, note, outcome);
    return false;
  }
  AddCheckpointRequest request{last ? last->size : 0, {}, note};
  if (request.old_size > 0 && request.old_size < tree.size) {
    LogReader reader(source_);
    auto proof = ledger::ConsistencyProof(request.old_size, tree.size, reader.Hashes(tree.size));
    if (!proof.ok()) return fail(proof.error());
    request.proof = *std::move(proof);
  }
  const WitnessAnswer answer = witness_.Add(request);
  switch (answer.verdict) {
    case WitnessVerdict::kCosigned:
      pending_.push_back(note + answer.signatures);
      outcome.kind = Kind::kCosigned;
      return true;
    case WitnessVerdict::kForked:
      outcome.kind = Kind::kRefused;
      outcome.detail = "the node shows another root for the " + std::to_string(tree.size) +
                       " leaves that were cosigned";
      outcome.evidence = answer.evidence;
      return false;
    case WitnessVerdict::kBadProof:
      Refuse(note,
             "the node's " + std::to_string(tree.size) + " leaves do not begin with the " +
                 std::to_string(request.old_size) + " that were cosigned: " + answer.detail,
             outcome);
      return false;
    default:
      outcome.detail = answer.detail;  // somebody else was faster, or the state cannot be kept
      return false;
  }
}

FollowOutcome Follower::Look() {
  FollowOutcome outcome;
  if (!std::exchange(started_, true)) {
    // What an earlier run cosigned last may not have reached the node.
    std::string kept = witness_.LastNote(log_.origin);
    if (!kept.empty()) pending_.push_back(std::move(kept));
  }
  // Before the node is asked: a checkpoint that comes in meanwhile is then no step back.
  const auto last = witness_.Last(log_.origin);
  const auto note = FetchOne(source_, "checkpoint", kAddCheckpointBytesMax);
  if (!note.ok()) {
    outcome.detail = note.error().detail;
    return outcome;
  }
  const auto opened = ledger::OpenCheckpoint(*note, log_.keys, log_.origin);
  if (!opened.ok()) {
    outcome.detail = opened.error().detail;
    return outcome;
  }
  const ledger::TreeHead& tree = opened->checkpoint.tree;
  outcome.size = tree.size;
  outcome.kind = Kind::kUnchanged;
  std::vector<std::string> notes;
  if (!last || last->size < tree.size) {
    auto closing = ClosingNotes(last ? last->size : 0, tree.size);
    if (!closing.ok()) {
      outcome.kind = Kind::kFailed;
      outcome.detail = closing.error().detail;
      return outcome;
    }
    notes = *std::move(closing);
  }
  notes.push_back(*note);
  for (const std::string& each : notes) {
    if (!Step(each, outcome)) return outcome;
  }
  const bool handing_in = !pending_.empty();
  const auto submitted = SubmitPending();
  if (!submitted.ok()) {
    outcome.kind = Kind::kCosigned;
    outcome.detail =
        "the cosignature is kept here, but the node did not take it: " + submitted.error().detail;
  } else if (handing_in) {
    outcome.kind = Kind::kCosigned;
  }
  return outcome;
}

}  // namespace idnode::cli
