#include "node/service/prefix_usage.h"

#include <algorithm>

namespace idnode::service {
namespace {

// What a second cut into parts and added up again may lack.
constexpr double kRounding = 1e-6;

}  // namespace

void RateBucket::Refill(std::uint64_t rate, std::chrono::steady_clock::time_point now) {
  const double per_second = static_cast<double>(rate);
  if (per_second != rate_) {  // the first time, or the quota was changed
    rate_ = tokens_ = per_second;
  } else if (now > last_) {
    const std::chrono::duration<double> passed = now - last_;
    tokens_ = std::min(rate_, tokens_ + per_second * passed.count());
    if (tokens_ > rate_ * (1 - kRounding)) tokens_ = rate_;
  }
  last_ = std::max(last_, now);
}

bool RateBucket::Take(std::uint64_t rate, std::uint64_t items,
                      std::chrono::steady_clock::time_point now) {
  Refill(rate, now);
  const double wanted = static_cast<double>(items);
  if (tokens_ < rate_ && tokens_ + kRounding < wanted) return false;
  tokens_ -= wanted;
  return true;
}

RateBucket::Drained RateBucket::Drain(std::uint64_t rate, std::uint64_t items,
                                      std::chrono::steady_clock::time_point now) {
  Refill(rate, now);
  const double wanted = static_cast<double>(items);
  const bool full = tokens_ >= rate_;
  const bool enough = tokens_ + kRounding >= wanted;
  tokens_ = std::max(0.0, tokens_ - wanted);
  if (!enough) return Drained::kShort;
  return full ? Drained::kEnoughFull : Drained::kEnough;
}

PrefixUsage::Reserved PrefixUsage::Reserve(std::uint64_t items, const PrefixQuota& quota,
                                           std::chrono::steady_clock::time_point now) {
  Reserved reserved;
  const auto wanted = static_cast<std::int64_t>(items);
  if (quota.identifiers_hard == 0) {
    used_.fetch_add(wanted);
  } else {
    std::int64_t used = used_.load();
    do {
      if (items > quota.identifiers_hard || AtLeastZero(used) > quota.identifiers_hard - items) {
        reserved.refusal = Refusal::kIdentifiers;
        return reserved;
      }
    } while (!used_.compare_exchange_weak(used, used + wanted));
  }
  if (quota.rate_hard == 0 && quota.rate_soft == 0) return reserved;
  std::lock_guard lock(rates_);
  if (quota.rate_hard != 0 && !hard_rate_.Take(quota.rate_hard, items, now)) {
    used_.fetch_sub(wanted);
    reserved.refusal = Refusal::kRate;
    return reserved;
  }
  if (quota.rate_soft != 0) {
    const auto drained = soft_rate_.Drain(quota.rate_soft, items, now);
    if (drained == RateBucket::Drained::kShort) {
      reserved.soft_rate_passed = !soft_rate_passed_;
      soft_rate_passed_ = true;
    } else if (drained == RateBucket::Drained::kEnoughFull) {
      soft_rate_passed_ = false;
    }
  }
  return reserved;
}

bool PrefixUsage::Settle(std::uint64_t reserved, std::uint64_t registered, std::uint64_t deleted,
                         const PrefixQuota& quota) {
  const auto grown = static_cast<std::int64_t>(registered) - static_cast<std::int64_t>(deleted);
  const std::int64_t identifiers = identifiers_.fetch_add(grown) + grown;
  used_.fetch_add(grown - static_cast<std::int64_t>(reserved));
  if (quota.identifiers_soft == 0 || AtLeastZero(identifiers) <= quota.identifiers_soft) {
    if (soft_passed_.load(std::memory_order_relaxed)) soft_passed_ = false;
    return false;
  }
  return !soft_passed_.exchange(true);
}

void PrefixUsage::Load(std::int64_t identifiers, const PrefixQuota& quota) {
  used_.fetch_add(identifiers - identifiers_.exchange(identifiers));
  soft_passed_ = quota.identifiers_soft != 0 && AtLeastZero(identifiers) > quota.identifiers_soft;
}

}  // namespace idnode::service
