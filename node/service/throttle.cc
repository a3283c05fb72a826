#include "node/service/throttle.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_set>
#include <utility>

#include "node/base/log.h"
#include "node/base/text.h"
#include "node/model/identifier.h"
#include "node/service/address_set.h"
#include "node/service/tracked_map.h"

namespace idnode::service {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::uint32_t kRateMax = 1'000'000;
constexpr std::size_t kIdentifiersMax = 10'000;
constexpr std::string_view kAnonymous = "anonymous";
/// Doubling further would only overflow.
constexpr std::uint32_t kDoublingsMax = 30;
constexpr std::size_t kAccountBytesMax = 64;

// A bucket by the time at which it will be full again (the generic cell rate algorithm): one number
// instead of a level and the time of the last look. Times are nanoseconds of the monotonic clock.
class Rate {
 public:
  Rate(std::uint32_t per_second, std::uint32_t burst_seconds)
      : interval_ns_(per_second == 0 ? 0 : kSecondNs / std::min(per_second, kRateMax)),
        burst_ns_(kSecondNs * std::max<std::int64_t>(burst_seconds, 1)) {}

  bool bounded() const { return interval_ns_ != 0; }
  /// Takes one from the bucket, if it is not empty.
  bool Take(std::int64_t& full_at_ns, std::int64_t now_ns) const {
    const std::int64_t full_at = std::max(full_at_ns, now_ns) + interval_ns_;
    if (full_at - now_ns > burst_ns_) return false;
    full_at_ns = full_at;
    return true;
  }

 private:
  std::int64_t interval_ns_;
  std::int64_t burst_ns_;
};

struct Failures {
  std::uint32_t count = 0;
  std::int64_t wait_until_ns = 0;
  std::int64_t forget_at_ns = 0;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using Names = std::unordered_set<std::string, TextHash, std::equal_to<>>;

// What an account is known by; empty: it can be none.
std::string AccountKey(std::string_view name) {
  std::string folded;
  if (name.size() <= kAccountBytesMax) AppendAsciiFolded(folded, name);
  return folded;
}

Result<Names> IdentifierList(const std::vector<std::string>& identifiers) {
  const auto fault = [](std::string_view text, std::string_view what) {
    return Error(Errc::kInvalidRequest,
                 "\"" + std::string(text.substr(0, 64)) + "\" " + std::string(what),
                 "deny_identifiers");
  };
  if (identifiers.size() > kIdentifiersMax) {
    return Error(Errc::kInvalidRequest, "the list has at most 10000 identifiers",
                 "deny_identifiers");
  }
  Names names;
  for (const auto& text : identifiers) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos || !CheckPrefix(text.substr(0, slash)).ok()) {
      return fault(text, "is no identifier, and no prefix that ends in \"/\"");
    }
    names.insert(FoldIdentifier(text));
  }
  return names;
}

}  // namespace

class ThrottleImpl {
 public:
  ThrottleImpl(const ThrottleOptions& options, AddressSet allow, AddressSet deny, Names identifiers,
               const Clock& clock, Metrics& metrics)
      : clock_(clock),
        allow_(std::move(allow)),
        deny_(std::move(deny)),
        identifiers_(std::move(identifiers)),
        per_identity_(options.per_identity, options.burst_seconds),
        per_address_(options.per_address, options.burst_seconds),
        failures_free_(options.failures_free),
        wait_ns_(std::chrono::nanoseconds(options.failures_wait).count()),
        wait_max_ns_(
            std::max(wait_ns_, std::chrono::nanoseconds(options.failures_wait_max).count())),
        account_wait_max_ns_(
            std::max(wait_ns_, std::chrono::nanoseconds(options.account_wait_max).count())),
        watches_always_(!allow_.empty() || !deny_.empty() || per_address_.bounded()),
        identities_(options.tracked_max),
        addresses_(options.tracked_max),
        failures_(options.tracked_max),
        login_failures_(options.tracked_max),
        account_failures_(options.tracked_max),
        by_list_(Refusals(metrics, "address-list")),
        by_address_(Refusals(metrics, "address-rate")),
        by_failures_(Refusals(metrics, "failures")),
        by_logins_(Refusals(metrics, "login-failures")),
        by_account_(Refusals(metrics, "account-failures")),
        by_identity_(Refusals(metrics, "identity-rate")),
        by_identifier_(Refusals(metrics, "identifier-list")),
        failed_(metrics.GetCounter("idnode_authentication_failures_total",
                                   "Tokens, certificates and passwords that were refused")) {}

  bool WatchesAddresses() const {
    return watches_always_ || failing_.load(std::memory_order_relaxed);
  }
  bool WatchesIdentities() const { return per_identity_.bounded(); }
  Result<void> AdmitAddress(std::string_view text);
  Result<void> AdmitIdentity(std::string_view identity);
  Result<void> CheckIdentifier(std::string_view identifier) const;
  void Failed(std::string_view text);
  void Succeeded(std::string_view text);
  Result<void> AdmitLogin(std::string_view text, std::string_view name);
  void LoginFailed(std::string_view text, std::string_view name);
  void LoginSucceeded(std::string_view text, std::string_view name);

 private:
  static Counter& Refusals(Metrics& metrics, const char* reason) {
    return metrics.GetCounter("idnode_throttled_total", "Requests refused by rates and lists",
                              {{"reason", reason}});
  }
  std::int64_t NowNs() const {
    return std::chrono::nanoseconds(clock_.Monotonic().time_since_epoch()).count();
  }
  bool MustWait(const AddressKey& address, std::int64_t now_ns);
  std::int64_t Count(Failures& failures, std::int64_t now_ns, std::int64_t at_most_ns) const;
  void LogFailure(std::string_view text, std::int64_t wait_ns, std::int64_t now_ns);

  const Clock& clock_;
  const AddressSet allow_;
  const AddressSet deny_;
  const Names identifiers_;
  const Rate per_identity_;
  const Rate per_address_;
  const std::uint32_t failures_free_;
  const std::int64_t wait_ns_;
  const std::int64_t wait_max_ns_;
  const std::int64_t account_wait_max_ns_;
  const bool watches_always_;
  TrackedMap<std::string, std::int64_t> identities_;
  TrackedMap<AddressKey, std::int64_t, AddressKeyHash> addresses_;
  TrackedMap<AddressKey, Failures, AddressKeyHash> failures_;  ///< of tokens and certificates
  TrackedMap<AddressKey, Failures, AddressKeyHash> login_failures_;
  TrackedMap<std::string, Failures> account_failures_;  ///< of logins, by the folded name
  std::atomic<bool> failing_{false};                    ///< there may be any in failures_
  std::atomic<std::int64_t> forget_all_at_ns_{0};
  std::atomic<std::int64_t> log_at_ns_{0};
  std::atomic<std::uint64_t> not_logged_{0};
  Counter& by_list_;
  Counter& by_address_;
  Counter& by_failures_;
  Counter& by_logins_;
  Counter& by_account_;
  Counter& by_identity_;
  Counter& by_identifier_;
  Counter& failed_;
};

Result<void> ThrottleImpl::AdmitAddress(std::string_view text) {
  if (!WatchesAddresses()) return {};
  const auto address = ParseAddress(text);
  const bool allowed = allow_.empty() || (address && allow_.Contains(*address));
  if (!allowed || (address && deny_.Contains(*address))) {
    by_list_.Add();
    return Error(Errc::kPermissionDenied, "this node takes no requests from your address");
  }
  if (!address) return {};
  const std::int64_t now_ns = NowNs();
  if (failing_.load(std::memory_order_relaxed) && MustWait(*address, now_ns)) {
    by_failures_.Add();
    return Error(Errc::kRateLimited,
                 "too many failed authentications from your address; wait before the next");
  }
  const auto take = [&](std::int64_t& full_at_ns) { return per_address_.Take(full_at_ns, now_ns); };
  if (!per_address_.bounded() || addresses_.Use(*address, take)) return {};
  by_address_.Add();
  return Error(Errc::kRateLimited, "too many requests a second from your address");
}

bool ThrottleImpl::MustWait(const AddressKey& address, std::int64_t now_ns) {
  if (now_ns >= forget_all_at_ns_.load()) {
    // Nobody has failed for long: the quick way again. A failure at this very moment may be lost.
    failing_.store(false);
    failures_.Clear();
    return false;
  }
  return now_ns < failures_.Get(address, {}).wait_until_ns;
}

Result<void> ThrottleImpl::AdmitIdentity(std::string_view identity) {
  if (!per_identity_.bounded() || identity == kAnonymous) return {};
  const std::int64_t now_ns = NowNs();
  const auto take = [&](std::int64_t& full_at_ns) {
    return per_identity_.Take(full_at_ns, now_ns);
  };
  if (identities_.Use(std::string(identity), take)) return {};
  by_identity_.Add();
  return Error(Errc::kRateLimited, "too many requests a second from this identity");
}

Result<void> ThrottleImpl::CheckIdentifier(std::string_view identifier) const {
  if (identifiers_.empty()) return {};
  const std::size_t slash = identifier.find('/');
  const bool listed =
      identifiers_.contains(identifier) ||
      (slash != std::string_view::npos && identifiers_.contains(identifier.substr(0, slash + 1)));
  if (!listed) return {};
  by_identifier_.Add();
  return Error(Errc::kPermissionDenied, "this node does not serve the identifier", "identifier");
}

// One more failure. Returns how long whoever failed must wait. It is remembered for the longest
// wait of all, also where it waits less: whoever paused that long would begin anew with free
// failures.
std::int64_t ThrottleImpl::Count(Failures& failures, std::int64_t now_ns,
                                 std::int64_t at_most_ns) const {
  if (now_ns >= failures.forget_at_ns) failures = {};
  ++failures.count;
  std::int64_t wait_ns = 0;
  if (failures.count > failures_free_) {
    const std::uint32_t doublings = std::min(failures.count - failures_free_ - 1, kDoublingsMax);
    // Halved from the top, since the other way overflows.
    wait_ns = wait_ns_ > at_most_ns >> doublings ? at_most_ns : wait_ns_ << doublings;
  }
  failures.wait_until_ns = now_ns + wait_ns;
  failures.forget_at_ns = failures.wait_until_ns + wait_max_ns_;
  return wait_ns;
}

void ThrottleImpl::Failed(std::string_view text) {
  failed_.Add();
  const std::int64_t now_ns = NowNs();
  const auto address = ParseAddress(text);
  std::int64_t wait_ns = 0;
  if (address && wait_ns_ > 0) {
    wait_ns =
        failures_.Use(*address, [&](Failures& of) { return Count(of, now_ns, wait_max_ns_); });
    const std::int64_t forget_at_ns = now_ns + wait_ns + wait_max_ns_;
    std::int64_t known = forget_all_at_ns_.load();
    while (known < forget_at_ns && !forget_all_at_ns_.compare_exchange_weak(known, forget_at_ns)) {
    }
    failing_.store(true);
  }
  LogFailure(text, wait_ns, now_ns);
}

// At most one line a second: whoever guesses must not fill the disk.
void ThrottleImpl::LogFailure(std::string_view text, std::int64_t wait_ns, std::int64_t now_ns) {
  std::int64_t due_ns = log_at_ns_.load();
  if (now_ns < due_ns || !log_at_ns_.compare_exchange_strong(due_ns, now_ns + kSecondNs)) {
    not_logged_.fetch_add(1);
    return;
  }
  LogWarning("authentication failed", {{"address", text},
                                       {"must_wait_s", wait_ns / kSecondNs},
                                       {"not_logged", not_logged_.exchange(0)}});
}

void ThrottleImpl::Succeeded(std::string_view text) {
  if (!failing_.load(std::memory_order_relaxed)) return;
  if (const auto address = ParseAddress(text)) failures_.Erase(*address);
}

Result<void> ThrottleImpl::AdmitLogin(std::string_view text, std::string_view name) {
  const std::int64_t now_ns = NowNs();
  const auto address = ParseAddress(text);
  if (address && now_ns < login_failures_.Get(*address, {}).wait_until_ns) {
    by_logins_.Add();
    return Error(Errc::kRateLimited,
                 "too many failed logins from your address; wait before the next");
  }
  const std::string account = AccountKey(name);
  if (account.empty() || now_ns >= account_failures_.Get(account, {}).wait_until_ns) return {};
  by_account_.Add();
  return Error(Errc::kRateLimited, "too many failed logins of this name; wait before the next");
}

void ThrottleImpl::LoginFailed(std::string_view text, std::string_view name) {
  failed_.Add();
  const std::int64_t now_ns = NowNs();
  std::int64_t wait_ns = 0;
  if (wait_ns_ > 0) {
    const auto count = [&](std::int64_t at_most_ns) {
      return [this, now_ns, at_most_ns](Failures& of) { return Count(of, now_ns, at_most_ns); };
    };
    const auto address = ParseAddress(text);
    if (address) wait_ns = login_failures_.Use(*address, count(wait_max_ns_));
    const std::string account = AccountKey(name);
    if (!account.empty()) {
      wait_ns = std::max(wait_ns, account_failures_.Use(account, count(account_wait_max_ns_)));
    }
  }
  LogFailure(text, wait_ns, now_ns);
}

void ThrottleImpl::LoginSucceeded(std::string_view text, std::string_view name) {
  if (const auto address = ParseAddress(text)) login_failures_.Erase(*address);
  account_failures_.Erase(AccountKey(name));
  Succeeded(text);
}

Throttle::Throttle(std::unique_ptr<ThrottleImpl> impl) : impl_(std::move(impl)) {}
Throttle::~Throttle() = default;

Result<std::unique_ptr<Throttle>> Throttle::Make(ThrottleOptions options, const Clock& clock,
                                                 Metrics& metrics) {
  auto allow = AddressSet::Make(options.allow_addresses);
  if (!allow.ok()) return Error(allow.code(), allow.error().detail, "allow_addresses");
  auto deny = AddressSet::Make(options.deny_addresses);
  if (!deny.ok()) return Error(deny.code(), deny.error().detail, "deny_addresses");
  auto identifiers = IdentifierList(options.deny_identifiers);
  if (!identifiers.ok()) return identifiers.error();
  auto impl = std::make_unique<ThrottleImpl>(options, *std::move(allow), *std::move(deny),
                                             *std::move(identifiers), clock, metrics);
  return std::unique_ptr<Throttle>(new Throttle(std::move(impl)));
}

bool Throttle::WatchesAddresses() const { return impl_->WatchesAddresses(); }
bool Throttle::WatchesIdentities() const { return impl_->WatchesIdentities(); }
Result<void> Throttle::AdmitAddress(std::string_view address) {
  return impl_->AdmitAddress(address);
}
Result<void> Throttle::AdmitIdentity(std::string_view identity) {
  return impl_->AdmitIdentity(identity);
}
Result<void> Throttle::CheckIdentifier(std::string_view folded_identifier) const {
  return impl_->CheckIdentifier(folded_identifier);
}
void Throttle::Failed(std::string_view address) { impl_->Failed(address); }
void Throttle::Succeeded(std::string_view address) { impl_->Succeeded(address); }
Result<void> Throttle::AdmitLogin(std::string_view address, std::string_view name) {
  return impl_->AdmitLogin(address, name);
}
void Throttle::LoginFailed(std::string_view address, std::string_view name) {
  impl_->LoginFailed(address, name);
}
void Throttle::LoginSucceeded(std::string_view address, std::string_view name) {
  impl_->LoginSucceeded(address, name);
}

}  // namespace idnode::service
