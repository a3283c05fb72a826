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
    case FaultKind::kBadIdentifier:
      return "bad-identifier";
    case FaultKind::kWrongTime:
      return "wrong-time";
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

namespace {

/// The continued fraction of the incomplete beta function (Lentz's method), for x < (a+1)/(a+b+2).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kStepsMax = 100'000;
  const auto away = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away(1 - (a + b) * x / (a + 1));
  double product = d;
  for (int m = 1; m <= kStepsMax; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    product *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    product *= d * c;
    if (std::abs(d * c - 1) < 1e-14) break;
  }
  return product;
}

/// I_x(a, b): the chance that a beta variable is at most x.
double BetaBelow(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

/// The x with BetaBelow(a, b, x) = chance.
double BetaQuantile(double a, double b, double chance) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (BetaBelow(a, b, middle) < chance ? low : high) = middle;
  }
  return high;
}

}  // namespace

ShareBounds BoundsOfShare(std::uint64_t drawn, std::uint64_t failed, double chance) {
  const auto n = static_cast<double>(drawn);
  const auto k = static_cast<double>(failed);
  ShareBounds bounds;
  if (failed > 0) bounds.low = BetaQuantile(k, n - k + 1, chance);
  if (failed < drawn) bounds.high = BetaQuantile(k + 1, n - k, 1 - chance);
  return bounds;
}

bool IsZoneName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '/' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), fits);
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
  if (!IsZoneName(options_.time_zone)) {
    return Error(Errc::kInvalidRequest, "\"" + options_.time_zone + "\" is not a time zone",
                 "time-zone");
  }
  auto zone = TimeZone::Load(options_.time_zone);
  if (!zone.ok()) return Error(Errc::kInvalidRequest, zone.error().detail, "time-zone");
  zone_ = *std::move(zone);
  const auto open = OpenStatements();
  if (!open.ok()) return open.error();
  if (!*open) return std::move(report_);
  IDNODE_RETURN_IF_ERROR(CheckHeads());
  report_.checked.insert(report_.checked.begin(), MakePhrase(texts::kDidSignatures, notes_));
  if (!options_.leaves) {
    IDNODE_RETURN_IF_ERROR(CompareOwnHeads());
  } else {
    IDNODE_RETURN_IF_ERROR(options_.sample > 0 ? Sample() : ReadLeaves());
  }
  return std::move(report_);
}

// Without the leaves, that the month's tree grew out of the one before is proved by tiles.
Result<void> Verification::CompareOwnHeads() {
  report_.unchecked.push_back(MakePhrase(texts::kNotLeaves));
  const auto& own = statements_.at(options_.month).statement;
  if (own.tree_start.size == 0) return {};
  return Compare(MakePhrase(texts::kStartHead, options_.month.Text()), own.tree_start,
                 own.tree_end);
}

Result<VerifyReport> VerifyMonth(Source& source, const VerifyOptions& options,
                                 const VerifyProgress& progress) {
  return Verification(source, options, progress).Run();
}

}  // namespace idnode::cli
