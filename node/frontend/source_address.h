#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <arpa/inet.h>

namespace idnode::frontend {

/// A peer as registrations are counted by it: "192.0.2.1".
inline std::string SourceAddress(const std::array<std::uint8_t, 4>& v4) {
  std::array<char, INET_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET, v4.data(), text.data(), text.size()) == nullptr ? std::string()
                                                                              : text.data();
}

/// As above; the /64 of an IPv6 address, which is what one host commonly has to itself:
/// "2001:db8:1:2::/64". An IPv4 address inside (RFC 4291 §2.5.5.2) is shown as that.
inline std::string SourceAddress(std::array<std::uint8_t, 16> v6) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), v6.begin())) {
    return SourceAddress(std::array<std::uint8_t, 4>{v6[12], v6[13], v6[14], v6[15]});
  }
  std::fill(v6.begin() + 8, v6.end(), std::uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET6, v6.data(), text.data(), text.size()) == nullptr) return {};
  return std::string(text.data()) + "/64";
}

}  // namespace idnode::frontend
