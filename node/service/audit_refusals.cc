#include "node/service/audit_refusals.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "node/base/varint.h"

namespace idnode::service {
namespace {

// Of the rate of all, what comes through of one source.
constexpr double kShareOfOne = 0.1;

// The entry of refusals of many kinds names none of them.
AuditEntry Many() {
  AuditEntry many;
  many.who = many.from = many.action = many.target = many.refused = "many";
  many.count = 0;
  return many;
}

}  // namespace

AuditRefusals::AuditRefusals(const AuditOptions& options)
    : kinds_max_(std::max<std::size_t>(options.refusals_max, 1)),
      of_one_max_(
          static_cast<double>(std::clamp<std::size_t>(kinds_max_ / 2, 1, kRefusalsOfOneMax))),
      tokens_per_second_(options.refusals_per_second),
      all_{static_cast<double>(kinds_max_), {}},
      many_(Many()) {}

void AuditRefusals::Bucket::Refill(Time now, double per_second, double tokens_max) {
  const double waited_s = std::chrono::duration<double>(now - refilled).count();
  tokens = std::min(tokens_max, tokens + waited_s * per_second);
  refilled = now;
}

bool AuditRefusals::Bucket::Take() {
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

std::string AuditRefusals::KindOf(const AuditEntry& refusal) {
  std::string kind;
  for (const auto* text : {&refusal.who, &refusal.from, &refusal.action, &refusal.target,
                           &refusal.refused, &refusal.role}) {
    AppendSized(*text, kind);
  }
  return kind;
}

AuditRefusals::Bucket* AuditRefusals::SourceOf(const AuditEntry& refusal, Time now) {
  const double per_second = tokens_per_second_ * kShareOfOne;
  std::string source;
  AppendSized(refusal.who, source);
  AppendSized(refusal.from, source);
  auto found = sources_.find(source);
  if (found == sources_.end()) {
    if (sources_.size() >= kinds_max_) {
      // Full ones are as those that are not there.
      for (auto& [name, bucket] : sources_) bucket.Refill(now, per_second, of_one_max_);
      std::erase_if(sources_,
                    [&](const auto& other) { return other.second.tokens >= of_one_max_; });
    }
    if (sources_.size() >= kinds_max_) return nullptr;
    found = sources_.emplace(std::move(source), Bucket{of_one_max_, now}).first;
  }
  found->second.Refill(now, per_second, of_one_max_);
  return &found->second;
}

bool AuditRefusals::AddKind(std::string kind, AuditEntry refusal) {
  if (kinds_.size() >= kinds_max_ || !all_.Take()) return false;
  by_kind_.emplace(std::move(kind), kinds_.size());
  kinds_.push_back(std::move(refusal));
  return true;
}

bool AuditRefusals::Add(AuditEntry refusal, Time now) {
  std::string kind = KindOf(refusal);
  if (const auto found = by_kind_.find(kind); found != by_kind_.end()) {
    kinds_[found->second].count += refusal.count;
    return true;
  }
  all_.Refill(now, tokens_per_second_, static_cast<double>(kinds_max_));
  const bool room = kinds_.size() < kinds_max_ && all_.tokens >= 1;
  Bucket* const source = room ? SourceOf(refusal, now) : nullptr;
  if (source != nullptr && source->Take()) return AddKind(std::move(kind), std::move(refusal));
  refusal.action = refusal.target = refusal.refused = many_.action;
  kind = KindOf(refusal);
  if (const auto found = by_kind_.find(kind); found != by_kind_.end()) {
    kinds_[found->second].count += refusal.count;
  } else if (source == nullptr || !AddKind(std::move(kind), refusal)) {
    CountAmongMany(refusal);
  }
  return false;
}

std::vector<AuditEntry> AuditRefusals::Take() {
  std::vector<AuditEntry> taken = std::exchange(kinds_, {});
  by_kind_.clear();
  if (many_.count > 0) taken.push_back(std::exchange(many_, Many()));
  return taken;
}

void AuditRefusals::PutBack(std::vector<AuditEntry> refusals) {
  std::vector<AuditEntry> later = Take();
  refusals.insert(refusals.end(), std::make_move_iterator(later.begin()),
                  std::make_move_iterator(later.end()));
  for (auto& refusal : refusals) {
    std::string kind = KindOf(refusal);
    if (const auto found = by_kind_.find(kind); found != by_kind_.end()) {
      kinds_[found->second].count += refusal.count;
    } else if (refusal.who == many_.who || kinds_.size() >= 2 * kinds_max_) {
      CountAmongMany(refusal);
    } else {
      by_kind_.emplace(std::move(kind), kinds_.size());
      kinds_.push_back(std::move(refusal));
    }
  }
}

void AuditRefusals::CountAmongMany(const AuditEntry& refusal) {
  if (many_.count == 0) many_.at_ms = refusal.at_ms;
  many_.count += refusal.count;
}

}  // namespace idnode::service
