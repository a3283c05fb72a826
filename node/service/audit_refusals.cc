#include "node/service/audit_refusals.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "node/base/varint.h"

namespace idnode::service {
namespace {

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
      tokens_per_second_(options.refusals_per_second),
      tokens_(static_cast<double>(kinds_max_)),
      many_(Many()) {}

std::string AuditRefusals::KindOf(const AuditEntry& refusal) {
  std::string kind;
  for (const auto* text : {&refusal.who, &refusal.from, &refusal.action, &refusal.target,
                           &refusal.refused, &refusal.role}) {
    AppendSized(*text, kind);
  }
  return kind;
}

bool AuditRefusals::Add(AuditEntry refusal, std::chrono::steady_clock::time_point now) {
  std::string kind = KindOf(refusal);
  if (const auto found = by_kind_.find(kind); found != by_kind_.end()) {
    kinds_[found->second].count += refusal.count;
    return true;
  }
  const double waited_s = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(static_cast<double>(kinds_max_), tokens_ + waited_s * tokens_per_second_);
  refilled_ = now;
  if (kinds_.size() >= kinds_max_ || tokens_ < 1) {
    CountAmongMany(refusal);
    return false;
  }
  tokens_ -= 1;
  by_kind_.emplace(std::move(kind), kinds_.size());
  kinds_.push_back(std::move(refusal));
  return true;
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
