// The signed side of a verification: statements, checkpoints, their chain and their consistency.
#include <set>

#include "node/base/text.h"
#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"

namespace idnode::cli {
namespace {

using ledger::Verifier;

constexpr std::int64_t kUsualTarget = 15'000'000;

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
  if (const auto figures = ledger::CheckFigures(*statement); !figures.ok()) {
    add(FaultKind::kWrongCount, texts::kFiguresDisagree, figures.error().detail);
  }
  return Opened(SignedStatement{*std::move(statement), ledger::StatementDigest(opened->note.text)});
}

Result<bool> Verification::OpenStatements() {
  auto opened = OpenStatement(options_.month, true);
  if (!opened.ok()) return opened.error();
  if (!*opened) return false;
  const ledger::Statement& own = (*opened)->statement;
  report_.statement = own;
  size_ = own.tree_end.size;
  auto zone = TimeZone::Load(own.time_zone);
  if (!zone.ok()) {
    Add(FaultKind::kMalformed,
        MakePhrase(texts::kUnreadable, Name(options_.month), zone.error().detail));
    return false;
  }
  zone_ = *std::move(zone);
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
  auto opened = OpenStatement(before, false);
  if (!opened.ok()) return opened.error();
  if (!*opened) {
    report_.unchecked.push_back(MakePhrase(texts::kNotPrevious, Name(before)));
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
  const auto head = [&](Month month, const Phrase& what, const ledger::TreeHead& stated,
                        bool required) -> Result<void> {
    auto bytes =
        FetchOne(source_, "statement/" + Name(month) + "/checkpoint", ledger::kNoteBytesMax);
    if (!bytes.ok() && IsAbsent(bytes.error())) {
      if (!required) {
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
    if (tree.size != stated.size && (final || tree.size < stated.size)) {
      const Phrase own = MakePhrase(texts::kTheStatement, Name(statement.month));
      Add(FaultKind::kForkedCheckpoint,
          {Say(Language::kEnglish, texts::kHeadsDiffer, own.en, stated.size, what.en, tree.size),
           Say(Language::kChinese, texts::kHeadsDiffer, own.zh, stated.size, what.zh, tree.size)});
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

Result<void> Verification::CheckHeads() {
  for (const auto& [month, opened] : statements_) {
    IDNODE_RETURN_IF_ERROR(CheckClosing(opened.statement));
  }
  const ledger::TreeHead& end = statements_.at(options_.month).statement.tree_end;
  const Phrase newest = MakePhrase(texts::kNewestHead);
  auto bytes = FetchOne(source_, "checkpoint", ledger::kNoteBytesMax);
  if (!bytes.ok() && IsAbsent(bytes.error())) {
    report_.unchecked.push_back(MakePhrase(texts::kNotNewest));
  } else if (!bytes.ok()) {
    IDNODE_RETURN_IF_ERROR(Blame(bytes.error()));
  } else if (const auto head = OpenHead(newest, *bytes)) {
    IDNODE_RETURN_IF_ERROR(Compare(newest, head->checkpoint.tree, end));
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
