// The signed side of a verification: statements, checkpoints, their chain and their consistency.
#include <set>
#include <utility>

#include "node/base/text.h"
#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"

namespace idnode::cli {
namespace {

using ledger::Verifier;

constexpr std::int64_t kUsualTarget = 15'000'000;
/// A month's statement and its cosignatures are there within a day of its end, or it is told.
constexpr std::int64_t kLateMs = std::int64_t{24} * 3600 * 1000;

std::string Name(Month month) { return month.Text(); }
Month Before(Month month) { return Month{month.number - 1}; }

/// True if what a read gave is for the log to answer for: everything else is the way to it.
bool IsAbsent(const Error& error) { return error.code == Errc::kNotFound; }
bool IsUnreadable(const Error& error) { return error.code == Errc::kPayloadTooLarge; }

}  // namespace

std::optional<ledger::OpenedNote> Verification::Open(const Phrase& what, const std::string& bytes,
                                                     std::size_t bytes_max) {
  auto note = ledger::ParseNote(bytes, bytes_max);
  if (!note.ok()) {
    Add(FaultKind::kMalformed,
        {Say(Language::kEnglish, texts::kUnreadable, what.en, note.error().detail),
         Say(Language::kChinese, texts::kUnreadable, what.zh, note.error().detail)});
    return std::nullopt;
  }
  auto opened = ledger::OpenNote(*std::move(note), options_.keys);
  if (!opened.ok()) {
    const std::string& why = opened.error().detail;
    Add(FaultKind::kWrongSignature, {Say(Language::kEnglish, texts::kBadSignature, what.en, why),
                                     Say(Language::kChinese, texts::kBadSignature, what.zh, why)});
    return std::nullopt;
  }
  if (opened->verified.size() < options_.keys.size()) {
    std::set<std::size_t> signed_by;
    for (const auto& verified : opened->verified) signed_by.insert(verified.verifier);
    std::size_t lacking = 0;
    while (signed_by.count(lacking) > 0) ++lacking;
    const std::string vkey = options_.keys[lacking].Vkey();
    Add(FaultKind::kWrongSignature,
        {Say(Language::kEnglish, texts::kLacksSignature, what.en, vkey),
         Say(Language::kChinese, texts::kLacksSignature, what.zh, vkey)});
    return std::nullopt;
  }
  ++notes_;
  return *std::move(opened);
}

Result<std::optional<Verification::SignedStatement>> Verification::OpenStatement(Month month,
                                                                                 bool required) {
  using Opened = std::optional<SignedStatement>;
  const Phrase what = MakePhrase(texts::kTheStatement, Name(month));
  const auto add = [&](FaultKind kind, const Text& text, const std::string& why) {
    Add(kind,
        {Say(Language::kEnglish, text, what.en, why), Say(Language::kChinese, text, what.zh, why)});
    return Opened();
  };
  auto bytes = FetchOne(source_, "statement/" + Name(month), ledger::kStatementNoteBytesMax);
  if (!bytes.ok() && IsAbsent(bytes.error())) {
    return required ? add(FaultKind::kMissing, texts::kMissingNote, "") : Opened();
  }
  if (!bytes.ok() && IsUnreadable(bytes.error())) {
    return add(FaultKind::kMalformed, texts::kUnreadable, bytes.error().detail);
  }
  if (!bytes.ok()) return bytes.error();
  auto opened = Open(what, *bytes, ledger::kStatementNoteBytesMax);
  if (!opened) return Opened();
  auto statement = ledger::ParseStatement(opened->note.text);
  if (!statement.ok()) {
    return add(FaultKind::kMalformed, texts::kUnreadable, statement.error().detail);
  }
  const std::string& origin = options_.keys.front().name();
  if (statement->origin != origin) {
    Add(FaultKind::kWrongSignature,
        {Say(Language::kEnglish, texts::kOtherOrigin, what.en, statement->origin, origin),
         Say(Language::kChinese, texts::kOtherOrigin, what.zh, statement->origin, origin)});
    return Opened();
  }
  if (statement->month != month) {
    return add(FaultKind::kMalformed, texts::kOtherMonth, Name(statement->month));
  }
  CheckTimes(*statement);
  if (const auto figures = ledger::CheckFigures(*statement); !figures.ok()) {
    add(FaultKind::kWrongCount, texts::kFiguresDisagree, figures.error().detail);
  }
  return Opened(SignedStatement{*std::move(statement), ledger::StatementDigest(opened->note.text)});
}

void Verification::CheckTimes(const ledger::Statement& statement) {
  const Phrase what = MakePhrase(texts::kTheStatement, Name(statement.month));
  if (statement.time_zone != zone_->name()) {
    Add(FaultKind::kWrongTime,
        {Say(Language::kEnglish, texts::kOtherZone, what.en, statement.time_zone, zone_->name()),
         Say(Language::kChinese, texts::kOtherZone, what.zh, statement.time_zone, zone_->name())});
  }
  if (statement.status != ledger::StatementStatus::kFinal) return;
  const std::int64_t end_ms = zone_->StartMs(Month{statement.month.number + 1});
  const std::string end = FormatUtcMs(end_ms);
  const std::string made = FormatUtcMs(statement.generated_at_ms);
  if (statement.generated_at_ms < end_ms) {
    Add(FaultKind::kWrongTime, {Say(Language::kEnglish, texts::kTooEarly, what.en, made, end),
                                Say(Language::kChinese, texts::kTooEarly, what.zh, made, end)});
  } else if (statement.generated_at_ms - end_ms > kLateMs) {
    report_.unchecked.push_back(
        {Say(Language::kEnglish, texts::kLateStatement, what.en, made, end),
         Say(Language::kChinese, texts::kLateStatement, what.zh, made, end)});
  }
}

Result<bool> Verification::OpenStatements() {
  auto opened = OpenStatement(options_.month, true);
  if (!opened.ok()) return opened.error();
  if (!*opened) return false;
  const ledger::Statement& own = (*opened)->statement;
  report_.statement = own;
  size_ = own.tree_end.size;
  if (report_.faults_total == 0) report_.checked.push_back(MakePhrase(texts::kDidFigures));
  if (own.status == ledger::StatementStatus::kProvisional) {
    report_.unchecked.push_back(MakePhrase(texts::kProvisional));
  }
  if (own.target != kUsualTarget) {
    report_.unchecked.push_back(MakePhrase(texts::kOtherTarget, own.target, kUsualTarget));
  }
  statements_.emplace(options_.month, *std::move(*opened));
  // Each names the one before: the chain leads back to the log's first month.
  for (Month month = options_.month;; month = Before(month)) {
    IDNODE_RETURN_IF_ERROR(CheckChain(statements_.at(month), month));
    if (!options_.all_months || statements_.count(Before(month)) == 0) break;
  }
  return true;
}

Result<void> Verification::CheckChain(const SignedStatement& later, Month month) {
  const Phrase what = MakePhrase(texts::kTheStatement, Name(month));
  const Month before = Before(month);
  const ledger::TreeHead& start = later.statement.tree_start;
  const auto add = [&](const Text& text, const auto&... args) {
    Add(FaultKind::kBrokenChain, {Say(Language::kEnglish, text, what.en, args...),
                                  Say(Language::kChinese, text, what.zh, args...)});
  };
  if (!later.statement.previous) {
    if (start.size > 0) {
      add(texts::kChainStarts, start.size);
    } else {
      report_.checked.push_back(MakePhrase(texts::kDidFirst));
    }
    return {};
  }
  const std::uint64_t faults_before = report_.faults_total;
  auto opened = OpenStatement(before, false);
  if (!opened.ok()) return opened.error();
  const bool absent = report_.faults_total == faults_before;  // else it is there, and no good
  if (!*opened) {
    // A folder may hold one month. A node has what it named, and so has a copy of all months.
    if (!absent) return {};
    if (source_.is_live() || options_.all_months) {
      const Phrase missing = MakePhrase(texts::kTheStatement, Name(before));
      Add(FaultKind::kMissing, {Say(Language::kEnglish, texts::kMissingNote, missing.en),
                                Say(Language::kChinese, texts::kMissingNote, missing.zh)});
    } else {
      report_.unchecked.push_back(MakePhrase(texts::kNotPrevious, Name(before)));
    }
    return {};
  }
  const std::uint64_t faults = report_.faults_total;
  SignedStatement& previous = **opened;
  if (previous.digest != *later.statement.previous) add(texts::kChainDigest, Name(before));
  if (previous.statement.tree_end != start) {
    add(texts::kChainHead, start.size, Name(before), previous.statement.tree_end.size);
  }
  if (previous.statement.status != ledger::StatementStatus::kFinal) {
    add(texts::kChainStatus, Name(before));
  }
  if (report_.faults_total == faults) {
    report_.checked.push_back(MakePhrase(texts::kDidChain, Name(before)));
  }
  if (options_.all_months) statements_.emplace(before, std::move(previous));
  return {};
}

std::optional<ledger::OpenedCheckpoint> Verification::OpenHead(const Phrase& what,
                                                               const std::string& bytes) {
  auto opened = Open(what, bytes, ledger::kNoteBytesMax);
  if (!opened) return std::nullopt;
  auto checkpoint = ledger::ParseCheckpoint(opened->note.text);
  if (!checkpoint.ok()) {
    const std::string& why = checkpoint.error().detail;
    Add(FaultKind::kMalformed, {Say(Language::kEnglish, texts::kUnreadable, what.en, why),
                                Say(Language::kChinese, texts::kUnreadable, what.zh, why)});
    return std::nullopt;
  }
  const std::string& origin = options_.keys.front().name();
  if (checkpoint->origin != origin) {
    Add(FaultKind::kWrongSignature,
        {Say(Language::kEnglish, texts::kOtherOrigin, what.en, checkpoint->origin, origin),
         Say(Language::kChinese, texts::kOtherOrigin, what.zh, checkpoint->origin, origin)});
    return std::nullopt;
  }
  return ledger::OpenedCheckpoint{*std::move(checkpoint), *std::move(opened)};
}

void Verification::CheckWitnesses(const ledger::OpenedCheckpoint& head) {
  const Phrase what = MakePhrase(texts::kClosingHead, Name(options_.month));
  for (const Verifier& witness : options_.witnesses) {
    const auto opened = ledger::OpenNote(head.opened.note, {&witness, 1});
    if (opened.ok()) {
      const std::int64_t at = opened->verified.front().cosigned_at.value_or(0);
      const std::string time = FormatUtcMs(at < (std::int64_t{1} << 40) ? at * 1000 : 0);
      report_.checked.push_back(
          {Say(Language::kEnglish, texts::kDidWitness, witness.name(), what.en, time),
           Say(Language::kChinese, texts::kDidWitness, witness.name(), what.zh, time)});
      const std::int64_t late_ms = zone_->StartMs(Month{options_.month.number + 1}) + kLateMs;
      if (statements_.at(options_.month).statement.status == ledger::StatementStatus::kFinal &&
          at > late_ms / 1000) {
        report_.unchecked.push_back(
            {Say(Language::kEnglish, texts::kLateCosignature, witness.name(), what.en, time),
             Say(Language::kChinese, texts::kLateCosignature, witness.name(), what.zh, time)});
      }
    } else if (opened.code() == Errc::kUnauthenticated) {
      report_.unchecked.push_back(
          {Say(Language::kEnglish, texts::kNotWitnessed, witness.name(), what.en),
           Say(Language::kChinese, texts::kNotWitnessed, witness.name(), what.zh)});
    } else {
      const std::string& why = opened.error().detail;
      Add(FaultKind::kWrongSignature,
          {Say(Language::kEnglish, texts::kWitnessWrong, what.en, why),
           Say(Language::kChinese, texts::kWitnessWrong, what.zh, why)});
    }
  }
}

Result<void> Verification::Compare(const Phrase& what, const ledger::TreeHead& a,
                                   const ledger::TreeHead& b) {
  const Phrase own = MakePhrase(texts::kTheStatement, Name(options_.month));
  const bool a_first = a.size <= b.size;
  const ledger::TreeHead& small = a_first ? a : b;
  const ledger::TreeHead& large = a_first ? b : a;
  if (small.size == large.size) {
    if (small.root != large.root) {
      Add(FaultKind::kForkedCheckpoint,
          {Say(Language::kEnglish, texts::kSameSizeFork, what.en, own.en, small.size),
           Say(Language::kChinese, texts::kSameSizeFork, what.zh, own.zh, small.size)});
      return {};
    }
  } else {
    const auto proof = ledger::ConsistencyProof(small.size, large.size, reader_.Hashes(large.size));
    if (!proof.ok()) return Blame(proof.error());
    const auto verified =
        ledger::VerifyConsistency(small.size, small.root, large.size, large.root, *proof);
    if (!verified.ok()) {
      const Phrase& first = a_first ? what : own;
      const Phrase& second = a_first ? own : what;
      const std::string& why = verified.error().detail;
      Add(FaultKind::kForkedCheckpoint, {Say(Language::kEnglish, texts::kInconsistent, first.en,
                                             small.size, second.en, large.size, why),
                                         Say(Language::kChinese, texts::kInconsistent, first.zh,
                                             small.size, second.zh, large.size, why)});
      return {};
    }
  }
  report_.checked.push_back({Say(Language::kEnglish, texts::kDidConsistency, what.en, own.en),
                             Say(Language::kChinese, texts::kDidConsistency, what.zh, own.zh)});
  return {};
}

Result<void> Verification::CheckClosing(const ledger::Statement& statement) {
  const bool final = statement.status == ledger::StatementStatus::kFinal;
  const Phrase own = MakePhrase(texts::kTheStatement, Name(statement.month));
  const auto differ = [&](const ledger::TreeHead& stated, const Phrase& what,
                          const ledger::TreeHead& tree) {
    Add(FaultKind::kForkedCheckpoint,
        {Say(Language::kEnglish, texts::kHeadsDiffer, own.en, stated.size, what.en, tree.size),
         Say(Language::kChinese, texts::kHeadsDiffer, own.zh, stated.size, what.zh, tree.size)});
  };
  const auto head = [&](Month month, const Phrase& what, const ledger::TreeHead& stated,
                        bool closing) -> Result<void> {
    auto bytes =
        FetchOne(source_, "statement/" + Name(month) + "/checkpoint", ledger::kNoteBytesMax);
    if (!bytes.ok() && IsAbsent(bytes.error())) {
      if (closing && !final) {
        // Only a month that has ended has one. The newest checkpoint covers a provisional one.
        const auto newest = Newest();
        if (!newest.ok()) return newest.error();
        if (*newest == nullptr) return {};
        CheckWitnesses(**newest);
        const ledger::TreeHead& tree = (*newest)->checkpoint.tree;
        if (tree.size < stated.size) differ(stated, MakePhrase(texts::kNewestHead), tree);
        return {};  // CheckHeads compares them
      }
      if (!closing) {
        report_.unchecked.push_back(MakePhrase(texts::kNotStartHead, Name(statement.month)));
        return {};
      }
      Add(FaultKind::kMissing, {Say(Language::kEnglish, texts::kMissingNote, what.en),
                                Say(Language::kChinese, texts::kMissingNote, what.zh)});
      return {};
    }
    if (!bytes.ok()) return Blame(bytes.error());
    const auto opened = OpenHead(what, *bytes);
    if (!opened) return {};
    if (month == options_.month) CheckWitnesses(*opened);
    const ledger::TreeHead& tree = opened->checkpoint.tree;
    // Only the end of a month that runs may lie before the head it is held against.
    const bool may_be_larger = closing && !final;
    if (tree.size != stated.size && (!may_be_larger || tree.size < stated.size)) {
      differ(stated, what, tree);
      return {};
    }
    return Compare(what, tree, stated);
  };
  IDNODE_RETURN_IF_ERROR(head(statement.month,
                              MakePhrase(texts::kClosingHead, Name(statement.month)),
                              statement.tree_end, true));
  if (statement.tree_start.size == 0) {
    if (statement.tree_start.root != ledger::EmptyRoot()) {
      return Compare(MakePhrase(texts::kStartHead, Name(statement.month)), statement.tree_start,
                     {0, ledger::EmptyRoot()});
    }
    return {};
  }
  if (statements_.count(Before(statement.month)) > 0) return {};  // its own closing, and the chain
  return head(Before(statement.month), MakePhrase(texts::kStartHead, Name(statement.month)),
              statement.tree_start, false);
}

Result<const ledger::OpenedCheckpoint*> Verification::Newest() {
  if (!std::exchange(newest_asked_, true)) {
    auto bytes = FetchOne(source_, "checkpoint", ledger::kNoteBytesMax);
    const Phrase what = MakePhrase(texts::kNewestHead);
    if (!bytes.ok() && IsAbsent(bytes.error())) {
      if (source_.is_live()) {
        Add(FaultKind::kMissing, {Say(Language::kEnglish, texts::kMissingNote, what.en),
                                  Say(Language::kChinese, texts::kMissingNote, what.zh)});
      } else {
        report_.unchecked.push_back(MakePhrase(texts::kNotNewest));
      }
    } else if (!bytes.ok()) {
      IDNODE_RETURN_IF_ERROR(Blame(bytes.error()));
    } else {
      newest_ = OpenHead(what, *bytes);
    }
  }
  return newest_ ? &*newest_ : nullptr;
}

Result<void> Verification::CheckHeads() {
  for (const auto& [month, opened] : statements_) {
    IDNODE_RETURN_IF_ERROR(CheckClosing(opened.statement));
  }
  const ledger::TreeHead& end = statements_.at(options_.month).statement.tree_end;
  const auto newest = Newest();
  if (!newest.ok()) return newest.error();
  if (*newest != nullptr) {
    IDNODE_RETURN_IF_ERROR(
        Compare(MakePhrase(texts::kNewestHead), (*newest)->checkpoint.tree, end));
  }
  for (const auto& [name, note] : options_.seen) {
    const Phrase what = MakePhrase(texts::kSeenHead, name);
    if (const auto head = OpenHead(what, note)) {
      IDNODE_RETURN_IF_ERROR(Compare(what, head->checkpoint.tree, end));
    }
  }
  return {};
}

}  // namespace idnode::cli
