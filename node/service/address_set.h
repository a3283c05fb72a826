#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "node/base/result.h"

namespace idnode::service {

/// What a peer is known by: an IPv4 address, or the first half of an IPv6 one.
struct AddressKey {
  bool is_v6 = false;
  std::uint64_t bits = 0;  ///< the 32 bits of IPv4; the first 64 of IPv6

  friend auto operator<=>(const AddressKey&, const AddressKey&) = default;
};
struct AddressKeyHash {
  std::size_t operator()(const AddressKey& key) const {
    return std::hash<std::uint64_t>()(key.bits * 2 + (key.is_v6 ? 1 : 0));
  }
};

/// Reads "192.0.2.1", "2001:db8::1" or "2001:db8:1:2::/64"; nothing where it is none of these.
std::optional<AddressKey> ParseAddress(std::string_view text);

/// A set of networks. Immutable once made; a look costs a hash a length of network.
class AddressSet {
 public:
  /// Errors: kInvalidRequest, naming the network at fault.
  static Result<AddressSet> Make(const std::vector<std::string>& networks);

  bool empty() const { return by_mask_.empty(); }
  bool Contains(const AddressKey& address) const;

 private:
  /// Networks by whether they are IPv6 ones and by their mask.
  std::map<AddressKey, std::unordered_set<std::uint64_t>> by_mask_;
};

}  // namespace idnode::service
