#include "node/service/address_set.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace idnode::service {
namespace {

constexpr std::size_t kNetworksMax = 10'000;
constexpr unsigned kV4Bits = 32;
constexpr unsigned kV6KeyBits = 64;
constexpr unsigned kMappedBits = 96;  // what stands before an IPv4 address inside an IPv6 one

std::uint64_t BigEndian(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8 | bytes[i];
  return number;
}

struct Parsed {
  AddressKey key;
  bool mapped = false;     // written as an IPv6 address that holds an IPv4 one
  std::uint64_t rest = 0;  // the second half of an IPv6 address
};

std::optional<Parsed> Parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};  // inet_pton wants a NUL
  if (text.size() >= copy.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), copy.begin());
  std::array<std::uint8_t, 4> v4{};
  if (::inet_pton(AF_INET, copy.data(), v4.data()) == 1) {
    return Parsed{{false, BigEndian(v4.data(), 4)}, false, 0};
  }
  std::array<std::uint8_t, 16> v6{};
  if (::inet_pton(AF_INET6, copy.data(), v6.data()) != 1) return std::nullopt;
  const std::uint64_t first = BigEndian(v6.data(), 8);
  const std::uint64_t rest = BigEndian(v6.data() + 8, 8);
  if (first == 0 && rest >> 32 == 0xffff) return Parsed{{false, rest & 0xffffffff}, true, 0};
  return Parsed{{true, first}, false, rest};
}

std::uint64_t MaskOf(bool is_v6, unsigned length) {
  if (length == 0) return 0;
  const unsigned bits = is_v6 ? kV6KeyBits : kV4Bits;
  const std::uint64_t all = is_v6 ? ~std::uint64_t{0} : 0xffffffff;
  return all & (all << (bits - length));
}

Error Fault(std::string_view text, const std::string& what) {
  return Error(Errc::kInvalidRequest, "\"" + std::string(text.substr(0, 64)) + "\" " + what);
}

struct Network {
  AddressKey mask;
  std::uint64_t bits = 0;
};

Result<Network> ParseNetwork(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto parsed = Parse(text.substr(0, slash));
  if (!parsed) return Fault(text, "is no IP address or network, such as 10.1.0.0/16");
  const bool written_v6 = parsed->key.is_v6 || parsed->mapped;
  const unsigned length_max = written_v6 ? 128 : kV4Bits;
  unsigned length = length_max;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > length_max) {
      return Fault(text, "has no length from 0 to " + std::to_string(length_max) + " after its /");
    }
  }
  if (parsed->mapped) {
    if (length < kMappedBits) return Fault(text, "is wider than IPv4; write it as that");
    length -= kMappedBits;
  } else if (parsed->key.is_v6 && length > kV6KeyBits) {
    return Fault(text, "is longer than /64, and peers are known by their /64; give that");
  }
  const std::uint64_t mask = MaskOf(parsed->key.is_v6, length);
  if ((parsed->key.bits & ~mask) != 0 || parsed->rest != 0) {
    return Fault(text, "has bits beyond its length; set them to 0");
  }
  return Network{{parsed->key.is_v6, mask}, parsed->key.bits};
}

}  // namespace

std::optional<AddressKey> ParseAddress(std::string_view text) {
  constexpr std::string_view kHalf = "/64";
  if (text.ends_with(kHalf)) text.remove_suffix(kHalf.size());
  const auto parsed = Parse(text);
  if (!parsed) return std::nullopt;
  return parsed->key;
}

Result<AddressSet> AddressSet::Make(const std::vector<std::string>& networks) {
  if (networks.size() > kNetworksMax) {
    return Error(Errc::kInvalidRequest, "a list has at most 10000 networks");
  }
  AddressSet set;
  for (const auto& text : networks) {
    const auto network = ParseNetwork(text);
    if (!network.ok()) return network.error();
    set.by_mask_[network->mask].insert(network->bits);
  }
  return set;
}

bool AddressSet::Contains(const AddressKey& address) const {
  return std::any_of(by_mask_.begin(), by_mask_.end(), [&](const auto& networks) {
    const auto& [mask, bits] = networks;
    return mask.is_v6 == address.is_v6 && bits.contains(address.bits & mask.bits);
  });
}

}  // namespace idnode::service
