#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/base/result.h"

namespace idnode::service {

/// Networks are "10.1.0.0/16", "192.0.2.7" or "2001:db8::/32", at most 10,000 a list. A peer with
/// an IPv6 address is known by its /64 alone, which is what one host commonly has to itself: no
/// longer network can be named. An IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2) counts as
/// that.
struct ThrottleOptions {
  std::uint32_t per_identity = 0;  ///< requests a second of one identity; 0: no bound
  std::uint32_t per_address = 0;   ///< of one source address
  std::uint32_t burst_seconds = 2;
  std::vector<std::string> allow_addresses;   ///< CIDR; not empty: only these
  std::vector<std::string> deny_addresses;    ///< CIDR
  std::vector<std::string> deny_identifiers;  ///< identifiers, or prefixes ending in "/"
  std::uint32_t failures_free = 5;  ///< failed authentications of an address before it must wait
  std::chrono::seconds failures_wait{1};        ///< then this, doubled each time …
  std::chrono::seconds failures_wait_max{900};  ///< … up to this
  std::chrono::seconds account_wait_max{30};    ///< … and of one account's logins up to this
  std::size_t tracked_max = 100'000;            ///< addresses, identities and accounts remembered
};

/// Rate limits (a bucket of `burst_seconds` of the rate, that fills at the rate) and lists by
/// identity, address and identifier. Thread-safe; in memory; costs a few tens of nanoseconds where
/// nothing is configured.
class Throttle {
 public:
  /// Errors: kInvalidRequest with the field ("allow_addresses"), for addresses and identifiers that
  /// are none.
  static Result<std::unique_ptr<Throttle>> Make(ThrottleOptions options, const Clock& clock,
                                                Metrics& metrics);
  ~Throttle();

  /// False where AdmitAddress admits everybody at the moment: no list, no bound, and no address has
  /// failed lately. One relaxed load, so that faces need not even spell an address out.
  bool WatchesAddresses() const;
  /// False where AdmitIdentity admits everybody: there is no bound.
  bool WatchesIdentities() const;

  /// Whether a request from this address may be looked at at all. Errors: kPermissionDenied
  /// (lists), kRateLimited (too many, or too many failures). `address` as SourceAddress writes it,
  /// or plain; one that is none (a local socket's) is on no list, and not counted.
  Result<void> AdmitAddress(std::string_view address);
  /// Whether one more request of the identity (WhoIs) may run. Strangers are many: "anonymous" has
  /// no bound but that of their addresses. Errors: kRateLimited.
  Result<void> AdmitIdentity(std::string_view identity);
  /// Errors: kPermissionDenied for an identifier on the list.
  Result<void> CheckIdentifier(std::string_view folded_identifier) const;

  /// A token or certificate was refused; logged. Success forgets what failed before, but for
  /// logins.
  void Failed(std::string_view address);
  void Succeeded(std::string_view address);

  /// Whether a password of the account may be tried from the address: too many that failed, from
  /// there or of the account from wherever, make it wait, `failures_wait` and doubled. Before every
  /// look at a password. Names count folded, so that no spelling is a way around; those that are
  /// none of the node's count like all others, or waiting would tell which are. Longer names than
  /// 64 bytes are nobody's: their addresses alone are counted. Errors: kRateLimited.
  Result<void> AdmitLogin(std::string_view address, std::string_view name);
  /// The password was wrong; logged without the name, which may be a password in the wrong field.
  void LoginFailed(std::string_view address, std::string_view name);
  /// It was right: what failed of the address and of the account is forgotten. Nothing else does
  /// that: whoever has a token must not be able to guess passwords unhindered.
  void LoginSucceeded(std::string_view address, std::string_view name);

 private:
  explicit Throttle(std::unique_ptr<class ThrottleImpl> impl);
  std::unique_ptr<class ThrottleImpl> impl_;
};

}  // namespace idnode::service
