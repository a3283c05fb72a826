#include "node/cli/ledger/verify.h"

#include <algorithm>
#include <cmath>

#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"

namespace idnode::cli {

std::string_view FaultName(FaultKind kind) {
  switch (kind) {
    case FaultKind::kWrongSignature:
      return "wrong-signature";
    case FaultKind::kMalformed:
      return "malformed";
    case FaultKind::kMissing:
      return "missing";
    case FaultKind::kForkedCheckpoint:
      return "forked-checkpoint";
    case FaultKind::kTamperedLeaf:
      return "tampered-leaf";
    case FaultKind::kReorderedLeaf:
      return "reordered-leaf";
    case FaultKind::kDuplicate:
      return "duplicate-identifier";
    case FaultKind::kLeafOutsideMonth:
      return "leaf-outside-month";
    case FaultKind::kWrongCount:
      return "wrong-count";
    case FaultKind::kBrokenChain:
      return "broken-chain";
    case FaultKind::kRecordDiffers:
      return "record-differs";
    case FaultKind::kNotResolved:
      return "not-resolved";
  }
  return "fault";
}

double ShareMissedAtChance(std::uint64_t drawn, double chance) {
  return drawn == 0 ? 1 : 1 - std::pow(chance, 1 / static_cast<double>(drawn));
}

double ChanceOfMissing(std::uint64_t drawn, double share) {
  return std::pow(1 - share, static_cast<double>(drawn));
}

bool VerifyReport::sound() const {
  return std::all_of(faults.begin(), faults.end(),
                     [](const Fault& fault) { return fault.kind == FaultKind::kNotResolved; });
}

void Verification::Add(FaultKind kind, Phrase text, std::optional<std::uint64_t> leaf) {
  ++report_.faults_total;
  if (report_.faults.size() < VerifyReport::kFaultsMax) {
    report_.faults.push_back({kind, std::move(text), leaf});
  }
}

Result<void> Verification::Blame(const Error& error, std::optional<std::uint64_t> leaf) {
  switch (error.code) {
    case Errc::kNotFound:
      Add(FaultKind::kMissing, MakePhrase(texts::kMissingTile, error.detail), leaf);
      return {};
    case Errc::kCorruption:
    case Errc::kInvalidRequest:
    case Errc::kPayloadTooLarge:
      Add(FaultKind::kMalformed, MakePhrase(texts::kBadTile, error.detail), leaf);
      return {};
    default:
      return error;
  }
}

Result<VerifyReport> Verification::Run() {
  if (options_.keys.empty()) {
    return Error(Errc::kInvalidRequest, "the log's verifier key is needed", "vkey");
  }
  for (const ledger::Verifier& key : options_.keys) {
    if (key.name() != options_.keys.front().name() ||
        key.type() == ledger::SignatureType::kCosignatureV1) {
      return Error(Errc::kInvalidRequest, "keys of one log have one name, and are not witnesses'",
                   "vkey");
    }
  }
  const auto open = OpenStatements();
  if (!open.ok()) return open.error();
  if (!*open) return std::move(report_);
  IDNODE_RETURN_IF_ERROR(CheckHeads());
  report_.checked.insert(report_.checked.begin(), MakePhrase(texts::kDidSignatures, notes_));
  IDNODE_RETURN_IF_ERROR(options_.sample > 0 ? Sample() : ReadLeaves());
  return std::move(report_);
}

Result<VerifyReport> VerifyMonth(Source& source, const VerifyOptions& options,
                                 const VerifyProgress& progress) {
  return Verification(source, options, progress).Run();
}

}  // namespace idnode::cli
